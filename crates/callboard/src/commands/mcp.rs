//! `callboard mcp`: the project as tools for agents, over stdin and stdout or over HTTP.

use std::path::Path;

use crate::cli::McpArgs;
use crate::exit::{Exit, Failure};
use crate::mcp::HttpOptions;
use crate::project::{Project, folder_or_here};
use crate::terminal::Terminal;

/// Serves until the client closes stdin, or a signal arrives; over HTTP until a signal arrives.
///
/// The settings are not read here: one that is wrong is told by each tool, where the agent sees it and can mend it.
pub(crate) fn mcp(folder: Option<&Path>, arguments: &McpArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let http = arguments.http.map(|address| HttpOptions::new(address, arguments.token_env.as_deref(), &variable)).transpose()?;
    let root = Project::root_of(folder)?;
    let folder = folder_or_here(&root);
    // All paths of the session count from the project's folder, in arguments, results and diagnostics alike.
    std::env::set_current_dir(folder).map_err(|error| Failure::file(folder, "enter", &error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::not_ready(callboard_model::Code("runtime"), format!("failed to start: {error}"), None))?;
    let outcome = match http {
        Some(options) => runtime.block_on(crate::mcp::serve_http(options, terminal)),
        None => runtime.block_on(crate::mcp::serve(terminal)),
    };
    // A read of stdin that still waits must not keep the process.
    runtime.shutdown_background();
    outcome
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
