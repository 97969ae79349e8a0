//! The system as it was at a commit.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use callboard_definition::{Fetch, FetchError};
use callboard_model::document::join_reference;
use callboard_model::{Service, ServiceName, System};
use callboard_scenario::ast::SourceKind;

use crate::fetch::is_url;
use crate::git::Repository;
use crate::project::{NamedDefinition, Project, shown};
use crate::settings::{FILE_NAME, Settings};
use crate::suite::Suite;

/// A repository to read older definitions of a project from.
pub(super) struct Revision<'a> {
    pub(super) repository: &'a Repository,
    pub(super) project: &'a Project,
    pub(super) suite: &'a Suite,
}

impl Revision<'_> {
    /// The services at a commit; nothing where none of them differs. Definitions behind URLs have no history: they count as they are.
    pub(super) fn system(&self, commit: &str) -> Option<System> {
        let changed = self.repository.changed_of(commit, &self.files()).ok().filter(|changed| !changed.is_empty())?;
        let at = AtCommit { repository: self.repository, commit };
        let mut services: Vec<Service> =
            self.suite.system.services().iter().filter_map(|now| self.before(now, &changed, &at)).collect();
        for named in self.others(commit) {
            if services.iter().all(|service| service.name != named.name) {
                services.extend(callboard_definition::load(&named.name, &named.origin, &at).value);
            }
        }
        Some(System::new(services))
    }

    fn before(&self, now: &Service, changed: &BTreeSet<String>, at: &AtCommit<'_>) -> Option<Service> {
        let is_changed =
            paths(now).iter().any(|path| self.repository.inside(Path::new(path)).is_some_and(|path| changed.contains(&path)));
        if !is_changed {
            return Some(now.clone());
        }
        callboard_definition::load(&now.name, &origin(now)?, at).value
    }

    /// The files that make the definitions, as the repository knows them.
    pub(super) fn files(&self) -> Vec<String> {
        let of_services = self.suite.system.services().iter().flat_map(paths);
        let of_sources = self.sources().into_iter().map(|named| named.origin);
        let settings = shown(&self.project.root.join(FILE_NAME));
        let all = of_services.chain(of_sources).chain([settings]).filter(|path| !is_url(path));
        let inside: BTreeSet<String> = all.filter_map(|path| self.repository.inside(Path::new(&path))).collect();
        inside.into_iter().collect()
    }

    /// Services that the settings of that time, or the scenarios, name and that are not there now.
    fn others(&self, commit: &str) -> Vec<NamedDefinition> {
        let path = self.project.root.join(FILE_NAME);
        let text = self.repository.inside(&path).and_then(|inside| self.repository.file_at(commit, &inside));
        let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
        let settings = text.and_then(|text| Settings::parse(&Arc::from(shown(&path)), &text).ok());
        let named = settings.iter().flat_map(|settings| &settings.services).map(|(name, section)| NamedDefinition {
            name: ServiceName::new(name),
            origin: shown(&self.project.root.join(section.definition.get_ref())),
        });
        named.chain(self.sources()).filter(|named| !is_url(&named.origin)).collect()
    }

    /// The definitions that scenario files name as sources.
    fn sources(&self) -> Vec<NamedDefinition> {
        let documents = self.suite.all_documents();
        let scenarios = documents.iter().filter_map(|document| document.source.as_deref());
        let named = scenarios.flat_map(|scenario| {
            let sources = scenario.file.sources.iter().filter(|source| source.kind() == SourceKind::OpenApi);
            sources.map(|source| NamedDefinition {
                name: ServiceName::new(&source.name),
                origin: join_reference(scenario.origin(), &source.url),
            })
        });
        named.collect()
    }
}

/// Where a service's definition begins.
pub(super) fn origin(service: &Service) -> Option<Arc<str>> {
    service.documents.iter().next().map(|(_, document)| document.origin().clone())
}

fn paths(service: &Service) -> Vec<String> {
    service.documents.iter().map(|(_, document)| document.origin().to_string()).collect()
}

/// Reads definitions as they were at a commit.
struct AtCommit<'a> {
    repository: &'a Repository,
    commit: &'a str,
}

impl Fetch for AtCommit<'_> {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        if is_url(origin) {
            return Err(FetchError::new("a URL has no history"));
        }
        let path =
            self.repository.inside(Path::new(origin)).ok_or_else(|| FetchError::new("it lies outside of the repository"))?;
        self.repository.file_at(self.commit, &path).ok_or_else(|| FetchError::new("no such file at that commit"))
    }
}
