//! Teardown: what a scenario made and does not remove itself is removed at its end, last made first.
//!
//! A removal must not spoil a green run. What the scenario removes itself is removed once more for the case that it breaks off before;
//! such a step takes 404 (and a documented 410) for an answer. The steps of a run that broke off before something was made are not run at
//! all, since their values are missing.

use callboard_model::plan::Expectation;
use callboard_model::{Method, Operation, StatusPattern};

use crate::beam::Step;
use crate::bind::{Binder, Bound};
use crate::entities::EntityId;
use crate::environment;
use crate::index::OpId;
use crate::oracle::Oracle;

/// The removals, in the order in which they run.
pub(crate) fn teardown(binder: &Binder<'_, '_>, bound: &[Bound], oracles: &[Oracle]) -> Vec<(Bound, Oracle)> {
    let mut undone = Vec::new();
    for (at, (maker, oracle)) in bound.iter().zip(oracles).enumerate().rev() {
        if oracle.expect != Expectation::Success {
            continue;
        }
        if is_stopped(binder, maker.step.op, &bound[at + 1..]) {
            continue;
        }
        let Some((remover, entity)) = remover(binder, maker.step.op) else { continue };
        let may_be_gone = is_removed(binder, &bound[at + 1..], remover, entity);
        let (_, operation) = binder.operations[remover];
        let step = Step { confidence: 1.0, ..Step::needed(remover, maker.step.clause) };
        let bindings = binder.removal(&step, &bound[..=at]);
        if bindings.is_empty() {
            continue;
        }
        let expect = if may_be_gone { Expectation::Status(removed_or_gone(operation)) } else { Expectation::Success };
        undone.push((Bound { step, bindings }, Oracle { expect, checks: Vec::new(), until: None }));
    }
    undone
}

/// Whether a later step stops the very service that an operation belongs to: nobody is there to remove anything then.
fn is_stopped(binder: &Binder<'_, '_>, maker: OpId, later: &[Bound]) -> bool {
    let index = binder.index;
    let Some(deployed) = environment::deployed(index, index.ops[maker].service) else { return false };
    let stops = |bound: &Bound| {
        index.ops[bound.step.op].method == Method::Delete && index.typing.operations[bound.step.op].subject == Some(deployed)
    };
    later.iter().any(stops)
}

/// The `DELETE` of what an operation makes, in the same service and by the key that it yields.
fn remover(binder: &Binder<'_, '_>, maker: OpId) -> Option<(OpId, EntityId)> {
    let index = binder.index;
    let made = index.created(maker).or_else(|| index.collects(maker));
    let entity = made.or_else(|| index.typing.operations[maker].subject.filter(|_| starts(binder, maker)))?;
    let made = binder.operations[maker].1.key.path.trim_end_matches('/');
    let removes = |op: &OpId| {
        let path = binder.operations[*op].1.key.path.trim_end_matches('/');
        let is_own = *path == *made
            || path.strip_prefix(made).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1);
        let is_same = *path == *made && starts(binder, maker);
        let by_key = is_same || index.typing.operations[*op].needs.iter().any(|need| need.hard && need.entity == entity);
        index.ops[*op].method == Method::Delete && index.ops[*op].service == index.ops[maker].service && is_own && by_key
    };
    (0..index.ops.len()).find(removes).map(|op| (op, entity))
}

/// Whether a later step removes it, or something that it hangs on.
fn is_removed(binder: &Binder<'_, '_>, later: &[Bound], remover: OpId, entity: EntityId) -> bool {
    let keys: Vec<EntityId> = binder.index.typing.operations[remover]
        .needs
        .iter()
        .filter(|need| need.hard)
        .map(|need| need.entity)
        .chain([entity])
        .collect();
    later.iter().filter(|bound| binder.index.ops[bound.step.op].method == Method::Delete).any(|bound| {
        let removed = binder.index.typing.operations[bound.step.op].needs.iter().rfind(|need| need.hard);
        removed.is_some_and(|need| keys.contains(&need.entity))
    })
}

/// A `POST` that starts what the `DELETE` of the same path stops, whatever it answers.
fn starts(binder: &Binder<'_, '_>, maker: OpId) -> bool {
    let (service, operation) = binder.operations[maker];
    let path = &operation.key.path;
    let stop = service.operation_at(&Method::Delete, path).filter(|stop| !stop.request_body.as_ref().is_some_and(|b| b.required));
    operation.key.method == Method::Post && !path.ends_with('}') && stop.is_some()
}

fn removed_or_gone(operation: &Operation) -> Vec<StatusPattern> {
    let is_success = |status: &StatusPattern| matches!(status, StatusPattern::Exact(200..=299) | StatusPattern::Class(2));
    let documented = operation.responses.iter().map(|response| response.status);
    let gone = [StatusPattern::Exact(404), StatusPattern::Exact(410)].into_iter().filter(|status| {
        *status == StatusPattern::Exact(404) || operation.responses.iter().any(|response| response.status == *status)
    });
    documented.filter(is_success).chain(gone).collect()
}
