//! Turns the bytes of OpenAPI definitions into the API model of a service: Swagger 2.0, OpenAPI 3.0, 3.1 and 3.2, JSON and YAML, any
//! number of files.
//!
//! [`load()`] reads, [`diff()`] compares two versions, [`Versions`] tells what became of a part, [`discover`] recognises. The crate knows no file system and no network: the caller
//! implements [`Fetch`].

pub mod codes;
mod diff;
pub mod discover;
mod fetch;
pub mod likeness;
mod load;
mod lower;
mod node;
mod problems;
mod recognise;
mod references;
mod synthetic;
mod template;
#[cfg(test)]
mod tests;
mod versions;

pub use diff::{ChangeKind, Detail, OperationChange, diff};
pub use fetch::{Fetch, FetchError, MemoryFetch};
pub use load::{MAX_DOCUMENTS, MAX_TOTAL_BYTES, load};
pub use versions::{OperationFate, PlaceFate, Versions};
