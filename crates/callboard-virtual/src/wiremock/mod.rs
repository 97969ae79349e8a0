//! A server that takes WireMock's stub mappings and speaks its admin API, so that existing stubs and clients work unchanged.
//!
//! Stubs are compiled once and indexed; what answers at a moment is a snapshot that never changes, so a request takes no lock that
//! another may hold. Whatever is not supported is refused when a mapping is loaded or posted: nothing is silently ignored.

mod admin;
mod dates;
mod delay;
mod desk;
pub mod fields;
mod folder;
mod journal;
mod json_equal;
mod json_path;
mod near_miss;
mod path_template;
mod pattern;
mod refusal;
mod regex;
mod request;
mod request_pattern;
mod response;
mod scenarios;
mod server;
mod snapshot;
mod stub;
mod template;
mod worker;

use base64::Engine as _;

pub use admin::{REFUSED_ROUTES, ROUTES};
pub use folder::FolderError;
pub use refusal::Refusal;
pub use server::{StartError, WireMock, WireMockOptions};
pub use template::{REFUSED_HELPERS, supported_helpers};

/// Bytes in base64.
fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
