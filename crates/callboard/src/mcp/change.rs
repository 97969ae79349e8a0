//! The tools that look at the whole suite: `impact` and `gaps`.

use callboard_analysis::gaps as gap_analysis;
use callboard_analysis::impact as impact_analysis;
use serde_json::{Value, json};

use super::answer::{Answer, Listed, description, first};
use super::arguments::{GapsArguments, ImpactArguments};
use super::map::known_service;
use crate::commands::{gaps as gaps_command, impact as impact_command};
use crate::exit::Failure;
use crate::project::Project;
use crate::suite::Suite;
use crate::terminal::Sources;

/// How many tests `impact` lists when nothing is said.
const TESTS: usize = 100;
/// How many operations `gaps` lists when nothing is said.
const GAPS: usize = 50;

/// Which tests a change concerns.
pub(crate) async fn impact(arguments: &ImpactArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let suite = Suite::read(&project, &[], &[], &mut Sources::default())?;
    let impact = impact_command::analyse(&project, &suite, &arguments.base).await?;
    let limit = arguments.limit.unwrap_or(TESTS).clamp(1, 1000);
    let mut value = impact_analysis::json(&impact);
    let mut more = json!({});
    for list in ["selected", "deselected", "escalations", "ignored", "notes"] {
        more[list] = json!(cut(&mut value[list], limit));
    }
    value["more"] = more;
    let errors = suite.errors();
    let listed = Listed::of(&errors);
    value["diagnostics"] = listed.rows;
    let mut text = format!("{}\n", impact_command::summary(&impact));
    for selected in impact.selected.iter().take(limit) {
        let reason = selected.reasons.first().map(|reason| reason.text.as_str()).unwrap_or_default();
        text.push_str(&format!("{}: {reason}\n", selected.test));
    }
    Ok(Answer::new(value, &format!("{text}{}", listed.text)))
}

/// Cuts a list; returns how many were cut.
fn cut(list: &mut Value, limit: usize) -> usize {
    let Value::Array(items) = list else { return 0 };
    let more = items.len().saturating_sub(limit);
    items.truncate(limit);
    more
}

/// Which operations no test calls.
pub(crate) async fn gaps(arguments: &GapsArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let suite = Suite::read(&project, &[], &[], &mut Sources::default())?;
    if let Some(name) = &arguments.service {
        known_service(&suite.system, name)?;
    }
    let mut gaps = gaps_command::find(&project, &suite).await;
    let is_wanted = |service: &str| arguments.service.as_deref().is_none_or(|wanted| wanted == service);
    gaps.services.retain(|service| is_wanted(service.service.as_str()));
    gaps.gaps.retain(|gap| is_wanted(gap.operation.service.as_str()));
    gaps.answers.retain(|gap| is_wanted(gap.operation.service.as_str()));
    gaps.crossings.retain(|gap| is_wanted(gap.to.operation.service.as_str()));
    for gap in &mut gaps.gaps {
        gap.summary = gap.summary.as_deref().map(description);
    }
    let mut value = gap_analysis::json(&gaps);
    let limit = arguments.limit.unwrap_or(GAPS).clamp(1, 1000);
    let (listed, more) = first(gaps.gaps, limit);
    cut(&mut value["gaps"], listed.len());
    value["more"] = json!(more);
    for list in ["statusGaps", "crossingGaps"] {
        cut(&mut value[list], limit);
    }
    let mut text = String::new();
    for service in &gaps.services {
        text.push_str(&format!("{}: {} of {} operations tested\n", service.service, service.covered, service.operations));
    }
    text.extend(listed.iter().map(|gap| format!("not tested: {}\n", gap.operation)));
    Ok(Answer::new(value, &text))
}
