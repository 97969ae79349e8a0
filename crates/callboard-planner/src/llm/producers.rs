//! Steps that a model forgot: what yields the resources that its steps need.

use std::collections::BTreeSet;

use callboard_model::Method;
use callboard_model::plan::BindingSource;

use super::candidates::{Candidates, same_input};
use super::prompt::place;
use super::reading::Reading;
use super::validate::Accepted;
use crate::beam::Step;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::{chains, fill, made};
use callboard_model::plan::Binding;

/// How many operations one resource may take to be made.
const DEPTH: usize = 4;
/// Producers named for one need.
const NAMED: usize = 5;

/// The accepted steps with what they need before them.
pub(crate) fn complete(reading: &Reading<'_, '_>, accepted: &[Accepted]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, step) in accepted.iter().enumerate() {
        for entity in open_needs(reading, step, &steps) {
            for op in makers(reading, &steps, step, entity) {
                steps.push(Step::needed(op, step.clause));
            }
        }
        let is_target = is_target(accepted, number);
        steps.push(Step { is_target, confidence: 0.8, ..Step::needed(step.op, step.clause) });
    }
    steps
}

/// A step is what its clause asks for, unless a later step of the clause works with what it gives.
fn is_target(accepted: &[Accepted], number: usize) -> bool {
    let uses = |step: &Accepted| {
        step.inputs.iter().any(|(_, source)| matches!(source, super::validate::Source::Step(from, _) if *from == number))
    };
    !accepted.iter().skip(number + 1).any(|later| later.clause == accepted[number].clause && uses(later))
}

/// Resources whose identity a step needs although neither the model, nor the sentence, nor an earlier step gives it.
fn open_needs(reading: &Reading<'_, '_>, step: &Accepted, before: &[Step]) -> BTreeSet<EntityId> {
    let index = reading.index();
    let view = &reading.views()[step.clause];
    let types = &index.typing.operations[step.op];
    let partial = chains::start(view, &chains::Known::default(), step.op);
    let is_open = |need: &&crate::typing::Need| {
        let is_bound = step.inputs.iter().any(|(input, _)| same_input(input, &need.input));
        let is_yielded = before.iter().any(|earlier| gives(index, earlier.op, need.entity));
        need.hard
            && !is_bound
            && !is_yielded
            && !chains::is_chosen(index, step.op, need)
            && !view.is_unknown(need.entity)
            && chains::key_literal(view, &partial, need).is_none()
    };
    types.needs.iter().filter(is_open).map(|need| need.entity).collect()
}

fn gives(index: &Index<'_>, op: OpId, entity: EntityId) -> bool {
    let types = &index.typing.operations[op];
    types.yields.iter().any(|found| found.entity == entity && found.score >= 0.4)
        || types.needs.iter().any(|need| need.hard && need.entity == entity)
}

/// The operations that make a resource, or the list in which one can be found.
fn makers(reading: &Reading<'_, '_>, before: &[Step], step: &Accepted, entity: EntityId) -> Vec<OpId> {
    let index = reading.index();
    let known: Vec<OpId> = before.iter().map(|step| step.op).collect();
    let changes = !index.ops[step.op].method.is_safe();
    let made = || made::makers(index, &known, entity, DEPTH).filter(|ops| !ops.contains(&step.op));
    let found = || fill::finder(index, reading.views().get(step.clause), entity).map(|op| vec![op]);
    let ops = if changes { made().or_else(found) } else { found().or_else(made) };
    ops.unwrap_or_default()
}

/// The operations of the catalogue that give a resource, as a line for the model.
pub(crate) fn legal(reading: &Reading<'_, '_>, candidates: &Candidates, entity: EntityId) -> Vec<String> {
    let index = reading.index();
    let mut named: Vec<String> = Vec::new();
    for &(op, number) in index.typing.producers.get(&entity).into_iter().flatten() {
        let Some(id) = candidates.id(op).filter(|_| index.ops[op].method != Method::Delete) else { continue };
        let found = &index.typing.operations[op].yields[number];
        let output = reading.concrete(op, &found.output).unwrap_or_else(|| found.output.clone());
        let line = format!("{id} {}", place(&output));
        if named.len() < NAMED && !named.contains(&line) {
            named.push(line);
        }
    }
    named
}

/// Whether the value was made up.
pub(crate) fn is_made_up(binding: &Binding) -> bool {
    matches!(&binding.source, BindingSource::Generated { name, .. } if !name.starts_with("unknown"))
}
