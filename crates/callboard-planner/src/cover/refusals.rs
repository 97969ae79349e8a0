//! What must be refused, as the definitions say, and that a refused step leaves everything as it was.

use callboard_model::StatusPattern;
use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;
use callboard_model::plan::{Binding, BindingSource, Expectation};
use callboard_schema::{Fill, Hints};
use serde_json::Value;

use super::checks::same;
use super::draft::Draft;
use super::world::World;
use super::{Candidate, Kind, data, words};
use crate::entities::EntityId;
use crate::index::OpId;
use crate::typing::Need;

/// All refusals of all operations.
pub(crate) fn refusals(world: &World<'_, '_>) -> Vec<Candidate> {
    world.usable().flat_map(|op| of_operation(world, op)).collect()
}

fn of_operation(world: &World<'_, '_>, op: OpId) -> Vec<Candidate> {
    let mut found = Vec::new();
    found.extend(unknown_keys(world, op));
    found.extend(super::invalid::invalid(world, op));
    found.extend(unknown_references(world, op));
    found.extend(unauthorised(world, op));
    found.extend(twice(world, op));
    found.extend(super::guesses::guesses(world, op));
    found
}

/// A key that nothing has, where the definition documents that nothing is found.
fn unknown_keys(world: &World<'_, '_>, op: OpId) -> Vec<Candidate> {
    let expect = [404, 410].into_iter().find(|status| world.refusals(op).contains(status));
    let Some(status) = expect else { return Vec::new() };
    let keys: Vec<Need> =
        world.hard_needs(op).filter(|need| matches!(need.input, Input::Parameter(ParameterLocation::Path, _))).cloned().collect();
    let of_key = |need: &Need| {
        let noun = world.noun(need.entity);
        let title = format!("{}: {} is refused for an unknown {noun}", world.service(op).name, words::phrase(world, op));
        let mut draft = draft(world, &title);
        let binding = Binding { input: need.input.clone(), source: unknown(world, op, need) };
        let bindings = prepared(&mut draft, op, &[binding])?;
        let at = draft.push(op, bindings, format!("nothing has this key of {}", words::one(noun)));
        draft.refuse(at, exactly(status));
        Some(Candidate::of(&draft, title, Kind::Refusal, world.operation(op)))
    };
    keys.iter().filter_map(of_key).collect()
}

/// A body that refers to something that is not there.
fn unknown_references(world: &World<'_, '_>, op: OpId) -> Vec<Candidate> {
    let documented = world.refusals(op);
    let Some(status) = [422, 404, 409, 400].into_iter().find(|status| documented.contains(status)) else { return Vec::new() };
    let fields: Vec<Need> = world.hard_needs(op).filter(|need| matches!(need.input, Input::Body(_))).cloned().collect();
    let of_field = |need: &Need| {
        let noun = world.noun(need.entity);
        let title = format!(
            "{}: {} is refused for {} that is not there",
            world.service(op).name,
            words::phrase(world, op),
            words::one(noun)
        );
        let mut draft = draft(world, &title);
        let source = unknown(world, op, need);
        let refused = refused(&mut draft, op, exactly(status), format!("no {noun} has this key"), |_, bindings| {
            let wanted = bindings.iter_mut().find(|binding| super::draft::generic_input(&binding.input) == need.input)?;
            wanted.source = source.clone();
            Some(())
        })?;
        Some(Candidate { is_guess: true, focus: refused, ..Candidate::of(&draft, title, Kind::Refusal, world.operation(op)) })
    };
    fields.iter().filter_map(of_field).collect()
}

/// Credentials that are none.
fn unauthorised(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    let documented = world.refusals(op);
    let status = [401, 403].into_iter().find(|status| documented.contains(status))?;
    let header = world.options.credentials.get(&world.service(op).name)?;
    let title = format!("{}: {} is refused with credentials that are none", world.service(op).name, words::phrase(world, op));
    let mut draft = draft(world, &title);
    refused(&mut draft, op, exactly(status), "nobody has these credentials".to_owned(), |_, bindings| {
        let input = Input::Parameter(ParameterLocation::Header, header.clone());
        bindings.push(Binding { input, source: BindingSource::Literal(Value::from("Bearer no-such-token")) });
        Some(())
    })?;
    Some(Candidate::of(&draft, title, Kind::Refusal, world.operation(op)))
}

/// The same a second time, where a conflict is documented.
fn twice(world: &World<'_, '_>, op: OpId) -> Option<Candidate> {
    if world.is_safe(op) || !world.refusals(op).contains(&409) || super::actions::subject(world, op).is_some() {
        return None;
    }
    let title = format!("{}: {} is refused the second time", world.service(op).name, words::phrase(world, op));
    let mut draft = draft(world, &title);
    let first = draft.call(op, words::phrase(world, op))?;
    let bindings = draft.calls[first].bindings.clone();
    let again = draft.push(op, bindings, "the same a second time");
    draft.refuse(again, exactly(409));
    Some(Candidate { is_guess: true, ..Candidate::of(&draft, title, Kind::Refusal, world.operation(op)) })
}

/// A draft for a scenario of its own.
pub(crate) fn draft<'w, 'i, 'a>(world: &'w World<'i, 'a>, title: &str) -> Draft<'w, 'i, 'a> {
    Draft::new(world, &data::tag(title, world.options.seed), Fill::Full)
}

pub(crate) fn exactly(status: u16) -> Expectation {
    Expectation::Status(vec![StatusPattern::Exact(status)])
}

/// The inputs of an operation, with everything called that they need; the operation itself is not.
pub(crate) fn prepared(draft: &mut Draft<'_, '_, '_>, op: OpId, given: &[Binding]) -> Option<Vec<Binding>> {
    let at = draft.call_with(op, given, "")?;
    let bindings = draft.calls.pop()?.bindings;
    draft.made.retain(|made| made.call != at);
    Some(bindings)
}

/// Adds a call that is refused between two looks at what there is: `change` makes its inputs wrong.
pub(crate) fn refused(
    draft: &mut Draft<'_, '_, '_>,
    op: OpId,
    expect: Expectation,
    note: String,
    change: impl FnOnce(&mut Draft<'_, '_, '_>, &mut Vec<Binding>) -> Option<()>,
) -> Option<usize> {
    let mut bindings = prepared(draft, op, &[])?;
    change(draft, &mut bindings)?;
    let before = looks(draft);
    let at = draft.push(op, bindings, note);
    draft.refuse(at, expect);
    look_again(draft, &before);
    Some(at)
}

/// Reads of what is there before a step that is refused. What changes by itself says nothing about the step.
pub(crate) fn looks(draft: &mut Draft<'_, '_, '_>) -> Vec<usize> {
    if (0..draft.calls.len()).any(|at| draft.promises(at)) {
        return Vec::new();
    }
    let world = draft.world;
    let mut entities: Vec<EntityId> = Vec::new();
    for made in draft.made.iter().rev().filter(|made| made.alive) {
        if !entities.contains(&made.entity) {
            entities.push(made.entity);
        }
    }
    let mut looks = Vec::new();
    for entity in entities.into_iter().take(4) {
        let Some(reader) = world.owners_reader(entity) else { continue };
        looks.extend(draft.call(reader, format!("the {} before it", world.noun(entity))));
    }
    looks
}

/// The same reads, with the same answers.
pub(crate) fn look_again(draft: &mut Draft<'_, '_, '_>, looks: &[usize]) {
    for &look in looks {
        let (op, bindings) = (draft.calls[look].op, draft.calls[look].bindings.clone());
        let note = draft.calls[look].note.replace(" before it", " is as it was");
        let at = draft.push(op, bindings, note);
        draft.calls[at].checks = vec![same(callboard_model::Pointer::root(), look, callboard_model::Pointer::root())];
    }
}

/// A key of the right form that nothing has.
pub(crate) fn unknown(world: &World<'_, '_>, op: OpId, need: &Need) -> BindingSource {
    let operation = world.operation(op);
    let node = match &need.input {
        Input::Parameter(location, name) => operation.parameter(*location, name).and_then(|parameter| parameter.schema.clone()),
        Input::Body(pointer) => {
            let places = &world.types(op).request;
            places.iter().find(|place| place.pointer == *pointer).map(|place| (*place.node).clone())
        }
    };
    let schema = node.and_then(|node| world.service(op).schema(&node));
    let made = schema.map(|schema| world.value(op, &schema, world.options.seed, &Hints::default()));
    let is_uuid = need.format.as_deref().is_some_and(|format| format.eq_ignore_ascii_case("uuid"));
    let value = match made {
        _ if is_uuid => Value::from("00000000-0000-4000-8000-000000000404"),
        Some(Value::String(text)) if text.chars().any(|c| c.is_ascii_digit()) => {
            Value::from(text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect::<String>())
        }
        Some(Value::Number(_)) => Value::from(999_999_999),
        _ => Value::from("no-such-thing"),
    };
    BindingSource::Generated { name: "unknown".to_owned(), value }
}
