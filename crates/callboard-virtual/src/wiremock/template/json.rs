//! Helpers that work on JSON.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::helpers::Arguments;
use super::text::remember;
use super::value::Val;
use crate::wiremock::json_path::{Found, JsonPath};

type Answer<'a> = Result<Val<'a>, String>;

/// What a path finds; "" where it finds nothing or where there is no JSON.
pub(super) fn json_path<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    if let (Val::Body(request), Some(path), None) = (call.at(0), call.json_path, &call.content) {
        let found = request.json().map_or(Val::Missing, |document| found_in(path, document));
        return Ok(or_default(call, found));
    }
    let source = call.text(1);
    if source.is_empty() {
        return Ok(Val::problem("The JSONPath cannot be empty"));
    }
    let Ok(path) = JsonPath::compile(&source) else {
        return Ok(Val::problem(format!("{source} is not a valid JSONPath expression")));
    };
    let found = document_of(&call.at(0)).map_or(Val::Missing, |document| match found_in(&path, &document) {
        Val::Missing => Val::Missing,
        found => Val::owned(found.to_json()),
    });
    Ok(or_default(call, found))
}

fn found_in<'v>(path: &JsonPath, document: &'v Value) -> Val<'v> {
    match path.find(document) {
        Found::Missing => Val::Missing,
        Found::One(Cow::Borrowed(value)) => Val::borrowed(value),
        Found::One(Cow::Owned(value)) => Val::owned(value),
        Found::Many(values) => Val::owned(values.into_iter().cloned().collect()),
    }
}

fn or_default<'a>(call: &Arguments<'_, 'a>, found: Val<'a>) -> Val<'a> {
    if found.is_missing() { call.named("default").unwrap_or(Val::text("")) } else { found }
}

/// A value as a document: text is parsed.
fn document_of(value: &Val<'_>) -> Option<Value> {
    match value {
        Val::Json(value) => Some(value.clone().into_owned()),
        Val::List(_) | Val::Part(..) => Some(value.to_json()),
        other => serde_json::from_str(&other.to_text()).ok(),
    }
}

/// Text as a value, under a name if one is given.
pub(super) fn parse<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let parsed = if text.trim().is_empty() { Ok(Value::Object(Map::new())) } else { serde_json::from_str(&text) };
    match parsed {
        Ok(value) => remember(call, 1, Val::owned(value)),
        Err(error) => Ok(Val::problem(format!("the JSON cannot be read: {error}"))),
    }
}

/// A value as JSON.
pub(super) fn print<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(serde_json::to_string_pretty(&call.at(0).to_json()).unwrap_or_default()))
}

/// JSON laid out, or in one line.
pub(super) fn format<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let Some(document) = document_of(&call.at(0)) else { return Ok(Val::problem("Input is not valid JSON")) };
    let is_compact = call.named("format").is_some_and(|format| format.to_text() == "compact");
    let text = if is_compact { document.to_string() } else { serde_json::to_string_pretty(&document).unwrap_or_default() };
    Ok(Val::text(text))
}

/// Two objects in one; the second wins.
pub(super) fn merge<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    // As a block, the content is what is merged into the argument.
    let (base, other) = if call.content.is_some() { (call.at(1), call.at(0)) } else { (call.at(0), call.at(1)) };
    let object = |value: &Val<'_>| document_of(value).filter(Value::is_object);
    let (Some(mut base), Some(other)) = (object(&base), object(&other)) else {
        return Ok(Val::problem("Both parameters of jsonMerge must be JSON objects"));
    };
    merge_into(&mut base, other, call.is_set("removeNulls"));
    Ok(Val::text(base.to_string()))
}

fn merge_into(base: &mut Value, other: Value, remove_nulls: bool) {
    match (base, other) {
        (Value::Object(base), Value::Object(other)) => {
            for (key, value) in other {
                match base.get_mut(&key) {
                    _ if remove_nulls && value.is_null() => {
                        base.shift_remove(&key);
                    }
                    Some(known) if known.is_object() && value.is_object() => merge_into(known, value, remove_nulls),
                    _ => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, other) => *base = other,
    }
}

/// A document without what a path of names and indexes leads to.
pub(super) fn remove<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let source = call.text(1);
    let Some(mut document) = document_of(&call.at(0)) else { return Ok(Val::problem("Input JSON string is not valid JSON")) };
    let Ok(path) = JsonPath::compile(&source) else {
        return Ok(Val::problem(format!("JSONPath parameter is not a valid JSONPath expression ('{source}')")));
    };
    if !path.remove_from(&mut document) {
        return Ok(Val::problem(format!("only paths of names and indexes can be removed ('{source}')")));
    }
    Ok(Val::text(document.to_string()))
}
