//! From a sentence to a plan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use callboard_model::map::SystemMap;
use callboard_model::plan::{Alternative, Plan, PlannedCheck, PlannedStep};
use callboard_model::{Operation, Service, ServiceName, System};
use serde_json::Value;

use crate::beam::{self, Sequence, Step};
use crate::bind::{Binder, Bound};
use crate::clauses;
use crate::criteria;
use crate::environment;
use crate::explain;
use crate::fill;
use crate::index::Index;
use crate::links::{MapOptions, MappedSystem, typing_for_plans};
use crate::looks;
use crate::made;
use crate::named;
use crate::oracle::{self, Oracle};
use crate::render;
use crate::score::View;
use crate::sentence::Sentence;
use crate::teardown;
use crate::typing::{Typing, all_signals};
use crate::weights::Weights;
use crate::words::split_identifier;

/// What a project says about planning.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// The project's glossary: a word to the entity that it means.
    pub aliases: BTreeMap<String, String>,
    /// Services that are taken before others where both would do.
    pub prefer: Vec<ServiceName>,
    /// Outputs that must exist before a service is called, by service: what its environment's templates name (`{outputs.token}`).
    pub environment_needs: BTreeMap<ServiceName, Vec<String>>,
    /// Named values of the environment.
    pub environment_values: BTreeMap<String, Value>,
    /// What each sign is worth.
    pub weights: Weights,
}

/// A system, indexed once for many sentences.
pub struct Planner<'a> {
    pub(crate) index: Index<'a>,
    pub(crate) operations: Vec<(&'a Service, &'a Operation)>,
}

impl<'a> Planner<'a> {
    /// Indexes a system. Links that the user confirmed in the map are certain, rejected ones are never used; glossary and weights come from the options.
    pub fn new(system: &'a System, map: &SystemMap, options: &PlanOptions) -> Self {
        let mut typing = Typing::of(system, &options.aliases, &all_signals());
        typing.take(map, system);
        Self::with(system, Arc::new(typing), options)
    }

    /// As [`Self::new`], from a system that was read before: the same plans, without a second reading.
    pub fn of(mapped: &MappedSystem<'a>, options: &PlanOptions) -> Self {
        Self::with(mapped.system, mapped.typing.clone(), options)
    }

    /// As [`Self::of`], where nobody wants the map itself: what the user said about links counts, the others are not spelled out.
    pub fn reading(system: &'a System, map: &MapOptions, options: &PlanOptions) -> Self {
        Self::with(system, Arc::new(typing_for_plans(system, map)), options)
    }

    fn with(system: &'a System, typing: Arc<Typing>, options: &PlanOptions) -> Self {
        let mut index = Index::new(system, typing, &options.aliases, options.weights.clone());
        index.awaited = environment::awaited(&index, &options.environment_needs);
        Self { index, operations: system.operations().collect() }
    }

    /// Plans a sentence. Nothing understood gives a plan without steps, with every word in `unmatched`.
    pub fn plan(&self, text: &str, options: &PlanOptions) -> Plan {
        let sentence = Sentence::parse(text, &self.index.vocabulary);
        let clauses = clauses::split(&sentence, &self.index.vocabulary);
        let preferred: BTreeSet<usize> = options.prefer.iter().filter_map(|name| self.service_number(name)).collect();
        let views = beam::views(&self.index, &sentence, &clauses, &preferred);
        let sequences = beam::search(&views);
        let binder =
            Binder { index: &self.index, operations: self.operations.clone(), sentence: &sentence, views: &views, options };
        let Some(best) = sequences.first() else { return Plan::default() };
        let Worked { steps, teardown, used, inexpressible } = self.steps(best, &binder);
        let mut unmatched = unmatched(best, &views, &sentence, &used);
        unmatched.extend(inexpressible);
        let margin = sequences.get(1).map_or(best.score, |next| best.score - next.score);
        let alternatives =
            sequences.iter().skip(1).map(|s| Alternative { steps: self.steps(s, &binder).steps, score: s.score }).collect();
        Plan { steps, teardown, alternatives, unmatched, margin }
    }

    pub(crate) fn service_number(&self, name: &ServiceName) -> Option<usize> {
        self.index.system.services().iter().position(|service| service.name == *name)
    }

    /// The clauses of a sentence with the best chains for each: what was understood of it, and why one chain is better than another.
    pub fn explain(&self, text: &str) -> String {
        let sentence = Sentence::parse(text, &self.index.vocabulary);
        let clauses = clauses::split(&sentence, &self.index.vocabulary);
        let views = beam::views(&self.index, &sentence, &clauses, &BTreeSet::new());
        let best = beam::search(&views).into_iter().next().unwrap_or_default();
        explain::explain(&self.index, &sentence, &views, &best)
    }

    fn steps(&self, sequence: &Sequence, binder: &Binder<'_, 'a>) -> Worked {
        let (index, views) = (&self.index, binder.views);
        let steps = named::make(index, views, &sequence.steps);
        let steps = environment::ensure(index, steps, &binder.options.environment_needs);
        let steps = made::make(index, views, &steps);
        let steps = fill::fill(index, views, looks::hoist(index, views, steps));
        let steps = looks::ready(index, views, &steps);
        let steps = looks::before(index, views, looks::again(index, views, &steps));
        let (bound, used) = binder.bind(&steps);
        self.work_out(bound, used, binder, |_| {})
    }

    /// Bound steps with their checks and what removes what they make. `adjust` may change what is expected of them.
    pub(crate) fn work_out(
        &self,
        bound: Vec<Bound>,
        used: BTreeSet<usize>,
        binder: &Binder<'_, 'a>,
        adjust: impl FnOnce(&mut [Oracle]),
    ) -> Worked {
        let mut oracles = oracle::oracles(binder, &bound);
        adjust(&mut oracles);
        let undone = teardown::teardown(binder, &bound, &oracles);
        let mut names: BTreeSet<String> = BTreeSet::new();
        let mut worked = Worked { used, ..Worked::default() };
        for (bound, oracle) in bound.into_iter().zip(oracles) {
            worked.steps.push(self.planned(bound, oracle, binder, &mut names));
        }
        for (bound, oracle) in undone {
            worked.teardown.push(self.planned(bound, oracle, binder, &mut names));
        }
        for step in &mut worked.steps {
            let (kept, dropped) = std::mem::take(&mut step.checks).into_iter().partition(criteria::can_express);
            step.checks = kept;
            let dropped: Vec<PlannedCheck> = dropped;
            worked.inexpressible.extend(dropped.iter().map(|check| format!("{}: {}", step.step, render::render_check(check))));
        }
        worked
    }

    fn planned(&self, bound: Bound, oracle: Oracle, binder: &Binder<'_, 'a>, names: &mut BTreeSet<String>) -> PlannedStep {
        let operation = self.operations[bound.step.op].1;
        PlannedStep {
            operation: operation.key.clone(),
            step: unique(&step_name(operation), names),
            bindings: bound.bindings,
            confidence: (bound.step.confidence * 100.0).round() / 100.0,
            words: self.words(&bound.step, binder),
            expect: oracle.expect,
            checks: oracle.checks,
            until: oracle.until,
            within: binder.view(&bound.step).and_then(|view| view.clause.within),
        }
    }

    /// The words of the clause that a step stands for; none for a step that others need.
    fn words(&self, step: &Step, binder: &Binder<'_, 'a>) -> Vec<String> {
        let Some(view) = binder.view(step).filter(|_| step.is_target) else { return Vec::new() };
        let stands_for = |word: &&crate::score::ViewWord| word.factor >= 1.0 && (word.is_verb || word.strength(step.op) >= 0.3);
        let mut words: Vec<String> = view.words.iter().filter(stands_for).map(|word| word.text.clone()).collect();
        words.extend(view.literals.iter().map(|literal| binder.sentence.literals[literal.number].text.clone()));
        words
    }
}

/// A sequence, worked out.
#[derive(Default)]
pub(crate) struct Worked {
    pub(crate) steps: Vec<PlannedStep>,
    pub(crate) teardown: Vec<PlannedStep>,
    /// Literals that were used.
    pub(crate) used: BTreeSet<usize>,
    /// Checks that the scenario language has no form for.
    pub(crate) inexpressible: Vec<String>,
}

/// Plans one sentence. For many sentences over one system, keep a [`Planner`].
pub fn plan(system: &System, map: &SystemMap, sentence: &str, options: &PlanOptions) -> Plan {
    Planner::new(system, map, options).plan(sentence, options)
}

/// Words that no step of their clause stands for, and literals that nothing took.
pub(crate) fn unmatched(sequence: &Sequence, views: &[View<'_, '_>], sentence: &Sentence, used: &BTreeSet<usize>) -> Vec<String> {
    let mut unmatched = Vec::new();
    for (number, view) in views.iter().enumerate() {
        let ops: Vec<usize> = sequence.steps.iter().filter(|step| step.clause == number).map(|step| step.op).collect();
        let own: Vec<usize> =
            sequence.steps.iter().filter(|step| step.clause == number && step.is_target).map(|step| step.op).collect();
        unmatched.extend(view.clause.unsaid.iter().cloned());
        for word in view.words.iter().filter(|word| word.factor >= 1.0) {
            let best = ops.iter().map(|op| word.strength(*op)).fold(0.0, f64::max);
            let is_used = if word.is_verb { own.iter().any(|op| view.is_done_by(word, *op)) } else { best >= 0.3 };
            if !is_used {
                unmatched.push(word.text.clone());
            }
        }
    }
    let named: Vec<&str> = used.iter().map(|number| sentence.literals[*number].text.as_str()).collect();
    unmatched.extend(
        sentence
            .literals
            .iter()
            .enumerate()
            .filter(|(at, l)| !used.contains(at) && !named.contains(&l.text.as_str()))
            .map(|(_, l)| l.text.clone()),
    );
    unmatched
}

/// `createOrder` as it is, `get-user` as it is, `GET /api/status` as `getApiStatus`.
pub(crate) fn step_name(operation: &Operation) -> String {
    let plain = |id: &String| id.len() <= 40 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if let Some(id) = operation.id.as_ref().filter(|id| plain(id)) {
        return id.clone();
    }
    let text = operation
        .id
        .clone()
        .unwrap_or_else(|| format!("{} {}", operation.key.method.as_str().to_lowercase(), operation.key.path));
    let mut name = String::new();
    for (i, word) in split_identifier(&text).iter().enumerate() {
        let mut chars = word.chars().filter(char::is_ascii_alphanumeric);
        match chars.next() {
            Some(first) if i > 0 => name.extend(std::iter::once(first.to_ascii_uppercase()).chain(chars)),
            Some(first) => name.extend(std::iter::once(first).chain(chars)),
            None => {}
        }
    }
    if name.is_empty() { "step".to_owned() } else { name.chars().take(48).collect() }
}

pub(crate) fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 2;
    while !names.insert(candidate.clone()) {
        candidate = format!("{name}-{number}");
        number += 1;
    }
    candidate
}
