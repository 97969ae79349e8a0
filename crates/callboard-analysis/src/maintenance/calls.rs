//! Which operation a step meant, and which one it has to call now.

use std::collections::BTreeSet;

use callboard_definition::{OperationFate, Versions, likeness};
use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::{Code, Method, Operation, Pointer, Service};
use callboard_scenario::ast::{Step, StepTarget, Workflow};
use callboard_scenario::codes;
use callboard_scenario::edit::Edit;
use callboard_scenario::expression::{MessagePart, Reference};
use serde_json::Value;

use super::{CHANGED_OPERATION, Examiner, Pairing, Report};

/// What fits a step less well than this is not proposed.
const LIKELY: f64 = 0.6;
/// By how much it must fit better than the next best.
const MARGIN: f64 = 0.1;
/// What fits less well than this is not named.
const WORTH_NAMING: f64 = 0.35;

/// A step with its operation in both versions.
pub(super) struct Call<'c> {
    pub(super) workflow: &'c Workflow,
    pub(super) step: &'c Step,
    /// Its place in the order of execution.
    pub(super) index: usize,
    pub(super) old: Option<(&'c Service, &'c Operation)>,
    pub(super) new: (&'c Service, &'c Operation),
    pub(super) versions: Option<&'c Versions<'c>>,
    /// Whether the step names another operation, or none.
    pub(super) is_moved: bool,
}

impl Call<'_> {
    /// What was the matter with the step already, or with no step at all, is no change.
    pub(super) fn may_send_nonsense(&self) -> bool {
        self.old.is_none() && callboard_scenario::status::expects_refusal(self.step)
    }
}

impl<'c> Examiner<'c> {
    /// The operation of a step; what happened to it is reported.
    pub(super) fn call(&mut self, workflow: &'c Workflow, step: &'c Step, before: &StepTarget, index: usize) -> Option<Call<'c>> {
        let pairings = self.pairings_of(&step.target);
        let old = pairings.iter().find_map(|p| p.old.and_then(|service| Some((*p, service, meant(before, service)?))));
        let direct = pairings.iter().find_map(|p| p.new.and_then(|service| Some((*p, service, meant(&step.target, service)?))));
        let make = |new: (&'c Service, &'c Operation), versions, old, is_moved| Call {
            workflow,
            step,
            index,
            old,
            new,
            versions,
            is_moved,
        };
        let Some((pairing, old_service, old)) = old else {
            if let Some((_, service, operation)) = direct {
                return Some(make((service, operation), None, None, false));
            }
            let found = self.likeliest(step, &pairings)?;
            return Some(make(found, None, None, true));
        };
        let versions = pairing.versions.as_ref()?;
        let new_service = versions.new_service();
        let old = (old_service, old);
        let fate = versions.operation(old.1);
        match (fate, direct) {
            (OperationFate::Kept(kept), Some((_, service, now))) if kept.key == now.key => {
                Some(make((service, now), Some(versions), Some(old), false))
            }
            (OperationFate::Kept(kept), now) => {
                let message = match now {
                    Some((_, _, now)) => format!(
                        "`{}` was `{} {}` and is `{} {}` now; what it was is {} now",
                        old.1.label(),
                        old.1.key.method,
                        old.1.key.path,
                        now.key.method,
                        now.key.path,
                        named(kept)
                    ),
                    None => format!("`{}` of {} is {} now", called(&step.target), old_service.name, named(kept)),
                };
                self.retarget(step, pairing, kept, message, now.is_none());
                Some(make((new_service, kept), Some(versions), Some(old), true))
            }
            (_, Some((_, service, now))) => Some(make((service, now), Some(versions), Some(old), false)),
            (OperationFate::Moved(moved, why), None) => {
                let message = format!("{} was removed from {}; {} {why}", address(old.1), old_service.name, named(moved));
                self.retarget(step, pairing, moved, message, true);
                Some(make((new_service, moved), Some(versions), Some(old), true))
            }
            (OperationFate::Gone(near), None) => {
                let message =
                    format!("{} was removed from {}, and nothing clearly stands for it", address(old.1), old_service.name);
                self.without_successor(step, message, &near);
                None
            }
        }
    }

    fn pairings_of(&self, target: &StepTarget) -> Vec<&'c Pairing<'c>> {
        let named = match target {
            StepTarget::Operation { source, .. } => source.as_deref(),
            StepTarget::OperationPath { source, .. } => Some(source.as_str()),
            StepTarget::Workflow(_) | StepTarget::Unusable { .. } => return Vec::new(),
        };
        self.pairings.iter().filter(|pairing| named.is_none_or(|name| pairing.source.name == name)).collect()
    }

    fn retarget(&mut self, step: &Step, pairing: &Pairing<'_>, to: &Operation, message: String, is_missing: bool) {
        let is_guess = pairing.old.is_none_or(|old| meant(&step.target, old).is_none());
        let (at, edits) = self.target_edits(step, &pairing.source.name, to);
        let report = Report {
            code: CHANGED_OPERATION,
            explains: is_missing.then_some(codes::UNKNOWN_OPERATION),
            at: &at,
            subject: &subject(&step.target),
            message,
            edits,
            remedy: format!("call {}", named(to)),
            settles: Vec::new(),
            is_guess,
        };
        self.report(None, Some(&step.pointer), report);
    }

    fn without_successor(&mut self, step: &Step, message: String, near: &[&Operation]) {
        let is_guess = self.pairings_of(&step.target).iter().all(|p| p.old.is_none_or(|old| meant(&step.target, old).is_none()));
        let remedy = match near {
            [] => "no operation looks like it: take the step out, or call another one".to_owned(),
            near => format!("nearest: {}", near.iter().map(|operation| named(operation)).collect::<Vec<_>>().join(", ")),
        };
        let at = target_place(step);
        let explains: Option<Code> = Some(codes::UNKNOWN_OPERATION);
        let subject = subject(&step.target);
        let report = Report {
            code: CHANGED_OPERATION,
            explains,
            at: &at,
            subject: &subject,
            message,
            edits: Vec::new(),
            remedy,
            settles: Vec::new(),
            is_guess,
        };
        self.report(None, Some(&step.pointer), report);
    }

    /// The place of the target, and what makes the step call another operation: in the form that stands there, where that is possible.
    fn target_edits(&self, step: &Step, source: &str, to: &Operation) -> (Pointer, Vec<Edit>) {
        let at = target_place(step);
        let text = self.text(&at).unwrap_or_default();
        let path = || format!("#/paths{}/{}", Pointer::of([&*to.key.path]), to.key.method.as_str().to_ascii_lowercase());
        let edits = match (&step.target, &to.id) {
            (StepTarget::OperationPath { .. }, _) => {
                let prefix = text.split("#/").next().unwrap_or_default();
                vec![Edit::Set { at: at.clone(), value: format!("{prefix}{}", path()).into() }]
            }
            (_, Some(id)) => {
                let value = if text.starts_with('$') { format!("$sourceDescriptions.{source}.{id}") } else { id.clone() };
                vec![Edit::Set { at: at.clone(), value: value.into() }]
            }
            (_, None) => {
                let value = format!("{{$sourceDescriptions.{source}.url}}{}", path());
                vec![
                    Edit::Set { at: at.clone(), value: value.into() },
                    Edit::Rename { at: at.clone(), name: "operationPath".to_owned() },
                ]
            }
        };
        (at, edits)
    }

    /// Without an older version: the operation that fits best what the step calls it, sends and reads.
    fn likeliest(&mut self, step: &'c Step, pairings: &[&'c Pairing<'c>]) -> Option<(&'c Service, &'c Operation)> {
        let all = pairings.iter().filter_map(|pairing| Some((*pairing, pairing.new?)));
        let mut ranked: Vec<(f64, &Pairing<'c>, &'c Service, &'c Operation)> = all
            .flat_map(|(pairing, service)| service.operations.iter().map(move |operation| (pairing, service, operation)))
            .map(|(pairing, service, operation)| (self.fit(step, service, operation), pairing, service, operation))
            .filter(|(score, ..)| *score >= WORTH_NAMING)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (best, pairing, service, operation) = *ranked.first()?;
        let second = ranked.get(1).map_or(0.0, |other| other.0);
        let what = format!("`{}` has no operation {}", pairing.source.name, quoted(&step.target));
        if best < LIKELY || best - second < MARGIN {
            let near: Vec<&Operation> = ranked.iter().take(3).map(|(.., operation)| *operation).collect();
            self.without_successor(step, what, &near);
            return None;
        }
        let message = format!("{what}; {} fits best what the step sends and reads", named(operation));
        self.retarget(step, pairing, operation, message, true);
        Some((service, operation))
    }

    /// How well an operation fits a step, 0 to 1.
    fn fit(&self, step: &Step, service: &Service, operation: &Operation) -> f64 {
        let mut signs = vec![(name_fit(&step.target, operation), 0.4)];
        let located: Vec<_> = step.parameters.iter().filter_map(|p| Some((p.location?, p.name.as_str()))).collect();
        // Names of path parameters say little; how many there are says more.
        let of_path = |location: ParameterLocation| location == ParameterLocation::Path;
        let in_path = located.iter().filter(|(location, _)| of_path(*location)).count();
        let fits_path = in_path == operation.parameters.iter().filter(|p| of_path(p.location)).count();
        let is_known = |(location, name): &(ParameterLocation, &str)| {
            if of_path(*location) { fits_path } else { operation.parameter(*location, name).is_some() }
        };
        signs.extend(share(located.iter().map(is_known)).map(|sign| (sign, 0.2)));
        let payload = step.request_body.as_ref().and_then(|body| self.document.at(&body.pointer.join("payload")));
        if let Some(Value::Object(fields)) = payload {
            let schema = operation
                .request_body
                .as_ref()
                .and_then(|body| body.preferred()?.schema.as_ref())
                .and_then(|n| service.schema(n));
            signs.push((schema.map_or(0.0, |s| share(fields.keys().map(|k| s.property(k).is_some())).unwrap_or(0.0)), 0.2));
        }
        let schema =
            operation.success_response().and_then(|r| r.preferred()?.schema.as_ref()).and_then(|node| service.schema(node));
        let is_found = |pointer: &Pointer| {
            let found = schema.as_ref().map(|schema| schema.descend(pointer));
            matches!(found, Some(callboard_model::schema::Descent::Found(_)))
        };
        signs.extend(share(pointers_read(step).iter().map(is_found)).map(|sign| (sign, 0.2)));
        let weight: f64 = signs.iter().map(|(_, weight)| weight).sum();
        let sum: f64 = signs.iter().map(|(sign, weight)| sign * weight).sum();
        let is_missing = |p: &&Parameter| p.required && !of_path(p.location) && !located.contains(&(p.location, p.name.as_str()));
        let missing = operation.parameters.iter().filter(is_missing).count();
        let kinship = if is_of_kind(&step.target, &operation.key.method) { 1.0 } else { 0.6 };
        kinship * sum / weight - 0.1 * missing.min(3) as f64
    }
}

/// The share of what holds; nothing for nothing.
fn share(all: impl Iterator<Item = bool>) -> Option<f64> {
    let (mut held, mut count) = (0usize, 0usize);
    for holds in all {
        held += usize::from(holds);
        count += 1;
    }
    (count > 0).then(|| held as f64 / count as f64)
}

/// The places of its answer that a step reads.
fn pointers_read(step: &Step) -> Vec<Pointer> {
    let of_criteria =
        step.success_criteria.iter().flat_map(|criterion| criterion.expressions()).map(|(_, _, expression)| expression);
    let of_outputs = step.outputs.values().flat_map(|output| output.expressions()).map(|occurrence| occurrence.expression);
    let is_body = |reference: &Reference| matches!(reference, Reference::Response(MessagePart::Body));
    let read =
        of_criteria.chain(of_outputs).filter(|expression| is_body(expression.reference()) && !expression.pointer().is_root());
    read.map(|expression| expression.pointer().clone()).collect()
}

fn name_fit(target: &StepTarget, operation: &Operation) -> f64 {
    let fixed = |path: &str| -> BTreeSet<String> {
        path.split('/').filter(|part| !part.contains('{')).flat_map(likeness::words).collect()
    };
    match target {
        StepTarget::Operation { id, .. } => match &operation.id {
            Some(other) => likeness::of_names(id, other),
            None => {
                let text = format!("{} {}", verb(&operation.key.method), operation.key.path.replace(['{', '}', '/'], " "));
                likeness::overlap(&likeness::words(id), &likeness::words(&text))
            }
        },
        StepTarget::OperationPath { method, path, .. } if *method == operation.key.method => {
            let shape = usize::from(path.matches('{').count() == operation.key.path.matches('{').count());
            0.8 * likeness::overlap(&fixed(path), &fixed(&operation.key.path)) + 0.2 * shape as f64
        }
        _ => 0.0,
    }
}

/// Whether an operation can do what the id promises: what reads does not change anything, what deletes deletes.
fn is_of_kind(target: &StepTarget, method: &Method) -> bool {
    let StepTarget::Operation { id, .. } = target else { return true };
    let words = likeness::words(id);
    let reads = words.contains("get") || words.contains("list");
    if words.contains("delete") { *method == Method::Delete } else { !reads || method.is_safe() }
}

fn verb(method: &Method) -> &str {
    match method {
        Method::Post => "create",
        Method::Put | Method::Patch => "update",
        other => other.as_str(),
    }
}

fn target_place(step: &Step) -> Pointer {
    match &step.target {
        StepTarget::OperationPath { .. } => step.pointer.join("operationPath"),
        _ => step.pointer.join("operationId"),
    }
}

/// The operation of a service that a target names.
fn meant<'s>(target: &StepTarget, service: &'s Service) -> Option<&'s Operation> {
    match target {
        StepTarget::Operation { id, .. } => service.operation_by_id(id),
        StepTarget::OperationPath { method, path, .. } => service.operation_at(method, path),
        StepTarget::Workflow(_) | StepTarget::Unusable { .. } => None,
    }
}

/// What a report of a check quotes.
fn subject(target: &StepTarget) -> String {
    match target {
        StepTarget::OperationPath { path, .. } => path.clone(),
        other => called(other),
    }
}

/// What a step calls its operation.
fn called(target: &StepTarget) -> String {
    match target {
        StepTarget::Operation { id, .. } => id.clone(),
        StepTarget::OperationPath { method, path, .. } => format!("{method} {path}"),
        StepTarget::Workflow(_) | StepTarget::Unusable { .. } => String::new(),
    }
}

fn quoted(target: &StepTarget) -> String {
    format!("`{}`", called(target))
}

/// Method and path, with the id where there is one.
pub(super) fn named(operation: &Operation) -> String {
    match &operation.id {
        Some(id) => format!("`{} {}` (`{id}`)", operation.key.method, operation.key.path),
        None => address(operation),
    }
}

/// Method and path.
fn address(operation: &Operation) -> String {
    format!("`{} {}`", operation.key.method, operation.key.path)
}
