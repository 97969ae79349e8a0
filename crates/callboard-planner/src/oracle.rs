//! Checks: what an answer must hold, from the sentence and from what was sent.

use std::sync::LazyLock;

use callboard_model::map::{Input, Output};
use callboard_model::plan::{BindingSource, Expectation, PlannedCheck, SentValue};
use callboard_model::{Method, Operation, Pointer, StatusPattern};
use regex::Regex;
use serde_json::Value;

use crate::bind::{Binder, Bound};
use crate::clauses::{Mode, Pronoun};
use crate::entities::EntityId;
use crate::pointers::concrete_pointer;
use crate::shape::{Kind, Place};
use crate::words::{split_identifier, stem};

/// What a step is expected to do.
#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    pub(crate) expect: Expectation,
    pub(crate) checks: Vec<PlannedCheck>,
    pub(crate) until: Option<Vec<PlannedCheck>>,
}

/// How well a place in an answer tells whether a word holds, 0 to 1: a flag of that name, a status with that value, any status.
pub(crate) fn tells(place: &Place, word: &str) -> f64 {
    let shape = &place.shape;
    let is_named = split_identifier(&place.name).last().is_some_and(|last| stem(last) == word);
    let far = 0.9f64.powi(i32::from(place.nesting));
    if shape.kind == Kind::Boolean && is_named {
        return far;
    }
    if option(place, word).is_some() {
        return 0.95 * far;
    }
    let is_status = matches!(split_identifier(&place.name).last().map(String::as_str), Some("status" | "state" | "phase"));
    if shape.kind == Kind::Text && is_status && shape.options.is_empty() { 0.4 * far } else { 0.0 }
}

/// The enumerated value that a word means.
fn option(place: &Place, word: &str) -> Option<Value> {
    place.shape.options.iter().find(|value| value.as_str().is_some_and(|text| stem(&text.to_lowercase()) == word)).cloned()
}

/// The oracles of all steps.
pub(crate) fn oracles(binder: &Binder<'_, '_>, bound: &[Bound]) -> Vec<Oracle> {
    let mut oracles: Vec<Oracle> = Vec::new();
    for at in 0..bound.len() {
        let oracle = oracle(binder, bound, at, &oracles);
        oracles.push(oracle);
    }
    oracles
}

fn oracle(binder: &Binder<'_, '_>, bound: &[Bound], at: usize, before: &[Oracle]) -> Oracle {
    let step = &bound[at].step;
    let (_, operation) = binder.operations[step.op];
    let mut oracle = Oracle { expect: Expectation::Success, checks: Vec::new(), until: None };
    let Some(view) = binder.view(step).filter(|_| step.is_target) else {
        return oracle;
    };
    let clause = view.clause;
    let looks_at_one = ends_in_parameter(operation);
    if let Some(patterns) = &clause.outcome {
        if clause.gone && !looks_at_one {
            oracle.checks.extend(membership(binder, bound, at, before, false));
            return oracle;
        }
        oracle.expect = Expectation::Status(documented(operation, patterns));
        return oracle;
    }
    match clause.mode {
        Mode::Wait => oracle.until = state_checks(binder, bound, at).map(|check| vec![check]),
        Mode::Check => {
            let state = state_checks(binder, bound, at);
            let found = if state.is_some() || looks_at_one { None } else { membership(binder, bound, at, before, true) };
            oracle.checks.extend(state.or(found));
        }
        Mode::Do => {}
    }
    if clause.compare && operation.key.method.is_safe() {
        oracle.checks.extend(comparison(binder, bound, at));
    } else if clause.mode == Mode::Do {
        oracle.checks.extend(echo(binder, bound, at));
    }
    oracle
}

fn ends_in_parameter(operation: &Operation) -> bool {
    operation.key.path.trim_end_matches('/').ends_with('}')
}

/// Of the statuses that a sentence allows those that the definition documents, when it documents any of them.
pub(crate) fn documented(operation: &Operation, patterns: &[StatusPattern]) -> Vec<StatusPattern> {
    let known = |pattern: &StatusPattern| operation.responses.iter().any(|response| response.status == *pattern);
    let documented: Vec<StatusPattern> = patterns.iter().copied().filter(known).collect();
    if !documented.is_empty() {
        return documented;
    }
    if patterns == [StatusPattern::Class(4)] {
        let refusals = refusals(operation);
        return if refusals.is_empty() { patterns.to_vec() } else { refusals };
    }
    // "is gone" is 404 nearly everywhere.
    if patterns == [StatusPattern::Exact(404), StatusPattern::Exact(410)] {
        vec![StatusPattern::Exact(404)]
    } else {
        patterns.to_vec()
    }
}

/// The refusals that an operation documents: those that speak of the state of things before those of a request that is wrong in itself.
fn refusals(operation: &Operation) -> Vec<StatusPattern> {
    let all = || {
        operation.responses.iter().filter_map(|response| match response.status {
            StatusPattern::Exact(status @ 400..=499) => Some(status),
            _ => None,
        })
    };
    let of = |wanted: fn(&u16) -> bool| all().filter(wanted).map(StatusPattern::Exact).collect::<Vec<_>>();
    let by_state = of(|status| !matches!(status, 400 | 401 | 403 | 429));
    if by_state.is_empty() { of(|_| true) } else { by_state }
}

/// A flag or status that a word of the clause names.
fn state_checks(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Option<PlannedCheck> {
    let step = &bound[at].step;
    let view = binder.view(step)?;
    let places = &binder.index.typing.operations[step.op].response;
    let mut best: Option<(f64, &Place, &crate::score::ViewWord)> = None;
    for word in view.words.iter().filter(|word| !word.is_verb && word.factor >= 1.0) {
        for place in places.iter() {
            let sure = tells(place, &word.stem);
            if sure > 0.4 && best.as_ref().is_none_or(|(b, ..)| sure > *b) {
                best = Some((sure, place, word));
            }
        }
    }
    if best.is_none() && view.clause.mode == Mode::Wait {
        let status = places.iter().find(|place| tells(place, "") > 0.0);
        let word = view.words.iter().rev().find(|word| !word.is_verb && word.factor >= 1.0);
        if let (Some(place), Some(word)) = (status, word) {
            return Some(PlannedCheck::Equals { at: usable_pointer(place, places), value: Value::from(word.text.clone()) });
        }
    }
    let (_, place, word) = best?;
    let value = option(place, &word.stem).unwrap_or(Value::Bool(true));
    Some(PlannedCheck::Equals { at: usable_pointer(place, places), value })
}

/// The first item of a list; any value of a map.
fn usable_pointer(place: &Place, places: &[Place]) -> Pointer {
    concrete_pointer(&place.pointer, places).unwrap_or_else(|| place.pointer.clone())
}

/// Whether something is in a list or a map.
fn membership(binder: &Binder<'_, '_>, bound: &[Bound], at: usize, before: &[Oracle], present: bool) -> Option<PlannedCheck> {
    let step = &bound[at].step;
    // What was looked for there before is what is meant now.
    for (earlier, oracle) in bound[..at].iter().zip(before).rev().filter(|(b, _)| b.step.op == step.op) {
        let _ = earlier;
        for check in &oracle.checks {
            match check {
                PlannedCheck::Key { at, prefix, value, suffix, .. } => {
                    return Some(PlannedCheck::Key {
                        at: at.clone(),
                        prefix: prefix.clone(),
                        value: value.clone(),
                        suffix: suffix.clone(),
                        present,
                    });
                }
                PlannedCheck::Contains { at, item, value, .. } => {
                    return Some(PlannedCheck::Contains { at: at.clone(), item: item.clone(), value: value.clone(), present });
                }
                _ => {}
            }
        }
    }
    let types = &binder.index.typing.operations[step.op];
    let (entity, value) = wanted(binder, bound, at)?;
    if let Some(map) = types.response.iter().find(|place| place.shape.kind == Kind::Map && place.nesting == 0) {
        let (prefix, suffix) = key_template(binder, entity);
        return Some(PlannedCheck::Key { at: map.pointer.clone(), prefix, value, suffix, present });
    }
    let found = types.yields.iter().find(|y| y.entity == entity && y.nesting == 1)?;
    let Output::Body(pointer) = &found.output else { return None };
    let segments: Vec<String> = pointer.segments().collect();
    let star = segments.iter().position(|s| s == "*")?;
    let list = Pointer::of(&segments[..star]);
    let item = Pointer::of(&segments[star + 1..]);
    Some(PlannedCheck::Contains { at: list, item, value, present })
}

/// The resource that a clause looks for: the person that a pronoun means, a literal, or whatever was made last.
fn wanted(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Option<(EntityId, BindingSource)> {
    let step = &bound[at].step;
    let view = binder.view(step)?;
    let types = &binder.index.typing.operations[step.op];
    let listed: Vec<EntityId> = types.yields.iter().filter(|y| y.nesting == 1).map(|y| y.entity).collect();
    let has_person = view.clause.pronouns.contains(&Pronoun::Person);
    for (number, earlier) in bound[..at].iter().enumerate().rev() {
        let (_, operation) = binder.operations[earlier.step.op];
        let makes = matches!(operation.key.method, Method::Post | Method::Put);
        for found in binder.index.typing.operations[earlier.step.op].yields.iter().filter(|y| makes && y.nesting == 0) {
            let is_meant = listed.contains(&found.entity) || (has_person && binder.index.is_person(found.entity));
            if is_meant {
                return Some((found.entity, source(earlier, number, &found.output)));
            }
        }
    }
    None
}

fn source(bound: &Bound, number: usize, output: &Output) -> BindingSource {
    if let Output::Request(input) = output
        && let Some(binding) = bound.bindings.iter().find(|b| b.input == *input)
    {
        return binding.source.clone();
    }
    BindingSource::Step { step: number, output: output.clone() }
}

static TEMPLATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|[\s(\x60'\x22])((?:/[A-Za-z0-9_-]+)+/)(?::|\{|<)([A-Za-z_]+)").expect("the pattern is valid")
});

/// Text around a key, where some description writes it out (`typically /user/:name/`).
fn key_template(binder: &Binder<'_, '_>, entity: EntityId) -> (String, String) {
    let keys: Vec<&String> = binder.index.typing.entities[entity].keys.values().flatten().collect();
    for types in &binder.index.typing.operations {
        for description in types.response.iter().filter_map(|place| place.shape.description.as_deref()) {
            for found in TEMPLATE.captures_iter(description) {
                if keys.iter().any(|key| **key == found[2].to_lowercase()) {
                    return (found[1].to_owned(), String::new());
                }
            }
        }
    }
    (String::new(), String::new())
}

/// What an earlier write sent is what this read yields.
fn comparison(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Vec<PlannedCheck> {
    let here = &binder.index.typing.operations[bound[at].step.op];
    let subject = here.subject;
    for (number, earlier) in bound[..at].iter().enumerate().rev() {
        let (_, operation) = binder.operations[earlier.step.op];
        let writes = matches!(operation.key.method, Method::Post | Method::Put | Method::Patch);
        if !writes || binder.index.typing.operations[earlier.step.op].subject != subject {
            continue;
        }
        return sent_fields(earlier).into_iter().filter_map(|input| same_place(&here.response, input, number)).collect();
    }
    Vec::new()
}

/// Fields of the request that the answer repeats.
fn echo(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Vec<PlannedCheck> {
    let step = &bound[at].step;
    let (_, operation) = binder.operations[step.op];
    if !matches!(operation.key.method, Method::Post | Method::Put | Method::Patch) {
        return Vec::new();
    }
    let types = &binder.index.typing.operations[step.op];
    let is_told = |place: &Place| {
        !place.shape.nullable && !place.shape.description.as_deref().is_some_and(|d| d.to_lowercase().contains("null"))
    };
    let root_says_null =
        types.response.first().and_then(|root| root.shape.description.as_deref()).unwrap_or_default().to_lowercase();
    let told = |name: &str| {
        types.response.iter().any(|p| p.parent == Some(0) && p.name == name && is_told(p)) && !says_null(&root_says_null, name)
    };
    let mut checks: Vec<PlannedCheck> = Vec::new();
    for binding in &bound[at].bindings {
        let name = match &binding.input {
            Input::Body(pointer) if pointer.segments().count() == 1 => pointer.last().unwrap_or_default(),
            Input::Parameter(callboard_model::api::ParameterLocation::Path, name) => name.clone(),
            _ => continue,
        };
        let is_secret = ["password", "secret", "token"].iter().any(|s| name.to_lowercase().contains(s));
        if told(&name) && !is_secret {
            checks.extend(same_place(&types.response, &binding.input, at));
        }
    }
    checks
}

/// `The content and format keys may be null`.
fn says_null(description: &str, name: &str) -> bool {
    description.split(['.', ';']).any(|sentence| sentence.contains("null") && sentence.contains(name))
}

fn sent_fields(bound: &Bound) -> Vec<&Input> {
    bound.bindings.iter().map(|binding| &binding.input).filter(|input| matches!(input, Input::Body(_))).collect()
}

/// The place of an answer that has the name of an input.
fn same_place(places: &[Place], input: &Input, step: usize) -> Option<PlannedCheck> {
    let pointer = match input {
        Input::Body(pointer) => pointer.clone(),
        Input::Parameter(_, name) => Pointer::of([name]),
    };
    let place = places.iter().find(|place| place.pointer == pointer)?;
    let is_plain = place.shape.kind.is_scalar() && !place.shape.write_only;
    is_plain.then(|| PlannedCheck::Echo { at: pointer, sent: SentValue { step, input: input.clone() } })
}
