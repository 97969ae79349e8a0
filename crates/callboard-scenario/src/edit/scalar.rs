//! Another value or key in the place of one that is there, in its own quotes.

use std::ops::Range;

use callboard_model::Pointer;
use serde_json::Value;

use super::layout::Layout;
use crate::yaml;

/// More text around a change than this does not make its place any clearer.
const MAX_CONTEXT: usize = 80;

/// Ways to set a value.
pub(super) fn set(layout: &Layout<'_>, at: &Pointer, value: &Value) -> Vec<String> {
    let whole = layout.range(at);
    let range = whole.start..layout.end(at).max(whole.start);
    let mut ways = Vec::new();
    if let (Some(old), Some(new)) = (layout.value(at).and_then(Value::as_str), value.as_str()) {
        // A plain text that others could read as a word or number gets quotes.
        let is_plain = &layout.text()[range.clone()] == old;
        if !is_plain || yaml::scalar(new) == new || yaml::scalar(old) != old {
            ways.extend(in_place(layout, &range, old, new));
        }
        ways.push(layout.replaced(range.clone(), &in_quotes_of(layout, &range, new)));
    }
    let written = flow(layout, value);
    let end = range.end;
    ways.push(layout.replaced(range, &written));
    ways.extend(behind_key(layout, at).map(|start| layout.replaced(start..end.max(start), &format!(" {written}"))));
    ways
}

/// The place behind the colon of a member: there a value begins that is not there yet, or whose header (`|`) the parser left out.
fn behind_key(layout: &Layout<'_>, at: &Pointer) -> Option<usize> {
    let key = layout.is_member(at).then(|| layout.key(at))?;
    let rest = &layout.text()[key.end..];
    let colon = rest.find(':').filter(|colon| rest[..*colon].trim().is_empty())?;
    Some(key.end + colon + 1)
}

/// Ways to rename a member.
pub(super) fn rename(layout: &Layout<'_>, at: &Pointer, name: &str) -> Vec<String> {
    let range = layout.key(at);
    let quoted = Value::from(name).to_string();
    vec![layout.replaced(range.clone(), &in_quotes_of(layout, &range, name)), layout.replaced(range, &quoted)]
}

/// Replaces only the part of a text that is different, found by as much around it as makes it unique. Serves any style of scalar.
fn in_place(layout: &Layout<'_>, range: &Range<usize>, old: &str, new: &str) -> Option<String> {
    let raw = &layout.text()[range.clone()];
    let (before, after) = shared(old, new);
    for context in 0..MAX_CONTEXT {
        let start = nth_back(old, before, context);
        let end = nth_forward(old, old.len() - after, context);
        let needle = &old[start..end];
        if !needle.is_empty() && raw.matches(needle).count() == 1 {
            let replacement =
                format!("{}{}{}", &old[start..before], &new[before..new.len() - after], &old[old.len() - after..end]);
            let found = range.start + raw.find(needle)?;
            return Some(layout.replaced(found..found + needle.len(), &replacement));
        }
        if start == 0 && end == old.len() {
            break;
        }
    }
    None
}

/// How many bytes two texts share at the beginning and at the end.
fn shared(old: &str, new: &str) -> (usize, usize) {
    let before: usize = old.chars().zip(new.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (rest_old, rest_new) = (&old[before..], &new[before..]);
    let after = rest_old.chars().rev().zip(rest_new.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    (before, after)
}

fn nth_back(text: &str, from: usize, count: usize) -> usize {
    if count == 0 { from } else { text[..from].char_indices().rev().nth(count - 1).map_or(0, |(at, _)| at) }
}

fn nth_forward(text: &str, from: usize, count: usize) -> usize {
    text[from..].char_indices().nth(count).map_or(text.len(), |(at, _)| from + at)
}

/// A text in the quotes that stand there.
fn in_quotes_of(layout: &Layout<'_>, range: &Range<usize>, text: &str) -> String {
    match layout.text()[range.clone()].chars().next() {
        Some('"') => Value::from(text).to_string(),
        Some('\'') => yaml::single_quoted(text),
        _ => plain(layout, text),
    }
}

fn plain(layout: &Layout<'_>, text: &str) -> String {
    if layout.is_json() { Value::from(text).to_string() } else { yaml::scalar(text) }
}

/// A value on one line, as it can stand anywhere.
pub(super) fn flow(layout: &Layout<'_>, value: &Value) -> String {
    if layout.is_json() { spaced_json(value) } else { yaml::flow(value) }
}

/// JSON on one line with spaces, as people write it.
fn spaced_json(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(key, v)| format!("{}: {}", Value::from(key.as_str()), spaced_json(v))).collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced_json).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}
