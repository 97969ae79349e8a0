//! How well given operations stand for a sentence, by the measure with which the search compares its chains.

use crate::beam::{self, Step};
use crate::chains::{self, Known, Partial};
use crate::index::OpId;
use crate::rating;
use crate::score::View;

use super::reading::Reading;

/// The score of steps: that of the chain of each clause. A clause without a step costs what its words weigh.
pub(crate) fn rate(reading: &Reading<'_, '_>, steps: &[Step]) -> f64 {
    let mut known = Known::default();
    let mut total = 0.0;
    for (number, view) in reading.views().iter().enumerate() {
        let ops: Vec<OpId> = steps.iter().filter(|step| step.clause == number).map(|step| step.op).collect();
        total += match chain(view, &known, &ops) {
            Some(partial) => rating::rate(view, &partial).total(),
            None => -reading.index().weights.coverage * view.total_weight(),
        };
        for op in ops {
            beam::learn(reading.index(), &mut known, op);
        }
    }
    total
}

/// Operations of a clause as a chain: the last one is its target, what nothing yields stays open.
fn chain(view: &View<'_, '_>, known: &Known, ops: &[OpId]) -> Option<Partial> {
    let (target, before) = ops.split_last()?;
    let mut partial = chains::start(view, known, *target);
    for op in before.iter().rev() {
        let consumers = partial.ops.clone();
        let passed = consumers.iter().find_map(|consumer| passed(view, *op, *consumer));
        partial.ops.push(*op);
        partial.passes.push(passed);
    }
    partial.waiting.clear();
    for op in partial.ops.clone() {
        for (_, need) in chains::hard_needs(view.index, op) {
            settle(view, known, &mut partial, op, need);
        }
    }
    Some(partial)
}

/// The resource that one operation passes on to another one.
fn passed(view: &View<'_, '_>, producer: OpId, consumer: OpId) -> Option<crate::entities::EntityId> {
    let needs = chains::hard_needs(view.index, consumer);
    needs.into_iter().find_map(|(_, at)| {
        let need = &view.index.typing.operations[consumer].needs[at];
        chains::passes(view.index, producer, consumer, need).map(|_| need.entity)
    })
}

/// Notes what a need is met by, or that nothing meets it.
fn settle(view: &View<'_, '_>, known: &Known, partial: &mut Partial, op: OpId, at: usize) {
    let need = &view.index.typing.operations[op].needs[at];
    let confidence = view.index.weights.confidence;
    let position = partial.ops.iter().position(|other| *other == op).unwrap_or(0);
    let met = if op == partial.ops[0] && view.is_unknown(need.entity) {
        Some(0.0)
    } else if let Some(literal) = chains::key_literal(view, partial, need) {
        partial.keys.push(literal);
        Some(0.0)
    } else if let Some(sure) =
        known.entities.iter().filter(|(e, _)| *e == need.entity).map(|(_, sure)| *sure).max_by(f64::total_cmp)
    {
        Some(0.3 * confidence * sure.max(0.05).ln())
    } else {
        let producers = partial.ops[position + 1..].iter();
        let sure = producers.filter_map(|producer| chains::passes(view.index, *producer, op, need)).max_by(f64::total_cmp);
        sure.map(|sure| confidence * sure.max(0.05).ln())
    };
    match met {
        Some(worth) => {
            partial.confidence += worth;
            partial.satisfied.push((op, at));
        }
        None => partial.cost += if view.clause.has_key { 0.3 } else { view.index.weights.open_need },
    }
}
