//! The places of an instance with what the schema says about each, and how a place is changed.

use callboard_model::{Pointer, Schema};
use serde_json::Value;

use crate::synthesise::facts::Facts;
use crate::validate::{Direction, Validator};

/// A schema with more places is directed only in the first ones.
const MAX_SITES: usize = 200;
/// Deeper places are left alone.
const MAX_DEPTH: usize = 6;

/// A place of the base.
pub(super) struct Site<'a, 'v> {
    /// Where it is.
    pub(super) at: Pointer,
    /// What the schema says about it, with the alternatives that the base has chosen.
    pub(super) facts: Facts<'a>,
    /// What is there; `None` of an optional property that the base does without.
    pub(super) value: Option<&'v Value>,
}

impl Site<'_, '_> {
    /// The type of its values, such as `integer`; `None` where several are allowed.
    pub(super) fn only_type(&self) -> Option<&str> {
        match self.facts.types()[..] {
            [one] => Some(one),
            _ => None,
        }
    }
}

/// All places, each before what is in it. Of an array, the first item stands for all.
pub(super) fn sites<'a, 'v>(schema: &Schema<'a>, direction: Direction, base: &'v Value) -> Vec<Site<'a, 'v>> {
    let mut walk = Walk { direction, found: Vec::new() };
    walk.visit(std::slice::from_ref(schema), &Pointer::root(), Some(base), 0);
    walk.found
}

struct Walk<'a, 'v> {
    direction: Direction,
    found: Vec<Site<'a, 'v>>,
}

impl<'a, 'v> Walk<'a, 'v> {
    fn visit(&mut self, schemas: &[Schema<'a>], at: &Pointer, value: Option<&'v Value>, depth: usize) {
        let Some((schema, others)) = schemas.split_first() else { return };
        if self.found.len() >= MAX_SITES || depth > MAX_DEPTH {
            return;
        }
        let direction = self.direction;
        let facts = Facts::of(schema, &mut |options| fitting(options, direction, value)).with(others);
        let (properties, items) = (facts.properties(), facts.schemas("items"));
        self.found.push(Site { at: at.clone(), facts, value });
        match value {
            Some(Value::Object(map)) => {
                for (name, schemas) in properties {
                    if !is_hidden(&schemas, direction) {
                        self.visit(&schemas, &at.join(name), map.get(name), depth + 1);
                    }
                }
            }
            Some(Value::Array(list)) if !list.is_empty() => self.visit(&items, &at.join("0"), list.first(), depth + 1),
            _ => {}
        }
    }
}

/// Whether a property is sent only the other way.
fn is_hidden(schemas: &[Schema<'_>], direction: Direction) -> bool {
    schemas.iter().any(|schema| match direction {
        Direction::Request => schema.is_read_only(),
        Direction::Response => schema.is_write_only(),
    })
}

/// The alternative that a value is.
fn fitting(options: &[Schema<'_>], direction: Direction, value: Option<&Value>) -> usize {
    let Some(value) = value else { return 0 };
    let fits = |option: &Schema<'_>| Validator::compile(option, direction).is_ok_and(|validator| validator.is_valid(value));
    options.iter().position(fits).unwrap_or(0)
}

/// A value with another one at a place. The place, or the object that it is missing from, is there.
pub(super) fn with(base: &Value, at: &Pointer, new: Value) -> Value {
    let mut value = base.clone();
    match (at.parent(), at.last()) {
        (Some(parent), Some(name)) => match value.pointer_mut(parent.as_str()) {
            Some(Value::Object(map)) => drop(map.insert(name, new)),
            Some(Value::Array(items)) => {
                if let Some(item) = name.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                    *item = new;
                }
            }
            _ => {}
        },
        _ => return new,
    }
    value
}

/// A value without a property.
pub(super) fn without(base: &Value, at: &Pointer) -> Value {
    let mut value = base.clone();
    if let (Some(parent), Some(name)) = (at.parent(), at.last())
        && let Some(Value::Object(map)) = value.pointer_mut(parent.as_str())
    {
        map.shift_remove(&name);
    }
    value
}

/// Whether a place lies within another one.
pub(super) fn is_below(at: &Pointer, above: &Pointer) -> bool {
    at.as_str().strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'))
}
