//! Small real HTTP servers for tests: each on a free port of the loopback interface, with a handler that is a closure, a record of what
//! it received, and the ways in which real servers misbehave (hang, reset, stall, talk nonsense).
//!
//! ```
//! # use callboard_testkit::{Reply, TestServer};
//! # use serde_json::json;
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let server = TestServer::start(|request| match request.path.as_str() {
//!     "/orders/1" => Reply::json(200, &json!({"id": 1})),
//!     _ => Reply::status(404),
//! })
//! .await;
//! assert!(server.url("/orders/1").starts_with("http://127.0.0.1:"));
//! # });
//! ```

mod model_api;
mod reply;
mod server;

pub use model_api::{MODEL_KEY, ModelApi, draft_of};
pub use reply::Reply;
pub use server::{Received, TestServer, refusing_address};
