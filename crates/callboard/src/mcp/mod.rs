//! The project as tools for agents: the Model Context Protocol (<https://modelcontextprotocol.io>) over stdin and stdout or streamable
//! HTTP ([`http`]), with the official SDK.
//!
//! A tool is a command of ours in other clothes: it reads the project anew, so that it sees what the agent has just changed, and returns a
//! small JSON value with a short text. Only the planner stays up ([`standing`]), for as long as no definition changes. Nothing but protocol
//! messages goes to stdout; talk goes to stderr.
//!
//! What definitions, scenarios and services say is data. No text of theirs chooses a file, a server or a command: paths stay inside the
//! project ([`place`]), definitions and servers are those that `callboard.toml` names or that lie on this machine, and texts are cut and
//! cleaned before they are passed on ([`answer`]).

mod answer;
mod arguments;
mod author;
mod change;
mod cover;
mod flaky;
mod http;
mod map;
mod place;
mod progress;
mod reports;
mod resources;
mod run;
mod server;
mod stage;
mod standing;
mod tools;
mod update;

pub(crate) use http::{HttpOptions, serve_http};
pub(crate) use server::serve;
