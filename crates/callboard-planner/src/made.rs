//! What a test changes or takes away, it makes itself: a foreign order is not cancelled because it happened to be the first of a list.
//!
//! Where a clause takes the resource that it changes from a list, the list gives way to the operations that make one.

use std::collections::BTreeSet;

use crate::aims::Aim;
use crate::beam::Step;
use crate::entities::EntityId;
use crate::fill;
use crate::index::{Index, OpId};
use crate::score::View;
use crate::words::Act;

/// How many operations one resource may take to be made.
pub(crate) const DEPTH: usize = 4;

/// Replaces lists that only feed a change by what makes the resource.
pub(crate) fn make(index: &Index<'_>, views: &[View<'_, '_>], steps: &[Step]) -> Vec<Step> {
    let mut made: Vec<Step> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let is_literal = views.get(step.clause).is_some_and(|view| !view.literals.is_empty());
        let joins = views.get(step.clause).is_some_and(|view| view.clause.aim == Aim::Join);
        let next = steps[at + 1..].iter().find(|next| next.clause == step.clause && !joins);
        let changed = next.and_then(|next| changed(index, next.op));
        let feeds = !step.is_target && index.ops[step.op].method.is_safe() && !is_literal;
        let is_any = |entity: EntityId| lists(index, step.op, entity) || speaks_of_one(views, step, index, entity);
        let entity = changed.filter(|entity| feeds && is_any(*entity) && !asks_for_any(views, step, index, *entity));
        let open = handed_on_open(index, views, step, &made);
        let told = told_open(index, views, step, &made);
        let unmade = changed_open(index, views, step, &made);
        let handed: Vec<EntityId> = open.clone();
        for entity in open.into_iter().chain(told).chain(unmade) {
            let known: Vec<OpId> = made.iter().map(|step| step.op).collect();
            // What is only put into something is there already, where there is a list of it.
            let is_put_in = handed.contains(&entity) && fill::is_filler(index, step.op);
            let found = if is_put_in { fill::finder(index, views.get(step.clause), entity) } else { None };
            let ops = found.map(|op| vec![op]).or_else(|| makers(index, &known, entity, DEPTH)).unwrap_or_default();
            made.extend(ops.into_iter().map(|op| Step { op, is_target: false, ..step.clone() }));
        }
        let known: Vec<OpId> = made.iter().map(|step| step.op).collect();
        if let Some(start) = start_of(index, views, step).filter(|start| !known.contains(start)) {
            made.push(Step { op: start, is_target: false, ..step.clone() });
        }
        match entity.and_then(|entity| makers(index, &known, entity, DEPTH)) {
            Some(ops) => made.extend(ops.into_iter().map(|op| Step { op, ..step.clone() })),
            None => made.push(step.clone()),
        }
    }
    made
}

/// Resources that a step takes in its body although no step before gives them: a made-up key is the last resort.
fn handed_on_open(index: &Index<'_>, views: &[View<'_, '_>], step: &Step, before: &[Step]) -> Vec<EntityId> {
    let is_open = |entity: &EntityId| !is_told(views, step, *entity) && !is_given(index, before, *entity);
    fill::handed_on(index, step.op).into_iter().filter(is_open).collect()
}

/// The resource of which a step changes one of many (`delete a group`), when no step before gives one.
fn changed_open(index: &Index<'_>, views: &[View<'_, '_>], step: &Step, before: &[Step]) -> Option<EntityId> {
    let is_open = |entity: &EntityId| {
        step.is_target
            && speaks_of_one(views, step, index, *entity)
            && !is_told(views, step, *entity)
            && !is_given(index, before, *entity)
            && !makes(index, step.op, *entity)
    };
    changed(index, step.op).filter(is_open)
}

/// Whether the clause of a step says which one is meant, or that there is none.
fn is_told(views: &[View<'_, '_>], step: &Step, entity: EntityId) -> bool {
    views.get(step.clause).filter(|_| step.is_target).is_some_and(|view| {
        let names = |literal: &crate::score::ViewLiteral| !literal.is_instance && (literal.entities.contains(&entity));
        view.is_unknown(entity) || view.is_given(entity) || view.literals.iter().any(names)
    })
}

/// Whether an earlier step gives a resource, or had to be given it.
fn is_given(index: &Index<'_>, before: &[Step], entity: EntityId) -> bool {
    before.iter().any(|earlier| {
        let types = &index.typing.operations[earlier.op];
        // What a new container lists has to be put in first.
        let is_there = |y: &crate::typing::Yield| y.nesting == 0 || y.score >= 0.5 || index.ops[earlier.op].method.is_safe();
        types.yields.iter().any(|y| y.entity == entity && is_there(y))
            || types.needs.iter().any(|need| need.hard && need.entity == entity)
    })
}

/// What starts the very thing that a clause stops as one of many (`stop a server`): the `POST` of the same path.
fn start_of(index: &Index<'_>, views: &[View<'_, '_>], step: &Step) -> Option<OpId> {
    let subject = index.typing.operations[step.op].subject?;
    if index.ops[step.op].method != callboard_model::Method::Delete
        || !step.is_target
        || !speaks_of_one(views, step, index, subject)
    {
        return None;
    }
    let operations: Vec<_> = index.system.operations().collect();
    let path = &operations[step.op].1.key.path;
    let is_start = |op: &OpId| {
        let key = &operations[*op].1.key;
        index.ops[*op].method == callboard_model::Method::Post
            && key.path == *path
            && key.service == operations[step.op].1.key.service
    };
    (0..operations.len()).find(is_start).filter(|_| !path.trim_end_matches('/').ends_with('}'))
}

/// Resources that a changing clause speaks of as one of many (`add a user to a group`), and that its operation takes in its body.
fn told_open(index: &Index<'_>, views: &[View<'_, '_>], step: &Step, before: &[Step]) -> Vec<EntityId> {
    if index.ops[step.op].method.is_safe() || !step.is_target {
        return Vec::new();
    }
    let in_body = |need: &&crate::typing::Need| matches!(need.input, callboard_model::map::Input::Body(_)) && !need.hard;
    let is_made = |entity: EntityId| before.iter().any(|earlier| makes(index, earlier.op, entity));
    let needs = index.typing.operations[step.op].needs.iter().filter(in_body).map(|need| need.entity);
    let told = needs.filter(|entity| speaks_of_one(views, step, index, *entity));
    let told: BTreeSet<EntityId> = told.filter(|entity| !makes(index, step.op, *entity) && !is_made(*entity)).collect();
    told.into_iter().collect()
}

fn makes(index: &Index<'_>, op: OpId, entity: EntityId) -> bool {
    index.created(op) == Some(entity) || index.collects(op) == Some(entity)
}

/// Whether the clause speaks of one of many: `a user`, `a user's token`.
fn speaks_of_one(views: &[View<'_, '_>], step: &Step, index: &Index<'_>, entity: EntityId) -> bool {
    let Some(clause) = views.get(step.clause).map(|view| view.clause) else { return false };
    let is_one = |word: &crate::clauses::ContentWord| word.indefinite && index.entities_of(&word.text).contains(&entity);
    clause.words.iter().filter(|word| !word.is_verb).any(is_one)
}

/// The resource that an operation changes: the last one that its path names.
fn changed(index: &Index<'_>, op: OpId) -> Option<EntityId> {
    let changes = !index.ops[op].method.is_safe();
    let mut needs = index.typing.operations[op].needs.iter().filter(|need| need.hard && changes);
    needs.rfind(|need| matches!(need.input, callboard_model::map::Input::Parameter(..))).map(|need| need.entity)
}

fn lists(index: &Index<'_>, op: OpId, entity: EntityId) -> bool {
    index.typing.operations[op].yields.iter().any(|y| y.entity == entity && y.nesting > 0)
}

/// Whether the clause itself speaks of what is there: of all, any, the first or the last.
fn asks_for_any(views: &[View<'_, '_>], step: &Step, index: &Index<'_>, entity: EntityId) -> bool {
    let Some(clause) = views.get(step.clause).map(|view| view.clause) else { return true };
    let is_plural = |word: &crate::clauses::ContentWord| {
        crate::words::singular(&word.text) != word.text && index.entities_of(&word.text).contains(&entity)
    };
    let is_counted = |(_, behind): &(i64, String)| index.entities_of(behind).contains(&entity);
    clause.act == Some(Act::Read)
        || clause.ordinals.iter().any(is_counted)
        || clause.words.iter().any(|word| !word.is_verb && is_plural(word))
}

/// The operations that make a resource, in order; `None` when they need something that nothing gives.
pub(crate) fn makers(index: &Index<'_>, known: &[OpId], entity: EntityId, depth: usize) -> Option<Vec<OpId>> {
    let left = depth.checked_sub(1)?;
    let owner = index.typing.entities[entity].owner();
    let is_fit = |op: &OpId| index.ops[*op].usable && !index.ops[*op].deprecated;
    let mut candidates: Vec<OpId> = index.makers(entity).filter(is_fit).collect();
    candidates.sort_by_key(|op| (owner != Some(index.ops[*op].service), *op));
    candidates.into_iter().find_map(|maker| {
        let mut ops: Vec<OpId> = Vec::new();
        let wanted: BTreeSet<EntityId> =
            index.typing.operations[maker].needs.iter().filter(|n| n.hard && n.entity != entity).map(|n| n.entity).collect();
        for need in wanted {
            let all: Vec<OpId> = known.iter().chain(&ops).copied().collect();
            if !all.iter().any(|op| gives(index, *op, need)) {
                ops.extend(makers(index, &all, need, left)?);
            }
        }
        ops.push(maker);
        Some(ops)
    })
}

pub(crate) fn gives(index: &Index<'_>, op: OpId, entity: EntityId) -> bool {
    index.typing.operations[op].yields.iter().any(|y| y.entity == entity && y.nesting == 0 && y.score >= 0.5)
}
