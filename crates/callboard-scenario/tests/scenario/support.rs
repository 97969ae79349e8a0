//! Systems and scenario files for tests.

use std::path::{Path, PathBuf};

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::{Diagnostic, Document, Service, ServiceName, System};
use callboard_scenario::{ScenarioFile, check, parse};

/// Reads definitions from disk.
struct Disk;

impl Fetch for Disk {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError { reason: error.to_string() })
    }
}

/// A path in the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A system of definitions.
pub(crate) fn system(definitions: &[(&str, PathBuf)]) -> System {
    let service = |(name, path): &(&str, PathBuf)| -> Service {
        let loaded = load(&ServiceName::new(name), &path.to_string_lossy(), &Disk);
        loaded.value.unwrap_or_else(|| panic!("{}: {:?}", path.display(), loaded.diagnostics))
    };
    System::new(definitions.iter().map(service).collect())
}

/// The files of a folder that end with `.arazzo.yaml`, in order.
pub(crate) fn scenarios(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".arazzo.yaml"));
    paths.sort();
    paths
}

/// Parses and checks a file.
pub(crate) fn judge(path: &Path, system: &System) -> (Document, Option<ScenarioFile>, Vec<Diagnostic>) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document = Document::parse(path.to_string_lossy().into_owned(), &bytes).unwrap_or_else(|error| panic!("{error}"));
    let parsed = parse(&document);
    let mut found = parsed.diagnostics;
    if let Some(file) = &parsed.value {
        found.extend(check(file, &document, system));
    }
    (document, parsed.value, found)
}
