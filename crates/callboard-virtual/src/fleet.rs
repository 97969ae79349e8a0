//! Any number of virtual services in one process: bound first, then run, then drained.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use callboard_model::{Service, ServiceName};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::journal::Journal;
use crate::mutation::Mutation;
use crate::server::{self, Shared};
use crate::service::VirtualService;
use crate::world::Worlds;

/// How virtual services behave where a definition leaves it open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Only seeded and made entities exist. Otherwise every integer key below 1000 does, too, and any key where the caller has no way to
    /// learn one or the operation documents no 404.
    pub strict_keys: bool,
    /// Requests without any credentials are refused by operations that require them and document 401 or 403.
    pub ask_for_credentials: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self { strict_keys: false, ask_for_credentials: true }
    }
}

/// What to stand in for, and how.
#[derive(Clone, Debug)]
pub struct FleetOptions {
    /// The services, each with the address to listen on. Port 0 takes a free one.
    pub services: Vec<(Arc<Service>, SocketAddr)>,
    /// The same seed makes the same world.
    pub seed: u64,
    /// How they behave.
    pub behaviour: Behaviour,
    /// How many requests the journal keeps; 0 keeps none.
    pub journal_capacity: usize,
    /// How many tests have a world of their own at a time.
    pub max_worlds: usize,
    /// Defects that the worlds of these tests have, to see whether the tests notice.
    pub mutations: HashMap<Arc<str>, Mutation>,
}

impl Default for FleetOptions {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            seed: 0,
            behaviour: Behaviour::default(),
            journal_capacity: 10_000,
            max_worlds: 4096,
            mutations: HashMap::new(),
        }
    }
}

/// A service cannot listen where it should.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for the service `{service}`")]
pub struct BindError {
    /// The service.
    pub service: ServiceName,
    /// The address.
    pub address: SocketAddr,
    /// Why not.
    #[source]
    pub source: std::io::Error,
}

impl BindError {
    /// Whether somebody else listens there.
    pub fn is_in_use(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::AddrInUse
    }
}

/// Virtual services that listen, and answer once [`Fleet::run`] runs.
pub struct Fleet {
    servers: Vec<(TcpListener, Arc<Shared>)>,
    addresses: Vec<(ServiceName, SocketAddr)>,
    journal: Arc<Journal>,
}

impl Fleet {
    /// Binds all addresses, or none: an address in use is an error before anything runs.
    ///
    /// Must be called within a Tokio runtime.
    #[expect(clippy::unused_async, reason = "listening needs the runtime's reactor, which the signature makes plain")]
    pub async fn bind(options: FleetOptions) -> Result<Self, BindError> {
        let journal = Arc::new(Journal::new(options.journal_capacity));
        let worlds = Arc::new(Worlds::new(options.max_worlds));
        let mutations = Arc::new(options.mutations);
        let mut listeners = Vec::new();
        let mut addresses = Vec::new();
        for (service, address) in &options.services {
            let bound = listen(*address).and_then(|listener| listener.local_addr().map(|local| (listener, local)));
            let (listener, local) =
                bound.map_err(|source| BindError { service: service.name.clone(), address: *address, source })?;
            addresses.push((service.name.clone(), local));
            listeners.push(listener);
        }
        let services = options.services.into_iter().enumerate();
        let shared = services.map(|(index, (service, _))| {
            let service = VirtualService::new(index, service, options.seed, options.behaviour);
            Arc::new(Shared { service, worlds: worlds.clone(), journal: journal.clone(), mutations: mutations.clone() })
        });
        Ok(Self { servers: listeners.into_iter().zip(shared.collect::<Vec<_>>()).collect(), addresses, journal })
    }

    /// Where each service listens, in the order of the options.
    pub fn addresses(&self) -> &[(ServiceName, SocketAddr)] {
        &self.addresses
    }

    /// Where a service listens.
    pub fn address(&self, service: &str) -> Option<SocketAddr> {
        self.addresses.iter().find(|(name, _)| name.as_str() == service).map(|(_, address)| *address)
    }

    /// The journal of all services.
    pub fn journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }

    /// Answers until cancelled; then takes no new connections and lets requests in progress finish, for at most five seconds.
    pub async fn run(self, cancel: CancellationToken) {
        let mut tasks = JoinSet::new();
        for (listener, shared) in self.servers {
            tasks.spawn(server::serve(listener, shared, cancel.clone()));
        }
        while tasks.join_next().await.is_some() {}
    }
}

pub(crate) fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A port whose last connections linger is free all the same; one with a listener is not.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}
