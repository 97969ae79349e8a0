//! Runs scenarios over HTTP.

mod client;
mod connection;
mod curl;
mod secrets;

pub use client::{Answer, Client, Limits, Outgoing, SendError, Waiting};
pub use curl::to_curl;
pub use secrets::{Masker, Secret};
