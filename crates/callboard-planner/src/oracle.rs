//! Checks: what an answer must hold, from the sentence and from what was sent.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use callboard_model::map::{Input, Output};
use callboard_model::plan::{BindingSource, Expectation, PlannedCheck, SentValue};
use callboard_model::{Method, Operation, Pointer, StatusPattern};
use regex::Regex;
use serde_json::Value;

use crate::aims::Aim;
use crate::beam::Role;
use crate::bind::{Binder, Bound};
use crate::clauses::Mode;
use crate::entities::EntityId;
use crate::environment;
use crate::index::OpId;
use crate::looks;
use crate::pointers::concrete_pointer;
use crate::score::View;
use crate::shape::{Kind, Place};
use crate::typing::OperationTypes;
use crate::words::{split_identifier, stem, stems};

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
    let last = || split_identifier(&place.name).pop();
    let far = 0.9f64.powi(i32::from(place.nesting));
    if shape.kind == Kind::Boolean && last().is_some_and(|last| stem(&last) == word) {
        return far;
    }
    if option(place, word).is_some() {
        return 0.95 * far;
    }
    let is_status = || matches!(last().as_deref(), Some("status" | "state" | "phase"));
    if shape.kind == Kind::Text && shape.options.is_empty() && is_status() { 0.4 * far } else { 0.0 }
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
    match step.role {
        Role::Own => {}
        Role::Before => return oracle,
        Role::Ready => return Oracle { until: ready(binder, step.op), ..oracle },
        Role::Again => return again(binder, bound, at, before),
    }
    let Some(view) = binder.view(step).filter(|_| step.is_target) else {
        return oracle;
    };
    let clause = view.clause;
    let looks_at_one = ends_in_parameter(operation);
    match clause.aim {
        Aim::Unchanged => {
            oracle.checks.extend(same(binder, bound, at));
            return oracle;
        }
        Aim::Holds(present) => {
            let found = membership(binder, bound, at, before, present);
            oracle.checks.extend(found.or_else(|| not_empty(binder, step.op).filter(|_| present)));
            return oracle;
        }
        _ => {}
    }
    if let Some(patterns) = &clause.outcome {
        if clause.gone && !looks_at_one {
            oracle.checks.extend(membership(binder, bound, at, before, false));
            return oracle;
        }
        // A neighbour's failure has the status that it has: the definition of this service knows nothing of it.
        let patterns = if clause.aim == Aim::Breaks {
            patterns.clone()
        } else {
            described(view, operation, documented(operation, patterns))
        };
        oracle.until = (clause.mode == Mode::Wait).then(|| vec![PlannedCheck::Status(patterns.clone())]);
        oracle.expect = Expectation::Status(patterns);
        return oracle;
    }
    match clause.mode {
        Mode::Wait => oracle.until = state_checks(binder, bound, at).map(|check| vec![check]),
        Mode::Check => {
            let state = state_checks(binder, bound, at);
            // Another service hears of a deed a little later.
            let is_elsewhere = deed_elsewhere(binder, bound, at);
            if let Some(check @ PlannedCheck::Equals { .. }) = state.as_ref().filter(|_| is_elsewhere) {
                oracle.until = Some(vec![check.clone()]);
                return oracle;
            }
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

/// Whether the last deed before a look was done by another service.
fn deed_elsewhere(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> bool {
    let ops = &binder.index.ops;
    let deed = bound[..at].iter().rev().find(|earlier| !ops[earlier.step.op].method.is_safe());
    deed.is_some_and(|deed| ops[deed.step.op].service != ops[bound[at].step.op].service)
}

/// A flag says that what was started is ready.
fn ready(binder: &Binder<'_, '_>, op: OpId) -> Option<Vec<PlannedCheck>> {
    let place = looks::flag(binder.index, op)?;
    let at = usable_pointer(place, &binder.index.typing.operations[op].response);
    Some(vec![PlannedCheck::Equals { at, value: Value::Bool(true) }])
}

/// What a look finds after something was taken away: its new state, its absence, or nobody who answers.
fn again(binder: &Binder<'_, '_>, bound: &[Bound], at: usize, before: &[Oracle]) -> Oracle {
    let step = &bound[at].step;
    let mut oracle = Oracle { expect: Expectation::Success, checks: Vec::new(), until: None };
    let Some(removal) = bound[..at].iter().rev().find(|earlier| earlier.step.role == Role::Own && earlier.step.is_target) else {
        return oracle;
    };
    let index = binder.index;
    let deployed = environment::deployed(index, index.ops[step.op].service);
    if deployed.is_some() && deployed == index.typing.operations[removal.step.op].subject {
        oracle.expect = Expectation::Status(vec![StatusPattern::Class(3), StatusPattern::Class(4), StatusPattern::Class(5)]);
        return oracle;
    }
    let stays = index.ops[removal.step.op].method != Method::Delete;
    let state = binder.view(&removal.step).filter(|_| stays).and_then(|view| new_state(binder, view, step.op));
    oracle.checks.extend(state.or_else(|| membership(binder, bound, at, before, false).filter(|_| !stays)));
    oracle
}

/// The state in which something is after it was taken away: `cancelled` after `cancel`, of itself or of an item of a list.
fn new_state(binder: &Binder<'_, '_>, view: &View<'_, '_>, op: OpId) -> Option<PlannedCheck> {
    let places = &binder.index.typing.operations[op].response;
    let (place, value) = places.iter().find_map(|place| Some((place, looks::state_of(view, place)?)))?;
    let segments: Vec<String> = place.pointer.segments().collect();
    match segments.iter().position(|segment| segment == "*") {
        None => Some(PlannedCheck::Equals { at: place.pointer.clone(), value }),
        Some(star) => Some(PlannedCheck::Contains {
            at: Pointer::of(&segments[..star]),
            item: Pointer::of(&segments[star + 1..]),
            value: BindingSource::Literal(value),
            present: true,
        }),
    }
}

/// An answer is as it was before: its list, or all of it.
fn same(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Option<PlannedCheck> {
    let op = bound[at].step.op;
    let earlier = bound[..at].iter().position(|earlier| earlier.step.op == op)?;
    let at = list_of(binder, op).unwrap_or_else(Pointer::root);
    Some(PlannedCheck::Same { as_in: BindingSource::Step { step: earlier, output: Output::Body(at.clone()) }, at })
}

/// Something is in the list of an answer.
fn not_empty(binder: &Binder<'_, '_>, op: OpId) -> Option<PlannedCheck> {
    list_of(binder, op).map(|list| PlannedCheck::Present { at: list.join("0") })
}

/// The first list of an answer.
fn list_of(binder: &Binder<'_, '_>, op: OpId) -> Option<Pointer> {
    let is_list = |place: &&Place| place.shape.kind == Kind::Array && place.nesting == 0;
    binder.index.typing.operations[op].response.iter().find(is_list).map(|place| place.pointer.clone())
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

/// Of several refusals those whose descriptions speak of what the clause speaks of: `The card was declined` of `a declined card`.
fn described(view: &View<'_, '_>, operation: &Operation, patterns: Vec<StatusPattern>) -> Vec<StatusPattern> {
    let unknown = view.clause.unknown.as_ref().map(|_| stem("unknown"));
    let empty = view.clause.empty.then(|| stem("empty"));
    let said: BTreeSet<String> =
        view.clause.words.iter().filter(|word| !word.is_verb).map(|word| word.stem.clone()).chain(unknown).chain(empty).collect();
    let shared = |pattern: &StatusPattern| {
        let response = operation.responses.iter().find(|response| response.status == *pattern);
        let words: BTreeSet<String> =
            response.and_then(|response| response.description.as_deref()).map(stems).into_iter().flatten().collect();
        words.intersection(&said).count()
    };
    let most = patterns.iter().map(shared).max().unwrap_or(0);
    // One word in common may be the name of the thing itself.
    if most < 2 { patterns } else { patterns.into_iter().filter(|pattern| shared(pattern) == most).collect() }
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
    let Some((_, place, word)) = best else {
        if let Some(found) = undone(places, view) {
            return Some(found);
        }
        let words = view.words.iter().filter(|word| !word.is_verb && word.factor >= 1.0);
        let (place, value) = words.into_iter().find_map(|word| Some((opposite(places, &word.text)?, Value::Bool(false))))?;
        return Some(PlannedCheck::Equals { at: usable_pointer(place, places), value });
    };
    let value = option(place, &word.stem).unwrap_or(Value::Bool(true));
    if word.negated {
        return differs(place, value);
    }
    Some(PlannedCheck::Equals { at: usable_pointer(place, places), value })
}

/// `not paid`: the flag is off, or the status is another one. Of a list nothing is said about a certain item.
fn differs(place: &Place, value: Value) -> Option<PlannedCheck> {
    let at = place.pointer.clone();
    (place.nesting == 0).then(|| match value {
        Value::Bool(set) => PlannedCheck::Equals { at, value: Value::Bool(!set) },
        value => PlannedCheck::Differs { at, value },
    })
}

/// `unpaid`: the status is another one than `paid`.
fn undone(places: &[Place], view: &View<'_, '_>) -> Option<PlannedCheck> {
    let words = view.words.iter().filter(|word| !word.is_verb && word.factor >= 1.0 && !word.negated);
    words.into_iter().find_map(|word| {
        let done = stem(word.text.to_lowercase().strip_prefix("un")?);
        let place = places.iter().find(|place| place.nesting == 0 && option(place, &done).is_some())?;
        differs(place, option(place, &done)?)
    })
}

/// The flag that says the opposite of a word: `enabled` of `disabled`, `active` of `inactive`.
fn opposite<'p>(places: &'p [Place], word: &str) -> Option<&'p Place> {
    let word = word.to_lowercase();
    let positive = match word.strip_prefix("dis") {
        Some(rest) => format!("en{rest}"),
        None => ["in", "un", "not"].iter().find_map(|prefix| word.strip_prefix(prefix))?.to_owned(),
    };
    places.iter().find(|place| place.shape.kind == Kind::Boolean && place.name.eq_ignore_ascii_case(&positive))
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
    if let Some((list, item)) = listed(types, entity) {
        return Some(PlannedCheck::Contains { at: list, item, value, present });
    }
    let map = types.response.iter().find(|place| place.shape.kind == Kind::Map && place.nesting == 0)?;
    let (prefix, suffix) = key_template(binder, entity);
    Some(PlannedCheck::Key { at: map.pointer.clone(), prefix, value, suffix, present })
}

/// The list of an answer that holds keys of a resource, and the place of the key in each item.
fn listed(types: &OperationTypes, entity: EntityId) -> Option<(Pointer, Pointer)> {
    types.yields.iter().filter(|y| y.entity == entity && y.nesting == 1).find_map(|found| {
        let Output::Body(pointer) = &found.output else { return None };
        let segments: Vec<String> = pointer.segments().collect();
        let star = segments.iter().position(|s| s == "*")?;
        let list = Pointer::of(&segments[..star]);
        let is_list = types.response.iter().any(|place| place.pointer == list && place.shape.kind == Kind::Array);
        is_list.then(|| (list, Pointer::of(&segments[star + 1..])))
    })
}

/// The resource that a clause looks for: the person that a pronoun means, a literal, or whatever was made last.
fn wanted(binder: &Binder<'_, '_>, bound: &[Bound], at: usize) -> Option<(EntityId, BindingSource)> {
    let step = &bound[at].step;
    let view = binder.view(step)?;
    let types = &binder.index.typing.operations[step.op];
    let listed: Vec<EntityId> = types.yields.iter().filter(|y| y.nesting == 1).map(|y| y.entity).collect();
    // `the user is in the group` looks for a user.
    let said = matches!(view.clause.aim, Aim::Holds(_)).then(|| {
        let nouns = view.clause.words.iter().filter(|word| !word.is_verb).map(|word| view.index.entities_of(&word.text));
        nouns.filter(|entities| !entities.is_empty()).collect::<Vec<_>>()
    });
    let said = said.filter(|nouns| nouns.len() > 1).map(|mut nouns| nouns.remove(0));
    // What stands for a person, or for a thing of theirs.
    let has_person = !view.clause.pronouns.is_empty();
    for (number, earlier) in bound[..at].iter().enumerate().rev() {
        let (_, operation) = binder.operations[earlier.step.op];
        let makes = matches!(operation.key.method, Method::Post | Method::Put);
        let yields = &binder.index.typing.operations[earlier.step.op].yields;
        for found in yields.iter().filter(|y| makes && (y.nesting == 0 || is_collection(binder, earlier, y.entity))) {
            if said.as_ref().is_some_and(|said| !said.contains(&found.entity)) {
                continue;
            }
            let is_meant = listed.contains(&found.entity) || (has_person && binder.index.is_person(found.entity));
            if is_meant {
                return Some((found.entity, source(binder, earlier, number, &found.output)));
            }
        }
    }
    None
}

/// Whether a step adds to the collection of a resource and answers with what it added.
fn is_collection(binder: &Binder<'_, '_>, bound: &Bound, entity: EntityId) -> bool {
    binder.index.collects(bound.step.op) == Some(entity)
}

fn source(binder: &Binder<'_, '_>, bound: &Bound, number: usize, output: &Output) -> BindingSource {
    if let Output::Request(input) = output
        && let Some(binding) = bound.bindings.iter().find(|b| b.input == *input)
    {
        return binding.source.clone();
    }
    let places = &binder.index.typing.operations[bound.step.op].response;
    let output = match output {
        Output::Body(pointer) => concrete_pointer(pointer, places).map_or_else(|| output.clone(), Output::Body),
        _ => output.clone(),
    };
    BindingSource::Step { step: number, output }
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
