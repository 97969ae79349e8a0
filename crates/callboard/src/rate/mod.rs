//! How strong checks are: one that no defect of a virtual service makes fail is weak.
//!
//! The scenarios run on virtual services of all definitions, first on sound ones. What does not hold there cannot be rated and is left
//! out: a stand-in does not know that a total is a sum. Then, for each step, the scenario runs against each defect that the step's
//! operation can have. A criterion that fails in one of these runs has seen something; one that never does is weak.

mod defects;
mod ground;
mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use callboard_model::System;
use callboard_model::run::{CheckKind, ScenarioResult};
use callboard_scenario::ScenarioFile;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;
use defects::Struck;
use stage::Stage;

/// What is written beside a weak criterion.
pub(crate) const WEAK: &str = "x-callboard-weak";
const REASON: &str = "no defect of a virtual service makes it fail";
/// So many runs with a defect share one fleet of virtual services.
const AT_ONCE: usize = 2000;

/// A criterion: of which scenario, counted from 0, of which step, and how it reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Check {
    scenario: usize,
    step: String,
    condition: String,
}

/// What the defects of virtual services say about the criteria of scenarios.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rating {
    /// Criteria that a defect makes fail.
    pub(crate) strong: BTreeSet<Check>,
    /// Criteria that none does.
    pub(crate) weak: BTreeSet<Check>,
    /// How many cannot be rated: they do not hold on virtual services, or stand behind a step that does not.
    pub(crate) unrated: usize,
    /// How many runs with a defect there were.
    pub(crate) runs: usize,
}

impl Rating {
    /// The outcome in a sentence.
    pub(crate) fn summary(&self) -> String {
        let rated = self.strong.len() + self.weak.len();
        format!(
            "{} of {rated} checks fail with some defect of a virtual service ({} tried), {} are weak; {} cannot be rated there",
            self.strong.len(),
            self.runs,
            self.weak.len(),
            self.unrated
        )
    }

    /// The outcome as JSON.
    pub(crate) fn to_json(&self) -> Value {
        json!({"strong": self.strong.len(), "weak": self.weak.len(), "notRated": self.unrated, "defects": self.runs})
    }

    /// Marks the weak criteria of a scenario, which is a file of its own.
    pub(crate) fn mark(&self, scenario: usize, file: &mut ScenarioFile) {
        for step in file.workflows.iter_mut().flat_map(|workflow| &mut workflow.steps) {
            for criterion in &mut step.success_criteria {
                let check = Check { scenario, step: step.id.clone(), condition: criterion.condition.clone() };
                if self.weak.contains(&check) {
                    criterion.extensions.insert(WEAK.to_owned(), Value::from(REASON));
                }
            }
        }
    }
}

/// Rates the criteria of scenarios, each a file of one workflow.
pub(crate) async fn rate(system: &Arc<System>, files: &[ScenarioFile], cancel: &CancellationToken) -> Result<Rating, Failure> {
    let stage = Stage { system, cancel };
    let sound = ground::settle(&stage, files).await?;
    let mut rating = Rating { unrated: sound.left_out, ..Rating::default() };
    let mut held: BTreeSet<Check> = BTreeSet::new();
    let mut struck: Vec<Struck> = Vec::new();
    for (scenario, (file, result)) in sound.scenarios.iter().enumerate() {
        let Some(result) = result else { continue };
        held.extend(criteria(scenario, result).map(|(check, _)| check));
        struck.extend(defects::of(scenario, file, result));
    }
    rating.runs = struck.len();
    for some in struck.chunks(AT_ONCE) {
        let results = stage.run_struck(&sound.scenarios, some).await?;
        for (struck, result) in some.iter().zip(&results) {
            rating.strong.extend(criteria(struck.scenario, result).filter(|(_, failed)| *failed).map(|(check, _)| check));
        }
    }
    rating.strong.retain(|check| held.contains(check));
    rating.weak = held.difference(&rating.strong).cloned().collect();
    Ok(rating)
}

/// The criteria that were evaluated, each with whether it failed.
fn criteria(scenario: usize, result: &ScenarioResult) -> impl Iterator<Item = (Check, bool)> + '_ {
    result.steps.iter().flat_map(move |step| {
        let of_scenario = step.checks.iter().filter(|check| check.kind == CheckKind::Criterion);
        of_scenario.map(move |check| {
            let key = Check { scenario, step: step.step.clone(), condition: check.condition.clone() };
            (key, check.outcome.is_failure())
        })
    })
}
