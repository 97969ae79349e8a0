//! Runs scenarios over HTTP.
