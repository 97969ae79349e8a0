//! The system map: small definitions in, links out; and what holds for any definition.

#[path = "map/links.rs"]
mod links;
#[path = "map/meaning.rs"]
mod meaning;
#[path = "map/odd.rs"]
mod odd;
#[path = "map/user.rs"]
mod user;

use callboard_definition::{Fetch, FetchError, load};
use callboard_model::map::SystemMap;
use callboard_model::{ServiceName, System};
use callboard_planner::{MapOptions, map};

/// Definitions in memory, by name.
struct Texts<'a>(&'a [(&'a str, &'a str)]);

impl Fetch for Texts<'_> {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        let found = self.0.iter().find(|(name, _)| *name == origin);
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| FetchError::new("no such text".to_owned()))
    }
}

/// A system of services, each with the paths of an OpenAPI 3.0 document, and components where there are any.
fn system(services: &[(&str, &str)]) -> System {
    let texts: Vec<(&str, String)> = services
        .iter()
        .map(|(name, rest)| (*name, format!("openapi: 3.0.3\ninfo: {{title: {name}, version: '1'}}\n{rest}")))
        .collect();
    let borrowed: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let load = |(name, _): &(&str, &str)| {
        let parsed = load(&ServiceName::new(name), name, &Texts(&borrowed));
        parsed.value.unwrap_or_else(|| panic!("{name} does not load: {:?}", parsed.diagnostics))
    };
    System::new(services.iter().map(load).collect())
}

/// The links, one a line, without their scores.
fn rendered(map: &SystemMap) -> Vec<String> {
    let line = |link: &callboard_model::map::Link| {
        format!("{} {} -> {} {} [{}]", link.from.operation, link.from.output, link.to.operation, link.to.input, link.entity)
    };
    map.links.iter().map(line).collect()
}

fn links(services: &[(&str, &str)]) -> Vec<String> {
    rendered(&map(&system(services), &MapOptions::default()))
}
