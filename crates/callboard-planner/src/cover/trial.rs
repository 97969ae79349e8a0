//! What a run on a healthy system says about a candidate: it holds, something of it has to go, or it deviates from its definition.
//!
//! A check that does not hold is dropped, with a note. A deviation from the definition is a finding: it is never dropped in silence.

use std::collections::BTreeSet;

use callboard_model::plan::{BindingSource, Expectation, PlannedCheck, PlannedStep};
use callboard_model::run::{CheckKind, CheckOutcome, CheckResult, ScenarioResult, StepResult, Verdict};
use callboard_model::{Operation, StatusPattern, System};
use callboard_scenario::ScenarioFile;

use super::{Candidate, Goal};

/// A candidate on trial.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The candidate.
    pub candidate: Candidate,
    /// Its file, with what was dropped left out and what was learned put in.
    pub file: ScenarioFile,
    /// What was dropped, and why.
    pub dropped: Vec<Dropped>,
    /// Where the system is not what its definition says.
    pub findings: Vec<Finding>,
    /// Checks that were put in because they held in every run.
    pub learned: usize,
}

/// Something that did not hold on a healthy system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// What it was: a check as it stood there, a step, or the scenario.
    pub what: String,
    /// Why it is not there any more.
    pub because: String,
}

/// Whose mistake a deviation most likely is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Blame {
    /// The definition leaves out or forbids what the system rightly does.
    Definition,
    /// The system does what it should not.
    System,
}

impl Blame {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Definition => "definition",
            Self::System => "system",
        }
    }
}

/// A deviation of a system from its definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The operation's label, and its service.
    pub service: String,
    /// `operationId`, or method and path.
    pub operation: String,
    /// What is the matter, in words.
    pub what: String,
    /// Whose mistake it most likely is.
    pub blame: Blame,
    /// The status to accept, where accepting helps.
    pub status: Option<u16>,
    /// The place of the body to accept, where accepting helps.
    pub pointer: Option<String>,
}

impl Finding {
    /// Whether an `[[accept]]` section can make it known.
    pub fn can_be_accepted(&self) -> bool {
        self.status.is_some() || self.pointer.is_some()
    }
}

/// What to do with a candidate after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It held.
    Held,
    /// It was changed and has to show itself again.
    Again,
    /// It cannot be made to hold: why.
    Hopeless(String),
}

impl Trial {
    /// Begins with a candidate and its file.
    pub fn new(candidate: Candidate, file: ScenarioFile) -> Self {
        Self { candidate, file, dropped: Vec::new(), findings: Vec::new(), learned: 0 }
    }

    /// What it touches as it is now.
    pub fn goals(&self, system: &System) -> BTreeSet<Goal> {
        super::goals::touched(&self.candidate.plan, system)
    }

    /// Changes the candidate by what a run of it says.
    pub fn judge(&mut self, result: &ScenarioResult, system: &System) -> Next {
        if matches!(result.verdict, Verdict::Passed | Verdict::Flaky) {
            return self.narrow(result);
        }
        if let Some(step) = result.steps.iter().find(|step| step.verdict == Verdict::Failed) {
            return self.step_failed(step, system);
        }
        if let Some(step) = result.teardown.iter().find(|step| step.verdict == Verdict::Failed) {
            let because = failure_of(step);
            self.drop_step(&step.step, format!("its teardown failed: {because}"));
            return Next::Again;
        }
        Next::Hopeless(result.reason.clone().unwrap_or_else(|| "it did not run".to_owned()))
    }

    /// Several statuses were allowed: the one that was seen is meant from now on.
    fn narrow(&mut self, result: &ScenarioResult) -> Next {
        let mut next = Next::Held;
        for step in &result.steps {
            let wide =
                self.planned(&step.step).is_some_and(|expect| matches!(expect, Expectation::Status(many) if many.len() > 1));
            if let (true, Some(status)) = (wide, status_of(step)) {
                self.expect(&step.step, status);
                next = Next::Again;
            }
        }
        next
    }

    fn step_failed(&mut self, step: &StepResult, system: &System) -> Next {
        if self.is_aside(&step.step)
            && !step.failures().all(|check| check.kind == CheckKind::Criterion && !check.condition.contains("$statusCode"))
        {
            self.drop_step(&step.step, failure_of(step));
            return Next::Again;
        }
        let Some((_, operation)) = step.operation.as_ref().and_then(|key| system.operation(key)) else {
            return Next::Hopeless("it calls nothing that is known".to_owned());
        };
        let Some(status) = status_of(step) else { return Next::Hopeless(failure_of(step)) };
        let failed: Vec<CheckResult> = step.failures().cloned().collect();
        let expects_success = self.planned(&step.step).is_none_or(|expect| *expect == Expectation::Success);
        if expects_success && status < 400 && failed.iter().any(|check| check.kind == CheckKind::RequestSchema) {
            return Next::Hopeless(failure_of(step));
        }
        let is_status =
            |check: &CheckResult| check.kind == CheckKind::Criterion && self.is_status_criterion(&step.step, &check.condition);
        if failed.iter().any(is_status) {
            return self.other_status(step, operation, status);
        }
        self.checks_failed(step, operation, status, &failed)
    }

    /// The answer has another status than was expected.
    fn other_status(&mut self, step: &StepResult, operation: &Operation, status: u16) -> Next {
        let expects_success = self.planned(&step.step).is_none_or(|expect| *expect == Expectation::Success);
        let is_documented = operation.response(status).is_some();
        let label = operation.label();
        match (expects_success, status) {
            // A documented failure, such as that of a neighbour, is what the definition says.
            (false, 500..=599)
                if is_documented && operation.responses.iter().any(|r| r.status == StatusPattern::Exact(status)) =>
            {
                self.expect(&step.step, status);
                Next::Again
            }
            (_, 500..=599) => {
                self.find(operation, format!("answered {status}: {}", said(step)), Blame::System, (None, None));
                self.without(step, format!("{label} answered {status}"))
            }
            (true, 200..=299) => {
                self.expect(&step.step, status);
                if !is_documented {
                    self.find(
                        operation,
                        format!("answered {status}, which is not documented"),
                        Blame::Definition,
                        (Some(status), None),
                    );
                }
                Next::Again
            }
            (true, _) => Next::Hopeless(format!("{label} answered {status}: {}", said(step))),
            (false, 200..=299) => {
                if !self.candidate.is_guess {
                    let what = step.description.clone().unwrap_or_default();
                    self.find(
                        operation,
                        format!("answered {status} although it should refuse this: {what}"),
                        Blame::System,
                        (None, None),
                    );
                }
                self.without(step, format!("{label} answered {status}, no refusal"))
            }
            (false, 400..=499) if is_documented => {
                self.expect(&step.step, status);
                Next::Again
            }
            (false, 400..=499) if self.candidate.is_guess => {
                self.without(step, format!("{label} answered {status}, which is not documented"))
            }
            (false, 400..=499) => {
                let what = format!("refused with {status}, which is not documented: {}", said(step));
                self.find(operation, what, Blame::Definition, (Some(status), None));
                self.expect(&step.step, status);
                Next::Again
            }
            (false, _) => self.without(step, format!("{label} answered {status}")),
        }
    }

    /// A step that proves nothing here goes alone where it stands alone, else with its scenario.
    fn without(&mut self, step: &StepResult, because: String) -> Next {
        let refusals = self.candidate.plan.steps.iter().filter(|planned| planned.expect != Expectation::Success).count();
        if self.candidate.steps_stand_alone && refusals > 1 {
            self.drop_step(&step.step, because);
            return Next::Again;
        }
        Next::Hopeless(because)
    }

    fn checks_failed(&mut self, step: &StepResult, operation: &Operation, status: u16, failed: &[CheckResult]) -> Next {
        let mut changed = false;
        for check in failed {
            match check.kind {
                CheckKind::Criterion => {
                    self.drop_check(&step.step, check);
                    changed = true;
                }
                CheckKind::DocumentedStatus => {
                    let what = format!("answered {status}, which is not documented");
                    self.find(operation, what, Blame::Definition, (Some(status), None));
                    changed = true;
                }
                CheckKind::ResponseSchema => changed |= self.schema_mismatch(operation, status, check),
                CheckKind::ContentType => {
                    self.find(operation, format!("{status}: {}", told(check)), Blame::Definition, (Some(status), None));
                    changed = true;
                }
                CheckKind::ResponseHeader => {
                    self.find(operation, format!("{status}: {}", told(check)), Blame::Definition, (None, None));
                }
                CheckKind::Output => return Next::Hopeless(format!("{}: {}", step.step, told(check))),
                _ => {}
            }
        }
        if changed { Next::Again } else { Next::Hopeless(failure_of(step)) }
    }

    fn schema_mismatch(&mut self, operation: &Operation, status: u16, check: &CheckResult) -> bool {
        let at = match &check.outcome {
            CheckOutcome::Failed { at, .. } => at.clone().unwrap_or_default(),
            _ => return false,
        };
        // Any item of a list is like the first one.
        let pattern: String =
            at.split('/').map(|s| if s.parse::<usize>().is_ok() { "*" } else { s }).collect::<Vec<_>>().join("/");
        let before = self.findings.len();
        self.find(operation, format!("{status}: {}", told(check)), Blame::Definition, (None, Some(pattern)));
        self.findings.len() > before
    }

    fn find(&mut self, operation: &Operation, what: String, blame: Blame, (status, pointer): (Option<u16>, Option<String>)) {
        let (service, operation) = (operation.key.service.as_str().to_owned(), operation.label());
        let finding = Finding { service, operation, what, blame, status, pointer };
        let is_known = |known: &Finding| {
            let is_same_place = finding.can_be_accepted() && known.status == finding.status && known.pointer == finding.pointer;
            known.operation == finding.operation
                && known.service == finding.service
                && (is_same_place || known.what == finding.what)
        };
        if !self.findings.iter().any(is_known) {
            self.findings.push(finding);
        }
    }

    /// Whether a step only looks at something: nothing later uses what it yields, and the scenario is not about it.
    fn is_aside(&self, id: &str) -> bool {
        let plan = &self.candidate.plan;
        let Some(at) = plan.steps.iter().position(|planned| planned.step == id) else { return false };
        let planned = &plan.steps[at];
        let uses = |step: &PlannedStep| {
            let of_binding = step.bindings.iter().map(|binding| &binding.source);
            let of_check = step.checks.iter().filter_map(|check| match check {
                PlannedCheck::Same { as_in: source, .. } => Some(source),
                _ => None,
            });
            of_binding.chain(of_check).any(|source| matches!(source, BindingSource::Step { step, .. } if *step == at))
        };
        let is_look = planned.operation.method.is_safe() && planned.operation != self.candidate.operation;
        is_look && !plan.steps.iter().chain(&plan.teardown).any(uses)
    }

    fn planned(&self, step: &str) -> Option<&Expectation> {
        let plan = &self.candidate.plan;
        plan.steps.iter().chain(&plan.teardown).find(|planned| planned.step == step).map(|planned| &planned.expect)
    }

    /// The first criterion of a generated step is the one on its status.
    fn is_status_criterion(&self, step: &str, condition: &str) -> bool {
        let first = self.workflow().step(step).and_then(|step| step.success_criteria.first());
        first.is_some_and(|first| first.condition == condition && condition.contains("$statusCode"))
    }
}

/// The status of the last answer.
pub(crate) fn status_of(step: &StepResult) -> Option<u16> {
    Some(step.attempts.last()?.response.as_ref()?.status)
}

fn said(step: &StepResult) -> String {
    let body = step.attempts.last().and_then(|attempt| attempt.response.as_ref()).and_then(|response| response.body.clone());
    let body = body.unwrap_or_default();
    let short: String = body.chars().take(160).collect();
    if short.is_empty() { "no body".to_owned() } else { short.replace(['\n', '\r'], " ") }
}

fn failure_of(step: &StepResult) -> String {
    let told: Vec<String> = step.failures().map(|check| format!("{}: {}", check.condition, told(check))).collect();
    let reason = step.reason.clone().into_iter().chain(told).next();
    format!("{}: {}", step.step, reason.unwrap_or_else(|| "it failed".to_owned()))
}

pub(super) fn told(check: &CheckResult) -> String {
    match &check.outcome {
        CheckOutcome::Failed { expected, actual, at } => {
            let at = at.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
            format!("{at}{expected} expected, {actual} found")
        }
        CheckOutcome::Unevaluable { why } => why.clone(),
        _ => "it held".to_owned(),
    }
}
