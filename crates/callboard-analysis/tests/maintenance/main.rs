//! Pairs of definitions and a scenario: what a check says after the change, and what edit is proposed. Each case is one snapshot.

mod cases;
mod shop;

use callboard_analysis::maintenance::{Change, explained, findings, propose, unified};
use callboard_definition::MemoryFetch;
use callboard_model::map::SystemMap;
use callboard_model::{Document, Service, ServiceName, System};
use callboard_scenario::{ScenarioFile, Surroundings};

/// Definitions by the name of their service.
type Definitions<'d> = &'d [(&'d str, &'d str)];

fn service(name: &str, text: &str) -> Service {
    let origin = format!("services/{name}.yaml");
    let fetch = MemoryFetch::new().with(origin.clone(), text);
    let parsed = callboard_definition::load(&ServiceName::new(name), &origin, &fetch);
    parsed.value.unwrap_or_else(|| panic!("{name} loads: {:?}", parsed.diagnostics))
}

fn system(definitions: Definitions<'_>) -> System {
    System::new(definitions.iter().map(|(name, text)| service(name, text)).collect())
}

fn scenario(text: &str) -> (Document, ScenarioFile) {
    let name = if text.starts_with('{') { "scenarios/a.arazzo.json" } else { "scenarios/a.arazzo.yaml" };
    let document = Document::parse(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let file = callboard_scenario::parse(&document).value.expect("a scenario file");
    (document, file)
}

/// What a check says, the diff, the reasons, and what is left.
fn report(old: Option<Definitions<'_>>, new: Definitions<'_>, text: &str) -> String {
    let (old, new) = (old.map(system), system(new));
    let (document, file) = scenario(text);
    let map = SystemMap::default();
    let change = Change { old: old.as_ref(), new: &new, map: &map, around: Surroundings::default() };
    let mut checked = callboard_scenario::parse(&document).diagnostics;
    checked.extend(callboard_scenario::check(&file, &document, &new));
    let found = findings(&file, &document, &change);
    let mut out = String::from("CHECK\n");
    for diagnostic in explained(checked, &found) {
        out.push_str(&format!("{diagnostic}\n"));
    }
    let proposal = propose(&file, &document, &change);
    out.push_str("REASONS\n");
    for reason in &proposal.reasons {
        out.push_str(&format!("{}: {} => {}\n", reason.line, reason.why, reason.what));
    }
    out.push_str("DIFF\n");
    out.push_str(&unified(document.origin(), document.text(), &proposal.text));
    out.push_str("LEFT\n");
    for diagnostic in &proposal.left {
        out.push_str(&format!("{diagnostic}\n"));
    }
    out
}

/// A text with parts replaced; each part must be there.
#[track_caller]
fn replaced(text: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(text.to_owned(), |text, (part, by)| {
        assert!(text.contains(part), "`{part}` stands in\n{text}");
        text.replace(part, by)
    })
}
