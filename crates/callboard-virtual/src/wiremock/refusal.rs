//! Why a mapping or an admin request is refused, in the shape that WireMock's clients read.

use serde_json::{Map, Value, json};

use super::fields::Fields;

/// What is wrong with a document that was loaded or posted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{title}{}", pointer.as_ref().map(|at| format!("{at}: ")).unwrap_or_default(), detail.as_ref().map(|d| format!(": {d}")).unwrap_or_default())]
pub struct Refusal {
    /// WireMock's number: 10 for what cannot be read, 109 for a duplicate id.
    pub code: u32,
    /// Where, as a JSON Pointer.
    pub pointer: Option<String>,
    /// What is wrong, in a few words.
    pub title: String,
    /// What exactly.
    pub detail: Option<String>,
}

impl Refusal {
    /// Something at a place that cannot be read or is not supported.
    pub(crate) fn at(pointer: &str, detail: impl Into<String>) -> Self {
        Self { code: 10, pointer: Some(pointer.to_owned()), title: "Error parsing JSON".to_owned(), detail: Some(detail.into()) }
    }

    /// The body of the answer: `{"errors": [...]}`.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = Map::new();
        error.insert("code".to_owned(), self.code.into());
        if let Some(pointer) = &self.pointer {
            error.insert("source".to_owned(), json!({ "pointer": pointer }));
        }
        error.insert("title".to_owned(), self.title.clone().into());
        if let Some(detail) = &self.detail {
            error.insert("detail".to_owned(), detail.clone().into());
        }
        json!({ "errors": [error] })
    }
}

/// A JSON object whose keys are all supported, and where it is.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a> {
    pub(crate) map: &'a Map<String, Value>,
    pub(crate) at: String,
}

impl<'a> Object<'a> {
    /// Checks that a value is an object with supported keys only. Keys whose value is null count as absent.
    pub(crate) fn read(value: &'a Value, at: &str, fields: &[Fields]) -> Result<Self, Refusal> {
        let object = Self::any(value, at)?;
        for (key, value) in object.map {
            if value.is_null() || fields.iter().any(|fields| fields.works.contains(&key.as_str())) {
                continue;
            }
            object.refuse_key(key, value, fields)?;
        }
        Ok(object)
    }

    /// An object with whatever keys.
    pub(crate) fn any(value: &'a Value, at: &str) -> Result<Self, Refusal> {
        let map = value.as_object().ok_or_else(|| Refusal::at(at, format!("an object is expected, not {}", kind(value))))?;
        Ok(Self { map, at: at.to_owned() })
    }

    fn refuse_key(&self, key: &str, value: &Value, fields: &[Fields]) -> Result<(), Refusal> {
        let at = self.place(key);
        if let Some((_, why)) = fields.iter().flat_map(|fields| fields.refused).find(|(refused, _)| *refused == key) {
            let is_empty = value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
            return if is_empty { Ok(()) } else { Err(Refusal::at(&at, format!("`{key}` is not supported here: {why}"))) };
        }
        let known = fields.iter().flat_map(|fields| fields.works.iter().copied());
        let help = callboard_model::suggest::did_you_mean(key, known).map(|help| format!("; {help}")).unwrap_or_default();
        let what = fields.first().map_or("object", |fields| fields.what);
        Err(Refusal::at(&at, format!("Unrecognized field \"{key}\" of a {what}{help}")))
    }

    /// Where a member is.
    pub(crate) fn place(&self, key: &str) -> String {
        format!("{}/{}", self.at, key.replace('~', "~0").replace('/', "~1"))
    }

    /// A member that is there and not null.
    pub(crate) fn get(&self, key: &str) -> Option<&'a Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// A member that must be text.
    pub(crate) fn text(&self, key: &str) -> Result<Option<&'a str>, Refusal> {
        self.typed(key, "text", Value::as_str)
    }

    /// A member that must be true or false; absent is false.
    pub(crate) fn flag(&self, key: &str) -> Result<bool, Refusal> {
        let as_flag = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_bool(),
        };
        Ok(self.typed(key, "true or false", as_flag)?.unwrap_or_default())
    }

    /// A member that must be a whole number, not negative.
    pub(crate) fn count(&self, key: &str) -> Result<Option<u64>, Refusal> {
        self.typed(key, "a whole number", Value::as_u64)
    }

    /// A member that must be a number.
    pub(crate) fn number(&self, key: &str) -> Result<Option<f64>, Refusal> {
        self.typed(key, "a number", Value::as_f64)
    }

    /// A member that must be an array.
    pub(crate) fn list(&self, key: &str) -> Result<Option<&'a Vec<Value>>, Refusal> {
        self.typed(key, "an array", Value::as_array)
    }

    /// The members of a member that must be an object, each with its place.
    pub(crate) fn members(&self, key: &str) -> Result<Vec<(&'a String, &'a Value, String)>, Refusal> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let inner = Self::any(value, &self.place(key))?;
        Ok(inner.map.iter().map(|(name, value)| (name, value, inner.place(name))).collect())
    }

    fn typed<T>(&self, key: &str, expected: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || Refusal::at(&self.place(key), format!("`{key}` must be {expected}, not {}", kind(value)));
        read(value).map(Some).ok_or_else(wrong)
    }
}

/// What a value is, in words.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
