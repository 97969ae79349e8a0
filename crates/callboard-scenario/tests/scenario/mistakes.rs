//! One mistake per file: each is refused before anything is sent, at its place, with one error and a way out.
//!
//! The first line of a file says what is expected: `# expect: CODE LINE:COLUMN help=TEXT`, where `help=` is a part of the help text and may
//! be left out. A file without an expectation fails the test.

use crate::support::{judge, scenarios, system, workspace};
use callboard_model::document::join_reference;
use callboard_model::{Diagnostic, Document, System};
use callboard_scenario::ast::Workflow;
use callboard_scenario::{ScenarioFile, Surroundings, check_within};

fn folder(name: &str) -> std::path::PathBuf {
    workspace("crates/callboard-scenario/tests").join(name)
}

fn three_services() -> System {
    let definition = |name: &str| folder("mistakes/definitions").join(name);
    system(&[
        ("customers", definition("customers.yaml")),
        ("orders", definition("orders.yaml")),
        ("payments", definition("payments.yaml")),
    ])
}

/// What the first line of a file asks for.
struct Expectation {
    code: String,
    place: String,
    help: Option<String>,
}

fn expectation(text: &str) -> Option<Expectation> {
    let line = text.lines().next()?.strip_prefix("# expect: ")?;
    let (line, help) = match line.split_once(" help=") {
        Some((line, help)) => (line, Some(help.to_owned())),
        None => (line, None),
    };
    let (code, place) = line.trim().split_once(' ')?;
    Some(Expectation { code: code.to_owned(), place: place.to_owned(), help })
}

fn matches(error: &Diagnostic, expected: &Expectation) -> bool {
    let place = error.span.as_ref().map(|span| format!("{}:{}", span.line, span.column));
    let helps = match &expected.help {
        Some(part) => error.help.as_ref().is_some_and(|help| help.contains(part.as_str())),
        None => true,
    };
    error.code.0 == expected.code && place.as_ref() == Some(&expected.place) && helps
}

#[test]
fn each_mistake_is_refused_at_its_place() {
    let system = three_services();
    let paths = scenarios(&folder("mistakes"));
    assert!(paths.len() >= 36, "only {} files", paths.len());
    let mut wrong = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let (_, _, found) = judge(&path, &system);
        let errors: Vec<_> = found.into_iter().filter(Diagnostic::is_error).collect();
        let is_right = expectation(&text).is_some_and(|expected| errors.len() == 1 && matches(&errors[0], &expected));
        if !is_right {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            let errors: Vec<_> = errors.iter().map(|e| e.to_string().replace(&*path.to_string_lossy(), "")).collect();
            wrong.push(format!("{name}: {}\n    found {}", text.lines().next().unwrap_or_default(), errors.join("\n    and   ")));
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_valid_files_have_no_errors() {
    let system = three_services();
    for path in scenarios(&folder("valid")) {
        let (_, file, found) = judge(&path, &system);
        let errors: Vec<_> = found.iter().filter(|d| d.is_error()).map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
        assert!(file.is_some());
    }
}

#[test]
fn a_workflow_of_another_file_is_looked_up_where_the_other_files_are_known() {
    let system = three_services();
    let path = folder("valid").join("everything.arazzo.yaml");
    let (document, file, _) = judge(&path, &system);
    let file = file.expect("a scenario file");
    let shared = |workflow: &str| ScenarioFile {
        workflows: vec![Workflow { id: workflow.to_owned(), ..Workflow::default() }],
        ..ScenarioFile::default()
    };
    let origin = folder("valid").join("shared.arazzo.yaml");
    let errors = |imports: &[(&str, &ScenarioFile)]| -> Vec<String> {
        let around = Surroundings { imports: Some(imports), ..Surroundings::default() };
        let found = check_within(&file, &document, &system, &around);
        found.iter().filter(|d| d.is_error()).map(|d| d.code.to_string()).collect()
    };
    let at = join_reference(&origin.to_string_lossy(), "shared.arazzo.yaml");
    assert!(errors(&[(&at, &shared("clean"))]).is_empty());
    assert_eq!(errors(&[(&at, &shared("cleen"))]), ["unknown-workflow"]);
    assert_eq!(errors(&[]), ["unknown-source"]);
}

#[test]
fn a_scenario_in_json_that_holds_a_key_twice_is_refused() {
    let text =
        br#"{"arazzo": "1.0.1", "info": {"title": "T", "version": "1"}, "sourceDescriptions": [{"name": "a", "url": "a.yaml"}],
  "workflows": [{"workflowId": "w", "steps": [{"stepId": "s", "operationId": "o", "operationId": "p"}]}]}"#;
    let document = Document::parse("a.arazzo.json", text).expect("this is JSON");
    let found: Vec<String> = callboard_scenario::parse(&document).diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("a.arazzo.json:2:83: error[duplicate-key]: `operationId` stands twice"), "{found:?}");
}
