//! Conjuncts: a clause whose nouns are two things (`the alerts and the reports`), each with an operation of its own.

use crate::chains::Chain;
use crate::clauses::Mode;
use crate::index::OpId;
use crate::score::{View, ViewWord};

/// How strongly a word has to stand for an operation that is its own.
const OWN: f64 = 0.9;

/// A chain alone, or with a second one for what stands on the other side of a joint; in the order in which they are spoken of.
pub(crate) fn with_second(view: &View<'_, '_>, others: &[Chain], chain: &Chain) -> Vec<Chain> {
    match second(view, others, chain) {
        Some((other, true)) => vec![other, chain.clone()],
        Some((other, false)) => vec![chain.clone(), other],
        None => vec![chain.clone()],
    }
}

/// The second chain, and whether it comes first.
fn second(view: &View<'_, '_>, others: &[Chain], chain: &Chain) -> Option<(Chain, bool)> {
    let clause = view.clause;
    if clause.joints.is_empty() || clause.outcome.is_some() || clause.mode != Mode::Do {
        return None;
    }
    let target = *chain.ops.last()?;
    let of = |other: &Chain| other.ops[other.ops.len() - 1];
    let is_like = |op: OpId| op != target && view.index.ops[op].method.is_safe() == view.index.ops[target].method.is_safe();
    others
        .iter()
        .filter(|other| is_like(of(other)))
        .filter_map(|other| Some((other, own_part(view, chain, of(other))?)))
        .max_by(|(a, _), (b, _)| a.score.total_cmp(&b.score).then_with(|| b.ops.cmp(&a.ops)))
        .map(|(other, part)| (other.clone(), part < main_part(view, target)))
}

/// The conjunct in which a word stands: how many joints are before it.
fn part_of(view: &View<'_, '_>, word: &ViewWord) -> usize {
    view.clause.joints.iter().filter(|joint| **joint < word.position).count()
}

fn nouns<'v>(view: &'v View<'_, '_>) -> impl Iterator<Item = &'v ViewWord> {
    view.words.iter().filter(|word| !word.is_verb && word.position != usize::MAX)
}

/// The conjunct that only another operation stands for, while the chain stands for something of another one that this operation does not.
fn own_part(view: &View<'_, '_>, chain: &Chain, other: OpId) -> Option<usize> {
    let whole = |word: &ViewWord| chain.ops.iter().map(|op| word.strength(*op)).fold(0.0, f64::max);
    let gained = |part: usize| -> f64 {
        let own = nouns(view).filter(|word| word.factor >= 1.0 && part_of(view, word) == part && word.strength(other) >= OWN);
        own.map(|word| word.weight * (word.strength(other) - whole(word)).max(0.0)).sum()
    };
    let keeps =
        |part: usize| nouns(view).any(|word| part_of(view, word) != part && whole(word) >= OWN && word.strength(other) < OWN);
    // To change more than was asked for is worse than to look at less.
    let least = view.index.weights.second * if view.index.ops[other].method.is_safe() { 1.0 } else { 2.0 };
    (0..=view.clause.joints.len()).filter(|part| keeps(*part)).find(|part| gained(*part) >= least)
}

/// The conjunct that an operation stands for most.
fn main_part(view: &View<'_, '_>, op: OpId) -> usize {
    let worth = |part: usize| -> f64 {
        nouns(view).filter(|word| part_of(view, word) == part).map(|word| word.weight * word.strength(op)).sum()
    };
    (0..=view.clause.joints.len()).rev().max_by(|a, b| worth(*a).total_cmp(&worth(*b))).unwrap_or(0)
}
