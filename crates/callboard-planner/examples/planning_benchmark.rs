//! Scores the planner on published sets of sentences: `planning_benchmark [FOLDER] [--verbose] [--ablate] [--only tmdb|socbench] [--runs=1] [--set=WEIGHT=VALUE]`.
//!
//! The folder holds `restbench-tmdb` and `socbench-d`.

#![expect(clippy::print_stdout, reason = "what is printed is what the command is for")]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::plan::PlannedStep;
use callboard_model::{ServiceName, System};
use callboard_planner::{MapOptions, PlanOptions, Planner, Weights, map};
use serde_json::Value;

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

fn system(files: &[PathBuf]) -> System {
    let services = files.iter().filter_map(|file| {
        let name = file.file_stem()?.to_string_lossy().into_owned();
        load(&ServiceName::new(name), &file.to_string_lossy(), &Files).value
    });
    System::new(services.collect())
}

fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(|s| s.trim().to_owned()).collect()
}

fn endpoints(steps: &[PlannedStep]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {}", step.operation.method, step.operation.path)).collect()
}

fn is_subsequence(gold: &[String], plan: &[String]) -> bool {
    let mut plan = plan.iter();
    gold.iter().all(|wanted| plan.any(|step| step == wanted))
}

#[derive(Default)]
struct Tmdb {
    count: usize,
    exact: usize,
    path: usize,
    top: usize,
    extra: i64,
}

fn tmdb(folder: &Path, options: &PlanOptions, verbose: bool) -> Tmdb {
    let system = system(&[folder.join("restbench-tmdb/openapi.json")]);
    let map = map(&system, &MapOptions::default());
    let planner = Planner::new(&system, &map, options);
    let mut score = Tmdb::default();
    for case in json(&folder.join("restbench-tmdb/sentences.json")).as_array().into_iter().flatten() {
        let sentence = case["query"].as_str().unwrap_or_default();
        let gold = strings(&case["solution"]);
        let plan = planner.plan(sentence, options);
        let steps = endpoints(&plan.steps);
        let is_path = is_subsequence(&gold, &steps);
        score.count += 1;
        score.exact += usize::from(steps == gold);
        score.path += usize::from(is_path);
        let others = plan.alternatives.iter().any(|other| is_subsequence(&gold, &endpoints(&other.steps)));
        score.top += usize::from(is_path || others);
        score.extra += steps.len() as i64 - gold.len() as i64;
        if verbose && steps != gold {
            for other in &plan.alternatives {
                println!("    {:.2} {:?}", other.score, endpoints(&other.steps));
            }
            println!(
                "{} {sentence}\n  gold {gold:?}\n  plan {steps:?}\n{}",
                if is_path { "~" } else { "x" },
                planner.explain(sentence)
            );
        }
    }
    score
}

#[derive(Default)]
struct Socbench {
    count: usize,
    hits: usize,
    gold: usize,
    planned: usize,
    whole: usize,
}

fn socbench(folder: &Path, options: &PlanOptions, verbose: bool, runs: u32) -> Socbench {
    let mut score = Socbench::default();
    for run in 1..=runs {
        let mut systems: Vec<PathBuf> = std::fs::read_dir(folder.join(format!("socbench-d/run{run}")))
            .into_iter()
            .flatten()
            .flatten()
            .map(|e| e.path())
            .collect();
        systems.sort();
        for folder in systems {
            let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
            files.retain(|file| file.file_name().is_some_and(|name| name != "queries.json"));
            files.sort();
            let system = system(&files);
            let map = map(&system, &MapOptions::default());
            let planner = Planner::new(&system, &map, options);
            for case in json(&folder.join("queries.json"))["queries"].as_array().into_iter().flatten() {
                let sentence = case["query"].as_str().unwrap_or_default();
                let gold: BTreeSet<String> = strings(&case["endpoints"]).into_iter().collect();
                let plan: BTreeSet<String> = endpoints(&planner.plan(sentence, options).steps).into_iter().collect();
                let hits = gold.intersection(&plan).count();
                score.count += 1;
                score.hits += hits;
                score.gold += gold.len();
                score.planned += plan.len();
                score.whole += usize::from(hits == gold.len());
                if verbose {
                    let missed: Vec<_> = gold.difference(&plan).collect();
                    let extra: Vec<_> = plan.difference(&gold).collect();
                    println!("{sentence}\n  missed {missed:?}\n  extra {extra:?}\n{}", planner.explain(sentence));
                }
            }
        }
    }
    score
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn report(label: &str, folder: &Path, options: &PlanOptions, verbose: bool, only: Option<&str>, runs: u32) {
    let started = Instant::now();
    let mut line = format!("{label:<28}");
    if only != Some("socbench") {
        let t = tmdb(folder, options, verbose);
        line += &format!(
            " TMDB exact {:>5.1} CP {:>5.1} top5 {:>5.1} extra {:>+5.2} |",
            percent(t.exact, t.count),
            percent(t.path, t.count),
            percent(t.top, t.count),
            t.extra as f64 / t.count.max(1) as f64
        );
    }
    if only != Some("tmdb") {
        let s = socbench(folder, options, verbose, runs);
        line += &format!(
            " SOCBench recall {:>5.1} precision {:>5.1} whole {:>5.1}",
            percent(s.hits, s.gold),
            percent(s.hits, s.planned),
            percent(s.whole, s.count)
        );
    }
    println!("{line}  ({:.1} s)", started.elapsed().as_secs_f64());
}

/// Each part switched off by itself.
fn ablations() -> HashMap<&'static str, fn(&mut Weights)> {
    type Part = (&'static str, fn(&mut Weights));
    let parts: [Part; 9] = [
        ("without synonyms", |w| w.synonym = 0.0),
        ("without unsupported tokens", |w| w.unsupported = 0.0),
        ("without literals", |w| (w.literal, w.unused_literal, w.literal_type) = (0.0, 0.0, 0.0)),
        ("without literal types", |w| w.literal_type = 0.0),
        ("without mention order", |w| (w.mention, w.mention_edge, w.mention_last) = (0.0, 0.0, 0.0)),
        ("without verbs", |w| (w.verb_method, w.verb_name) = (0.0, 0.0)),
        ("without step cost", |w| w.step = 0.0),
        ("without link confidence", |w| w.confidence = 0.0),
        ("without descriptions", |w| w.in_description = 0.0),
    ];
    parts.into_iter().collect()
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|a| a == flag);
    let only = arguments.iter().position(|a| a == "--only").and_then(|at| arguments.get(at + 1)).map(String::as_str);
    let folder = arguments.first().filter(|a| !a.starts_with("--")).map_or("../shared/data/planning", String::as_str);
    let mut options = PlanOptions::default();
    for setting in arguments.iter().filter_map(|a| a.strip_prefix("--set=")) {
        set(&mut options.weights, setting);
    }
    let runs = arguments.iter().find_map(|a| a.strip_prefix("--runs=")?.parse().ok()).unwrap_or(4);
    report("all", Path::new(folder), &options, has("--verbose"), only, runs);
    if has("--ablate") {
        let mut parts: Vec<_> = ablations().into_iter().collect();
        parts.sort_by_key(|(name, _)| *name);
        for (name, switch_off) in parts {
            let mut ablated = options.clone();
            switch_off(&mut ablated.weights);
            report(name, Path::new(folder), &ablated, false, only, runs);
        }
    }
}

/// `--set=step=0.5`: one weight changed, to see what it does.
fn set(weights: &mut Weights, setting: &str) {
    let Some((name, value)) = setting.split_once('=') else { return };
    let Ok(value) = value.parse::<f64>() else { return };
    match name {
        "step" => weights.step = value,
        "open_need" => weights.open_need = value,
        "unsupported" => weights.unsupported = value,
        "confidence" => weights.confidence = value,
        "synonym" => weights.synonym = value,
        "literal" => weights.literal = value,
        "literal_type" => weights.literal_type = value,
        "unused_literal" => weights.unused_literal = value,
        "mention" => weights.mention = value,
        "mention_edge" => weights.mention_edge = value,
        "mention_last" => weights.mention_last = value,
        "verb_method" => weights.verb_method = value,
        "verb_name" => weights.verb_name = value,
        "verb_word" => weights.verb_word = value,
        "second" => weights.second = value,
        "made_again" => weights.made_again = value,
        "in_description" => weights.in_description = value,
        "in_response" => weights.in_response = value,
        "in_title" => weights.in_title = value,
        "in_service" => weights.in_service = value,
        "named_service" => weights.named_service = value,
        "bare_search" => weights.bare_search = value,
        "unnamed" => weights.unnamed = value,
        "yields_it" => weights.yields_it = value,
        "token_most" => weights.token_most = value,
        "downstream" => weights.downstream = value,
        "least_coverage" => weights.least_coverage = value,
        "target_coverage" => weights.target_coverage = value,
        _ => eprintln!("no weight `{name}`"),
    }
}
