//! `callboard generate --cover`: candidates are planned, tried on the system, and written with what is known of each.

pub(crate) mod files;
pub(crate) mod report;
pub(crate) mod trials;
