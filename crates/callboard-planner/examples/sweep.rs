//! Loads every definition below a folder, maps it, checks a scenario that calls its operations, and says how that went.
//!
//! ```text
//! cargo run --release -p callboard-planner --example sweep -- FOLDER-OR-FILE
//! ```
//!
//! Exit code 1: a panic, a document that took longer than ten seconds, or fewer than 99.5 % of the operations usable.

#![expect(clippy::print_stdout, reason = "the table is what the command is for")]

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callboard_definition::{Fetch, FetchError, discover, load};
use callboard_model::{Document, Service, ServiceName, System};
use callboard_planner::{MapOptions, map};
use serde_json::json;

const THREADS: usize = 2;
const LIMIT: Duration = Duration::from_secs(10);
const USABLE_SHARE: f64 = 0.995;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: sweep FOLDER-OR-FILE");
        return ExitCode::from(2);
    };
    // Panics are counted; their text would bury the table.
    std::panic::set_hook(Box::new(|_| {}));
    let started = Instant::now();
    let outcomes = sweep(&definitions(Path::new(&folder)));
    let summary = Summary::of(&outcomes);
    summary.print(&outcomes, started.elapsed());
    if summary.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What became of one document.
struct Outcome {
    path: PathBuf,
    bytes: u64,
    time: Duration,
    /// The time that a processor worked for it: on a busy machine much less than `time`.
    work: Duration,
    result: Result<Counts, Failure>,
}

#[derive(Default)]
struct Counts {
    operations: usize,
    links: usize,
    /// Until the service was there.
    loading: Duration,
    /// Until entities and links were known; the rest of the document's time went into the check.
    mapping: Duration,
    unusable: Vec<(String, String)>,
    /// By code: how many, and the first one.
    diagnostics: HashMap<&'static str, (usize, String)>,
}

enum Failure {
    Panicked(String),
    Refused(String),
}

fn sweep(paths: &[PathBuf]) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = one(path);
                    outcomes.lock().expect("no thread panics while it holds the lock").push(outcome);
                }
            });
        }
    });
    outcomes.into_inner().expect("no thread panics while it holds the lock")
}

fn one(path: &Path) -> Outcome {
    let (started, worked) = (Instant::now(), processor_time());
    let result = catch_unwind(AssertUnwindSafe(|| examine(path)));
    let (time, work) = (started.elapsed(), processor_time().saturating_sub(worked));
    let result = result.unwrap_or_else(|panic| Err(Failure::Panicked(text_of(&*panic))));
    Outcome { path: path.to_owned(), bytes: std::fs::metadata(path).map_or(0, |file| file.len()), time, work, result }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".to_owned())
}

fn examine(path: &Path) -> Result<Counts, Failure> {
    let started = Instant::now();
    let parsed = load(&ServiceName::new("service"), &path.to_string_lossy(), &Files);
    let mut counts = Counts { loading: started.elapsed(), ..Counts::default() };
    for diagnostic in &parsed.diagnostics {
        counts.diagnostics.entry(diagnostic.code.0).or_insert_with(|| (0, diagnostic.to_string())).0 += 1;
    }
    let Some(service) = parsed.value else {
        let reasons: Vec<String> = parsed.diagnostics.iter().map(ToString::to_string).collect();
        return Err(Failure::Refused(reasons.join("; ")));
    };
    counts.operations = service.operations.len();
    counts.unusable = unusable(&service);
    let system = System::new(vec![service]);
    let loaded = started.elapsed();
    counts.links = map(&system, &MapOptions::default()).links.len();
    counts.mapping = started.elapsed() - loaded;
    check(&system);
    Ok(counts)
}

fn unusable(service: &Service) -> Vec<(String, String)> {
    let broken = service.operations.iter().filter_map(|operation| Some((operation.label(), operation.unusable.clone()?)));
    broken.collect()
}

/// Steps of the scenario that is checked.
const STEPS: usize = 500;

/// Checks a scenario with a step for each usable operation, evenly chosen where there are very many: every one must be found.
fn check(system: &System) {
    let text = calls_everything(&system.services()[0]);
    let document = Document::parse("sweep.arazzo.json", text.as_bytes()).expect("we wrote it");
    let file = callboard_scenario::parse(&document).value.expect("it has a version and a workflow");
    let diagnostics = callboard_scenario::check(&file, &document, system);
    let lost = diagnostics.iter().find(|diagnostic| diagnostic.code.0 == "unknown-operation");
    assert!(lost.is_none(), "an operation is not found: {}", lost.map(ToString::to_string).unwrap_or_default());
}

fn calls_everything(service: &Service) -> String {
    let every = service.operations.len().div_ceil(STEPS).max(1);
    let usable = service.operations.iter().step_by(every).filter(|operation| operation.unusable.is_none());
    let step = |(number, operation): (usize, &callboard_model::Operation)| {
        let path = operation.key.path.replace('~', "~0").replace('/', "~1");
        let method = operation.key.method.as_str().to_lowercase();
        json!({
            "stepId": format!("s{number}"),
            "operationPath": format!("{{$sourceDescriptions.service.url}}#/paths/{path}/{method}"),
        })
    };
    json!({
        "arazzo": "1.0.1",
        "info": {"title": "Everything", "version": "1"},
        "sourceDescriptions": [{"name": "service", "url": "service.json", "type": "openapi"}],
        "workflows": [{"workflowId": "everything", "steps": usable.enumerate().map(step).collect::<Vec<_>>()}],
    })
    .to_string()
}

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

/// The files below a folder that look like definitions, in the order of their names.
fn definitions(folder: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![folder.to_owned()];
    let mut found = Vec::new();
    if folder.is_file() {
        return vec![folder.to_owned()];
    }
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => waiting.push(path),
                Ok(_) if looks_like_definition(&path) => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

fn looks_like_definition(path: &Path) -> bool {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    discover::looks_like_definition(&path.to_string_lossy(), &text)
}

struct Summary {
    operations: usize,
    links: usize,
    unusable: usize,
    panics: usize,
    refused: usize,
    /// By the clock on the wall, and by the time that a processor worked.
    slow: usize,
    heavy: usize,
}

impl Summary {
    fn of(outcomes: &[Outcome]) -> Self {
        let counts = || outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok());
        let failures = || outcomes.iter().filter_map(|outcome| outcome.result.as_ref().err());
        Self {
            operations: counts().map(|counts| counts.operations).sum(),
            links: counts().map(|counts| counts.links).sum(),
            unusable: counts().map(|counts| counts.unusable.len()).sum(),
            panics: failures().filter(|failure| matches!(failure, Failure::Panicked(_))).count(),
            refused: failures().filter(|failure| matches!(failure, Failure::Refused(_))).count(),
            slow: outcomes.iter().filter(|outcome| outcome.time > LIMIT).count(),
            heavy: outcomes.iter().filter(|outcome| outcome.work > LIMIT).count(),
        }
    }

    fn usable_share(&self) -> f64 {
        let usable = self.operations - self.unusable;
        if self.operations == 0 { 0.0 } else { usable as f64 / self.operations as f64 }
    }

    fn is_good(&self) -> bool {
        self.panics == 0 && self.slow == 0 && self.usable_share() >= USABLE_SHARE
    }

    fn print(&self, outcomes: &[Outcome], elapsed: Duration) {
        let bytes: u64 = outcomes.iter().map(|outcome| outcome.bytes).sum();
        println!("documents   {:>8}   ({} MB)", outcomes.len(), bytes / 1_000_000);
        println!("refused     {:>8}", self.refused);
        println!("panics      {:>8}", self.panics);
        println!("over {:>2} s   {:>8}   (processor time: {})", LIMIT.as_secs(), self.slow, self.heavy);
        println!("operations  {:>8}", self.operations);
        println!("usable      {:>8}   ({:.3} %)", self.operations - self.unusable, self.usable_share() * 100.0);
        println!("links       {:>8}", self.links);
        println!("wall time   {:>8.1} s in {THREADS} threads", elapsed.as_secs_f64());
        println!("peak memory {:>8}", peak_memory());
        print_slowest(outcomes);
        print_failures(outcomes);
        print_unusable(outcomes);
        print_diagnostics(outcomes);
    }
}

fn print_slowest(outcomes: &[Outcome]) {
    let mut sorted: Vec<&Outcome> = outcomes.iter().collect();
    sorted.sort_by_key(|outcome| std::cmp::Reverse(outcome.time));
    println!("\nslowest: whole time, of which loading, of which mapping, processor time of the whole");
    for outcome in sorted.iter().take(5) {
        let part = |of: fn(&Counts) -> Duration| outcome.result.as_ref().map_or(Duration::ZERO, of).as_secs_f64();
        let (loading, mapping) = (part(|counts| counts.loading), part(|counts| counts.mapping));
        let (whole, work) = (outcome.time.as_secs_f64(), outcome.work.as_secs_f64());
        let size = outcome.bytes as f64 / 1e6;
        println!("{whole:>8.2} s {loading:>8.2} s {mapping:>8.2} s {work:>8.2} s {size:>6.1} MB  {}", outcome.path.display());
    }
}

fn print_failures(outcomes: &[Outcome]) {
    for outcome in outcomes {
        match &outcome.result {
            Err(Failure::Panicked(text)) => println!("\nPANIC {}: {text}", outcome.path.display()),
            Err(Failure::Refused(text)) => println!("\nREFUSED {text}"),
            Ok(_) => {}
        }
    }
}

fn print_unusable(outcomes: &[Outcome]) {
    println!("\nunusable operations, by document");
    for outcome in outcomes {
        let Ok(counts) = &outcome.result else { continue };
        if let Some((label, why)) = counts.unusable.first() {
            println!("{:>6}  {}  first: {label}: {why}", counts.unusable.len(), outcome.path.display());
        }
    }
}

fn print_diagnostics(outcomes: &[Outcome]) {
    let mut total: HashMap<&str, (usize, usize, &str)> = HashMap::new();
    for counts in outcomes.iter().filter_map(|outcome| outcome.result.as_ref().ok()) {
        for (code, (count, first)) in &counts.diagnostics {
            let entry = total.entry(code).or_insert((0, 0, first));
            *entry = (entry.0 + count, entry.1 + 1, entry.2);
        }
    }
    let mut total: Vec<_> = total.into_iter().collect();
    total.sort_by_key(|(code, counts)| (std::cmp::Reverse(*counts), *code));
    println!("\ndiagnostics by code: count, documents, the first");
    for (code, (count, documents, first)) in total {
        println!("{count:>8} {documents:>6}  {code}\n                 {first}");
    }
}

/// How long a processor worked for this thread, where the system tells; else nothing.
fn processor_time() -> Duration {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(status.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// The most memory that this process ever had, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).and_then(|rest| rest.split_whitespace().next());
    peak.and_then(|kib| kib.parse::<u64>().ok()).map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024))
}
