//! What the environment wants before a service is called: outputs such as a token that its templates name.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::api::ParameterLocation;
use callboard_model::{Method, ServiceName};

use crate::aims::token_header;
use crate::beam::Step;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::made;

/// Operations that give what some service's environment waits for, with the name of that.
pub(crate) fn awaited(index: &Index<'_>, needs: &BTreeMap<ServiceName, Vec<String>>) -> Vec<(OpId, String)> {
    let names: BTreeSet<&String> = needs.values().flatten().collect();
    let can = |name: &String, op: OpId| makes(index, op) && index.ops[op].usable && gives(index, op, name);
    let of = |name: &String| (0..index.ops.len()).filter(|op| can(name, *op)).map(|op| (op, name.clone())).collect::<Vec<_>>();
    names.into_iter().flat_map(of).collect()
}

/// Adds steps so that each output that a service's environment names exists before the first call of that service.
pub(crate) fn ensure(index: &Index<'_>, steps: Vec<Step>, needs: &BTreeMap<ServiceName, Vec<String>>) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let service = &index.system.services()[index.ops[step.op].service].name;
        if needs.get(service).is_some_and(|names| !names.is_empty()) {
            let started = start(index, &out, index.ops[step.op].service);
            out.extend(started.into_iter().map(|op| Step::needed(op, step.clause)));
        }
        for name in needs.get(service).into_iter().flatten() {
            if out.iter().any(|earlier| gives(index, earlier.op, name)) {
                continue;
            }
            if let Some(op) = producer(index, &out, name, index.ops[step.op].service) {
                out.push(Step::needed(op, step.clause));
            }
        }
        out.push(step);
    }
    out
}

/// A service whose address is known only while running, and that is called what another service starts, is started first.
fn start(index: &Index<'_>, before: &[Step], service: usize) -> Vec<OpId> {
    let Some(entity) = deployed(index, service) else { return Vec::new() };
    let starts = |op: &OpId| {
        let entry = &index.ops[*op];
        let is_about = index.typing.operations[*op].subject == Some(entity);
        let chooses = index.typing.operations[*op].needs.iter().any(|need| need.hard && need.entity == entity);
        entry.method == Method::Post && entry.usable && entry.service != service && is_about && !chooses
    };
    if before.iter().any(|step| starts(&step.op)) {
        return Vec::new();
    }
    let Some(op) = (0..index.ops.len()).find(starts) else { return Vec::new() };
    let mut ops: Vec<OpId> = Vec::new();
    for need in index.typing.operations[op].needs.iter().filter(|need| need.hard) {
        let known: Vec<OpId> = before.iter().map(|step| step.op).chain(ops.iter().copied()).collect();
        if !known.iter().any(|op| made::gives(index, *op, need.entity)) {
            ops.extend(made::makers(index, &known, need.entity, made::DEPTH).unwrap_or_default());
        }
    }
    ops.push(op);
    ops
}

/// The resource of another service that a service is named after.
pub(crate) fn deployed(index: &Index<'_>, service: usize) -> Option<EntityId> {
    let entity = index.typing.by_word(index.system.services()[service].name.as_str())?;
    index.typing.entities[entity].claims.keys().any(|owner| *owner != service).then_some(entity)
}

/// Whether an operation's answer, or its own path, has a value of this name.
pub(crate) fn gives(index: &Index<'_>, op: OpId, name: &str) -> bool {
    answers(index, op, name)
        || (makes(index, op) && has_parameter(index, op, name))
        || (name == "token" && makes(index, op) && token_header(index, op).is_some())
}

fn makes(index: &Index<'_>, op: OpId) -> bool {
    matches!(index.ops[op].method, Method::Post | Method::Put)
}

/// Whether the answer has the name at its top.
pub(crate) fn answers(index: &Index<'_>, op: OpId, name: &str) -> bool {
    let places = &index.typing.operations[op].response;
    places.iter().any(|place| place.parent == Some(0) && place.nesting == 0 && place.name == name && place.shape.kind.is_scalar())
}

fn has_parameter(index: &Index<'_>, op: OpId, name: &str) -> bool {
    let Some((_, operation)) = index.system.operations().nth(op) else { return false };
    operation.parameter(ParameterLocation::Path, name).is_some()
}

/// The operation that yields the output with the least that is not known yet.
fn producer(index: &Index<'_>, before: &[Step], name: &str, consumer: usize) -> Option<OpId> {
    let known: Vec<EntityId> = before
        .iter()
        .flat_map(|step| {
            let types = &index.typing.operations[step.op];
            types.yields.iter().map(|y| y.entity).chain(types.needs.iter().map(|n| n.entity))
        })
        .collect();
    let mut best: Option<(i32, OpId)> = None;
    for op in 0..index.ops.len() {
        let gives = answers(index, op, name) || name == "token" && makes(index, op) && token_header(index, op).is_some();
        if !gives || !index.ops[op].usable || index.ops[op].service == consumer {
            continue;
        }
        let unknown = index.typing.operations[op].needs.iter().filter(|need| need.hard && !known.contains(&need.entity)).count();
        let score = i32::from(index.ops[op].method == Method::Post) * 2
            - 3 * i32::try_from(unknown).unwrap_or(99)
            - i32::from(index.ops[op].deprecated) * 4
            + i32::from(index.typing.operations[op].needs.iter().any(|need| known.contains(&need.entity)));
        if best.is_none_or(|(b, _)| score > b) {
            best = Some((score, op));
        }
    }
    best.map(|(_, op)| op)
}
