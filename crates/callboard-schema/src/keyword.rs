//! The keywords that judge values, and what their values have to be.

use callboard_model::Schema;
use serde_json::{Map, Value, json};

/// What a keyword's value is, for those that stand in both dialects and ours alike.
pub(crate) enum Kind {
    /// A schema.
    Schema,
    /// A list of schemas.
    Schemas,
    /// Schemas by name.
    NamedSchemas,
    /// A bound.
    Number,
    /// A whole number from 0 on.
    Count,
    /// A flag.
    Flag,
    /// Any value.
    Value,
}

/// The kind of a keyword; `None` for those that judge nothing, or need a treatment of their own.
pub(crate) fn kind(keyword: &str) -> Option<Kind> {
    Some(match keyword {
        "not"
        | "contains"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "if"
        | "then"
        | "else"
        | "additionalProperties" => Kind::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Kind::Schemas,
        "properties" | "dependentSchemas" => Kind::NamedSchemas,
        "maximum" | "minimum" | "exclusiveMaximum" | "exclusiveMinimum" | "multipleOf" => Kind::Number,
        "maxLength" | "minLength" | "maxItems" | "minItems" | "maxProperties" | "minProperties" | "maxContains"
        | "minContains" => Kind::Count,
        "uniqueItems" => Kind::Flag,
        "const" => Kind::Value,
        _ => return None,
    })
}

/// The names that `type` may have.
pub(crate) const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

/// `required` as a list of names, without those that are sent only the other way.
pub(crate) fn required(value: &Value, hidden: &[String], out: &mut Map<String, Value>) {
    // In parameters, and in draft 3, `required` is a flag of the value itself: it says nothing about properties.
    let Some(list) = value.as_array() else { return };
    let mut names: Vec<&str> = Vec::new();
    for name in list.iter().filter_map(Value::as_str) {
        if !names.contains(&name) && !hidden.iter().any(|h| h == name) {
            names.push(name);
        }
    }
    if !names.is_empty() {
        out.insert("required".to_owned(), Value::from(names));
    }
}

/// `minimum` and its kin. Before 2020-12 `exclusiveMinimum` was a flag beside `minimum`.
pub(crate) fn bound(schema: &Schema<'_>, keyword: &str, value: &Value) -> Option<Value> {
    let is_exclusive = |keyword: &str| schema.keyword(keyword).and_then(Value::as_bool) == Some(true);
    match keyword {
        "minimum" if is_exclusive("exclusiveMinimum") => None,
        "maximum" if is_exclusive("exclusiveMaximum") => None,
        "exclusiveMinimum" if value.as_bool() == Some(true) => number(schema.keyword("minimum")?),
        "exclusiveMaximum" if value.as_bool() == Some(true) => number(schema.keyword("maximum")?),
        "multipleOf" => number(value).filter(|n| n.as_f64().is_some_and(|n| n > 0.0)),
        _ => number(value),
    }
}

/// A number, also where a document has it in quotes.
fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => serde_json::from_str::<serde_json::Number>(text.trim()).ok().map(Value::Number),
        _ => None,
    }
}

/// A count: a whole number that is not negative.
pub(crate) fn count(value: &Value) -> Option<Value> {
    let number = number(value)?;
    let whole = number.as_u64().or_else(|| number.as_f64().filter(|n| *n >= 0.0 && n.fract() == 0.0).map(|n| n as u64));
    whole.map(Value::from)
}

/// Flags that are false, and bounds that their flag took over, are no news.
pub(crate) fn is_expected_gap(keyword: &str, value: &Value) -> bool {
    match keyword {
        "minimum" | "maximum" => value.is_number(),
        "exclusiveMinimum" | "exclusiveMaximum" => value.is_boolean(),
        _ => value.as_array().is_some_and(Vec::is_empty),
    }
}

/// Whether a pattern can be evaluated.
pub(crate) fn is_usable_pattern(pattern: &str) -> bool {
    jsonschema::options().build(&json!({ "pattern": pattern })).is_ok()
}
