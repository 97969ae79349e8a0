//! A sentence as the planner reads it, and all that this module needs of the planner's inside.

use std::collections::BTreeSet;

use callboard_model::map::Output;
use callboard_model::plan::{Plan, PlannedStep};
use callboard_model::{Operation, OperationKey, Service};

use crate::beam::{self, Sequence};
use crate::bind::Binder;
use crate::clauses::{self, Clause};
use crate::index::{Index, OpId};
use crate::plan::{PlanOptions, Planner};
use crate::pointers::concrete_pointer;
use crate::score::View;
use crate::sentence::Sentence;

/// A sentence, read.
pub(crate) struct Reading<'i, 'a> {
    pub(crate) planner: &'i Planner<'a>,
    pub(crate) text: &'i str,
    pub(crate) clauses: &'i [Clause],
    pub(crate) binder: Binder<'i, 'a>,
}

impl<'a> Planner<'a> {
    /// Reads a sentence and lets `work` look at it.
    pub(crate) fn read<R>(&self, text: &str, options: &PlanOptions, work: impl FnOnce(&Reading<'_, 'a>) -> R) -> R {
        let sentence = Sentence::parse(text, &self.index.vocabulary);
        let clauses = clauses::split(&sentence, &self.index.vocabulary);
        let preferred: BTreeSet<usize> = options.prefer.iter().filter_map(|name| self.service_number(name)).collect();
        let views = beam::views(&self.index, &sentence, &clauses, &preferred);
        let binder =
            Binder { index: &self.index, operations: self.operations.clone(), sentence: &sentence, views: &views, options };
        work(&Reading { planner: self, text, clauses: &clauses, binder })
    }
}

impl<'i, 'a> Reading<'i, 'a> {
    pub(crate) fn index(&self) -> &'i Index<'a> {
        self.binder.index
    }

    pub(crate) fn views(&self) -> &'i [View<'i, 'a>] {
        self.binder.views
    }

    pub(crate) fn operation(&self, op: OpId) -> (&'a Service, &'a Operation) {
        self.binder.operations[op]
    }

    /// The sequences that the search finds, best first.
    pub(crate) fn sequences(&self) -> Vec<Sequence> {
        beam::search(self.views())
    }

    /// The words and literals of a clause, in order.
    pub(crate) fn clause_text(&self, number: usize) -> String {
        let clause = &self.clauses[number];
        let words = clause.words.iter().filter(|word| word.factor >= 1.0).map(|word| (word.position, word.text.clone()));
        let literals = clause.literals.iter().map(|(at, literal)| (*at, self.literal(*literal)));
        let mut parts: Vec<(usize, String)> = words.chain(literals).collect();
        parts.sort_by_key(|(position, _)| *position);
        parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
    }

    /// The number of an operation.
    pub(crate) fn op_of(&self, key: &OperationKey) -> Option<OpId> {
        self.binder.operations.iter().position(|(_, operation)| operation.key == *key)
    }

    /// The clause that an operation stands for best.
    pub(crate) fn best_clause(&self, op: OpId) -> usize {
        let rated = self.views().iter().enumerate().map(|(number, view)| (view.rel(op), number));
        rated.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map_or(0, |(_, number)| number)
    }

    /// The clauses of a plan's steps: where their words come from; a step without words belongs to the next one that has some.
    pub(crate) fn clauses_of(&self, plan: &Plan) -> Vec<usize> {
        let mut next = self.clauses.len().saturating_sub(1);
        let mut clauses: Vec<usize> = plan
            .steps
            .iter()
            .rev()
            .map(|step| {
                next = self.clause_of(step).unwrap_or(next);
                next
            })
            .collect();
        clauses.reverse();
        clauses
    }

    fn clause_of(&self, step: &PlannedStep) -> Option<usize> {
        let shared =
            |view: &View<'_, '_>| step.words.iter().filter(|text| view.words.iter().any(|word| word.text == **text)).count();
        let counted = self.views().iter().enumerate().map(|(number, view)| (shared(view), number));
        let best = counted.max_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
        best.filter(|(count, _)| *count > 0).map(|(_, number)| number)
    }

    /// A place of a real answer: the first item of each list.
    pub(crate) fn concrete(&self, op: OpId, output: &Output) -> Option<Output> {
        match output {
            Output::Body(pointer) => concrete_pointer(pointer, &self.index().typing.operations[op].response).map(Output::Body),
            other => Some(other.clone()),
        }
    }

    fn literal(&self, number: usize) -> String {
        format!("\"{}\"", self.binder.sentence.literals[number].text)
    }
}
