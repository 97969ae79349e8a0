//! What is special about an instance, in words for the name of a test.

use callboard_model::Pointer;
use serde_json::Value;

use super::Fault;
use super::faults::Edit;

/// Longer texts are told by their length.
const EXCERPT: usize = 32;

/// A place as people write it: `lines/0/quantity`; the root by the name of the value.
pub(super) fn place(at: &Pointer, name: Option<&str>) -> String {
    if at.is_root() {
        return name.unwrap_or("the value").to_owned();
    }
    at.segments().collect::<Vec<_>>().join("/")
}

/// What is wrong, and what was expected.
pub(super) fn fault(fault: Fault, edit: &Edit, expected: &str, name: Option<&str>) -> String {
    let place = place(&edit.at, name);
    match (fault, &edit.new) {
        (Fault::Missing, _) | (_, None) => format!("{place} is missing"),
        (Fault::Additional, _) => format!("{place} is there, no other properties expected"),
        (Fault::TooShort | Fault::TooLong, Some(Value::String(text))) => {
            format!("{place} is {} long, {expected} expected", characters(text.chars().count()))
        }
        (Fault::TooFew | Fault::TooMany, Some(Value::Array(list))) => {
            format!("{place} has {}, {expected} expected", items(list.len()))
        }
        (Fault::Repeated, _) => format!("{place} holds the same twice, {expected} expected"),
        (_, Some(value)) => format!("{place} is {}, {expected} expected", excerpt(value)),
    }
}

/// A value in a sentence.
pub(super) fn excerpt(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > EXCERPT => format!("a text of {}", characters(text.chars().count())),
        Value::Array(list) => format!("an array of {}", items(list.len())),
        Value::Object(_) => "an object".to_owned(),
        scalar => scalar.to_string(),
    }
}

/// `1 character`, `2 characters`.
pub(super) fn characters(count: usize) -> String {
    counted(count, "character")
}

/// `1 item`, `2 items`.
pub(super) fn items(count: usize) -> String {
    counted(count, "item")
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
