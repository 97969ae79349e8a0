//! A value into its place in a request.

use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle};
use serde_json::Value;

use super::{encode, separator, text_of, write_form};

/// A parameter as it goes over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// What takes the place of `{name}` in the path, encoded.
    Path(String),
    /// Names and values of the query, encoded; none for an empty array.
    Query(Vec<(String, String)>),
    /// The value of a header.
    Header(String),
    /// Names and values of cookies.
    Cookie(Vec<(String, String)>),
    /// The whole query, encoded.
    Querystring(String),
}

/// Writes a value by the style of its parameter.
pub fn write(parameter: &Parameter, value: &Value) -> Written {
    match parameter.location {
        ParameterLocation::Path => Written::Path(path(parameter, value)),
        ParameterLocation::Query => Written::Query(query(parameter, value)),
        ParameterLocation::Header => Written::Header(header(parameter, value)),
        ParameterLocation::Cookie => Written::Cookie(cookie(parameter, value)),
        ParameterLocation::Querystring => Written::Querystring(querystring(parameter, value)),
    }
}

fn is_content(parameter: &Parameter) -> bool {
    parameter.media_type.is_some()
}

/// A value under a media type: JSON, or text as it is.
fn content(parameter: &Parameter, value: &Value) -> String {
    let is_json = parameter.media_type.as_deref().is_none_or(callboard_model::api::is_json_media_type);
    if is_json { value.to_string() } else { text_of(value) }
}

fn path(parameter: &Parameter, value: &Value) -> String {
    let enc = |text: &str| encode(text, false);
    if is_content(parameter) {
        return enc(&content(parameter, value));
    }
    match parameter.style {
        ParameterStyle::Label => prefixed(value, parameter.explode, '.', &enc),
        ParameterStyle::Matrix => matrix(&parameter.name, value, parameter.explode, &enc),
        style => joined(value, parameter.explode, separator(style), &enc),
    }
}

/// Items and properties in one value: `a,b` or `k,v,k,v` or, exploded, `k=v,k=v`.
fn joined(value: &Value, explode: bool, separator: &str, enc: &dyn Fn(&str) -> String) -> String {
    match value {
        Value::Array(items) => items.iter().map(|item| enc(&text_of(item))).collect::<Vec<_>>().join(separator),
        Value::Object(map) => {
            let between = if explode { "=" } else { separator };
            let pairs = map.iter().map(|(key, value)| format!("{}{between}{}", enc(key), enc(&text_of(value))));
            pairs.collect::<Vec<_>>().join(separator)
        }
        scalar => enc(&text_of(scalar)),
    }
}

/// RFC 6570 label expansion.
fn prefixed(value: &Value, explode: bool, prefix: char, enc: &dyn Fn(&str) -> String) -> String {
    let separator = if explode { "." } else { "," };
    format!("{prefix}{}", joined(value, explode, separator, enc))
}

/// RFC 6570 path-style expansion.
fn matrix(name: &str, value: &Value, explode: bool, enc: &dyn Fn(&str) -> String) -> String {
    let pair = |key: &str, text: String| if text.is_empty() { format!(";{}", enc(key)) } else { format!(";{}={text}", enc(key)) };
    match value {
        Value::Array(items) if explode => items.iter().map(|item| pair(name, enc(&text_of(item)))).collect(),
        Value::Object(map) if explode => map.iter().map(|(key, value)| pair(key, enc(&text_of(value)))).collect(),
        value => pair(name, joined(value, false, ",", enc)),
    }
}

fn query(parameter: &Parameter, value: &Value) -> Vec<(String, String)> {
    let enc = |text: &str| encode(text, parameter.allow_reserved);
    let name = encode(&parameter.name, true);
    if is_content(parameter) {
        return vec![(name, enc(&content(parameter, value)))];
    }
    match (value, parameter.style, parameter.explode) {
        (Value::Object(_), ParameterStyle::DeepObject, _) => {
            let mut pairs = Vec::new();
            deep(&name, value, &enc, &mut pairs);
            pairs
        }
        (Value::Array(items), _, true) => items.iter().map(|item| (name.clone(), enc(&text_of(item)))).collect(),
        (Value::Object(map), _, true) => map.iter().map(|(key, value)| (encode(key, true), enc(&text_of(value)))).collect(),
        (value, style, _) => vec![(name, joined(value, false, separator(style), &enc))],
    }
}

/// `name[key]=value`, deeper levels in further brackets, arrays repeated.
fn deep(name: &str, value: &Value, enc: &dyn Fn(&str) -> String, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                deep(&format!("{name}[{}]", encode(key, false)), value, enc, pairs);
            }
        }
        Value::Array(items) => pairs.extend(items.iter().map(|item| (name.to_owned(), enc(&text_of(item))))),
        scalar => pairs.push((name.to_owned(), enc(&text_of(scalar)))),
    }
}

/// Headers are not percent-encoded; what a header cannot carry is left out.
fn header(parameter: &Parameter, value: &Value) -> String {
    let text =
        if is_content(parameter) { content(parameter, value) } else { joined(value, parameter.explode, ",", &str::to_owned) };
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

fn cookie(parameter: &Parameter, value: &Value) -> Vec<(String, String)> {
    let name = parameter.name.clone();
    let enc = |text: &str| encode(text, false);
    if is_content(parameter) {
        return vec![(name, enc(&content(parameter, value)))];
    }
    match (value, parameter.explode) {
        (Value::Array(items), true) => items.iter().map(|item| (name.clone(), enc(&text_of(item)))).collect(),
        (Value::Object(map), true) => map.iter().map(|(key, value)| (key.clone(), enc(&text_of(value)))).collect(),
        (value, _) => vec![(name, joined(value, false, ",", &enc))],
    }
}

fn querystring(parameter: &Parameter, value: &Value) -> String {
    let is_form = parameter.media_type.as_deref().is_some_and(|name| name.starts_with("application/x-www-form-urlencoded"));
    if is_form { write_form(value) } else { encode(&content(parameter, value), false) }
}
