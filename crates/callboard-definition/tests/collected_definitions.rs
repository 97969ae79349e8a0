//! Loads the collected definitions of other projects, and compares the number of operations with the table beside them. The collection
//! is not part of this repository; without it the test says so and passes.

use std::path::{Path, PathBuf};

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::ServiceName;

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

fn folder() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2)?;
    let folder = workspace.parent()?.join("shared/data/definitions");
    folder.join("README.md").is_file().then_some(folder)
}

/// The file, version and number of operations of each row of the table.
fn rows(readme: &str) -> Vec<(String, String, usize)> {
    let rows = readme.lines().filter(|line| line.starts_with("| from-"));
    rows.filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        Some((cells.first()?.to_string(), cells.get(3)?.to_string(), cells.get(4)?.parse().ok()?))
    })
    .collect()
}

#[test]
fn every_collected_definition_has_the_operations_of_the_table() {
    let Some(folder) = folder() else {
        eprintln!("SKIPPED: there is no ../shared/data/definitions beside the workspace");
        return;
    };
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("the table is there");
    let rows = rows(&readme);
    assert!(rows.len() > 50, "the table has {} rows", rows.len());
    let mut differences = Vec::new();
    for (file, version, expected) in rows.iter().filter(|(_, version, _)| version != "(part)") {
        let origin = folder.join(file);
        let parsed = load(&ServiceName::new("s"), &origin.to_string_lossy(), &Files);
        let Some(service) = parsed.value else {
            differences.push(format!("{file} ({version}): not loaded: {:?}", parsed.diagnostics));
            continue;
        };
        // The Matrix documents refer to files of the same repository that were not collected.
        let is_complete = !file.contains("multifile-matrix");
        let unusable = service.operations.iter().filter(|operation| is_complete && operation.unusable.is_some());
        differences.extend(unusable.map(|o| format!("{file}: {} {}: {:?}", o.key.method, o.key.path, o.unusable)));
        if service.operations.len() != *expected {
            differences.push(format!("{file} ({version}): {} operations instead of {expected}", service.operations.len()));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn a_part_is_no_definition() {
    let Some(folder) = folder() else {
        eprintln!("SKIPPED: there is no ../shared/data/definitions beside the workspace");
        return;
    };
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("the table is there");
    for (file, ..) in rows(&readme).iter().filter(|(_, version, _)| version == "(part)") {
        let parsed = load(&ServiceName::new("s"), &folder.join(file).to_string_lossy(), &Files);
        assert!(parsed.value.is_none() && parsed.has_errors(), "{file}");
    }
}
