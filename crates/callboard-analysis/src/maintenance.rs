//! What a change of the definitions does to a scenario: which places break, why, and the smallest edit that mends each.
//!
//! [`findings`] compares what each step of a scenario uses (its operation, parameters, members of bodies, statuses, values) with two
//! versions of the system. Without an older version it looks for the likeliest successors of what is not there. [`explained`] puts the
//! findings into the words of a check, [`propose`] makes the edits in the text of the file.
//!
//! A guess is made only where one successor is clearly the best; everything else is left to the user, with the choices. What a scenario
//! did wrong in the older version already, on purpose or not, is no finding.

mod answers;
mod body;
mod calls;
mod conditions;
mod parameters;
mod proposal;
mod security;
mod sources;
mod supply;

use callboard_model::map::SystemMap;
use callboard_model::{Code, Diagnostic, Document, Pointer, Severity, System};
use callboard_scenario::edit::Edit;
use callboard_scenario::{ScenarioFile, Surroundings};

use self::calls::Call;
use self::sources::Pairing;

pub use self::proposal::{Proposal, explained, propose, unified};

/// A step whose operation means another one than before.
pub const CHANGED_OPERATION: Code = Code("changed-operation");
/// A parameter, or a member of a request, that the definition changed.
pub const CHANGED_REQUEST: Code = Code("changed-request");
/// A place or value of an answer that the definition changed.
pub const CHANGED_ANSWER: Code = Code("changed-answer");
/// An operation that asks for credentials now.
pub const CHANGED_SECURITY: Code = Code("changed-security");

/// All codes of this module.
pub const CODES: &[Code] = &[CHANGED_OPERATION, CHANGED_REQUEST, CHANGED_ANSWER, CHANGED_SECURITY];

/// Two versions of a system, with what else is known about it.
#[derive(Clone, Copy)]
pub struct Change<'a> {
    /// The older version, as far as one is known.
    pub old: Option<&'a System>,
    /// The version that counts.
    pub new: &'a System,
    /// The map of the newer version: where values for what is needed now may come from.
    pub map: &'a SystemMap,
    /// What is known about the project.
    pub around: Surroundings<'a>,
}

/// One place of a scenario that a change of the definitions concerns.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What changed, at the scenario's own place.
    pub diagnostic: Diagnostic,
    /// The code under which a check reports the same.
    pub explains: Option<Code>,
    /// The name that such a report quotes.
    pub subject: String,
    /// The lines of the step, first and last.
    pub lines: (u32, u32),
    /// Codes and names of reports that its edits make pointless.
    pub settles: Vec<(Code, String)>,
    /// Whether it is seen only because the step's operation was replaced.
    pub is_consequence: bool,
    /// Whether no older version is known: what is wrong may never have been right.
    pub is_guess: bool,
    /// What mends it; empty where that cannot be decided.
    pub edits: Vec<Edit>,
    /// The edits in words; or the choices.
    pub remedy: String,
}

/// Everything in a scenario file that a change of the definitions concerns, in the order of the steps.
pub fn findings(file: &ScenarioFile, document: &Document, change: &Change<'_>) -> Vec<Finding> {
    findings_since(file, file, document, change)
}

/// As [`findings`], for a file that was edited already: what its steps meant before is what those of the `original` name. Edits neither
/// add nor remove steps.
fn findings_since(original: &ScenarioFile, file: &ScenarioFile, document: &Document, change: &Change<'_>) -> Vec<Finding> {
    let pairings = sources::pairings(file, document, change);
    let mut examiner = Examiner { document, change, pairings: &pairings, found: Vec::new() };
    examiner.sources();
    for (workflow, before) in file.workflows.iter().zip(&original.workflows) {
        let steps = workflow.steps.iter().chain(&workflow.finally).zip(before.steps.iter().chain(&before.finally));
        let calls: Vec<Option<Call<'_>>> =
            steps.enumerate().map(|(index, (step, before))| examiner.call(workflow, step, &before.target, index)).collect();
        for call in calls.iter().flatten() {
            examiner.parameters(call, &calls);
            examiner.body(call, &calls);
            examiner.conditions(call);
            examiner.security(call);
        }
        examiner.answers(workflow, &calls);
    }
    examiner.found
}

/// Looks through one file.
struct Examiner<'c> {
    document: &'c Document,
    change: &'c Change<'c>,
    pairings: &'c [Pairing<'c>],
    found: Vec<Finding>,
}

/// A finding in the making.
struct Report<'r> {
    /// The code where no check reports it.
    code: Code,
    /// The code of the check that reports the same.
    explains: Option<Code>,
    /// Its place.
    at: &'r Pointer,
    /// The name that it is about.
    subject: &'r str,
    /// What changed.
    message: String,
    /// What mends it.
    edits: Vec<Edit>,
    /// The edits, or the choices, in words.
    remedy: String,
    /// Codes and names of reports that the edits make pointless.
    settles: Vec<(Code, String)>,
    /// Whether no older version of the operation is known.
    is_guess: bool,
}

impl Examiner<'_> {
    /// Adds a finding about a step, or about something outside of all steps.
    fn report(&mut self, call: Option<&Call<'_>>, step: Option<&Pointer>, report: Report<'_>) {
        let span = self.document.span(report.at);
        let lines = step.map_or((span.line, span.end_line), |step| {
            let span = self.document.span(step);
            (span.line, span.end_line.max(span.line))
        });
        let help = if report.edits.is_empty() {
            Some(report.remedy.clone()).filter(|remedy| !remedy.is_empty())
        } else {
            Some(format!("`callboard generate --update {}` proposes: {}", self.document.origin(), report.remedy))
        };
        let diagnostic = Diagnostic { severity: Severity::Warning, ..Diagnostic::error(report.code, span, report.message) }
            .with_optional_help(help);
        self.found.push(Finding {
            diagnostic,
            explains: report.explains,
            subject: report.subject.to_owned(),
            lines,
            settles: report.settles,
            is_consequence: call.is_some_and(|call| call.is_moved),
            is_guess: report.is_guess,
            edits: report.edits,
            remedy: report.remedy,
        });
    }

    /// The text at a place of the file.
    fn text(&self, at: &Pointer) -> Option<&str> {
        self.document.at(at).and_then(serde_json::Value::as_str)
    }
}

/// Names in a row of choices.
fn choices<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
