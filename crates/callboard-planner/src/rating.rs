//! What a chain is worth for a clause: covered words, literals that go in, the order of data, and what each step costs.

use std::rc::Rc;

use callboard_model::map::Input;

use crate::chains::Partial;
use crate::clauses::Mode;
use crate::entities::EntityId;
use crate::index::{OpId, Strength};
use crate::score::{View, ViewWord};
use crate::taking::literal_score;
use crate::typing::Need;
use crate::words::stem;

/// The parts of a chain's worth.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rating {
    /// Words that some operation stands for.
    pub(crate) words: f64,
    pub(crate) steps: f64,
    /// Links, and what each way of satisfying a need costs.
    pub(crate) links: f64,
    pub(crate) literals: f64,
    /// Tokens of paths that nobody speaks of.
    pub(crate) unsupported: f64,
    /// The order of mention.
    pub(crate) order: f64,
    /// Verb and method, service, deprecation.
    pub(crate) fit: f64,
    /// The operation tells what the clause asks for, or does not.
    pub(crate) answer: f64,
}

impl Rating {
    pub(crate) fn total(&self) -> f64 {
        self.words + self.steps + self.links + self.literals + self.unsupported + self.order + self.fit + self.answer
    }
}

/// Rates a chain.
pub(crate) fn rate(view: &View<'_, '_>, partial: &Partial) -> Rating {
    let weights = &view.index.weights;
    let target = partial.ops[0];
    let (literals, searched) = literal_score(view, partial);
    let is_bare = (searched.contains(&target) || only_lists(view, target)) && asks_for_more(view, target);
    let waits = if view.clause.mode == Mode::Wait { wait_score(view, target) } else { 0.0 };
    Rating {
        words: words(view, partial),
        steps: -weights.step * partial.ops.len() as f64,
        links: partial.confidence - partial.cost,
        literals,
        unsupported: -weights.unsupported * unsupported(view, partial, &searched),
        order: mention_score(view, partial),
        fit: view.agreement(target) + view.standing(target),
        answer: waits - if is_bare { weights.bare_search } else { 0.0 },
    }
}

fn words(view: &View<'_, '_>, partial: &Partial) -> f64 {
    let weights = &view.index.weights;
    let strengths: Vec<Rc<[Strength]>> = partial.ops.iter().map(|op| view.strengths_of(*op)).collect();
    let worth = |(at, word): (usize, &ViewWord)| {
        let own = strengths[0][at].whole;
        let best = strengths[1..].iter().map(|strengths| strengths[at].named).fold(own, f64::max);
        let asked = if word.is_head { weights.head } else { 0.0 };
        word.weight * (weights.coverage * best + (weights.target_coverage + asked) * own)
    };
    view.words.iter().enumerate().map(worth).sum()
}

/// Whether an operation merely lists the people of whom the clause asks something (`the birthday of the lead actor`).
fn only_lists(view: &View<'_, '_>, target: OpId) -> bool {
    let yields = &view.index.typing.operations[target].yields;
    let is_person = |entities: &Vec<EntityId>| entities.iter().any(|entity| view.index.is_person(*entity));
    let asked = view.mentions.last().filter(|last| is_person(last) && view.asks_for_attribute());
    asked.is_some_and(|last| {
        let mut own = yields.iter().filter(|y| last.contains(&y.entity) && view.index.is_person(y.entity)).peekable();
        own.peek().is_some() && own.all(|y| y.nesting > 0)
    })
}

/// Whether the clause has words about what is found, which finding it does not answer.
fn asks_for_more(view: &View<'_, '_>, target: OpId) -> bool {
    let is_attribute = |word: &&crate::score::ViewWord| !word.is_verb && view.index.entities_of(&word.text).is_empty();
    let is_answered = |word: &crate::score::ViewWord| word.strength(target) >= 0.8;
    view.words.iter().filter(is_attribute).any(|word| !is_answered(word))
}

/// A poll needs something that says so.
fn wait_score(view: &View<'_, '_>, target: OpId) -> f64 {
    let words = || view.words.iter().filter(|word| !word.is_verb);
    let places = &view.index.typing.operations[target].response;
    let best = places
        .iter()
        .map(|place| words().map(|word| crate::oracle::tells(place, &word.stem)).fold(0.0, f64::max))
        .fold(0.0, f64::max);
    if best > 0.0 { 3.0 * best } else { -3.0 }
}

/// Whether the chain has a value for a parameter.
fn is_met(view: &View<'_, '_>, partial: &Partial, op: OpId, parameter: &str) -> bool {
    let needs = &view.index.typing.operations[op].needs;
    let is_named = |need: &Need| matches!(&need.input, Input::Parameter(_, name) if name == parameter);
    partial.satisfied.iter().any(|(other, at)| *other == op && is_named(&needs[*at]))
}

fn unsupported(view: &View<'_, '_>, partial: &Partial, searched: &[OpId]) -> f64 {
    let weights = &view.index.weights;
    let mut total = 0.0;
    for (position, op) in partial.ops.iter().enumerate() {
        for token in &view.index.ops[*op].tokens {
            let mut support = view.support(token);
            if token.searches && searched.contains(op) {
                support = 1.0;
            }
            if let Some(parameter) = &token.parameter
                && is_met(view, partial, *op, parameter)
            {
                support = support.max(0.7);
            }
            let passes_it = partial.passes[position].is_some_and(|entity| {
                let noun = &view.index.typing.entities[entity].noun;
                noun.split(' ').any(|word| stem(word) == token.stem)
            });
            if passes_it {
                support = support.max(weights.downstream);
            }
            total += token.share * token.rarity.min(weights.token_most) * (1.0 - support);
        }
    }
    total
}

/// Whether data flows in the order in which things are mentioned.
fn mention_score(view: &View<'_, '_>, partial: &Partial) -> f64 {
    let weights = &view.index.weights;
    if view.mentions.is_empty() {
        return 0.0;
    }
    let mut flow: Vec<Vec<EntityId>> =
        partial.passes[1..].iter().rev().filter_map(|passed| passed.map(|entity| vec![entity])).collect();
    let target = &view.index.typing.operations[partial.ops[0]];
    let mut results: Vec<EntityId> =
        target.yields.iter().filter(|y| y.score >= 0.5 && y.nesting <= 2).map(|y| y.entity).collect();
    // What is read or changed by its key is what the operation is about, though the answer gives no key.
    results.extend(view.index.about(partial.ops[0]));
    flow.push(results.clone());
    let meets = |a: &[EntityId], b: &[EntityId]| a.iter().any(|entity| b.contains(entity));
    let mut matched: Vec<(usize, usize)> = Vec::new();
    let mut from = 0;
    for (m, mention) in view.mentions.iter().enumerate() {
        // Who acts is no result.
        let end = if view.is_beside(mention) { flow.len() - 1 } else { flow.len() };
        if let Some(f) = (from..end).find(|f| meets(mention, &flow[*f])) {
            matched.push((m, f));
            from = f + 1;
        }
    }
    let edges = matched.windows(2).filter(|pair| pair[1].0 == pair[0].0 + 1 && pair[1].1 == pair[0].1 + 1).count();
    let mut total = weights.mention * matched.len() as f64 + weights.mention_edge * edges as f64;
    let about = partial.passes.get(1).copied().flatten();
    let is_last = |last: &Vec<EntityId>| {
        if view.asks_for_attribute() { about.is_some_and(|entity| last.contains(&entity)) } else { meets(last, &results) }
    };
    if view.mentions.last().is_some_and(|last| is_last(last) && !view.is_beside(last)) {
        total += weights.mention_last;
    }
    total
}
