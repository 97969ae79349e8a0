//! `application/x-www-form-urlencoded` bodies.

use callboard_model::Schema;
use serde_json::{Map, Value};

use super::read::{coerce, split_query};
use super::{encode, text_of};

/// An object as a form: arrays repeat their name, inner objects are JSON. What is no object has no form and yields its text.
pub fn write_form(value: &Value) -> String {
    let Value::Object(map) = value else { return encode(&text_of(value), false) };
    let mut pairs = Vec::new();
    for (name, value) in map {
        let name = encode(name, false);
        match value {
            Value::Array(items) => pairs.extend(items.iter().map(|item| format!("{name}={}", encode(&text_of(item), false)))),
            value => pairs.push(format!("{name}={}", encode(&text_of(value), false))),
        }
    }
    pairs.join("&")
}

/// A form as an object, its values read by the schemas of the properties. An empty array leaves no trace in a form: a required one that
/// is not there is empty.
pub fn read_form(schema: Option<&Schema<'_>>, text: &str) -> Value {
    let mut out = Map::new();
    for (name, raw) in split_query(text) {
        let property = schema.and_then(|schema| schema.property(&name));
        let decoded = super::encode::decode_query(raw);
        let is_array = property.as_ref().is_some_and(|p| p.types() == ["array"]);
        if is_array {
            let items = property.and_then(|p| p.items());
            let item = coerce(items.as_ref(), &decoded);
            match out.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                Value::Array(list) => list.push(item),
                other => *other = Value::Array(vec![item]),
            }
        } else {
            out.insert(name, coerce(property.as_ref(), &decoded));
        }
    }
    for name in schema.map(Schema::required).unwrap_or_default() {
        let is_array = schema.and_then(|schema| schema.property(name)).is_some_and(|p| p.types() == ["array"]);
        if is_array && !out.contains_key(name) {
            out.insert(name.to_owned(), Value::Array(Vec::new()));
        }
    }
    Value::Object(out)
}
