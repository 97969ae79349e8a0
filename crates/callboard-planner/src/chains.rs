//! Chains: a clause's operation with the operations that yield what it needs, found backwards along the map.

use std::collections::HashSet;
use std::rc::Rc;

use callboard_model::Method;
use callboard_model::map::Output;

use crate::aims::Aim;
use crate::clauses::{ContentWord, Mode};
use crate::entities::{EntityId, EntityInfo};
use crate::index::{Index, OpId};
use crate::keys::fit;
use crate::literals::LiteralKind;
use crate::rating::{Rating, rate};
use crate::score::View;
use crate::shape::Kind;
use crate::typing::Need;
use crate::words::{Act, singular};

/// Targets looked at per clause.
const TARGETS: usize = 30;
/// Partial chains per target.
const PARTIALS: usize = 60;
/// Operations in a chain.
const DEPTH: usize = 4;

/// Producers known of one need: those tried, and those that a chain may hold already.
const BEST_PRODUCERS: usize = 8 + DEPTH;

/// Resources that earlier steps yield: the entity, the step and how sure we are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) entities: Vec<(EntityId, f64)>,
    /// Resources that an earlier clause made.
    pub(crate) created: Vec<EntityId>,
    /// Operations of earlier clauses.
    pub(crate) ops: Vec<OpId>,
}

impl Known {
    /// How surely earlier steps yield a resource, when they do.
    fn sure(&self, entity: EntityId) -> Option<f64> {
        self.entities.iter().filter(|(known, _)| *known == entity).map(|(_, sure)| *sure).max_by(f64::total_cmp)
    }
}

/// A chain.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    /// In order of execution; the last one is the target.
    pub(crate) ops: Vec<OpId>,
    pub(crate) score: f64,
    pub(crate) rating: Rating,
}

/// A chain while it is put together.
#[derive(Clone)]
pub(crate) struct Partial {
    /// The target first, producers behind what they produce for.
    pub(crate) ops: Vec<OpId>,
    /// Resources that each producer passes on.
    pub(crate) passes: Vec<Option<EntityId>>,
    pub(crate) waiting: Vec<(OpId, usize)>,
    /// Needs that are met: the tokens before their parameters are supported.
    pub(crate) satisfied: Vec<(OpId, usize)>,
    /// Literals that are keys.
    pub(crate) keys: Vec<usize>,
    /// Worth of the links, mostly negative.
    pub(crate) confidence: f64,
    pub(crate) cost: f64,
}

/// The best chains for a clause, best first.
pub(crate) fn chains(view: &View<'_, '_>, known: &Known, most: usize) -> Vec<Chain> {
    let expanded: Vec<Rc<[Chain]>> = view.targets(TARGETS).iter().map(|target| chains_to(view, known, *target)).collect();
    let mut found: Vec<&Chain> = expanded.iter().flat_map(|chains| chains.iter().take(most)).collect();
    found.sort_by(|a, b| in_order(a, b));
    found.into_iter().take(most).cloned().collect()
}

fn in_order(a: &Chain, b: &Chain) -> std::cmp::Ordering {
    b.score.total_cmp(&a.score).then_with(|| a.ops.cmp(&b.ops))
}

/// What was found for one target, with all that it depended on.
pub(crate) struct Expanded {
    start_cost: f64,
    /// Resources that were asked for, with how surely earlier steps yield them.
    asked: Vec<(EntityId, Option<f64>)>,
    chains: Rc<[Chain]>,
}

/// The chains to one target, each sequence of operations once, best first. Sequences that leave the same behind get the same ones.
fn chains_to(view: &View<'_, '_>, known: &Known, target: OpId) -> Rc<[Chain]> {
    let start = start(view, known, target);
    let start_cost = start.cost;
    let is_same = |e: &&Expanded| e.start_cost == start_cost && e.asked.iter().all(|(entity, sure)| known.sure(*entity) == *sure);
    if let Some(before) = view.expanded.borrow().get(&target).and_then(|all| all.iter().find(is_same)) {
        return before.chains.clone();
    }
    let mut asking = Asking { known, asked: Vec::new() };
    let partials = expand(view, &mut asking, start);
    let chain = |partial: &Partial| {
        let rating = rate(view, partial);
        Chain { ops: partial.ops.iter().rev().copied().collect(), score: rating.total(), rating }
    };
    let mut chains: Vec<Chain> = partials.iter().map(chain).collect();
    chains.sort_by(in_order);
    let mut seen: HashSet<Vec<OpId>> = HashSet::new();
    chains.retain(|chain| seen.insert(chain.ops.clone()));
    let chains: Rc<[Chain]> = chains.into();
    let found = Expanded { start_cost, asked: asking.asked, chains: chains.clone() };
    view.expanded.borrow_mut().entry(target).or_default().push(found);
    chains
}

/// What earlier steps left behind, and what was asked of it.
struct Asking<'k> {
    known: &'k Known,
    asked: Vec<(EntityId, Option<f64>)>,
}

impl Asking<'_> {
    fn sure(&mut self, entity: EntityId) -> Option<f64> {
        if let Some((_, sure)) = self.asked.iter().find(|(asked, _)| *asked == entity) {
            return *sure;
        }
        let sure = self.known.sure(entity);
        self.asked.push((entity, sure));
        sure
    }
}

/// A chain of a target alone.
pub(crate) fn start(view: &View<'_, '_>, known: &Known, target: OpId) -> Partial {
    Partial {
        ops: vec![target],
        passes: vec![None],
        waiting: hard_needs(view.index, target),
        satisfied: Vec::new(),
        keys: Vec::new(),
        confidence: 0.0,
        cost: unnamed(view, target) + made_again(view, known, target)
            - repeated(view, known, target)
            - by_key(view, known, target)
            + number(view, target),
    }
}

fn expand(view: &View<'_, '_>, known: &mut Asking<'_>, start: Partial) -> Vec<Partial> {
    let mut open = vec![start];
    let mut done = Vec::new();
    while let Some(mut partial) = open.pop() {
        let Some((op, need)) = partial.waiting.pop() else {
            done.push(partial);
            continue;
        };
        if done.len() + open.len() >= PARTIALS {
            partial.cost += view.index.weights.open_need;
            open.push(partial);
            continue;
        }
        let mut options = resolve(view, known, &partial, op, need);
        // The best option is popped, and so finished, first.
        options.reverse();
        open.extend(options);
    }
    done
}

/// Cost of a key that the caller would choose while the clause gives no name.
fn unnamed(view: &View<'_, '_>, op: OpId) -> f64 {
    let types = &view.index.typing.operations[op];
    let chosen = types.yields.iter().find(|y| matches!(y.output, Output::Request(_)));
    let is_name = |literal: &&crate::score::ViewLiteral| {
        let is_of_another = !literal.entities.is_empty()
            && chosen.is_some_and(|y| !literal.entities.contains(&y.entity))
            && types.needs.iter().any(|need| need.hard && literal.entities.contains(&need.entity));
        (literal.kind != LiteralKind::Number || literal.is_key) && !is_of_another
    };
    let has_name = view.literals.iter().any(|literal| is_name(&literal));
    // Any name will do for `a file` that is new.
    let is_any = |word: &ContentWord| {
        word.indefinite && chosen.is_some_and(|chosen| view.index.entities_of(&word.text).contains(&chosen.entity))
    };
    let is_new = view.clause.act == Some(Act::Create) && view.clause.words.iter().any(is_any);
    match chosen {
        Some(_) if !has_name && is_new => view.index.weights.open_need,
        Some(_) if !has_name => view.index.weights.unnamed,
        _ => 0.0,
    }
}

/// Cost of making once more what an earlier clause made and this one means (`add a product to the cart`), or the one for whom
/// something is made (`a customer buys`, `an order for a customer`).
fn made_again(view: &View<'_, '_>, known: &Known, op: OpId) -> f64 {
    let Some(entity) = view.index.created(op).or_else(|| view.index.collects(op)) else { return 0.0 };
    let was_made = known.created.contains(&entity);
    let is_wrong =
        |word: &&ContentWord| (word.beside || word.definite && was_made) && view.index.entities_of(&word.text).contains(&entity);
    if view.clause.words.iter().any(|word| is_wrong(&word)) { view.index.weights.made_again } else { 0.0 }
}

/// Worth of an operation that was called before, when the clause speaks of the second time.
fn repeated(view: &View<'_, '_>, known: &Known, op: OpId) -> f64 {
    if view.clause.repeats && known.ops.contains(&op) { view.index.weights.repeated } else { 0.0 }
}

/// Whether the clause names a resource.
fn names(view: &View<'_, '_>, entity: EntityId) -> bool {
    view.clause.words.iter().any(|word| !word.is_verb && view.index.entities_of(&word.text).contains(&entity))
}

/// Cost of making several at once while the clause speaks of one.
fn number(view: &View<'_, '_>, op: OpId) -> f64 {
    let Some(entity) = view.index.collects(op).filter(|entity| view.index.created(op) != Some(*entity)) else { return 0.0 };
    let answers_list = view.index.typing.operations[op].yields.iter().any(|y| y.entity == entity && y.nesting == 1);
    let is_one = |word: &ContentWord| singular(&word.text) == word.text && view.index.entities_of(&word.text).contains(&entity);
    let speaks_of_one = view.clause.words.iter().any(|word| !word.is_verb && is_one(word));
    if answers_list && speaks_of_one { view.index.weights.verb_method } else { 0.0 }
}

/// Worth of reading by its key what an earlier clause made, when the clause checks it: `the order is cancelled`, `it is in the group`.
fn by_key(view: &View<'_, '_>, known: &Known, op: OpId) -> f64 {
    let clause = view.clause;
    let reads = clause.mode == Mode::Do && clause.act == Some(Act::Read);
    if !(clause.mode == Mode::Check || reads) || !view.index.ops[op].method.is_safe() {
        return 0.0;
    }
    let is_made = |word: &&ContentWord| {
        let is_listed = |entity: &EntityId| known.entities.iter().any(|(known, _)| known == entity);
        let is_one = singular(&word.text) == word.text;
        let is_known = |entity: &EntityId| if reads { is_one && known.created.contains(entity) } else { is_listed(entity) };
        !word.is_verb && word.definite && view.index.entities_of(&word.text).iter().any(is_known)
    };
    let in_list = matches!(clause.aim, Aim::Holds(_)) && clause.words.iter().any(|word| word.stem == "list");
    if in_list {
        return 0.0;
    }
    // What holds something is named last, what something is said of is named first.
    let word = match clause.aim {
        Aim::Holds(_) => clause.words.iter().rfind(is_made),
        // Who reads wants what is named first; `its tour, to see the property` wants no property.
        _ if reads => clause.words.iter().find(|word| !word.is_verb).filter(is_made),
        _ => clause.words.iter().find(is_made),
    };
    // `it` is what was spoken of before.
    let pronoun = || view.words.iter().find(|word| word.position == usize::MAX).map(|word| word.text.as_str());
    let pronoun = || pronoun().filter(|_| !reads && !matches!(clause.aim, Aim::Holds(_)));
    let text = word.map(|word| word.text.as_str()).or_else(pronoun);
    let meant = text.map(|text| view.index.entities_of(text)).unwrap_or_default();
    let key = view.index.typing.operations[op].needs.iter().rfind(|need| need.hard);
    let is_meant = key.is_some_and(|need| meant.contains(&need.entity));
    if is_meant && view.index.ops[op].ends_in_parameter { view.index.weights.by_key } else { 0.0 }
}

pub(crate) fn hard_needs(index: &Index<'_>, op: OpId) -> Vec<(OpId, usize)> {
    let types = &index.typing.operations[op];
    (0..types.needs.len())
        .rev()
        .filter(|at| types.needs[*at].hard && !is_chosen(index, op, &types.needs[*at]))
        .map(|at| (op, at))
        .collect()
}

/// Whether the caller chooses this key: the operation creates it.
pub(crate) fn is_chosen(index: &Index<'_>, op: OpId, need: &Need) -> bool {
    index.typing.operations[op].yields.iter().any(|y| matches!(&y.output, Output::Request(input) if *input == need.input))
}

fn resolve(view: &View<'_, '_>, known: &mut Asking<'_>, partial: &Partial, op: OpId, at: usize) -> Vec<Partial> {
    let need = &view.index.typing.operations[op].needs[at];
    let satisfied = |keys: Option<usize>, confidence: f64| {
        let mut next = partial.clone();
        next.satisfied.push((op, at));
        next.keys.extend(keys);
        next.confidence += confidence;
        next
    };
    let ln = |confidence: f64| view.index.weights.confidence * confidence.max(0.05).ln();
    if op == partial.ops[0] && view.is_unknown(need.entity) {
        return vec![satisfied(None, 0.0)];
    }
    if let Some(literal) = key_literal(view, partial, need) {
        return vec![satisfied(Some(literal), 0.0)];
    }
    if let Some(confidence) = known.sure(need.entity) {
        return vec![satisfied(None, 0.3 * ln(confidence))];
    }
    let position = partial.ops.iter().position(|o| *o == op).unwrap_or(0);
    if let Some(producer) = partial.ops[position + 1..].iter().find(|p| passes(view.index, **p, op, need).is_some()) {
        let confidence = passes(view.index, *producer, op, need).unwrap_or(0.5);
        return vec![satisfied(None, ln(confidence))];
    }
    let mut options = Vec::new();
    let is_given = view.is_given(need.entity);
    if partial.ops.len() < DEPTH && !is_given {
        let width = if partial.ops.len() == 1 { 8 } else { 5 };
        for (producer, confidence) in producers(view, partial, (op, at), width) {
            let mut next = satisfied(None, ln(confidence));
            next.ops.push(producer);
            next.passes.push(Some(need.entity));
            next.waiting.extend(hard_needs(view.index, producer));
            let creates = matches!(view.index.ops[producer].method, Method::Post | Method::Put);
            next.cost += unnamed(view, producer);
            if creates && !matches!(view.clause.act, Some(Act::Create)) && !view.stems.contains("new") {
                next.cost += 1.0;
            }
            options.push(next);
        }
    }
    let mut open = partial.clone();
    open.cost += if is_given { 0.3 } else { view.index.weights.open_need };
    if is_given {
        open.satisfied.push((op, at));
    }
    options.push(open);
    options
}

/// Whether people know the resource by its key (`/users/{username}`), as opposed to a code that some service made up.
pub(crate) fn has_named_key(info: &EntityInfo) -> bool {
    info.keys.values().flatten().any(|key| key != "id" && key != "uuid")
}

/// A literal of the clause that is the key itself.
pub(crate) fn key_literal(view: &View<'_, '_>, partial: &Partial, need: &Need) -> Option<usize> {
    let text_key = matches!(need.kind, Kind::Text | Kind::Any);
    let info = &view.index.typing.entities[need.entity];
    let named_key = has_named_key(info);
    let fits = |(at, literal): (usize, &crate::score::ViewLiteral)| {
        let fits_entity = literal.entities.is_empty() || literal.entities.contains(&need.entity);
        let fits_kind = match literal.kind {
            LiteralKind::Number => literal.is_key,
            LiteralKind::Identifier => text_key,
            LiteralKind::Name | LiteralKind::Quoted => text_key && (named_key || literal.is_key),
        };
        fits_entity
            && fits_kind
            && !literal.is_instance
            && !literal.not.contains(&need.entity)
            && (!partial.keys.contains(&at) || !literal.entities.is_empty())
    };
    view.literals.iter().enumerate().position(fits)
}

/// How surely an operation yields what a need wants.
pub(crate) fn passes(index: &Index<'_>, producer: OpId, consumer: OpId, need: &Need) -> Option<f64> {
    let yields = &index.typing.operations[producer].yields;
    let confidence = |y: &crate::typing::Yield| {
        y.score
            * 0.7f64.powi(i32::from(y.nesting.min(3)))
            * fit((y.kind, y.format.as_deref()), (need.kind, need.format.as_deref()))
            * need.score
    };
    let is_allowed = |y: &&crate::typing::Yield| !index.typing.is_rejected(producer, &y.output, consumer, &need.input);
    yields.iter().filter(|y| y.entity == need.entity).filter(is_allowed).map(confidence).max_by(f64::total_cmp)
}

/// The best operations that yield what a need wants and are not in the chain yet.
fn producers(view: &View<'_, '_>, partial: &Partial, need: (OpId, usize), most: usize) -> Vec<(OpId, f64)> {
    let home = view.index.ops[partial.ops[0]].service;
    let known = view.producers.borrow().get(&(home, need)).cloned();
    let all = known.unwrap_or_else(|| {
        let found: Rc<[(OpId, f64)]> = all_producers(view, home, need).into();
        view.producers.borrow_mut().insert((home, need), found.clone());
        found
    });
    all.iter().filter(|(op, _)| !partial.ops.contains(op)).take(most).copied().collect()
}

/// The operations that yield what a need wants, best first: more than any chain can use.
fn all_producers(view: &View<'_, '_>, home: usize, (consumer, at): (OpId, usize)) -> Vec<(OpId, f64)> {
    let index = view.index;
    let need = &index.typing.operations[consumer].needs[at];
    let claims = &index.typing.entities[need.entity].claims;
    let mut found: Vec<(f64, OpId, f64)> = Vec::new();
    for &op in index.typing.producing.get(&need.entity).into_iter().flatten() {
        if matches!(index.ops[op].method, Method::Delete) || !index.ops[op].usable {
            continue;
        }
        // What was just made has nothing below it yet.
        let is_below = |other: &Need| other.hard && view.clause.aim == Aim::Join && names(view, other.entity);
        if index.typing.operations[op].needs.iter().any(is_below) {
            continue;
        }
        let Some(mut confidence) = passes(index, op, consumer, need) else { continue };
        if index.ops[op].service != home && claims.get(&home).is_some_and(|claim| *claim >= 3.0) {
            confidence *= 0.4;
        }
        found.push((view.rel(op) + index.weights.confidence * confidence.max(0.05).ln(), op, confidence));
    }
    let best_first = |a: &(f64, OpId, f64), b: &(f64, OpId, f64)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
    if found.len() > BEST_PRODUCERS {
        found.select_nth_unstable_by(BEST_PRODUCERS, best_first);
        found.truncate(BEST_PRODUCERS);
    }
    found.sort_by(best_first);
    found.into_iter().map(|(_, op, confidence)| (op, confidence)).collect()
}
