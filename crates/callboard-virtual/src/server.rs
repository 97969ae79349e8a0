//! One listening service: connections, requests, the journal and the endpoints of Callboard itself.

use std::collections::HashMap;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming as IncomingBody;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::answer::Answer;
use crate::baggage::test_of;
use crate::journal::{Entry, Journal};
use crate::mutation::Mutation;
use crate::request::Incoming;
use crate::service::VirtualService;
use crate::world::Worlds;

/// Larger bodies are refused: 16 MiB.
pub const MAX_BODY: usize = 16 * 1024 * 1024;
/// Requests in progress have this long to finish.
const DRAIN: Duration = Duration::from_secs(5);
/// A connection that sends no complete head for so long is closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// So much of a request's body is journaled.
const JOURNALED: usize = 1024;

/// What the connections of a service share.
pub(crate) struct Shared {
    pub(crate) service: VirtualService,
    pub(crate) worlds: Arc<Worlds>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) mutations: Arc<HashMap<Arc<str>, Mutation>>,
}

/// Accepts until cancelled, then drains.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>, cancel: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                // Out of descriptors, or a connection that is gone already: the next one may be fine.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
            },
            () = cancel.cancelled() => break,
        };
        // Without it, small answers wait for acknowledgements; where it cannot be set, they are only slower.
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new());
            builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
            let answering = service_fn(move |request| handle(shared.clone(), request));
            let connection = builder.serve_connection(TokioIo::new(stream), answering);
            // A broken connection is the peer's affair.
            let _ = watcher.watch(connection).await;
        });
    }
    drop(listener);
    // Whoever is not done by then is cut off.
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

async fn handle(shared: Arc<Shared>, request: Request<IncomingBody>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if let Some(endpoint) = path.strip_prefix("/__callboard/") {
        return Ok(own_endpoint(&shared, endpoint, &head));
    }
    let test = test_of(&head.headers);
    let (body, answer) = match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => {
            let body = collected.to_bytes();
            let incoming = Incoming {
                method: head.method.as_str(),
                path,
                query: head.uri.query().unwrap_or_default(),
                headers: &head.headers,
                body: &body,
            };
            let world = shared.worlds.of(test.as_ref());
            let mutation = test.as_ref().and_then(|test| shared.mutations.get(test));
            let answered = catch_unwind(AssertUnwindSafe(|| shared.service.answer(&incoming, &world, mutation)));
            let answer =
                answered.unwrap_or_else(|_| Answer::problem(500, "a defect of the virtual service itself: it panicked", &[]));
            (body, answer)
        }
        Err(error) if error.is::<LengthLimitError>() => {
            (Bytes::new(), Answer::problem(413, "the body has more than 16 MiB", &[]))
        }
        Err(_) => (Bytes::new(), Answer::problem(400, "the body broke off", &[])),
    };
    if shared.journal.is_on() {
        shared.journal.add(Entry {
            number: 0,
            service: shared.service.service.name.clone(),
            method: head.method.as_str().to_owned(),
            target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            operation: answer.operation.map(|index| shared.service.labels[index].clone()),
            test,
            body: excerpt(&body),
            status: answer.status,
            why: answer.why.clone(),
        });
    }
    Ok(response(answer))
}

fn excerpt(body: &[u8]) -> String {
    let start = &body[..body.len().min(JOURNALED)];
    match std::str::from_utf8(start) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&start[..error.valid_up_to()]).into_owned(),
        Err(_) => format!("({} bytes)", body.len()),
    }
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Some(content_type) = answer.content_type {
        headers.insert(CONTENT_TYPE, content_type);
    }
    headers.extend(answer.headers);
    response
}

/// `health`, `journal`, and `reset`, which forgets what the test in the `baggage` (or nobody) changed.
fn own_endpoint(shared: &Shared, endpoint: &str, head: &http::request::Parts) -> Response<Full<Bytes>> {
    let answer = match (head.method.as_str(), endpoint) {
        ("GET" | "HEAD", "health") => {
            let body = json!({
                "version": 1, "status": "ok", "service": shared.service.service.name,
                "operations": shared.service.service.operations.len(), "requests": shared.journal.counted(), "worlds": shared.worlds.count(),
            });
            Answer::json(200, body.to_string(), "health")
        }
        ("GET" | "HEAD", "journal") => {
            let body = json!({"version": 1, "counted": shared.journal.counted(), "entries": shared.journal.entries()});
            Answer::json(200, body.to_string(), "journal")
        }
        ("POST", "reset") => {
            shared.worlds.of(test_of(&head.headers).as_ref()).reset();
            Answer::empty(204, "reset")
        }
        (_, "health" | "journal") => Answer::problem(405, "this endpoint is read with GET", &[]).with_header(ALLOW, "GET"),
        (_, "reset") => Answer::problem(405, "this endpoint takes POST", &[]).with_header(ALLOW, "POST"),
        _ => Answer::problem(404, "there are /__callboard/health, /__callboard/journal and /__callboard/reset", &[]),
    };
    let mut response = response(answer);
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    response
}
