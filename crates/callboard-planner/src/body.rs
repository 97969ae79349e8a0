//! Request bodies: fields that a literal or an earlier answer fills, the rest made from the schema.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::api::ParameterLocation;
use callboard_model::map::{Input, Output};
use callboard_model::plan::{Binding, BindingSource};
use callboard_model::{Method, Operation, Pointer, Schema, Service};
use callboard_schema::{Direction, Fill, Hints, synthesise};
use serde_json::Value;

use crate::acting::is_of_first_way;
use crate::beam::Step;
use crate::bind::{Binder, Bound, SEED, capital};
use crate::keys::fit;
use crate::pointers::{concrete_pointer, generic, leaves};
use crate::shape::{Kind, Place};
use crate::typing::Need;
use crate::words::{singular, split_identifier, stem};

impl<'a> Binder<'_, 'a> {
    pub(crate) fn body(
        &self,
        step: &Step,
        service: &'a Service,
        operation: &'a Operation,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Vec<Binding> {
        let Some(body) = &operation.request_body else { return Vec::new() };
        let Some(schema) = body.preferred().and_then(|media| media.schema.as_ref()).and_then(|node| service.schema(node)) else {
            return Vec::new();
        };
        let mut pins = self.pins(step, literals, before, used);
        let must = body.required
            || !pins.is_empty()
            || matches!(operation.key.method, Method::Put | Method::Patch)
            || !schema.required().is_empty();
        if !must {
            return Vec::new();
        }
        let places = &self.index.typing.operations[step.op].request;
        if places.first().is_some_and(|root| root.shape.kind == Kind::Object)
            && !places.iter().any(|place| place.parent == Some(0) && place.required)
        {
            self.fill_open_body(step, operation, places, &mut pins);
        }
        let value = self.synthesise(&schema, &pins, step);
        let mut bindings = Vec::new();
        leaves(&value, &Pointer::root(), &mut |pointer, leaf| {
            let pinned = pins.iter().find(|(at, _)| at == pointer);
            let source = pinned.map_or_else(|| self.made_up(step, pointer, leaf, before), |(_, source)| source.clone());
            bindings.push(Binding { input: Input::Body(pointer.clone()), source });
        });
        bindings
    }

    fn synthesise(&self, schema: &Schema<'_>, pins: &[(Pointer, BindingSource)], step: &Step) -> Value {
        let places = &self.index.typing.operations[step.op].request;
        let stand_in = |pointer: &Pointer, source: &BindingSource| match source {
            BindingSource::Literal(value) | BindingSource::Generated { value, .. } => value.clone(),
            _ => {
                let kind = places.iter().find(|place| generic(pointer) == place.pointer).map(|place| place.shape.kind);
                if matches!(kind, Some(Kind::Integer | Kind::Number)) { Value::from(1) } else { Value::from("x") }
            }
        };
        let pins = pins.iter().map(|(pointer, source)| (pointer.clone(), stand_in(pointer, source))).collect();
        let hints = Hints { pins, fill: Fill::Minimal, ..Hints::default() };
        synthesise(schema, Direction::Request, SEED + step.clause as u64, &hints)
    }

    /// Fields that a literal or a producer fills.
    fn pins(
        &self,
        step: &Step,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Vec<(Pointer, BindingSource)> {
        let types = &self.index.typing.operations[step.op];
        let mut pins: Vec<(Pointer, BindingSource)> = self.by_convention(step, &types.request);
        for place in
            types.request.iter().filter(|place| place.shape.kind.is_scalar() && !place.shape.read_only && !place.name.is_empty())
        {
            let Some(pointer) = concrete_pointer(&place.pointer, &types.request) else { continue };
            if pins.iter().any(|(known, _)| *known == pointer) {
                continue;
            }
            let input = Input::Body(place.pointer.clone());
            if let Some(value) = literals.get(&input) {
                pins.push((pointer, BindingSource::Literal(coerce(value, place.shape.kind))));
                continue;
            }
            let is_near = place.required || place.pointer.segments().count() <= 3;
            let is_told = |need: &Need| {
                is_near || self.is_acting(step) && self.is_told_of_actor(need.entity) && is_of_first_way(place, &types.request)
            };
            if let Some(need) = types.needs.iter().find(|need| need.input == input && is_told(need))
                && let Some(source) = self
                    .need(step, need, before, used)
                    .filter(|source| place.required || matches!(source, BindingSource::Step { .. }))
            {
                pins.push((pointer, source));
                continue;
            }
            if let Some(value) = self.quantity(step, place) {
                pins.push((pointer, BindingSource::Literal(value)));
            } else if let Some(value) = self.named_option(step, place) {
                pins.push((pointer, BindingSource::Literal(value)));
            }
        }
        for (pointer, source) in self.secrets(step, &types.request, before) {
            if !pins.iter().any(|(known, _)| *known == pointer) {
                pins.push((pointer, source));
            }
        }
        drop_other_names(&mut pins);
        self.carry_values(step, &types.request, before, &mut pins);
        pins
    }

    /// A field such as `amount` takes its value from the resource whose key the same body carries.
    fn carry_values(&self, step: &Step, places: &[Place], before: &[Bound], pins: &mut Vec<(Pointer, BindingSource)>) {
        let sources: Vec<usize> = pins
            .iter()
            .filter_map(|(_, source)| match source {
                BindingSource::Step { step, .. } => Some(*step),
                _ => None,
            })
            .collect();
        let _ = step;
        for place in
            places.iter().filter(|place| place.shape.kind.is_scalar() && place.required && place.shape.options.is_empty())
        {
            let Some(pointer) = concrete_pointer(&place.pointer, places) else { continue };
            if pins.iter().any(|(at, _)| *at == pointer) {
                continue;
            }
            let found = sources.iter().rev().find_map(|at| self.same_value(place, &before[*at]).map(|output| (*at, output)));
            if let Some((at, output)) = found {
                pins.push((pointer, BindingSource::Step { step: at, output }));
            }
        }
    }

    /// The place of an earlier answer that holds the same kind of value under the same or a similar name.
    fn same_value(&self, place: &Place, bound: &Bound) -> Option<Output> {
        let words = split_identifier(&place.name);
        let last = stem(words.last()?);
        if matches!(
            last.as_str(),
            "id" | "name" | "statu" | "type" | "descript" | "titl" | "note" | "password" | "email" | "quantiti" | "method"
        ) {
            return None;
        }
        let answer = &self.index.typing.operations[bound.step.op].response;
        let similar = |other: &Place| {
            let other_words = split_identifier(&other.name);
            let is_last = other_words.last().is_some_and(|w| self.index.vocabulary.lexicon.are_similar(&stem(w), &last));
            other.name == place.name || is_last
        };
        let fits = |other: &&Place| {
            other.nesting <= 1
                && other.shape.kind.is_scalar()
                && fit((other.shape.kind, None), (place.shape.kind, None)) >= 0.9
                && similar(other)
        };
        let exact = answer.iter().filter(fits).find(|other| other.name == place.name);
        let found = exact.or_else(|| answer.iter().find(fits))?;
        concrete_pointer(&found.pointer, answer).map(Output::Body)
    }

    /// A body in which nothing is required still has to say something.
    fn fill_open_body(&self, step: &Step, operation: &Operation, places: &[Place], pins: &mut Vec<(Pointer, BindingSource)>) {
        let in_path = |name: &str| operation.parameters.iter().any(|p| p.location == ParameterLocation::Path && p.name == name);
        let free: Vec<&Place> = places
            .iter()
            .filter(|p| {
                p.parent == Some(0) && p.nesting == 0 && p.shape.kind.is_scalar() && !p.shape.read_only && !in_path(&p.name)
            })
            .filter(|p| !pins.iter().any(|(at, _)| *at == p.pointer))
            .collect();
        for place in &free {
            if let Some(value) = self.described_option(step, place, operation) {
                pins.push((place.pointer.clone(), BindingSource::Literal(value)));
            } else if is_content(&place.name) && place.shape.kind != Kind::Boolean {
                let value = Value::from(format!("{} of a test", place.name));
                pins.push((place.pointer.clone(), BindingSource::Generated { name: place.name.clone(), value }));
            }
        }
        if !pins.is_empty() {
            return;
        }
        for place in free.iter().filter(|p| p.name != "id" && p.shape.options.is_empty()).take(3) {
            let (service, _) = self.operations[step.op];
            let Some(schema) = service.schema(&place.node) else { continue };
            let value = synthesise(&schema, Direction::Request, SEED, &Hints::named(place.name.clone()));
            pins.push((place.pointer.clone(), BindingSource::Generated { name: place.name.clone(), value }));
        }
    }

    /// A value for a field that nothing gives.
    fn made_up(&self, step: &Step, pointer: &Pointer, value: &Value, before: &[Bound]) -> BindingSource {
        let name = pointer.segments().filter(|s| s.parse::<usize>().is_err()).last().unwrap_or_else(|| "body".to_owned());
        if self.options.environment_values.contains_key(&name) {
            return BindingSource::Environment(name);
        }
        // The same field of the same operation twice is made up twice.
        let again = before.iter().filter(|bound| bound.step.op == step.op).count();
        let label = self.operations[step.op].1.label();
        let words: Vec<String> = split_identifier(&label);
        let prefix = words.last().map(|w| singular(w)).unwrap_or_default();
        let suffix = if again == 0 { String::new() } else { format!("{}", again + 1) };
        BindingSource::Generated { name: format!("{prefix}{}{suffix}", capital(&name)), value: value.clone() }
    }
}

/// Who is known by an id needs no name beside it that is the same id.
fn drop_other_names(pins: &mut Vec<(Pointer, BindingSource)>) {
    let known = pins.clone();
    let has_id = |pointer: &Pointer, source: &BindingSource| {
        known.iter().any(|(other, same)| {
            same == source
                && other.last().as_deref() == Some("id")
                && other.parent().is_some()
                && other.parent() == pointer.parent()
        })
    };
    pins.retain(|(pointer, source)| pointer.last().as_deref() != Some("name") || !has_id(pointer, source));
}

fn is_content(name: &str) -> bool {
    matches!(name, "content" | "text" | "body" | "message" | "data" | "value" | "note" | "comment")
}

fn coerce(value: &Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::Text, Value::Number(number)) => Value::String(number.to_string()),
        _ => value.clone(),
    }
}
