//! Which older version of the definitions a change is told against, when nobody names one.
//!
//! Tried in this order: the version of the last green run (`.callboard/definitions`, which knows URLs too), that of git's HEAD, and,
//! while scenarios have errors, what was there before each of the last commits that changed a definition. The first one counts that
//! differs and leaves the scenarios without errors; where none does, the one that leaves the fewest, if that is fewer than now.

mod green;
mod revision;

use callboard_model::System;

use crate::exit::Failure;
use crate::git::Repository;
use crate::project::{Project, folder_or_here};
use crate::suite::{Suite, with_surroundings};

pub(crate) use green::keep;
use revision::Revision;

/// How many commits are looked back.
const COMMITS: usize = 12;

/// An older version of the system.
#[derive(Debug)]
pub(crate) struct Older {
    /// The services as they were.
    pub(crate) system: System,
    /// Where it comes from, in words.
    pub(crate) what: String,
}

/// The older version to compare with: that of a revision, or one that fits the scenarios. Nothing where there is none that differs.
pub(crate) fn find(project: &Project, suite: &Suite, base: Option<&str>) -> Result<Option<Older>, Failure> {
    if let Some(base) = base {
        let repository = Repository::around(folder_or_here(&project.root))?;
        let commit = repository.merge_base(base)?;
        let revision = Revision { repository: &repository, project, suite };
        return Ok(revision.system(&commit).map(|system| Older { system, what: format!("`{base}` ({})", short(&commit)) }));
    }
    let now = errors(project, suite, &suite.system);
    let mut best: Option<(usize, Older)> = None;
    for candidate in candidates(project, suite, now > 0) {
        let count = errors(project, suite, &candidate.system);
        if count == 0 {
            return Ok(Some(candidate));
        }
        if count < now && best.as_ref().is_none_or(|(fewest, _)| count < *fewest) {
            best = Some((count, candidate));
        }
    }
    Ok(best.map(|(_, older)| older))
}

/// Older versions that differ, the likeliest first, each read when it is asked for.
fn candidates<'p>(project: &'p Project, suite: &'p Suite, is_broken: bool) -> Box<dyn Iterator<Item = Older> + 'p> {
    let green = std::iter::once_with(|| green::kept(project, suite)).flatten();
    // Without git there is no history, and nothing is wrong with that.
    let Ok(repository) = Repository::around(folder_or_here(&project.root)) else {
        return Box::new(green);
    };
    let history = std::iter::once_with(move || {
        let revision = Revision { repository: &repository, project, suite };
        let mut found = Vec::new();
        found.extend(revision.system("HEAD").map(|system| Older { system, what: "HEAD".to_owned() }));
        let commits = if is_broken { repository.history_of(&revision.files(), COMMITS).unwrap_or_default() } else { Vec::new() };
        found.extend(commits.iter().filter_map(|commit| {
            let system = revision.system(&format!("{}~1", commit.hash))?;
            Some(Older { system, what: format!("what was there before {}", commit.title) })
        }));
        found
    });
    Box::new(green.chain(history.flatten()))
}

/// How many errors the scenarios have against a system.
fn errors(project: &Project, suite: &Suite, system: &System) -> usize {
    let documents = suite.all_documents();
    with_surroundings(project, &documents, |around| {
        let sources = documents.iter().filter_map(|document| document.source.as_deref());
        let checked = sources.flat_map(|source| callboard_scenario::check_within(&source.file, &source.document, system, around));
        checked.filter(|diagnostic| diagnostic.is_error()).count()
    })
}

fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}
