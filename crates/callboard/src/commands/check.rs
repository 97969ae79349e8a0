//! `callboard check`: everything that can be known before a request is sent.

use callboard_model::{Diagnostic, Severity};
use serde_json::{Value, json};

use crate::cli::CheckArgs;
use crate::commands::update;
use crate::exit::{Exit, Failure};
use crate::older;
use crate::project::Project;
use crate::suite::Suite;
use crate::terminal::{Sources, Terminal};
use crate::unjudged;

/// Checks scenarios, definitions and settings.
pub(crate) fn check(project: &Project, arguments: &CheckArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, &arguments.files, &arguments.definitions.definitions, &mut sources)?;
    let older = older::find(project, &suite, arguments.base.as_deref())?;
    let explained = update::explained_problems(project, &suite, older.as_ref());
    let unjudged = unjudged::notes(&suite);
    let problems: Vec<Diagnostic> = suite.definition_problems.iter().chain(&unjudged).chain(&explained).cloned().collect();
    let has_errors = problems.iter().any(Diagnostic::is_error);
    if suite.documents.is_empty() && suite.system.services().is_empty() && !has_errors {
        let help = "run `callboard init`, or name a file".to_owned();
        return Err(Failure::argument(callboard_model::Code("nothing-to-check"), "there is nothing to check here", Some(help)));
    }
    if arguments.json {
        terminal.json(&to_json(&problems));
    } else {
        terminal.diagnostics(&problems, &sources);
        if let Some(older) = older.filter(|_| explained != suite.scenario_problems) {
            terminal.say(format!("the definitions are compared with {}", older.what));
        }
        terminal.say(summary(&suite, &problems));
    }
    Ok(if has_errors { Exit::BadInput } else { Exit::Pass })
}

/// The diagnostics in the shape that scripts rely on.
pub(crate) fn to_json(diagnostics: &[Diagnostic]) -> Value {
    let rows: Vec<Value> = diagnostics
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.span.as_ref();
            json!({
                "file": span.map(|s| &*s.file),
                "line": span.map(|s| s.line),
                "column": span.map(|s| s.column),
                "severity": diagnostic.severity,
                "code": diagnostic.code,
                "message": diagnostic.message,
                "help": diagnostic.help,
            })
        })
        .collect();
    json!({"version": 1, "diagnostics": rows})
}

fn summary(suite: &Suite, problems: &[Diagnostic]) -> String {
    let count = |severity| problems.iter().filter(|d| d.severity == severity).count();
    let workflows: usize =
        suite.documents.iter().filter_map(|d| d.source.as_ref()).map(|source| source.file.workflows.len()).sum();
    let operations = suite.system.operations().count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let verdict = match (errors, warnings) {
        (0, 0) => "no problem".to_owned(),
        (0, n) => format!("no error, {}", counted(n, "warning")),
        (n, 0) => counted(n, "error"),
        (n, w) => format!("{}, {}", counted(n, "error"), counted(w, "warning")),
    };
    format!(
        "{} in {}, {} with {}: {verdict}",
        counted(workflows, "scenario"),
        counted(suite.documents.len(), "file"),
        counted(suite.system.services().len(), "service"),
        counted(operations, "operation"),
    )
}

/// A number with its noun.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
