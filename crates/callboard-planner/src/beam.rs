//! The search over clauses: a few best sequences of operations are kept while clause after clause is added.

use std::collections::BTreeSet;

use crate::aims::Aim;
use crate::chains::{self, Chain, Known};
use crate::clauses::{Clause, Mode};
use crate::conjuncts;
use crate::index::{Index, OpId};
use crate::score::{Antecedents, View, ViewWord};
use crate::sentence::Sentence;

/// Sequences kept.
const BEAM: usize = 5;
/// Chains tried per clause and sequence.
const CHAINS: usize = 6;
/// As `CHAINS` and `BEAM`, for the last clause: the alternatives that are shown are chosen from these.
const LAST_CHAINS: usize = 12;
const LAST_BEAM: usize = 24;
/// What it costs an alternative to be like another one.
const LIKENESS_COST: f64 = 3.0;

/// A step of a sequence.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) op: OpId,
    /// The clause that it belongs to.
    pub(crate) clause: usize,
    /// Whether it is the clause's own operation, not one that it needs.
    pub(crate) is_target: bool,
    /// 0 to 1.
    pub(crate) confidence: f64,
    /// Why it is there.
    pub(crate) role: Role,
}

impl Step {
    /// A step that others need.
    pub(crate) fn needed(op: OpId, clause: usize) -> Self {
        Self { op, clause, is_target: false, confidence: 0.5, role: Role::Own }
    }
}

/// Why a step is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// A clause asks for it, or another step needs it.
    Own,
    /// A look before something is tried, to compare with afterwards.
    Before,
    /// A wait for what was only accepted.
    Ready,
    /// A look at what was looked at before it was taken away.
    Again,
}

/// A sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sequence {
    pub(crate) steps: Vec<Step>,
    pub(crate) score: f64,
    pub(crate) known: Known,
}

/// The clauses of a sentence as the search sees them.
pub(crate) fn views<'i, 'a>(
    index: &'i Index<'a>,
    sentence: &Sentence,
    clauses: &'i [Clause],
    preferred: &BTreeSet<usize>,
) -> Vec<View<'i, 'a>> {
    let mut antecedents = Antecedents::default();
    let mut views = Vec::with_capacity(clauses.len());
    for clause in clauses {
        views.push(View::new(index, sentence, clause, &antecedents, preferred.clone()));
        antecedents.take(clause, index);
    }
    views
}

/// The best sequences, best first: few that differ in what matters, not many that hardly differ.
pub(crate) fn search(views: &[View<'_, '_>]) -> Vec<Sequence> {
    let mut beam = vec![Sequence::default()];
    for (number, view) in views.iter().enumerate() {
        let (tried, kept) = if number + 1 == views.len() { (LAST_CHAINS, LAST_BEAM) } else { (CHAINS, BEAM) };
        let next = extend(view, &beam, number, tried, kept);
        if !next.is_empty() {
            beam = next;
        }
    }
    varied(beam, BEAM)
}

fn extend(view: &View<'_, '_>, beam: &[Sequence], number: usize, tried: usize, kept: usize) -> Vec<Sequence> {
    let mut next: Vec<Sequence> = Vec::new();
    for sequence in beam {
        let chains = chains::chains(view, &sequence.known, tried.max(2 * CHAINS));
        let best = chains.first().map_or(0.0, |chain| chain.score);
        for chain in chains.iter().take(tried).filter(|chain| is_enough(view, chain)) {
            let parts = conjuncts::with_second(view, &chains, chain);
            let whole = parts.iter().fold(sequence.clone(), |before, part| append(view, &before, part, number, best));
            next.push(Sequence { score: sequence.score + chain.score, ..whole });
        }
    }
    next.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| ops(a).cmp(&ops(b))));
    next.dedup_by(|a, b| ops(a) == ops(b));
    next.truncate(kept);
    next
}

/// The best sequence, and others that are both good and unlike those before.
fn varied(mut pool: Vec<Sequence>, most: usize) -> Vec<Sequence> {
    let mut chosen: Vec<Sequence> = Vec::new();
    while chosen.len() < most && !pool.is_empty() {
        let worth = |s: &Sequence| s.score - LIKENESS_COST * chosen.iter().map(|c| likeness(c, s)).fold(0.0, f64::max);
        let best = (0..pool.len()).max_by(|a, b| worth(&pool[*a]).total_cmp(&worth(&pool[*b])).then(b.cmp(a)));
        let Some(best) = best else { break };
        chosen.push(pool.remove(best));
    }
    chosen.sort_by(|a, b| b.score.total_cmp(&a.score));
    chosen
}

/// How much two sequences agree, 0 to 1: by the operation that each clause ends with, and the one that it starts with.
fn likeness(a: &Sequence, b: &Sequence) -> f64 {
    let ends = |s: &Sequence| -> Vec<OpId> { s.steps.iter().filter(|step| step.is_target).map(|step| step.op).collect() };
    let starts = |s: &Sequence| -> Vec<OpId> { s.steps.chunk_by(|x, y| x.clause == y.clause).map(|chain| chain[0].op).collect() };
    let agree = |a: &[OpId], b: &[OpId]| {
        let same = a.iter().zip(b).filter(|(x, y)| x == y).count();
        same as f64 / a.len().max(b.len()).max(1) as f64
    };
    0.5 * agree(&ends(a), &ends(b)) + 0.5 * agree(&starts(a), &starts(b))
}

pub(crate) fn ops(sequence: &Sequence) -> Vec<OpId> {
    sequence.steps.iter().map(|step| step.op).collect()
}

/// Whether a chain stands for enough of the clause.
fn is_enough(view: &View<'_, '_>, chain: &Chain) -> bool {
    let total = view.total_weight();
    let is_chosen_by_aim = matches!(view.clause.aim, Aim::Join | Aim::ActAs);
    if total <= 0.0 || view.clause.mode == Mode::Wait || is_chosen_by_aim {
        return true;
    }
    let covered: f64 =
        view.words.iter().map(|word| word.weight * chain.ops.iter().map(|op| word.strength(*op)).fold(0.0, f64::max)).sum();
    // Who does something, and what with, may be called anything: behind its subject the verb of an operation's own name is enough.
    let target = chain.ops[chain.ops.len() - 1];
    let is_called_so = |word: &ViewWord| word.is_verb && word.strength(target) >= 0.9;
    if view.clause.shares && !view.words.iter().any(is_called_so) {
        return false;
    }
    let has_subject = view.clause.words.first().is_some_and(|word| word.beside);
    let is_deed = has_subject && !view.index.ops[target].method.is_safe() && view.words.iter().any(is_called_so);
    covered / total >= view.index.weights.least_coverage || is_deed
}

fn append(view: &View<'_, '_>, sequence: &Sequence, chain: &Chain, number: usize, best: f64) -> Sequence {
    let mut next = sequence.clone();
    let total = view.total_weight().max(0.1);
    let target = chain.ops.len() - 1;
    let confidence = (view.covered(chain.ops[target]) / total).clamp(0.05, 1.0) * (1.0 / (1.0 + (best - chain.score) / 4.0));
    for (at, op) in chain.ops.iter().enumerate() {
        next.steps.push(Step { op: *op, clause: number, is_target: at == target, confidence, role: Role::Own });
        learn(view.index, &mut next.known, *op);
    }
    next.score += chain.score;
    next
}

/// What is known once an operation ran.
pub(crate) fn learn(index: &Index<'_>, known: &mut Known, op: OpId) {
    known.ops.push(op);
    known.created.extend(index.created(op));
    for found in &index.typing.operations[op].yields {
        let confidence = found.score * 0.6f64.powi(i32::from(found.nesting.min(3)));
        let is_own_list = found.nesting > 0 && !index.ops[op].method.is_safe();
        if confidence >= 0.3 && !(is_own_list && found.score < 0.5) {
            known.entities.push((found.entity, confidence));
        }
    }
    // Whatever an operation was given is known, too.
    for need in index.typing.operations[op].needs.iter().filter(|need| need.hard) {
        known.entities.push((need.entity, 0.6));
    }
}
