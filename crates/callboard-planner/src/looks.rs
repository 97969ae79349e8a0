//! Looks that a sentence does not spell out: before something is tried, until what was accepted is there, and once more when it is gone.

use callboard_model::map::Input;
use callboard_model::{Method, StatusPattern};

use crate::aims::Aim;
use crate::beam::{Role, Step};
use crate::clauses::Mode;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::score::View;
use crate::shape::{Kind, Place};
use crate::words::{Act, split_identifier, stem};

/// `the kitchen is unchanged`: it is looked at before anything is done, too.
pub(crate) fn before(index: &Index<'_>, views: &[View<'_, '_>], steps: Vec<Step>) -> Vec<Step> {
    let is_compared = |step: &&Step| step.is_target && aim(views, step) == Aim::Unchanged && is_open(index, step.op);
    let mut looks: Vec<Step> = Vec::new();
    for step in steps.iter().filter(is_compared) {
        if !looks.iter().any(|look| look.op == step.op) {
            looks.push(Step { role: Role::Before, is_target: false, ..step.clone() });
        }
    }
    looks.into_iter().chain(steps).collect()
}

/// What is checked after a deed was there before it: `cancel an order and check that the payment is refunded` pays before it cancels.
pub(crate) fn hoist(index: &Index<'_>, views: &[View<'_, '_>], steps: Vec<Step>) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let view = views.get(step.clause).filter(|view| view.clause.mode == Mode::Check && view.clause.outcome.is_none());
        if view.is_some()
            && step.is_target
            && let Some((maker, at)) = unmade(index, &out, &step)
        {
            out.insert(at, maker);
        }
        let is_maker = view.is_some() && !step.is_target && !index.ops[step.op].method.is_safe();
        match deed_before(index, &out, &step).filter(|_| is_maker) {
            Some(at) => out.insert(at, step),
            None => out.push(step),
        }
    }
    out
}

/// What makes the thing that a check reads by its key, where no step before does, and the place of the deed before which it has to stand.
fn unmade(index: &Index<'_>, before: &[Step], check: &Step) -> Option<(Step, usize)> {
    let entity = hard_needs(index, check.op).last().filter(|_| index.ops[check.op].ends_in_parameter)?;
    if before.iter().any(|earlier| index.created(earlier.op) == Some(entity)) {
        return None;
    }
    let is_fit = |op: &OpId| index.ops[*op].usable && !index.ops[*op].deprecated;
    index.makers(entity).filter(is_fit).find_map(|op| {
        let maker = Step::needed(op, check.clause);
        let at = deed_before(index, before, &maker)?;
        Some((maker, at))
    })
}

/// The place of the deed before a step, where everything is known by then that the step needs.
fn deed_before(index: &Index<'_>, before: &[Step], step: &Step) -> Option<usize> {
    let at = before.iter().rposition(|earlier| earlier.is_target && earlier.clause < step.clause)?;
    let is_deed = !index.ops[before[at].op].method.is_safe() && index.created(before[at].op).is_none();
    let gives = |entity: EntityId| {
        let yields = |earlier: &Step| index.typing.operations[earlier.op].yields.iter().any(|found| found.entity == entity);
        before[..at].iter().any(yields)
    };
    let mut needs = hard_needs(index, step.op).peekable();
    (is_deed && needs.peek().is_some() && needs.all(gives)).then_some(at)
}

/// What an operation only accepts (202) is waited for before anything else is done with it, where a read says when it is there.
pub(crate) fn ready(index: &Index<'_>, views: &[View<'_, '_>], steps: &[Step]) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        out.push(step.clone());
        let rest = &steps[at + 1..];
        let is_used = rest.iter().any(|later| index.ops[later.op].service != index.ops[step.op].service);
        let waits = rest.iter().any(|later| views.get(later.clause).is_some_and(|view| view.clause.mode == Mode::Wait));
        if is_used && !waits && accepts(index, step.op) {
            out.extend(poll(index, step.op).map(|op| Step { role: Role::Ready, ..Step::needed(op, step.clause) }));
        }
    }
    out
}

/// Whether a change may go on after its answer.
fn accepts(index: &Index<'_>, op: OpId) -> bool {
    let accepted = |operation: &callboard_model::Operation| {
        operation.responses.iter().any(|response| response.status == StatusPattern::Exact(202))
    };
    let starts = matches!(index.ops[op].method, Method::Post | Method::Put);
    starts && index.system.operations().nth(op).is_some_and(|(_, operation)| accepted(operation))
}

/// The read of the same service that needs no more than the change and tells when something is ready.
fn poll(index: &Index<'_>, op: OpId) -> Option<OpId> {
    let given: Vec<EntityId> = hard_needs(index, op).collect();
    let can = |read: &OpId| {
        let entry = &index.ops[*read];
        let mut needs = hard_needs(index, *read).peekable();
        let is_about = needs.peek().is_some() && needs.all(|entity| given.contains(&entity));
        entry.usable
            && entry.method == Method::Get
            && entry.service == index.ops[op].service
            && is_about
            && flag(index, *read).is_some()
    };
    (0..index.ops.len()).find(can)
}

/// The flag of an answer that says that something is ready.
pub(crate) fn flag<'i>(index: &'i Index<'_>, op: OpId) -> Option<&'i Place> {
    let is_ready = |place: &&Place| {
        let last = split_identifier(&place.name).pop().unwrap_or_default();
        place.shape.kind == Kind::Boolean && matches!(last.as_str(), "ready" | "running" | "available" | "active")
    };
    index.typing.operations[op].response.iter().filter(is_ready).min_by_key(|place| place.nesting)
}

/// What was checked of a thing is looked at again when it was taken away, and so is a thing that is still there (a cancelled order).
pub(crate) fn again(index: &Index<'_>, views: &[View<'_, '_>], steps: &[Step]) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        out.push(step.clone());
        if !takes_away(index, views, step) {
            continue;
        }
        let checks: Vec<&Step> = (0..at).filter(|c| is_open_check(views, steps, *c, at)).map(|c| &steps[c]).collect();
        if checks.is_empty() {
            continue;
        }
        out.extend(checks.into_iter().map(|check| Step { role: Role::Again, is_target: false, ..check.clone() }));
        let is_read_later = |op: &OpId| steps[at + 1..].iter().any(|later| later.op == *op);
        let itself = itself(index, step.op).filter(|op| !is_read_later(op));
        out.extend(itself.map(|op| Step { role: Role::Again, ..Step::needed(op, step.clause) }));
    }
    out
}

fn takes_away(index: &Index<'_>, views: &[View<'_, '_>], step: &Step) -> bool {
    let is_told = views.get(step.clause).is_some_and(|view| {
        view.clause.act == Some(Act::Delete) && view.clause.mode == Mode::Do && view.clause.outcome.is_none()
    });
    is_told && step.is_target && !index.ops[step.op].method.is_safe()
}

/// Whether the step at a place checks something that no later step looks at again.
fn is_open_check(views: &[View<'_, '_>], steps: &[Step], check: usize, until: usize) -> bool {
    let step = &steps[check];
    let Some(view) = views.get(step.clause).filter(|_| step.is_target) else { return false };
    let is_check = view.clause.mode == Mode::Check && view.clause.outcome.is_none() && view.clause.aim != Aim::Unchanged;
    let repeats = |later: &Step| later.op == step.op;
    is_check && !steps[check + 1..until].iter().any(repeats) && !steps[until + 1..].iter().any(repeats)
}

/// The read of what an operation that is no `DELETE` took away: it is still there, in another state.
fn itself(index: &Index<'_>, op: OpId) -> Option<OpId> {
    if index.ops[op].method == Method::Delete {
        return None;
    }
    let subject = index.typing.operations[op].subject?;
    let reads = |read: &OpId| {
        let entry = &index.ops[*read];
        let is_own = index.typing.operations[*read].subject == Some(subject) && entry.service == index.ops[op].service;
        let path = index.system.operations().nth(*read).map(|(_, operation)| operation.key.path.to_string()).unwrap_or_default();
        let by_key = path.trim_end_matches('/').ends_with('}') && hard_needs(index, *read).eq([subject]);
        entry.usable && entry.method == Method::Get && is_own && by_key
    };
    (0..index.ops.len()).find(reads)
}

/// The words of the verb by which a clause takes something away, as a state: `cancel` is `cancelled` then.
pub(crate) fn state_of(view: &View<'_, '_>, place: &Place) -> Option<serde_json::Value> {
    let verb = view.words.iter().find(|word| word.is_verb)?;
    let means = |value: &&serde_json::Value| value.as_str().is_some_and(|text| stem(&text.to_lowercase()) == verb.stem);
    place.shape.options.iter().find(means).cloned()
}

fn hard_needs<'i>(index: &'i Index<'_>, op: OpId) -> impl Iterator<Item = EntityId> + 'i {
    let needs = index.typing.operations[op].needs.iter();
    needs.filter(|need| need.hard && matches!(need.input, Input::Parameter(..))).map(|need| need.entity)
}

fn is_open(index: &Index<'_>, op: OpId) -> bool {
    index.typing.operations[op].needs.iter().all(|need| !need.hard)
}

fn aim(views: &[View<'_, '_>], step: &Step) -> Aim {
    views.get(step.clause).map_or(Aim::Plain, |view| view.clause.aim)
}
