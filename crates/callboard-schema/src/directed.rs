//! Instances with a purpose: valid ones, ones at the edges of what a schema allows, and ones that are wrong in a single thing.
//!
//! All of them start from one valid instance, the base, of which one place is changed. The [`Validator`] judges what comes out: an
//! instance that is meant to be valid and is not, or that is wrong elsewhere than meant, is left out. So a schema that nobody can
//! satisfy yields nothing rather than nonsense. Same schema, seed and hints, same instances.

mod edges;
mod faults;
mod parameter;
mod site;
mod words;

use callboard_model::{Pointer, Schema};
use serde_json::Value;

use crate::synthesise::{Fill, Hints, synthesise_with};
use crate::validate::{CompileError, Direction, Validator};
use site::Site;

pub use parameter::of_parameter;

/// What an instance is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Valid and ordinary.
    Valid,
    /// Valid, with the values that the caller gave at their places.
    Pinned,
    /// Valid, with one place at an edge of what is allowed.
    Boundary,
    /// Wrong in one thing.
    Invalid(Fault),
}

impl Kind {
    /// Whether the schema allows the instance.
    pub fn is_valid(self) -> bool {
        !matches!(self, Self::Invalid(_))
    }
}

/// The one thing that is wrong with an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Something required is not there.
    Missing,
    /// A value has another type.
    WrongType,
    /// `null` where it is not allowed.
    Null,
    /// A number below the lower bound.
    TooSmall,
    /// A number above the upper bound.
    TooLarge,
    /// A number that is no multiple of what it has to be a multiple of.
    NotMultiple,
    /// A string with too few characters.
    TooShort,
    /// A string with too many characters.
    TooLong,
    /// An array with too few items.
    TooFew,
    /// An array with too many items.
    TooMany,
    /// The same item twice where all have to differ.
    Repeated,
    /// None of the values of `enum`.
    NotListed,
    /// A string that does not match its pattern.
    Pattern,
    /// A string that does not have its format.
    Format,
    /// A property that nobody described where no others are allowed.
    Additional,
}

/// A value with a purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// What it is for.
    pub kind: Kind,
    /// The place that is special about it; of something missing, where it should be. The root where the whole value is meant.
    pub at: Pointer,
    /// What is special about it, in words for the name of a test: `quantity is 0, at least 1 expected`.
    pub label: String,
    /// The value; `None` where leaving it out altogether is the point (a required parameter).
    pub value: Option<Value>,
}

/// Makes instances of one schema.
#[derive(Debug)]
pub struct Directed<'a> {
    schema: Schema<'a>,
    direction: Direction,
    seed: u64,
    hints: Hints,
    validator: Validator,
}

impl<'a> Directed<'a> {
    /// Prepares a schema. The hints' pins are values that every instance keeps, except where a pinned place, or what it is part of,
    /// is made wrong.
    ///
    /// Fails where the schema cannot be used, see [`Validator::compile`].
    pub fn new(schema: &Schema<'a>, direction: Direction, seed: u64, hints: &Hints) -> Result<Self, CompileError> {
        let validator = Validator::compile(schema, direction)?;
        Ok(Self { schema: schema.clone(), direction, seed, hints: hints.clone(), validator })
    }

    /// Valid instances: the base, one with only what is required and one with everything; without repetition.
    pub fn valid(&self) -> Vec<Instance> {
        let kind = if self.hints.pins.is_empty() { Kind::Valid } else { Kind::Pinned };
        let fills = [
            (self.hints.fill, "an ordinary value"),
            (Fill::Minimal, "only what is required"),
            (Fill::Full, "everything that may be there"),
        ];
        let mut found: Vec<Instance> = Vec::new();
        for (fill, label) in fills {
            let Some(value) = self.filled(fill).map(Some) else { continue };
            if found.iter().all(|known| known.value != value) {
                found.push(Instance { kind, at: Pointer::root(), label: label.to_owned(), value });
            }
        }
        found
    }

    /// Valid instances with one place at an edge: the least and the most of numbers, lengths and item counts, each listed value.
    /// Pinned places stay as they are.
    pub fn boundaries(&self) -> Vec<Instance> {
        let Some(base) = self.base() else { return Vec::new() };
        let mut found = Vec::new();
        for site in self.sites(&base).iter().filter(|site| !self.is_pinned(&site.at)) {
            for edge in edges::of(site, self.direction, self.seed) {
                let value = site::with(&base, &site.at, edge.value);
                if value != base && self.validator.is_valid(&value) {
                    let label = format!("{} {}", words::place(&site.at, self.name()), edge.words);
                    found.push(Instance { kind: Kind::Boundary, at: site.at.clone(), label, value: Some(value) });
                }
            }
        }
        found
    }

    /// Instances that are wrong in one thing. Nothing below a pinned place is touched; the place itself may be, and what it is part of.
    pub fn faults(&self) -> Vec<Instance> {
        let Some(base) = self.base() else { return Vec::new() };
        let mut found = Vec::new();
        for site in self.sites(&base).iter().filter(|site| !self.is_below_pin(&site.at)) {
            for (fault, candidates) in faults::of(site, self.direction, self.seed) {
                found.extend(candidates.into_iter().find_map(|edit| self.fault(&base, fault, edit)));
            }
        }
        found
    }

    /// The first valid instance that can be found with the hints as they are.
    fn base(&self) -> Option<Value> {
        self.filled(self.hints.fill).or_else(|| self.filled(Fill::Minimal))
    }

    fn filled(&self, fill: Fill) -> Option<Value> {
        let hints = Hints { fill, ..self.hints.clone() };
        synthesise_with(&self.validator, &self.schema, self.direction, self.seed, &hints).ok()
    }

    fn sites<'v>(&self, base: &'v Value) -> Vec<Site<'a, 'v>> {
        site::sites(&self.schema, self.direction, base)
    }

    /// The instance with an edit, when it is wrong at the place of the edit and nowhere else.
    fn fault(&self, base: &Value, fault: Fault, edit: faults::Edit) -> Option<Instance> {
        let value = edit.apply(base);
        let violations = self.validator.validate(&value);
        let first = violations.first()?;
        if violations.iter().any(|violation| violation.at != edit.at) {
            return None;
        }
        let label = words::fault(fault, &edit, &first.expected, self.name());
        Some(Instance { kind: Kind::Invalid(fault), at: edit.at, label, value: Some(value) })
    }

    fn is_pinned(&self, at: &Pointer) -> bool {
        self.hints.pins.iter().any(|(pin, _)| pin == at) || self.is_below_pin(at) || self.is_above_pin(at)
    }

    fn is_below_pin(&self, at: &Pointer) -> bool {
        self.hints.pins.iter().any(|(pin, _)| site::is_below(at, pin))
    }

    fn is_above_pin(&self, at: &Pointer) -> bool {
        self.hints.pins.iter().any(|(pin, _)| site::is_below(pin, at))
    }

    fn name(&self) -> Option<&str> {
        self.hints.name.as_deref()
    }
}
