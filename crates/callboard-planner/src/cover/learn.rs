//! Checks that a healthy system teaches: what was the same in every run, though ids and times were not, is how the system behaves.
//!
//! Only answers about what the scenario itself made teach anything: the first item of a list that everybody writes to is chance. What
//! looks like a time, an address or a secret is left alone, and so is everything behind an answer of 202, which promises to change. Which
//! of several things a collection lists first is chance, too, until a definition says otherwise.

use std::collections::BTreeMap;

use callboard_model::map::Input;
use callboard_model::plan::{BindingSource, PlannedStep};
use callboard_model::run::{ScenarioResult, StepResult};
use callboard_model::schema::Descent;
use callboard_model::{Operation, Pointer, Schema, Service, System};
use callboard_scenario::ast::Step;
use callboard_scenario::{Criterion, Template};
use serde_json::Value;

use super::Kind;
use super::trial::{Trial, status_of};
use crate::words::split_identifier;

/// So many learned checks of one step say enough.
const MOST: usize = 24;
/// Places looked at in one answer.
const PLACES: usize = 120;
/// Items of a list looked at.
const ITEMS: usize = 3;

/// A run of a scenario: the body of each step.
type Bodies = BTreeMap<String, Value>;

impl Trial {
    /// Adds what was the same in all runs, and says how much that is. Fewer than two runs teach nothing.
    pub fn learn(&mut self, runs: &[&ScenarioResult], system: &System) -> usize {
        let bodies: Vec<Bodies> = runs.iter().map(|run| bodies(run)).collect();
        let (Some(first), true) = (runs.first(), bodies.len() > 1) else { return 0 };
        let before = self.learned;
        let mut is_settled = true;
        let planned: Vec<PlannedStep> = self.candidate.plan.steps.clone();
        for step in &first.steps {
            let Some((at, planned)) = planned.iter().enumerate().find(|(_, planned)| planned.step == step.step) else { continue };
            let Some((service, operation)) = system.operation(&planned.operation) else { continue };
            is_settled &= status_of(step) != Some(202);
            // What prepares a scenario is tested by others; a refused step is about its refusal.
            let is_told = at >= self.candidate.focus && (self.candidate.kind != Kind::Refusal || status_of(step) >= Some(400));
            if is_told && is_own(planned, operation, &self.candidate.tag) {
                let lesson = Lesson { bodies: &bodies, step: &step.step, is_settled };
                self.learn_step(&lesson, step, service, operation);
            }
        }
        self.learned - before
    }

    fn learn_step(&mut self, lesson: &Lesson<'_>, result: &StepResult, service: &Service, operation: &Operation) {
        let schema = status_of(result)
            .and_then(|status| operation.response(status))
            .and_then(|response| response.preferred())
            .and_then(|media| media.schema.as_ref())
            .and_then(|node| service.schema(node));
        let (Some(schema), Some(first)) = (schema, lesson.bodies[0].get(lesson.step)) else { return };
        let is_refused = status_of(result).is_some_and(|status| status >= 400);
        let known: Vec<String> = self
            .step(lesson.step)
            .map(|step| step.success_criteria.iter().map(|c| c.condition.clone()).collect())
            .unwrap_or_default();
        if known.iter().any(|condition| condition.starts_with("$response.body == ")) {
            return;
        }
        let mut places = Vec::new();
        places_of(first, &Pointer::root(), &mut places);
        if is_collection(operation) {
            places.retain(|(at, _)| !is_one_of_several(first, at));
        }
        let mut learned = self.learn_location(lesson, result, &places);
        for (at, value) in places.into_iter().take(PLACES) {
            let is_known = known.iter().any(|condition| condition.starts_with(&format!("{} ==", place(&at))));
            if learned >= MOST || is_known || !is_described(&schema, &at) || (is_refused && is_prose(value)) {
                continue;
            }
            if let Some(condition) = self.lesson_of(lesson, &at, value, &schema)
                && let Ok(criterion) = Criterion::simple(condition)
                && let Some(step) = self.step_mut_of(lesson.step)
            {
                step.success_criteria.push(criterion);
                learned += 1;
            }
        }
        self.learned += learned;
    }

    /// `Location` ends in the key of the answer.
    fn learn_location(&mut self, lesson: &Lesson<'_>, result: &StepResult, places: &[(Pointer, &Value)]) -> usize {
        let Some(location) = location_of(result) else { return 0 };
        let is_key = |(at, value): &&(Pointer, &Value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let varies = lesson.bodies[1..]
                .iter()
                .any(|run| run.get(lesson.step).and_then(|body| body.pointer(at.as_str())) != Some(*value));
            at.segments().count() == 1 && varies && location.ends_with(&format!("/{text}"))
        };
        let Some((at, _)) = places.iter().find(is_key) else { return 0 };
        let criterion = Criterion::regex("$response.header.Location", format!("/{{$response.body#{at}}}$"));
        match (criterion, self.step_mut_of(lesson.step)) {
            (Ok(criterion), Some(step)) => {
                step.success_criteria.push(criterion);
                1
            }
            _ => 0,
        }
    }

    /// The condition that a place teaches.
    fn lesson_of(&mut self, lesson: &Lesson<'_>, at: &Pointer, value: &Value, schema: &Schema<'_>) -> Option<String> {
        let values: Vec<&Value> = lesson
            .bodies
            .iter()
            .map(|run| run.get(lesson.step).and_then(|body| body.pointer(&at.to_string())))
            .collect::<Option<_>>()?;
        if let Value::Array(items) = value {
            let is_same = values.iter().all(|other| other.as_array().is_some_and(|other| other.len() == items.len()));
            return (is_same && lesson.is_settled && items.len() < 20)
                .then(|| format!("{} == null", place(&at.join(items.len().to_string()))));
        }
        if is_secret(at) || is_volatile(value) {
            return None;
        }
        let is_state = matches!(schema.descend(at), Descent::Found(found) if found.enumeration().is_some());
        if is_state && !lesson.is_settled {
            return self.moved_on(lesson, at, &values);
        }
        if values.iter().all(|other| *other == value) {
            return Some(format!("{} == {}", place(at), literal(value)?));
        }
        let (step, from) = self.origin(lesson, &values)?;
        let name = self.output(&step, &from)?;
        Some(format!("{} == $steps.{step}.outputs.{name}", place(at)))
    }

    /// What is still on its way is not what it was: the state that an earlier answer had at this place in every run.
    fn moved_on(&self, lesson: &Lesson<'_>, at: &Pointer, values: &[&Value]) -> Option<String> {
        let own = self.candidate.plan.steps.iter().position(|planned| planned.step == lesson.step)?;
        let service = &self.candidate.plan.steps[own].operation.service;
        let before = |planned: &PlannedStep| -> Option<&Value> {
            let mut runs = lesson.bodies.iter().map(|run| run.get(&planned.step).and_then(|body| body.pointer(at.as_str())));
            let first = runs.next()??;
            (runs.all(|other| other == Some(first)) && values.iter().all(|value| *value != first)).then_some(first)
        };
        let earlier = self.candidate.plan.steps[..own].iter().rev().filter(|planned| planned.operation.service == *service);
        let was = earlier.into_iter().find_map(before)?;
        Some(format!("{} != {}", place(at), literal(was)?))
    }

    /// The earlier answer that had the same value in every run.
    fn origin(&self, lesson: &Lesson<'_>, values: &[&Value]) -> Option<(String, Pointer)> {
        let is_telling = |value: &Value| value.as_str().is_some_and(|text| text.len() >= 4) || value.as_i64().is_some();
        if !values.iter().all(|value| is_telling(value)) {
            return None;
        }
        for planned in &self.candidate.plan.steps {
            if planned.step == lesson.step {
                return None;
            }
            let Some(body) = lesson.bodies[0].get(&planned.step) else { continue };
            let mut places = Vec::new();
            places_of(body, &Pointer::root(), &mut places);
            let holds = |at: &Pointer| {
                lesson
                    .bodies
                    .iter()
                    .zip(values)
                    .all(|(run, value)| run.get(&planned.step).and_then(|body| body.pointer(&at.to_string())) == Some(*value))
            };
            if let Some((at, _)) =
                places.into_iter().take(PLACES).find(|(at, value)| *value == values[0] && !is_secret(at) && holds(at))
            {
                return Some((planned.step.clone(), at));
            }
        }
        None
    }

    /// The output of a step that carries a place of its answer; a new one where there is none yet.
    fn output(&mut self, step: &str, at: &Pointer) -> Option<String> {
        let expression = Template::parse(&format!("$response.body#{at}")).ok()?;
        let step = self.step_mut_of(step)?;
        if let Some((name, _)) = step.outputs.iter().find(|(_, known)| **known == expression) {
            return Some(name.clone());
        }
        let words: Vec<String> = at.segments().flat_map(|segment| split_identifier(&segment)).collect();
        let base = camel(&words);
        let mut name = base.clone();
        let mut number = 2;
        while step.outputs.contains_key(&name) {
            name = format!("{base}{number}");
            number += 1;
        }
        step.outputs.insert(name.clone(), expression);
        Some(name)
    }

    fn step(&self, id: &str) -> Option<&Step> {
        self.file.workflows[0].step(id)
    }

    fn step_mut_of(&mut self, id: &str) -> Option<&mut Step> {
        self.file.workflows[0].steps.iter_mut().find(|step| step.id == id)
    }
}

/// What the runs say about one step.
struct Lesson<'r> {
    bodies: &'r [Bodies],
    step: &'r str,
    /// Whether nothing before promised to change later.
    is_settled: bool,
}

fn bodies(run: &ScenarioResult) -> Bodies {
    let body = |step: &StepResult| {
        let text = step.attempts.last()?.response.as_ref()?.body.as_ref()?;
        Some((step.step.clone(), serde_json::from_str(text).ok()?))
    };
    run.steps.iter().filter_map(body).collect()
}

fn location_of(step: &StepResult) -> Option<&str> {
    let response = step.attempts.last()?.response.as_ref()?;
    response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location")).map(|(_, value)| value.as_str())
}

/// Whether a step is about what the scenario made: it changes something, or names something that an earlier step yielded.
fn is_own(planned: &PlannedStep, operation: &Operation, tag: &str) -> bool {
    let names = |source: &BindingSource| match source {
        BindingSource::Step { .. } => true,
        BindingSource::Generated { value, .. } => value.as_str().is_some_and(|text| text.contains(tag)),
        _ => false,
    };
    let is_named = |input: &Input| matches!(input, Input::Parameter(..));
    !operation.key.method.is_safe() || planned.bindings.iter().any(|binding| is_named(&binding.input) && names(&binding.source))
}

/// Places of an answer: scalars, and lists for their lengths.
fn places_of<'v>(value: &'v Value, at: &Pointer, found: &mut Vec<(Pointer, &'v Value)>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| places_of(field, &at.join(name), found)),
        Value::Array(items) => {
            items.iter().take(ITEMS).enumerate().for_each(|(i, item)| places_of(item, &at.join(i.to_string()), found));
            found.push((at.clone(), value));
        }
        scalar => found.push((at.clone(), scalar)),
    }
}

/// Whether an operation lists things, rather than reading one by its key.
fn is_collection(operation: &Operation) -> bool {
    operation.key.method.is_safe() && !operation.key.path.ends_with('}')
}

/// Whether a place lies in one of several items of an answer's outermost list.
fn is_one_of_several(answer: &Value, at: &Pointer) -> bool {
    let mut above = Pointer::root();
    for segment in at.segments() {
        if let Some(Value::Array(items)) = answer.pointer(above.as_str()) {
            return items.len() > 1;
        }
        above.push(&segment);
    }
    false
}

fn is_described(schema: &Schema<'_>, at: &Pointer) -> bool {
    matches!(schema.descend(at), Descent::Found(_)) && !at.segments().any(|segment| segment.contains(['{', '}', '"', ' ', '\\']))
}

fn place(at: &Pointer) -> String {
    if at.is_root() { "$response.body".to_owned() } else { format!("$response.body#{at}") }
}

fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.chars().any(char::is_control) && text.len() <= 200 => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => Some(value.to_string()),
        _ => None,
    }
}

/// Times, addresses and what was masked.
fn is_volatile(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return value.is_f64() };
    let digits = |range: std::ops::Range<usize>| text.get(range).is_some_and(|part| part.bytes().all(|b| b.is_ascii_digit()));
    let is_date = digits(0..4) && text.get(4..5) == Some("-") && digits(5..7) && text.get(7..8) == Some("-") && digits(8..10);
    is_date || text.contains("://") || text.contains("***") || text.contains("127.0.0.1") || text.contains("localhost")
}

fn is_prose(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains(' '))
}

fn is_secret(at: &Pointer) -> bool {
    let last = at.last().unwrap_or_default();
    split_identifier(&last).iter().any(|word| matches!(word.as_str(), "password" | "secret" | "token" | "credential" | "hash"))
}

fn camel(words: &[String]) -> String {
    let mut name = String::new();
    for word in words {
        let mut chars = word.chars().filter(char::is_ascii_alphanumeric);
        if let Some(first) = chars.next() {
            name.push(if name.is_empty() { first } else { first.to_ascii_uppercase() });
            name.extend(chars);
        }
    }
    if name.is_empty() { "value".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_order_of_several_listed_things_teaches_nothing() {
        let is_chance = |answer: Value, at: &str| is_one_of_several(&answer, &Pointer::parse(at).expect("a pointer"));
        assert!(is_chance(json!([{"id": 1}, {"id": 2}]), "/0/id"));
        assert!(is_chance(json!({"items": [{"id": 1}, {"id": 2}], "total": 2}), "/items/1/id"));
        assert!(!is_chance(json!({"items": [{"id": 1}, {"id": 2}], "total": 2}), "/total"));
        assert!(!is_chance(json!({"items": [{"id": 1}, {"id": 2}]}), "/items"), "how many there are is no chance");
        assert!(
            !is_chance(json!([{"lines": [{"sku": "a"}, {"sku": "b"}]}]), "/0/lines/1/sku"),
            "the lines of one thing are ordered"
        );
    }
}
