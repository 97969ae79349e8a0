//! Operations that do something with a resource, alone and one after the other, and what all services say of it afterwards.

use callboard_model::map::Input;
use callboard_model::plan::{BindingSource, Expectation};
use callboard_model::{Method, StatusPattern};
use callboard_schema::Fill;

use super::draft::Draft;
use super::world::World;
use super::{Candidate, Kind, data, words};
use crate::entities::EntityId;
use crate::index::OpId;
use crate::pointers::generic;

/// One operation each that no life cycle touches, and pairs of them on one resource.
pub(crate) fn actions(world: &World<'_, '_>, rest: &[OpId]) -> Vec<Candidate> {
    let acting: Vec<OpId> = rest.iter().copied().filter(|op| !world.is_safe(*op)).collect();
    let mut found: Vec<Candidate> = Vec::new();
    for op in &acting {
        found.extend([Fill::Full, Fill::Minimal].into_iter().filter_map(|fill| action(world, *op, fill)));
    }
    for op in &acting {
        found.extend(twofold(world, *op));
        found.extend(least(world, *op));
    }
    for first in &acting {
        for second in acting.iter().filter(|second| goes_on(world, *first, **second)) {
            found.extend(chains(world, &[*first], *second));
            let is_elsewhere = subject(world, *first) != subject(world, *second);
            let back = |third: &&OpId| subject(world, **third) == subject(world, *first) && *third != first;
            for third in acting.iter().filter(|_| is_elsewhere).filter(back) {
                found.extend(chains(world, &[*first, *second], *third));
            }
        }
    }
    found
}

/// The resource that an operation acts on: the last one that its path names.
pub(crate) fn subject(world: &World<'_, '_>, op: OpId) -> Option<EntityId> {
    world.hard_needs(op).filter(|need| matches!(need.input, Input::Parameter(..))).last().map(|need| need.entity)
}

/// Whether a second action may follow on the same resource, or on one that the first one's answer refers to.
fn goes_on(world: &World<'_, '_>, first: OpId, second: OpId) -> bool {
    let (Some(one), Some(other)) = (subject(world, first), subject(world, second)) else { return false };
    let refers = world.types(first).yields.iter().any(|y| y.entity == other && y.is_reference && y.nesting == 0);
    let is_same_service = world.index.ops[first].service == world.index.ops[second].service;
    (one == other && is_same_service) || (refers && one != other)
}

fn action(world: &World<'_, '_>, op: OpId, fill: Fill) -> Option<Candidate> {
    let tag = data::tag(&format!("{} {fill:?}", world.operation(op).label()), world.options.seed);
    let mut draft = Draft::new(world, &tag, fill);
    act(&mut draft, op)?;
    let title = format!("{}: {}, and what changes by it", world.service(op).name, words::phrase(world, op));
    Some(Candidate::of(&draft, title, Kind::Action, world.operation(op)))
}

/// Calls an operation, and reads what it acted on and what that belongs to.
fn act(draft: &mut Draft<'_, '_, '_>, op: OpId) -> Option<usize> {
    let world = draft.world;
    let at = draft.call(op, words::phrase(world, op))?;
    look_after(draft, op, at);
    Some(at)
}

fn look_after(draft: &mut Draft<'_, '_, '_>, op: OpId, at: usize) {
    let world = draft.world;
    draft.calls[at].checks = draft.echo(op, at);
    let references = draft.references(at);
    draft.calls[at].checks.extend(references);
    let subject = subject(world, op);
    if world.index.ops[op].method != Method::Delete
        && let Some(reader) = subject.and_then(|entity| world.owners_reader(entity)).filter(|reader| *reader != op)
    {
        draft.read_again(reader, at);
    } else if let Some(reader) = subject.and_then(|entity| world.owners_reader(entity)) {
        draft.call(reader, "what is left");
    }
    draft.look_around(at, subject);
}

/// An action on a container with two entries, or on what was made of it.
fn twofold(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    let tag = data::tag(&format!("{} twofold", world.operation(op).label()), world.options.seed);
    let mut draft = Draft::new(world, &tag, Fill::Full);
    draft.fills_twice = true;
    let focus = act(&mut draft, op)?;
    let is_twofold = draft.calls.iter().any(|call| call.note == "a second entry");
    let title = format!("{}: {}, with two entries, and what changes by it", world.service(op).name, words::phrase(world, op));
    is_twofold.then(|| Candidate { is_guess: true, focus, ..Candidate::of(&draft, title, Kind::Action, world.operation(op)) })
}

/// An action with the least that its numbers may be.
fn least(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    let tag = data::tag(&format!("{} least", world.operation(op).label()), world.options.seed);
    let mut draft = Draft::new(world, &tag, Fill::Full);
    let at = draft.call(op, words::phrase(world, op))?;
    let mut is_less = false;
    for binding in &mut draft.calls[at].bindings {
        let Input::Body(pointer) = &binding.input else { continue };
        let place = world
            .types(op)
            .request
            .iter()
            .find(|place| place.pointer == generic(pointer) && place.shape.kind == crate::shape::Kind::Integer);
        let schema = place.and_then(|place| world.service(op).schema(&place.node));
        let least =
            schema.and_then(|schema| schema.lookup("minimum").cloned()).filter(|least| least.as_i64().is_some_and(|n| n >= 0));
        if let (Some(least), BindingSource::Generated { value, .. }) = (least, &mut binding.source) {
            is_less |= *value != least;
            *value = least;
        }
    }
    look_after(&mut draft, op, at);
    let title = format!(
        "{}: {}, with the least that is allowed, and what changes by it",
        world.service(op).name,
        words::phrase(world, op)
    );
    is_less.then(|| Candidate { is_guess: true, focus: at, ..Candidate::of(&draft, title, Kind::Action, world.operation(op)) })
}

/// An action after others, as one that succeeds and as one that is refused. Only a system can say which of both it is.
fn chains(world: &World<'_, '_>, before: &[OpId], last: OpId) -> Vec<Candidate> {
    [chain(world, before, last, true), chain(world, before, last, false)].into_iter().flatten().collect()
}

fn chain(world: &World<'_, '_>, before: &[OpId], last: OpId, succeeds: bool) -> Option<Candidate> {
    let refusals: Vec<StatusPattern> =
        world.refusals(last).into_iter().filter(|s| !matches!(s, 400 | 401)).map(StatusPattern::Exact).collect();
    if !succeeds && refusals.is_empty() {
        return None;
    }
    let labels: Vec<String> = before.iter().chain([&last]).map(|op| world.operation(*op).label()).collect();
    let mut draft = Draft::new(world, &data::tag(&labels.join(" then "), world.options.seed), Fill::Full);
    for op in before {
        draft.call(*op, words::phrase(world, *op))?;
    }
    let service = &world.service(*before.first()?).name;
    let first: Vec<String> = before.iter().map(|op| words::phrase(world, *op)).collect();
    let (first, other) = (first.join(", then "), words::phrase(world, last));
    let again = before == [last];
    let (focus, then) = if succeeds {
        let then = if again { "a second time".to_owned() } else { format!("then {other}") };
        (act(&mut draft, last)?, format!("{then}, and what changes by it"))
    } else {
        let note = format!("{other}, which is not possible any more");
        let then = if again { "a second time is refused".to_owned() } else { format!("then {other} is refused") };
        (super::refusals::refused(&mut draft, last, Expectation::Status(refusals), note, |_, _| Some(()))?, then)
    };
    let kind = if succeeds { Kind::Action } else { Kind::Refusal };
    let title = format!("{service}: {first}, {then}");
    Some(Candidate { is_guess: true, focus, ..Candidate::of(&draft, title, kind, world.operation(last)) })
}

/// Reads that no other scenario touches.
pub(crate) fn reads(world: &World<'_, '_>, rest: &[OpId]) -> Vec<Candidate> {
    let reading = rest.iter().copied().filter(|op| world.is_safe(*op));
    reading.filter_map(|op| read(world, op)).collect()
}

fn read(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    let tag = data::tag(&world.operation(op).label(), world.options.seed);
    let mut draft = Draft::new(world, &tag, Fill::Full);
    let at = draft.call(op, words::phrase(world, op))?;
    draft.calls[at].checks = draft.references(at);
    let title = format!("{}: {}", world.service(op).name, words::phrase(world, op));
    Some(Candidate::of(&draft, title, Kind::Read, world.operation(op)))
}
