//! Plans one sentence over definitions: `plan_sentence NAME=FILE … -- SENTENCE [--needs SERVICE=OUTPUT,…]`.

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::{ServiceName, System};
use callboard_planner::{MapOptions, PlanOptions, Planner, map};

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let at = arguments.iter().position(|a| a == "--").unwrap_or(arguments.len());
    let mut options = PlanOptions::default();
    let mut services = Vec::new();
    for argument in &arguments[..at] {
        let Some((name, value)) = argument.split_once('=') else { continue };
        if let Some(service) = name.strip_prefix("needs:") {
            options.environment_needs.insert(ServiceName::new(service), value.split(',').map(str::to_owned).collect());
        } else {
            services.extend(load(&ServiceName::new(name), value, &Files).value);
        }
    }
    let system = System::new(services);
    let started = std::time::Instant::now();
    let map = map(&system, &MapOptions::default());
    let mapped = started.elapsed();
    let planner = Planner::new(&system, &map, &options);
    println!("{} operations, {} entities, {} links in {mapped:?}, index in {:?}", system.operations().count(), map.entities.len(), map.links.len(), started.elapsed() - mapped);
    if arguments.iter().any(|a| a == "--links") {
        for link in &map.links {
            println!("{:.2} {} {} -> {} {} [{}]", link.score, link.from.operation, link.from.output, link.to.operation, link.to.input, link.entity);
        }
        return;
    }
    for sentence in arguments.iter().skip(at + 1) {
        let started = std::time::Instant::now();
        let plan = planner.plan(sentence, &options);
        println!("\n{sentence}\n{}planned in {:?}, margin {:.2}, unmatched {:?}", planner.explain(sentence), started.elapsed(), plan.margin, plan.unmatched);
        print!("{}", callboard_planner::render(&plan));
    }
}
