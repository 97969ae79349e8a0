//! Values at the edges of what a place may hold. Whether each of them is allowed is for the validator to say.

use rand::SeedableRng as _;
use serde_json::Value;

use super::site::Site;
use super::words;
use crate::synthesise::number::{self, Bounds};
use crate::synthesise::{Dice, Hints, pattern, synthesise};
use crate::validate::Direction;

/// Longer strings are not made.
pub(super) const LONGEST: usize = 10_000;
/// Longer arrays are not made.
pub(super) const MOST_ITEMS: usize = 200;
/// So many listed values are tried.
const MOST_LISTED: usize = 16;

/// A value at an edge.
pub(super) struct Edge {
    /// The value of the place.
    pub(super) value: Value,
    /// What it is, as it goes on after the name of the place: `is 1, the least allowed`.
    pub(super) words: String,
}

/// The edges of a place.
pub(super) fn of(site: &Site<'_, '_>, direction: Direction, seed: u64) -> Vec<Edge> {
    if let Some(allowed) = site.facts.allowed() {
        let listed = allowed.into_iter().filter(|value| !value.is_null()).take(MOST_LISTED);
        return listed.map(|value| Edge { words: format!("is {}", words::excerpt(value)), value: value.clone() }).collect();
    }
    match site.only_type() {
        Some("integer" | "number") => numbers(site),
        Some("string") => strings(site, seed),
        Some("array") => arrays(site, direction, seed),
        Some("boolean") => {
            [true, false].map(|flag| Edge { value: Value::Bool(flag), words: format!("is {flag}") }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn numbers(site: &Site<'_, '_>) -> Vec<Edge> {
    let is_integer = site.only_type() == Some("integer");
    let bounds = Bounds::of(&site.facts);
    let unit = number::unit(&bounds, is_integer);
    let (low, high) = bounds.range(unit);
    let edge = |bound: Option<f64>, word: &str| {
        let value = number::exact(bound?, unit, is_integer)?;
        Some(Edge { words: format!("is {value}, the {word} allowed"), value })
    };
    let low = low.map(|n| (n / unit).ceil() * unit);
    let high = high.map(|n| (n / unit).floor() * unit);
    [edge(low, "least"), edge(high, "most")].into_iter().flatten().collect()
}

fn strings(site: &Site<'_, '_>, seed: u64) -> Vec<Edge> {
    let edge = |keyword: &str, word: &str| {
        let length = bound(site, keyword).filter(|length| *length <= LONGEST)?;
        let text = of_length(site, length, seed)?;
        Some(Edge { value: Value::from(text), words: format!("is {} long, the {word} allowed", words::characters(length)) })
    };
    [edge("minLength", "shortest"), edge("maxLength", "longest")].into_iter().flatten().collect()
}

/// The narrowest bound that a keyword sets.
pub(super) fn bound(site: &Site<'_, '_>, keyword: &str) -> Option<usize> {
    let narrowest = if keyword.starts_with("min") { site.facts.largest(keyword) } else { site.facts.smallest(keyword) };
    narrowest.filter(|n| *n >= 0.0).map(|n| n as usize)
}

/// A string of so many characters, made by the pattern or after the model of what stands there.
pub(super) fn of_length(site: &Site<'_, '_>, length: usize, seed: u64) -> Option<String> {
    if let Some(pattern) = site.facts.text("pattern") {
        return pattern::sample(pattern, length, length, &mut Dice::seed_from_u64(seed));
    }
    let model = site.value.and_then(Value::as_str).filter(|text| !text.is_empty()).unwrap_or("a");
    let missing = length.saturating_sub(model.chars().count());
    let filler = || std::iter::repeat_n('a', missing);
    Some(match site.facts.text("format") {
        // What stands before the `@`, and behind the last `/`, may be as long as it likes.
        Some("email" | "idn-email") if missing > 0 => filler().chain(model.chars()).collect(),
        Some("uri" | "url" | "iri" | "uri-reference") if missing > 0 => model.chars().chain(filler()).collect(),
        Some(_) if model.chars().count() == length => model.to_owned(),
        Some(_) => return None,
        None => solid(model).cycle().take(length).collect(),
    })
}

/// The characters of a text without blanks: a service that trims would change the length.
fn solid(text: &str) -> impl Iterator<Item = char> + Clone + '_ {
    let blank = text.chars().all(char::is_whitespace);
    text.chars().map(move |c| if blank || c.is_whitespace() { 'a' } else { c })
}

fn arrays(site: &Site<'_, '_>, direction: Direction, seed: u64) -> Vec<Edge> {
    let edge = |keyword: &str, word: &str| {
        let count = bound(site, keyword).filter(|count| *count <= MOST_ITEMS)?;
        let items = of_count(site, count, direction, seed)?;
        Some(Edge { value: Value::Array(items), words: format!("has {}, the {word} allowed", words::items(count)) })
    };
    [edge("minItems", "fewest"), edge("maxItems", "most")].into_iter().flatten().collect()
}

/// So many items: those that are there, and new ones behind them.
pub(super) fn of_count(site: &Site<'_, '_>, count: usize, direction: Direction, seed: u64) -> Option<Vec<Value>> {
    let known = site.value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut items: Vec<Value> = known.iter().take(count).cloned().collect();
    let schema = site.facts.schemas("items").into_iter().next();
    let name = site.at.last().unwrap_or_default();
    for ordinal in 0..(count as u64).saturating_mul(4) {
        if items.len() >= count {
            break;
        }
        let hints = Hints { ignore_examples: ordinal > count as u64, ..Hints::named(&name) };
        let new = synthesise(schema.as_ref()?, direction, seed.wrapping_add(ordinal), &hints);
        if !items.contains(&new) || ordinal < count as u64 && !is_unique(site) {
            items.push(new);
        }
    }
    (items.len() == count).then_some(items)
}

/// Whether all items have to differ.
pub(super) fn is_unique(site: &Site<'_, '_>) -> bool {
    site.facts.all("uniqueItems").any(|flag| flag == true)
}
