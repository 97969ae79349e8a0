//! SOCBench-D: systems of five services; a sentence wants a set of operations, whatever their order.

use std::collections::BTreeSet;
use std::path::Path;

use callboard_model::plan::PlannedStep;
use callboard_planner::{MapOptions, PlanOptions, Planner, map};

use crate::load::{endpoints, entries, json, named_by_file, strings, system};

/// How much of what is wanted was planned, and how much else.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sets {
    pub(crate) count: usize,
    pub(crate) hits: usize,
    pub(crate) gold: usize,
    pub(crate) planned: usize,
    /// Sentences all of whose operations were planned.
    pub(crate) whole: usize,
    /// Planned without need for the sentence's own operations only, not for a word of it.
    pub(crate) supporting: usize,
}

impl Sets {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            hits: self.hits + other.hits,
            gold: self.gold + other.gold,
            planned: self.planned + other.planned,
            whole: self.whole + other.whole,
            supporting: self.supporting + other.supporting,
        }
    }

    fn take(&mut self, gold: &BTreeSet<String>, steps: &[PlannedStep]) {
        let planned: BTreeSet<String> = endpoints(steps).into_iter().collect();
        let hits = gold.intersection(&planned).count();
        let is_supporting = |step: &&PlannedStep| step.words.is_empty();
        let supporting: BTreeSet<String> =
            steps.iter().filter(is_supporting).flat_map(|step| endpoints(std::slice::from_ref(step))).collect();
        self.count += 1;
        self.hits += hits;
        self.gold += gold.len();
        self.planned += planned.len();
        self.whole += usize::from(hits == gold.len());
        self.supporting += supporting.difference(gold).count();
    }
}

/// One run of the set.
pub(crate) fn run(folder: &Path, number: u32, options: &PlanOptions, verbose: bool) -> Sets {
    let mut sets = Sets::default();
    for folder in entries(&folder.join(format!("socbench-d/run{number}"))) {
        let mut files = entries(&folder);
        files.retain(|file| file.file_name().is_some_and(|name| name != "queries.json"));
        let system = system(&named_by_file(files));
        let planner = Planner::new(&system, &map(&system, &MapOptions::default()), options);
        for case in json(&folder.join("queries.json"))["queries"].as_array().into_iter().flatten() {
            let sentence = case["query"].as_str().unwrap_or_default();
            let gold: BTreeSet<String> = strings(&case["endpoints"]).into_iter().collect();
            let plan = planner.plan(sentence, options);
            sets.take(&gold, &plan.steps);
            if verbose {
                explain(sentence, &gold, &plan.steps);
                println!("{}", planner.explain(sentence));
            }
        }
    }
    sets
}

fn explain(sentence: &str, gold: &BTreeSet<String>, steps: &[PlannedStep]) {
    let planned: BTreeSet<String> = endpoints(steps).into_iter().collect();
    println!("{sentence}\n  missed {:?}", gold.difference(&planned).collect::<Vec<_>>());
    for step in steps {
        let name = endpoints(std::slice::from_ref(step)).concat();
        println!("  {} {name} {:?}", if gold.contains(&name) { "ok   " } else { "extra" }, step.words);
    }
}
