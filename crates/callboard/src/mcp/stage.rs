//! Virtual services that live as long as the server: the tools `virtual_up`, `virtual_reset`, `virtual_down` and `virtual_journal`.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Code, Operation, OperationKey, Service, ServiceName, System};
use callboard_runner::{Client, Limits, Outgoing, Scenario};
use callboard_store::Sighting;
use callboard_virtual::journal::Entry;
use callboard_virtual::{Behaviour, FleetOptions, Mutation};
use serde_json::{Value, json};

use super::answer::{Answer, Listed};
use super::arguments::{DefectArgument, DownArguments, JournalArguments, ResetArguments, UpArguments};
use crate::commands::virtual_up;
use crate::environment::{Environment, Wishes};
use crate::exit::Failure;
use crate::fleet::VirtualFleet;
use crate::project::{BAD_ARGUMENT, Project};
use crate::terminal::Sources;

/// How many requests the journal lists for each service when nothing is said.
const ENTRIES: usize = 20;

/// The virtual services that are up.
#[derive(Default)]
pub(crate) struct Stage {
    up: Mutex<BTreeMap<ServiceName, Standing>>,
}

/// A virtual service that is up.
struct Standing {
    url: String,
    fleet: VirtualFleet,
}

impl Stage {
    /// Stands in for services; those that are up already stay as they are.
    pub(crate) async fn up(&self, arguments: &UpArguments) -> Result<Answer, Failure> {
        let project = Project::open("".into())?;
        let loaded = project.load_some(&[], &mut Sources::default())?;
        let chosen = virtual_up::chosen(&loaded.system, &arguments.services)?;
        let places = places(&project, arguments, &loaded.system, &chosen)?;
        let behaviour = Behaviour { strict_keys: arguments.strict_keys, ask_for_credentials: !arguments.open };
        let mutations = mutations(&arguments.defects, &loaded.system)?;
        for (service, address) in places {
            if self.address(&service.name).is_none() {
                let name = service.name.clone();
                let options = FleetOptions {
                    services: vec![(service, address)],
                    seed: arguments.seed.unwrap_or(1),
                    behaviour,
                    mutations: mutations.clone(),
                    ..FleetOptions::default()
                };
                let fleet = VirtualFleet::start_with(options).await?;
                self.add(name, fleet).await;
            }
        }
        let rows = self.rows();
        let errors = Listed::of(loaded.diagnostics.iter().filter(|d| d.is_error()));
        let text = format!("{}{}", lines(&rows), errors.text);
        Ok(Answer::new(json!({"services": rows, "diagnostics": errors.rows}), &text))
    }

    async fn add(&self, name: ServiceName, fleet: VirtualFleet) {
        let url = fleet.addresses().first().map(|(_, url)| url.clone()).unwrap_or_default();
        let spare = self.lock().insert(name, Standing { url, fleet });
        // Another call was faster; the later one is used.
        if let Some(spare) = spare {
            spare.fleet.stop().await;
        }
    }

    /// Stops services, and forgets what they hold.
    pub(crate) async fn down(&self, arguments: &DownArguments) -> Result<Answer, Failure> {
        let stopped = self.take(&arguments.services)?;
        let names: Vec<String> = stopped.iter().map(|(name, _)| name.to_string()).collect();
        for (_, standing) in stopped {
            standing.fleet.stop().await;
        }
        let text =
            if names.is_empty() { "no virtual service was up".to_owned() } else { format!("stopped: {}", names.join(", ")) };
        Ok(Answer::new(json!({"stopped": names, "services": self.rows()}), &text))
    }

    /// Gives a test, or requests without one, a fresh world.
    pub(crate) async fn reset(&self, arguments: &ResetArguments) -> Result<Answer, Failure> {
        let chosen = self.chosen(&arguments.services)?;
        let client = Client::new();
        for (name, url) in &chosen {
            let Some(request) = reset(url, arguments.test.as_deref()) else { continue };
            let sent = client.send(request, &Limits::default()).await;
            sent.map_err(|error| Failure::not_ready(Code("virtual"), format!("`{name}` was not reset: {error}"), None))?;
        }
        let names: Vec<String> = chosen.iter().map(|(name, _)| name.to_string()).collect();
        let text = if names.is_empty() { "no virtual service is up".to_owned() } else { format!("reset: {}", names.join(", ")) };
        Ok(Answer::new(json!({"reset": names}), &text))
    }

    fn chosen(&self, names: &[String]) -> Result<Vec<(ServiceName, String)>, Failure> {
        let up = self.lock();
        for name in names {
            require_up(&up, name)?;
        }
        let is_chosen = |name: &ServiceName| names.is_empty() || names.iter().any(|chosen| chosen == name.as_str());
        Ok(up.iter().filter(|(name, _)| is_chosen(name)).map(|(name, standing)| (name.clone(), standing.url.clone())).collect())
    }

    /// Stops all.
    pub(crate) async fn clear(&self) {
        let all = std::mem::take(&mut *self.lock());
        for standing in all.into_values() {
            standing.fleet.stop().await;
        }
    }

    fn take(&self, names: &[String]) -> Result<Vec<(ServiceName, Standing)>, Failure> {
        let mut up = self.lock();
        if names.is_empty() {
            return Ok(std::mem::take(&mut *up).into_iter().collect());
        }
        for name in names {
            require_up(&up, name)?;
        }
        Ok(names.iter().filter_map(|name| up.remove_entry(&ServiceName::new(name))).collect())
    }

    /// What came in and what was answered.
    pub(crate) fn journal(&self, arguments: &JournalArguments) -> Result<Answer, Failure> {
        let up = self.lock();
        if let Some(name) = &arguments.service {
            require_up(&up, name)?;
        }
        let is_wanted = |name: &ServiceName| arguments.service.as_deref().is_none_or(|wanted| wanted == name.as_str());
        let limit = arguments.limit.unwrap_or(ENTRIES).clamp(1, 500);
        let mut rows = Vec::new();
        let mut more = 0;
        for (_, standing) in up.iter().filter(|(name, _)| is_wanted(name)) {
            let mut entries = standing.fleet.journal().entries();
            entries.retain(|entry| is_of_test(entry, arguments.test.as_deref()));
            let skipped = entries.len().saturating_sub(limit);
            more += skipped;
            rows.extend(entries.into_iter().skip(skipped));
        }
        let text: String =
            rows.iter().map(|e| format!("{} {} {} -> {}: {}\n", e.service, e.method, e.target, e.status, e.why)).collect();
        let text = if text.is_empty() { "no request came in".to_owned() } else { text };
        Ok(Answer::new(json!({"entries": rows, "more": more}), &text))
    }

    /// Which tests reached which operations of services that are up.
    pub(crate) fn sightings(&self) -> Vec<Sighting> {
        self.lock().values().flat_map(|standing| standing.fleet.sightings()).collect()
    }

    /// The base URL of a service that is up.
    pub(crate) fn address(&self, name: &ServiceName) -> Option<String> {
        self.lock().get(name).map(|standing| standing.url.clone())
    }

    /// The services that are up.
    pub(crate) fn addresses(&self) -> Vec<(ServiceName, String)> {
        self.lock().iter().map(|(name, standing)| (name.clone(), standing.url.clone())).collect()
    }

    /// Gives tests fresh worlds: a run begins with what the seed holds, not with what an earlier run left.
    pub(crate) async fn freshen(&self, scenarios: &[Scenario]) {
        let client = Client::new();
        for (_, url) in self.addresses() {
            for request in scenarios.iter().filter_map(|scenario| reset(&url, Some(scenario.name.as_str()))) {
                // A service that does not answer is found by the run itself.
                let _ = client.send(request, &Limits::default()).await;
            }
        }
    }

    fn rows(&self) -> Vec<Value> {
        self.addresses().iter().map(|(name, url)| json!({"name": name.as_str(), "url": url})).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ServiceName, Standing>> {
        self.up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The defects by the test that has them.
fn mutations(defects: &[DefectArgument], system: &System) -> Result<HashMap<Arc<str>, Mutation>, Failure> {
    let of = |defect: &DefectArgument| {
        let operation = operation_named(&defect.operation, system)?;
        Ok((Arc::from(defect.test.as_str()), Mutation { operation, after: defect.after, defect: defect.defect.into() }))
    };
    defects.iter().map(of).collect()
}

/// The operation that is called `payments.createPayment` or `payments POST /payments`.
fn operation_named(text: &str, system: &System) -> Result<OperationKey, Failure> {
    let names = |service: &Service, operation: &Operation| {
        let key = &operation.key;
        let by_id = operation.id.as_ref().map(|id| format!("{}.{id}", service.name));
        [by_id, Some(format!("{} {} {}", key.service, key.method, key.path))]
    };
    let found =
        system.operations().find(|(service, operation)| names(service, operation).iter().flatten().any(|name| name == text));
    found.map(|(_, operation)| operation.key.clone()).ok_or_else(|| {
        let known: Vec<String> =
            system.operations().flat_map(|(service, operation)| names(service, operation)).flatten().collect();
        let help = did_you_mean_or_list(text, known.iter().map(String::as_str));
        Failure::argument(BAD_ARGUMENT, format!("no operation is called `{text}`"), help)
    })
}

/// Where each service is to listen: where the environment says it is, or on any free port.
fn places(
    project: &Project,
    arguments: &UpArguments,
    system: &System,
    chosen: &[Arc<Service>],
) -> Result<Vec<(Arc<Service>, SocketAddr)>, Failure> {
    let names: Vec<String> = chosen.iter().map(|service| service.name.to_string()).collect();
    let wishes = Wishes { environment: arguments.env.as_deref(), servers: &[], virtual_services: &names };
    // Standing in needs no secrets: a variable that is not set is no hindrance.
    let environment = Environment::resolve(&project.settings, wishes, system, &|name| Some(format!("${{{name}}}")))?;
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let place = |service: &Arc<Service>| match environment.virtual_services.get(&service.name) {
        Some(place) if !arguments.free_port => place.address,
        _ => anywhere,
    };
    Ok(chosen.iter().map(|service| (service.clone(), place(service))).collect())
}

fn require_up(up: &BTreeMap<ServiceName, Standing>, name: &str) -> Result<(), Failure> {
    if up.contains_key(&ServiceName::new(name)) {
        return Ok(());
    }
    let help = did_you_mean_or_list(name, up.keys().map(ServiceName::as_str));
    Err(Failure::argument(BAD_ARGUMENT, format!("no virtual service `{name}` is up in this session"), help))
}

fn is_of_test(entry: &Entry, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| entry.test.as_deref().is_some_and(|test| test.contains(wanted)))
}

/// The request that makes a virtual service forget what a test, or nobody, changed.
fn reset(base: &str, test: Option<&str>) -> Option<Outgoing> {
    let url = url::Url::parse(base).ok()?.join("/__callboard/reset").ok()?;
    let mut headers = http::HeaderMap::new();
    if let Some(test) = test {
        let encoded: String = url::form_urlencoded::byte_serialize(test.as_bytes()).collect();
        let baggage = format!("callboard.test={}", encoded.replace('+', "%20"));
        headers.insert("baggage", http::HeaderValue::try_from(baggage).ok()?);
    }
    Some(Outgoing { method: http::Method::POST, url: url.as_str().parse().ok()?, headers, body: bytes::Bytes::new() })
}

fn lines(rows: &[Value]) -> String {
    rows.iter()
        .map(|row| format!("{}  {}\n", row["name"].as_str().unwrap_or_default(), row["url"].as_str().unwrap_or_default()))
        .collect()
}
