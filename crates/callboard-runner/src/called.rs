//! Workflows inside a workflow: called by a step, depended on, or gone to by an action.
//!
//! A step that calls a workflow and names no outputs has the outputs of that workflow. A called workflow has its own teardown, which
//! runs before the caller goes on.

use std::sync::Arc;
use std::time::Instant;

use callboard_model::run::{CheckOutcome, CheckResult, StepResult};
use callboard_scenario::ast::{Parameter, Step, Workflow, WorkflowReference};
use serde_json::{Map, Value};

use crate::context::{Finished, Frame, View};
use crate::flow::{Ended, Results, blank, undone};
use crate::options::SourceFile;
use crate::step::{Runner, Tried};
use crate::{inputs, judge};

/// Workflows may call each other so deep.
const MAX_DEPTH: usize = 32;

/// A workflow that was called.
struct Called {
    ended: Ended,
    inputs: Map<String, Value>,
    outputs: Map<String, Value>,
}

impl Called {
    fn failed(why: String) -> Self {
        Self { ended: Ended::Failed(Some(why)), inputs: Map::new(), outputs: Map::new() }
    }
}

impl<'r> Runner<'r> {
    /// Runs another workflow and shows it as a step of this one.
    pub(crate) async fn go_to(
        &mut self,
        frame: &mut Frame<'r>,
        reference: &'r WorkflowReference,
        parameters: &'r [Parameter],
        results: &mut Results,
    ) -> Ended {
        let clock = Instant::now();
        let mut result = blank(&reference.workflow, None);
        let called = match evaluate(frame, parameters, None) {
            Ok(inputs) => self.call(frame, reference, inputs, &mut result.nested).await,
            Err(why) => Called::failed(why),
        };
        result.verdict = called.ended.verdict();
        result.reason = called.ended.reason();
        result.outputs = called.outputs.clone().into_iter().collect();
        frame.workflows.push(finished(reference, called.inputs, called.outputs));
        self.finish(frame, None, result, clock, results).await;
        called.ended
    }

    /// Tries a step that calls a workflow.
    pub(crate) async fn try_workflow(
        &mut self,
        frame: &mut Frame<'r>,
        step: &'r Step,
        reference: &'r WorkflowReference,
        result: &mut StepResult,
    ) -> Tried {
        result.nested.clear();
        let parameters = frame.workflow.parameters_of(step).into_iter().filter(|parameter| parameter.location.is_none());
        let called = match evaluate(frame, parameters, None) {
            Ok(inputs) => self.call(frame, reference, inputs, &mut result.nested).await,
            Err(why) => Called::failed(why),
        };
        result.reason = called.ended.reason();
        let view = View { frame, exchange: None, outputs: Some(&called.outputs) };
        let mut checks = judge::criteria(step, &view);
        let (mut outputs, missing) = judge::step_outputs(step, &view);
        if step.outputs.is_empty() {
            outputs.clone_from(&called.outputs);
        }
        let holds = called.ended == Ended::Passed && !checks.iter().any(|check| check.outcome.is_failure());
        if holds {
            checks.extend(missing);
        }
        let interrupted = called.ended == Ended::Interrupted;
        let has_defect = result.nested.iter().any(StepResult::has_defect);
        frame.workflows.push(finished(reference, called.inputs, called.outputs.clone()));
        Tried { checks, outputs, holds, interrupted, has_defect, called: Some(called.outputs), ..Tried::default() }
    }

    /// Runs a workflow with its teardown.
    async fn call(
        &mut self,
        frame: &Frame<'r>,
        reference: &WorkflowReference,
        given: Map<String, Value>,
        nested: &mut Vec<StepResult>,
    ) -> Called {
        if frame.depth >= MAX_DEPTH {
            return Called::failed(format!("more than {MAX_DEPTH} workflows call each other"));
        }
        let Some((source, workflow)) = self.shared.options.find_workflow(frame.source, reference) else {
            return Called::failed(format!("there is no workflow `{}`", reference.workflow));
        };
        match inputs::complete(&source.file, workflow, &given) {
            Ok(inputs) => self.call_with(source, workflow, inputs, frame.depth + 1, nested).await,
            Err(why) => Called::failed(why),
        }
    }

    async fn call_with(
        &mut self,
        source: &'r SourceFile,
        workflow: &'r Workflow,
        inputs: Map<String, Value>,
        depth: usize,
        nested: &mut Vec<StepResult>,
    ) -> Called {
        let mut frame = Frame::new(source, workflow, inputs, depth);
        let mut results = Vec::new();
        let mut ended = self.workflow(&mut frame, &mut results).await;
        let mut teardown = Vec::new();
        self.teardown(&mut frame, &mut teardown).await;
        if let (Ended::Passed, Some(step)) = (&ended, undone(&teardown)) {
            ended = Ended::Failed(Some(format!("the teardown of workflow `{}` failed at `{}`", workflow.id, step.step)));
        }
        let (outputs, missing) = judge::workflow_outputs(&frame);
        if let (Ended::Passed, Some(check)) = (&ended, missing.first()) {
            ended = Ended::Failed(Some(format!("workflow `{}`: {}", workflow.id, why_missing(check))));
        }
        nested.extend(results.into_iter().chain(teardown).map(Arc::unwrap_or_clone));
        Called { ended, inputs: frame.inputs, outputs }
    }
}

fn evaluate<'p>(
    frame: &Frame<'_>,
    parameters: impl IntoIterator<Item = &'p Parameter>,
    exchange: Option<&crate::context::Exchange>,
) -> Result<Map<String, Value>, String> {
    let view = View { frame, exchange, outputs: None };
    let value = |parameter: &Parameter| parameter.value.evaluate(&view).map(|value| (parameter.name.clone(), value));
    parameters.into_iter().map(value).collect::<Result<_, _>>().map_err(|unavailable| unavailable.to_string())
}

fn finished(reference: &WorkflowReference, inputs: Map<String, Value>, outputs: Map<String, Value>) -> Finished {
    Finished { source: reference.source.clone(), workflow: reference.workflow.clone(), inputs, outputs }
}

fn why_missing(check: &CheckResult) -> String {
    match &check.outcome {
        CheckOutcome::Unevaluable { why } => why.clone(),
        _ => check.condition.clone(),
    }
}
