//! `callboard generate --update`: the smallest edits that make scenarios fit definitions that changed.

use std::path::{Path, PathBuf};

use callboard_analysis::maintenance::{Change, Finding, Proposal, explained, findings, propose, unified};
use callboard_model::document::INVALID_DOCUMENT;
use callboard_model::map::SystemMap;
use callboard_model::{Code, Diagnostic, Severity};
use callboard_runner::SourceFile;

use crate::cli::GenerateArgs;
use crate::commands::check::counted;
use crate::exit::{Exit, Failure};
use crate::older::{self, Older};
use crate::project::{Project, ScenarioDocument};
use crate::suite::{Suite, with_surroundings};
use crate::terminal::{Sources, Terminal};

/// A scenario file with what it may become.
pub(crate) struct Updated {
    /// The path as messages show it.
    pub(crate) name: String,
    /// The text as it is.
    pub(crate) before: String,
    /// What is proposed.
    pub(crate) proposal: Proposal,
    /// The sentence that the file was made from.
    sentence: Option<String>,
}

impl Updated {
    /// The edits as a unified diff; empty when there are none.
    pub(crate) fn diff(&self) -> String {
        unified(&self.name, &self.before, &self.proposal.text)
    }
}

/// Proposes edits, or makes them.
pub(crate) fn update(
    project: &Project,
    files: &[PathBuf],
    arguments: &GenerateArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, files, &arguments.definitions.definitions, &mut sources)?;
    if suite.documents.is_empty() && suite.scenario_problems.iter().any(Diagnostic::is_error) {
        return Err(Failure::bad_input(suite.errors()));
    }
    suite.require_scenarios(&project.root)?;
    let unreadable = unreadable(&suite);
    terminal.diagnostics(&unreadable, &sources);
    let older = older::find(project, &suite, arguments.base.as_deref())?;
    let updated = updates(project, &suite, older.as_ref());
    if let (Some(older), true) = (&older, updated.iter().any(|file| !file.proposal.reasons.is_empty())) {
        terminal.say(format!("the definitions are compared with {}", older.what));
    }
    for file in &updated {
        show(file, terminal);
        if arguments.write && file.proposal.text != file.before {
            write(&file.name, &file.proposal.text)?;
        }
    }
    conclude(&updated, arguments.write, terminal);
    let is_left = updated.iter().flat_map(|file| &file.proposal.left).any(Diagnostic::is_error);
    Ok(if is_left || unreadable.iter().any(Diagnostic::is_error) { Exit::BadInput } else { Exit::Pass })
}

/// What hides a change altogether: definitions that cannot be read, and scenario files that are none.
fn unreadable(suite: &Suite) -> Vec<Diagnostic> {
    let broken = suite.definition_problems.iter().filter(|diagnostic| diagnostic.is_error());
    let documents = suite.documents.iter().filter(|document| document.source.is_none());
    let files = documents.flat_map(|document| &document.diagnostics);
    let not_read =
        suite.scenario_problems.iter().filter(|diagnostic| diagnostic.span.is_none() || diagnostic.code == INVALID_DOCUMENT);
    let mut all: Vec<Diagnostic> = broken.chain(files).chain(not_read).cloned().collect();
    all.dedup();
    all
}

/// What each scenario file of a suite may become.
pub(crate) fn updates(project: &Project, suite: &Suite, older: Option<&Older>) -> Vec<Updated> {
    let documents = suite.all_documents();
    let map = callboard_planner::map(&suite.system, &project.map_options());
    with_surroundings(project, &documents, |around| {
        let change = Change { old: older.map(|older| &older.system), new: &suite.system, map: &map, around: *around };
        let sources = suite.documents.iter().filter_map(|document| document.source.as_deref());
        sources.map(|source| of_file(source, &change)).collect()
    })
}

fn of_file(source: &SourceFile, change: &Change<'_>) -> Updated {
    Updated {
        name: source.origin().to_owned(),
        before: source.document.text().to_string(),
        proposal: propose(&source.file, &source.document, change),
        sentence: sentence(source),
    }
}

/// The sentence that a file was made from: it is the title, and the summary of the only workflow.
fn sentence(source: &SourceFile) -> Option<String> {
    match &source.file.workflows[..] {
        [only] if only.summary.as_ref() == Some(&source.file.info.title) => only.summary.clone(),
        _ => None,
    }
}

/// What a check of a suite says, with what is known about changes of the definitions.
pub(crate) fn explained_problems(project: &Project, suite: &Suite, older: Option<&Older>) -> Vec<Diagnostic> {
    let is_broken = suite.scenario_problems.iter().any(Diagnostic::is_error);
    if older.is_none() && !is_broken {
        return suite.scenario_problems.clone();
    }
    let documents = suite.all_documents();
    let map = SystemMap::default();
    let found: Vec<Finding> = with_surroundings(project, &documents, |around| {
        let change = Change { old: older.map(|older| &older.system), new: &suite.system, map: &map, around: *around };
        let sources = documents.iter().filter_map(|document: &&ScenarioDocument| document.source.as_deref());
        sources.flat_map(|source| findings(&source.file, &source.document, &change)).collect()
    });
    explained(suite.scenario_problems.clone(), &found)
}

/// The reasons as lines that a reader of diffs skips, then the diff, on stdout; what is left on stderr.
fn show(file: &Updated, terminal: &Terminal) {
    if file.proposal.text != file.before {
        let reasons: Vec<String> = file
            .proposal
            .reasons
            .iter()
            .map(|reason| format!("# line {}: {}: {}\n", reason.line, reason.why, reason.what))
            .collect();
        terminal.data(&format!("# {}\n{}{}", file.name, reasons.concat(), coloured(&file.diff(), terminal.color_out())));
    }
    let mut left = file.proposal.left.clone();
    let has_errors = left.iter().any(Diagnostic::is_error);
    if let Some(sentence) = file.sentence.as_ref().filter(|_| has_errors) {
        let help = format!("callboard generate {sentence:?} -o {} --force", file.name);
        left.push(Diagnostic {
            code: Code("update-incomplete"),
            severity: Severity::Note,
            span: None,
            message: "the file was made from a sentence: planning it anew is another way, and loses what was edited by hand"
                .to_owned(),
            help: Some(help),
        });
    }
    let mut sources = Sources::default();
    sources.add(&file.name.as_str().into(), &file.proposal.text.as_str().into());
    terminal.diagnostics(&left, &sources);
}

/// A diff with colours for a terminal.
fn coloured(diff: &str, in_colour: bool) -> String {
    if !in_colour {
        return diff.to_owned();
    }
    let line = |line: &str| {
        let style = match line.chars().next() {
            _ if line.starts_with("+++") || line.starts_with("---") => anstyle::Style::new().bold(),
            Some('+') => anstyle::AnsiColor::Green.on_default(),
            Some('-') => anstyle::AnsiColor::Red.on_default(),
            Some('@') => anstyle::AnsiColor::Cyan.on_default(),
            _ => return format!("{line}\n"),
        };
        format!("{style}{line}{style:#}\n")
    };
    diff.lines().map(line).collect()
}

fn conclude(updated: &[Updated], is_written: bool, terminal: &Terminal) {
    let edited = updated.iter().filter(|file| file.proposal.text != file.before).count();
    let errors = updated.iter().flat_map(|file| &file.proposal.left).filter(|diagnostic| diagnostic.is_error()).count();
    let rest = if errors > 0 { format!("; {} left that cannot be decided", counted(errors, "error")) } else { String::new() };
    let what = match (edited, is_written) {
        (0, _) => "nothing to update".to_owned(),
        (_, true) => format!("{} updated", counted(edited, "file")),
        (_, false) => format!("{} to update; --write makes the edits", counted(edited, "file")),
    };
    terminal.say(format!("{what}{rest}"));
}

/// Writes a file that is there already; a mark of its byte order stays.
pub(crate) fn write(name: &str, text: &str) -> Result<(), Failure> {
    let path = Path::new(name);
    let before = std::fs::read(path).map_err(|error| Failure::file(path, "read", &error))?;
    let mark: &[u8] = if before.starts_with(b"\xef\xbb\xbf") { b"\xef\xbb\xbf" } else { b"" };
    std::fs::write(path, [mark, text.as_bytes()].concat()).map_err(|error| Failure::file(path, "write", &error))
}
