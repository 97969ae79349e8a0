//! Findings in the words of a check, and as edits of the file.

use std::collections::BTreeSet;
use std::sync::Arc;

use callboard_model::{Code, Diagnostic, Document};
use callboard_scenario::edit::{Edit, apply};
use callboard_scenario::{ScenarioFile, codes};
use similar::TextDiff;

use super::{Change, Finding, findings_since};

/// Edits may uncover what could not be seen before; so many times a file is looked through again.
const MAX_ROUNDS: usize = 12;

/// What a file may become.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The text, with all edits that could be decided.
    pub text: String,
    /// What was edited and why: the place in the file as it is, the reason and the edit.
    pub reasons: Vec<Reason>,
    /// What is wrong with the proposed text still. Empty when it passes the check.
    pub left: Vec<Diagnostic>,
}

/// One edit with its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The line of the file, counted from 1. For edits that follow from others it is that of the text after those.
    pub line: u32,
    /// What changed in the definition.
    pub why: String,
    /// What was done about it.
    pub what: String,
}

/// The diagnostics of a check with what the findings know: a report of a place that a change of the definitions broke says so, and what
/// the check does not see is added as a warning.
pub fn explained(checked: Vec<Diagnostic>, findings: &[Finding]) -> Vec<Diagnostic> {
    let mut diagnostics = checked;
    for finding in findings.iter().filter(|finding| !finding.is_consequence) {
        let is_told = |diagnostic: &Diagnostic| tells(diagnostic, finding);
        if finding.is_guess && !diagnostics.iter().any(|diagnostic| is_told(diagnostic) && knows_better(finding, diagnostic)) {
            continue;
        }
        let told = take(&mut diagnostics, is_told, 1);
        let is_settled =
            |diagnostic: &Diagnostic| finding.settles.iter().any(|(code, name)| is_about(diagnostic, finding, *code, name));
        let settled = take(&mut diagnostics, is_settled, usize::MAX);
        // What replaces an error is one: nothing becomes less wrong by being explained.
        let severity = told.iter().chain(&settled).map(|diagnostic| diagnostic.severity).min();
        let mut diagnostic = finding.diagnostic.clone();
        diagnostic.severity = severity.unwrap_or(diagnostic.severity);
        if let Some(told) = told.into_iter().next() {
            (diagnostic.code, diagnostic.span) = (told.code, told.span);
        }
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
    diagnostics.sort_by_key(|d| d.span.as_ref().map(|span| (span.file.clone(), span.line, span.column)));
    diagnostics
}

/// Whether a guess says more than the check, which explains slips of the finger well enough: where another operation or service fits
/// what the steps do better than the one whose name looks alike.
fn knows_better(finding: &Finding, diagnostic: &Diagnostic) -> bool {
    let is_target = matches!(diagnostic.code, codes::UNKNOWN_OPERATION | codes::UNKNOWN_SERVICE);
    let near = diagnostic.help.as_ref().and_then(|help| help.strip_prefix("did you mean `")?.strip_suffix("`?"));
    let near = near.map(|name| format!("{}`", name.rsplit('.').next().unwrap_or(name)));
    is_target
        && !finding.edits.is_empty()
        && near.is_none_or(|near| !finding.remedy.contains(&near) && !finding.diagnostic.message.contains(&near))
}

/// Takes up to `count` diagnostics of a kind out.
fn take(diagnostics: &mut Vec<Diagnostic>, is_it: impl Fn(&Diagnostic) -> bool, count: usize) -> Vec<Diagnostic> {
    let mut taken = Vec::new();
    while let Some(at) = diagnostics.iter().position(&is_it).filter(|_| taken.len() < count) {
        taken.push(diagnostics.remove(at));
    }
    taken
}

/// Whether a report of a check is about the same as a finding.
fn tells(diagnostic: &Diagnostic, finding: &Finding) -> bool {
    finding.explains.is_some_and(|code| is_about(diagnostic, finding, code, &finding.subject))
}

/// Whether a report has this code, stands in the step of the finding and quotes the name, alone or at the end of a path.
fn is_about(diagnostic: &Diagnostic, finding: &Finding, code: Code, name: &str) -> bool {
    let is_here = diagnostic.span.as_ref().is_some_and(|span| (finding.lines.0..=finding.lines.1).contains(&span.line));
    let is_same_file = diagnostic.span.as_ref().map(|span| &span.file) == finding.diagnostic.span.as_ref().map(|span| &span.file);
    let quotes = || ["`", "/"].iter().any(|before| diagnostic.message.contains(&format!("{before}{name}`")));
    diagnostic.code == code && is_here && is_same_file && quotes()
}

/// Edits a file until nothing is left that can be decided, then checks it.
pub fn propose(file: &ScenarioFile, document: &Document, change: &Change<'_>) -> Proposal {
    let original = file;
    let mut text = document.text().to_string();
    let mut reasons: Vec<Reason> = Vec::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    let mut current = Some((file.clone(), None::<Document>));
    for _ in 0..MAX_ROUNDS {
        let Some((file, edited)) = &current else { break };
        let document = edited.as_ref().unwrap_or(document);
        let found = findings_since(original, file, document, change);
        let (edits, told) = next_edits(&found, &refused);
        if edits.is_empty() {
            break;
        }
        let edited = apply(document, &edits);
        refused.extend(edited.refused.iter().map(|(edit, _)| format!("{edit:?}")));
        if edited.text == text {
            continue;
        }
        reasons.extend(
            told.into_iter()
                .filter(|(_, edits)| !edits.iter().any(|edit| refused.contains(&format!("{edit:?}"))))
                .map(|(reason, _)| reason),
        );
        text = edited.text;
        current = read(document.origin(), &text);
    }
    let left = match &current {
        Some((file, edited)) => check(original, file, edited.as_ref().unwrap_or(document), change),
        None => Vec::new(),
    };
    reasons.sort_by_key(|reason| reason.line);
    reasons.dedup();
    Proposal { text, reasons, left }
}

/// The edits of a round: at most one of each place, so that none undoes another.
fn next_edits<'f>(found: &'f [Finding], refused: &BTreeSet<String>) -> (Vec<Edit>, Vec<(Reason, &'f [Edit])>) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut edits = Vec::new();
    let mut told = Vec::new();
    for finding in found.iter().filter(|finding| !finding.edits.is_empty()) {
        let places: Vec<String> = finding.edits.iter().map(slot).collect();
        let is_refused = finding.edits.iter().any(|edit| refused.contains(&format!("{edit:?}")));
        if is_refused || places.iter().any(|place| taken.contains(place)) {
            continue;
        }
        taken.extend(places);
        edits.extend(finding.edits.iter().cloned());
        let line = finding.diagnostic.span.as_ref().map_or(1, |span| span.line);
        told.push((
            Reason { line, why: finding.diagnostic.message.clone(), what: finding.remedy.clone() },
            finding.edits.as_slice(),
        ));
    }
    (edits, told)
}

/// What only one edit of a round may touch.
fn slot(edit: &Edit) -> String {
    match edit {
        Edit::Insert { into, key, .. } => format!("{into} {key}"),
        Edit::Append { to, value, .. } => format!("{to} {value}"),
        other => other.place().to_string(),
    }
}

fn read(origin: &Arc<str>, text: &str) -> Option<(ScenarioFile, Option<Document>)> {
    let document = Document::parse(origin.clone(), text.as_bytes()).ok()?;
    let file = callboard_scenario::parse(&document).value?;
    Some((file, Some(document)))
}

/// What a check says about a text, in the words of the findings.
fn check(original: &ScenarioFile, file: &ScenarioFile, document: &Document, change: &Change<'_>) -> Vec<Diagnostic> {
    let mut checked = callboard_scenario::parse(document).diagnostics;
    checked.extend(callboard_scenario::check_within(file, document, change.new, &change.around));
    let mut found = findings_since(original, file, document, change);
    // What is left is left because it could not be decided: naming the command again helps nobody.
    found.iter_mut().for_each(|finding| finding.diagnostic.help = Some(finding.remedy.clone()).filter(|text| !text.is_empty()));
    explained(checked, &found)
}

/// The difference of two texts as a unified diff that `git apply` and `patch -p1` read; empty when there is none.
pub fn unified(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string()
}
