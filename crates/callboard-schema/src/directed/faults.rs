//! Changes of one place that make it wrong in one thing. Each fault has candidates: the first that is wrong there only is taken.

use callboard_model::Pointer;
use serde_json::{Value, json};

use super::Fault;
use super::edges::{LONGEST, MOST_ITEMS, bound, is_unique, of_count, of_length};
use super::site::{self, Site};
use crate::synthesise::number::{self, Bounds};
use crate::validate::Direction;

/// A change of one place.
pub(super) struct Edit {
    /// The place.
    pub(super) at: Pointer,
    /// What stands there then; nothing when `None`.
    pub(super) new: Option<Value>,
}

impl Edit {
    /// The changed value.
    pub(super) fn apply(&self, base: &Value) -> Value {
        match &self.new {
            Some(new) => site::with(base, &self.at, new.clone()),
            None => site::without(base, &self.at),
        }
    }
}

/// What can be wrong with a place, each with the changes that might make it so, the best first.
pub(super) fn of(site: &Site<'_, '_>, direction: Direction, seed: u64) -> Vec<(Fault, Vec<Edit>)> {
    let here = |fault: Fault, values: Vec<Value>| {
        let edits = values.into_iter().map(|value| Edit { at: site.at.clone(), new: Some(value) }).collect();
        (fault, edits)
    };
    let mut found = missing(site);
    found.push(here(Fault::WrongType, other_types(site)));
    found.push(here(Fault::Null, vec![Value::Null]));
    if site.facts.allowed().is_some() {
        found.push(here(Fault::NotListed, unlisted(site)));
        return found;
    }
    let own = match site.only_type() {
        Some("integer" | "number") => numbers(site),
        Some("string") => strings(site, seed),
        Some("array") => arrays(site, direction, seed),
        _ => Vec::new(),
    };
    found.extend(own.into_iter().map(|(fault, values)| here(fault, values)));
    found.extend(additional(site));
    found
}

fn missing(site: &Site<'_, '_>) -> Vec<(Fault, Vec<Edit>)> {
    let Some(Value::Object(map)) = site.value else { return Vec::new() };
    let there = site.facts.required().into_iter().filter(|name| map.contains_key(*name));
    there.map(|name| (Fault::Missing, vec![Edit { at: site.at.join(name), new: None }])).collect()
}

fn additional(site: &Site<'_, '_>) -> Option<(Fault, Vec<Edit>)> {
    let map = site.value?.as_object()?;
    let closed = ["additionalProperties", "unevaluatedProperties"];
    let is_closed = closed.iter().any(|keyword| site.facts.all(keyword).any(|value| *value == Value::Bool(false)));
    let name = ["unexpected", "notDescribed"].into_iter().find(|name| !map.contains_key(*name))?;
    is_closed.then(|| (Fault::Additional, vec![Edit { at: site.at.join(name), new: Some(json!("surprise")) }]))
}

/// Values of types that the place does not have, those first that a careless reader would take for the right one least.
fn other_types(site: &Site<'_, '_>) -> Vec<Value> {
    match site.only_type() {
        Some("integer" | "number") => vec![json!("many"), json!({})],
        Some("boolean") => vec![json!("perhaps"), json!(7)],
        Some("string") => vec![json!(7), json!({})],
        Some("array") => vec![json!("none"), json!(7)],
        Some("object") => vec![json!("nothing"), json!(7)],
        _ => Vec::new(),
    }
}

/// Values of the right type that are not on the list.
fn unlisted(site: &Site<'_, '_>) -> Vec<Value> {
    let allowed = site.facts.allowed().unwrap_or_default();
    let above = |n: i64| allowed.iter().filter_map(|value| value.as_i64()).max().unwrap_or(0).checked_add(n).map(Value::from);
    let texts = ["unknown", "none-of-these"].map(Value::from);
    let candidates =
        if allowed.iter().any(|value| value.is_number()) { above(1).into_iter().chain(texts).collect() } else { texts.to_vec() };
    candidates.into_iter().filter(|value| !allowed.contains(&value)).collect()
}

fn numbers(site: &Site<'_, '_>) -> Vec<(Fault, Vec<Value>)> {
    let is_integer = site.only_type() == Some("integer");
    let bounds = Bounds::of(&site.facts);
    let unit = number::unit(&bounds, is_integer);
    let (low, high) = bounds.range(unit);
    let value = |n: f64| number::exact(n, unit, is_integer);
    let below = low.and_then(|low| value((low / unit).ceil() * unit - unit));
    let above = high.and_then(|high| value((high / unit).floor() * unit + unit));
    let within = site.value.and_then(Value::as_f64).or(low).unwrap_or(0.0);
    let between = bounds.multiple.and_then(|multiple| match is_integer {
        true if multiple > 1.0 => value(within + 1.0),
        true => None,
        false => number::exact(within + multiple / 2.0, multiple / 2.0, false),
    });
    let fraction = is_integer.then(|| json!(within.trunc() + 0.5));
    [(Fault::TooSmall, below), (Fault::TooLarge, above), (Fault::NotMultiple, between), (Fault::WrongType, fraction)]
        .into_iter()
        .filter_map(|(fault, value)| Some((fault, vec![value?])))
        .collect()
}

fn strings(site: &Site<'_, '_>, seed: u64) -> Vec<(Fault, Vec<Value>)> {
    let of_length = |length: Option<usize>| {
        let length = length.filter(|length| *length <= LONGEST)?;
        // Where no text of the pattern has this length, one without the pattern has to do.
        Some(of_length(site, length, seed).unwrap_or_else(|| "a".repeat(length)))
    };
    let short = of_length(bound(site, "minLength").and_then(|least| least.checked_sub(1)));
    let long = of_length(bound(site, "maxLength").map(|most| most + 1));
    let texts = |text: Option<String>| text.into_iter().map(Value::from).collect::<Vec<_>>();
    let mut found = vec![(Fault::TooShort, texts(short)), (Fault::TooLong, texts(long))];
    if site.facts.has(&["pattern"]) {
        found.push((Fault::Pattern, unmatched(site)));
    }
    if let Some(format) = site.facts.text("format") {
        found.push((Fault::Format, unformatted(format).into_iter().map(Value::from).collect()));
    }
    found
}

/// Texts as long as the one that is there, which hardly any pattern matches.
fn unmatched(site: &Site<'_, '_>) -> Vec<Value> {
    let length = site.value.and_then(Value::as_str).map_or(4, |text| text.chars().count().max(1));
    let same = ['!', '0', 'a', 'A', '\u{e9}'].map(|c| std::iter::repeat_n(c, length).collect::<String>());
    same.into_iter().chain([String::new()]).map(Value::from).collect()
}

/// Texts that are nearly, or not at all, of an asserted format.
fn unformatted(format: &str) -> Option<&'static str> {
    Some(match format {
        "date-time" => "yesterday at noon",
        "date" => "2026-02-30",
        "uuid" => "not-a-uuid",
        "email" => "nobody",
        "ipv4" => "256.0.0.1",
        "ipv6" => "::g",
        "uri" => "not a uri",
        _ => return None,
    })
}

fn arrays(site: &Site<'_, '_>, direction: Direction, seed: u64) -> Vec<(Fault, Vec<Value>)> {
    let of_count = |count: Option<usize>| {
        let items = count.filter(|count| *count <= MOST_ITEMS).and_then(|count| of_count(site, count, direction, seed));
        items.map(Value::Array).into_iter().collect::<Vec<_>>()
    };
    let few = of_count(bound(site, "minItems").and_then(|least| least.checked_sub(1)));
    let many = of_count(bound(site, "maxItems").map(|most| most + 1));
    vec![(Fault::TooFew, few), (Fault::TooMany, many), (Fault::Repeated, repeated(site).into_iter().collect())]
}

fn repeated(site: &Site<'_, '_>) -> Option<Value> {
    let items = site.value?.as_array().filter(|_| is_unique(site))?;
    let first = items.first()?;
    let mut twice = items.clone();
    match twice.get_mut(1) {
        Some(second) => *second = first.clone(),
        None => twice.push(first.clone()),
    }
    Some(Value::Array(twice))
}
