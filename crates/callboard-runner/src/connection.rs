//! One connection to a server: resolved, connected, encrypted where asked for, and driven by whoever uses it.
//!
//! Nothing runs in the background. A connection moves on only while a request waits on it, so it has exactly one owner, and dropping
//! the request (a timeout, Ctrl-C) closes it. At rest it lies in the pool of [`crate::client`].

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::client::{Answer, SendError, Waiting};

/// Where a connection leads. Connections of one origin are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) secure: bool,
    /// A name or an IP address, IPv6 without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bracketed = self.host.contains(':');
        if bracketed { write!(f, "[{}]:{}", self.host, self.port) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

/// The bytes under HTTP, plain or encrypted.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// An open HTTP/1.1 connection.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: http1::Connection<TokioIo<Box<dyn Wire>>, Full<Bytes>>,
    ended: bool,
    pub(crate) last_used: Instant,
}

/// Why an exchange failed, with the request when none of it had been sent.
pub(crate) struct Broken {
    pub(crate) error: SendError,
    pub(crate) unsent: Option<Request<Full<Bytes>>>,
    /// Whether the server closed the connection before the first byte of an answer.
    pub(crate) closed_unanswered: bool,
}

impl Connection {
    /// Opens a connection within a time limit.
    pub(crate) async fn open(origin: &Origin, tls: &Tls, limit: Duration) -> Result<Self, SendError> {
        let opening = async {
            let stream = connect(origin).await?;
            let wire: Box<dyn Wire> = if origin.secure { tls.wrap(origin, stream).await? } else { Box::new(stream) };
            let handshake = http1::handshake(TokioIo::new(wire)).await;
            handshake.map_err(|error| SendError::Unreachable { address: origin.to_string(), reason: error.to_string() })
        };
        let timed_out = |_| SendError::Timeout { waiting: Waiting::Connection, limit };
        let (sender, driver) = tokio::time::timeout(limit, opening).await.map_err(timed_out)??;
        Ok(Self { sender, driver, ended: false, last_used: Instant::now() })
    }

    /// Sends a request and waits for the whole answer. `head_limit` bounds the wait for its head, `cap` the size of its body in bytes.
    pub(crate) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
        head_limit: Duration,
        cap: usize,
    ) -> Result<Answer, Broken> {
        let head = self.sender.try_send_request(request);
        let head = alongside(&mut self.driver, &mut self.ended, head);
        let response = match tokio::time::timeout(head_limit, head).await {
            Ok(Ok(response)) => response,
            Ok(Err(mut failed)) => {
                let unsent = failed.take_message();
                let error = failed.into_error();
                let closed_unanswered = error.is_incomplete_message() || error.is_canceled() || error.is_closed();
                return Err(Broken { error: classify(&error), unsent, closed_unanswered });
            }
            Err(_) => {
                let error = SendError::Timeout { waiting: Waiting::Answer, limit: head_limit };
                return Err(Broken { error, unsent: None, closed_unanswered: false });
            }
        };
        let (head, body) = response.into_parts();
        let body = alongside(&mut self.driver, &mut self.ended, read_body(body, cap)).await;
        let body = body.map_err(|error| Broken { error, unsent: None, closed_unanswered: false })?;
        self.last_used = Instant::now();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }

    /// Whether another request can be sent. Notices that the server closed the connection meanwhile.
    pub(crate) fn is_usable(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        if !self.ended && pin!(&mut self.driver).poll(&mut context).is_ready() {
            self.ended = true;
        }
        !self.ended && self.sender.is_ready()
    }
}

/// Polls a connection and the work that needs it in the same task.
async fn alongside<T>(
    driver: &mut http1::Connection<TokioIo<Box<dyn Wire>>, Full<Bytes>>,
    ended: &mut bool,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(done);
        }
        if !*ended && pin!(&mut *driver).poll(context).is_ready() {
            // What went wrong reaches the work itself.
            *ended = true;
        }
        work.as_mut().poll(context)
    })
    .await
}

async fn read_body(mut body: Incoming, cap: usize) -> Result<Bytes, SendError> {
    let too_large = || SendError::BodyTooLarge { cap };
    if body.size_hint().lower() > cap as u64 {
        return Err(too_large());
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|error| classify(&error))?.into_data() else {
            continue;
        };
        if first.len() + rest.len() + data.len() > cap {
            return Err(too_large());
        }
        // Nearly all bodies come in one piece, which is then not copied.
        if first.is_empty() {
            first = data;
        } else {
            rest.extend_from_slice(&data);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn classify(error: &hyper::Error) -> SendError {
    if error.is_parse() {
        return SendError::InvalidAnswer { reason: with_source(error) };
    }
    SendError::BrokenOff { reason: with_source(error) }
}

fn with_source(error: &hyper::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) if !error.to_string().contains(&source.to_string()) => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

/// Whether anybody accepts a connection there.
pub(crate) async fn reach(origin: &Origin, limit: Duration) -> Result<(), SendError> {
    let timed_out = |_| SendError::Timeout { waiting: Waiting::Connection, limit };
    tokio::time::timeout(limit, connect(origin)).await.map_err(timed_out)?.map(drop)
}

async fn connect(origin: &Origin) -> Result<TcpStream, SendError> {
    let mut last = None;
    for address in resolve(origin).await? {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are written in one piece; waiting for more would only delay them.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => last = Some((address, error)),
        }
    }
    Err(match last {
        Some((address, error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
            SendError::Refused { address: address.to_string() }
        }
        Some((address, error)) => SendError::Unreachable { address: address.to_string(), reason: error.to_string() },
        None => SendError::Dns { host: origin.host.clone(), reason: "the name has no address".to_owned() },
    })
}

async fn resolve(origin: &Origin) -> Result<Vec<SocketAddr>, SendError> {
    if let Ok(address) = origin.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, origin.port)]);
    }
    let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await;
    let found = found.map_err(|error| SendError::Dns { host: origin.host.clone(), reason: error.to_string() })?;
    let mut addresses: Vec<SocketAddr> = found.collect();
    // `localhost` often has both addresses while servers mostly listen on the first of these.
    addresses.sort_by_key(SocketAddr::is_ipv6);
    addresses.dedup();
    Ok(addresses)
}

/// The settings of encrypted connections; the system's certificates are read when the first one is opened.
#[derive(Default)]
pub(crate) struct Tls {
    settings: std::sync::OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl Tls {
    async fn wrap(&self, origin: &Origin, stream: TcpStream) -> Result<Box<dyn Wire>, SendError> {
        let failed = |reason: String| SendError::Tls { address: origin.to_string(), reason };
        let settings = self.settings.get_or_init(tls_settings).clone().map_err(failed)?;
        let name = ServerName::try_from(origin.host.clone()).map_err(|error| failed(error.to_string()))?;
        let connector = tokio_rustls::TlsConnector::from(settings);
        let wrapped = connector.connect(name, stream).await.map_err(|error| failed(error.to_string()))?;
        Ok(Box::new(wrapped))
    }
}

fn tls_settings() -> Result<Arc<rustls::ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut settings = builder.map_err(|error| error.to_string())?.with_root_certificates(roots).with_no_client_auth();
    settings.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(settings))
}
