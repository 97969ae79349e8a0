//! The definitions against which the scenarios were green last: one file per service in `.callboard/definitions`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use callboard_definition::MemoryFetch;
use callboard_model::{Service, ServiceName, System};
use serde::{Deserialize, Serialize};

use super::Older;
use super::revision::origin;
use crate::project::Project;
use crate::suite::Suite;

/// The version of the files.
const VERSION: u32 = 1;

/// A definition with the texts that it is made of.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    origin: String,
    documents: BTreeMap<String, String>,
}

impl Kept {
    fn of(service: &Service) -> Option<Self> {
        let texts = service.documents.iter().map(|(_, document)| (document.origin().to_string(), document.text().to_string()));
        let documents = texts.filter(|(_, text)| !text.is_empty()).collect();
        Some(Self { version: VERSION, origin: origin(service)?.to_string(), documents })
    }

    fn service(&self, name: &ServiceName) -> Option<Service> {
        let fetch = self.documents.iter().fold(MemoryFetch::new(), |fetch, (origin, text)| fetch.with(origin, text.as_bytes()));
        callboard_definition::load(name, &self.origin, &fetch).value
    }

    /// Whether the texts differ, wherever they lie.
    fn differs(&self, other: &Self) -> bool {
        !self.documents.values().eq(other.documents.values())
    }
}

/// Keeps the definitions of services that a green run used. What cannot be written is no reason to fail a run: the next one tries again.
pub(crate) fn keep(project: &Project, system: &System, used: &BTreeSet<ServiceName>) {
    let services = system.services().iter().filter(|service| used.contains(&service.name));
    for service in services {
        let Some(kept) = Kept::of(service) else { continue };
        let path = path(project, &service.name);
        let Ok(text) = serde_json::to_string(&kept) else { continue };
        let is_known = std::fs::read_to_string(&path).is_ok_and(|known| known == text);
        if let Some(folder) = path.parent().filter(|_| !is_known) {
            let _ = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
        }
    }
}

/// The system of the last green run; nothing where it is not known, or does not differ.
pub(super) fn kept(project: &Project, suite: &Suite) -> Option<Older> {
    let mut differs = false;
    let mut services = Vec::new();
    for now in suite.system.services() {
        let before = read(project, &now.name).filter(|kept| Kept::of(now).is_none_or(|now| kept.differs(&now)));
        let before = before.and_then(|kept| kept.service(&now.name));
        differs |= before.is_some();
        services.push(before.unwrap_or_else(|| now.clone()));
    }
    for name in names(project) {
        let is_new = suite.system.service(name.as_str()).is_none();
        let gone = is_new.then(|| read(project, &name)?.service(&name)).flatten();
        differs |= gone.is_some();
        services.extend(gone);
    }
    differs.then(|| Older { system: System::new(services), what: "the definitions of the last green run".to_owned() })
}

fn read(project: &Project, name: &ServiceName) -> Option<Kept> {
    let text = std::fs::read_to_string(path(project, name)).ok()?;
    serde_json::from_str(&text).ok().filter(|kept: &Kept| kept.version == VERSION)
}

fn names(project: &Project) -> Vec<ServiceName> {
    let entries = std::fs::read_dir(folder(project)).into_iter().flatten().filter_map(Result::ok);
    let name = |entry: std::fs::DirEntry| entry.file_name().to_str()?.strip_suffix(".json").map(ServiceName::new);
    let mut names: Vec<ServiceName> = entries.filter_map(name).collect();
    names.sort();
    names
}

fn folder(project: &Project) -> PathBuf {
    project.root.join(".callboard").join("definitions")
}

fn path(project: &Project, name: &ServiceName) -> PathBuf {
    // A name of a service may hold what a name of a file must not.
    let safe: String =
        name.as_str().chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' }).collect();
    folder(project).join(format!("{safe}.json"))
}
