//! The steps of a workflow in their order: success and failure actions, workflows that are called, what is not run.
//!
//! Decisions where Arazzo is silent:
//! - A failure action handles only a failure of the step's *criteria* (or of the transport). A mismatch with the definition, or an
//!   output that cannot be taken, is a defect that no action makes good: the workflow is broken there.
//! - A failure that `goto` handles does not fail the workflow; the step itself stays failed, and says where it went on.
//! - `end` as a failure action ends the workflow as failed.
//! - What a `retry` runs first must succeed; otherwise the step stays failed.
//! - A step that calls a workflow and names no outputs has the outputs of that workflow.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callboard_model::run::{AttemptKind, CheckKind, CheckOutcome, CheckResult, StepResult, Verdict};
use callboard_scenario::ast::{Action, ActionKind, ActionTarget, Parameter, Step, StepTarget, Workflow, WorkflowReference};
use futures::FutureExt;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::call::micros;
use crate::context::{Finished, Frame, View};
use crate::options::SourceFile;
use crate::report::now;
use crate::step::{Runner, Tried};
use crate::{inputs, judge, retry_after};

/// Workflows may call each other so deep.
const MAX_DEPTH: usize = 32;

/// Where a workflow goes on after a step.
#[derive(Clone, Copy)]
enum Flow<'r> {
    Next,
    Step(usize),
    Workflow(&'r WorkflowReference, &'r [Parameter]),
    End,
    Broken,
    Interrupted,
}

/// How a workflow ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Passed,
    /// A step failed; or, where no step tells, why.
    Failed(Option<String>),
    /// The run was stopped.
    Interrupted,
}

/// Results of steps in the order in which they ended.
pub(crate) type Results = Vec<Arc<StepResult>>;

impl<'r> Runner<'r> {
    /// Runs the workflows that a workflow depends on and that did not run yet, its steps, and lists what was not run.
    pub(crate) fn workflow<'a>(&'a mut self, frame: &'a mut Frame<'r>, results: &'a mut Results) -> BoxFuture<'a, Ended>
    where
        'r: 'a,
    {
        async move {
            let depends_on = self.dependencies(frame, results).await;
            if depends_on != Ended::Passed {
                not_run(frame.workflow, &HashSet::new(), "a workflow that this one depends on did not pass", results);
                return depends_on;
            }
            let mut ran = HashSet::new();
            let ended = self.steps(frame, results, &mut ran).await;
            let reason = match &ended {
                Ended::Passed => "the workflow ended before this step".to_owned(),
                Ended::Interrupted => "the run was stopped".to_owned(),
                Ended::Failed(Some(reason)) => reason.clone(),
                Ended::Failed(None) => broken_at(results),
            };
            not_run(frame.workflow, &ran, &reason, results);
            ended
        }
        .boxed()
    }

    async fn steps(&mut self, frame: &mut Frame<'r>, results: &mut Results, ran: &mut HashSet<&'r str>) -> Ended {
        let workflow = frame.workflow;
        let mut at = 0;
        while let Some(step) = workflow.steps.get(at) {
            if self.stop.is_cancelled() {
                return Ended::Interrupted;
            }
            if self.steps_left == 0 {
                return Ended::Failed(Some("the scenario goes in a circle: too many steps were run".to_owned()));
            }
            self.steps_left -= 1;
            if let Some(missing) = step.depends_on.iter().find(|on| on.workflow.is_none() && !ran.contains(on.step.as_str())) {
                return Ended::Failed(Some(format!("`{}` depends on `{}`, which did not run before", step.id, missing.step)));
            }
            ran.insert(step.id.as_str());
            match self.step(frame, step, results).await {
                Flow::Next => at += 1,
                Flow::Step(index) => at = index,
                Flow::Workflow(reference, parameters) => return self.go_to(frame, reference, parameters, results).await,
                Flow::End => return Ended::Passed,
                Flow::Broken => return Ended::Failed(None),
                Flow::Interrupted => return Ended::Interrupted,
            }
        }
        Ended::Passed
    }

    async fn dependencies(&mut self, frame: &mut Frame<'r>, results: &mut Results) -> Ended {
        for reference in &frame.workflow.depends_on {
            if frame.workflows.iter().any(|over| over.workflow == reference.workflow) {
                continue;
            }
            let ended = self.go_to(frame, reference, &[], results).await;
            if ended != Ended::Passed {
                return ended;
            }
        }
        Ended::Passed
    }

    /// Runs another workflow and shows it as a step of this one.
    async fn go_to(
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
        frame.workflows.push(Finished { workflow: reference.workflow.clone(), inputs: called.inputs, outputs: called.outputs });
        self.finish(frame, None, result, clock, results).await;
        called.ended
    }

    /// One step with its retries, and where to go on.
    fn step<'a>(&'a mut self, frame: &'a mut Frame<'r>, step: &'r Step, results: &'a mut Results) -> BoxFuture<'a, Flow<'r>>
    where
        'r: 'a,
    {
        async move {
            let clock = Instant::now();
            if frame.depth == 0 {
                self.reporter.step_started(&step.id).await;
            }
            let mut result = blank(&step.id, step.description.clone());
            result.operation = self.shared.operation_of(frame, step).map(|(_, operation)| operation.key.clone());
            let flow = self.execute(frame, step, &mut result, results).await;
            self.finish(frame, Some(step), result, clock, results).await;
            flow
        }
        .boxed()
    }

    async fn finish(
        &mut self,
        frame: &Frame<'r>,
        step: Option<&Step>,
        mut result: StepResult,
        clock: Instant,
        results: &mut Results,
    ) {
        result.duration = micros(clock);
        if result.verdict != Verdict::Passed
            && let Some(step) = step
        {
            // Places are looked up only where somebody will want to go there: that needs a table of the whole file.
            result.span = Some(frame.source.document.span(&step.pointer));
        }
        self.shared.mask_step(&mut result);
        let result = Arc::new(result);
        if frame.depth == 0 {
            self.reporter.step_finished(result.clone()).await;
        }
        results.push(result);
    }

    async fn execute(
        &mut self,
        frame: &mut Frame<'r>,
        step: &'r Step,
        result: &mut StepResult,
        results: &mut Results,
    ) -> Flow<'r> {
        let actions = frame.workflow.failure_actions_of(step);
        let mut spent = vec![0_u32; actions.len()];
        let mut kind = AttemptKind::First;
        loop {
            let mut tried = self.attempt(frame, step, kind, result).await;
            let is_sound = tried.is_sound();
            result.checks = std::mem::take(&mut tried.checks);
            if tried.interrupted {
                result.verdict = Verdict::Inconclusive;
                result.reason = Some("the run was stopped".to_owned());
                return Flow::Interrupted;
            }
            self.keep_outputs(frame, step, &tried, result);
            result.verdict = if tried.holds && is_sound { Verdict::Passed } else { Verdict::Failed };
            if let Some(unsendable) = &tried.unsendable {
                if frame.in_teardown && unsendable.is_missing_value() {
                    result.verdict = Verdict::NotRun;
                    result.reason = Some(format!("nothing to undo: {unsendable}"));
                    result.checks.clear();
                }
                return Flow::Broken;
            }
            if tried.holds {
                return if is_sound { after_success(frame, step, &tried, result) } else { Flow::Broken };
            }
            match self.after_failure(frame, &actions, &mut spent, &tried, result, results).await {
                AfterFailure::Again => kind = AttemptKind::Retry,
                AfterFailure::Go(_) if !is_sound => return Flow::Broken,
                AfterFailure::Go(flow) => return flow,
            }
        }
    }

    async fn attempt(&mut self, frame: &mut Frame<'r>, step: &'r Step, kind: AttemptKind, result: &mut StepResult) -> Tried {
        match &step.target {
            StepTarget::Workflow(reference) => self.try_workflow(frame, step, reference, result).await,
            StepTarget::Unusable { why } => {
                let outcome = CheckOutcome::Unevaluable { why: why.clone() };
                let span = Some(frame.source.document.span(&step.pointer));
                let condition = "the step can run".to_owned();
                // Not a criterion: no failure action makes up for it.
                let checks = vec![CheckResult { kind: CheckKind::RequestSchema, condition, outcome, span }];
                Tried { checks, ..Tried::default() }
            }
            StepTarget::Operation { .. } | StepTarget::OperationPath { .. } => {
                self.try_operation(frame, step, kind, &mut result.attempts).await
            }
        }
    }

    async fn try_workflow(
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
        let finished = Finished { workflow: reference.workflow.clone(), inputs: called.inputs, outputs: called.outputs.clone() };
        frame.workflows.push(finished);
        Tried { checks, outputs, holds, interrupted, called: Some(called.outputs), ..Tried::default() }
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
        if ended == Ended::Passed && teardown.iter().any(|step| step.verdict == Verdict::Failed) {
            ended = Ended::Failed(Some(format!("the teardown of workflow `{}` failed", workflow.id)));
        }
        let (outputs, missing) = judge::workflow_outputs(&frame);
        if let (Ended::Passed, Some(check)) = (&ended, missing.first()) {
            ended = Ended::Failed(Some(format!("workflow `{}`: {}", workflow.id, why_missing(check))));
        }
        nested.extend(results.into_iter().chain(teardown).map(Arc::unwrap_or_clone));
        Called { ended, inputs: frame.inputs, outputs }
    }

    /// Runs all of `x-callboard-finally`, whatever happened before. A step that lacks a value of a step which did not get that far has
    /// nothing to undo and is not run.
    pub(crate) async fn teardown(&mut self, frame: &mut Frame<'r>, results: &mut Results) {
        let workflow = frame.workflow;
        frame.in_teardown = true;
        for step in &workflow.finally {
            if self.stop.is_cancelled() {
                results.push(Arc::new(never(step, "the run was stopped")));
                continue;
            }
            self.step(frame, step, results).await;
        }
    }

    fn keep_outputs(&mut self, frame: &mut Frame<'r>, step: &'r Step, tried: &Tried, result: &mut StepResult) {
        result.outputs = tried.outputs.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if tried.exchange.is_some() || tried.called.is_some() {
            for (name, value) in &tried.outputs {
                self.latest.insert(name.clone(), value.clone());
            }
            frame.steps.insert(&step.id, tried.outputs.clone());
        }
    }

    async fn after_failure(
        &mut self,
        frame: &mut Frame<'r>,
        actions: &[&'r Action],
        spent: &mut [u32],
        tried: &Tried,
        result: &mut StepResult,
        results: &mut Results,
    ) -> AfterFailure<'r> {
        for (action, spent) in actions.iter().zip(spent) {
            let view = View { frame, exchange: tried.exchange.as_deref(), outputs: tried.called.as_ref() };
            if !judge::all_hold(&action.criteria, &view) {
                continue;
            }
            match &action.kind {
                ActionKind::End => {
                    result.reason = Some(format!("ended by the failure action `{}`", action.name));
                    return AfterFailure::Go(Flow::Broken);
                }
                ActionKind::Goto(target) => return AfterFailure::Go(handled(frame, action, target, result)),
                ActionKind::Retry { limit, .. } if *spent >= *limit => {}
                ActionKind::Retry { after, first, .. } => {
                    *spent += 1;
                    let wait = retry_after::of(tried.exchange.as_deref()).or(*after).unwrap_or_default();
                    return self.before_retry(frame, wait, first.as_ref(), &action.parameters, result, results).await;
                }
            }
        }
        AfterFailure::Go(Flow::Broken)
    }

    async fn before_retry(
        &mut self,
        frame: &mut Frame<'r>,
        wait: Duration,
        first: Option<&'r ActionTarget>,
        parameters: &'r [Parameter],
        result: &mut StepResult,
        results: &mut Results,
    ) -> AfterFailure<'r> {
        if !self.pause(wait).await {
            result.verdict = Verdict::Inconclusive;
            result.reason = Some("the run was stopped before the step was tried again".to_owned());
            return AfterFailure::Go(Flow::Interrupted);
        }
        let (name, ended) = match first {
            None => return AfterFailure::Again,
            Some(ActionTarget::Workflow(reference)) => {
                (&reference.workflow, self.go_to(frame, reference, parameters, results).await)
            }
            Some(ActionTarget::Step(id)) => (id, self.run_first(frame, id, results).await),
        };
        match ended {
            Ended::Passed => AfterFailure::Again,
            Ended::Interrupted => AfterFailure::Go(Flow::Interrupted),
            Ended::Failed(_) => {
                result.reason = Some(format!("`{name}`, which had to run before the next try, failed"));
                AfterFailure::Go(Flow::Broken)
            }
        }
    }

    async fn run_first(&mut self, frame: &mut Frame<'r>, id: &str, results: &mut Results) -> Ended {
        let workflow = frame.workflow;
        let Some(step) = workflow.step(id) else {
            return Ended::Failed(None);
        };
        if self.steps_left == 0 {
            return Ended::Failed(None);
        }
        self.steps_left -= 1;
        match self.step(frame, step, results).await {
            Flow::Broken => Ended::Failed(None),
            Flow::Interrupted => Ended::Interrupted,
            _ => Ended::Passed,
        }
    }
}

/// What a failure leads to.
enum AfterFailure<'r> {
    Again,
    Go(Flow<'r>),
}

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

impl Ended {
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Passed => Verdict::Passed,
            Self::Failed(_) => Verdict::Failed,
            Self::Interrupted => Verdict::Inconclusive,
        }
    }

    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Failed(reason) => reason.clone(),
            Self::Passed | Self::Interrupted => None,
        }
    }
}

fn after_success<'r>(frame: &Frame<'r>, step: &'r Step, tried: &Tried, result: &mut StepResult) -> Flow<'r> {
    let view = View { frame, exchange: tried.exchange.as_deref(), outputs: tried.called.as_ref() };
    let actions = frame.workflow.success_actions_of(step);
    let taken = actions.into_iter().find(|action| judge::all_hold(&action.criteria, &view));
    match taken.map(|action| (action, &action.kind)) {
        None | Some((_, ActionKind::Retry { .. })) => Flow::Next,
        Some((_, ActionKind::End)) => Flow::End,
        Some((action, ActionKind::Goto(target))) => go(frame, action, target, result),
    }
}

fn handled<'r>(frame: &Frame<'r>, action: &'r Action, target: &'r ActionTarget, result: &mut StepResult) -> Flow<'r> {
    let name = match target {
        ActionTarget::Step(id) => id,
        ActionTarget::Workflow(reference) => &reference.workflow,
    };
    result.reason = Some(format!("handled by the failure action `{}`, which goes on with `{name}`", action.name));
    go(frame, action, target, result)
}

fn go<'r>(frame: &Frame<'r>, action: &'r Action, target: &'r ActionTarget, result: &mut StepResult) -> Flow<'r> {
    match target {
        ActionTarget::Workflow(reference) => Flow::Workflow(reference, &action.parameters),
        ActionTarget::Step(id) => match frame.workflow.step_index(id) {
            Some(index) => Flow::Step(index),
            None => {
                result.verdict = Verdict::Failed;
                result.reason = Some(format!("the action `{}` leads to `{id}`, and there is no such step", action.name));
                Flow::Broken
            }
        },
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

fn why_missing(check: &CheckResult) -> String {
    match &check.outcome {
        CheckOutcome::Unevaluable { why } => why.clone(),
        _ => check.condition.clone(),
    }
}

fn blank(id: &str, description: Option<String>) -> StepResult {
    StepResult {
        step: id.to_owned(),
        description,
        operation: None,
        verdict: Verdict::NotRun,
        reason: None,
        attempts: Vec::new(),
        checks: Vec::new(),
        outputs: IndexMap::new(),
        nested: Vec::new(),
        span: None,
        started: now(),
        duration: 0,
    }
}

/// A step that is not run, and why.
pub(crate) fn never(step: &Step, reason: &str) -> StepResult {
    StepResult { reason: Some(reason.to_owned()), ..blank(&step.id, step.description.clone()) }
}

fn not_run(workflow: &Workflow, ran: &HashSet<&str>, reason: &str, results: &mut Results) {
    let missing = workflow.steps.iter().filter(|step| !ran.contains(step.id.as_str()));
    results.extend(missing.map(|step| Arc::new(never(step, reason))));
}

fn broken_at(results: &Results) -> String {
    match results.iter().rev().find(|result| result.verdict == Verdict::Failed) {
        Some(result) => format!("`{}` failed", result.step),
        None => "the workflow failed before".to_owned(),
    }
}
