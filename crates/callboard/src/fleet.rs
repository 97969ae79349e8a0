//! Virtual services that a run or a command starts, and what they saw.

use std::net::SocketAddr;
use std::sync::Arc;

use callboard_model::names::TestName;
use callboard_model::{Code, Service, ServiceName, System};
use callboard_store::Sighting;
use callboard_virtual::{Behaviour, BindError, Fleet, FleetOptions, Journal};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::environment::Environment;
use crate::exit::Failure;

/// Virtual services that are up.
pub(crate) struct VirtualFleet {
    services: Vec<Arc<Service>>,
    addresses: Vec<(ServiceName, String)>,
    journal: Arc<Journal>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl VirtualFleet {
    /// Starts what an environment stands in for, unless it is up already. A service may listen although no scenario calls it: its real
    /// neighbours do.
    pub(crate) async fn start(system: &System, environment: &Environment, seed: u64) -> Result<Self, Failure> {
        let service = |name: &ServiceName| system.service(name.as_str()).cloned().map(Arc::new);
        let missing = environment.virtual_services.iter().filter(|(name, _)| !environment.targets.contains_key(*name));
        let services = missing.filter_map(|(name, place)| Some((service(name)?, place.address))).collect();
        Self::start_services(services, seed, Behaviour::default()).await
    }

    /// Starts services at addresses; port 0 is any free one.
    pub(crate) async fn start_services(
        services: Vec<(Arc<Service>, SocketAddr)>,
        seed: u64,
        behaviour: Behaviour,
    ) -> Result<Self, Failure> {
        Self::start_with(FleetOptions { services, seed, behaviour, ..FleetOptions::default() }).await
    }

    /// As [`Self::start_services`], with everything else that a fleet can be told.
    pub(crate) async fn start_with(options: FleetOptions) -> Result<Self, Failure> {
        let paths: Vec<String> = options.services.iter().map(|(service, _)| service.base_path()).collect();
        let stood_in_for = options.services.iter().map(|(service, _)| service.clone()).collect();
        let fleet = Fleet::bind(options).await.map_err(|error| not_bound(&error))?;
        let place =
            |((name, address), path): (&(ServiceName, SocketAddr), &String)| (name.clone(), format!("http://{address}{path}"));
        let addresses = fleet.addresses().iter().zip(&paths).map(place).collect();
        let journal = fleet.journal();
        let cancel = CancellationToken::new();
        let task = tokio::spawn(fleet.run(cancel.clone()));
        Ok(Self { services: stood_in_for, addresses, journal, cancel, task })
    }

    /// Where they are: base URLs, the base path of the definition included.
    pub(crate) fn addresses(&self) -> &[(ServiceName, String)] {
        &self.addresses
    }

    /// What came in and what was answered.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Which tests reached which operations: also calls that a real neighbour made on a test's behalf.
    pub(crate) fn sightings(&self) -> Vec<Sighting> {
        let mut seen = Vec::new();
        for entry in self.journal.entries() {
            let (Some(test), Some(label)) = (entry.test, entry.operation) else { continue };
            let service = self.services.iter().find(|service| service.name == entry.service);
            let Some(operation) = service.and_then(|s| s.operations.iter().find(|o| o.label() == *label)) else { continue };
            let sighting = Sighting { test: TestName::new(&*test), operation: operation.key.clone(), is_virtual: true };
            if !seen.contains(&sighting) {
                seen.push(sighting);
            }
        }
        seen
    }

    /// Lets requests in progress finish, and stops.
    pub(crate) async fn stop(self) {
        self.cancel.cancel();
        if let Err(error) = self.task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

fn not_bound(error: &BindError) -> Failure {
    let help = error.is_in_use().then(|| {
        format!("something listens there already: is `{}` up after all? choose another port, or stop it", error.service)
    });
    Failure::not_ready(Code("port"), format!("{error}: {}", crate::fetch::in_words(&error.source)), help)
}
