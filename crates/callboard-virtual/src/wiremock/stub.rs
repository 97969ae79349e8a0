//! A stub mapping, compiled.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields;
use super::refusal::{Object, Refusal};
use super::request_pattern::RequestPattern;
use super::response::Response;

/// WireMock's default: lower goes first.
const DEFAULT_PRIORITY: i64 = 5;

/// A compiled stub mapping with the JSON it came from.
#[derive(Debug)]
pub(crate) struct Stub {
    pub(crate) id: Uuid,
    pub(crate) name: Option<String>,
    pub(crate) priority: i64,
    pub(crate) is_persistent: bool,
    pub(crate) request: RequestPattern,
    pub(crate) response: Response,
    pub(crate) scenario: Option<Scenario>,
    /// As it was given, with its ids.
    pub(crate) source: Value,
}

/// A stub's part in a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) required: Option<String>,
    pub(crate) next: Option<String>,
}

impl Stub {
    /// Reads a mapping; one without an id gets a new one.
    pub(crate) fn read(value: &Value, at: &str) -> Result<Self, Refusal> {
        Self::read_as(value, at, None)
    }

    /// Reads a mapping that has an id already.
    pub(crate) fn read_as(value: &Value, at: &str, id: Option<Uuid>) -> Result<Self, Refusal> {
        let object = Object::read(value, at, &[fields::STUB])?;
        let id = match id {
            Some(id) => id,
            None => own_id(&object)?.unwrap_or_else(Uuid::new_v4),
        };
        let name = object.text("name")?.map(str::to_owned);
        let empty = Value::Object(Map::new());
        let part = |key| object.get(key).unwrap_or(&empty);
        if let Some(metadata) = object.get("metadata") {
            Object::any(metadata, &object.place("metadata"))?;
        }
        Ok(Self {
            id,
            priority: read_priority(&object)?,
            is_persistent: object.flag("persistent")?,
            request: RequestPattern::read(part("request"), &object.place("request"))?,
            response: Response::read(part("response"), &object.place("response"), id, name.as_deref())?,
            scenario: read_scenario(&object)?,
            source: with_ids(object.map, id),
            name,
        })
    }
}

fn own_id(object: &Object<'_>) -> Result<Option<Uuid>, Refusal> {
    let Some(key) = ["id", "uuid"].into_iter().find(|key| object.get(key).is_some()) else { return Ok(None) };
    let text = object.text(key)?.unwrap_or_default();
    Uuid::parse_str(text).map(Some).map_err(|_| Refusal::at(&object.place(key), format!("`{text}` is not a UUID")))
}

fn read_priority(object: &Object<'_>) -> Result<i64, Refusal> {
    let Some(value) = object.get("priority") else { return Ok(DEFAULT_PRIORITY) };
    value.as_i64().ok_or_else(|| Refusal::at(&object.place("priority"), "`priority` must be a whole number"))
}

fn read_scenario(object: &Object<'_>) -> Result<Option<Scenario>, Refusal> {
    let state = |key| Ok(object.text(key)?.map(str::to_owned));
    let (required, next) = (state("requiredScenarioState")?, state("newScenarioState")?);
    match object.text("scenarioName")? {
        Some(name) => Ok(Some(Scenario { name: name.to_owned(), required, next })),
        None if required.is_some() || next.is_some() => {
            Err(Refusal::at(&object.place("scenarioName"), "a scenario state needs a `scenarioName`"))
        }
        None => Ok(None),
    }
}

/// The ids first, then what was given.
fn with_ids(map: &Map<String, Value>, id: Uuid) -> Value {
    let mut source = Map::new();
    source.insert("id".to_owned(), id.to_string().into());
    let rest = map.iter().filter(|(key, value)| !matches!(key.as_str(), "id" | "uuid" | "insertionIndex") && !value.is_null());
    source.extend(rest.map(|(key, value)| (key.clone(), value.clone())));
    for part in ["request", "response"] {
        source.entry(part).or_insert_with(|| Value::Object(Map::new()));
    }
    source.insert("uuid".to_owned(), id.to_string().into());
    Value::Object(source)
}
