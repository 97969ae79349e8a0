//! Published definitions: what is posted can be read at its key, and is gone after it was removed.

use std::sync::Arc;

use callboard_definition::load;
use callboard_model::api::MediaType;
use callboard_model::{Method, Operation, Service, ServiceName};
use callboard_schema::{Direction, Hints, synthesise};
use serde_json::Value;

use crate::published::{definitions, request};
use crate::support::{Files, Reply, Running, shared, start_one};

/// `POST` on a collection, `GET` and maybe `DELETE` on its entities.
struct Resource<'a> {
    post: &'a Operation,
    get: &'a Operation,
    delete: Option<&'a Operation>,
}

fn resources(service: &Service) -> Vec<Resource<'_>> {
    let usable = |op: &&Operation| op.unusable.is_none();
    let gets = service.operations.iter().filter(usable).filter(|op| op.key.method == Method::Get && op.key.path.ends_with('}'));
    gets.filter_map(|get| {
        let (parent, last) = get.key.path.rsplit_once('/')?;
        let post = service.operation_at(&Method::Post, parent).filter(usable)?;
        let media = post.request_body.as_ref()?.preferred().filter(|media| media.is_json())?;
        let is_object = service.schema(media.schema.as_ref()?)?.types() == ["object"];
        let answers_json = |op: &Operation| op.success_response().and_then(|r| r.preferred()).is_some_and(MediaType::is_json);
        let is_plain = last.starts_with('{') && is_object && answers_json(get) && answers_json(post);
        is_plain.then(|| Resource { post, get, delete: service.operation_at(&Method::Delete, &get.key.path) })
    })
    .collect()
}

fn key(made: &Reply, parameter: &str) -> Option<String> {
    let location = made.header("location").rsplit('/').next().unwrap_or_default();
    if !location.is_empty() {
        return Some(location.to_owned());
    }
    let plain = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let wanted = plain(parameter);
    let find = |map: &Value, fits: &dyn Fn(&str) -> bool| {
        let mut scalars = map.as_object()?.iter().filter(|(_, value)| value.is_string() || value.is_number());
        let (_, value) = scalars.find(|(name, _)| fits(&plain(name)))?;
        Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    let mut levels = vec![made.json()];
    let first = |value: &Value| if let Value::Array(items) = value { items.first().cloned() } else { Some(value.clone()) };
    levels.extend(
        levels[0]
            .as_object()
            .into_iter()
            .flat_map(|map| map.values())
            .filter(|v| v.is_object() || v.is_array())
            .cloned()
            .collect::<Vec<_>>(),
    );
    let levels: Vec<Value> = levels.iter().filter_map(first).collect();
    let exact = |name: &str| name == wanted;
    let usual = |name: &str| ["id", "uuid", "sid"].contains(&name) || name.ends_with(&wanted);
    let loose = |name: &str| name == "name" || wanted.ends_with(name);
    let rules: [&dyn Fn(&str) -> bool; 3] = [&exact, &usual, &loose];
    rules.iter().find_map(|rule| levels.iter().find_map(|level| find(level, rule)))
}

/// Whether every value that both have is the same.
fn echoes(sent: &Value, read: &Value) -> Result<(), String> {
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => sent
            .iter()
            .filter_map(|(name, value)| Some((name, value, read.get(name)?)))
            .try_for_each(|(name, sent, read)| echoes(sent, read).map_err(|why| format!("{name}: {why}"))),
        (Value::Array(sent), Value::Array(read)) if sent.len() > read.len() && !read.is_empty() => echoes(&sent[0], &read[0]),
        (Value::Array(sent), Value::Array(read)) => sent.iter().zip(read).try_for_each(|(sent, read)| echoes(sent, read)),
        (sent, read) if sent == read => Ok(()),
        (sent, read) => Err(format!("{sent} was sent, {read} read")),
    }
}

async fn judge(running: &Running, service: &Service, resource: &Resource<'_>) -> Result<(), String> {
    let media = resource.post.request_body.as_ref().and_then(|body| body.preferred()).expect("it has one");
    let schema = service.schema(media.schema.as_ref().expect("it has one")).expect("it is there");
    let sent = synthesise(&schema, Direction::Request, 5, &Hints::default());
    let (target, builder) = request(service, resource.post, 5);
    let builder = builder.method("POST").header("content-type", media.name.as_str());
    let made = running.send(0, builder, &target, sent.to_string()).await;
    if made.status == 404 {
        return Err("the parent is not there".to_owned());
    }
    if made.status >= 300 {
        return Err(format!("POST {target} answers {}: {}", made.status, String::from_utf8_lossy(&made.body)));
    }
    let (_, parameter) = resource.get.key.path.rsplit_once('{').expect("it ends with one");
    let key = key(&made, parameter.trim_end_matches('}')).ok_or_else(|| format!("no key in {:?}", made.body))?;
    let path = format!("{}/{key}", target.split('?').next().unwrap_or_default());
    let ask = |method: &'static str| {
        let builder = request(service, if method == "GET" { resource.get } else { resource.delete.unwrap_or(resource.get) }, 5).1;
        builder.method(method)
    };
    let query = request(service, resource.get, 5).0.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    let read = running.send(0, ask("GET"), &format!("{path}{query}"), "").await;
    if read.status != 200 {
        return Err(format!("GET {path} answers {}: {}", read.status, String::from_utf8_lossy(&read.body)));
    }
    echoes(&sent, &read.json())?;
    if resource.delete.is_some() {
        let removed = running.send(0, ask("DELETE"), &path, "").await;
        if removed.status >= 300 {
            return Err(format!("DELETE {path} answers {}", removed.status));
        }
        let gone = running.send(0, ask("GET"), &format!("{path}{query}"), "").await;
        if gone.status != 404 {
            return Err(format!("GET {path} after DELETE answers {}", gone.status));
        }
    }
    Ok(())
}

#[tokio::test]
async fn resources_of_published_definitions_are_coherent() {
    let Some(root) = shared("data/definitions") else { return };
    let mut paths = Vec::new();
    definitions(&root, &mut paths);
    let (mut all, mut coherent, mut orphans) = (0_u32, 0_u32, 0_u32);
    for path in paths {
        let Some(service) = load(&ServiceName::new("s"), path.to_str().expect("UTF-8"), &Files).value else { continue };
        let service = Arc::new(service);
        let running = start_one(service.clone()).await;
        for resource in resources(&service) {
            match judge(&running, &service, &resource).await {
                Ok(()) => coherent += 1,
                Err(why) if why.starts_with("the parent") => orphans += 1,
                Err(why) => {
                    eprintln!("{} {}: {why:.300}", path.file_name().unwrap_or_default().to_string_lossy(), resource.get.key.path);
                }
            }
            all += 1;
        }
    }
    let judged = all - orphans;
    eprintln!("{coherent} of {judged} resources coherent ({orphans} more below parents that were not made)");
    // The rest: answers without the key, or with other shapes for what was sent.
    assert!(f64::from(coherent) >= f64::from(judged) * 0.7);
}
