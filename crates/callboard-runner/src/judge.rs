//! Judges what a step got: its criteria, the definition, its outputs.
//!
//! All criteria are evaluated and shown. A step without criteria of its own wants a 2xx status (with `x-callboard-until`, its condition
//! is the criterion).
//!
//! **Negative tests.** Tests send wrong data on purpose. Whether a step does is decided by what came back: when it has criteria, they
//! hold, and the status is a 4xx, the refusal is what the scenario asked for, and the check of the request against the definition is
//! left out. In all other cases a request that breaks the definition fails its step.

use callboard_model::run::{CheckKind, CheckOutcome, CheckResult};
use callboard_scenario::Template;
use callboard_scenario::ast::Step;
use callboard_scenario::criterion::{Criterion, Outcome};
use callboard_scenario::expression::{Context, Reference};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::call::Unsendable;
use crate::context::{Exchange, Frame, View};
use crate::options::SourceFile;

/// What a step's criteria say.
pub(crate) fn criteria(step: &Step, view: &View<'_, '_>) -> Vec<CheckResult> {
    let mut checks: Vec<_> =
        step.success_criteria.iter().map(|criterion| criterion_check(CheckKind::Criterion, criterion, view)).collect();
    let waits_for_something = step.until.as_ref().is_some_and(|until| !until.criteria.is_empty());
    if let (true, false, Some(exchange)) = (checks.is_empty(), waits_for_something, view.exchange) {
        checks.push(success(exchange));
    }
    checks
}

/// One criterion as a check, with its place in the file when it does not hold.
pub(crate) fn criterion_check(kind: CheckKind, criterion: &Criterion, view: &View<'_, '_>) -> CheckResult {
    let outcome = match criterion.evaluate(view) {
        Outcome::Holds => CheckOutcome::Held,
        Outcome::Fails { expected, actual } => CheckOutcome::Failed { expected, actual, at: None },
        Outcome::Unevaluable { why } => CheckOutcome::Unevaluable { why },
    };
    let place = || view.frame.source.document.span(&criterion.pointer);
    let span = outcome.is_failure().then(place);
    CheckResult { kind, condition: criterion.condition.clone(), outcome, span }
}

fn success(exchange: &Exchange) -> CheckResult {
    let outcome = if exchange.answer.status.is_success() {
        CheckOutcome::Held
    } else {
        CheckOutcome::Failed { expected: "a 2xx status".to_owned(), actual: exchange.answer.code().to_string(), at: None }
    };
    CheckResult { kind: CheckKind::Success, condition: "the status means success".to_owned(), outcome, span: None }
}

/// Whether all criteria of an action or a poll hold.
pub(crate) fn all_hold(criteria: &[Criterion], view: &dyn Context) -> bool {
    criteria.iter().all(|criterion| criterion.evaluate(view).holds())
}

/// Whether the step wanted to be refused, and was.
pub(crate) fn is_wanted_refusal(step: &Step, exchange: &Exchange, criteria_hold: bool) -> bool {
    let has_criteria = !step.success_criteria.is_empty() || step.until.is_some();
    has_criteria && criteria_hold && exchange.answer.status.is_client_error()
}

/// Whether a teardown step found that what it removes is gone, and says itself that this will do (404, 410).
pub(crate) fn was_gone_already(frame: &Frame<'_>, step: &Step, exchange: &Exchange) -> bool {
    frame.in_teardown && !step.success_criteria.is_empty() && matches!(exchange.answer.code(), 404 | 410)
}

/// Whether a check asks if the definition has such an answer at all.
pub(crate) fn is_about_documents(check: &CheckResult) -> bool {
    check.outcome.is_failure() && matches!(check.kind, CheckKind::DocumentedStatus | CheckKind::ContentType)
}

/// Whether a teardown step asks for an output of a step that did not pass: what that one did not do, need not be undone. Any other
/// value that is missing is a mistake of the scenario.
pub(crate) fn has_nothing_to_undo(frame: &Frame<'_>, step: &Step, unsendable: &Unsendable) -> bool {
    let did_not_pass = |id: &str| !frame.passed.contains(id);
    match unsendable {
        // The environment does not say which step has the output.
        Unsendable::Target(_) => frame.workflow.steps.iter().any(|step| did_not_pass(&step.id)),
        Unsendable::Value(_) => {
            let parameters = frame.workflow.parameters_of(step).into_iter().map(|parameter| &parameter.value);
            let body = step.request_body.iter();
            let body = body.flat_map(|body| body.payload.iter().chain(body.replacements.iter().map(|r| &r.value)));
            let mut expressions = parameters.chain(body).flat_map(Template::expressions);
            expressions.any(|occurrence| match occurrence.expression.reference() {
                Reference::StepOutput { step, .. } => did_not_pass(step),
                _ => false,
            })
        }
        Unsendable::NoOperation | Unsendable::NoServer(_) | Unsendable::Request(_) => false,
    }
}

/// The outputs of a step or workflow that can be taken, and a check for each one that cannot.
pub(crate) fn outputs(
    templates: &IndexMap<String, Template>,
    view: &View<'_, '_>,
    place: impl Fn(&SourceFile, &str) -> callboard_model::Span,
) -> (Map<String, Value>, Vec<CheckResult>) {
    let mut taken = Map::new();
    let mut missing = Vec::new();
    for (name, template) in templates {
        match template.evaluate(view) {
            Ok(value) => drop(taken.insert(name.clone(), value)),
            Err(unavailable) => missing.push(CheckResult {
                kind: CheckKind::Output,
                condition: format!("the output `{name}` can be taken"),
                outcome: CheckOutcome::Unevaluable { why: unavailable.to_string() },
                span: Some(place(view.frame.source, name)),
            }),
        }
    }
    (taken, missing)
}

/// The outputs of a step.
pub(crate) fn step_outputs(step: &Step, view: &View<'_, '_>) -> (Map<String, Value>, Vec<CheckResult>) {
    outputs(&step.outputs, view, |source, name| source.document.span(&step.pointer.join("outputs").join(name)))
}

/// The outputs of a workflow that is over.
pub(crate) fn workflow_outputs(frame: &Frame<'_>) -> (Map<String, Value>, Vec<CheckResult>) {
    let pointer = frame.workflow.pointer.join("outputs");
    outputs(&frame.workflow.outputs, &frame.view(), |source, name| source.document.span(&pointer.join(name)))
}
