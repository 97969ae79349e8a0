//! Tests of the whole way from text to model, in small pieces: a definition in, the model as text out.

mod broken;
mod changes;
mod discovery;
mod documents;
mod mutations;
mod openapi;
mod swagger;

use callboard_model::api::{MediaType, Parameter, SecurityKind};
use callboard_model::{NodeRef, Operation, Parsed, Service, ServiceName};

use crate::{MemoryFetch, load};

/// Loads one text.
fn parsed(text: &str) -> Parsed<Option<Service>> {
    load(&ServiceName::new("s"), "api.yaml", &MemoryFetch::new().with("api.yaml", text))
}

/// The service of a text that has nothing wrong.
#[track_caller]
fn clean(text: &str) -> Service {
    let parsed = parsed(text);
    assert!(parsed.diagnostics.is_empty(), "{}", lines(&parsed.diagnostics));
    parsed.value.expect("there is a service")
}

/// The service of a text with findings, and the findings.
#[track_caller]
fn with_findings(text: &str) -> (Service, String) {
    let parsed = parsed(text);
    (parsed.value.expect("there is a service"), lines(&parsed.diagnostics))
}

/// The findings of a text.
fn findings(text: &str) -> String {
    lines(&parsed(text).diagnostics)
}

fn lines<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The operations of a service as text.
fn render(service: &Service) -> String {
    lines(&service.operations.iter().map(|operation| render_operation(service, operation)).collect::<Vec<_>>())
}

fn render_operation(service: &Service, operation: &Operation) -> String {
    let mut lines = vec![format!("{} {}", operation.key.method, operation.key.path)];
    lines.extend(operation.id.iter().map(|id| format!("  id {id}")));
    lines.extend(operation.unusable.iter().map(|why| format!("  UNUSABLE {why}")));
    lines.extend(operation.parameters.iter().map(|parameter| format!("  {}", render_parameter(service, parameter))));
    if let Some(body) = &operation.request_body {
        lines.push(format!("  body{}", if body.required { "!" } else { "" }));
        lines.extend(body.content.iter().map(|media| format!("    {}", render_media(service, media))));
    }
    for response in &operation.responses {
        lines.push(format!("  {}", response.status));
        let header =
            |h: &callboard_model::api::ResponseHeader| format!("    header {}: {}", h.name, schema(service, h.schema.as_ref()));
        lines.extend(response.headers.iter().map(header));
        lines.extend(response.content.iter().map(|media| format!("    {}", render_media(service, media))));
        let target = |link: &callboard_model::api::ResponseLink| {
            link.target.as_ref().map_or_else(|| "nowhere".to_owned(), ToString::to_string)
        };
        lines.extend(response.links.iter().map(|link| format!("    link {} -> {}", link.name, target(link))));
    }
    let alternative = |requirement: &callboard_model::api::SecurityRequirement| format!("  security {:?}", requirement.schemes);
    lines.extend(operation.security.iter().map(alternative));
    lines.join("\n")
}

fn render_parameter(service: &Service, parameter: &Parameter) -> String {
    let required = if parameter.required { "!" } else { "" };
    let explode = if parameter.explode { "*" } else { "" };
    let media = parameter.media_type.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let schema = schema(service, parameter.schema.as_ref());
    format!("{} {}{required} {:?}{explode}{media}: {schema}", parameter.location, parameter.name, parameter.style)
}

fn render_media(service: &Service, media: &MediaType) -> String {
    let values = media.examples.iter().filter_map(|node| service.documents.value(node));
    let examples: String = values.map(|value| format!(" e.g. {value}")).collect();
    format!("{}: {}{examples}", media.name, schema(service, media.schema.as_ref()))
}

fn schema(service: &Service, node: Option<&NodeRef>) -> String {
    let Some(node) = node else { return "-".to_owned() };
    let schema = service.schema(node).expect("the model points to nodes that are there");
    match schema.reference_name() {
        Some(name) => format!("${name}"),
        None => schema.types().join("|"),
    }
}

fn render_security(kind: &SecurityKind) -> String {
    format!("{kind:?}")
}
