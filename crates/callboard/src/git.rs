//! What changed, asked of the `git` command.
//!
//! The command rather than a library: its answers follow the user's own configuration, attributes, work trees and partial clones,
//! its plumbing output is stable, and whoever compares revisions has it.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
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
            let help = "comparing with a revision needs a git work tree; run it inside one".to_owned();
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

    /// Which of these files differ between a commit and the work tree, untracked ones included. Paths from the top folder, with `/`.
    pub(crate) fn changed_of(&self, commit: &str, files: &[String]) -> Result<BTreeSet<String>, String> {
        if files.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut arguments = vec!["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", commit, "--"];
        arguments.extend(files.iter().map(String::as_str));
        let changed = self.git(&arguments)?;
        let mut arguments = vec!["ls-files", "--others", "-z", "--"];
        arguments.extend(files.iter().map(String::as_str));
        let untracked = self.git(&arguments)?;
        let names = format!("{}\0{}", text(&changed), text(&untracked));
        Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
    }

    /// The commits that changed any of these files, newest first, at most `count`.
    pub(crate) fn history_of(&self, files: &[String], count: usize) -> Result<Vec<Commit>, String> {
        let (count, form) = (format!("-n{count}"), "--format=%H%x00%h%x00%as%x00%s");
        let mut arguments = vec!["log", &count, form, "--"];
        arguments.extend(files.iter().map(String::as_str));
        let lines = self.git(&arguments)?;
        Ok(text(&lines).lines().filter_map(Commit::parse).collect())
    }

    /// A path as the repository knows it; nothing for one outside of it.
    pub(crate) fn inside(&self, path: &Path) -> Option<String> {
        let here = std::env::current_dir().and_then(std::fs::canonicalize).ok()?;
        let mut absolute = PathBuf::new();
        for part in here.join(path).components() {
            match part {
                Component::ParentDir => absolute.pop(),
                Component::CurDir => true,
                part => {
                    absolute.push(part);
                    true
                }
            };
        }
        let root = std::fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        // A folder on the way may be a link; the file itself may be gone.
        let folder = absolute.parent().and_then(|folder| std::fs::canonicalize(folder).ok());
        let absolute = folder.zip(absolute.file_name()).map_or_else(|| absolute.clone(), |(folder, name)| folder.join(name));
        absolute.strip_prefix(root).ok().map(|path| path.to_string_lossy().replace('\\', "/"))
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

/// A commit.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    /// Its full hash.
    pub(crate) hash: String,
    /// Hash, day and subject, for people.
    pub(crate) title: String,
}

impl Commit {
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(4, '\0');
        let (hash, short, day, subject) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        Some(Self { hash: hash.to_owned(), title: format!("{short} ({day}, {subject})") })
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
