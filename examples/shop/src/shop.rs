//! The shop as a whole: bound first, then run, then drained.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Extension, Router};
use http::header;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::mutants::{Mutant, Mutation};
use crate::neighbour::Neighbour;
use crate::problem::Problem;
use crate::{cart, catalog, customers, files, orders, payments, shipping};

/// The services, in the order of their ports.
pub const SERVICES: [&str; 6] = ["catalog", "customers", "cart", "orders", "payments", "shipping"];
/// The port of the first service in `callboard.toml`; the others count up.
pub const BASE_PORT: u16 = 7001;
/// How long requests that are under way may take once the shop is told to stop.
const GRACE: Duration = Duration::from_secs(2);

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct ShopOptions {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port of the first service, the others count up; any free ports when absent.
    pub base_port: Option<u16>,
    /// Services that are not started. Their neighbours look for them where they would have been.
    pub without: Vec<String>,
    /// Services that run elsewhere, each with its base URL: they are not started, and their neighbours ask there.
    pub elsewhere: BTreeMap<String, String>,
    /// A known defect that the shop has.
    pub mutant: Option<Mutant>,
}

impl Default for ShopOptions {
    fn default() -> Self {
        Self { host: Ipv4Addr::LOCALHOST.into(), base_port: None, without: Vec::new(), elsewhere: BTreeMap::new(), mutant: None }
    }
}

/// Why the shop cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// A name in the options is none of the shop's services.
    #[error("unknown service `{0}`; the shop has catalog, customers, cart, orders, payments and shipping")]
    UnknownService(String),
    /// The last port would lie above 65535.
    #[error("base port {0} leaves no room for six ports")]
    BasePort(u16),
    /// A port cannot be taken.
    #[error("failed to listen on {address} for {service}: {source}")]
    Port {
        /// The service.
        service: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
}

/// A shop whose ports are taken and whose services do not answer yet.
#[derive(Debug)]
pub struct Shop {
    addresses: BTreeMap<String, String>,
    servers: Vec<(TcpListener, Router)>,
}

impl Shop {
    /// Takes all ports. Nothing is left behind when one of them cannot be taken.
    pub async fn bind(options: ShopOptions) -> Result<Self, BindError> {
        check_names(&options)?;
        let places = places(&options).await?;
        let all: BTreeMap<&str, String> = places.iter().map(|place| (place.service, place.url.clone())).collect();
        let started = |place: &Place| !options.without.iter().any(|name| name == place.service);
        let addresses = places.iter().filter(|place| started(place)).map(|p| (p.service.to_owned(), p.url.clone())).collect();
        let router = |service| router(service, &all, Mutation(options.mutant));
        let servers = places.into_iter().filter(started).filter_map(|p| Some((p.listener?, router(p.service)))).collect();
        Ok(Self { addresses, servers })
    }

    /// The base URL of each service that answers, those that run elsewhere included.
    pub fn addresses(&self) -> BTreeMap<String, String> {
        self.addresses.clone()
    }

    /// Answers until `cancel` is cancelled; then lets requests under way end, for a short while.
    pub async fn run(self, cancel: CancellationToken) {
        let mut tasks = JoinSet::new();
        for (listener, router) in self.servers {
            let stop = cancel.clone().cancelled_owned();
            tasks.spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stop).await });
        }
        cancel.cancelled().await;
        let drained = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, drained).await.is_err() {
            tasks.shutdown().await;
        }
    }
}

/// Where a service is to be found.
struct Place {
    service: &'static str,
    url: String,
    listener: Option<TcpListener>,
}

fn check_names(options: &ShopOptions) -> Result<(), BindError> {
    let mut names = options.without.iter().chain(options.elsewhere.keys());
    match names.find(|name| !SERVICES.contains(&name.as_str())) {
        Some(name) => Err(BindError::UnknownService(name.clone())),
        None => Ok(()),
    }
}

async fn places(options: &ShopOptions) -> Result<Vec<Place>, BindError> {
    let mut places = Vec::new();
    for (index, service) in (0u16..).zip(SERVICES) {
        places.push(place(options, index, service).await?);
    }
    Ok(places)
}

async fn place(options: &ShopOptions, index: u16, service: &'static str) -> Result<Place, BindError> {
    if let Some(url) = options.elsewhere.get(service) {
        return Ok(Place { service, url: url.clone(), listener: None });
    }
    let port = match options.base_port {
        None | Some(0) => 0,
        Some(base) => base.checked_add(index).ok_or(BindError::BasePort(base))?,
    };
    let address = SocketAddr::new(options.host, port);
    if port != 0 && options.without.iter().any(|name| name == service) {
        return Ok(Place { service, url: format!("http://{address}"), listener: None });
    }
    let failed = |source| BindError::Port { service, address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let url = format!("http://{}", listener.local_addr().map_err(failed)?);
    Ok(Place { service, url, listener: Some(listener) })
}

fn router(service: &'static str, urls: &BTreeMap<&str, String>, mutation: Mutation) -> Router {
    let ask = |name: &'static str| Neighbour::new(name, &urls[name]);
    let router = match service {
        "catalog" => catalog::router(),
        "customers" => customers::router(),
        "cart" => cart::router(ask("catalog")),
        "orders" => orders::router(orders::Neighbours {
            customers: ask("customers"),
            cart: ask("cart"),
            catalog: ask("catalog"),
            payments: ask("payments"),
            shipping: ask("shipping"),
            mutation,
        }),
        "payments" => payments::router(),
        _ => shipping::router(ask("customers")),
    };
    with_definition(router, service).layer(Extension(mutation))
}

/// Adds what every service has: its own definition, and a problem body for what it does not know.
fn with_definition(router: Router, service: &'static str) -> Router {
    let yaml = files::definition(service);
    let json = serde_saphyr::from_str::<serde_json::Value>(yaml).expect("a test reads every definition").to_string();
    router
        .route("/openapi.yaml", get(async move || ([(header::CONTENT_TYPE, "application/yaml")], yaml)))
        .route("/openapi.json", get(async move || ([(header::CONTENT_TYPE, "application/json")], json)))
        .fallback(async || Problem::not_found("no such path").into_response())
}
