//! The tool `map`: services, operations, entities and links, filtered and cut to what fits into a conversation.

use callboard_model::map::{Entity, Link, SystemMap};
use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Operation, Service, System};
use serde_json::{Value, json};

use super::answer::{Answer, Listed, description, first};
use super::arguments::MapArguments;
use crate::exit::Failure;
use crate::project::{BAD_ARGUMENT, Project};
use crate::terminal::Sources;

/// How many rows of a kind are listed when nothing is said.
const LIMIT: usize = 40;

/// Shows the system.
pub(crate) fn map(arguments: &MapArguments) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let loaded = project.load_some(&[], &mut Sources::default())?;
    let map = callboard_planner::map(&loaded.system, &project.map_options());
    let wanted = Wanted::new(arguments, &loaded.system)?;
    let shown = Shown::of(&loaded.system, &map, &wanted, arguments.limit.unwrap_or(LIMIT));
    let errors = Listed::of(loaded.diagnostics.iter().filter(|d| d.is_error()));
    let mut value = shown.value;
    value["diagnostics"] = errors.rows;
    Ok(Answer::new(value, &format!("{}{}", shown.text, errors.text)))
}

/// A service of the system, or what it may be called instead.
pub(crate) fn known_service<'s>(system: &'s System, name: &str) -> Result<&'s Service, Failure> {
    system.service(name).ok_or_else(|| {
        let help = did_you_mean_or_list(name, system.services().iter().map(|s| s.name.as_str()));
        Failure::argument(BAD_ARGUMENT, format!("no service is called `{name}`, or its definition cannot be read"), help)
    })
}

/// What the agent asked to see.
struct Wanted {
    service: Option<String>,
    text: Option<String>,
}

impl Wanted {
    fn new(arguments: &MapArguments, system: &System) -> Result<Self, Failure> {
        let service = arguments.service.as_deref().map(|name| known_service(system, name)).transpose()?;
        Ok(Self {
            service: service.map(|service| service.name.to_string()),
            text: arguments.text.as_ref().map(|text| text.to_lowercase()),
        })
    }

    fn is_of_service(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|wanted| wanted == service)
    }

    fn says<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let Some(wanted) = &self.text else { return true };
        texts.into_iter().any(|text| text.to_lowercase().contains(wanted))
    }

    fn operation(&self, operation: &Operation) -> bool {
        let summary = operation.summary.as_deref().unwrap_or_default();
        self.is_of_service(operation.key.service.as_str())
            && self.says([
                operation.id.as_deref().unwrap_or_default(),
                &operation.key.path,
                operation.key.method.as_str(),
                summary,
            ])
    }

    fn entity(&self, entity: &Entity) -> bool {
        let owner = entity.owner.as_ref().map(|owner| owner.as_str());
        (self.service.is_none() || owner.is_some_and(|owner| self.is_of_service(owner)))
            && self.says(entity.aliases.iter().map(AsRef::as_ref).chain([AsRef::as_ref(&entity.name)]))
    }

    fn link(&self, link: &Link) -> bool {
        let ends = [&link.from.operation, &link.to.operation];
        ends.iter().any(|end| self.is_of_service(end.service.as_str()))
            && self.says([AsRef::as_ref(&link.entity), &*ends[0].path, &*ends[1].path])
    }
}

/// The rows, and the same in a few lines.
struct Shown {
    value: Value,
    text: String,
}

impl Shown {
    fn of(system: &System, map: &SystemMap, wanted: &Wanted, limit: usize) -> Self {
        let limit = limit.clamp(1, 500);
        let operations: Vec<&Operation> = system.operations().map(|(_, o)| o).filter(|o| wanted.operation(o)).collect();
        let (operations, more_operations) = first(operations, limit);
        let (entities, more_entities) = first(map.entities.iter().filter(|e| wanted.entity(e)).collect(), limit);
        let (links, more_links) = first(map.links.iter().filter(|l| wanted.link(l)).collect(), limit);
        let value = json!({
            "services": system.services().iter().filter(|s| wanted.is_of_service(s.name.as_str())).map(service_row).collect::<Vec<_>>(),
            "operations": operations.iter().map(|o| operation_row(o)).collect::<Vec<_>>(),
            "entities": entities.iter().map(|e| entity_row(e)).collect::<Vec<_>>(),
            "links": links.iter().map(|l| link_row(l)).collect::<Vec<_>>(),
            "more": {"operations": more_operations, "entities": more_entities, "links": more_links},
        });
        let mut text = format!(
            "{} of {} operations, {} of {} links\n",
            operations.len(),
            operations.len() + more_operations,
            links.len(),
            links.len() + more_links
        );
        text.extend(operations.iter().map(|o| format!("{} ({})\n", o.key, o.id.as_deref().unwrap_or_default())));
        text.extend(links.iter().map(|l| format!("{} -> {}\n", from_of(l), to_of(l))));
        Self { value, text }
    }
}

fn service_row(service: &Service) -> Value {
    json!({
        "name": service.name.as_str(),
        "title": description(&service.title),
        "format": service.format.to_string(),
        "operations": service.operations.len(),
    })
}

fn operation_row(operation: &Operation) -> Value {
    let mut row = json!({
        "service": operation.key.service.as_str(),
        "operationId": operation.id,
        "method": operation.key.method.as_str(),
        "path": &*operation.key.path,
    });
    if let Some(summary) = &operation.summary {
        row["summary"] = json!(description(summary));
    }
    if let Some(why) = &operation.unusable {
        row["usable"] = json!(false);
        row["why"] = json!(why);
    }
    row
}

fn entity_row(entity: &Entity) -> Value {
    json!({"name": entity.name, "owner": entity.owner.as_ref().map(|o| o.as_str()), "aliases": entity.aliases})
}

/// Ends are written as `[links]` in `callboard.toml` takes them.
fn link_row(link: &Link) -> Value {
    json!({
        "from": from_of(link),
        "to": to_of(link),
        "entity": link.entity,
        "score": (link.score * 100.0).round() / 100.0,
        "evidence": link.evidence.iter().map(|e| e.signal.as_str()).collect::<Vec<_>>(),
    })
}

fn from_of(link: &Link) -> String {
    format!("{} {}", link.from.operation, link.from.output)
}

fn to_of(link: &Link) -> String {
    format!("{} {}", link.to.operation, link.to.input)
}
