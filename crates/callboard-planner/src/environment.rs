//! What the environment wants before a service is called: outputs such as a token that its templates name.

use std::collections::BTreeMap;

use callboard_model::api::ParameterLocation;
use callboard_model::{Method, ServiceName};

use crate::beam::Step;
use crate::entities::EntityId;
use crate::index::{Index, OpId};

/// Adds steps so that each output that a service's environment names exists before the first call of that service.
pub(crate) fn ensure(index: &Index<'_>, steps: Vec<Step>, needs: &BTreeMap<ServiceName, Vec<String>>) -> Vec<Step> {
    let mut out: Vec<Step> = Vec::with_capacity(steps.len());
    for step in steps {
        let service = &index.system.services()[index.ops[step.op].service].name;
        for name in needs.get(service).into_iter().flatten() {
            if out.iter().any(|earlier| gives(index, earlier.op, name)) {
                continue;
            }
            if let Some(op) = producer(index, &out, name, index.ops[step.op].service) {
                out.push(Step { op, clause: step.clause, is_target: false, confidence: 0.5 });
            }
        }
        out.push(step);
    }
    out
}

/// Whether an operation's answer, or its own path, has a value of this name.
pub(crate) fn gives(index: &Index<'_>, op: OpId, name: &str) -> bool {
    answers(index, op, name) || (makes(index, op) && has_parameter(index, op, name))
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
        if !answers(index, op, name) || !index.ops[op].usable || index.ops[op].service == consumer {
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
