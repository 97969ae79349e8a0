//! Binding: where each input of each step comes from.
//!
//! A literal of the clause first, then what an earlier step yields or was given, then a named value of the environment, and last a value
//! made from the schema, which is marked as such. Every required input ends up bound.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::map::{Input, Output};
use callboard_model::plan::{Binding, BindingSource};
use callboard_model::{Method, Operation, Pointer, Schema, Service};
use callboard_schema::{Direction, Fill, Hints, synthesise};
use serde_json::Value;

use crate::beam::Step;
use crate::chains::{has_named_key, is_chosen, takes};
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::keys::fit;
use crate::literals::LiteralKind;
use crate::plan::PlanOptions;
use crate::score::View;
use crate::sentence::Sentence;
use crate::shape::{Kind, Place};
use crate::typing::{Need, Yield};
use crate::words::{singular, split_identifier, stem};

/// Seed of made-up values: the same plan always has the same data.
const SEED: u64 = 7;

/// A step with its bindings.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) step: Step,
    pub(crate) bindings: Vec<Binding>,
}

/// Binds the inputs of a sequence of steps.
pub(crate) struct Binder<'i, 'a> {
    pub(crate) index: &'i Index<'a>,
    pub(crate) operations: Vec<(&'a Service, &'a Operation)>,
    pub(crate) sentence: &'i Sentence,
    pub(crate) views: &'i [View<'i, 'a>],
    pub(crate) options: &'i PlanOptions,
}

impl<'a> Binder<'_, 'a> {
    /// Binds step after step, and says which literals were used.
    pub(crate) fn bind(&self, steps: &[Step]) -> (Vec<Bound>, BTreeSet<usize>) {
        let mut bound: Vec<Bound> = Vec::new();
        let mut used = BTreeSet::new();
        for step in steps {
            let literals = self.literals(step, steps, &mut used);
            let bindings = self.inputs(step, &literals, &bound, &mut used);
            bound.push(Bound { step: step.clone(), bindings });
        }
        (bound, used)
    }

    /// The bindings of a removal: keys of what the last of these steps made; none when one of them is not known.
    pub(crate) fn removal(&self, step: &Step, before: &[Bound]) -> Vec<Binding> {
        let types = &self.index.typing.operations[step.op];
        let (service, operation) = self.operations[step.op];
        let mut bindings = Vec::new();
        for parameter in operation.parameters.iter().filter(|p| p.required && !is_sent_by_the_environment(p)) {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            let _ = service;
            let need = types.needs.iter().find(|need| need.input == input);
            let own = before.last().map(std::slice::from_ref).unwrap_or_default();
            let found = need.and_then(|need| {
                let shifted = self.produced(step, need, own).map(|source| shifted(source, before.len() - 1));
                shifted.or_else(|| self.given_before(need.entity, before))
            });
            match found {
                Some(source) => bindings.push(Binding { input, source }),
                None => return Vec::new(),
            }
        }
        bindings
    }

    /// The view of a step's clause.
    pub(crate) fn view(&self, step: &Step) -> Option<&View<'_, 'a>> {
        self.views.get(step.clause)
    }

    /// The literals of the clause that this step takes, by input: each goes to the step of the clause that values it most.
    fn literals(&self, step: &Step, steps: &[Step], used: &mut BTreeSet<usize>) -> BTreeMap<Input, Value> {
        let mut taken = BTreeMap::new();
        let Some(view) = self.view(step) else { return taken };
        for (at, literal) in view.literals.iter().enumerate() {
            let best_of = |op: OpId| {
                takes(view, op, at)
                    .into_iter()
                    .filter(|(_, input, _)| !taken.contains_key(input))
                    .max_by(|a, b| a.0.total_cmp(&b.0))
            };
            let Some((worth, input, _)) = best_of(step.op) else { continue };
            let elsewhere = steps
                .iter()
                .filter(|s| s.clause == step.clause && s.op != step.op)
                .filter_map(|s| best_of(s.op))
                .map(|b| b.0)
                .fold(0.0, f64::max);
            if worth >= elsewhere {
                taken.insert(input, self.sentence.literals[literal.number].value());
                used.insert(literal.number);
            }
        }
        taken
    }

    fn inputs(
        &self,
        step: &Step,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Vec<Binding> {
        let (service, operation) = self.operations[step.op];
        let mut bindings = Vec::new();
        for parameter in &operation.parameters {
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            if is_sent_by_the_environment(parameter) {
                continue;
            }
            if let Some(source) = self.parameter(step, service, parameter, &input, literals, before, used) {
                bindings.push(Binding { input, source });
            }
        }
        bindings.extend(self.body(step, service, operation, literals, before, used));
        bindings
    }

    #[expect(clippy::too_many_arguments, reason = "the places where a value may come from")]
    fn parameter(
        &self,
        step: &Step,
        service: &'a Service,
        parameter: &Parameter,
        input: &Input,
        literals: &BTreeMap<Input, Value>,
        before: &[Bound],
        used: &mut BTreeSet<usize>,
    ) -> Option<BindingSource> {
        let types = &self.index.typing.operations[step.op];
        let need = types.needs.iter().find(|need| need.input == *input);
        if let Some(need) = need
            && !is_chosen(self.index, step.op, need)
        {
            // An optional filter by the very resource that the path names says nothing.
            let in_path = |other: &&Need| matches!(other.input, Input::Parameter(ParameterLocation::Path, _));
            let is_named =
                types.needs.iter().filter(in_path).any(|other| other.entity == need.entity && other.input != need.input);
            let found = if is_named && !parameter.required { None } else { self.need(step, need, before, used) };
            if found.is_some() || !parameter.required {
                return found;
            }
        }
        if let Some(value) = literals.get(input) {
            return Some(BindingSource::Literal(value.clone()));
        }
        // A key that was chosen before is that key, also for `PUT` a second time.
        if let Some(need) = need
            && let Some(source) = self.need(step, need, before, used)
        {
            return Some(source);
        }
        let schema = parameter.schema.as_ref().and_then(|node| service.schema(node));
        if let Some(value) = self.ordinal(step, &parameter.name, schema.as_ref(), parameter.location) {
            return Some(BindingSource::Literal(value));
        }
        if let Some(value) =
            schema.as_ref().and_then(|schema| self.option(step, schema)).filter(|(_, sure)| parameter.required || *sure)
        {
            return Some(BindingSource::Literal(value.0));
        }
        if !parameter.required {
            return None;
        }
        if self.options.environment_values.contains_key(&parameter.name) {
            return Some(BindingSource::Environment(parameter.name.clone()));
        }
        let value = schema.map_or(Value::String(parameter.name.clone()), |schema| {
            let direction = Direction::Request;
            synthesise(&schema, direction, SEED, &Hints::named(parameter.name.clone()))
        });
        let name = need.map_or_else(|| parameter.name.clone(), |need| self.key_name(need.entity, &parameter.name));
        Some(BindingSource::Generated { name, value })
    }

    /// Where the identity of a resource comes from.
    fn need(&self, step: &Step, need: &Need, before: &[Bound], used: &mut BTreeSet<usize>) -> Option<BindingSource> {
        if step.is_target && self.view(step).is_some_and(|view| view.is_unknown(need.entity)) {
            return Some(self.unknown(step, need));
        }
        if let Some((number, value)) = self.key_literal(step, need) {
            used.insert(number);
            // The step that chose this key yields it.
            return Some(self.chosen_before(need.entity, &value, before).unwrap_or(BindingSource::Literal(value)));
        }
        self.produced(step, need, before).or_else(|| self.given_before(need.entity, before)).or_else(|| self.environment(need))
    }

    /// A key of the right form that nothing has: an example with other digits.
    fn unknown(&self, step: &Step, need: &Need) -> BindingSource {
        let (service, operation) = self.operations[step.op];
        let node = match &need.input {
            Input::Parameter(location, name) => {
                operation.parameter(*location, name).and_then(|parameter| parameter.schema.clone())
            }
            Input::Body(pointer) => {
                let places = &self.index.typing.operations[step.op].request;
                places.iter().find(|place| place.pointer == *pointer).map(|place| (*place.node).clone())
            }
        };
        let schema = node.and_then(|node| service.schema(&node));
        let made = schema.map(|schema| synthesise(&schema, Direction::Request, SEED, &Hints::default()));
        let is_uuid = need.format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("uuid"));
        let value = match made {
            _ if is_uuid => Value::from("00000000-0000-4000-8000-000000000404"),
            Some(Value::String(text)) if text.chars().any(|c| c.is_ascii_digit()) => {
                Value::from(text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect::<String>())
            }
            Some(Value::Number(_)) => Value::from(999_999_999),
            _ => Value::from("unknown"),
        };
        let key = self.key_name(need.entity, &input_name(&need.input));
        BindingSource::Generated { name: format!("unknown{}", capital(&key)), value }
    }

    fn environment(&self, need: &Need) -> Option<BindingSource> {
        let name = input_name(&need.input);
        let wanted: Vec<String> = split_identifier(&name);
        let found = self.options.environment_values.keys().find(|key| split_identifier(key) == wanted)?;
        Some(BindingSource::Environment(found.clone()))
    }

    fn key_literal(&self, step: &Step, need: &Need) -> Option<(usize, Value)> {
        let view = self.view(step)?;
        let info = &self.index.typing.entities[need.entity];
        let named_key = has_named_key(info);
        let text_key = matches!(need.kind, Kind::Text | Kind::Any);
        let literal = view.literals.iter().find(|literal| {
            let fits_entity = literal.entities.contains(&need.entity) || (literal.entities.is_empty() && step.is_target);
            let fits_kind = match literal.kind {
                LiteralKind::Number => literal.is_key,
                LiteralKind::Identifier => text_key,
                LiteralKind::Name | LiteralKind::Quoted => text_key && named_key,
            };
            fits_entity && fits_kind && !literal.is_instance && !literal.not.contains(&need.entity)
        })?;
        let value = self.sentence.literals[literal.number].value();
        let value = if need.kind == Kind::Text && value.is_number() { Value::String(value.to_string()) } else { value };
        Some((literal.number, value))
    }

    /// An earlier step whose chosen key is this very literal.
    fn chosen_before(&self, entity: EntityId, value: &Value, before: &[Bound]) -> Option<BindingSource> {
        before.iter().enumerate().rev().find_map(|(at, bound)| {
            let yields = &self.index.typing.operations[bound.step.op].yields;
            let chosen = yields.iter().filter(|y| y.entity == entity).find_map(|y| match &y.output {
                Output::Request(input) => Some(input),
                _ => None,
            })?;
            let binding = bound.bindings.iter().find(|b| b.input == *chosen)?;
            matches!(&binding.source, BindingSource::Literal(known) if known == value)
                .then(|| self.output_of_chosen(at, bound, entity))
        })
    }

    /// The answer's copy of a chosen key, or the request's own.
    fn output_of_chosen(&self, at: usize, bound: &Bound, entity: EntityId) -> BindingSource {
        let yields = &self.index.typing.operations[bound.step.op].yields;
        let of = |y: &&Yield| y.entity == entity && y.nesting == 0;
        let body = yields.iter().filter(of).find(|y| matches!(y.output, Output::Body(_)));
        let copy = self.copy_in_answer(bound, entity);
        let output = body.map(|y| y.output.clone()).or(copy.map(Output::Body));
        let request = yields.iter().filter(of).find(|y| matches!(y.output, Output::Request(_))).map(|y| y.output.clone());
        BindingSource::Step { step: at, output: output.or(request).unwrap_or(Output::Body(Pointer::root())) }
    }

    /// The field of the answer that repeats a chosen key (`name` for `{name}`).
    fn copy_in_answer(&self, bound: &Bound, entity: EntityId) -> Option<Pointer> {
        let types = &self.index.typing.operations[bound.step.op];
        let chosen = types.yields.iter().filter(|y| y.entity == entity).find_map(|y| match &y.output {
            Output::Request(Input::Parameter(_, name)) => Some(name.clone()),
            _ => None,
        })?;
        let place = types.response.iter().find(|place| {
            place.parent == Some(0) && place.nesting == 0 && place.name == chosen && place.shape.kind.is_scalar()
        })?;
        Some(place.pointer.clone())
    }

    /// The best earlier step that yields the resource.
    fn produced(&self, step: &Step, need: &Need, before: &[Bound]) -> Option<BindingSource> {
        let mut best: Option<(f64, usize, Output)> = None;
        for (at, bound) in before.iter().enumerate() {
            let (_, operation) = self.operations[bound.step.op];
            if matches!(operation.key.method, Method::Delete) {
                continue;
            }
            for found in self.index.typing.operations[bound.step.op].yields.iter().filter(|y| y.entity == need.entity) {
                if found.nesting > 0 && found.score < 0.5 && !operation.key.method.is_safe() {
                    continue;
                }
                if self.index.typing.is_rejected(bound.step.op, &found.output, step.op, &need.input) {
                    continue;
                }
                let Some((output, sure)) = self.concrete(bound, at, found) else { continue };
                let fits = fit((found.kind, found.format.as_deref()), (need.kind, need.format.as_deref()));
                let mut score = sure * found.score * fits * 0.8f64.powi(i32::from(found.nesting));
                if !operation.key.method.is_safe() {
                    score += 0.2;
                }
                if bound.step.clause == step.clause && !bound.step.is_target {
                    score += 0.5;
                }
                score += 0.01 * at as f64;
                if best.as_ref().is_none_or(|(b, ..)| score > *b) {
                    best = Some((score, at, output));
                }
            }
        }
        best.map(|(_, step, output)| BindingSource::Step { step, output })
    }

    /// A place of a real answer: the first item of a list. What stands in a map has no name that is known before.
    fn concrete(&self, bound: &Bound, _at: usize, found: &Yield) -> Option<(Output, f64)> {
        match &found.output {
            Output::Body(pointer) => {
                let places = &self.index.typing.operations[bound.step.op].response;
                concrete_pointer(pointer, places).map(|pointer| (Output::Body(pointer), 1.0))
            }
            Output::Request(_) => {
                let copy = self.copy_in_answer(bound, found.entity);
                Some((copy.map_or_else(|| found.output.clone(), Output::Body), 1.0))
            }
            Output::Header(_) => Some((found.output.clone(), 0.8)),
        }
    }

    /// What an earlier step was given for the same resource.
    fn given_before(&self, entity: EntityId, before: &[Bound]) -> Option<BindingSource> {
        before.iter().rev().find_map(|bound| {
            let need =
                self.index.typing.operations[bound.step.op].needs.iter().find(|need| need.entity == entity && need.hard)?;
            bound.bindings.iter().find(|binding| binding.input == need.input).map(|binding| binding.source.clone())
        })
    }

    /// A number that the clause gives for a parameter such as `season_number`.
    fn ordinal(&self, step: &Step, name: &str, schema: Option<&Schema<'_>>, location: ParameterLocation) -> Option<Value> {
        let view = self.view(step)?;
        let numeric = schema.is_some_and(|s| s.types().iter().any(|t| matches!(*t, "integer" | "number")));
        let stems: Vec<String> = split_identifier(name).iter().map(|word| stem(word)).collect();
        if !numeric || (location != ParameterLocation::Path && !is_quantity(&stems)) {
            return None;
        }
        let behind = |(number, behind): &(i64, String)| {
            (stems.contains(behind) || (is_quantity(&stems) && *number > 1)).then_some(*number)
        };
        view.clause.ordinals.iter().find_map(behind).map(Value::from)
    }

    /// The enumerated value that the clause names, and whether it does; else the first.
    fn option(&self, step: &Step, schema: &Schema<'_>) -> Option<(Value, bool)> {
        let options = schema.enumeration()?;
        let view = self.view(step)?;
        let named = options.iter().find(|value| value.as_str().is_some_and(|text| view.says(&stem(&text.to_lowercase()))));
        let similar = || {
            options.iter().find(|value| {
                value.as_str().is_some_and(|text| {
                    view.stems
                        .iter()
                        .any(|s| view.says(s) && self.index.vocabulary.lexicon.are_similar(s, &stem(&text.to_lowercase())))
                })
            })
        };
        match named.or_else(similar) {
            Some(value) => Some(((*value).clone(), true)),
            None => options.first().map(|value| ((*value).clone(), false)),
        }
    }

    fn key_name(&self, entity: EntityId, parameter: &str) -> String {
        let noun = self.index.typing.entities[entity].display();
        let tail = split_identifier(parameter).pop().unwrap_or_default();
        let lower: String = noun.chars().take(1).flat_map(char::to_lowercase).chain(noun.chars().skip(1)).collect();
        if lower.eq_ignore_ascii_case(&tail) { format!("{lower}Id") } else { format!("{lower}{}", capital(&tail)) }
    }

    fn body(
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
        let mut pins: Vec<(Pointer, BindingSource)> = Vec::new();
        for place in
            types.request.iter().filter(|place| place.shape.kind.is_scalar() && !place.shape.read_only && !place.name.is_empty())
        {
            let Some(pointer) = concrete_pointer(&place.pointer, &types.request) else { continue };
            let input = Input::Body(place.pointer.clone());
            if let Some(value) = literals.get(&input) {
                pins.push((pointer, BindingSource::Literal(coerce(value, place.shape.kind))));
                continue;
            }
            let is_near = place.required || place.pointer.segments().count() <= 3;
            if let Some(need) = types.needs.iter().find(|need| need.input == input && is_near)
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
        self.carry_values(step, &types.request, before, &mut pins);
        pins
    }

    fn quantity(&self, step: &Step, place: &Place) -> Option<Value> {
        let stems: Vec<String> = split_identifier(&place.name).iter().map(|word| stem(word)).collect();
        let view = self.view(step)?;
        if !is_quantity(&stems) || !matches!(place.shape.kind, Kind::Integer | Kind::Number) {
            return None;
        }
        view.clause.ordinals.iter().find(|(number, _)| *number > 1).map(|(number, _)| Value::from(*number))
    }

    /// An enumerated value that the clause itself names.
    fn named_option(&self, step: &Step, place: &Place) -> Option<Value> {
        let view = self.view(step)?;
        place
            .shape
            .options
            .iter()
            .find(|value| value.as_str().is_some_and(|text| view.says(&stem(&text.to_lowercase()))))
            .cloned()
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

    /// `Path dtype ('notebook', 'file', 'directory')`: an option that the clause or the operation names; `text` where text is sent.
    fn described_option(&self, step: &Step, place: &Place, operation: &Operation) -> Option<Value> {
        let description = place.shape.description.as_deref()?;
        let options: Vec<&str> =
            description.split('\'').skip(1).step_by(2).filter(|o| !o.is_empty() && o.len() <= 24 && !o.contains(' ')).collect();
        if options.len() < 2 {
            return None;
        }
        let view = self.view(step)?;
        let summary = operation.summary.as_deref().map(crate::words::stems).unwrap_or_default();
        let named = options.iter().find(|o| view.stems.contains(&stem(o)));
        let by_summary = || options.iter().find(|o| summary.contains(&stem(o)));
        let text = || options.iter().find(|o| **o == "text");
        named.or_else(by_summary).or_else(text).map(|option| Value::from(*option))
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

/// A source in a part of the steps, seen from all of them.
fn shifted(source: BindingSource, by: usize) -> BindingSource {
    match source {
        BindingSource::Step { step, output } => BindingSource::Step { step: step + by, output },
        other => other,
    }
}

/// Headers that come with the environment or the media type.
fn is_sent_by_the_environment(parameter: &Parameter) -> bool {
    let is_header = parameter.location == ParameterLocation::Header;
    is_header
        && ["authorization", "accept", "content-type", "traceparent", "baggage", "cookie"]
            .contains(&parameter.name.to_lowercase().as_str())
}

fn is_quantity(stems: &[String]) -> bool {
    stems.last().is_some_and(|last| matches!(last.as_str(), "quantiti" | "qty" | "count" | "unit" | "piec" | "copi"))
}

fn is_content(name: &str) -> bool {
    matches!(name, "content" | "text" | "body" | "message" | "data" | "value" | "note" | "comment")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn input_name(input: &Input) -> String {
    match input {
        Input::Parameter(_, name) => name.clone(),
        Input::Body(pointer) => pointer.last().unwrap_or_default(),
    }
}

fn coerce(value: &Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::Text, Value::Number(number)) => Value::String(number.to_string()),
        _ => value.clone(),
    }
}

/// `/items/0/id` as the schema's place `/items/*/id`.
fn generic(pointer: &Pointer) -> Pointer {
    Pointer::of(pointer.segments().map(|s| if s.parse::<usize>().is_ok() { "*".to_owned() } else { s }))
}

/// A place with the first item for each list; `None` where a map is on the way.
pub(crate) fn concrete_pointer(pointer: &Pointer, places: &[Place]) -> Option<Pointer> {
    let mut walked = Pointer::root();
    let mut concrete = Pointer::root();
    for segment in pointer.segments() {
        if segment == "*" {
            let holder = places.iter().find(|place| place.pointer == walked)?;
            if holder.shape.kind != Kind::Array {
                return None;
            }
            concrete.push("0");
        } else {
            concrete.push(&segment);
        }
        walked.push(&segment);
    }
    Some(concrete)
}

/// The leaves of a value: scalars, and lists and objects that are empty.
fn leaves(value: &Value, at: &Pointer, take: &mut impl FnMut(&Pointer, &Value)) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                leaves(value, &at.join(name), take);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                leaves(item, &at.join(i.to_string()), take);
            }
        }
        _ => take(at, value),
    }
}
