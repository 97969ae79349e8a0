//! Which format a document has, and what it is when it is no definition.

use callboard_model::api::Format;
use serde_json::Value;

/// What a document turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Recognised {
    /// A definition.
    Definition(Format),
    /// A definition in a version that is not read: the version, or what stands in its place.
    UnsupportedVersion { key: &'static str, version: String },
    /// Something else; what it looks like, where that is known.
    SomethingElse(Option<&'static str>),
}

/// Recognises a parsed document.
pub(crate) fn recognise(document: &Value) -> Recognised {
    if let Some(version) = document.get("openapi") {
        return match text_of(version).as_str() {
            v if is_version(v, "3.0") => Recognised::Definition(Format::OpenApi30),
            v if is_version(v, "3.1") => Recognised::Definition(Format::OpenApi31),
            v if is_version(v, "3.2") => Recognised::Definition(Format::OpenApi32),
            other => Recognised::UnsupportedVersion { key: "openapi", version: other.to_owned() },
        };
    }
    for key in ["swagger", "swaggerVersion"] {
        if let Some(version) = document.get(key) {
            return match text_of(version).as_str() {
                "2" | "2.0" => Recognised::Definition(Format::Swagger20),
                other => Recognised::UnsupportedVersion { key, version: other.to_owned() },
            };
        }
    }
    Recognised::SomethingElse(kind_of_tree(document))
}

fn is_version(text: &str, minor: &str) -> bool {
    text.strip_prefix(minor).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

fn kind_of_tree(document: &Value) -> Option<&'static str> {
    let Some(map) = document.as_object() else {
        return match document {
            Value::Null => Some("an empty document"),
            Value::Array(_) => Some("a list"),
            Value::String(_) => Some("a plain text"),
            _ => Some("a single value"),
        };
    };
    let has = |keys: &[&str]| keys.iter().all(|key| map.contains_key(*key));
    let known: &[(&[&str], &str)] = &[
        (&["arazzo"], "an Arazzo file (scenarios, not a definition)"),
        (&["asyncapi"], "an AsyncAPI definition"),
        (&["openrpc"], "an OpenRPC definition"),
        (&["overlay", "actions"], "an OpenAPI Overlay"),
        (&["apiVersion", "kind"], "a Kubernetes manifest"),
        (&["log"], "an HTTP archive (HAR)"),
        (&["info", "item"], "a Postman collection"),
        (&["_type", "resources"], "an Insomnia export"),
        (&["discoveryVersion"], "a Google API discovery document"),
        (&["data"], "a response or a GraphQL introspection, not a definition"),
        (&["__schema"], "a GraphQL introspection"),
        (&["mappings"], "WireMock mappings"),
        (&["request", "response"], "a WireMock mapping"),
        (&["name", "version", "dependencies"], "an npm package manifest"),
        (&["services", "volumes"], "a Compose file"),
        (&["services"], "a Compose file"),
        (&["$schema"], "a JSON Schema"),
        (&["properties"], "a schema: a part of a definition that others refer to"),
        (&["paths"], "a definition without its version: `openapi` or `swagger` is missing"),
    ];
    known.iter().find(|(keys, _)| has(keys)).map(|(_, what)| *what)
}

/// What a text that may not even parse looks like: pages, markup and languages that have nothing to do with JSON or YAML.
pub(crate) fn kind_of_text(text: &str) -> Option<&'static str> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower = start.chars().take(400).collect::<String>().to_ascii_lowercase();
    if lower.is_empty() {
        return Some("an empty document");
    }
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") || (lower.starts_with('<') && lower.contains("<html")) {
        return Some("an HTML page, such as a login page or an error page");
    }
    if lower.starts_with('<') {
        let is_wsdl = lower.contains("wsdl") || lower.contains("<definitions");
        return Some(if is_wsdl { "a WSDL definition" } else { "an XML document" });
    }
    let starts: &[(&str, &str)] = &[
        ("#%raml", "a RAML definition"),
        ("format: 1a", "an API Blueprint"),
        ("syntax = \"proto", "a protobuf definition"),
        ("syntax=\"proto", "a protobuf definition"),
        ("type query", "a GraphQL schema"),
        ("schema {", "a GraphQL schema"),
        ("%pdf", "a PDF"),
    ];
    starts.iter().find(|(start, _)| lower.starts_with(start)).map(|(_, what)| *what)
}
