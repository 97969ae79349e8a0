//! Why one test is selected, or is not, in lines for people.

use callboard_model::names::TestName;
use callboard_model::suggest::did_you_mean_or_list;

use super::{Impact, ImpactInput, day, histories, names};
use crate::usage::TestUse;

/// The reasons of a test, or what speaks against running it. `Err` with a hint when no test has this name.
pub fn explain(impact: &Impact, input: &ImpactInput<'_>, test: &TestName) -> Result<Vec<String>, Option<String>> {
    let known = input.tests.iter().map(|known| known.test.as_str());
    let Some(facts) = input.tests.iter().find(|known| known.test == *test) else {
        return Err(did_you_mean_or_list(test.as_str(), known));
    };
    Ok(match impact.reasons(test) {
        Some(reasons) => {
            let mut lines = vec![format!("{test} is selected:")];
            lines.extend(reasons.iter().map(|reason| format!("  - {}", reason.text)));
            lines
        }
        None => not_selected(impact, input, facts),
    })
}

fn not_selected(impact: &Impact, input: &ImpactInput<'_>, test: &TestUse) -> Vec<String> {
    let mut lines = vec![format!("{} is not selected:", test.test)];
    if let Some(passed) = histories(input.evidence).get(&test.test).and_then(|history| history.passed.as_ref()) {
        lines.push(format!("  - it passed as it stands in run {} on {}", passed.run, day(passed.at)));
    }
    let mut services: Vec<_> = test.operations.iter().map(|used| &used.operation.service).collect();
    services.sort();
    services.dedup();
    lines.push(match services.as_slice() {
        [] => "  - it calls no service".to_owned(),
        services => format!(
            "  - it calls {}; those, and the services that they call, are not what changed",
            names(services.iter().copied())
        ),
    });
    lines.extend(impact.ignored.iter().map(|ignored| format!("  - {}: {}", ignored.path, ignored.why)));
    lines
}
