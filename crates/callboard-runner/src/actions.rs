//! What follows from the outcome of a step: its success and failure actions.
//!
//! Decisions where Arazzo is silent:
//! - A failure action handles only a failure of the step's *criteria* (or of the transport). A mismatch with the definition, or an
//!   output that cannot be taken, is a defect that no action makes good: the workflow is broken there. So it is when the defect is in
//!   a workflow that the step calls.
//! - A `retry` is judged by its last try, like a poll: that a gateway answers 503 for a moment is in few definitions.
//! - A failure that `goto` handles does not fail the workflow; the step itself stays failed, and says where it went on.
//! - `end` as a failure action ends the workflow as failed.
//! - A success action whose criteria cannot be evaluated fails its step. A failure action of that kind is not taken: the step has failed
//!   already, and after a broken connection there is no answer to ask.
//! - What a `retry` runs first must succeed; otherwise the step stays failed.

use std::time::Duration;

use callboard_model::run::{CheckKind, CheckOutcome, CheckResult, StepResult, Verdict};
use callboard_scenario::ast::{Action, ActionKind, ActionTarget, Parameter, Step};

use crate::context::{Frame, View};
use crate::flow::{Ended, Flow, Results};
use crate::step::{Runner, Tried};
use crate::{judge, retry_after};

/// What a failure leads to.
pub(crate) enum AfterFailure<'r> {
    Again,
    Go(Flow<'r>),
}

impl<'r> Runner<'r> {
    /// Takes the first failure action whose criteria hold.
    pub(crate) async fn after_failure(
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
        let flow = self.step(frame, step, results).await;
        // A failure that an action of that step handles is a failure here.
        let has_passed = results.last().is_some_and(|result| result.verdict == Verdict::Passed);
        match flow {
            Flow::Interrupted => Ended::Interrupted,
            Flow::Broken => Ended::Failed(None),
            _ if has_passed => Ended::Passed,
            _ => Ended::Failed(None),
        }
    }
}

/// Takes the first success action whose criteria hold. One of which that cannot be said fails the step: whether the workflow has to go
/// on elsewhere is not known then, and to go on as if nothing were to do could hide a defect.
pub(crate) fn after_success<'r>(frame: &mut Frame<'r>, step: &'r Step, tried: &Tried, result: &mut StepResult) -> Flow<'r> {
    let view = View { frame, exchange: tried.exchange.as_deref(), outputs: tried.called.as_ref() };
    for action in frame.workflow.success_actions_of(step) {
        let checks: Vec<CheckResult> =
            action.criteria.iter().map(|criterion| judge::criterion_check(CheckKind::Criterion, criterion, &view)).collect();
        let is_unknown = |check: &CheckResult| matches!(check.outcome, CheckOutcome::Unevaluable { .. });
        if checks.iter().any(|check| check.outcome.is_failure() && !is_unknown(check)) {
            continue;
        }
        let unknown: Vec<CheckResult> = checks.into_iter().filter(is_unknown).collect();
        if !unknown.is_empty() {
            result.verdict = Verdict::Failed;
            result.reason = Some(format!("whether the success action `{}` is to be taken cannot be told", action.name));
            result.checks.extend(unknown);
            frame.passed.remove(step.id.as_str());
            return Flow::Broken;
        }
        return match &action.kind {
            ActionKind::Retry { .. } => Flow::Next,
            ActionKind::End => Flow::End,
            ActionKind::Goto(target) => go(frame, action, target, result),
        };
    }
    Flow::Next
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
