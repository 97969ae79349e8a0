//! The environment of a run: where each service answers, with which headers, and which values are at hand.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Code, Service, ServiceName, System};
use callboard_runner::{Secret, Target};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::exit::Failure;
use crate::project::{BAD_ARGUMENT, parse_pairs};
use crate::settings::{EnvironmentSection, Settings, TargetSection};

/// A variable of the process environment that settings name is not set.
const MISSING_VARIABLE: Code = Code("missing-variable");
/// A service is used and nobody said where it answers.
const NO_SERVER: Code = Code("no-server");

/// What the command line says about the environment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes<'a> {
    /// `--env`.
    pub(crate) environment: Option<&'a str>,
    /// `--server NAME=URL`.
    pub(crate) servers: &'a [String],
    /// `--virtual NAME`.
    pub(crate) virtual_services: &'a [String],
}

/// Where services answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Its name in the settings.
    pub(crate) name: Option<String>,
    /// Real servers.
    pub(crate) targets: IndexMap<ServiceName, Target>,
    /// Services that Callboard stands in for.
    pub(crate) virtual_services: IndexMap<ServiceName, VirtualPlace>,
    /// Named values.
    pub(crate) values: Map<String, Value>,
    /// Values of the process environment that were put in: never shown.
    pub(crate) secrets: Vec<Secret>,
}

/// Where Callboard stands in for a service.
#[derive(Clone, Debug)]
pub(crate) struct VirtualPlace {
    /// The address to listen on; port 0 for any free one.
    pub(crate) address: SocketAddr,
    /// Headers of requests to it: its definition may ask for credentials.
    headers: Vec<(String, String)>,
}

/// Any free port, on this machine only.
const ANYWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

impl Environment {
    /// Settles where each service answers: the command line before the chosen environment of the settings.
    pub(crate) fn resolve(
        settings: &Settings,
        wishes: Wishes<'_>,
        system: &System,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let (name, section) = chosen(settings, wishes.environment)?;
        let mut environment = Self { name, ..Self::default() };
        let given = given_servers(wishes, system)?;
        for (service, target) in section.into_iter().flat_map(|section| &section.services) {
            let is_overruled = given.contains_key(service.as_str()) || wishes.virtual_services.contains(service);
            environment.add(service, target.get_ref(), is_overruled, variable)?;
        }
        for (service, base) in given {
            let headers = environment.headers_of(&service);
            environment.virtual_services.shift_remove(service.as_str());
            environment.targets.insert(ServiceName::new(service), Target { base, headers });
        }
        for service in wishes.virtual_services {
            known(service, system)?;
            if wishes.servers.iter().any(|pair| pair.split('=').next() == Some(service)) {
                let message = format!("`{service}` has both --server and --virtual");
                return Err(Failure::argument(BAD_ARGUMENT, message, Some("give one of the two".to_owned())));
            }
            environment.make_virtual(&ServiceName::new(service));
        }
        for (name, value) in section.into_iter().flat_map(|section| &section.values) {
            let value = environment.value(value, variable)?;
            environment.values.insert(name.clone(), value);
        }
        Ok(environment)
    }

    fn add(&mut self, service: &str, section: &TargetSection, is_overruled: bool, variable: Variable<'_>) -> Result<(), Failure> {
        let name = ServiceName::new(service);
        let mut headers = Vec::new();
        for (header, value) in &section.headers {
            headers.push((header.clone(), self.substitute(value, variable)?));
        }
        match &section.server {
            Some(server) if !section.is_virtual => {
                let base = match self.substitute(server, variable) {
                    // A server that the command line replaces may need variables that are not set here.
                    Err(_) if is_overruled => String::new(),
                    base => base?,
                };
                self.targets.insert(name, Target { base, headers });
            }
            _ => {
                let address = SocketAddr::new(ANYWHERE.ip(), section.port.unwrap_or(0));
                self.virtual_services.insert(name, VirtualPlace { address, headers });
            }
        }
        Ok(())
    }

    /// Stands in for a service, whatever the settings say: at its own address where that is on this machine, so that its real
    /// neighbours find the stand-in without being told.
    fn make_virtual(&mut self, service: &ServiceName) {
        if self.virtual_services.contains_key(service) {
            return;
        }
        let target = self.targets.shift_remove(service).unwrap_or_default();
        let address = local_address(&target.base).unwrap_or(ANYWHERE);
        self.virtual_services.insert(service.clone(), VirtualPlace { address, headers: target.headers });
    }

    fn headers_of(&self, service: &str) -> Vec<(String, String)> {
        let of_target = self.targets.get(service).map(|target| target.headers.clone());
        of_target.or_else(|| self.virtual_services.get(service).map(|place| place.headers.clone())).unwrap_or_default()
    }

    /// Uses a virtual service that is up already.
    pub(crate) fn stand_in_at(&mut self, service: &ServiceName, base: String) {
        self.make_virtual(service);
        self.place_virtual(service, base);
    }

    /// Puts virtual services in their places, once they have addresses.
    pub(crate) fn place_virtual(&mut self, service: &ServiceName, base: String) {
        let headers = self.headers_of(service.as_str());
        self.targets.insert(service.clone(), Target { base, headers });
    }

    /// The outputs that the servers and headers of each service ask for (`{outputs.NAME}`).
    pub(crate) fn needs(&self) -> IndexMap<ServiceName, Vec<String>> {
        let of_target = |target: &Target| -> Vec<String> {
            let texts = std::iter::once(&target.base).chain(target.headers.iter().map(|(_, value)| value));
            texts.flat_map(|text| outputs_in(text)).collect()
        };
        self.targets.iter().map(|(service, target)| (service.clone(), of_target(target))).filter(|(_, n)| !n.is_empty()).collect()
    }

    /// Each used service has a place; otherwise nothing may run.
    pub(crate) fn require(&self, used: &BTreeSet<ServiceName>) -> Result<(), Failure> {
        let missing: Vec<_> =
            used.iter().filter(|s| !self.targets.contains_key(*s) && !self.virtual_services.contains_key(*s)).collect();
        let Some(first) = missing.first() else { return Ok(()) };
        let names: Vec<_> = missing.iter().map(|name| format!("`{name}`")).collect();
        let message = format!("nobody said where {} {}", names.join(", "), if missing.len() == 1 { "answers" } else { "answer" });
        let help = format!(
            "--server {first}=http://127.0.0.1:PORT, --virtual {first} to stand in for it, or [environments.local.services.{first}] in callboard.toml"
        );
        Err(Failure::argument(NO_SERVER, message, Some(help)))
    }

    fn value(&mut self, value: &toml::Value, variable: Variable<'_>) -> Result<Value, Failure> {
        Ok(match value {
            toml::Value::String(text) => Value::String(self.substitute(text, variable)?),
            other => serde_json::to_value(other).unwrap_or(Value::Null),
        })
    }

    /// Puts in `${NAME}` from the process environment. Whatever comes from there counts as secret.
    fn substitute(&mut self, text: &str, variable: Variable<'_>) -> Result<String, Failure> {
        let mut done = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else { break };
            let value = variable(name).ok_or_else(|| {
                let help = format!("set it, for instance: export {name}=…");
                Failure::argument(
                    MISSING_VARIABLE,
                    format!("the variable `{name}` is not set, and callboard.toml asks for it"),
                    Some(help),
                )
            })?;
            done.push_str(before);
            done.push_str(&value);
            if !self.secrets.iter().any(|secret| secret.name == name) {
                self.secrets.push(Secret { name: name.to_owned(), value });
            }
            rest = behind;
        }
        done.push_str(rest);
        Ok(done)
    }
}

type Variable<'a> = &'a dyn Fn(&str) -> Option<String>;

fn chosen<'s>(settings: &'s Settings, wanted: Option<&str>) -> Result<(Option<String>, Option<&'s EnvironmentSection>), Failure> {
    let default = settings.project.environment.as_ref().map(|name| name.get_ref().as_str());
    match wanted.or(default) {
        Some(name) => match settings.environments.get(name) {
            Some(section) => Ok((Some(name.to_owned()), Some(section))),
            None => {
                let help = did_you_mean_or_list(name, settings.environments.keys().map(String::as_str));
                Err(Failure::argument(BAD_ARGUMENT, format!("no environment is called `{name}`"), help))
            }
        },
        None => Ok(settings.environments.first().map_or((None, None), |(name, section)| (Some(name.clone()), Some(section)))),
    }
}

fn given_servers(wishes: Wishes<'_>, system: &System) -> Result<IndexMap<String, String>, Failure> {
    let mut given = IndexMap::new();
    for (service, url) in parse_pairs(wishes.servers, "--server", "NAME=URL")? {
        known(&service, system)?;
        if let Err(why) = check_server(&url) {
            let has_scheme = url.contains("://");
            let help = (!has_scheme).then(|| format!("did you mean `--server {service}=http://{url}`?"));
            return Err(Failure::argument(BAD_ARGUMENT, format!("`{url}` is no http or https URL: {why}"), help));
        }
        given.insert(service, url);
    }
    Ok(given)
}

fn known<'s>(service: &str, system: &'s System) -> Result<&'s Service, Failure> {
    system.service(service).ok_or_else(|| {
        let help = did_you_mean_or_list(service, system.services().iter().map(|s| s.name.as_str()));
        Failure::argument(BAD_ARGUMENT, format!("no service is called `{service}`"), help)
    })
}

/// Whether a server's URL can be called, whatever stands in for its `{…}` and `${…}` later.
pub(crate) fn check_server(url: &str) -> Result<(), String> {
    let mut filled = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((_, behind)) = after.split_once('}') else { break };
        filled.push_str(before.strip_suffix('$').unwrap_or(before));
        // A digit may stand in a host, a port and a path.
        filled.push('1');
        rest = behind;
    }
    filled.push_str(rest);
    // Scheme and all may come from a variable.
    if url.starts_with("${") && !filled.contains("://") {
        return Ok(());
    }
    match url::Url::parse(&filled) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
        Ok(url) => Err(format!("its scheme is `{}`", url.scheme())),
        Err(error) => Err(error.to_string()),
    }
}

/// The loopback address of a URL such as `http://127.0.0.1:7005/api`.
pub(crate) fn local_address(base: &str) -> Option<SocketAddr> {
    let url = url::Url::parse(base).ok().filter(|url| url.scheme() == "http")?;
    let ip = match url.host()? {
        url::Host::Domain("localhost") => Ipv4Addr::LOCALHOST.into(),
        url::Host::Ipv4(ip) if ip.is_loopback() => ip.into(),
        url::Host::Ipv6(ip) if ip.is_loopback() => ip.into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, url.port()?))
}

/// The names in `{outputs.NAME}`.
fn outputs_in(text: &str) -> Vec<String> {
    text.split("{outputs.").skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const TEXT: &str = r#"
        [services.hub]
        definition = "hub.yaml"
        [services.proxy]
        definition = "proxy.yaml"
        [environments.local.services.hub]
        server = "http://127.0.0.1:1/api"
        headers = { Authorization = "token ${HUB_TOKEN}", "X-User" = "{outputs.name}" }
        [environments.local.services.proxy]
        virtual = true
        [environments.local.values]
        currency = "EUR"
    "#;

    fn resolve(wishes: Wishes<'_>) -> Result<Environment, Failure> {
        let settings = Settings::parse(&Arc::from("callboard.toml"), TEXT).expect("the settings are right");
        let variable = |name: &str| (name == "HUB_TOKEN").then(|| "s3cret".to_owned());
        Environment::resolve(&settings, wishes, &System::default(), &variable)
    }

    const NO_WISHES: Wishes<'_> = Wishes { environment: None, servers: &[], virtual_services: &[] };

    #[test]
    fn the_first_environment_counts_and_variables_are_secrets() {
        let environment = resolve(NO_WISHES).expect("everything is set");
        assert_eq!(environment.name.as_deref(), Some("local"));
        assert_eq!(environment.targets["hub"].headers[0].1, "token s3cret");
        assert_eq!(environment.secrets[0].name, "HUB_TOKEN");
        assert!(environment.virtual_services.contains_key("proxy"));
        assert_eq!(environment.needs()["hub"], ["name"]);
        assert_eq!(environment.values["currency"], "EUR");
    }

    #[test]
    fn a_stand_in_takes_the_address_of_the_service_that_is_down() {
        let names = ["hub".to_owned()];
        let environment = resolve(Wishes { virtual_services: &names, ..NO_WISHES });
        assert!(environment.is_err(), "an empty system knows no hub");
        assert_eq!(local_address("http://127.0.0.1:7005/api").map(|a| a.port()), Some(7005));
        assert_eq!(local_address("http://localhost:7005").map(|a| a.port()), Some(7005));
        assert_eq!(local_address("https://payments.example.com"), None);
        assert_eq!(local_address("http://127.0.0.1:8000/user/{outputs.name}").map(|a| a.port()), Some(8000));
    }

    #[test]
    fn a_server_is_a_url_whatever_stands_in_it_later() {
        for url in [
            "http://h:1/api",
            "https://h",
            "http://127.0.0.1:8000/user/{outputs.name}",
            "http://${HOST}:${PORT}/x",
            "${BASE}",
            "${BASE}/api",
        ] {
            assert_eq!(check_server(url), Ok(()), "{url}");
        }
        for url in ["http://", "http://h:99999", "orders:7001", "ftp://h", "/x", ""] {
            assert!(check_server(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_mistyped_environment_or_service_names_the_known_ones() {
        let failure = resolve(Wishes { environment: Some("lcoal"), ..NO_WISHES }).expect_err("there is no such environment");
        assert!(failure.diagnostics[0].help.as_ref().is_some_and(|h| h.contains("`local`")));
        let servers = ["hubb=http://h".to_owned()];
        assert!(resolve(Wishes { servers: &servers, ..NO_WISHES }).is_err());
    }

    #[test]
    fn a_used_service_without_a_place_stops_the_run_before_it_begins() {
        let environment = resolve(NO_WISHES).expect("everything is set");
        let used = BTreeSet::from([ServiceName::new("hub"), ServiceName::new("orders")]);
        let failure = environment.require(&used).expect_err("orders has no place");
        assert!(failure.diagnostics[0].message.contains("nobody said where `orders` answers"), "{failure:?}");
    }
}
