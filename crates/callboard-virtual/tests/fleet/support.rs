//! A running fleet and a plain client.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use callboard_definition::{Fetch, FetchError, MemoryFetch, load};
use callboard_model::{Service, ServiceName};
use callboard_virtual::{Fleet, FleetOptions, Journal};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

pub(crate) fn service(name: &str, text: &str) -> Arc<Service> {
    let fetch = MemoryFetch::new().with("a.yaml", text);
    let parsed = load(&ServiceName::new(name), "a.yaml", &fetch);
    Arc::new(parsed.value.unwrap_or_else(|| panic!("{:?}", parsed.diagnostics)))
}

pub(crate) struct Files;

impl Fetch for Files {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        std::fs::read(origin).map_err(|error| FetchError::new(error.to_string()))
    }
}

pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    let found = path.exists().then(|| path.clone());
    if found.is_none() {
        eprintln!("skipped: {} is not there", path.display());
    }
    found
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {:?}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

pub(crate) struct Running {
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) cancel: CancellationToken,
    pub(crate) task: JoinHandle<()>,
    client: Client<HttpConnector, Full<Bytes>>,
}

pub(crate) async fn start(options: FleetOptions) -> Running {
    let fleet = Fleet::bind(options).await.expect("free ports");
    let addresses = fleet.addresses().iter().map(|(_, address)| *address).collect();
    let journal = fleet.journal();
    let cancel = CancellationToken::new();
    let task = tokio::spawn(fleet.run(cancel.clone()));
    Running { addresses, journal, cancel, task, client: Client::builder(TokioExecutor::new()).build_http() }
}

pub(crate) async fn start_one(service: Arc<Service>) -> Running {
    start(FleetOptions { services: vec![(service, loopback())], ..FleetOptions::default() }).await
}

impl Running {
    pub(crate) async fn send(
        &self,
        service: usize,
        request: http::request::Builder,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Reply {
        let uri = format!("http://{}{path}", self.addresses[service]);
        let request = request.uri(uri).body(Full::new(body.into())).expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        let (head, body) = response.into_parts();
        Reply { status: head.status.as_u16(), headers: head.headers, body: body.collect().await.expect("a body").to_bytes() }
    }

    pub(crate) async fn call(&self, method: &str, path: &str) -> Reply {
        self.send(0, Request::builder().method(method), path, Bytes::new()).await
    }

    pub(crate) async fn call_json(&self, method: &str, path: &str, body: Value) -> Reply {
        let request = Request::builder().method(method).header("content-type", "application/json");
        self.send(0, request, path, body.to_string()).await
    }

    pub(crate) async fn call_in(&self, test: &str, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = Request::builder().method(method).header("baggage", format!("callboard.test={test}"));
        let request = if body.is_some() { request.header("content-type", "application/json") } else { request };
        self.send(0, request, path, body.map(|b| b.to_string()).unwrap_or_default()).await
    }
}
