//! `callboard map`: services, operations, entities and links.

use callboard_model::map::{Link, SystemMap};
use callboard_model::{Operation, Service, System};
use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};

use crate::cli::MapArgs;
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::terminal::{Sources, Terminal};

/// Shows the system map.
pub(crate) fn map(project: &Project, arguments: &MapArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let loaded = project.load_some(&arguments.definitions.definitions, &mut sources)?;
    let map = callboard_planner::map(&loaded.system, &project.map_options());
    if arguments.json {
        terminal.json(&to_json(&loaded.system, &map));
    } else {
        terminal.data(&to_text(&loaded.system, &map, arguments.links));
    }
    terminal.diagnostics(&loaded.diagnostics, &sources);
    let has_errors = loaded.diagnostics.iter().any(callboard_model::Diagnostic::is_error);
    Ok(if has_errors { Exit::BadInput } else { Exit::Pass })
}

fn to_json(system: &System, map: &SystemMap) -> Value {
    let services: Vec<Value> = system.services().iter().map(service_json).collect();
    let links: Vec<Value> = map.links.iter().map(link_json).collect();
    let entities: Vec<Value> = map
        .entities
        .iter()
        .map(|entity| json!({"name": entity.name, "owner": entity.owner.as_ref().map(|o| o.as_str()), "aliases": entity.aliases}))
        .collect();
    json!({"version": 1, "services": services, "entities": entities, "links": links})
}

fn service_json(service: &Service) -> Value {
    let operations: Vec<Value> = service.operations.iter().map(operation_json).collect();
    json!({"name": service.name.as_str(), "title": service.title, "format": service.format.to_string(), "operations": operations})
}

fn operation_json(operation: &Operation) -> Value {
    let mut value = json!({
        "operationId": operation.id,
        "method": operation.key.method.as_str(),
        "path": &*operation.key.path,
        "usable": operation.unusable.is_none(),
    });
    if let Some(why) = &operation.unusable {
        value["why"] = json!(why);
    }
    value
}

fn link_json(link: &Link) -> Value {
    let end = |key: &callboard_model::OperationKey| json!({"service": key.service.as_str(), "method": key.method.as_str(), "path": &*key.path});
    let mut from = end(&link.from.operation);
    from["pointer"] = json!(link.from.output.to_string());
    let mut to = end(&link.to.operation);
    to["input"] = json!(link.to.input.to_string());
    let evidence: Vec<Value> = link
        .evidence
        .iter()
        .map(|e| json!({"signal": e.signal.as_str(), "weight": rounded(e.weight), "detail": e.detail}))
        .collect();
    json!({"from": from, "to": to, "entity": link.entity, "score": rounded(link.score), "evidence": evidence})
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn to_text(system: &System, map: &SystemMap, with_links: bool) -> String {
    let mut text = String::new();
    for service in system.services() {
        let usable = service.operations.iter().filter(|o| o.unusable.is_none()).count();
        let count = service.operations.len();
        let share =
            if usable == count { format!("{count} operations") } else { format!("{usable} of {count} operations usable") };
        text.push_str(&format!("{}  {} ({}), {share}\n", service.name, service.title, service.format));
        text.push_str(&operations_table(service));
        text.push_str("\n\n");
    }
    text.push_str(&entities_text(map));
    if with_links {
        text.push_str(&links_text(map));
    } else {
        text.push_str(&format!("{}; --links shows them with their evidence\n", links_summary(map)));
    }
    text
}

fn operations_table(service: &Service) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    for operation in &service.operations {
        let note = operation
            .unusable
            .as_ref()
            .map_or_else(|| operation.summary.clone().unwrap_or_default(), |why| format!("not usable: {why}"));
        let name = operation.id.clone().unwrap_or_default();
        table.add_row([format!("  {}", operation.key.method), operation.key.path.to_string(), name, note]);
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn entities_text(map: &SystemMap) -> String {
    let mut text = format!("Entities ({})\n", map.entities.len());
    for entity in &map.entities {
        let owner = entity.owner.as_ref().map(|o| format!(", owned by {o}")).unwrap_or_default();
        let aliases =
            if entity.aliases.is_empty() { String::new() } else { format!(", also called {}", entity.aliases.join(", ")) };
        text.push_str(&format!("  {}{owner}{aliases}\n", entity.name));
    }
    text.push('\n');
    text
}

fn links_summary(map: &SystemMap) -> String {
    let across = map.links.iter().filter(|link| link.from.operation.service != link.to.operation.service).count();
    format!("Links: {} in all, {across} across services", map.links.len())
}

fn links_text(map: &SystemMap) -> String {
    let mut text = format!("{}\n", links_summary(map));
    for link in &map.links {
        text.push_str(&format!(
            "  {} {}  ->  {} {}  ({}, {:.2})\n",
            link.from.operation, link.from.output, link.to.operation, link.to.input, link.entity, link.score
        ));
        for evidence in &link.evidence {
            text.push_str(&format!("      {:>+5.2} {}: {}\n", evidence.weight, evidence.signal.as_str(), evidence.detail));
        }
    }
    text
}
