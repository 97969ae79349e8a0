//! The HTTP client: sends one request and reads one answer, with limits on everything and a typed reason for each way to fail.
//!
//! HTTP/1.1 over kept-alive connections, one pool per run. Redirects are not followed (a login page is not a pass) and answers are
//! not decompressed: what a check sees is what the server said. A failure here is something learned about the system under test.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;

use crate::connection::{Connection, Origin, Tls};

/// Bounds on one exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Name, TCP and TLS together.
    pub connect: Duration,
    /// From the request to the head of the answer.
    pub response: Duration,
    /// All of it, the body included.
    pub total: Duration,
    /// The size of the answer's body in bytes.
    pub body: usize,
}

impl Default for Limits {
    /// 5 s to connect, 30 s to the head of the answer, 60 s in all, 32 MiB.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            response: Duration::from_secs(30),
            total: Duration::from_secs(60),
            body: 32 * 1024 * 1024,
        }
    }
}

impl Limits {
    /// The same limits, none longer than `total`.
    #[must_use]
    pub fn within(self, total: Duration) -> Self {
        Self { connect: self.connect.min(total), response: self.response.min(total), total: self.total.min(total), ..self }
    }

    /// The same limits for a step with a timeout of its own: all of it is for the answer.
    #[must_use]
    pub fn with_total(self, total: Duration) -> Self {
        Self { connect: self.connect.min(total), response: total, total, ..self }
    }
}

/// A request that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole URL, `http` or `https`.
    pub url: Uri,
    /// All headers but `host` and `content-length`.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// The status as a number.
    pub fn code(&self) -> u16 {
        self.status.as_u16()
    }

    /// A header as text; `None` when it is absent or no text.
    pub fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The media type with its parameters, as the server sent it.
    pub fn content_type(&self) -> Option<&str> {
        self.header(header::CONTENT_TYPE)
    }
}

/// What an exchange was waiting for when its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A connection.
    Connection,
    /// The head of the answer.
    Answer,
    /// The rest of the answer.
    Body,
}

/// Why no answer came. Each one is a statement about the system under test (or its address), not a fault of the runner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the variants and fields are")]
pub enum SendError {
    #[error("connection refused by {address}")]
    Refused { address: String },
    #[error("no address found for `{host}`: {reason}")]
    Dns { host: String, reason: String },
    #[error("no connection to {address}: {reason}")]
    Unreachable { address: String, reason: String },
    #[error("no TLS connection to {address}: {reason}")]
    Tls { address: String, reason: String },
    #[error("no {} within {} s", waiting_for(*waiting), limit.as_secs_f64())]
    Timeout { waiting: Waiting, limit: Duration },
    #[error("the connection was broken off before the answer was complete: {reason}")]
    BrokenOff { reason: String },
    #[error("the answer is not valid HTTP: {reason}")]
    InvalidAnswer { reason: String },
    #[error("the answer's body is larger than {} MiB", cap >> 20)]
    BodyTooLarge { cap: usize },
    #[error("`{url}` cannot be called: {reason}")]
    BadUrl { url: String, reason: String },
}

impl SendError {
    /// Whether nobody listens there: the request was certainly not received.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

fn waiting_for(waiting: Waiting) -> &'static str {
    match waiting {
        Waiting::Connection => "connection",
        Waiting::Answer => "answer",
        Waiting::Body => "complete answer",
    }
}

/// Idle connections of one origin that are kept.
const MAX_IDLE: usize = 256;
/// A request that must not be sent twice goes only over a connection used this recently: servers close idle ones at any moment.
const FRESH: Duration = Duration::from_secs(2);
/// Idle connections are given up after this time.
const STALE: Duration = Duration::from_secs(60);

/// Sends requests. One client serves a whole run.
#[derive(Default)]
pub struct Client {
    idle: Mutex<HashMap<Origin, Vec<Connection>>>,
    tls: Tls,
}

impl Client {
    /// A client without connections.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// No answer came within the limits, or none that is HTTP.
    pub async fn send(&self, outgoing: Outgoing, limits: &Limits) -> Result<Answer, SendError> {
        let origin = origin_of(&outgoing.url)?;
        let sending = self.send_to(&origin, outgoing, limits);
        let timed_out = |_| SendError::Timeout { waiting: Waiting::Body, limit: limits.total };
        tokio::time::timeout(limits.total, sending).await.map_err(timed_out)?
    }

    async fn send_to(&self, origin: &Origin, outgoing: Outgoing, limits: &Limits) -> Result<Answer, SendError> {
        let repeatable = is_safe(&outgoing.method);
        let spare = repeatable.then(|| outgoing.clone());
        let mut request = on_the_wire(outgoing, origin)?;
        if let Some(connection) = self.take_idle(origin, repeatable) {
            match self.exchange(origin, connection, request, limits).await {
                Ok(answer) => return Ok(answer),
                // The server closed the idle connection while the request was on its way: a new connection decides.
                Err(broken) => match (broken.unsent, spare) {
                    (Some(unsent), _) => request = unsent,
                    (None, Some(spare)) if broken.closed_unanswered => request = on_the_wire(spare, origin)?,
                    _ => return Err(broken.error),
                },
            }
        }
        let connection = Connection::open(origin, &self.tls, limits.connect).await?;
        self.exchange(origin, connection, request, limits).await.map_err(|broken| broken.error)
    }

    async fn exchange(
        &self,
        origin: &Origin,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
        limits: &Limits,
    ) -> Result<Answer, crate::connection::Broken> {
        let answer = connection.exchange(request, limits.response, limits.body).await?;
        if connection.is_usable() {
            self.put_idle(origin, connection);
        }
        Ok(answer)
    }

    fn take_idle(&self, origin: &Origin, repeatable: bool) -> Option<Connection> {
        let longest = if repeatable { STALE } else { FRESH };
        loop {
            let mut connection = self.idle().get_mut(origin)?.pop()?;
            if connection.last_used.elapsed() < longest && connection.is_usable() {
                return Some(connection);
            }
        }
    }

    fn put_idle(&self, origin: &Origin, connection: Connection) {
        let mut idle = self.idle();
        match idle.get_mut(origin) {
            Some(connections) if connections.len() < MAX_IDLE => connections.push(connection),
            Some(_) => {}
            None => drop(idle.insert(origin.clone(), vec![connection])),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, HashMap<Origin, Vec<Connection>>> {
        // A connection is either in the pool or not: a panic elsewhere leaves nothing half done.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether sending it twice does the same as once, for the server's state and for the answer (RFC 9110 section 9.2.1).
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

pub(crate) fn origin_of(url: &Uri) -> Result<Origin, SendError> {
    let bad = |reason: &str| SendError::BadUrl { url: url.to_string(), reason: reason.to_owned() };
    let secure = match url.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => false,
        Some(scheme) if *scheme == Scheme::HTTPS => true,
        _ => return Err(bad("its scheme is neither http nor https")),
    };
    let authority = url.authority().ok_or_else(|| bad("it names no host"))?;
    if authority.as_str().contains('@') {
        return Err(bad("it holds a user name; credentials belong into a header"));
    }
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
    Ok(Origin { secure, host, port })
}

fn on_the_wire(outgoing: Outgoing, origin: &Origin) -> Result<Request<Full<Bytes>>, SendError> {
    let bad = |reason: String| SendError::BadUrl { url: outgoing.url.to_string(), reason };
    let host = outgoing.url.authority().map_or_else(|| origin.to_string(), ToString::to_string);
    let host = HeaderValue::try_from(host).map_err(|error| bad(error.to_string()))?;
    let path = outgoing.url.path_and_query().cloned();
    let mut request = Request::new(Full::new(outgoing.body));
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    *request.headers_mut() = outgoing.headers;
    request.headers_mut().entry(header::HOST).or_insert(host);
    Ok(request)
}
