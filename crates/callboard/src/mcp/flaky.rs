//! The tool that looks at the runs of the past: `flaky`.

use callboard_model::run::Verdict;
use callboard_store::{Store, TestVerdicts};
use serde_json::{Value, json};

use super::answer::{Answer, first};
use super::arguments::FlakyArguments;
use crate::exit::Failure;
use crate::project::Project;

/// How many runs count when nothing is said.
const RUNS: u32 = 100;
/// How many tests are listed when nothing is said.
const TESTS: usize = 50;
/// What the figures cannot say.
const CAVEAT: &str =
    "a test that changed its verdict may have done so because the code or the test changed: run it again to tell";

/// Tests that passed only when repeated, or that both passed and failed in the runs that are kept.
pub(crate) async fn flaky(arguments: &FlakyArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let runs = arguments.runs.unwrap_or(RUNS).clamp(1, 10_000);
    let known = match Store::open_to_read(&project.store_path()).await {
        Ok(mut store) => store.verdicts(runs).await.unwrap_or_default(),
        // No run was kept yet.
        Err(_) => Vec::new(),
    };
    let is_wanted = |test: &TestVerdicts| arguments.test.as_deref().is_none_or(|text| test.test.as_str().contains(text));
    let mut unsteady: Vec<&TestVerdicts> = known.iter().filter(|test| is_wanted(test) && unrest(test) > 0).collect();
    unsteady.sort_by_key(|test| std::cmp::Reverse(unrest(test)));
    let (listed, more) = first(unsteady, arguments.limit.unwrap_or(TESTS).clamp(1, 1000));
    let rows: Vec<Value> = listed.iter().map(|test| row(test)).collect();
    let text = match (known.is_empty(), listed.is_empty()) {
        (true, _) => "no run was kept yet: nothing is known".to_owned(),
        (_, true) => format!("none of {} known tests changed its verdict", known.len()),
        _ => format!("{}{CAVEAT}", listed.iter().map(|test| line(test)).collect::<String>()),
    };
    Ok(Answer::new(json!({"tests": rows, "more": more, "known": known.len(), "caveat": CAVEAT}), &text))
}

/// How often a test gave reason for doubt.
fn unrest(test: &TestVerdicts) -> usize {
    test.count(Verdict::Flaky) + test.changes()
}

fn row(test: &TestVerdicts) -> Value {
    json!({
        "test": test.test.as_str(),
        "runs": test.verdicts.len(),
        "passed": test.count(Verdict::Passed),
        "failed": test.count(Verdict::Failed),
        "flaky": test.count(Verdict::Flaky),
        "inconclusive": test.count(Verdict::Inconclusive),
        "notRun": test.count(Verdict::NotRun),
        "changes": test.changes(),
        "latest": test.verdicts.last(),
    })
}

fn line(test: &TestVerdicts) -> String {
    format!(
        "{}: changed {} times in {} runs; {} passed, {} failed, {} passed when repeated\n",
        test.test,
        test.changes(),
        test.verdicts.len(),
        test.count(Verdict::Passed),
        test.count(Verdict::Failed),
        test.count(Verdict::Flaky),
    )
}
