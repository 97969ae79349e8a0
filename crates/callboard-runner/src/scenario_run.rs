//! One scenario from its inputs to its result: the workflow, then its teardown, come what may.

use std::sync::Arc;
use std::time::Instant;

use callboard_model::run::{RunEvent, ScenarioResult, StepResult, Verdict};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::call::micros;
use crate::context::{Finished, Frame};
use crate::flow::{Ended, Results, never, undone};
use crate::options::Scenario;
use crate::report::{Reporter, now};
use crate::secrets::Masker;
use crate::shared::Shared;
use crate::step::Runner;
use crate::trace::Trace;
use crate::{inputs, judge};

/// A scenario stops after so many steps: by then it goes in a circle.
const MAX_STEPS: u32 = 2_000;

/// A scenario that ran, with what its dependents may read: not masked.
pub(crate) struct Ran {
    pub(crate) result: ScenarioResult,
    pub(crate) finished: Finished,
}

/// Runs a scenario. `known` are the workflows that it depends on and that ran before.
pub(crate) async fn run(
    shared: &Shared,
    index: usize,
    known: Vec<Finished>,
    events: mpsc::Sender<RunEvent>,
    cancel: CancellationToken,
) -> Ran {
    let scenario = &shared.options.scenarios[index];
    let reporter = Reporter { scenario: index, events };
    let mut result = blank(scenario, shared.options.seed);
    reporter.send(RunEvent::ScenarioStarted { scenario: index, at: result.started }).await;
    let clock = Instant::now();
    let trace = Trace::start(&scenario.name);
    result.trace.clone_from(&trace.id);
    let mut runner =
        Runner { shared, trace, stop: cancel, latest: Map::new(), learned: Masker::default(), reporter, steps_left: MAX_STEPS };
    let finished = runner.scenario(scenario, known, &mut result).await;
    result.duration = micros(clock);
    for masker in [&shared.masker, &runner.learned] {
        result.reason.iter_mut().for_each(|reason| masker.mask_string(reason));
        result.outputs.values_mut().for_each(|value| masker.mask_value(value));
    }
    Ran { result, finished }
}

impl<'r> Runner<'r> {
    async fn scenario(&mut self, scenario: &'r Scenario, known: Vec<Finished>, result: &mut ScenarioResult) -> Finished {
        let Some(workflow) = scenario.workflow() else {
            fail(result, format!("`{}` has no workflow `{}`", scenario.source.origin(), scenario.workflow));
            return Finished::default();
        };
        let inputs = match inputs::complete(&scenario.source.file, workflow, &scenario.inputs) {
            Ok(inputs) => inputs,
            Err(why) => {
                result.steps = workflow.steps.iter().map(|step| never(step, "the inputs do not fit")).collect();
                fail(result, why);
                return Finished::default();
            }
        };
        let mut frame = Frame::new(&scenario.source, workflow, inputs, 0);
        frame.workflows = known;
        let mut steps = Vec::new();
        let ended = self.workflow(&mut frame, &mut steps).await;
        let mut teardown = Vec::new();
        self.teardown(&mut frame, &mut teardown).await;
        let outputs = conclude(&frame, &ended, &teardown, result);
        result.steps = owned(steps);
        result.teardown = owned(teardown);
        Finished { source: None, workflow: scenario.workflow.clone(), inputs: frame.inputs, outputs }
    }
}

/// The verdict of a scenario and its outputs.
fn conclude(frame: &Frame<'_>, ended: &Ended, teardown: &Results, result: &mut ScenarioResult) -> Map<String, Value> {
    result.verdict = ended.verdict();
    result.reason = ended.reason();
    if *ended == Ended::Interrupted {
        result.reason = Some("the run was stopped".to_owned());
    }
    let (outputs, missing) = judge::workflow_outputs(frame);
    result.outputs = outputs.clone().into_iter().collect();
    if *ended != Ended::Passed {
        return outputs;
    }
    if let Some(check) = missing.first() {
        let why = match &check.outcome {
            callboard_model::run::CheckOutcome::Unevaluable { why } => why,
            _ => &check.condition,
        };
        fail(result, format!("an output of the workflow cannot be taken: {why}"));
        return outputs;
    }
    if let Some(step) = undone(teardown) {
        fail(result, format!("the teardown failed at `{}`", step.step));
    }
    outputs
}

fn fail(result: &mut ScenarioResult, reason: String) {
    result.verdict = Verdict::Failed;
    result.reason = Some(reason);
}

fn owned(results: Results) -> Vec<StepResult> {
    results.into_iter().map(Arc::unwrap_or_clone).collect()
}

/// A result that says nothing yet.
pub(crate) fn blank(scenario: &Scenario, seed: u64) -> ScenarioResult {
    ScenarioResult {
        name: scenario.name.clone(),
        file: scenario.source.origin().to_owned(),
        workflow: scenario.workflow.clone(),
        summary: scenario.workflow().and_then(|workflow| workflow.summary.clone()),
        verdict: Verdict::NotRun,
        reason: None,
        steps: Vec::new(),
        teardown: Vec::new(),
        outputs: IndexMap::new(),
        started: now(),
        duration: 0,
        seed,
        trace: String::new(),
    }
}

/// A scenario that does not begin: all its steps are listed as not run.
pub(crate) fn never_run(scenario: &Scenario, seed: u64, verdict: Verdict, reason: &str) -> ScenarioResult {
    let steps = scenario.workflow().map(|workflow| &workflow.steps);
    let steps = steps.into_iter().flatten().map(|step| never(step, reason)).collect();
    ScenarioResult { verdict, reason: Some(reason.to_owned()), steps, ..blank(scenario, seed) }
}
