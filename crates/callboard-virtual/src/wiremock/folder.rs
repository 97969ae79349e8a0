//! A WireMock root folder: `mappings` with one stub or several a file, `__files` with bodies.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::refusal::{Object, Refusal};
use super::stub::Stub;

/// A mapping file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The folder or a file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("`{}` is not JSON: {source}", path.display())]
    NotJson {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A mapping is wrong or not supported.
    #[error("`{}`: {refusal}", path.display())]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        refusal: Refusal,
    },
}

/// A stub and the file it came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) stub: Stub,
    pub(crate) path: PathBuf,
    /// No other stub is in the file.
    pub(crate) is_alone: bool,
}

/// Reads all mappings, files in the order of their names.
pub(crate) fn read_mappings(root: &Path) -> Result<Vec<Loaded>, FolderError> {
    let folder = root.join("mappings");
    let mut files = Vec::new();
    if folder.is_dir() {
        list_files(&folder, &mut files).map_err(|source| FolderError::Unreadable { path: folder, source })?;
    } else if !root.is_dir() {
        let source = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no such folder");
        return Err(FolderError::Unreadable { path: root.to_owned(), source });
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")));
    files.sort();
    let mut all: Vec<Loaded> = Vec::new();
    for path in files {
        let stubs = read_file(&path)?;
        let is_known = |stub: &&Stub| all.iter().any(|known| known.stub.id == stub.id);
        if let Some(twice) = stubs.iter().find(is_known) {
            let detail = format!("the id {} stands in another file, too", twice.id);
            return Err(FolderError::Refused { path, refusal: Refusal::at("/id", detail) });
        }
        let is_alone = stubs.len() == 1;
        all.extend(stubs.into_iter().map(|stub| Loaded { stub, path: path.clone(), is_alone }));
    }
    Ok(all)
}

/// All files below a folder.
pub(crate) fn list_files(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list_files(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<Stub>, FolderError> {
    let text = std::fs::read(path).map_err(|source| FolderError::Unreadable { path: path.to_owned(), source })?;
    let value: Value = serde_json::from_slice(&text).map_err(|source| FolderError::NotJson { path: path.to_owned(), source })?;
    let refused = |refusal| FolderError::Refused { path: path.to_owned(), refusal };
    let Some(mappings) = value.get("mappings") else {
        return Ok(vec![Stub::read(&value, "").map_err(refused)?]);
    };
    let object = Object::any(&value, "").map_err(refused)?;
    let is_list = |key: &&String| key.as_str() != "mappings" && key.as_str() != "meta";
    if let Some(stray) = object.map.keys().find(is_list) {
        return Err(refused(Refusal::at(&object.place(stray), format!("Unrecognized field \"{stray}\" beside `mappings`"))));
    }
    let items = mappings.as_array().ok_or_else(|| refused(Refusal::at("/mappings", "`mappings` must be an array")))?;
    items.iter().enumerate().map(|(index, item)| Stub::read(item, &format!("/mappings/{index}")).map_err(refused)).collect()
}

/// The file of its own that a mapping is written to.
pub(crate) fn own_file(root: &Path, stub: &Stub) -> PathBuf {
    let named = stub.name.as_deref().unwrap_or_default();
    let slug: String =
        named.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    let separator = if slug.is_empty() { "" } else { "-" };
    root.join("mappings").join(format!("{slug}{separator}{}.json", stub.id))
}

/// Writes a mapping to a file.
pub(crate) fn write_mapping(path: &Path, stub: &Stub) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, serde_json::to_vec_pretty(&stub.source)?)
}
