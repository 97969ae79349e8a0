//! Operations that do something with a resource, alone and one after the other, and what all services say of it afterwards.

use callboard_model::plan::Expectation;
use callboard_model::{Method, StatusPattern};
use callboard_schema::Fill;

use super::draft::Draft;
use super::world::World;
use super::{Candidate, Kind, data, words};
use crate::entities::EntityId;
use crate::index::OpId;

/// One operation each that no life cycle touches, and pairs of them on one resource.
pub(crate) fn actions(world: &World<'_, '_>, rest: &[OpId]) -> Vec<Candidate> {
    let acting: Vec<OpId> = rest.iter().copied().filter(|op| !world.is_safe(*op)).collect();
    let mut found: Vec<Candidate> = Vec::new();
    for op in &acting {
        found.extend([Fill::Full, Fill::Minimal].into_iter().filter_map(|fill| action(world, *op, fill)));
    }
    for first in &acting {
        for second in &acting {
            if goes_on(world, *first, *second) {
                found.extend(pair(world, *first, *second, true));
                found.extend(pair(world, *first, *second, false));
            }
        }
    }
    found
}

/// The resource that an operation acts on: the last one that its path names.
pub(crate) fn subject(world: &World<'_, '_>, op: OpId) -> Option<EntityId> {
    world
        .hard_needs(op)
        .filter(|need| matches!(need.input, callboard_model::map::Input::Parameter(..)))
        .last()
        .map(|need| need.entity)
}

/// Whether a second action may follow on the same resource, or on one that the first one's answer refers to.
fn goes_on(world: &World<'_, '_>, first: OpId, second: OpId) -> bool {
    let (Some(one), Some(other)) = (subject(world, first), subject(world, second)) else { return false };
    let refers = world.types(first).yields.iter().any(|y| y.entity == other && y.is_reference && y.nesting == 0);
    let is_same_service = world.index.ops[first].service == world.index.ops[second].service;
    (one == other && is_same_service) || (refers && one != other)
}

fn action(world: &World<'_, '_>, op: OpId, fill: Fill) -> Option<Candidate> {
    let tag = data::tag(&world.operation(op).label(), world.options.seed);
    let mut draft = Draft::new(world, &tag, fill);
    act(&mut draft, op)?;
    let title = format!("{}: {}, and what changes by it", world.service(op).name, words::phrase(world, op));
    Some(Candidate::of(&draft, title, Kind::Action, world.operation(op)))
}

/// Calls an operation, and reads what it acted on and what that belongs to.
fn act(draft: &mut Draft<'_, '_, '_>, op: OpId) -> Option<usize> {
    let world = draft.world;
    let at = draft.call(op, words::phrase(world, op))?;
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
    Some(at)
}

/// Two actions on one resource. Only a system can say whether the second one is allowed then.
fn pair(world: &World<'_, '_>, first: OpId, second: OpId, succeeds: bool) -> Option<Candidate> {
    let refusals: Vec<StatusPattern> =
        world.refusals(second).into_iter().filter(|s| !matches!(s, 400 | 401)).map(StatusPattern::Exact).collect();
    if !succeeds && refusals.is_empty() {
        return None;
    }
    let (one, other) = (words::phrase(world, first), words::phrase(world, second));
    let label = format!("{} then {}", world.operation(first).label(), world.operation(second).label());
    let mut draft = Draft::new(world, &data::tag(&label, world.options.seed), Fill::Full);
    draft.call(first, one.clone())?;
    let service = &world.service(first).name;
    let again = first == second;
    let focus;
    let title = if succeeds {
        focus = act(&mut draft, second)?;
        let then = if again { "a second time".to_owned() } else { format!("then {other}") };
        format!("{service}: {one}, {then}, and what changes by it")
    } else {
        let refused =
            super::refusals::refused(&mut draft, second, Expectation::Status(refusals), other.clone(), |_, _| Some(()))?;
        focus = refused;
        draft.calls[refused].note = format!("{other}, which is not possible any more");
        let then = if again { "a second time is refused".to_owned() } else { format!("then {other} is refused") };
        format!("{service}: {one}, {then}")
    };
    Some(Candidate {
        is_guess: true,
        focus,
        ..Candidate::of(&draft, title, if succeeds { Kind::Action } else { Kind::Refusal }, world.operation(second))
    })
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
