//! The protocol over streamable HTTP: one address for any number of clients.
//!
//! Whoever can reach the address can run scenarios and write scenario files. So it is an address of this machine unless a token is asked
//! for; requests that a web page made a browser send are refused by their `Origin`, and those that reached us under a foreign name
//! (DNS rebinding) by their `Host`. Clients share the virtual services: these belong to the server, which ends by a signal.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any_service;
use callboard_model::Code;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::net::TcpListener;

use super::server::{Server, Session};
use crate::exit::{Exit, Failure};
use crate::fetch::in_words;
use crate::project::BAD_ARGUMENT;
use crate::terminal::Terminal;

/// Where clients connect to.
const PATH: &str = "/mcp";
/// A session that nobody used for so long is forgotten; its client begins a new one.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// How long streams may take to end when the server is to end.
const DRAIN: Duration = Duration::from_secs(5);
/// A request is not larger, in bytes: scenario files are small.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// A token has at least so many characters.
const MIN_TOKEN: usize = 16;

/// How to serve.
pub(crate) struct HttpOptions {
    address: SocketAddr,
    token: Option<Arc<str>>,
}

impl HttpOptions {
    /// Checks what was asked for. The token is the value of a variable, so that it is neither in a history nor in a list of processes.
    pub(crate) fn new(
        address: SocketAddr,
        token_variable: Option<&str>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let token = token_variable.map(|name| token(name, variable)).transpose()?;
        if token.is_none() && !address.ip().is_loopback() {
            let message = format!("`{address}` can be reached from other machines, and no token is asked for");
            let help = "set a long random text as CALLBOARD_MCP_TOKEN and add --token-env CALLBOARD_MCP_TOKEN".to_owned();
            return Err(Failure::argument(BAD_ARGUMENT, message, Some(help)));
        }
        Ok(Self { address, token })
    }
}

fn token(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Arc<str>, Failure> {
    let refuse = |message: String, help: &str| Failure::not_ready(Code("missing-variable"), message, Some(help.to_owned()));
    let Some(value) = variable(name) else {
        return Err(refuse(
            format!("the environment variable `{name}` is not set"),
            "--token-env names the variable that holds the token",
        ));
    };
    let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic());
    if value.len() < MIN_TOKEN || !is_plain {
        let message = format!("the token in `{name}` is no text of at least {MIN_TOKEN} printable characters without spaces");
        return Err(refuse(message, "`openssl rand -hex 24` makes one"));
    }
    Ok(value.into())
}

/// Serves until a signal arrives.
pub(crate) async fn serve_http(options: HttpOptions, terminal: &Terminal) -> Result<Exit, Failure> {
    let listener = TcpListener::bind(options.address).await.map_err(|error| not_bound(options.address, &error))?;
    let address = listener.local_addr().map_err(|error| not_bound(options.address, &error))?;
    let session = Arc::new(Session::new(terminal.is_quiet()));
    session.close_when_stopped();
    let url = format!("http://{address}{PATH}");
    let folder = std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default();
    session.log(&format!("serving {folder} at {url}; Ctrl-C stops"));
    terminal.data(&url);
    let serving = axum::serve(listener, router(&session, address, options.token))
        .with_graceful_shutdown(session.closing().clone().cancelled_owned());
    let ended = tokio::select! {
        ended = serving.into_future() => ended,
        // A stream that a client holds open must not hold up the end.
        () = drained(&session) => Ok(()),
    };
    session.end().await;
    let failed =
        |error: std::io::Error| Failure::not_ready(Code("protocol"), format!("the server ended: {}", in_words(&error)), None);
    ended.map(|()| Exit::Pass).map_err(failed)
}

async fn drained(session: &Session) {
    session.closing().cancelled().await;
    tokio::time::sleep(DRAIN).await;
}

fn not_bound(address: SocketAddr, error: &std::io::Error) -> Failure {
    let help = (error.kind() == std::io::ErrorKind::AddrInUse)
        .then(|| "something listens there already, perhaps another `callboard mcp`: choose another port, or stop it".to_owned());
    Failure::not_ready(Code("port"), format!("cannot listen on {address}: {}", in_words(error)), help)
}

fn router(session: &Arc<Session>, address: SocketAddr, token: Option<Arc<str>>) -> axum::Router {
    let shared = session.clone();
    let service = StreamableHttpService::new(
        move || Ok(Server { session: shared.clone() }),
        Arc::new(sessions()),
        config(session, address, token.is_some()),
    );
    let router = axum::Router::new().route(PATH, any_service(service));
    match token {
        Some(token) => router.layer(middleware::from_fn_with_state(token, require_token)),
        None => router,
    }
}

fn sessions() -> LocalSessionManager {
    let mut manager = LocalSessionManager::default();
    manager.session_config.keep_alive = Some(IDLE);
    manager
}

/// Who may ask: any name of this machine, or any name at all where a token protects; of web pages only those that we would serve.
fn config(session: &Session, address: SocketAddr, has_token: bool) -> StreamableHttpServerConfig {
    let port = address.port();
    let own = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"));
    let config = StreamableHttpServerConfig::default()
        .with_cancellation_token(session.closing().child_token())
        .with_max_request_body_bytes(MAX_BODY)
        .with_allowed_origins(own)
        .enforce_origin_validation();
    if has_token && !address.ip().is_loopback() { config.disable_allowed_hosts() } else { config }
}

/// Lets a request with the right bearer token through.
async fn require_token(State(token): State<Arc<str>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).map(|value| value.as_bytes());
    let is_right = given.and_then(bearer).is_some_and(|given| is_equal(given, token.as_bytes()));
    if is_right {
        return next.run(request).await;
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
    (StatusCode::UNAUTHORIZED, challenge, "a bearer token is needed: see `callboard mcp --help`\n").into_response()
}

/// The token of `Bearer TOKEN` (RFC 6750 section 2.1; the scheme in any case).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Compares without telling by its duration where the first difference is.
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(address: &str, variable_name: Option<&str>, value: Option<&str>) -> Result<HttpOptions, Failure> {
        HttpOptions::new(address.parse().expect("an address"), variable_name, &|_| value.map(str::to_owned))
    }

    #[test]
    fn other_machines_are_let_in_only_with_a_token() {
        assert!(options("127.0.0.1:0", None, None).is_ok());
        assert!(options("[::1]:0", None, None).is_ok());
        assert_eq!(options("0.0.0.0:0", None, None).err().map(|f| f.exit), Some(Exit::BadInput));
        assert!(options("0.0.0.0:0", Some("TOKEN"), Some("0123456789abcdef")).is_ok());
    }

    #[test]
    fn a_token_is_long_and_its_variable_is_set() {
        for value in [None, Some(""), Some("short"), Some("0123456789 abcdef"), Some("0123456789abcde\n")] {
            let failure = options("127.0.0.1:0", Some("TOKEN"), value).err().expect("refused");
            assert_eq!(failure.exit, Exit::NotReady);
            let said = format!("{failure:?}");
            assert!(value.is_none_or(|value| value.is_empty() || !said.contains(value)), "{said}");
        }
    }

    #[test]
    fn a_bearer_token_is_compared_whole() {
        assert_eq!(bearer(b"Bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"bearer abc"), Some(&b"abc"[..]));
        assert_eq!(bearer(b"Basic abc"), None);
        assert!(is_equal(b"abc", b"abc") && !is_equal(b"abc", b"abd") && !is_equal(b"abc", b"ab") && !is_equal(b"", b"a"));
    }
}
