//! Compares the system map with links that were labelled by hand, and says what each kind of sign is worth.
//!
//! ```text
//! cargo run --release -p callboard-planner --example link_benchmark -- [FOLDER] [--show SYSTEM]
//! ```
//!
//! `--show` lists what was missed and what was found wrongly. The labelling rule: `bench/links/README.md`.

#![expect(clippy::print_stdout, reason = "the table is what the command is for")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::map::{Signal, SystemMap};
use callboard_model::{OperationKey, ServiceName, System};
use callboard_planner::{MapOptions, map_with};
use serde_json::Value;

const SIGNALS: [Signal; 6] =
    [Signal::PathTyping, Signal::Name, Signal::TypeAndFormat, Signal::SchemaShape, Signal::Text, Signal::OpenApiLink];

/// A producer and a consumer, each as text.
type Pair = (String, String);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let shown = arguments.iter().position(|a| a == "--show").and_then(|at| arguments.get(at + 1));
    let folder = arguments.first().filter(|a| !a.starts_with("--")).map_or("bench/links", String::as_str);
    let systems = labelled(Path::new(folder));
    print_systems(&systems);
    print_signals(&systems);
    for system in systems.iter().filter(|system| Some(&system.name) == shown) {
        system.print_differences();
    }
}

/// A system with the links that a person found in it.
struct Labelled {
    name: String,
    system: System,
    operations: Option<BTreeSet<String>>,
    gold: BTreeSet<Pair>,
    /// Producers and consumers with the entity each belongs to.
    ends: BTreeMap<String, BTreeSet<String>>,
}

fn labelled(folder: &Path) -> Vec<Labelled> {
    let mut files: Vec<_> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    files.iter().filter_map(|path| Labelled::read(path)).collect()
}

impl Labelled {
    fn read(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let value: Value = serde_json::from_str(&text).ok()?;
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let mut services = Vec::new();
        for (service, file) in value["services"].as_object()? {
            let file = file.as_str()?;
            match load(&ServiceName::new(service), file, &Files).value {
                Some(service) => services.push(service),
                None => {
                    eprintln!("skipped {name}: cannot read {file}");
                    return None;
                }
            }
        }
        let operations = value["operations"].as_array().map(|list| texts(list).collect());
        let mut labelled = Self { name, system: System::new(services), operations, gold: BTreeSet::new(), ends: BTreeMap::new() };
        for (entity, ends) in value["entities"].as_object()? {
            labelled.add(entity, ends)?;
        }
        labelled.refuse_unknown();
        Some(labelled)
    }

    fn add(&mut self, entity: &str, ends: &Value) -> Option<()> {
        let (producers, consumers) = (ends["producers"].as_array()?, ends["consumers"].as_array()?);
        for end in texts(producers).chain(texts(consumers)) {
            self.ends.entry(end).or_default().insert(entity.to_owned());
        }
        for producer in texts(producers) {
            let others = texts(consumers).filter(|consumer| operation_of(consumer) != operation_of(&producer));
            self.gold.extend(others.map(|consumer| (producer.clone(), consumer)));
        }
        Some(())
    }

    /// A label that names no operation is a slip of the pen.
    fn refuse_unknown(&self) {
        let known: BTreeSet<String> = self.system.operations().map(|(_, operation)| operation.key.to_string()).collect();
        for end in self.ends.keys().filter(|end| !known.contains(operation_of(end))) {
            eprintln!("{}: there is no operation `{}`", self.name, operation_of(end));
        }
    }

    fn found(&self, signals: &BTreeSet<Signal>) -> BTreeSet<Pair> {
        let map: SystemMap = map_with(&self.system, &MapOptions::default(), signals);
        let counts = |key: &OperationKey| self.operations.as_ref().is_none_or(|operations| operations.contains(&key.to_string()));
        map.links
            .iter()
            .filter(|link| counts(&link.from.operation) && counts(&link.to.operation))
            .map(|link| {
                let from = format!("{} {}", link.from.operation, link.from.output);
                (from, format!("{} {}", link.to.operation, link.to.input))
            })
            .collect()
    }

    fn print_differences(&self) {
        let found = self.found(&SIGNALS.into());
        for (title, pairs) in [
            ("missed", self.gold.difference(&found).collect::<Vec<_>>()),
            ("wrong", found.difference(&self.gold).collect::<Vec<_>>()),
        ] {
            println!("\n{} {title} in {}", pairs.len(), self.name);
            let mut by_from: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (from, to) in pairs {
                by_from.entry(from).or_default().push(to);
            }
            for (from, to) in by_from {
                println!("  {from}\n      -> {}", to.join("\n      -> "));
            }
        }
    }
}

fn texts(list: &[Value]) -> impl Iterator<Item = String> + '_ {
    list.iter().filter_map(Value::as_str).map(str::to_owned)
}

/// `SERVICE METHOD PATH` of an end.
fn operation_of(end: &str) -> &str {
    end.rsplit_once(' ').map_or(end, |(operation, _)| operation)
}

#[derive(Clone, Copy, Default)]
struct Score {
    right: usize,
    found: usize,
    gold: usize,
}

impl Score {
    fn of(gold: &BTreeSet<Pair>, found: &BTreeSet<Pair>) -> Self {
        Self { right: gold.intersection(found).count(), found: found.len(), gold: gold.len() }
    }

    fn ends(gold: &BTreeSet<Pair>, found: &BTreeSet<Pair>, end: fn(&Pair) -> &String) -> Self {
        let gold: BTreeSet<&String> = gold.iter().map(end).collect();
        let found: BTreeSet<&String> = found.iter().map(end).collect();
        Self { right: gold.intersection(&found).count(), found: found.len(), gold: gold.len() }
    }

    fn add(self, other: Self) -> Self {
        Self { right: self.right + other.right, found: self.found + other.found, gold: self.gold + other.gold }
    }

    fn text(self) -> String {
        let share = |of: usize| if of == 0 { 0.0 } else { self.right as f64 / of as f64 };
        let (precision, recall) = (share(self.found), share(self.gold));
        let f1 = if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) };
        format!("{precision:.3}  {recall:.3}  {f1:.3}")
    }
}

fn print_systems(systems: &[Labelled]) {
    println!("{:<16} {:>6} {:>6}  P      R      F1     inputs P, R, F1        outputs P, R, F1", "system", "links", "found");
    let (mut all, mut inputs, mut outputs) = (Score::default(), Score::default(), Score::default());
    let mut mean = (0.0, 0.0);
    for system in systems {
        let found = system.found(&SIGNALS.into());
        let score = Score::of(&system.gold, &found);
        let (to, from) = (Score::ends(&system.gold, &found, |p| &p.1), Score::ends(&system.gold, &found, |p| &p.0));
        print_line(&system.name, score, to, from);
        (all, inputs, outputs) = (all.add(score), inputs.add(to), outputs.add(from));
        mean.0 += score.right as f64 / score.found.max(1) as f64 / systems.len() as f64;
        mean.1 += score.right as f64 / score.gold.max(1) as f64 / systems.len() as f64;
    }
    print_line("all", all, inputs, outputs);
    println!("mean of the systems: precision {:.3}, recall {:.3}", mean.0, mean.1);
}

fn print_line(name: &str, score: Score, inputs: Score, outputs: Score) {
    println!("{name:<16} {:>6} {:>6}  {}  {}  {}", score.gold, score.found, score.text(), inputs.text(), outputs.text());
}

fn print_signals(systems: &[Labelled]) {
    println!("\n{:<16} alone: P, R, F1       left out: P, R, F1", "sign");
    let all: BTreeSet<Signal> = SIGNALS.into();
    let total = |signals: &BTreeSet<Signal>| {
        systems.iter().map(|s| Score::of(&s.gold, &s.found(signals))).fold(Score::default(), Score::add)
    };
    for signal in SIGNALS {
        let mut others = all.clone();
        others.remove(&signal);
        println!("{:<16} {}   {}", signal.as_str(), total(&[signal].into()).text(), total(&others).text());
    }
    println!("{:<16} {}", "all of them", total(&all).text());
}

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}
