//! What a changed file is, and so what may be different because of it.

use std::collections::BTreeMap;

use callboard_model::ServiceName;

use super::{ChangedOperation, DefinitionChange, FileChange, Ignored, ImpactInput, ReasonKind, ServiceFacts};

/// The project's settings.
const SETTINGS: &str = "callboard.toml";

/// What the changed files come to.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// Files whose effect reaches everything, each with the reason.
    pub(super) everything: Vec<Broad<'a>>,
    /// Services whose behaviour may be different, each with how.
    pub(super) services: BTreeMap<(&'a ServiceName, ReasonKind), Vec<Touched<'a>>>,
    /// Operations whose definition is different.
    pub(super) operations: Vec<Redefined<'a>>,
    /// Scenario files.
    pub(super) scenarios: Vec<&'a str>,
    /// Files that select nothing.
    pub(super) ignored: Vec<Ignored>,
}

/// A file that concerns everything.
#[derive(Debug)]
pub(super) struct Broad<'a> {
    pub(super) path: &'a str,
    pub(super) kind: ReasonKind,
    pub(super) cause: String,
    pub(super) help: Option<String>,
}

/// A file of a service.
#[derive(Debug)]
pub(super) struct Touched<'a> {
    pub(super) path: &'a str,
    /// Why it belongs to the service, in words.
    pub(super) because: String,
}

/// A definition that changed by meaning.
#[derive(Debug)]
pub(super) struct Redefined<'a> {
    pub(super) service: &'a ServiceFacts,
    pub(super) path: &'a str,
    pub(super) operations: &'a [ChangedOperation],
    /// Whether the service or its stand-in may read the file, so that other services' calls to it may go differently.
    pub(super) is_read: bool,
}

pub(super) fn classify<'a>(input: &ImpactInput<'a>) -> Changes<'a> {
    let mut changes = Changes::default();
    for change in input.changes {
        for path in change.paths() {
            changes.add(input, change, path);
        }
    }
    changes
}

impl<'a> Changes<'a> {
    fn add(&mut self, input: &ImpactInput<'a>, change: &'a FileChange, path: &'a str) {
        if path == SETTINGS {
            let cause = "the project's settings changed".to_owned();
            return self.everything.push(Broad { path, kind: ReasonKind::Settings, cause, help: None });
        }
        if path.starts_with(".callboard/") {
            return self.ignore(path, "Callboard's own files");
        }
        if input.tests.iter().any(|test| test.files.iter().any(|file| file == path)) {
            return self.scenarios.push(path);
        }
        if is_scenario(path) && is_gone(change, path) {
            return self.ignore(path, "the scenario file is gone, and its tests with it");
        }
        let is_known = self.add_definition(input, path) | self.add_overlay(input, path);
        if !is_known && !self.add_owned(input, path) {
            self.add_unowned(path);
        }
    }

    /// A file may belong to the definitions of several services.
    fn add_definition(&mut self, input: &ImpactInput<'a>, path: &'a str) -> bool {
        let services: Vec<&ServiceFacts> =
            input.services.iter().filter(|s| s.definition.iter().any(|file| file == path)).collect();
        for service in &services {
            match &service.change {
                DefinitionChange::Same => {
                    self.ignore(path, &format!("the definition of `{}` says the same in other words", service.name));
                }
                DefinitionChange::Unknown(why) => {
                    let because =
                        format!("is the definition of `{}`, and what changed in it cannot be told: {why}", service.name);
                    self.touch(&service.name, ReasonKind::Definition, path, because);
                }
                DefinitionChange::Operations(operations) => {
                    let is_owned = input.ownership.owners(path).iter().any(|(owner, _)| **owner == service.name);
                    let is_read = is_owned || service.may_be_virtual;
                    self.operations.push(Redefined { service, path, operations, is_read });
                }
            }
        }
        // Another service's folder may hold the file: to that service it is code.
        for (owner, glob) in input.ownership.owners(path) {
            if !services.is_empty() && !services.iter().any(|service| service.name == *owner) {
                self.touch_owned(input, owner, path, glob);
            }
        }
        !services.is_empty()
    }

    fn add_overlay(&mut self, input: &ImpactInput<'a>, path: &'a str) -> bool {
        let services = input.services.iter().filter(|service| service.overlays.iter().any(|file| file == path));
        let mut is_overlay = false;
        for service in services {
            is_overlay = true;
            self.touch(&service.name, ReasonKind::Overlay, path, format!("shapes the virtual `{}`", service.name));
        }
        is_overlay
    }

    fn add_owned(&mut self, input: &ImpactInput<'a>, path: &'a str) -> bool {
        let owners = input.ownership.owners(path);
        for (owner, glob) in &owners {
            self.touch_owned(input, owner, path, glob);
        }
        !owners.is_empty()
    }

    fn touch_owned(&mut self, input: &ImpactInput<'a>, owner: &ServiceName, path: &'a str, glob: &str) {
        // Globs are those of the project's services.
        if let Some(service) = input.services.iter().find(|service| service.name == *owner) {
            self.touch(&service.name, ReasonKind::Code, path, format!("is code of `{owner}` (owns = {glob})"));
        }
    }

    fn add_unowned(&mut self, path: &'a str) {
        if is_for_people(path) {
            return self.ignore(path, "text or a picture for people, and no service owns it");
        }
        let cause = "no service owns this file, so anything may depend on it".to_owned();
        let help = Some("name it in `owns` of the services that it belongs to".to_owned());
        self.everything.push(Broad { path, kind: ReasonKind::Unknown, cause, help });
    }

    fn touch(&mut self, service: &'a ServiceName, kind: ReasonKind, path: &'a str, because: String) {
        self.services.entry((service, kind)).or_default().push(Touched { path, because });
    }

    fn ignore(&mut self, path: &str, why: &str) {
        self.ignored.push(Ignored { path: path.to_owned(), why: why.to_owned() });
    }
}

fn is_scenario(path: &str) -> bool {
    [".arazzo.yaml", ".arazzo.yml", ".arazzo.json"].iter().any(|ending| path.ends_with(ending))
}

fn is_gone(change: &FileChange, path: &str) -> bool {
    match change {
        FileChange::Deleted(_) => true,
        FileChange::Renamed { from, .. } => from == path,
        FileChange::Added(_) | FileChange::Modified(_) => false,
    }
}

/// Whether a file is text or a picture that only people look at: by its name alone, so only names that mean nothing else. Text that a
/// build or a tool may read (`requirements.txt`, `.github/…`, `CODEOWNERS` aside) does not count.
pub fn is_for_people(path: &str) -> bool {
    const ENDINGS: [&str; 13] =
        ["md", "markdown", "adoc", "asciidoc", "rst", "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "pdf"];
    const NAMES: [&str; 12] = [
        "license",
        "licence",
        "copying",
        "notice",
        "authors",
        "contributors",
        "changelog",
        "readme",
        "codeowners",
        ".gitignore",
        ".gitattributes",
        ".editorconfig",
    ];
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let (stem, ending) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).unwrap_or((&name, ""));
    let is_named = NAMES.contains(&name.as_str()) || ((ending == "txt" || ending == "md") && NAMES.contains(&stem));
    let is_licence = (name.starts_with("license-") || name.starts_with("licence-")) && !name.contains('.');
    ENDINGS.contains(&ending) || is_named || is_licence
}

#[cfg(test)]
mod tests {
    use super::is_for_people;

    #[test]
    fn only_names_that_mean_nothing_else_are_for_people() {
        for path in ["README.md", "docs/a.adoc", "LICENSE", "LICENSE-MIT", "a/logo.svg", "CHANGELOG", "license.txt", ".gitignore"]
        {
            assert!(is_for_people(path), "{path}");
        }
        for path in [
            "requirements.txt",
            "Makefile",
            ".github/workflows/ci.yml",
            "Cargo.lock",
            "a.json",
            "robots.txt",
            "license-check.sh",
            ".md",
        ] {
            assert!(!is_for_people(path), "{path}");
        }
    }
}
