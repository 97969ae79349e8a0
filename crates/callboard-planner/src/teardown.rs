//! Teardown: what a scenario made and does not remove itself is removed at its end, last made first.
//!
//! A removal must not spoil a green run. What the scenario removes itself is only removed once more where the definition says what
//! happens then (404); the steps of a run that broke off before something was made are not run at all, since their values are missing.

use callboard_model::plan::Expectation;
use callboard_model::{Method, Operation, StatusPattern};

use crate::beam::Step;
use crate::bind::{Binder, Bound};
use crate::entities::EntityId;
use crate::index::OpId;
use crate::oracle::Oracle;

/// The removals, in the order in which they run.
pub(crate) fn teardown(binder: &Binder<'_, '_>, bound: &[Bound], oracles: &[Oracle]) -> Vec<(Bound, Oracle)> {
    let mut undone = Vec::new();
    for (at, (maker, oracle)) in bound.iter().zip(oracles).enumerate().rev() {
        if oracle.expect != Expectation::Success {
            continue;
        }
        let Some((remover, entity)) = remover(binder, maker.step.op) else { continue };
        let may_be_gone = is_removed(binder, &bound[at + 1..], remover, entity);
        let (_, operation) = binder.operations[remover];
        if may_be_gone && !documents_not_found(operation) {
            continue;
        }
        let step = Step { op: remover, clause: maker.step.clause, is_target: false, confidence: 1.0 };
        let bindings = binder.removal(&step, &bound[..=at]);
        if bindings.is_empty() {
            continue;
        }
        let expect = if may_be_gone { Expectation::Status(removed_or_gone(operation)) } else { Expectation::Success };
        undone.push((Bound { step, bindings }, Oracle { expect, checks: Vec::new(), until: None }));
    }
    undone
}

/// The `DELETE` of what an operation makes, in the same service and by the key that it yields.
fn remover(binder: &Binder<'_, '_>, maker: OpId) -> Option<(OpId, EntityId)> {
    let index = binder.index;
    let entity = index.created(maker)?;
    let made = binder.operations[maker].1.key.path.trim_end_matches('/');
    let removes = |op: &OpId| {
        let path = &binder.operations[*op].1.key.path;
        let is_own = **path == *made
            || path.strip_prefix(made).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1);
        let by_key = index.typing.operations[*op].needs.iter().any(|need| need.hard && need.entity == entity);
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

fn documents_not_found(operation: &Operation) -> bool {
    operation.responses.iter().any(|response| response.status == StatusPattern::Exact(404))
}

fn removed_or_gone(operation: &Operation) -> Vec<StatusPattern> {
    let is_meant = |status: &StatusPattern| matches!(status, StatusPattern::Exact(200..=299 | 404) | StatusPattern::Class(2));
    operation.responses.iter().map(|response| response.status).filter(is_meant).collect()
}
