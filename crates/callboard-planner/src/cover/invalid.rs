//! Requests that are wrong in one thing each, by what the definition says about bodies and parameters.

use std::collections::HashMap;

use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource, Expectation};
use callboard_model::{Pointer, StatusPattern};
use callboard_schema::directed::{Directed, Fault, Instance, Kind as Instantiation, of_parameter};
use callboard_schema::{Direction, Hints};

use super::draft::Draft;
use super::refusals::{draft, look_again, looks, prepared};
use super::world::World;
use super::{Candidate, Kind, words};
use crate::index::OpId;
use crate::pointers::leaves;

/// So many wrong requests of one operation say enough.
const MOST: usize = 12;

/// A request that is wrong in one thing, and what that is.
struct Wrong {
    label: String,
    fault: Fault,
    bindings: Vec<Binding>,
}

/// One scenario with all that an operation has to refuse by its definition.
pub(crate) fn invalid(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    let expect = expected(world, op)?;
    let title = format!("{}: {} refuses what its definition forbids", world.service(op).name, words::phrase(world, op));
    let mut draft = draft(world, &title);
    let bindings = prepared(&mut draft, op, &[])?;
    let wrong = wrong(&draft, op, &bindings);
    if wrong.is_empty() {
        return None;
    }
    let before = looks(&mut draft);
    for Wrong { label, bindings, .. } in wrong {
        let at = draft.push(op, bindings, label);
        draft.refuse(at, expect.clone());
    }
    look_again(&mut draft, &before);
    Some(Candidate { steps_stand_alone: true, ..Candidate::of(&draft, title, Kind::Refusal, world.operation(op)) })
}

/// What a definition documents for a request that does not fit it.
fn expected(world: &World<'_, '_>, op: OpId) -> Option<Expectation> {
    let documented = world.refusals(op);
    let exact = [400, 422].into_iter().find(|status| documented.contains(status)).map(StatusPattern::Exact);
    let class = || {
        let responses = &world.operation(op).responses;
        responses.iter().any(|r| r.status == StatusPattern::Class(4)).then_some(StatusPattern::Class(4))
    };
    exact.or_else(class).map(|pattern| Expectation::Status(vec![pattern]))
}

fn wrong(draft: &Draft<'_, '_, '_>, op: OpId, bindings: &[Binding]) -> Vec<Wrong> {
    let mut found = in_parameters(draft, op, bindings);
    found.extend(in_body(draft, op, bindings));
    let mut found = spread(found);
    found.truncate(MOST);
    found
}

/// One of each fault first, then the second of each, and so on.
fn spread(found: Vec<Wrong>) -> Vec<Wrong> {
    let mut seen: HashMap<Fault, usize> = HashMap::new();
    let mut ranked: Vec<(usize, Wrong)> = Vec::with_capacity(found.len());
    for wrong in found {
        let rank = seen.entry(wrong.fault).or_default();
        ranked.push((*rank, wrong));
        *rank += 1;
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, wrong)| wrong).collect()
}

fn fault_of(instance: &Instance) -> Option<Fault> {
    match instance.kind {
        Instantiation::Invalid(fault) => Some(fault),
        _ => None,
    }
}

fn in_parameters(draft: &Draft<'_, '_, '_>, op: OpId, bindings: &[Binding]) -> Vec<Wrong> {
    let world = draft.world;
    let mut found = Vec::new();
    for parameter in &world.operation(op).parameters {
        let is_asked = matches!(parameter.location, ParameterLocation::Query | ParameterLocation::Path);
        let schema = parameter.schema.as_ref().and_then(|node| world.service(op).schema(node)).filter(|_| is_asked);
        let instances = schema.and_then(|schema| of_parameter(parameter, &schema, world.options.seed, &Hints::default()).ok());
        let input = Input::Parameter(parameter.location, parameter.name.clone());
        for instance in instances.unwrap_or_default() {
            let Some(fault) = fault_of(&instance) else { continue };
            let mut bindings: Vec<Binding> = bindings.iter().filter(|binding| binding.input != input).cloned().collect();
            bindings.extend(instance.value.map(|value| Binding { input: input.clone(), source: BindingSource::Literal(value) }));
            found.push(Wrong { label: instance.label, fault, bindings });
        }
    }
    found
}

fn in_body(draft: &Draft<'_, '_, '_>, op: OpId, bindings: &[Binding]) -> Vec<Wrong> {
    let Some(schema) = draft.body_schema(op) else { return Vec::new() };
    let sources: Vec<(Pointer, BindingSource)> = bindings
        .iter()
        .filter_map(|binding| match (&binding.input, &binding.source) {
            (Input::Body(at), source @ (BindingSource::Step { .. } | BindingSource::Environment(_))) => {
                Some((at.clone(), source.clone()))
            }
            _ => None,
        })
        .collect();
    let seed = draft.world.options.seed;
    let pins = draft.stand_ins(op, &sources, seed);
    let hints = Hints { pins: pins.clone(), fill: draft.fill, ..Hints::default() };
    let Ok(directed) = Directed::new(&schema, Direction::Request, seed, &hints) else { return Vec::new() };
    let others: Vec<Binding> = bindings.iter().filter(|binding| matches!(binding.input, Input::Parameter(..))).cloned().collect();
    let wrong = |instance: Instance| {
        let fault = fault_of(&instance)?;
        let value = instance.value?;
        let mut bindings = others.clone();
        leaves(&value, &Pointer::root(), &mut |at, leaf| {
            let stands_in = pins.iter().any(|(pin, value)| pin == at && value == leaf);
            let known = sources.iter().find(|(pin, _)| pin == at && stands_in).map(|(_, source)| source.clone());
            let source = known.unwrap_or_else(|| BindingSource::Literal(leaf.clone()));
            bindings.push(Binding { input: Input::Body(at.clone()), source });
        });
        Some(Wrong { label: instance.label, fault, bindings })
    };
    directed.faults().into_iter().filter_map(wrong).collect()
}
