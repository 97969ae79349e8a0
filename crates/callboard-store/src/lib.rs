//! Runs, steps and evidence on disk: one SQLite file per project (`.callboard/store.db`).
//!
//! This crate is layer 4. It writes what the runner reports and reads it back; it judges nothing. A run never depends on it: a store
//! that cannot be opened or written costs the memory of the run, never the run ([`Recorder`] says what was lost).
//!
//! Several processes may use one file at a time. Each finished scenario is one transaction, so a crash keeps all that were finished.

pub mod error;
pub mod read;
pub mod record;
pub mod recorder;
mod schema;
mod store;
mod verdicts;
mod write;

pub use error::StoreError;
pub use record::{RunContext, RunRecord, RunSummary, Sighting};
pub use recorder::{Recorded, Recorder};
pub use store::Store;
pub use verdicts::TestVerdicts;
