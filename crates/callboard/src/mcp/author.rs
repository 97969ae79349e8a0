//! The tools that make scenarios: `plan`, `generate`, `write_scenario` and `check`.

use std::path::{Path, PathBuf};

use callboard_model::document::join_reference;
use callboard_model::{Code, Diagnostic, Severity, Span};
use serde_json::json;

use super::answer::{Answer, Listed, count};
use super::arguments::{CheckArguments, GenerateArguments, PlanArguments, WriteArguments};
use super::place;
use super::standing::{self, Planned};
use crate::commands::check::counted;
use crate::commands::{generate, plan, update};
use crate::exit::Failure;
use crate::fetch::is_url;
use crate::older;
use crate::project::{Project, ScenarioDocument, shown};
use crate::suite::Suite;
use crate::terminal::Sources;

/// Where a text lies when nobody says where it is to lie.
const DRAFT: &str = "scenarios/draft.arazzo.yaml";

/// Plans a sentence.
pub(crate) fn plan(arguments: &PlanArguments) -> Result<Answer, Failure> {
    let planned = Planned::of(&arguments.sentence, arguments.env.as_deref())?;
    let text = format!("{}{}", plan::to_text(&planned.plan, &planned.system), planned.leftovers());
    Ok(Answer::new(plan::to_json(&planned.plan, &planned.system), &text))
}

/// Makes a scenario of a sentence, and writes it where a path is given.
pub(crate) fn generate(arguments: &GenerateArguments) -> Result<Answer, Failure> {
    let path = arguments.path.as_deref().map(place::scenario).transpose()?;
    if let Some(path) = &path {
        place::require_free(path, arguments.overwrite)?;
    }
    let planned = Planned::of(&arguments.sentence, arguments.env.as_deref())?;
    let place = path.as_deref().unwrap_or(Path::new(DRAFT));
    let system = &planned.system;
    let text = generate::scenario_text(&planned.plan, system, &arguments.sentence, &planned.options, Some(place))?;
    let value = json!({
        "steps": planned.plan.steps.len(),
        "written": path.as_deref().map(shown),
        "unmatched": planned.plan.unmatched,
        "closeChoice": plan::is_close(&planned.plan),
    });
    let steps = counted(planned.plan.steps.len(), "step");
    let Some(path) = path else {
        let answer = Answer::new(value, &format!("{steps}, not written{}", planned.leftovers()));
        return Ok(answer.with_file("text", &text).with_paragraph(&text));
    };
    place::write(&path, &text, arguments.overwrite)?;
    Ok(Answer::new(value, &format!("{steps} written to {}{}", shown(&path), planned.leftovers())).with_file("text", &text))
}

impl Planned {
    /// The plan of a sentence; at least one operation fits it.
    fn of(sentence: &str, environment: Option<&str>) -> Result<Self, Failure> {
        let planned = standing::plan(sentence, environment)?;
        if planned.plan.steps.is_empty() {
            return Err(plan::nothing_found(&planned.system));
        }
        Ok(planned)
    }

    fn leftovers(&self) -> String {
        let mut text = String::new();
        if !self.plan.unmatched.is_empty() {
            text.push_str(&format!("\nnot used: {}", self.plan.unmatched.join(", ")));
        }
        if plan::is_close(&self.plan) {
            text.push_str("\nanother plan fits nearly as well: see the alternatives of `plan`");
        }
        text
    }
}

/// Writes a scenario that passes its check.
pub(crate) fn write_scenario(arguments: &WriteArguments) -> Result<Answer, Failure> {
    let path = place::scenario(&arguments.path)?;
    place::require_free(&path, arguments.overwrite)?;
    let project = Project::open("".into())?;
    let problems = problems_of_text(&project, &path, &arguments.text)?;
    if problems.iter().any(Diagnostic::is_error) {
        return Err(Failure::bad_input(problems));
    }
    place::write(&path, &arguments.text, arguments.overwrite)?;
    let listed = Listed::of(&problems);
    let value = json!({"written": shown(&path), "diagnostics": listed.rows, "more": listed.more});
    Ok(Answer::new(value, &format!("written to {}\n{}", shown(&path), listed.text)))
}

/// Checks files of the project, or a text.
pub(crate) fn check(arguments: &CheckArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let mut problems = Vec::new();
    if arguments.text.is_none() || !arguments.files.is_empty() {
        let files = arguments.files.iter().map(|file| place::inside(file)).collect::<Result<Vec<PathBuf>, _>>()?;
        let suite = Suite::read(&project, &files, &[], &mut Sources::default())?;
        let older = older::find(&project, &suite, None)?;
        problems.extend(suite.definition_problems.iter().cloned());
        problems.extend(update::explained_problems(&project, &suite, older.as_ref()));
    }
    if let Some(text) = &arguments.text {
        let path = place::scenario(arguments.path.as_deref().unwrap_or(DRAFT))?;
        problems.extend(problems_of_text(&project, &path, text)?);
    }
    let (errors, warnings) = (count(&problems, Severity::Error), count(&problems, Severity::Warning));
    let listed = Listed::of(&problems);
    let value = json!({
        "ok": errors == 0,
        "errors": errors,
        "warnings": warnings,
        "diagnostics": listed.rows,
        "more": listed.more,
    });
    Ok(Answer::new(value, &format!("{}, {}\n{}", counted(errors, "error"), counted(warnings, "warning"), listed.text)))
}

/// What is wrong with a scenario that lies, or is to lie, at a path. Definitions that it does not use may be wrong.
fn problems_of_text(project: &Project, path: &Path, text: &str) -> Result<Vec<Diagnostic>, Failure> {
    let mut sources = Sources::default();
    let document = match project.parse_scenario(path, text.as_bytes(), &mut sources) {
        Ok(document) => document,
        Err(failure) => return Ok(failure.diagnostics),
    };
    let foreign = foreign_sources(project, path, &document)?;
    if !foreign.is_empty() {
        return Ok(foreign);
    }
    let suite = Suite::of(project, vec![document], Vec::new(), &[], &mut sources)?;
    Ok(suite.scenario_problems)
}

/// A text may not make us read what the project does not name: other hosts, or files outside its folder.
fn foreign_sources(project: &Project, path: &Path, document: &ScenarioDocument) -> Result<Vec<Diagnostic>, Failure> {
    let Some(scenario) = &document.source else { return Ok(Vec::new()) };
    let named = project.definitions(&[])?;
    let is_foreign = |name: &str, url: &str| {
        let origin = if is_url(url) { url.to_owned() } else { join_reference(&shown(path), url) };
        let is_named = named.iter().any(|known| known.name.as_str() == name || known.origin == origin);
        !is_named && (origin.contains("://") || place::inside(&origin).is_err())
    };
    let foreign = scenario.file.sources.iter().filter(|source| is_foreign(&source.name, &source.url));
    let problem = |source: &callboard_scenario::ast::SourceDescription| {
        let message = format!("`{}` lies outside the project, and callboard.toml names no service with it", source.url);
        let help = format!("a person can add [services.{}] with definition = \"{}\" to callboard.toml", source.name, source.url);
        Diagnostic::error(Code("foreign-source"), Span::file(shown(path)), message).with_help(help)
    };
    Ok(foreign.map(problem).collect())
}
