//! Runs scenarios over real HTTP and says what they teach about the system.
//!
//! [`run()`] takes [`RunOptions`] and yields events while it goes on and all results at the end. From the wire upwards: [`Client`] sends
//! one request; a step builds, checks and judges it (`call`, `conformance`, `request_check`, `judge`, `step`); a workflow orders its
//! steps (`flow`, `actions`, `called`); a scenario adds inputs and teardown (`scenario_run`); the dispatcher runs many scenarios (`run`).
//!
//! Layer 4. It knows no terminal, no file system and no `callboard.toml`: the binary reads these and passes values.

mod acceptance;
mod actions;
mod call;
mod called;
mod client;
mod conformance;
mod connection;
mod context;
mod flow;
mod inputs;
mod judge;
mod options;
mod ready;
mod report;
mod request;
mod request_check;
mod retry_after;
mod run;
mod scenario_run;
mod secrets;
mod shared;
mod step;
mod target;
mod trace;
mod validators;

pub use acceptance::Acceptance;
pub use client::{Answer, Client, Limits, Outgoing, SendError, Waiting};
pub use options::{RunOptions, Scenario, SourceFile, default_jobs};
pub use run::run;
pub use secrets::{Masker, Secret};
pub use target::Target;
