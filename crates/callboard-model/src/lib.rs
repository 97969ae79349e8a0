//! Types that every part of Callboard shares: names, documents, the API model, the system map, plans, run events, verdicts and
//! diagnostics.
//!
//! This crate is layer 0. It knows no file system, socket, clock, environment or randomness, and no other Callboard crate.

pub mod api;
pub mod diagnostic;
pub mod document;
pub mod evidence;
pub mod map;
pub mod names;
pub mod plan;
pub mod pointer;
pub mod run;
pub mod schema;
pub mod suggest;

pub use api::{Method, Operation, Service, StatusPattern, System};
pub use diagnostic::{Code, Diagnostic, Parsed, Severity, Span};
pub use document::{Document, DocumentId, Documents, NodeRef};
pub use names::{OperationKey, RunId, ServiceName};
pub use pointer::Pointer;
pub use schema::Schema;
