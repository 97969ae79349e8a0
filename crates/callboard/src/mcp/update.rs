//! The tool that mends scenarios after a definition changed: `update_scenarios`.

use std::path::PathBuf;

use callboard_model::Diagnostic;
use serde_json::{Value, json};

use super::answer::{Answer, Listed, first};
use super::arguments::UpdateArguments;
use super::place;
use crate::commands::check::counted;
use crate::commands::update::{self, Updated};
use crate::exit::Failure;
use crate::older;
use crate::project::Project;
use crate::suite::Suite;
use crate::terminal::Sources;

/// How many files are listed.
const FILES: usize = 20;
/// How many edits of a file are listed.
const EDITS: usize = 50;

/// Proposes the smallest edits, or makes them.
pub(crate) fn update(arguments: &UpdateArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let files = arguments.files.iter().map(|file| place::scenario(file)).collect::<Result<Vec<PathBuf>, _>>()?;
    let suite = Suite::read(&project, &files, &[], &mut Sources::default())?;
    suite.require_scenarios(&project.root)?;
    let older = older::find(&project, &suite, arguments.base.as_deref())?;
    let updated = update::updates(&project, &suite, older.as_ref());
    let edited: Vec<&Updated> = updated.iter().filter(|file| file.proposal.text != file.before).collect();
    if arguments.write {
        for file in &edited {
            // A file of the project that is a link to elsewhere stays as it is.
            place::scenario(&file.name)?;
            update::write(&file.name, &file.proposal.text)?;
        }
    }
    let left = Listed::of(updated.iter().flat_map(|file| &file.proposal.left));
    let errors = updated.iter().flat_map(|file| &file.proposal.left).filter(|problem| problem.is_error()).count();
    let count = edited.len();
    let (listed, more) = first(edited, FILES);
    let value = json!({
        "comparedWith": older.as_ref().map(|older| older.what.clone()),
        "written": arguments.write,
        "files": listed.iter().map(|file| row(file)).collect::<Vec<Value>>(),
        "more": more,
        "diagnostics": left.rows,
    });
    let done = if arguments.write { "updated" } else { "to update; pass write: true to make the edits" };
    let rest =
        if errors > 0 { format!("; {} left that a person has to decide", counted(errors, "error")) } else { String::new() };
    let diffs: String = listed.iter().map(|file| file.diff()).collect();
    Ok(Answer::new(value, &format!("{} {done}{rest}\n{diffs}{}", counted(count, "file"), left.text)))
}

fn row(file: &Updated) -> Value {
    let reasons = file.proposal.reasons.iter().take(EDITS);
    let reasons: Vec<Value> =
        reasons.map(|reason| json!({"line": reason.line, "why": reason.why, "what": reason.what})).collect();
    let errors = file.proposal.left.iter().filter(|problem| Diagnostic::is_error(problem)).count();
    json!({"file": file.name, "edits": reasons, "diff": file.diff(), "errorsLeft": errors})
}
