//! A value out of its place in a request.

use callboard_model::Schema;
use callboard_model::api::{Parameter, ParameterStyle, is_json_media_type};
use serde_json::{Map, Value};

use super::encode::decode_query;
use super::{decode, read_form, separator};

/// Where a parameter is read from, still encoded.
#[derive(Clone, Copy, Debug)]
pub enum Raw<'a> {
    /// The part of the path that stands for `{name}`.
    Path(&'a str),
    /// The query by [`split_query`].
    Query(&'a [(String, &'a str)]),
    /// The value of the header.
    Header(&'a str),
    /// Names and values of all cookies.
    Cookie(&'a [(String, &'a str)]),
    /// The whole query.
    Querystring(&'a str),
}

/// Splits a query or form at `&` and `=`. Names are decoded, values are not: delimiters in them count only when they are not encoded.
pub fn split_query(query: &str) -> Vec<(String, &str)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(name, value)| (decode_query(name), value)).collect()
}

/// Reads the value of a parameter by its style, and its scalars by the schema. `None` when it is not there.
///
/// Text that is not of the type that the schema asks for stays text: the validator then says so.
pub fn read(parameter: &Parameter, schema: Option<&Schema<'_>>, raw: Raw<'_>) -> Option<Value> {
    match raw {
        Raw::Path(text) => Some(path(parameter, schema, text)),
        Raw::Query(pairs) => query(parameter, schema, pairs, decode_query),
        Raw::Cookie(pairs) => query(parameter, schema, pairs, |text| decode(text).into_owned()),
        Raw::Header(text) => Some(header(parameter, schema, text.trim())),
        Raw::Querystring("") => None,
        Raw::Querystring(text) => Some(querystring(parameter, schema, text)),
    }
}

/// What a parameter's text is, seen from its schema.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Scalar,
    Array,
    Object,
}

fn shape(schema: Option<&Schema<'_>>) -> Shape {
    let Some(schema) = schema else { return Shape::Scalar };
    let mut types = schema.types();
    if types.is_empty() {
        types = schema.options().iter().flat_map(|option| option.types()).collect();
    }
    // Where a scalar may stand as well, one value is read as that scalar.
    match types.first() {
        Some(&"array") => Shape::Array,
        Some(&"object") => Shape::Object,
        _ => Shape::Scalar,
    }
}

/// A text as the scalar that the schema asks for; as text when it is not one.
pub fn coerce(schema: Option<&Schema<'_>>, text: &str) -> Value {
    let Some(schema) = schema else { return Value::from(text) };
    if let Some(value) = schema.enumeration().into_iter().flatten().find(|value| super::text_of(value) == text) {
        return value.clone();
    }
    let types = schema.types();
    if types.is_empty() {
        let readings = schema.options().into_iter().map(|option| coerce(Some(&option), text));
        return readings.into_iter().find(|value| !value.is_string()).unwrap_or_else(|| Value::from(text));
    }
    types.iter().find_map(|name| typed(name, text)).unwrap_or_else(|| Value::from(text))
}

fn typed(name: &str, text: &str) -> Option<Value> {
    match name {
        "integer" | "number" => serde_json::from_str(text).ok().map(Value::Number),
        "boolean" => text.parse().ok().map(Value::Bool),
        "object" | "array" => serde_json::from_str(text).ok().filter(|v: &Value| v.is_object() || v.is_array()),
        "string" => Some(Value::from(text)),
        _ => None,
    }
}

fn content(parameter: &Parameter, schema: Option<&Schema<'_>>, text: &str) -> Option<Value> {
    let media_type = parameter.media_type.as_deref()?;
    let parsed = is_json_media_type(media_type).then(|| serde_json::from_str(text).ok()).flatten();
    Some(parsed.unwrap_or_else(|| coerce(schema, text)))
}

fn path(parameter: &Parameter, schema: Option<&Schema<'_>>, raw: &str) -> Value {
    if let Some(value) = content(parameter, schema, &decode(raw)) {
        return value;
    }
    let dec = |text: &str| decode(text).into_owned();
    match parameter.style {
        ParameterStyle::Label => {
            let text = raw.strip_prefix('.').unwrap_or(raw);
            delimited(schema, text, if parameter.explode { "." } else { "," }, parameter.explode, &dec)
        }
        ParameterStyle::Matrix => matrix(parameter, schema, raw, &dec),
        style => delimited(schema, raw, separator(style), parameter.explode, &dec),
    }
}

fn matrix(parameter: &Parameter, schema: Option<&Schema<'_>>, raw: &str, dec: &dyn Fn(&str) -> String) -> Value {
    let parts: Vec<(String, &str)> = raw
        .split(';')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (dec(name), value))
        .collect();
    let own = || parts.iter().filter(|(name, _)| *name == parameter.name).map(|(_, value)| *value);
    match (shape(schema), parameter.explode) {
        (Shape::Array, true) => array(schema, own(), dec),
        (Shape::Object, true) => object(schema, parts.iter().map(|(name, value)| (name.clone(), dec(value)))),
        _ => delimited(schema, own().next().unwrap_or(raw), ",", false, dec),
    }
}

/// Reads what `joined` of the writer makes.
fn delimited(schema: Option<&Schema<'_>>, raw: &str, separator: &str, explode: bool, dec: &dyn Fn(&str) -> String) -> Value {
    match shape(schema) {
        Shape::Scalar => coerce(schema, &dec(raw)),
        Shape::Array if raw.is_empty() => Value::Array(Vec::new()),
        Shape::Array => array(schema, split(raw, separator).into_iter(), dec),
        Shape::Object if explode => {
            let pairs = split(raw, separator).into_iter().map(|part| part.split_once('=').unwrap_or((part, "")));
            object(schema, pairs.map(|(key, value)| (dec(key), dec(value))))
        }
        Shape::Object => {
            let parts = split(raw, separator);
            let pairs = parts.chunks(2).filter(|pair| !pair[0].is_empty());
            object(schema, pairs.map(|pair| (dec(pair[0]), dec(pair.get(1).copied().unwrap_or("")))))
        }
    }
}

/// Splits at a separator. Clients encode separators more often than the styles ask for: encoded ones count when no plain one is there.
fn split<'t>(raw: &'t str, separator: &str) -> Vec<&'t str> {
    let others: &[&str] = match separator {
        "," => &["%2C", "%2c"],
        "|" => &["%7C", "%7c"],
        "%20" => &["+", " "],
        "%09" => &["\t"],
        _ => &[],
    };
    let found = std::iter::once(separator).chain(others.iter().copied()).find(|s| raw.contains(s));
    match found {
        Some(found) => raw.split(found).collect(),
        None => vec![raw],
    }
}

fn array<'t>(schema: Option<&Schema<'_>>, parts: impl Iterator<Item = &'t str>, dec: &dyn Fn(&str) -> String) -> Value {
    let items = schema.and_then(items_of);
    Value::Array(parts.map(|part| coerce(items.as_ref(), &dec(part))).collect())
}

fn items_of<'a>(schema: &Schema<'a>) -> Option<Schema<'a>> {
    schema.items().or_else(|| schema.options().iter().find_map(Schema::items))
}

fn object(schema: Option<&Schema<'_>>, pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut out = Map::new();
    for (key, text) in pairs {
        let property = schema.and_then(|schema| schema.property(&key).or_else(|| schema.additional_properties()));
        out.insert(key, coerce(property.as_ref(), &text));
    }
    Value::Object(out)
}

fn query(parameter: &Parameter, schema: Option<&Schema<'_>>, pairs: &[(String, &str)], dec: fn(&str) -> String) -> Option<Value> {
    let own: Vec<&str> = pairs.iter().filter(|(name, _)| *name == parameter.name).map(|(_, value)| *value).collect();
    if parameter.media_type.is_some() {
        return own.first().and_then(|raw| content(parameter, schema, &dec(raw)));
    }
    match (shape(schema), parameter.style, parameter.explode) {
        (Shape::Object, ParameterStyle::DeepObject, _) => deep(parameter, schema, pairs, dec),
        (Shape::Object, _, true) => exploded(schema, pairs, dec),
        (Shape::Array, _, true) => (!own.is_empty()).then(|| array(schema, own.into_iter(), &dec)),
        (Shape::Scalar, ..) if own.len() > 1 => Some(array(schema, own.into_iter(), &dec)),
        (_, style, _) => own.first().map(|raw| delimited(schema, raw, separator(style), false, &dec)),
    }
}

fn exploded(schema: Option<&Schema<'_>>, pairs: &[(String, &str)], dec: fn(&str) -> String) -> Option<Value> {
    let known = schema.map(Schema::all_properties).unwrap_or_default();
    let own = pairs.iter().filter(|(name, _)| known.iter().any(|(property, _)| property == name));
    let own: Vec<(String, String)> = own.map(|(name, value)| (name.clone(), dec(value))).collect();
    (!own.is_empty()).then(|| object(schema, own.into_iter()))
}

fn deep(parameter: &Parameter, schema: Option<&Schema<'_>>, pairs: &[(String, &str)], dec: fn(&str) -> String) -> Option<Value> {
    let mut out = Map::new();
    for (name, raw) in pairs {
        let Some(rest) = name.strip_prefix(parameter.name.as_str()).filter(|rest| rest.starts_with('[')) else { continue };
        let keys: Vec<&str> = rest.split('[').skip(1).map(|key| key.trim_end_matches(']')).collect();
        put(&mut out, schema, &keys, &dec(raw));
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

fn put(out: &mut Map<String, Value>, schema: Option<&Schema<'_>>, keys: &[&str], text: &str) {
    let [key, rest @ ..] = keys else { return };
    let property = schema.and_then(|schema| schema.property(key));
    let property = property.as_ref();
    if rest.iter().any(|key| !key.is_empty()) && shape(property) != Shape::Array {
        if let Value::Object(inner) = out.entry(*key).or_insert_with(|| Value::Object(Map::new())) {
            put(inner, property, rest, text);
        }
        return;
    }
    if shape(property) != Shape::Array {
        out.insert((*key).to_owned(), coerce(property, text));
        return;
    }
    let items = property.and_then(items_of);
    if let Value::Array(list) = out.entry(*key).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(coerce(items.as_ref(), text));
    }
}

fn header(parameter: &Parameter, schema: Option<&Schema<'_>>, text: &str) -> Value {
    if let Some(value) = content(parameter, schema, text) {
        return value;
    }
    delimited(schema, text, ",", parameter.explode, &|part: &str| part.trim().to_owned())
}

fn querystring(parameter: &Parameter, schema: Option<&Schema<'_>>, text: &str) -> Value {
    let is_form = parameter.media_type.as_deref().is_some_and(|name| name.starts_with("application/x-www-form-urlencoded"));
    if is_form {
        return read_form(schema, text);
    }
    let decoded = decode_query(text);
    content(parameter, schema, &decoded).unwrap_or_else(|| coerce(schema, &decoded))
}
