//! Checks: what an answer must hold, from the sentence and from what was sent.

use serde_json::Value;

use crate::shape::{Kind, Place};
use crate::words::{split_identifier, stem};

/// How well a place in an answer tells whether a word holds, 0 to 1: a flag of that name, a status with that value, any status.
pub(crate) fn tells(place: &Place, word: &str) -> f64 {
    let shape = &place.shape;
    let is_named = split_identifier(&place.name).last().is_some_and(|last| stem(last) == word);
    let far = 0.9f64.powi(i32::from(place.nesting));
    if shape.kind == Kind::Boolean && is_named {
        return far;
    }
    let has_value = shape.options.iter().filter_map(Value::as_str).any(|value| stem(&value.to_lowercase()) == word);
    if has_value {
        return 0.95 * far;
    }
    let is_status = matches!(split_identifier(&place.name).last().map(String::as_str), Some("status" | "state" | "phase"));
    if shape.kind == Kind::Text && is_status && shape.options.is_empty() { 0.4 * far } else { 0.0 }
}
