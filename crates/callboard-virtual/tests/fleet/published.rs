//! Published definitions: every GET of each answers, and what it answers is valid.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use callboard_definition::load;
use callboard_model::api::ParameterLocation;
use callboard_model::{Method, Operation, Service, ServiceName};
use callboard_schema::parameter::{Written, write};
use callboard_schema::{Direction, Hints, Validator, synthesise};
use http::Request;
use serde_json::Value;

use crate::support::{Files, Reply, Running, shared, start_one};

pub(crate) fn definitions(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            definitions(&path, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// A request with a value for each required parameter.
pub(crate) fn request(service: &Service, operation: &Operation, seed: u64) -> (String, http::request::Builder) {
    let mut path = operation.key.path.split(['?', '#']).next().unwrap_or_default().to_owned();
    let mut query: Vec<String> = Vec::new();
    let mut request = Request::builder().method("GET");
    for parameter in operation.parameters.iter().filter(|p| p.required) {
        let schema = parameter.schema.as_ref().and_then(|node| service.schema(node));
        let value = schema
            .map_or(Value::from("x"), |schema| synthesise(&schema, Direction::Request, seed, &Hints::named(&parameter.name)));
        match write(parameter, &value) {
            Written::Path(text) => {
                path = path.replace(&format!("{{{}}}", parameter.name), if text.is_empty() { "x" } else { &text });
            }
            Written::Query(pairs) => query.extend(pairs.into_iter().map(|(name, value)| format!("{name}={value}"))),
            Written::Querystring(text) => query.push(text),
            Written::Header(text) if parameter.location == ParameterLocation::Header => {
                request = request.header(&parameter.name, text);
            }
            Written::Cookie(pairs) => {
                request =
                    request.header("cookie", pairs.into_iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join("; "));
            }
            Written::Header(_) => {}
        }
    }
    for scheme in &service.security_schemes {
        if let callboard_model::api::SecurityKind::ApiKey { location: ParameterLocation::Header, name } = &scheme.kind {
            request = request.header(name, "key");
        }
    }
    let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    (target, request.header("authorization", "Bearer x"))
}

/// What is wrong with an answer; nothing when it is as documented.
fn deviation(service: &Service, operation: &Operation, reply: &Reply) -> Option<String> {
    if operation.responses.is_empty() {
        return None;
    }
    let Some(response) = operation.response(reply.status) else {
        let text = String::from_utf8_lossy(&reply.body).chars().take(200).collect::<String>();
        return Some(format!("the status {} is not documented: {text}", reply.status));
    };
    let content_type = reply.header("content-type");
    let media = response.content.iter().find(|media| media.matches(content_type));
    if media.is_none() && !response.content.is_empty() {
        return Some(format!("the content type `{content_type}` is not documented"));
    }
    let media = media.filter(|_| callboard_model::api::is_json_media_type(content_type))?;
    let schema = service.schema(media.schema.as_ref()?)?;
    let Ok(validator) = Validator::compile(&schema, Direction::Response) else {
        return Some("the schema cannot be used".to_owned());
    };
    let Ok(body) = serde_json::from_slice(&reply.body) else { return Some("the body is no JSON".to_owned()) };
    validator.validate(&body).first().map(|violation| violation.message.clone())
}

async fn sweep(running: &Running, service: &Service, name: &str, counts: &mut (u32, u32, u32)) {
    for operation in service.operations.iter().filter(|op| op.key.method == Method::Get && op.unusable.is_none()) {
        for seed in 0..2 {
            let (target, request) = request(service, operation, seed);
            if target.parse::<http::Uri>().is_err() {
                continue;
            }
            let reply = running.send(0, request, &target, "").await;
            assert!(reply.status < 500 || operation.success_response().is_none(), "{name} GET {target}: {}", reply.status);
            counts.0 += 1;
            counts.2 += u32::from(reply.status < 400);
            match deviation(service, operation, &reply) {
                None => counts.1 += 1,
                Some(what) => eprintln!("{name} GET {target}: {what}"),
            }
        }
    }
}

#[tokio::test]
async fn every_get_of_published_definitions_is_answered_as_documented() {
    let Some(root) = shared("data/definitions") else { return };
    let mut paths = Vec::new();
    definitions(&root, &mut paths);
    let mut counts = (0, 0, 0);
    let mut services = 0;
    for path in paths {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let Some(service) = load(&ServiceName::new("s"), path.to_str().expect("UTF-8"), &Files).value else { continue };
        let service = Arc::new(service);
        let running = start_one(service.clone()).await;
        sweep(&running, &service, &name, &mut counts).await;
        services += 1;
    }
    let (all, right, found) = counts;
    let rate = f64::from(right) / f64::from(all.max(1)) * 100.0;
    eprintln!("{services} services, {all} GETs, {right} answered as documented ({rate:.2} %), {found} of them with success");
    assert!(rate >= 99.0);
}
