//! The server: accepts on the loopback interface, records what it receives, and does what the handler says.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::reply::{Break, Instead, Reply, ReplyBody, to_response};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Received {
    /// The method, upper case.
    pub method: String,
    /// The path as it stood on the wire, without the query.
    pub path: String,
    /// The query as it stood on the wire, without `?`.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Received {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON; `null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Method, path and query in one line, such as `GET /orders?limit=1`.
    pub fn line(&self) -> String {
        match &self.query {
            Some(query) => format!("{} {}?{query}", self.method, self.path),
            None => format!("{} {}", self.method, self.path),
        }
    }
}

type Handler = dyn Fn(&Received) -> Reply + Send + Sync;

/// What all connections of a server share.
struct Shared {
    handler: Box<Handler>,
    received: watch::Sender<Vec<Received>>,
    connections: AtomicUsize,
}

/// A running server; it ends, with all its connections, when it is dropped.
pub struct TestServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

impl TestServer {
    /// Starts a server on a free port of 127.0.0.1, on the current runtime.
    ///
    /// # Panics
    /// When no port can be bound.
    pub async fn start(handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), handler).await
    }

    /// Starts a server at an address, an IPv6 one for instance.
    ///
    /// # Panics
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr, handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.expect("a loopback address can be bound");
        let address = listener.local_addr().expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            received: watch::Sender::new(Vec::new()),
            connections: AtomicUsize::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, accepting }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path, which starts with `/` or is empty.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far, in the order in which they were complete.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// The requests so far as lines such as `GET /orders?limit=1`.
    pub fn lines(&self) -> Vec<String> {
        self.shared.received.borrow().iter().map(Received::line).collect()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Waits until so many requests have arrived.
    ///
    /// # Panics
    /// Never: the sender lives as long as the server.
    pub async fn wait_for_requests(&self, count: usize) {
        let mut receiver = self.shared.received.subscribe();
        receiver.wait_for(|received| received.len() >= count).await.expect("the sender lives as long as the server");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// An address on which nobody listens: a port that was free a moment ago.
///
/// # Panics
/// When no port can be bound.
pub fn refusing_address() -> SocketAddr {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be bound");
    listener.local_addr().expect("a bound socket has an address")
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // Answers are small: without this, each one could wait for an acknowledgement.
        let _ = stream.set_nodelay(true);
        shared.connections.fetch_add(1, Ordering::Relaxed);
        connections.spawn(serve(stream, shared.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let break_off = Mutex::new(None);
    // The service is boxed so that the connection can move: it is taken apart afterwards.
    let service = service_fn(|request| Box::pin(answer(request, &shared, &break_off)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // The error with which a service breaks off leaves the socket open, so that it can be ended as the test wants.
    let _ = poll_fn(|context| connection.poll_without_shutdown(context)).await;
    let mut stream = connection.into_parts().io.into_inner();
    let how = break_off.lock().expect("nobody panics with the lock").take();
    match how {
        Some(Break::Raw(bytes)) => drop(stream.write_all(&bytes).await),
        Some(Break::Reset) => drop(stream.set_zero_linger()),
        Some(Break::Close) | None => {}
    }
}

async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
    break_off: &Mutex<Option<Break>>,
) -> Result<Response<ReplyBody>, Break> {
    let received = receive(request).await.ok_or(Break::Close)?;
    let reply = (shared.handler)(&received);
    shared.received.send_modify(|all| all.push(received));
    match to_response(reply) {
        Ok(response) => Ok(response),
        Err(Instead::Hang) => std::future::pending().await,
        Err(Instead::Break(how)) => {
            *break_off.lock().expect("nobody panics with the lock") = Some(how);
            Err(Break::Close)
        }
    }
}

async fn receive(request: Request<Incoming>) -> Option<Received> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    Some(Received {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body,
    })
}
