//! `callboard virtual up`: virtual services that stay up until Ctrl-C.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Code, Service, System};
use callboard_virtual::Behaviour;
use callboard_virtual::wiremock::{StartError, WireMock, WireMockOptions};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cli::VirtualUpArgs;
use crate::exit::{Exit, Failure};
use crate::fleet::VirtualFleet;
use crate::project::{BAD_ARGUMENT, Project};
use crate::signals::stop_requested;
use crate::terminal::{Sources, Terminal};

/// Starts virtual services and waits for Ctrl-C.
pub(crate) async fn up(project: &Project, arguments: &VirtualUpArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    if let Some(root) = &arguments.wiremock {
        return up_wiremock(root, arguments, terminal).await;
    }
    let mut sources = Sources::default();
    let loaded = project.load_some(&arguments.definitions.definitions, &mut sources)?;
    terminal.diagnostics(&loaded.diagnostics, &sources);
    let services = places(chosen(&loaded.system, &arguments.names)?, arguments)?;
    let fleet = VirtualFleet::start_services(services, arguments.seed, Behaviour::default()).await?;
    let rows: Vec<_> = fleet.addresses().iter().map(|(name, url)| json!({"name": name.as_str(), "url": url})).collect();
    if arguments.json {
        terminal.json(&json!({"version": 1, "services": rows}));
    } else {
        for (name, url) in fleet.addresses() {
            terminal.data(&format!("{name}  {url}"));
        }
    }
    terminal.say("up; Ctrl-C stops. What was asked and answered: GET /__callboard/journal");
    stop_requested().await;
    fleet.stop().await;
    Ok(Exit::Pass)
}

/// Serves a WireMock root folder and waits for Ctrl-C.
async fn up_wiremock(root: &Path, arguments: &VirtualUpArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let name = match arguments.names.as_slice() {
        [] => "wiremock",
        [name] => name,
        _ => return Err(Failure::argument(BAD_ARGUMENT, "--wiremock serves one service", Some("give one name".to_owned()))),
    };
    let address = SocketAddr::new(arguments.host, arguments.port.unwrap_or_default());
    let server = WireMock::bind(WireMockOptions::new(root, address)).await.map_err(|error| not_started(&error))?;
    let url = format!("http://{}", server.address());
    if arguments.json {
        terminal.json(&json!({"version": 1, "services": [{"name": name, "url": url}]}));
    } else {
        terminal.data(&format!("{name}  {url}"));
    }
    terminal.say(format!("up with {} stubs; Ctrl-C stops. The admin API: {url}/__admin", server.stubs()));
    let cancel = CancellationToken::new();
    let running = server.run(cancel.clone());
    let stopping = async {
        stop_requested().await;
        cancel.cancel();
    };
    tokio::join!(running, stopping);
    Ok(Exit::Pass)
}

fn not_started(error: &StartError) -> Failure {
    match error {
        StartError::Bind { source, .. } => {
            let help = (source.kind() == std::io::ErrorKind::AddrInUse)
                .then(|| "something listens there already: choose another --port, or stop it".to_owned());
            Failure::not_ready(Code("port"), format!("{error}: {}", crate::fetch::in_words(source)), help)
        }
        StartError::Folder(_) => {
            Failure::argument(Code("wiremock"), error.to_string(), Some("docs/wiremock.md lists what works".to_owned()))
        }
    }
}

pub(crate) fn chosen(system: &System, names: &[String]) -> Result<Vec<Arc<Service>>, Failure> {
    if names.is_empty() {
        return Ok(system.services().iter().cloned().map(Arc::new).collect());
    }
    let find = |name: &String| {
        system.service(name).cloned().map(Arc::new).ok_or_else(|| {
            let help = did_you_mean_or_list(name, system.services().iter().map(|s| s.name.as_str()));
            Failure::argument(BAD_ARGUMENT, format!("no service is called `{name}`, or its definition cannot be read"), help)
        })
    };
    names.iter().map(find).collect()
}

fn places(services: Vec<Arc<Service>>, arguments: &VirtualUpArgs) -> Result<Vec<(Arc<Service>, SocketAddr)>, Failure> {
    let mut places = Vec::with_capacity(services.len());
    for (index, service) in services.into_iter().enumerate() {
        let port = match arguments.port {
            None | Some(0) => 0,
            Some(first) => u16::try_from(index).ok().and_then(|i| first.checked_add(i)).ok_or_else(|| {
                Failure::argument(BAD_ARGUMENT, "the ports would go beyond 65535", Some("start at a lower --port".to_owned()))
            })?,
        };
        places.push((service, SocketAddr::new(arguments.host, port)));
    }
    Ok(places)
}
