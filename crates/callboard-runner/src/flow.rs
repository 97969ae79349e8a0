//! The steps of a workflow in their order, what is not run, and teardown.
//!
//! What follows from a step is decided in [`crate::actions`], workflows inside a workflow are run by [`crate::called`].

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use callboard_model::run::{AttemptKind, CheckKind, CheckOutcome, CheckResult, StepResult, Verdict};
use callboard_scenario::ast::{Parameter, Step, StepReference, StepTarget, Workflow, WorkflowReference};
use futures::FutureExt;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::actions::{AfterFailure, after_success};
use crate::call::micros;
use crate::context::{Finished, Frame};
use crate::judge;
use crate::report::now;
use crate::secrets::Secret;
use crate::step::{Runner, Tried};

/// Where a workflow goes on after a step.
#[derive(Clone, Copy)]
pub(crate) enum Flow<'r> {
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

/// Where a service answers for one behind it that does not (RFC 9110 sections 15.6.3 to 15.6.5): whom to look at first. The step stays
/// failed, since a service may answer so for a defect of its own.
fn behind(result: &StepResult, tried: &Tried) -> Option<String> {
    let status = tried.exchange.as_ref()?.answer.code();
    let service = &result.operation.as_ref()?.service;
    match status {
        502 => Some(format!("502: `{service}` got no usable answer from a service behind it; look whether those are up")),
        503 => Some(format!("503: `{service}` is not ready, or a service behind it is not; look whether they are up")),
        504 => Some(format!("504: a service behind `{service}` did not answer in time; look whether those are up")),
        _ => None,
    }
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
            if frame.workflow.steps.is_empty() {
                return Ended::Failed(Some(format!("the workflow `{}` has no steps", frame.workflow.id)));
            }
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
            if let Some(missing) = step.depends_on.iter().find(|on| !did_run(frame, ran, on)) {
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
            let is_it = |over: &Finished| over.source == reference.source && over.workflow == reference.workflow;
            if frame.workflows.iter().any(is_it) {
                continue;
            }
            let ended = self.go_to(frame, reference, &[], results).await;
            if ended != Ended::Passed {
                return ended;
            }
        }
        Ended::Passed
    }

    /// One step with its retries, and where to go on.
    pub(crate) fn step<'a>(
        &'a mut self,
        frame: &'a mut Frame<'r>,
        step: &'r Step,
        results: &'a mut Results,
    ) -> BoxFuture<'a, Flow<'r>>
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

    /// Completes the result of a step and hands it on.
    pub(crate) async fn finish(
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
        self.shared.masker.mask_result(&mut result);
        self.learned.mask_result(&mut result);
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
            if result.verdict == Verdict::Passed {
                frame.passed.insert(&step.id);
            }
            if let Some(unsendable) = &tried.unsendable {
                if frame.in_teardown && judge::has_nothing_to_undo(frame, step, unsendable) {
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
                AfterFailure::Go(flow) => {
                    result.reason = result.reason.take().or_else(|| behind(result, &tried));
                    return if is_sound { flow } else { Flow::Broken };
                }
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

    /// Runs all of `x-callboard-finally`, whatever happened before, and although the run was stopped: it then has the grace period of
    /// the run.
    pub(crate) async fn teardown(&mut self, frame: &mut Frame<'r>, results: &mut Results) {
        if frame.workflow.finally.is_empty() {
            return;
        }
        let grace = self.shared.options.grace;
        let stop = CancellationToken::new();
        let stopped = std::mem::replace(&mut self.stop, stop.clone());
        let over = async {
            stopped.cancelled().await;
            tokio::time::sleep(grace).await;
            stop.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = over => {}
            () = self.teardown_steps(frame, results) => {}
        }
        self.stop = stopped;
    }

    /// A step that lacks a value of a step which did not get that far has nothing to undo and is not run.
    async fn teardown_steps(&mut self, frame: &mut Frame<'r>, results: &mut Results) {
        let workflow = frame.workflow;
        frame.in_teardown = true;
        for step in &workflow.finally {
            if self.stop.is_cancelled() {
                let skipped = never(step, "the run was stopped");
                results.push(Arc::new(StepResult { verdict: Verdict::Inconclusive, ..skipped }));
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
                self.learn_credential(name, value);
            }
            frame.steps.insert(&step.id, tried.outputs.clone());
        }
    }

    /// An output that a later request sends as a credential is a secret, although the service made it up a moment ago.
    fn learn_credential(&mut self, name: &str, value: &Value) {
        if let (true, Value::String(text)) = (self.shared.credential_outputs.contains(name), value) {
            self.learned.add(&Secret { name: format!("outputs.{name}"), value: text.clone() });
        }
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

/// The result of a step that did not run yet.
pub(crate) fn blank(id: &str, description: Option<String>) -> StepResult {
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

/// The step at which a teardown failed. An interrupted one leaves things behind, so it is no pass either.
pub(crate) fn undone(teardown: &Results) -> Option<&StepResult> {
    let is_undone = |step: &&Arc<StepResult>| matches!(step.verdict, Verdict::Failed | Verdict::Inconclusive);
    teardown.iter().find(is_undone).map(|step| &**step)
}

/// A step that is not run, and why.
pub(crate) fn never(step: &Step, reason: &str) -> StepResult {
    StepResult { reason: Some(reason.to_owned()), ..blank(&step.id, step.description.clone()) }
}

/// Whether a step ran that another one waits for. Of another workflow it is known that it is over.
fn did_run(frame: &Frame<'_>, ran: &HashSet<&str>, on: &StepReference) -> bool {
    match &on.workflow {
        None => ran.contains(on.step.as_str()),
        Some(other) => frame.workflows.iter().any(|over| over.source == other.source && over.workflow == other.workflow),
    }
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
