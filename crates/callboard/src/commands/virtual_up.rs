//! `callboard virtual up`: virtual services that stay up until Ctrl-C.

use std::net::SocketAddr;
use std::sync::Arc;

use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Service, System};
use serde_json::json;

use crate::cli::VirtualUpArgs;
use crate::exit::{Exit, Failure};
use crate::fleet::VirtualFleet;
use crate::project::{BAD_ARGUMENT, Project};
use crate::signals::stop_requested;
use crate::terminal::{Sources, Terminal};

/// Starts virtual services and waits for Ctrl-C.
pub(crate) async fn up(project: &Project, arguments: &VirtualUpArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let loaded = project.load_some(&arguments.definitions.definitions, &mut sources)?;
    terminal.diagnostics(&loaded.diagnostics, &sources);
    let services = places(chosen(&loaded.system, &arguments.names)?, arguments)?;
    let fleet = VirtualFleet::start_services(services, arguments.seed).await?;
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
