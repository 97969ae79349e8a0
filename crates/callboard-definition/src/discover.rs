//! What a text is: a definition, or something else that people keep beside one. Also where services publish their definitions, and what
//! to call a service.

use callboard_model::ServiceName;

/// Where web frameworks publish the definition of their service, the most usual first: paths below the server's root.
pub const WELL_KNOWN_PATHS: &[&str] = &[
    "/openapi.json",
    "/openapi.yaml",
    "/v3/api-docs",
    "/swagger.json",
    "/v2/api-docs",
    "/swagger/v1/swagger.json",
    "/api-docs",
    "/api/openapi.json",
    "/api/openapi.yaml",
    "/openapi",
    "/q/openapi",
    "/v3/api-docs.yaml",
    "/openapi/v1.json",
    "/swagger.yaml",
    "/swagger/doc.json",
    "/api-docs/openapi.json",
    "/api/swagger.json",
    "/api-json",
    "/docs/openapi.json",
    "/spec/openapi.json",
    "/schema",
    "/api/schema",
    "/.well-known/openapi.json",
    "/.well-known/openapi.yaml",
];

/// Whether a file is worth loading as a definition: by its name and a look at its text, without parsing.
///
/// Parts of definitions (files that others refer to) are no definitions.
pub fn looks_like_definition(path: &str, text: &str) -> bool {
    let path = path.split(['?', '#']).next().unwrap_or(path).to_ascii_lowercase();
    let is_url = path.contains("://");
    if !is_url && ![".json", ".yaml", ".yml"].iter().any(|end| path.ends_with(end)) {
        return false;
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') { has_json_version(text) } else { has_yaml_version(text) }
}

/// `"openapi": "3…"` or `"swagger": "2…"` anywhere: generators sort keys, so it may stand at the end of a long text.
fn has_json_version(text: &str) -> bool {
    let is_followed = |key: &str, version: char| {
        text.match_indices(key).any(|(at, _)| {
            let rest = text[at + key.len()..].trim_start();
            let value = rest.strip_prefix(':').map(|rest| rest.trim_start().trim_start_matches('"'));
            value.is_some_and(|value| value.starts_with(version))
        })
    };
    is_followed("\"openapi\"", '3') || is_followed("\"swagger\"", '2')
}

/// `openapi: 3…` or `swagger: 2…` at the beginning of a line.
fn has_yaml_version(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start_matches(['"', '\'']);
        let version = |key: &str| {
            let rest = line.strip_prefix(key)?.trim_start_matches(['"', '\'']).trim_start();
            Some(rest.strip_prefix(':')?.trim_start().trim_start_matches(['"', '\'']).to_owned())
        };
        version("openapi").is_some_and(|v| v.starts_with('3')) || version("swagger").is_some_and(|v| v.starts_with('2'))
    })
}

/// Words that say nothing about which service a definition belongs to, at the beginning or the end of a name.
const GENERIC_WORDS: &[&str] = &[
    "api",
    "apis",
    "apidocs",
    "apispec",
    "app",
    "build",
    "bundle",
    "bundled",
    "classes",
    "contract",
    "contracts",
    "definition",
    "definitions",
    "dist",
    "doc",
    "docs",
    "documentation",
    "http",
    "index",
    "json",
    "latest",
    "localhost",
    "main",
    "oas",
    "openapi",
    "public",
    "reference",
    "resource",
    "resources",
    "rest",
    "restful",
    "root",
    "schema",
    "schemas",
    "server",
    "service",
    "services",
    "spec",
    "specification",
    "specs",
    "src",
    "static",
    "swagger",
    "target",
    "the",
    "ui",
    "web",
    "www",
    "yaml",
];

/// A name for the service of a definition: its file's name where that says something, then the folder's, then the title, then the host.
/// Lower case, words joined by `-`.
///
/// `services/orders/openapi.yaml` is `orders`, `carts.json` is `carts`, `http://localhost:8080/v3/api-docs` goes by its title.
pub fn service_name(origin: &str, title: &str) -> ServiceName {
    let title = meaningful(title);
    let candidate = match origin.split_once("://") {
        Some((_, rest)) => {
            let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
            title.or_else(|| meaningful(host.split('.').next().unwrap_or_default()))
        }
        None => from_path(origin).or(title),
    };
    ServiceName::new(candidate.unwrap_or_else(|| "service".to_owned()))
}

fn from_path(path: &str) -> Option<String> {
    let mut parts = path.split(['/', '\\']).rev();
    let file = parts.next().unwrap_or_default();
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    std::iter::once(stem).chain(parts.take(6)).find_map(meaningful)
}

/// The words of a text that say something, if any: without versions, and without generic words at both ends.
fn meaningful(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let words: Vec<String> = words.filter(|word| !word.is_empty() && !is_version(word)).collect();
    let says_something = |word: &String| !GENERIC_WORDS.contains(&word.as_str());
    let first = words.iter().position(says_something)?;
    let last = words.iter().rposition(says_something)?;
    Some(words[first..=last].iter().take(4).map(String::as_str).collect::<Vec<_>>().join("-"))
}

/// `3`, `v2`, `oas3`, `openapi31`.
fn is_version(word: &str) -> bool {
    let rest = ["openapi", "swagger", "oas", "v"].iter().find_map(|start| word.strip_prefix(start)).unwrap_or(word);
    !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit())
}
