//! From a sentence to a plan.

use std::collections::BTreeMap;

use callboard_model::map::SystemMap;
use callboard_model::plan::{Alternative, Expectation, Plan, PlannedStep};
use callboard_model::{ServiceName, System};

use crate::beam::{self, Sequence};
use crate::clauses;
use crate::index::Index;
use crate::sentence::Sentence;
use crate::weights::Weights;

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
    pub environment_values: BTreeMap<String, serde_json::Value>,
    /// What each sign is worth.
    pub weights: Weights,
}

/// A system, indexed once for many sentences.
pub struct Planner<'a> {
    index: Index<'a>,
}

impl<'a> Planner<'a> {
    /// Indexes a system.
    pub fn new(system: &'a System, _map: &SystemMap, options: &PlanOptions) -> Self {
        Self { index: Index::new(system, &options.aliases, options.weights.clone()) }
    }

    /// Plans a sentence.
    pub fn plan(&self, text: &str, options: &PlanOptions) -> Plan {
        let _ = options;
        let sentence = Sentence::parse(text, &self.index.vocabulary);
        let clauses = clauses::split(&sentence, &self.index.vocabulary);
        let (sequences, _left_out) = beam::search(&self.index, &sentence, &clauses);
        let Some(best) = sequences.first() else { return Plan::default() };
        let margin = sequences.get(1).map_or(best.score, |next| best.score - next.score);
        let alternatives = sequences.iter().skip(1).map(|s| Alternative { steps: self.steps(s), score: s.score }).collect();
        Plan { steps: self.steps(best), alternatives, unmatched: Vec::new(), margin }
    }

    /// The clauses of a sentence, for a look at what was understood.
    pub fn explain(&self, text: &str) -> String {
        let sentence = Sentence::parse(text, &self.index.vocabulary);
        let clauses = clauses::split(&sentence, &self.index.vocabulary);
        let mut lines = String::new();
        for clause in &clauses {
            let words: Vec<&str> = clause.words.iter().map(|word| word.text.as_str()).collect();
            let literals: Vec<&str> = clause.literals.iter().map(|(_, l)| sentence.literals[*l].text.as_str()).collect();
            lines.push_str(&format!("  {:?} {:?} {words:?} literals {literals:?} {:?}\n", clause.mode, clause.act, clause.outcome));
        }
        lines
    }

    fn steps(&self, sequence: &Sequence) -> Vec<PlannedStep> {
        let operations: Vec<_> = self.index.system.operations().map(|(_, operation)| operation).collect();
        let step = |step: &beam::Step| PlannedStep {
            operation: operations[step.op].key.clone(),
            step: String::new(),
            bindings: Vec::new(),
            confidence: step.confidence,
            words: Vec::new(),
            expect: Expectation::Success,
            checks: Vec::new(),
            until: None,
        };
        sequence.steps.iter().map(step).collect()
    }
}

/// Plans one sentence. For many sentences over one system, keep a [`Planner`].
pub fn plan(system: &System, map: &SystemMap, sentence: &str, options: &PlanOptions) -> Plan {
    Planner::new(system, map, options).plan(sentence, options)
}
