//! Which service and operation of the system a step means.
//!
//! A source description belongs to the service of the same name; where there is none, to the service whose definition has the source's
//! URL (relative to the scenario file), and where that is none either, to the only service whose definition has the same file name.

use callboard_model::api::Operation;
use callboard_model::document::join_reference;
use callboard_model::{Service, System};

use crate::ast::{ScenarioFile, SourceDescription, SourceKind, StepTarget};

/// The service that a source description means. `origin` is the path or URL of the scenario file.
pub fn service<'s>(source: &SourceDescription, file: &ScenarioFile, origin: &str, system: &'s System) -> Option<&'s Service> {
    if source.kind() != SourceKind::OpenApi {
        return None;
    }
    system.service(&source.name).or_else(|| by_url(source, file, origin, system)).or_else(|| by_file_name(source, system))
}

fn by_url<'s>(source: &SourceDescription, file: &ScenarioFile, origin: &str, system: &'s System) -> Option<&'s Service> {
    let url = self::origin(source, file, origin);
    let near_file = join_reference(origin, &source.url);
    let has = |service: &&Service| origin_of(service).is_some_and(|origin| *origin == url || *origin == near_file);
    system.services().iter().find(has)
}

fn by_file_name<'s>(source: &SourceDescription, system: &'s System) -> Option<&'s Service> {
    let name = file_name(&source.url)?;
    let mut fitting = system.services().iter().filter(|s| origin_of(s).is_some_and(|o| file_name(&o) == Some(name)));
    let first = fitting.next()?;
    fitting.next().is_none().then_some(first)
}

/// The path or URL that a source description means: relative to `$self`, or else to the scenario file at `origin`.
pub fn origin(source: &SourceDescription, file: &ScenarioFile, origin: &str) -> String {
    let base = file.self_uri.as_ref().map_or_else(|| origin.to_owned(), |own| join_reference(origin, own));
    join_reference(&base, &source.url)
}

/// The origin of a service's entry document.
fn origin_of(service: &Service) -> Option<std::sync::Arc<str>> {
    service.documents.iter().next().map(|(_, document)| document.origin().clone())
}

fn file_name(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.rsplit(['/', '\\']).next().filter(|name| !name.is_empty())
}

/// The operation that a step calls, with its service; `None` where it calls none, or one that does not exist. `check` says which.
pub fn operation<'s>(
    target: &StepTarget,
    file: &ScenarioFile,
    origin: &str,
    system: &'s System,
) -> Option<(&'s Service, &'s Operation)> {
    let named = |name: &str| file.source(name).and_then(|source| service(source, file, origin, system));
    match target {
        StepTarget::Operation { source: Some(source), id } => {
            let service = named(source)?;
            Some((service, service.operation_by_id(id)?))
        }
        StepTarget::Operation { source: None, id } => file
            .sources
            .iter()
            .filter_map(|source| service(source, file, origin, system))
            .find_map(|service| Some((service, service.operation_by_id(id)?))),
        StepTarget::OperationPath { source, method, path } => {
            let service = named(source)?;
            Some((service, service.operation_at(method, path)?))
        }
        StepTarget::Workflow(_) | StepTarget::Unusable { .. } => None,
    }
}
