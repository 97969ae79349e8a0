//! Refusals that follow from the state of things: too much of something, something that is gone, something that belongs to somebody
//! else, something empty. A definition documents that they happen, not when; only a running system can say whether a guess is right.

use std::collections::BTreeSet;

use callboard_model::StatusPattern;
use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource, Expectation};
use callboard_model::{Method, Schema};
use serde_json::Value;

use super::refusals::{draft, refused};
use super::world::World;
use super::{Candidate, Kind, words};
use crate::entities::EntityId;
use crate::fill;
use crate::index::OpId;
use crate::pointers::generic;

/// All guesses for an operation.
pub(crate) fn guesses(world: &World<'_, '_>, op: OpId) -> Vec<Candidate> {
    let Some(expect) = by_state(world, op) else { return Vec::new() };
    let mut found = extremes(world, op, &expect);
    found.extend(empty(world, op, &expect));
    found.extend(gone(world, op, &expect));
    found.extend(drained(world, op, &expect));
    found.extend(super::told::told(world, op));
    found.extend(foreign(world, op, &expect));
    found
}

/// The refusals that an operation documents for what the state of things forbids.
fn by_state(world: &World<'_, '_>, op: OpId) -> Option<Expectation> {
    let statuses: Vec<u16> =
        world.refusals(op).into_iter().filter(|status| !matches!(status, 400 | 401 | 405 | 406 | 415 | 429)).collect();
    let says_more = statuses.iter().any(|status| *status != 404);
    let patterns = statuses.into_iter().map(StatusPattern::Exact).collect();
    (!world.is_safe(op) && says_more).then_some(Expectation::Status(patterns))
}

fn candidate(draft: &super::draft::Draft<'_, '_, '_>, title: String, op: OpId) -> Candidate {
    let focus = draft.calls.iter().rposition(|call| call.op == op).unwrap_or_default();
    Candidate { is_guess: true, focus, ..Candidate::of(draft, title, Kind::Refusal, draft.world.operation(op)) }
}

/// The largest and the smallest number that a field may hold.
fn extremes(world: &World<'_, '_>, op: OpId, expect: &Expectation) -> Vec<Candidate> {
    let mut found = Vec::new();
    for place in world.types(op).request.iter().filter(|place| place.shape.kind == crate::shape::Kind::Integer) {
        let Some(schema) = world.service(op).schema(&place.node) else { continue };
        for (word, value) in bounds(&schema) {
            let title =
                format!("{}: {} is refused for the {word} {}", world.service(op).name, words::phrase(world, op), place.name);
            let mut draft = draft(world, &title);
            let made = refused(
                &mut draft,
                op,
                expect.clone(),
                format!("the {word} {} that may be asked for", place.name),
                |_, bindings| {
                    let wanted = bindings
                        .iter_mut()
                        .find(|binding| matches!(&binding.input, Input::Body(at) if generic(at) == place.pointer))?;
                    wanted.source = BindingSource::Literal(value.clone());
                    Some(())
                },
            );
            found.extend(made.map(|_| candidate(&draft, title, op)));
        }
    }
    found
}

fn bounds(schema: &Schema<'_>) -> Vec<(&'static str, Value)> {
    let most = schema
        .lookup("maximum")
        .cloned()
        .or_else(|| (schema.format() == Some("int64")).then(|| Value::from(9_007_199_254_740_991_i64)));
    let least = schema.lookup("minimum").filter(|least| least.as_i64().is_some_and(|n| n < 0)).cloned();
    [most.map(|value| ("largest", value)), least.map(|value| ("smallest", value))].into_iter().flatten().collect()
}

/// A container that is as empty as it was made.
fn empty(world: &World<'_, '_>, op: OpId, expect: &Expectation) -> Option<Candidate> {
    let is_filled = |container: &EntityId| {
        let makers = world.makers(*container);
        makers.into_iter().any(|maker| !fill::fillers(world.index, maker, *container).is_empty())
    };
    let container = fill::handed_on(world.index, op).into_iter().find(is_filled)?;
    let title = format!(
        "{}: {} is refused while the {} is empty",
        world.service(op).name,
        words::phrase(world, op),
        world.noun(container)
    );
    let mut draft = draft(world, &title);
    draft.leaves_empty = true;
    refused(&mut draft, op, expect.clone(), format!("the {} is empty", world.noun(container)), |_, _| Some(()))?;
    Some(candidate(&draft, title, op))
}

/// Something that it needs was deleted meanwhile.
fn gone(world: &World<'_, '_>, op: OpId, expect: &Expectation) -> Vec<Candidate> {
    let mut probe = draft(world, "gone");
    if super::refusals::prepared(&mut probe, op, &[]).is_none() {
        return Vec::new();
    }
    let entities: BTreeSet<EntityId> = probe.made.iter().map(|made| made.entity).collect();
    // Its own resource that is gone is one that is unknown; another service's is not.
    let is_own = |entity: &EntityId| {
        world.makers(*entity).iter().any(|maker| world.index.ops[*maker].service == world.index.ops[op].service)
    };
    let subject = super::actions::subject(world, op).filter(is_own);
    entities
        .into_iter()
        .filter(|entity| Some(*entity) != subject)
        .filter_map(|entity| without(world, op, entity, expect))
        .collect()
}

fn without(world: &World<'_, '_>, op: OpId, entity: EntityId, expect: &Expectation) -> Option<Candidate> {
    let noun = world.noun(entity).to_owned();
    let title = format!("{}: {} is refused once the {noun} is gone", world.service(op).name, words::phrase(world, op));
    let mut draft = draft(world, &title);
    refused(&mut draft, op, expect.clone(), format!("the {noun} is gone"), |draft, _| {
        let maker = draft.living(entity)?;
        let remover = world.at_key(draft.calls[maker].op, &Method::Delete)?;
        draft.call(remover, format!("takes the {noun} away"))?;
        draft.made.iter_mut().filter(|made| made.call == maker).for_each(|made| made.alive = false);
        Some(())
    })?;
    Some(candidate(&draft, title, op))
}

/// Of something that it needs the least is left: all numbers of it are as small as they may be.
fn drained(world: &World<'_, '_>, op: OpId, expect: &Expectation) -> Vec<Candidate> {
    let mut probe = draft(world, "drained");
    if super::refusals::prepared(&mut probe, op, &[]).is_none() {
        return Vec::new();
    }
    let entities: BTreeSet<EntityId> = probe.made.iter().map(|made| made.entity).collect();
    entities.into_iter().filter_map(|entity| at_least(world, op, entity, expect)).collect()
}

fn at_least(world: &World<'_, '_>, op: OpId, entity: EntityId, expect: &Expectation) -> Option<Candidate> {
    let noun = world.noun(entity).to_owned();
    let title =
        format!("{}: {} is refused once the least is left of the {noun}", world.service(op).name, words::phrase(world, op));
    let mut draft = draft(world, &title);
    refused(&mut draft, op, expect.clone(), format!("the least is left of the {noun}"), |draft, _| {
        let maker = draft.living(entity)?;
        let change = [Method::Patch, Method::Put]
            .iter()
            .find_map(|method| world.at_key(draft.calls[maker].op, method))
            .filter(|change| *change != op)?;
        let mut bindings = draft.bindings(change, &[])?;
        let mut is_less = false;
        for binding in &mut bindings {
            let Input::Body(at) = &binding.input else { continue };
            let place = world.types(change).request.iter().find(|place| place.pointer == generic(at))?;
            let schema = world.service(change).schema(&place.node)?;
            let least =
                schema.lookup("minimum").filter(|least| least.is_i64() && place.shape.kind == crate::shape::Kind::Integer);
            if let Some(least) = least {
                binding.source = BindingSource::Literal(least.clone());
                is_less = true;
            }
        }
        is_less.then(|| draft.push(change, bindings, format!("the least that a {noun} may have"))).map(|_| ())
    })?;
    Some(candidate(&draft, title, op))
}

/// A container of somebody else.
fn foreign(world: &World<'_, '_>, op: OpId, expect: &Expectation) -> Vec<Candidate> {
    let needs: Vec<_> = world.hard_needs(op).filter(|need| matches!(need.input, Input::Body(_))).cloned().collect();
    let mut found = Vec::new();
    for owner in &needs {
        let belongs = |other: &crate::typing::Need| {
            other.entity != owner.entity
                && world
                    .makers(other.entity)
                    .first()
                    .is_some_and(|maker| world.hard_needs(*maker).any(|need| need.entity == owner.entity))
        };
        let Some(owned) = needs.iter().find(|other| belongs(other)) else { continue };
        let title = format!(
            "{}: {} is refused for the {} of another {}",
            world.service(op).name,
            words::phrase(world, op),
            world.noun(owned.entity),
            world.noun(owner.entity)
        );
        let mut draft = draft(world, &title);
        let noun = world.noun(owner.entity).to_owned();
        let made = refused(&mut draft, op, expect.clone(), format!("it belongs to another {noun}"), |draft, bindings| {
            let maker = world.makers(owner.entity).into_iter().next()?;
            draft.tag.push('b');
            let other = draft.call(maker, format!("another {noun}"))?;
            let source = draft.key_of(other, owner.entity)?;
            let wanted = bindings.iter_mut().find(|binding| super::draft::generic_input(&binding.input) == owner.input)?;
            *wanted = Binding { input: wanted.input.clone(), source };
            Some(())
        });
        found.extend(made.map(|_| candidate(&draft, title, op)));
    }
    found
}
