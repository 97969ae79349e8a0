//! Which services, of either version, the sources of a file mean; and sources whose service has another name now.

use callboard_definition::{OperationFate, Versions};
use callboard_model::{Document, Service, System};
use callboard_scenario::ast::{ScenarioFile, SourceDescription, SourceKind, StepTarget};
use callboard_scenario::edit::Edit;
use callboard_scenario::{codes, resolve};

use super::{CHANGED_OPERATION, Change, Examiner, Report};

/// The share of operations that a service must have of another one to be its successor.
const SUCCESSOR: f64 = 0.5;

/// A source of a file with its service in both versions.
pub(super) struct Pairing<'c> {
    pub(super) source: &'c SourceDescription,
    pub(super) old: Option<&'c Service>,
    pub(super) new: Option<&'c Service>,
    /// Whether the newer service was found by its operations, not by the source.
    pub(super) is_guess: bool,
    pub(super) versions: Option<Versions<'c>>,
}

/// The sources that are definitions.
pub(super) fn pairings<'c>(file: &'c ScenarioFile, document: &Document, change: &Change<'c>) -> Vec<Pairing<'c>> {
    let sources = file.sources.iter().filter(|source| source.kind() == SourceKind::OpenApi);
    let pair = |source: &'c SourceDescription| {
        let service = |system: &'c System| resolve::service(source, file, document.origin(), system);
        let old = change.old.and_then(service);
        let direct = service(change.new);
        let new = direct.or_else(|| successor(source, old, file, change));
        let versions = old.zip(new).map(|(old, new)| Versions::new(old, new));
        Pairing { source, old, new, is_guess: direct.is_none() && new.is_some(), versions }
    };
    sources.map(pair).collect()
}

/// The service of the newer version that has most of what the source offered, or of what the steps call of it.
fn successor<'c>(
    source: &SourceDescription,
    old: Option<&'c Service>,
    file: &ScenarioFile,
    change: &Change<'c>,
) -> Option<&'c Service> {
    let known = |service: &&Service| change.old.is_none_or(|system| system.service(service.name.as_str()).is_none());
    let share = |service: &'c Service| match old {
        Some(old) => {
            let versions = Versions::new(old, service);
            let kept = old.operations.iter().filter(|o| matches!(versions.operation(o), OperationFate::Kept(_))).count();
            kept as f64 / old.operations.len().max(1) as f64
        }
        None => {
            let called = called_of(source, file);
            let found = called.iter().filter(|id| service.operation_by_id(id).is_some()).count();
            found as f64 / called.len().max(1) as f64
        }
    };
    let ranked = change.new.services().iter().filter(known).map(|service| (share(service), service));
    ranked.filter(|(share, _)| *share >= SUCCESSOR).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, service)| service)
}

/// The ids of the operations that steps call of a source.
fn called_of<'f>(source: &SourceDescription, file: &'f ScenarioFile) -> Vec<&'f str> {
    let is_only = file.sources.len() == 1;
    let steps = file.workflows.iter().flat_map(|workflow| workflow.steps.iter().chain(&workflow.finally));
    let id = |target: &'f StepTarget| match target {
        StepTarget::Operation { source: Some(name), id } if *name == source.name => Some(id.as_str()),
        StepTarget::Operation { source: None, id } if is_only => Some(id.as_str()),
        _ => None,
    };
    steps.filter_map(|step| id(&step.target)).collect()
}

impl Examiner<'_> {
    /// Sources that mean no service any more, and the one that stands for it.
    pub(super) fn sources(&mut self) {
        for pairing in self.pairings.iter().filter(|pairing| pairing.is_guess) {
            let Some(service) = pairing.new else { continue };
            let source = pairing.source;
            let Some(origin) = service.documents.iter().next().map(|(_, document)| document.origin().clone()) else { continue };
            let url = relative(self.document.origin(), &origin);
            let at = source.pointer.join("url");
            let message = match pairing.old {
                Some(_) => format!("the service `{}` is called `{}` now: it has the same operations", source.name, service.name),
                None => {
                    format!("no service is called `{}`; `{}` has the operations that the steps call", source.name, service.name)
                }
            };
            let report = Report {
                code: CHANGED_OPERATION,
                explains: Some(codes::UNKNOWN_SERVICE),
                at: &source.pointer.join("name"),
                subject: &source.name,
                message,
                edits: vec![Edit::Set { at, value: url.as_str().into() }],
                remedy: format!("`url: {url}`"),
                settles: Vec::new(),
                is_guess: pairing.old.is_none(),
            };
            self.report(None, Some(&source.pointer), report);
        }
    }
}

/// The path of a definition as a scenario file has to name it; both as seen from one folder.
fn relative(file: &str, definition: &str) -> String {
    let is_elsewhere = definition.contains("://") || definition.starts_with('/') != file.starts_with('/');
    if is_elsewhere {
        return definition.to_owned();
    }
    let folder: Vec<&str> = file.split('/').collect();
    let folder = &folder[..folder.len().saturating_sub(1)];
    let parts: Vec<&str> = definition.split('/').collect();
    let shared = folder.iter().zip(&parts).take_while(|(a, b)| a == b).count();
    let up = folder.len() - shared;
    let down = parts[shared..].join("/");
    if up == 0 { format!("./{down}") } else { format!("{}{down}", "../".repeat(up)) }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn a_definition_is_named_from_where_the_file_lies() {
        assert_eq!(relative("scenarios/a.yaml", "services/o/openapi.yaml"), "../services/o/openapi.yaml");
        assert_eq!(relative("a.yaml", "o.yaml"), "./o.yaml");
        assert_eq!(relative("/p/s/a.yaml", "/p/o.yaml"), "../o.yaml");
        assert_eq!(relative("a.yaml", "http://h/o.yaml"), "http://h/o.yaml");
    }
}
