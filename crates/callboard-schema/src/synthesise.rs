//! Makes values that a schema allows and that look like real data: same seed, same value.
//!
//! Each place of a value draws from its own source, seeded with the seed and its pointer: an optional property more or less does not
//! change its neighbours. What comes out is judged by the [`Validator`]; what it refuses is made again, plainer each time.

pub(crate) mod facts;
mod generate;
mod names;
pub(crate) mod number;
pub(crate) mod pattern;
mod text;

use std::collections::HashSet;

use callboard_model::{Pointer, Schema};
use serde_json::Value;

use crate::validate::{Direction, Validator, Violation};
pub(crate) use generate::Dice;
use generate::Generator;

/// How much of what is optional is filled in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fill {
    /// What is required, nothing else.
    Minimal,
    /// Most of it, less the deeper it stands.
    #[default]
    Typical,
    /// All of it that does not repeat itself.
    Full,
}

/// What the caller knows about the value.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Values at places of the instance that stay as they are, whatever the schema says. Places on the way to them are filled.
    pub pins: Vec<(Pointer, Value)>,
    /// The present, in seconds since the epoch, for dates near it. A fixed day when absent.
    pub now: Option<i64>,
    /// What the value is called, such as the name of the parameter or the entity: names drive the data.
    pub name: Option<String>,
    /// How much of what is optional is filled in.
    pub fill: Fill,
    /// Whether the examples of the document are left aside.
    pub ignore_examples: bool,
}

impl Hints {
    /// Hints for a value of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::default() }
    }
}

/// No value was found that the schema allows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no valid value was found for the schema; the nearest one: {}", violations.first().map_or("it cannot be judged", |v| v.message.as_str()))]
pub struct NoInstance {
    /// The nearest one.
    pub nearest: Value,
    /// What is wrong with it; empty when the schema itself cannot be used.
    pub violations: Vec<Violation>,
}

/// How often a value is made before its schema counts as one that cannot be met.
const ATTEMPTS: u64 = 12;

/// A value that the schema allows, or the nearest one that was found. See [`try_synthesise`] to know which.
pub fn synthesise(schema: &Schema<'_>, direction: Direction, seed: u64, hints: &Hints) -> Value {
    try_synthesise(schema, direction, seed, hints).unwrap_or_else(|error| error.nearest)
}

/// A value that the schema allows.
pub fn try_synthesise(schema: &Schema<'_>, direction: Direction, seed: u64, hints: &Hints) -> Result<Value, NoInstance> {
    match Validator::compile(schema, direction) {
        Ok(validator) => synthesise_with(&validator, schema, direction, seed, hints),
        Err(_) => {
            let none = HashSet::new();
            let nearest = Generator::new(direction, seed, hints, &none).root(schema);
            Err(NoInstance { nearest, violations: Vec::new() })
        }
    }
}

/// As [`try_synthesise`], with the validator of that schema and direction, which the caller compiled before.
pub fn synthesise_with(
    validator: &Validator,
    schema: &Schema<'_>,
    direction: Direction,
    seed: u64,
    hints: &Hints,
) -> Result<Value, NoInstance> {
    let mut plain = HashSet::new();
    let mut nearest: Option<NoInstance> = None;
    for attempt in 0..ATTEMPTS {
        let hints = eased(hints, attempt);
        let mut generator = Generator::new(direction, seed.wrapping_add(attempt.wrapping_mul(0x9E37_79B9)), &hints, &plain);
        let value = generator.root(schema);
        if validator.is_valid(&value) {
            return Ok(value);
        }
        let violations = validator.validate(&value);
        plain.extend(violations.iter().map(|violation| violation.at.clone()));
        if nearest.as_ref().is_none_or(|n| violations.len() < n.violations.len()) {
            nearest = Some(NoInstance { nearest: value, violations });
        }
    }
    if let Some(example) = example(validator, schema, hints) {
        return Ok(example);
    }
    Err(nearest.unwrap_or(NoInstance { nearest: Value::Null, violations: Vec::new() }))
}

/// Later attempts ask for less.
fn eased(hints: &Hints, attempt: u64) -> Hints {
    let mut hints = hints.clone();
    match attempt {
        0..=2 => {}
        3..=5 => hints.ignore_examples = true,
        6 => {
            hints.ignore_examples = true;
            hints.fill = Fill::Full;
        }
        _ => {
            hints.ignore_examples = true;
            hints.fill = Fill::Minimal;
        }
    }
    hints
}

fn example(validator: &Validator, schema: &Schema<'_>, hints: &Hints) -> Option<Value> {
    let examples = if hints.pins.is_empty() { schema.examples() } else { Vec::new() };
    let simple = [Value::Null, Value::Object(serde_json::Map::new()), Value::Array(Vec::new()), Value::from(""), Value::from(0)];
    let fallback = simple.into_iter().filter(|_| hints.pins.is_empty());
    examples.into_iter().cloned().chain(fallback).find(|value| validator.is_valid(value))
}
