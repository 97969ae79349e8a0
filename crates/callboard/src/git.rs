//! What changed, asked of the `git` command.
//!
//! The command rather than a library: its answers follow the user's own configuration, attributes, work trees and partial clones,
//! its plumbing output is stable, and whoever compares revisions has it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use callboard_analysis::impact::FileChange;
use callboard_model::Code;

use crate::exit::Failure;

const GIT: Code = Code("git");

/// A git work tree. Paths are relative to `root`, with `/`.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The work tree that a folder lies in.
    pub(crate) fn around(folder: &Path) -> Result<Self, Failure> {
        let root = run(folder, &["rev-parse", "--show-toplevel"]).map_err(|error| {
            let help = "impact compares with a git revision; run it inside a git work tree".to_owned();
            Failure::argument(GIT, format!("failed to find a git repository: {error}"), Some(help))
        })?;
        Ok(Self { root: PathBuf::from(text(&root).trim_end_matches('\n')) })
    }

    /// The top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The commit where the work tree and a revision parted. A shallow clone that does not reach it is refused: what it hides may matter.
    pub(crate) fn merge_base(&self, revision: &str) -> Result<String, Failure> {
        if revision.starts_with('-') {
            return Err(Failure::argument(GIT, format!("`{revision}` is not a revision"), None));
        }
        let commit = format!("{revision}^{{commit}}");
        self.git(&["rev-parse", "--verify", "--quiet", &commit]).map_err(|_| {
            let help = if self.is_shallow() {
                Some("this clone is shallow; fetch more with `git fetch --unshallow`".to_owned())
            } else {
                Some("see `git branch --all` for what is known here".to_owned())
            };
            Failure::argument(GIT, format!("no revision is called `{revision}`"), help)
        })?;
        match self.git(&["merge-base", "HEAD", revision]) {
            Ok(base) => Ok(text(&base).trim().to_owned()),
            Err(_) if self.is_shallow() => {
                let help = "fetch more with `git fetch --unshallow`".to_owned();
                Err(Failure::argument(
                    GIT,
                    format!("this clone is too shallow to reach where it parted from `{revision}`"),
                    Some(help),
                ))
            }
            Err(_) => Err(Failure::argument(GIT, format!("HEAD and `{revision}` have no common commit"), None)),
        }
    }

    /// All files that differ between a commit and the work tree: committed, staged, unstaged and untracked changes.
    pub(crate) fn changes_since(&self, commit: &str) -> Result<Vec<FileChange>, Failure> {
        let failed = |error: String| Failure::argument(GIT, format!("failed to list changes: {error}"), None);
        let diff = self.git(&["diff", "--name-status", "-z", "--find-renames", "--no-ext-diff", commit, "--"]).map_err(failed)?;
        let untracked = self.git(&["ls-files", "--others", "--exclude-standard", "-z"]).map_err(failed)?;
        let mut changes = parse_name_status(&text(&diff));
        changes
            .extend(text(&untracked).split('\0').filter(|path| !path.is_empty()).map(|path| FileChange::Added(path.to_owned())));
        Ok(changes)
    }

    /// The content of a file at a commit; `None` where it was not there.
    pub(crate) fn file_at(&self, commit: &str, path: &str) -> Option<Vec<u8>> {
        self.git(&["show", &format!("{commit}:{path}")]).ok()
    }

    fn is_shallow(&self) -> bool {
        self.git(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| text(&answer).trim() == "true")
    }

    fn git(&self, arguments: &[&str]) -> Result<Vec<u8>, String> {
        run(&self.root, arguments)
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        // Paths come as they are, and no lock or pager gets in the way.
        .args(["-c", "core.quotepath=false", "--no-optional-locks", "--no-pager"])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("the `git` command cannot be started: {error}"))?;
    if output.status.success() {
        Ok(output.stdout)
    } else {
        Err(text(&output.stderr).trim().trim_start_matches("fatal: ").to_owned())
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads `git diff --name-status -z`.
fn parse_name_status(text: &str) -> Vec<FileChange> {
    let mut fields = text.split('\0').filter(|field| !field.is_empty());
    let mut changes = Vec::new();
    while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
        let path = path.to_owned();
        changes.push(match status.chars().next() {
            Some('A') => FileChange::Added(path),
            Some('D') => FileChange::Deleted(path),
            Some('R') => FileChange::Renamed { from: path, to: fields.next().unwrap_or_default().to_owned() },
            // A copy leaves its source as it was.
            Some('C') => FileChange::Added(fields.next().unwrap_or_default().to_owned()),
            _ => FileChange::Modified(path),
        });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_keep_both_names() {
        let changes = parse_name_status("M\0a b.rs\0R087\0old.rs\0new.rs\0D\0gone\0A\0fresh\0");
        let expected = [
            FileChange::Modified("a b.rs".to_owned()),
            FileChange::Renamed { from: "old.rs".to_owned(), to: "new.rs".to_owned() },
            FileChange::Deleted("gone".to_owned()),
            FileChange::Added("fresh".to_owned()),
        ];
        assert_eq!(changes, expected);
    }
}
