//! How the choice between a model's plan and the embedded one fares with models of known quality: `llm_choice [FOLDER]`.
//!
//! No model is asked. Four made-up ones answer the sentences of RestBench TMDB: one that always says the gold path, one that says the
//! gold path of another sentence, one that adds an operation to the gold path, and one that leaves its last operation out. A good choice
//! takes the first one's plans and none of the second one's. The folder holds `restbench-tmdb`.

#![expect(clippy::print_stdout, reason = "what is printed is what the command is for")]

use std::collections::HashMap;
use std::path::Path;

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::plan::Plan;
use callboard_model::{ServiceName, System};
use callboard_planner::llm::{Dialogue, Turn, Winner, choose};
use callboard_planner::{MapOptions, MappedSystem, PlanOptions, Planner};
use serde_json::{Value, json};

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

/// A sentence and the operations that it means, as `GET /path`.
struct Case {
    sentence: String,
    gold: Vec<String>,
}

fn cases(folder: &Path) -> Vec<Case> {
    let path = folder.join("restbench-tmdb/sentences.json");
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let value: Value = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let case = |case: &Value| Case {
        sentence: case["query"].as_str().unwrap_or_default().to_owned(),
        gold: case["solution"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|s| s.trim().to_owned()).collect(),
    };
    value.as_array().into_iter().flatten().map(case).collect()
}

fn operations(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.operation.method, step.operation.path)).collect()
}

/// The names of the catalogue by method and path.
fn names(question: &str) -> HashMap<String, String> {
    let lines = question.lines().filter_map(|line| line.split_once(" | "));
    lines.filter_map(|(name, rest)| Some((rest.split(" | ").next()?.to_owned(), name.to_owned()))).collect()
}

fn answer(question: &str, wanted: &[String]) -> String {
    let names = names(question);
    let steps: Vec<Value> = wanted.iter().filter_map(|operation| names.get(operation)).map(|name| json!({"op": name})).collect();
    json!({"steps": steps, "unmatched": []}).to_string()
}

/// What a made-up model answers to the sentence of a number: operations.
type Says<'a> = &'a dyn Fn(usize) -> Vec<String>;

#[derive(Default)]
struct Score {
    model: usize,
    embedded: usize,
    chosen: usize,
    taken: usize,
    lost: usize,
}

fn score(planner: &Planner<'_>, cases: &[Case], says: impl Fn(usize) -> Vec<String>) -> Score {
    let options = PlanOptions::default();
    let mut score = Score::default();
    for (number, case) in cases.iter().enumerate() {
        let mut dialogue = Dialogue::new(planner, &case.sentence, &options);
        let said = answer(&dialogue.request().messages[0].text, &says(number));
        while let Turn::Ask(_) = dialogue.answer(&said) {}
        let outcome = dialogue.outcome();
        let embedded = operations(&outcome.embedded.plan) == case.gold;
        let model = outcome.model.as_ref().is_some_and(|model| operations(&model.plan) == case.gold);
        let is_taken = outcome.model.as_ref().is_some_and(|model| choose(&outcome.embedded, model).winner == Winner::Model);
        let chosen = if is_taken { model } else { embedded };
        score.model += usize::from(model);
        score.embedded += usize::from(embedded);
        score.chosen += usize::from(chosen);
        score.taken += usize::from(is_taken);
        score.lost += usize::from(embedded && !chosen);
    }
    score
}

fn main() {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "../shared/data/planning".to_owned());
    let folder = Path::new(&folder);
    let definition = folder.join("restbench-tmdb/openapi.json");
    let service = load(&ServiceName::new("tmdb"), &definition.to_string_lossy(), &Files).value.expect("the definition is there");
    let system = System::new(vec![service]);
    let mapped = MappedSystem::new(&system, &MapOptions::default());
    let planner = Planner::of(&mapped, &PlanOptions::default());
    let cases = cases(folder);
    let of = |number: usize| cases[number % cases.len()].gold.clone();
    let other = |number: usize| of(number + 1);
    let padded = |number: usize| {
        let mut gold = of(number);
        gold.extend(of(number + 7).last().filter(|operation| !gold.contains(operation)).cloned());
        gold
    };
    let short = |number: usize| {
        let mut gold = of(number);
        gold.truncate(gold.len().max(2) - 1);
        gold
    };
    let models: [(&str, Says<'_>); 4] = [
        ("says the gold path", &of),
        ("says another sentence's", &other),
        ("adds an operation", &padded),
        ("leaves the last one out", &short),
    ];
    println!(
        "{:<26} {:>8} {:>9} {:>7} {:>6} {:>5}   of {} sentences",
        "a model that",
        "model ok",
        "embedded",
        "chosen",
        "taken",
        "lost",
        cases.len()
    );
    for (name, says) in models {
        let s = score(&planner, &cases, says);
        println!("{name:<26} {:>8} {:>9} {:>7} {:>6} {:>5}", s.model, s.embedded, s.chosen, s.taken, s.lost);
    }
}
