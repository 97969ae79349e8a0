//! Where the identity of a resource comes from: a literal of the clause, what an earlier step yields or was given, the environment.

use std::collections::BTreeSet;

use callboard_model::Method;
use callboard_model::Pointer;
use callboard_model::map::{Input, Output};
use callboard_model::plan::BindingSource;
use callboard_schema::{Direction, Hints, synthesise};
use serde_json::Value;

use crate::beam::Step;
use crate::bind::{Binder, Bound, SEED, capital};
use crate::chains::has_named_key;
use crate::entities::EntityId;
use crate::keys::fit;
use crate::literals::LiteralKind;
use crate::pointers::concrete_pointer;
use crate::shape::Kind;
use crate::typing::{Need, Yield};
use crate::words::split_identifier;

impl Binder<'_, '_> {
    /// Where the identity of a resource comes from.
    pub(crate) fn need(&self, step: &Step, need: &Need, before: &[Bound], used: &mut BTreeSet<usize>) -> Option<BindingSource> {
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
    pub(crate) fn produced(&self, step: &Step, need: &Need, before: &[Bound]) -> Option<BindingSource> {
        let mut best: Option<(f64, usize, Output)> = None;
        for (at, bound) in before.iter().enumerate() {
            let (_, operation) = self.operations[bound.step.op];
            if matches!(operation.key.method, Method::Delete) || self.is_refused(&bound.step) {
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

    /// Whether a step is expected to be refused: it yields nothing.
    pub(crate) fn is_refused(&self, step: &Step) -> bool {
        step.is_target && self.view(step).is_some_and(|view| view.clause.outcome.is_some())
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
    pub(crate) fn given_before(&self, entity: EntityId, before: &[Bound]) -> Option<BindingSource> {
        before.iter().rev().find_map(|bound| {
            let need =
                self.index.typing.operations[bound.step.op].needs.iter().find(|need| need.entity == entity && need.hard)?;
            bound.bindings.iter().find(|binding| binding.input == need.input).map(|binding| binding.source.clone())
        })
    }

    pub(crate) fn key_name(&self, entity: EntityId, parameter: &str) -> String {
        let noun = self.index.typing.entities[entity].display();
        let tail = split_identifier(parameter).pop().unwrap_or_default();
        let lower: String = noun.chars().take(1).flat_map(char::to_lowercase).chain(noun.chars().skip(1)).collect();
        if lower.eq_ignore_ascii_case(&tail) { format!("{lower}Id") } else { format!("{lower}{}", capital(&tail)) }
    }
}

fn input_name(input: &Input) -> String {
    match input {
        Input::Parameter(_, name) => name.clone(),
        Input::Body(pointer) => pointer.last().unwrap_or_default(),
    }
}
