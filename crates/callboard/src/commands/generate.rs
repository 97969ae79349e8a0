//! `callboard generate`: a sentence becomes a scenario file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use callboard_model::plan::Plan;
use callboard_model::{Code, Diagnostic, Document, Service, ServiceName, System};
use callboard_planner::{PlanOptions, ScenarioOptions};

use crate::cli::GenerateArgs;
use crate::commands::check::counted;
use crate::commands::{plan, update};
use crate::exit::{Exit, Failure};
use crate::llm;
use crate::project::{Project, shown};
use crate::terminal::{Sources, Terminal};

/// Writes a scenario.
pub(crate) fn generate(project: &Project, arguments: &GenerateArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(files) = &arguments.update {
        // A file may stand behind another option: `--update --write FILE`.
        let files: Vec<PathBuf> = files.iter().cloned().chain(arguments.sentence.as_ref().map(PathBuf::from)).collect();
        return update::update(project, &files, arguments, terminal);
    }
    let Some(sentence) = arguments.sentence.as_deref() else {
        let help = Some("give a sentence in quotes, or --cover gaps".to_owned());
        return Err(Failure::argument(crate::project::BAD_ARGUMENT, "nothing says what to generate", help));
    };
    if let Some(option) = arguments.only_for_coverage() {
        let message = format!("{option} belongs to --cover, and a sentence is given");
        return Err(Failure::argument(crate::project::BAD_ARGUMENT, message, None));
    }
    if let Some(path) = arguments.output.as_deref().filter(|path| path.exists() && !arguments.force) {
        let help = Some("--force replaces it".to_owned());
        return Err(Failure::argument(Code("exists"), format!("`{}` is there already", shown(path)), help));
    }
    let mut sources = Sources::default();
    let loaded = project.load_some(&arguments.definitions.definitions, &mut sources)?;
    terminal.diagnostics(&loaded.diagnostics, &sources);
    let options = plan::options(project, arguments.env.as_deref(), &loaded.system)?;
    let (plan, _) = llm::plan(project, &loaded.system, sentence, &options, &arguments.llm, terminal)?;
    if plan.steps.is_empty() {
        return Err(plan::nothing_found(&loaded.system));
    }
    plan::tell_leftovers(&plan, terminal);
    if arguments.strict {
        require_certainty(&plan)?;
    }
    let text = scenario_text(&plan, &loaded.system, sentence, &options, arguments.output.as_deref())?;
    match &arguments.output {
        Some(path) => {
            write(path, &text)?;
            let place = shown(path);
            let steps = counted(plan.steps.len(), "step");
            terminal.say(format!("{steps} written to {place}; next: callboard run {place}"));
        }
        None => terminal.data(&text),
    }
    Ok(Exit::Pass)
}

fn require_certainty(plan: &Plan) -> Result<(), Failure> {
    if !plan.unmatched.is_empty() {
        return Err(Failure::argument(
            Code("unmatched-words"),
            "words of the sentence are left over, and --strict allows none",
            None,
        ));
    }
    if plan::is_close(plan) {
        return Err(Failure::argument(
            Code("close-choice"),
            "another plan fits nearly as well, and --strict allows no guess",
            None,
        ));
    }
    Ok(())
}

/// The scenario file of a plan. What is written passes our own check; anything else is a bug, and is not written.
pub(crate) fn scenario_text(
    plan: &Plan,
    system: &System,
    sentence: &str,
    options: &PlanOptions,
    output: Option<&Path>,
) -> Result<String, Failure> {
    let place = output.map_or_else(|| "scenario.arazzo.yaml".to_owned(), shown);
    let written = ScenarioOptions {
        sentence: sentence.to_owned(),
        sources: system.services().iter().filter_map(|service| source_url(service, &place)).collect(),
        environment_needs: options.environment_needs.clone(),
        environment_values: options
            .environment_values
            .clone()
            .into_iter()
            .filter(|(_, value)| !names_a_variable(value))
            .collect(),
        ..ScenarioOptions::default()
    };
    let file = callboard_planner::scenario_of(plan, system, &written);
    let text = callboard_scenario::write(&file);
    let document = Document::parse(Arc::from(place.as_str()), text.as_bytes()).map_err(|diagnostic| bug(vec![*diagnostic]))?;
    let parsed = callboard_scenario::parse(&document);
    let mut diagnostics = parsed.diagnostics;
    if let Some(file) = &parsed.value {
        diagnostics.extend(callboard_scenario::check(file, &document, system));
    }
    diagnostics.retain(Diagnostic::is_error);
    if diagnostics.is_empty() { Ok(text) } else { Err(bug(diagnostics)) }
}

/// A service with the URL of its definition as a scenario file at `place` has to name it.
pub(crate) fn source_url(service: &Service, place: &str) -> Option<(ServiceName, String)> {
    let origin = service.documents.iter().next().map(|(_, document)| document.origin().clone())?;
    Some((service.name.clone(), relative_url(place, &origin)))
}

/// Whether a value of an environment is made of variables of the process: such an input gets no default.
pub(crate) fn names_a_variable(value: &serde_json::Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("${"))
}

fn bug(mut diagnostics: Vec<Diagnostic>) -> Failure {
    let message = "the scenario that was made breaks its own check: this is a bug of Callboard, please report it";
    let head = Diagnostic {
        code: Code("bug"),
        severity: callboard_model::Severity::Error,
        span: None,
        message: message.to_owned(),
        help: None,
    };
    diagnostics.push(head);
    Failure { exit: Exit::Bug, diagnostics }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "create", &error))?;
    }
    std::fs::write(path, text).map_err(|error| Failure::file(path, "write", &error))
}

/// The URL of a definition as a scenario file at `place` has to name it.
fn relative_url(place: &str, origin: &str) -> String {
    if crate::fetch::is_url(origin) {
        return origin.to_owned();
    }
    let absolute = |path: &str| std::path::absolute(path).unwrap_or_else(|_| path.into());
    let (place, origin) = (absolute(place), absolute(origin));
    let folder = place.parent().unwrap_or(Path::new(""));
    let shared = folder.components().zip(origin.components()).take_while(|(a, b)| a == b).count();
    let mut parts: Vec<String> = folder.components().skip(shared).map(|_| "..".to_owned()).collect();
    parts.extend(origin.components().skip(shared).map(|part| part.as_os_str().to_string_lossy().into_owned()));
    let joined = parts.join("/");
    if joined.starts_with("..") { joined } else { format!("./{joined}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_is_named_from_where_the_scenario_lies() {
        assert_eq!(relative_url("scenarios/a.arazzo.yaml", "services/orders/openapi.yaml"), "../services/orders/openapi.yaml");
        assert_eq!(relative_url("a.arazzo.yaml", "orders.yaml"), "./orders.yaml");
        assert_eq!(relative_url("a.arazzo.yaml", "http://h/openapi.json"), "http://h/openapi.json");
    }
}
