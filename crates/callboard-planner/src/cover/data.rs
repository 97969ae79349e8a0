//! What a call sends: keys of what was made before, and data made from schemas, with names that no other scenario uses.

use callboard_model::Pointer;
use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource};
use callboard_model::{Method, Schema};
use callboard_schema::{Fill, Hints, Validator};
use serde_json::Value;

use super::draft::Draft;
use crate::bind::is_sent_by_the_environment;
use crate::index::OpId;
use crate::pointers::{concrete_pointer, generic, leaves};
use crate::words::split_identifier;

impl<'a> Draft<'_, '_, 'a> {
    /// The inputs of an operation; `None` when one that is needed can be had from nowhere.
    pub(crate) fn bindings(&mut self, op: OpId, given: &[Binding]) -> Option<Vec<Binding>> {
        let mut bindings: Vec<Binding> = Vec::new();
        for parameter in self.world.operation(op).parameters.iter().filter(|p| !is_sent_by_the_environment(p)) {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            if let Some(known) = given.iter().find(|binding| binding.input == input) {
                bindings.push(known.clone());
            } else if parameter.required {
                let source = self.parameter(op, parameter, &input)?;
                bindings.push(Binding { input, source });
            }
        }
        bindings.extend(self.body(op, given)?);
        Some(bindings)
    }

    fn parameter(&mut self, op: OpId, parameter: &Parameter, input: &Input) -> Option<BindingSource> {
        let need = self.world.types(op).needs.iter().find(|need| need.input == *input).cloned();
        match &need {
            Some(need) if !self.world.is_chosen(op, need) => return self.source(op, need),
            Some(need) if self.world.index.ops[op].method == Method::Put => {
                if let Some(known) = self.known(need) {
                    return Some(known);
                }
            }
            _ => {}
        }
        if self.world.options.environment_values.contains_key(&parameter.name) {
            return Some(BindingSource::Environment(parameter.name.clone()));
        }
        let schema = parameter.schema.as_ref().and_then(|node| self.world.service(op).schema(node));
        let value = schema.as_ref().map_or(Value::from(parameter.name.clone()), |schema| {
            self.world.value(op, schema, self.world.options.seed, &Hints::named(parameter.name.clone()))
        });
        let is_free_text = parameter.location == ParameterLocation::Path && schema.as_ref().is_none_or(is_open_text);
        let value = if need.is_some() || is_free_text { self.own(op, &value, schema.as_ref()) } else { value };
        Some(BindingSource::Generated { name: parameter.name.clone(), value })
    }

    /// The value with the scenario's tag, where the schema takes it.
    fn own(&self, op: OpId, value: &Value, schema: Option<&Schema<'_>>) -> Value {
        let Some(text) = value.as_str() else { return value.clone() };
        let marked = Value::from(marked(text, &self.tag));
        let fits = schema.is_none_or(|schema| self.world.validator(op, schema).is_some_and(|judge| judge.is_valid(&marked)));
        if fits { marked } else { value.clone() }
    }

    /// The leaves of the body, each with its source.
    fn body(&mut self, op: OpId, given: &[Binding]) -> Option<Vec<Binding>> {
        let Some(schema) = self.body_schema(op) else { return Some(Vec::new()) };
        let pins = self.pins(op, given)?;
        let method = &self.world.index.ops[op].method;
        let is_asked = self.world.operation(op).request_body.as_ref().is_some_and(|body| body.required);
        let is_write = matches!(method, Method::Put | Method::Patch | Method::Post);
        if !(is_asked
            || !pins.is_empty()
            || (is_write && !schema.required().is_empty())
            || matches!(method, Method::Put | Method::Patch))
        {
            return Some(Vec::new());
        }
        let value = self.body_value(op, &schema, &pins, self.world.options.seed);
        let mut bindings = Vec::new();
        leaves(&value, &Pointer::root(), &mut |at, leaf| {
            let pinned = pins.iter().find(|(pin, _)| pin == at).map(|(_, source)| source.clone());
            let name = at.segments().filter(|s| s.parse::<usize>().is_err()).last().unwrap_or_else(|| "body".to_owned());
            let source = pinned.unwrap_or_else(|| BindingSource::Generated { name, value: leaf.clone() });
            bindings.push(Binding { input: Input::Body(at.clone()), source });
        });
        Some(bindings)
    }

    /// The schema of the body that an operation takes.
    pub(crate) fn body_schema(&self, op: OpId) -> Option<Schema<'a>> {
        let media = self.world.operation(op).request_body.as_ref()?.preferred()?;
        self.world.service(op).schema(media.schema.as_ref()?)
    }

    /// Fields that carry identities.
    fn pins(&mut self, op: OpId, given: &[Binding]) -> Option<Vec<(Pointer, BindingSource)>> {
        let mut pins: Vec<(Pointer, BindingSource)> = Vec::new();
        for binding in given {
            if let Input::Body(pointer) = &binding.input {
                pins.push((pointer.clone(), binding.source.clone()));
            }
        }
        let needs: Vec<_> =
            self.world.types(op).needs.iter().filter(|need| matches!(need.input, Input::Body(_))).cloned().collect();
        for need in needs {
            let Input::Body(place) = &need.input else { continue };
            let Some(pointer) = concrete_pointer(place, &self.world.types(op).request) else { continue };
            if pins.iter().any(|(at, _)| *at == pointer) {
                continue;
            }
            let source = match (need.hard, self.fill) {
                (true, _) => Some(self.source(op, &need)?),
                // It is sent, so it had better be there.
                (false, Fill::Full) if !self.world.is_safe(op) => self.known(&need).or_else(|| {
                    self.ensure(need.entity)?;
                    self.known(&need)
                }),
                (false, _) => self.known(&need),
            };
            pins.extend(source.map(|source| (pointer, source)));
        }
        Some(pins)
    }

    /// A valid body; where a value is known only while running, one of the right form stands for it.
    pub(crate) fn body_value(&self, op: OpId, schema: &Schema<'_>, pins: &[(Pointer, BindingSource)], seed: u64) -> Value {
        let hints = Hints { pins: self.stand_ins(op, pins, seed), fill: self.fill, ..Hints::default() };
        let value = plentiful(self.world.value(op, schema, seed, &hints), schema);
        if self.world.created(op).is_some() { self.named(op, value, schema, pins) } else { value }
    }

    pub(crate) fn stand_ins(&self, op: OpId, pins: &[(Pointer, BindingSource)], seed: u64) -> Vec<(Pointer, Value)> {
        let stand_in = |pointer: &Pointer, source: &BindingSource| match source {
            BindingSource::Literal(value) | BindingSource::Generated { value, .. } => value.clone(),
            _ => self.value_at(op, pointer, seed).unwrap_or_else(|| Value::from("x")),
        };
        pins.iter().map(|(pointer, source)| (pointer.clone(), stand_in(pointer, source))).collect()
    }

    fn value_at(&self, op: OpId, pointer: &Pointer, seed: u64) -> Option<Value> {
        let place = self.world.types(op).request.iter().find(|place| place.pointer == generic(pointer))?;
        let schema = self.world.service(op).schema(&place.node)?;
        Some(self.world.value(op, &schema, seed, &Hints::default()))
    }

    /// Names and addresses of what is made get the scenario's tag, so that scenarios do not meet.
    fn named(&self, op: OpId, value: Value, schema: &Schema<'_>, pins: &[(Pointer, BindingSource)]) -> Value {
        let Value::Object(fields) = &value else { return value };
        let Some(validator) = self.world.validator(op, schema) else { return value };
        let mut named = value.clone();
        for (name, field) in fields {
            self.name_items(name, field, &mut named, &validator, pins);
            let (Some(text), false) = (field.as_str(), pins.iter().any(|(at, _)| *at == Pointer::of([name]))) else { continue };
            if is_name(name) {
                let before = named.clone();
                named[name] = Value::from(marked(text, &self.tag));
                if !validator.is_valid(&named) {
                    named = before;
                }
            }
        }
        named
    }
}

impl Draft<'_, '_, '_> {
    /// Lists of names, such as `usernames`, likewise.
    fn name_items(&self, name: &str, field: &Value, named: &mut Value, validator: &Validator, pins: &[(Pointer, BindingSource)]) {
        let is_pinned = pins.iter().any(|(at, _)| at.segments().next().as_deref() == Some(name));
        let (Some(items), true, false) = (field.as_array(), is_name(&crate::words::singular(name)), is_pinned) else { return };
        let mark = |item: &Value| item.as_str().map_or_else(|| item.clone(), |text| Value::from(marked(text, &self.tag)));
        let before = named.clone();
        // One of them can be removed again.
        named[name] = items.iter().take(1).map(mark).collect();
        if !validator.is_valid(named) {
            *named = before;
        }
    }
}

/// What stands in a field when nobody sends it tests nothing: where the definition has an example beside the default, that is taken.
fn plentiful(value: Value, schema: &Schema<'_>) -> Value {
    let Value::Object(fields) = &value else { return value };
    let mut better = value.clone();
    for (name, field) in fields {
        let Some(property) = schema.property(name) else { continue };
        let is_default = property.lookup("default") == Some(field);
        if let Some(example) = property.examples().into_iter().find(|example| is_default && *example != field) {
            better[name] = example.clone();
        }
    }
    better
}

/// Whether a field is what people tell things apart by.
fn is_name(field: &str) -> bool {
    const NAMES: &[&str] =
        &["name", "username", "login", "email", "mail", "slug", "title", "label", "handle", "code", "key", "nick"];
    split_identifier(field).last().is_some_and(|last| NAMES.contains(&last.as_str()))
}

fn is_open_text(schema: &Schema<'_>) -> bool {
    schema.types() == ["string"] && schema.enumeration().is_none()
}

/// `ada@example.org` as `ada-3f2a@example.org`, `Teapot` as `Teapot 3f2a`, `ada` as `ada-3f2a`.
fn marked(text: &str, tag: &str) -> String {
    match text.split_once('@') {
        Some((user, host)) => format!("{user}-{tag}@{host}"),
        None if text.contains(' ') || text.chars().next().is_some_and(char::is_uppercase) => format!("{text} {tag}"),
        None => format!("{text}-{tag}"),
    }
}

/// A short name for a scenario, from its title and the seed (FNV-1a).
pub(crate) fn tag(title: &str, seed: u64) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for byte in title.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{:05x}", (hash >> 20) & 0xf_ffff)
}
