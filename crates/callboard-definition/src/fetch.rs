//! How the loader asks for bytes. Files and sockets belong to the caller; tests give a map.

use std::collections::HashMap;

/// Reads documents by origin: a path or a URL, as the user named it or as a reference leads to it.
pub trait Fetch {
    /// The bytes of a document. The loader asks for each origin once.
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError>;
}

/// Why a document could not be read: a lowercase fragment such as `no such file`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct FetchError {
    /// The reason.
    pub reason: String,
}

impl FetchError {
    /// An error with this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into() }
    }
}

/// Documents that are in memory already.
#[derive(Clone, Debug, Default)]
pub struct MemoryFetch {
    documents: HashMap<String, Vec<u8>>,
}

impl MemoryFetch {
    /// No documents.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more document.
    #[must_use]
    pub fn with(mut self, origin: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        self.documents.insert(origin.into(), bytes.into());
        self
    }
}

impl Fetch for MemoryFetch {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        self.documents.get(origin).cloned().ok_or_else(|| FetchError::new("no such document"))
    }
}
