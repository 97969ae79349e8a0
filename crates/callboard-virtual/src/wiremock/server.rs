//! Connections. One thread accepts and deals them out to workers, each with a runtime of its own: a connection never changes its thread,
//! and every core gets its share whatever the system's balancing is like.

use std::cell::Cell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;

use super::admin;
use super::desk::Shared;
use super::folder::FolderError;
use super::journal::Journal;
use super::request::Request;
use super::response::{Answer, Dribble, Fault};
use super::worker::{Served, Worker};
use crate::fleet::listen;
use crate::server::MAX_BODY;

/// What to serve, and where.
#[derive(Clone, Debug)]
pub struct WireMockOptions {
    /// WireMock's root folder: `mappings` and `__files`.
    pub root: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// How many requests the journal keeps per worker; 0 keeps none.
    pub journal_capacity: usize,
    /// How many threads answer; 0 is one per core.
    pub workers: usize,
}

impl WireMockOptions {
    /// A root folder with the usual settings.
    pub fn new(root: impl Into<PathBuf>, address: SocketAddr) -> Self {
        Self { root: root.into(), address, journal_capacity: 10_000, workers: 0 }
    }
}

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A mapping cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// A server that listens, and answers once [`WireMock::run`] runs.
pub struct WireMock {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    workers: usize,
}

impl WireMock {
    /// Reads the mappings and binds the address. Must be called within a Tokio runtime.
    #[expect(clippy::unused_async, reason = "listening needs the runtime's reactor, which the signature makes plain")]
    pub async fn bind(options: WireMockOptions) -> Result<Self, StartError> {
        let workers = match options.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            given => given,
        };
        let shared = Shared::load(&options.root, Journal::new(workers, options.journal_capacity))?;
        let bound = listen(options.address).and_then(|listener| listener.local_addr().map(|local| (listener, local)));
        let (listener, address) = bound.map_err(|source| StartError::Bind { address: options.address, source })?;
        Ok(Self { listener, address, shared: Arc::new(shared), workers })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many stubs there are.
    pub fn stubs(&self) -> usize {
        self.shared.current.get().stubs.len()
    }

    /// Answers until cancelled; then takes no new connections and lets requests in progress finish, for at most five seconds.
    pub async fn run(self, cancel: CancellationToken) {
        let mut senders = Vec::new();
        let mut threads = Vec::new();
        for shard in 0..self.workers {
            let (sender, receiver) = unbounded_channel();
            let (shared, cancel) = (self.shared.clone(), cancel.clone());
            senders.push(sender);
            threads.push(tokio::task::spawn_blocking(move || work(Worker::new(shared, shard), receiver, &cancel)));
        }
        let mut turn = 0;
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = cancel.cancelled() => break,
            };
            let Ok(stream) = accepted.and_then(|(stream, _)| stream.into_std()) else {
                // Out of descriptors, or a connection that is gone already: the next one may be fine.
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            };
            turn = (turn + 1) % senders.len();
            // A worker that is gone was cancelled: this loop ends, too.
            let _ = senders[turn].send(stream);
        }
        drop(senders);
        for thread in threads {
            // A worker catches panics per request; one that ended otherwise has nothing left to finish.
            let _ = thread.await;
        }
    }
}

/// Requests in progress have this long to finish.
const DRAIN: Duration = Duration::from_secs(5);

/// One thread's share of the connections.
fn work(worker: Worker, mut receiver: UnboundedReceiver<std::net::TcpStream>, cancel: &CancellationToken) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    let local = LocalSet::new();
    let worker = Rc::new(worker);
    let in_progress = Rc::new(Cell::new(0));
    local.block_on(&runtime, async {
        loop {
            let received = tokio::select! {
                received = receiver.recv() => received,
                () = cancel.cancelled() => None,
            };
            let Some(stream) = received else { break };
            let Ok(stream) = TcpStream::from_std(stream) else { continue };
            tokio::task::spawn_local(serve(stream, worker.clone(), in_progress.clone()));
        }
        let finished = async {
            while in_progress.get() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Whoever is not done by then is cut off.
        let _ = tokio::time::timeout(DRAIN, finished).await;
    });
}

/// Counts a request from its first byte to the last of its answer.
struct InProgress(Rc<Cell<usize>>);

impl InProgress {
    fn new(count: &Rc<Cell<usize>>) -> Self {
        count.set(count.get() + 1);
        Self(count.clone())
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

async fn serve(stream: TcpStream, worker: Rc<Worker>, in_progress: Rc<Cell<usize>>) {
    // Without it, small answers wait for acknowledgements; where it cannot be set, they are only slower.
    let _ = stream.set_nodelay(true);
    let (Ok(client), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return };
    let answering = service_fn(move |request| handle(worker.clone(), (client, local), request, InProgress::new(&in_progress)));
    let mut connection = http1::Builder::new().half_close(true).serve_connection(TokioIo::new(stream), answering);
    // A broken connection is the peer's affair, unless we are to break it.
    let Err(error) = (&mut connection).await else { return };
    if let Some(fault) = error.source().and_then(|source| source.downcast_ref::<Fault>()).copied() {
        break_off(connection.into_parts().io.into_inner(), fault).await;
    }
}

/// Ends a connection as a fault asks; what the peer does not take is not missed.
async fn break_off(mut stream: TcpStream, fault: Fault) {
    let garbage: Vec<u8> = (0..4).flat_map(|_| *uuid::Uuid::new_v4().as_bytes()).collect();
    match fault {
        Fault::Empty => {}
        Fault::Garbage => {
            let _ = stream.write_all(&garbage).await;
        }
        Fault::MalformedChunk => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
            let _ = stream.write_all(&garbage).await;
        }
        Fault::Reset => {
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn handle(
    worker: Rc<Worker>,
    addresses: (SocketAddr, SocketAddr),
    request: http::Request<Incoming>,
    in_progress: InProgress,
) -> Result<http::Response<Outgoing>, Fault> {
    let (head, body) = request.into_parts();
    let body = match read(body).await {
        Ok(body) => body,
        Err(answer) => return Ok(response(*answer, None, in_progress)),
    };
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    if let Some(rest) = target.strip_prefix("/__admin").filter(|rest| rest.is_empty() || rest.starts_with(['/', '?'])) {
        let answer = admin::handle(&worker.shared, head.method.as_str(), rest, &body);
        return Ok(response(answer, None, in_progress));
    }
    let Served { answer, delay, dribble, fault } =
        worker.serve(&Request::new(head.method.as_str(), target, &head.headers, &body, addresses));
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    match fault {
        Some(fault) => Err(fault),
        None => Ok(response(answer, dribble, in_progress)),
    }
}

async fn read(body: Incoming) -> Result<Bytes, Box<Answer>> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    let refused = |status, why: &'static str| Box::new(Answer::new(status, Some("text/plain"), why));
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "the body has more than 16 MiB"))
        }
        Err(_) => Err(refused(StatusCode::BAD_REQUEST, "the body broke off")),
    }
}

fn response(answer: Answer, dribble: Option<Dribble>, in_progress: InProgress) -> http::Response<Outgoing> {
    let body = match dribble {
        Some(dribble) if !answer.body.is_empty() => Sending::dribble(&answer.body, dribble),
        _ if answer.is_chunked && !answer.body.is_empty() => Sending::Chunked(Some(answer.body)),
        _ => Sending::Whole(answer.body),
    };
    let mut response = http::Response::new(Outgoing { sending: body, _in_progress: in_progress });
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    if let Some(reason) = answer.reason {
        response.extensions_mut().insert(reason);
    }
    response
}

/// A body on its way out.
struct Outgoing {
    sending: Sending,
    _in_progress: InProgress,
}

enum Sending {
    /// With its length.
    Whole(Bytes),
    /// In one chunk.
    Chunked(Option<Bytes>),
    /// In several, each after a pause.
    Dribble { chunks: VecDeque<Bytes>, pause: Duration, sleep: Pin<Box<Sleep>> },
}

impl Sending {
    fn dribble(body: &Bytes, dribble: Dribble) -> Self {
        let size = body.len().div_ceil(dribble.chunks).max(1);
        let starts = (0..body.len()).step_by(size);
        let chunks = starts.map(|start| body.slice(start..body.len().min(start + size))).collect();
        Self::Dribble { chunks, pause: dribble.pause, sleep: Box::pin(tokio::time::sleep(dribble.pause)) }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = match &mut self.sending {
            Sending::Whole(body) => Some(std::mem::take(body)).filter(|body| !body.is_empty()),
            Sending::Chunked(body) => body.take(),
            Sending::Dribble { chunks, pause, sleep } => {
                ready!(sleep.as_mut().poll(context));
                let wake = tokio::time::Instant::now() + *pause;
                sleep.as_mut().reset(wake);
                chunks.pop_front()
            }
        };
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.sending {
            Sending::Whole(body) => body.is_empty(),
            Sending::Chunked(body) => body.is_none(),
            Sending::Dribble { chunks, .. } => chunks.is_empty(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.sending {
            Sending::Whole(body) => SizeHint::with_exact(body.len() as u64),
            Sending::Chunked(_) | Sending::Dribble { .. } => SizeHint::default(),
        }
    }
}
