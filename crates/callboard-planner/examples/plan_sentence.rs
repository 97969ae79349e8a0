//! Plans one sentence over definitions: `plan_sentence NAME=FILE … -- SENTENCE [--needs SERVICE=OUTPUT,…]`.

#![expect(clippy::print_stdout, reason = "what is printed is what the command is for")]

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::{ServiceName, System};
use callboard_planner::{MapOptions, PlanOptions, Planner, ScenarioOptions, map, scenario_of};

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

/// What the checker says about a written scenario.
fn report(text: &str, system: &System) {
    let Ok(document) = callboard_model::Document::parse("generated.arazzo.yaml", text.as_bytes()) else {
        println!("the text is no YAML");
        return;
    };
    let parsed = callboard_scenario::parse(&document);
    let mut diagnostics = parsed.diagnostics;
    if let Some(file) = &parsed.value {
        diagnostics.extend(callboard_scenario::check(file, &document, system));
    }
    for diagnostic in diagnostics {
        println!("{:?} {}: {} {:?}", diagnostic.severity, diagnostic.code.0, diagnostic.message, diagnostic.help);
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
    eprintln!("loaded {} operations", system.operations().count());
    let started = std::time::Instant::now();
    let map = map(&system, &MapOptions::default());
    let mapped = started.elapsed();
    let planner = Planner::new(&system, &map, &options);
    println!(
        "{} operations, {} entities, {} links in {mapped:?}, index in {:?}",
        system.operations().count(),
        map.entities.len(),
        map.links.len(),
        started.elapsed() - mapped
    );
    if arguments.iter().any(|a| a == "--links") {
        for link in &map.links {
            println!(
                "{:.2} {} {} -> {} {} [{}]",
                link.score, link.from.operation, link.from.output, link.to.operation, link.to.input, link.entity
            );
        }
        return;
    }
    for sentence in arguments.iter().skip(at + 1).filter(|a| !a.starts_with("--")) {
        let started = std::time::Instant::now();
        let plan = planner.plan(sentence, &options);
        println!(
            "\n{sentence}\n{}planned in {:?}, margin {:.2}, unmatched {:?}",
            planner.explain(sentence),
            started.elapsed(),
            plan.margin,
            plan.unmatched
        );
        for other in plan.alternatives.iter().filter(|_| arguments.iter().any(|a| a == "--alternatives")) {
            let steps: Vec<String> = other.steps.iter().map(|step| step.operation.to_string()).collect();
            println!("  {:.2} {}", other.score, steps.join(", "));
        }
        print!("{}", callboard_planner::render(&plan));
        if arguments.iter().any(|a| a == "--arazzo") {
            let scenario = ScenarioOptions {
                sentence: sentence.clone(),
                environment_needs: options.environment_needs.clone(),
                ..ScenarioOptions::default()
            };
            let text = callboard_scenario::write(&scenario_of(&plan, &system, &scenario));
            println!("{text}");
            report(&text, &system);
        }
    }
}
