//! What of scenarios holds on sound virtual services.

use std::sync::Arc;
use std::time::Duration;

use callboard_model::run::{CheckKind, ScenarioResult, StepResult, Verdict};
use callboard_scenario::ScenarioFile;

use super::stage::Stage;
use crate::exit::Failure;

/// A scenario is cut so often at most.
const ROUNDS: usize = 16;
/// Polls of a rating do not wait long: a virtual service does not change by itself.
const PATIENCE: Duration = Duration::from_millis(200);

/// Scenarios of which only what holds is left.
pub(super) struct Sound {
    /// Each with its green run; without one, nothing of it holds.
    pub(super) scenarios: Vec<(ScenarioFile, Option<Arc<ScenarioResult>>)>,
    /// How many criteria were left out.
    pub(super) left_out: usize,
}

/// Runs scenarios, and leaves out what does not hold, until all of the rest holds.
pub(super) async fn settle(stage: &Stage<'_>, files: &[ScenarioFile]) -> Result<Sound, Failure> {
    let mut sound = Sound { scenarios: files.iter().map(|file| (prepared(file), None)).collect(), left_out: 0 };
    let mut open: Vec<usize> = (0..files.len()).collect();
    for _ in 0..ROUNDS {
        open.retain(|at| count(&sound.scenarios[*at].0) > 0);
        if open.is_empty() || stage.cancel.is_cancelled() {
            break;
        }
        let some: Vec<&ScenarioFile> = open.iter().map(|at| &sound.scenarios[*at].0).collect();
        let results = stage.run(&some).await?;
        for (at, result) in open.iter().zip(results) {
            let (file, green) = &mut sound.scenarios[*at];
            if result.verdict == Verdict::Passed {
                *green = Some(result);
            } else {
                cut(file, &result);
            }
        }
        open.retain(|at| sound.scenarios[*at].1.is_none());
    }
    let left = sound.scenarios.iter().filter(|(_, green)| green.is_some()).map(|(file, _)| criteria_of(file)).sum::<usize>();
    sound.left_out = files.iter().map(criteria_of).sum::<usize>() - left;
    Ok(sound)
}

/// Without teardown, and with short polls.
fn prepared(file: &ScenarioFile) -> ScenarioFile {
    let mut file = file.clone();
    for workflow in &mut file.workflows {
        workflow.finally.clear();
        for until in workflow.steps.iter_mut().filter_map(|step| step.until.as_mut()) {
            until.timeout = until.timeout.min(PATIENCE);
            until.interval = until.interval.min(PATIENCE / 4);
        }
    }
    file
}

fn count(file: &ScenarioFile) -> usize {
    file.workflows.iter().map(|workflow| workflow.steps.len()).sum()
}

fn criteria_of(file: &ScenarioFile) -> usize {
    file.workflows.iter().flat_map(|workflow| &workflow.steps).map(|step| step.success_criteria.len()).sum()
}

/// Leaves out the criteria that do not hold; where something else is wrong with a step, the step and all behind it.
fn cut(file: &mut ScenarioFile, result: &ScenarioResult) {
    let Some(workflow) = file.workflows.first_mut() else { return };
    let broken = result.steps.iter().find(|step| step.verdict != Verdict::Passed);
    let at = broken.and_then(|step| workflow.step_index(&step.step)).unwrap_or(0);
    let failing = broken.map(failing_criteria).unwrap_or_default();
    let is_status = failing.iter().any(|condition| condition.contains("$statusCode"));
    if failing.is_empty() || is_status {
        workflow.steps.truncate(at);
        workflow.outputs.clear();
    } else {
        workflow.steps[at].success_criteria.retain(|criterion| !failing.contains(&criterion.condition));
    }
}

/// The criteria that do not hold, when nothing else is wrong with the step.
fn failing_criteria(step: &StepResult) -> Vec<String> {
    let failures: Vec<_> = step.failures().collect();
    let all_criteria = failures.iter().all(|check| check.kind == CheckKind::Criterion);
    if all_criteria { failures.into_iter().map(|check| check.condition.clone()).collect() } else { Vec::new() }
}
