//! What can go wrong with a store, by what a person can do about it.

use std::path::{Path, PathBuf};

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store here yet.
    #[error("there is no store at {path}")]
    Missing {
        /// Its file.
        path: PathBuf,
    },
    /// The file or its folder cannot be written: permissions, a read-only file system, something else in its place.
    #[error("the store {path} cannot be written")]
    NotWritable {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file cannot be read.
    #[error("the store {path} cannot be read")]
    NotReadable {
        /// Its file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The disk, or the file's quota, is full.
    #[error("there is no room left for the store {path}")]
    Full {
        /// Its file.
        path: PathBuf,
    },
    /// A newer Callboard wrote it; it is left as it is.
    #[error("the store {path} has format {found}, and this version of Callboard knows formats up to {known}")]
    NewerFormat {
        /// Its file.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format that is known.
        known: i64,
    },
    /// The file is damaged, or no store at all; it is left as it is.
    #[error("the store {path} is damaged or is something else; move it away and Callboard makes a new one")]
    Corrupt {
        /// Its file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another process kept it busy for too long.
    #[error("the store {path} is busy: another process is writing")]
    Busy {
        /// Its file.
        path: PathBuf,
    },
    /// Anything else.
    #[error("the store {path} failed")]
    Other {
        /// Its file.
        path: PathBuf,
        /// What the database says.
        #[source]
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Sorts a database error (primary result codes of SQLite, <https://www.sqlite.org/rescode.html>).
    pub(crate) fn of(path: &Path, source: sqlx::Error) -> Self {
        let path = path.to_owned();
        match primary_code(&source) {
            Some(PERM | READONLY | CANTOPEN) => Self::NotWritable { path, source: source.into() },
            Some(FULL) => Self::Full { path },
            Some(CORRUPT | NOTADB) => Self::Corrupt { path, source: source.into() },
            Some(BUSY | LOCKED) => Self::Busy { path },
            _ => Self::Other { path, source },
        }
    }

    /// As [`Self::of`], for a store that is only read.
    pub(crate) fn reading(path: &Path, source: sqlx::Error) -> Self {
        match Self::of(path, source) {
            Self::NotWritable { path, source } => Self::NotReadable { path, source },
            other => other,
        }
    }
}

const PERM: u32 = 3;
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const READONLY: u32 = 8;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANTOPEN: u32 = 14;
const NOTADB: u32 = 26;

/// Whether another process holds the file.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(BUSY | LOCKED))
}

/// The low byte of the extended result code.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
