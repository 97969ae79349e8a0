//! Coverage, impact, gaps, reports: judgements over runs, as pure functions.
//!
//! This crate is layer 3. It takes values and returns values: no files, sockets, clocks, environment or randomness.

pub mod expected;
pub mod flows;
pub mod gaps;
pub mod impact;
pub mod maintenance;
pub mod ownership;
pub mod report;
pub mod usage;
