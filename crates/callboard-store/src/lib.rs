//! Runs, steps and evidence on disk.
