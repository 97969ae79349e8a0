//! One try of a step that calls an operation: its request, or its polls (`x-callboard-until`), and what they are worth.
//!
//! A poll goes on until its criteria hold or its time is over, whatever the service answers meanwhile: a 404 or 503 may be the very
//! state that is waited out. Only a service that refuses connections for [`REFUSAL_LIMIT`] without a break ends it early. The definition,
//! the step's own criteria and its outputs are judged on the last answer.

use std::time::{Duration, Instant};

use callboard_model::run::{Attempt, AttemptKind, CheckKind, CheckOutcome, CheckResult};
use callboard_model::{Operation, Service};
use callboard_scenario::ast::{Step, Until};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::call::{Sent, Unsendable};
use crate::client::{Limits, SendError};
use crate::conformance::Definition;
use crate::context::{Exchange, Frame, View};
use crate::judge;
use crate::report::Reporter;
use crate::secrets::Masker;
use crate::shared::Shared;
use crate::trace::Trace;

/// A poll gives up on a service that refuses connections for so long.
const REFUSAL_LIMIT: Duration = Duration::from_secs(10);
/// Bodies of so many polls are kept, besides those of the last one.
const RECORDED_POLLS: usize = 20;

/// A scenario while it runs.
pub(crate) struct Runner<'r> {
    pub(crate) shared: &'r Shared,
    pub(crate) trace: Trace,
    /// Says that no further request may be sent.
    pub(crate) stop: CancellationToken,
    /// The latest outputs by name, for the environment's placeholders.
    pub(crate) latest: Map<String, Value>,
    /// Credentials that the scenario itself was given, on top of those that the environment names.
    pub(crate) learned: Masker,
    pub(crate) reporter: Reporter,
    /// How many steps may still run: `goto` must end some day.
    pub(crate) steps_left: u32,
}

/// What a try of a step is worth.
#[derive(Default)]
pub(crate) struct Tried {
    pub(crate) exchange: Option<Box<Exchange>>,
    /// The outputs of the workflow that the step called.
    pub(crate) called: Option<Map<String, Value>>,
    pub(crate) checks: Vec<CheckResult>,
    pub(crate) outputs: Map<String, Value>,
    /// Whether the step's criteria hold. If not, its failure actions have their say.
    pub(crate) holds: bool,
    pub(crate) interrupted: bool,
    /// Whether something besides criteria is wrong in the workflow that the step called.
    pub(crate) has_defect: bool,
    /// Why nothing was sent.
    pub(crate) unsendable: Option<Unsendable>,
}

impl Tried {
    /// The try was given up because the run was stopped.
    pub(crate) fn interrupted() -> Self {
        Self { interrupted: true, ..Self::default() }
    }

    /// Whether nothing is wrong besides the criteria.
    pub(crate) fn is_sound(&self) -> bool {
        self.unsendable.is_none() && !self.has_defect && !self.checks.iter().any(CheckResult::is_defect)
    }
}

/// What came of a request, before it is judged.
enum Got<'r> {
    Answer { exchange: Box<Exchange>, service: &'r Service, operation: &'r Operation, request_checks: Vec<CheckResult> },
    Failed(SendError),
    Unsendable(Unsendable),
    Interrupted,
}

impl<'r> Runner<'r> {
    /// Tries a step that calls an operation.
    pub(crate) async fn try_operation(
        &mut self,
        frame: &Frame<'r>,
        step: &Step,
        kind: AttemptKind,
        attempts: &mut Vec<Attempt>,
    ) -> Tried {
        let limits = match step.timeout {
            Some(timeout) => self.shared.options.limits.with_total(timeout),
            None => self.shared.options.limits,
        };
        let got = match &step.until {
            None => self.once(frame, step, kind, &limits, attempts).await,
            Some(until) => self.poll(frame, step, until, kind, &limits, attempts).await,
        };
        self.judge(frame, step, got)
    }

    async fn once(
        &mut self,
        frame: &Frame<'r>,
        step: &Step,
        kind: AttemptKind,
        limits: &Limits,
        attempts: &mut Vec<Attempt>,
    ) -> Got<'r> {
        let shared = self.shared;
        let mut ready = match shared.prepare(frame, step, &self.latest, &self.trace) {
            Ok(ready) => ready,
            Err(unsendable) => return Got::Unsendable(unsendable),
        };
        let (service, operation) = (ready.service, ready.operation);
        let request_checks = std::mem::take(&mut ready.request_checks);
        let (attempt, sent) = shared.send(ready, kind, limits, &self.stop).await;
        attempts.push(attempt);
        match sent {
            Sent::Answered(exchange) => Got::Answer { exchange, service, operation, request_checks },
            Sent::Failed(error) => Got::Failed(error),
            Sent::Interrupted => Got::Interrupted,
        }
    }

    async fn poll(
        &mut self,
        frame: &Frame<'r>,
        step: &Step,
        until: &Until,
        mut kind: AttemptKind,
        limits: &Limits,
        attempts: &mut Vec<Attempt>,
    ) -> Got<'r> {
        let deadline = Instant::now() + until.timeout;
        let mut refused_since = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
            let got = self.once(frame, step, kind, &limits.within(left), attempts).await;
            kind = AttemptKind::Poll;
            match &got {
                Got::Answer { exchange, .. } if holds(until, frame, exchange) => return got,
                Got::Unsendable(_) | Got::Interrupted => return got,
                Got::Failed(error) if error.is_refused() => {
                    let since = *refused_since.get_or_insert_with(Instant::now);
                    if since.elapsed() >= REFUSAL_LIMIT {
                        return got;
                    }
                }
                Got::Answer { .. } | Got::Failed(_) => refused_since = None,
            }
            if Instant::now() + until.interval >= deadline {
                return got;
            }
            if !self.pause(until.interval).await {
                return Got::Interrupted;
            }
            forget_body(attempts);
        }
    }

    /// Waits; `false` when the run was stopped meanwhile.
    pub(crate) async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    fn judge(&self, frame: &Frame<'r>, step: &Step, got: Got<'r>) -> Tried {
        match got {
            Got::Interrupted => Tried::interrupted(),
            Got::Unsendable(unsendable) => {
                let outcome = CheckOutcome::Unevaluable { why: unsendable.to_string() };
                let checks = vec![transport(frame, step, "the request can be sent", outcome)];
                Tried { checks, unsendable: Some(unsendable), ..Tried::default() }
            }
            Got::Failed(error) => {
                let outcome = CheckOutcome::Failed { expected: "an answer".to_owned(), actual: error.to_string(), at: None };
                let mut checks = vec![transport(frame, step, "an answer came", outcome)];
                checks.extend(until_checks(step, &frame.view()));
                Tried { checks, ..Tried::default() }
            }
            Got::Answer { exchange, service, operation, request_checks } => {
                let definition = Definition { service, operation, validators: &self.shared.validators };
                self.judge_answer(frame, step, exchange, &definition, request_checks)
            }
        }
    }

    fn judge_answer(
        &self,
        frame: &Frame<'r>,
        step: &Step,
        exchange: Box<Exchange>,
        definition: &Definition<'_>,
        request_checks: Vec<CheckResult>,
    ) -> Tried {
        let view = View { frame, exchange: Some(&exchange), outputs: None };
        let mut checks = judge::criteria(step, &view);
        checks.extend(until_checks(step, &view));
        let holds = !checks.iter().any(|check| check.outcome.is_failure());
        if !judge::is_wanted_refusal(step, &exchange, holds) {
            checks.extend(request_checks);
        }
        let conformance = definition.check_answer(&exchange.answer, &exchange.body, &self.shared.acceptances);
        let is_gone = holds && judge::was_gone_already(frame, step, &exchange);
        checks.extend(conformance.into_iter().filter(|check| !(is_gone && judge::is_about_documents(check))));
        // Outputs are taken from a refusal, too, as far as they are there: teardown may need them.
        let (outputs, missing) = judge::step_outputs(step, &view);
        if holds {
            checks.extend(missing);
        }
        Tried { exchange: Some(exchange), checks, outputs, holds, ..Tried::default() }
    }
}

fn holds(until: &Until, frame: &Frame<'_>, exchange: &Exchange) -> bool {
    judge::all_hold(&until.criteria, &View { frame, exchange: Some(exchange), outputs: None })
}

fn until_checks(step: &Step, view: &View<'_, '_>) -> Vec<CheckResult> {
    let criteria = step.until.iter().flat_map(|until| &until.criteria);
    criteria.map(|criterion| judge::criterion_check(CheckKind::Until, criterion, view)).collect()
}

fn transport(frame: &Frame<'_>, step: &Step, condition: &str, outcome: CheckOutcome) -> CheckResult {
    let span = Some(frame.source.document.span(&step.pointer));
    CheckResult { kind: CheckKind::Transport, condition: condition.to_owned(), outcome, span }
}

/// Long polls would fill the memory with bodies that nobody reads.
fn forget_body(attempts: &mut [Attempt]) {
    if attempts.len() > RECORDED_POLLS
        && let Some(attempt) = attempts.last_mut()
    {
        attempt.request.body = None;
        attempt.response.iter_mut().for_each(|response| response.body = None);
    }
}
