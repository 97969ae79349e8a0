//! A system of many services: writes it, and says what reading, mapping and planning it takes.
//!
//! ```text
//! cargo run --release -p callboard-planner --example scale -- write FOLDER [SERVICES]
//! cargo run --release -p callboard-planner --example scale -- measure FOLDER ["SENTENCE"]
//! ```
//!
//! `write` makes a project of SERVICES (200) definitions with 50 operations each, half of them JSON, half YAML. `measure` reads the
//! definitions of a folder, whoever wrote them, and prints the time of each part, of plans of other sentences over what was read, and the
//! memory. The whole command is measured from outside: `docs/system-map.md` has the lines.

#![expect(clippy::print_stdout, reason = "the table is what the command is for")]

use std::path::Path;
use std::time::Instant;

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::{ServiceName, System};
use callboard_planner::{MapOptions, MappedSystem, PlanOptions, Planner};

mod definition;

const SENTENCE: &str = "Create a fleet vehicle and a payroll contract, then archive the fleet vehicle and list its events";

/// Sentences that were not asked before.
const NEXT: [&str; 6] = [
    "Create a payroll contract and list its events",
    "Create a fleet vehicle",
    "Archive a payroll contract, then check that it is archived",
    "List fleet vehicles and read the first",
    "Delete a payroll contract and check that it is gone",
    "Create a payroll contract and a fleet vehicle, then delete the payroll contract and list the events of the vehicle",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["write", folder] => write(Path::new(folder), 200),
        ["write", folder, services] => write(Path::new(folder), services.parse().unwrap_or(200)),
        ["measure", folder] => measure(Path::new(folder), SENTENCE),
        ["measure", folder, sentence] => measure(Path::new(folder), sentence),
        _ => eprintln!("scale write FOLDER [SERVICES] | scale measure FOLDER [SENTENCE]"),
    }
}

fn write(folder: &Path, services: usize) {
    let definitions = folder.join("definitions");
    std::fs::create_dir_all(&definitions).expect("the folder can be made");
    let mut settings = String::new();
    let mut bytes = 0;
    for number in 0..services {
        let name = definition::service_name(number);
        let value = definition::definition(number, services);
        let (file, text) = if number % 2 == 0 {
            (format!("{name}.json"), serde_json::to_string_pretty(&value).expect("a tree can be written"))
        } else {
            (format!("{name}.yaml"), serde_saphyr::to_string(&value).expect("a tree can be written"))
        };
        bytes += text.len();
        std::fs::write(definitions.join(&file), text).expect("the file can be written");
        settings.push_str(&format!("[services.{name}]\ndefinition = \"definitions/{file}\"\n"));
    }
    std::fs::write(folder.join("callboard.toml"), settings).expect("the file can be written");
    println!("{services} definitions, {:.1} MB", bytes as f64 / 1e6);
}

fn measure(folder: &Path, sentence: &str) {
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join("definitions")).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut clock = Clock::start();
    let services = files.iter().filter_map(|file| {
        let name = ServiceName::new(file.file_stem()?.to_string_lossy());
        load(&name, &file.to_string_lossy(), &Files).value
    });
    let system = System::new(services.collect());
    clock.lap("read definitions, one thread");
    let mapped = MappedSystem::new(&system, &MapOptions::default());
    clock.lap("map");
    let options = PlanOptions::default();
    let planner = Planner::reading(&system, &MapOptions::default(), &options);
    clock.lap("read for plans, without the map");
    let plan = planner.plan(sentence, &options);
    clock.lap("first plan");
    for next in NEXT {
        std::hint::black_box(planner.plan(next, &options));
        clock.lap(next);
    }
    println!(
        "{} services, {} operations, {} links",
        system.services().len(),
        system.operations().count(),
        mapped.map.links.len()
    );
    println!("peak memory {} MiB", peak_mib());
    for step in &plan.steps {
        println!("  {}", step.operation);
    }
}

struct Clock {
    wall: Instant,
    processor: f64,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), processor: processor_ms() }
    }

    fn lap(&mut self, what: &str) {
        let (wall, processor) = (self.wall.elapsed().as_secs_f64() * 1000.0, processor_ms() - self.processor);
        println!("{wall:>8.1} ms, {processor:>8.1} ms of processor time: {what}");
        *self = Self::start();
    }
}

/// Processor time of this thread, where the system says so.
fn processor_ms() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or_default() / 1e6
}

/// The most memory that the process had, where the system says so.
fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}
