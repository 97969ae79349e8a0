//! Containers: what a plan makes is empty at first, and a service that is handed an empty cart has nothing to work on.
//!
//! A resource is a container when its service adds to it by `POST` on a collection below it, and answers with a list of that name.
//! Before another operation is handed such a resource in its body, one entry is put in, unless the plan does that by itself.

use std::collections::BTreeSet;

use callboard_model::Method;
use callboard_model::map::Input;

use crate::beam::Step;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::path::Segment;
use crate::score::View;
use crate::shape::Kind;

/// Adds steps that put an entry into each container that is handed on empty.
pub(crate) fn fill(index: &Index<'_>, views: &[View<'_, '_>], steps: Vec<Step>) -> Vec<Step> {
    let mut filled: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let stays_empty = views.get(step.clause).is_some_and(|view| view.clause.empty);
        for container in handed_on(index, step.op) {
            if stays_empty {
                continue;
            }
            let Some(maker) = filled.iter().rev().find(|earlier| index.created(earlier.op) == Some(container)) else { continue };
            let fillers = fillers(index, maker.op, container);
            if filled.iter().any(|earlier| fillers.contains(&earlier.op)) {
                continue;
            }
            let added = fillers.iter().find_map(|filler| entry(index, views.get(step.clause), &filled, *filler, container));
            let new = |op| Step::needed(op, step.clause);
            filled.extend(added.into_iter().flatten().map(new));
        }
        filled.push(step);
    }
    filled
}

/// Whether an operation puts something into a container.
pub(crate) fn is_filler(index: &Index<'_>, op: OpId) -> bool {
    let containers = index.typing.operations[op].needs.iter().filter(|need| need.hard).map(|need| need.entity);
    let holds = |container: EntityId| index.makers(container).any(|maker| fillers(index, maker, container).contains(&op));
    index.ops[op].method == Method::Post && containers.into_iter().any(holds)
}

/// Whether an operation is handed a container into which such a resource goes.
pub(crate) fn takes(index: &Index<'_>, op: OpId, entities: &[EntityId]) -> bool {
    handed_on(index, op).into_iter().any(|container| {
        let wants =
            |filler: OpId| index.typing.operations[filler].needs.iter().any(|need| need.hard && entities.contains(&need.entity));
        !entities.contains(&container) && index.makers(container).flat_map(|maker| fillers(index, maker, container)).any(wants)
    })
}

/// Resources that an operation takes in its body.
pub(crate) fn handed_on(index: &Index<'_>, op: OpId) -> BTreeSet<EntityId> {
    let needs = index.typing.operations[op].needs.iter();
    let in_body = |need: &&crate::typing::Need| need.hard && matches!(need.input, Input::Body(_));
    if index.ops[op].method.is_safe() { BTreeSet::new() } else { needs.filter(in_body).map(|need| need.entity).collect() }
}

/// Operations that add to a list of the resource: `POST /carts/{cartId}/lines`, where a cart has `lines`.
pub(crate) fn fillers(index: &Index<'_>, maker: OpId, container: EntityId) -> Vec<OpId> {
    let lists = |name: &str| {
        let places = &index.typing.operations[maker].response;
        places.iter().any(|place| place.nesting == 0 && place.shape.kind == Kind::Array && place.name.eq_ignore_ascii_case(name))
    };
    let collection = &index.ops[maker].segments;
    let fills = |op: &OpId| {
        let entry = &index.ops[*op];
        let is_below = entry.segments.len() == collection.len() + 2 && entry.segments.starts_with(collection);
        let is_list = || matches!(entry.segments.last(), Some(Segment::Fixed(name)) if lists(name));
        let adds = || index.typing.operations[*op].needs.iter().any(|need| need.hard && need.entity == container);
        entry.usable
            && entry.method == Method::Post
            && entry.service == index.ops[maker].service
            && is_below
            && is_list()
            && adds()
    };
    (0..index.ops.len()).filter(fills).collect()
}

/// The filler behind whatever finds what it needs; `None` when something stays open.
fn entry(
    index: &Index<'_>,
    view: Option<&View<'_, '_>>,
    before: &[Step],
    filler: OpId,
    container: EntityId,
) -> Option<Vec<OpId>> {
    let mut ops = Vec::new();
    for need in index.typing.operations[filler].needs.iter().filter(|need| need.hard && need.entity != container) {
        let gives = |op: OpId| index.typing.operations[op].yields.iter().any(|y| y.entity == need.entity && y.score >= 0.5);
        let is_known = before.iter().map(|step| step.op).chain(ops.iter().copied()).any(gives);
        if !is_known {
            ops.push(finder(index, view, need.entity)?);
        }
    }
    ops.push(filler);
    Some(ops)
}

/// The list of a resource, in the service that owns it, that needs nothing itself.
pub(crate) fn finder(index: &Index<'_>, view: Option<&View<'_, '_>>, entity: EntityId) -> Option<OpId> {
    let owner = index.typing.entities[entity].owner();
    let searches = view.is_some_and(|view| view.literals.iter().any(|literal| literal.entities.contains(&entity)));
    let rate = |op: OpId| {
        let is_open =
            index.ops[op].usable && index.ops[op].method.is_safe() && !index.typing.operations[op].needs.iter().any(|n| n.hard);
        let found = index.typing.operations[op].yields.iter().filter(|y| y.entity == entity).map(|y| y.score).fold(0.0, f64::max);
        let asks = searches && index.ops[op].texts.iter().any(|text| text.is_query);
        (is_open && found > 0.0)
            .then(|| found + f64::from(u8::from(owner == Some(index.ops[op].service))) + f64::from(u8::from(asks)))
    };
    let rated = (0..index.ops.len()).filter_map(|op| Some((rate(op)?, op)));
    rated.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, op)| op)
}
