//! How a service of the shop asks another one, over real HTTP.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::problem::Problem;
use crate::request::Trace;

/// How long a neighbour may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// What is escaped in a segment of a path: everything but unreserved characters (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Another service of the shop.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    name: &'static str,
    base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a neighbour answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The body; null when it is not JSON.
    pub(crate) body: Value,
}

impl Neighbour {
    /// A neighbour at a base URL such as `http://127.0.0.1:7005`.
    pub(crate) fn new(name: &'static str, base: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { name, base: base.trim_end_matches('/').to_owned(), client }
    }

    /// Asks for a thing. The path is given in segments, which are escaped here: an id with a slash stays one segment.
    pub(crate) async fn get(&self, trace: &Trace, path: &[&str]) -> Result<Answer, Problem> {
        self.send(trace, Method::GET, path, None).await
    }

    /// Sends a JSON body.
    pub(crate) async fn post(&self, trace: &Trace, path: &[&str], body: &Value) -> Result<Answer, Problem> {
        self.send(trace, Method::POST, path, Some(body)).await
    }

    /// The problem to report when an answer is none that the neighbour's definition lets us expect.
    pub(crate) fn unexpected(&self, answer: &Answer) -> Problem {
        Problem::bad_gateway(format!("{} answered {}", self.name, answer.status.as_u16()))
    }

    async fn send(&self, trace: &Trace, method: Method, path: &[&str], body: Option<&Value>) -> Result<Answer, Problem> {
        let request = self.request(trace, method, path, body)?;
        match tokio::time::timeout(PATIENCE, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Problem::bad_gateway(format!("{} does not answer", self.name))),
        }
    }

    fn request(
        &self,
        trace: &Trace,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Request<Full<Bytes>>, Problem> {
        let path: String = path.iter().map(|segment| format!("/{}", utf8_percent_encode(segment, SEGMENT))).collect();
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in trace.headers() {
            request = request.header(name, value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        request.body(Full::new(bytes)).map_err(|error| Problem::bad_gateway(format!("{}: {error}", self.name)))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Problem> {
        let broken = |error: &dyn std::fmt::Display| Problem::bad_gateway(format!("{} at {}: {error}", self.name, self.base));
        let response = self.client.request(request).await.map_err(|error| broken(&error))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LONGEST).collect().await.map_err(|error| broken(&error))?;
        let body = serde_json::from_slice(&body.to_bytes()).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    }
}
