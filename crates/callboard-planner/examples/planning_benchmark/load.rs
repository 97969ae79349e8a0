//! Systems and sentences from files.

use std::path::{Path, PathBuf};

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::plan::PlannedStep;
use callboard_model::{ServiceName, System};
use serde_json::Value;

struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

/// The system of definitions, each with the name of its service.
pub(crate) fn system(files: &[(String, PathBuf)]) -> System {
    let service = |(name, file): &(String, PathBuf)| load(&ServiceName::new(name), &file.to_string_lossy(), &Files).value;
    System::new(files.iter().filter_map(service).collect())
}

/// The services of a file of our own sentences.
pub(crate) fn own_services(file: &Value) -> Option<Vec<(String, PathBuf)>> {
    let services = file["services"].as_object()?.iter();
    Some(services.filter_map(|(name, path)| Some((name.clone(), PathBuf::from(path.as_str()?)))).collect())
}

/// Definitions that are named by their files.
pub(crate) fn named_by_file(files: Vec<PathBuf>) -> Vec<(String, PathBuf)> {
    let name = |file: &PathBuf| file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    files.into_iter().filter_map(|file| Some((name(&file)?, file))).collect()
}

/// What is in a folder, in the order of the names.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

pub(crate) fn json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(crate) fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(|s| s.trim().to_owned()).collect()
}

/// `GET /orders/{orderId}` for each step.
pub(crate) fn endpoints(steps: &[PlannedStep]) -> Vec<String> {
    steps.iter().map(|step| format!("{} {}", step.operation.method, step.operation.path)).collect()
}
