//! An agent: the client of the SDK, connected to `callboard mcp` by pipes, with an eye on every byte that comes out of it, or over HTTP.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientRequest, ProgressNotificationParam, ReadResourceRequestParams, Request,
    ResourceContents,
};
use rmcp::service::{NotificationContext, PeerRequestOptions, RequestHandle, RoleClient, RunningService, ServiceError};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ServiceExt as _};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::task::JoinHandle;

use crate::project::{Project, Running};

/// No call of these tests may take longer.
const DEADLINE: Duration = Duration::from_secs(120);

/// A connected client.
pub(crate) struct Agent {
    client: RunningService<RoleClient, Listener>,
    server: Server,
}

/// What the client talks to.
enum Server {
    /// A process of its own, by pipes.
    Pipes { child: Child, lines: JoinHandle<usize>, stderr: JoinHandle<String> },
    /// A server that goes on when the client is gone.
    Http(Box<Running>),
    /// The same, when somebody else looks after it.
    Elsewhere,
}

/// How client and server are connected.
#[derive(Clone, Copy)]
pub(crate) enum Over {
    Pipes,
    Http,
}

/// The token of servers that ask for one.
pub(crate) const TOKEN: &str = "a-long-and-secret-token";

/// Keeps what the server tells on its own account.
#[derive(Clone, Default)]
pub(crate) struct Listener {
    progress: Arc<Mutex<Vec<ProgressNotificationParam>>>,
}

impl ClientHandler for Listener {
    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.progress.lock().expect("nobody panics with it").push(progress);
    }
}

impl Agent {
    /// Starts the server in a project, and says hello.
    pub(crate) async fn start(project: &Project) -> Self {
        Self::start_with(project, &[]).await
    }

    /// As [`Self::start`], with variables in the environment of the server.
    pub(crate) async fn start_with(project: &Project, variables: &[(&str, &str)]) -> Self {
        let mut command = project.command(&["mcp"]);
        command.envs(variables.iter().copied());
        let mut child = command.stdin(Stdio::piped()).spawn().expect("the binary starts");
        let (stdin, stdout) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let mut stderr = child.stderr.take().expect("a pipe");
        let (checked, reader) = tokio::io::duplex(1 << 20);
        let lines = tokio::spawn(pass_messages(stdout, checked));
        let stderr = tokio::spawn(async move {
            let mut text = String::new();
            stderr.read_to_string(&mut text).await.expect("stderr is text");
            text
        });
        let client = within(Listener::default().serve((reader, stdin))).await.expect("the server says hello");
        Self { client, server: Server::Pipes { child, lines, stderr } }
    }

    /// Starts a server of either kind, and connects.
    pub(crate) async fn start_over(over: Over, project: &Project) -> Self {
        match over {
            Over::Pipes => Self::start(project).await,
            Over::Http => {
                let (server, url) = serve_http(project).await;
                Self { server: Server::Http(Box::new(server)), ..Self::connect(&url).await }
            }
        }
    }

    /// Connects to a server that listens already.
    pub(crate) async fn connect(url: &str) -> Self {
        let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(TOKEN);
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = within(Listener::default().serve(transport)).await.expect("the server says hello");
        Self { client, server: Server::Elsewhere }
    }

    /// The connection.
    pub(crate) fn client(&self) -> &RunningService<RoleClient, Listener> {
        &self.client
    }

    /// Calls a tool; whatever comes of it.
    pub(crate) async fn try_call(&self, tool: &'static str, arguments: Value) -> Result<CallToolResult, ServiceError> {
        within(self.client.call_tool(request(tool, arguments))).await
    }

    /// Calls a tool that does its work.
    pub(crate) async fn call(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.try_call(tool, arguments).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let value = result.structured_content.clone().unwrap_or_else(|| panic!("{tool}: nothing structured in {result:?}"));
        assert_ne!(result.is_error, Some(true), "{tool}: {value:#}");
        assert_eq!(value["version"], 1, "{tool}");
        assert!(!text_of(&result).is_empty(), "{tool}: a client that knows only texts sees nothing");
        value
    }

    /// Calls a tool that refuses; returns the first diagnostic.
    pub(crate) async fn refused(&self, tool: &'static str, arguments: Value) -> Value {
        let result = self.try_call(tool, arguments).await.unwrap_or_else(|error| panic!("{tool}: {error}"));
        let value = result.structured_content.clone().unwrap_or_else(|| panic!("{tool}: nothing structured in {result:?}"));
        assert_eq!(result.is_error, Some(true), "{tool}: {value:#}");
        let first = value["diagnostics"][0].clone();
        assert!(text_of(&result).contains(first["message"].as_str().expect("a message")), "{tool}: {result:?}");
        first
    }

    /// Calls a tool and does not wait.
    pub(crate) async fn begin(&self, tool: &'static str, arguments: Value) -> RequestHandle<RoleClient> {
        let request = ClientRequest::CallToolRequest(Request::new(request(tool, arguments)));
        self.client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.expect("the request is sent")
    }

    /// Reads a resource.
    pub(crate) async fn read(&self, uri: &str) -> Result<String, ServiceError> {
        let result = within(self.client.read_resource(ReadResourceRequestParams::new(uri))).await?;
        match result.contents.into_iter().next() {
            Some(ResourceContents::TextResourceContents { text, .. }) => Ok(text),
            other => panic!("{uri}: no text: {other:?}"),
        }
    }

    /// What was told about progress so far.
    pub(crate) fn progress(&self) -> Vec<ProgressNotificationParam> {
        self.client.service().progress.lock().expect("nobody panics with it").clone()
    }

    /// Closes the connection; the server ends, without an error: by itself, or by a signal over HTTP. Returns its stderr.
    pub(crate) async fn end(self) -> String {
        let Self { client, server } = self;
        within(client.cancel()).await.expect("the connection closes");
        let (mut child, lines, stderr) = match server {
            Server::Pipes { child, lines, stderr } => (child, lines, stderr),
            Server::Http(running) => {
                running.signal("TERM");
                let outcome = running.end().await;
                outcome.exits(0);
                return outcome.stderr;
            }
            Server::Elsewhere => return String::new(),
        };
        let status = within(child.wait()).await.expect("the server ends");
        let stderr = within(stderr).await.expect("stderr was read");
        assert!(status.success(), "{status}: {stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        let count = within(lines).await.expect("stdout holds nothing but messages");
        assert!(count > 0);
        stderr
    }
}

/// Starts `callboard mcp --http` at a free port; where it is comes from its first line.
pub(crate) async fn serve_http(project: &Project) -> (Running, String) {
    let mut command = project.command(&["mcp", "--http", "0", "--token-env", "TOKEN"]);
    command.env("TOKEN", TOKEN);
    let mut running = Running::of(command, "mcp --http 0");
    let url = running.line().await;
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with("/mcp"), "{url}");
    (running, url)
}

fn request(tool: &'static str, arguments: Value) -> CallToolRequestParams {
    let Value::Object(arguments) = arguments else { panic!("arguments are an object: {arguments}") };
    CallToolRequestParams::new(tool).with_arguments(arguments)
}

/// The first text of a result.
pub(crate) fn text_of(result: &CallToolResult) -> String {
    result.content.first().and_then(|block| block.as_text()).map(|text| text.text.clone()).unwrap_or_default()
}

/// Hands each line on that is a message of the protocol; anything else fails the test. Returns how many there were.
async fn pass_messages(stdout: ChildStdout, mut to: impl tokio::io::AsyncWrite + Unpin) -> usize {
    let mut lines = BufReader::new(stdout).lines();
    let mut count = 0;
    while let Some(line) = lines.next_line().await.expect("stdout is text") {
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in a line of stdout: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        count += 1;
        // A client that is gone reads no more; what comes is checked all the same.
        let _ = to.write_all(format!("{line}\n").as_bytes()).await;
    }
    count
}

/// Waits, but not for ever.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("an answer in time")
}
