//! The shop's real definitions, changed in one place at a time: every scenario that breaks must be mended.
//!
//! A debug build tries every sixth change; `cargo test --release` tries all of them.

use std::path::PathBuf;

use callboard_analysis::maintenance::{Change, findings, propose};
use callboard_definition::MemoryFetch;
use callboard_model::map::SystemMap;
use callboard_model::{Document, Service, ServiceName, System};
use callboard_scenario::{ScenarioFile, Surroundings};
use serde_json::Value;

const SERVICES: [&str; 6] = ["cart", "catalog", "customers", "orders", "payments", "shipping"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop")
}

fn definition(name: &str) -> Value {
    let path = folder().join(format!("services/{name}/openapi.yaml"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Document::parse("openapi.yaml", &text).expect("a definition is YAML").value().clone()
}

fn service(name: &str, definition: &Value) -> Service {
    let origin = format!("services/{name}/openapi.yaml");
    let fetch = MemoryFetch::new().with(origin.clone(), definition.to_string());
    callboard_definition::load(&ServiceName::new(name), &origin, &fetch).value.expect("it loads")
}

fn scenarios() -> Vec<(Document, ScenarioFile)> {
    let entries = std::fs::read_dir(folder().join("scenarios")).expect("a readable folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = format!("scenarios/{}", path.file_name().expect("a name").to_string_lossy());
        let document = Document::parse(name, &std::fs::read(path).expect("readable")).expect("a scenario is YAML");
        let file = callboard_scenario::parse(&document).value.expect("a scenario file");
        (document, file)
    };
    paths.iter().map(read).collect()
}

/// A service with one thing changed, and what it is.
struct Mutation {
    service: &'static str,
    what: String,
    definition: Value,
}

/// What became of the scenarios that changes concern.
#[derive(Default)]
struct Tally {
    concerned: usize,
    mended: usize,
    /// Those that come back as they were, to the byte, when the change is taken back.
    restored: usize,
    /// Those that are not mended, with what is left.
    left: Vec<String>,
}

/// What a mended scenario becomes when the change is taken back.
fn taken_back(document: &Document, mended: &str, old: &System, new: &System) -> Option<String> {
    let mended = Document::parse(document.origin().clone(), mended.as_bytes()).ok()?;
    let file = callboard_scenario::parse(&mended).value?;
    let map = SystemMap::default();
    let change = Change { old: Some(new), new: old, map: &map, around: Surroundings::default() };
    Some(propose(&file, &mended, &change).text)
}

fn mend(mutations: &[Mutation]) -> Tally {
    let before: Vec<(&str, Value)> = SERVICES.iter().map(|name| (*name, definition(name))).collect();
    let services: Vec<Service> = before.iter().map(|(name, value)| service(name, value)).collect();
    let old = System::new(services.clone());
    let scenarios = scenarios();
    let map = SystemMap::default();
    let mut tally = Tally::default();
    for mutation in mutations {
        let now =
            |(name, value): &(&str, Value)| service(name, if *name == mutation.service { &mutation.definition } else { value });
        let new = System::new(before.iter().map(now).collect());
        let change = Change { old: Some(&old), new: &new, map: &map, around: Surroundings::default() };
        for (document, file) in &scenarios {
            let names = |source: &callboard_scenario::ast::SourceDescription| source.name == mutation.service;
            if !file.sources.iter().any(names) {
                continue;
            }
            let is_broken = callboard_scenario::check(file, document, &new).iter().any(|diagnostic| diagnostic.is_error());
            if !is_broken && findings(file, document, &change).is_empty() {
                continue;
            }
            tally.concerned += 1;
            let proposal = propose(file, document, &change);
            match proposal.left.iter().find(|diagnostic| diagnostic.is_error() || diagnostic.code.0.starts_with("changed-")) {
                None => {
                    tally.mended += 1;
                    let back = taken_back(document, &proposal.text, &old, &new);
                    tally.restored += usize::from(back.as_deref() == Some(&**document.text()));
                }
                Some(left) => tally.left.push(format!("{}: {}: {left}", mutation.service, mutation.what)),
            }
        }
    }
    tally
}

/// Calls with each object of a tree.
fn each_object(value: &mut Value, then: &mut impl FnMut(&mut serde_json::Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            then(fields);
            fields.values_mut().for_each(|value| each_object(value, then));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_object(value, then)),
        _ => {}
    }
}

fn strings_of(definition: &Value, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    each_object(&mut definition.clone(), &mut |fields| {
        found.extend(fields.get(key).and_then(Value::as_str).map(str::to_owned));
    });
    found
}

/// The definition with a text in the place of another one wherever a member of this name holds it.
fn with_string(definition: &Value, key: &str, old: &str, new: &str) -> Value {
    let mut definition = definition.clone();
    each_object(&mut definition, &mut |fields| {
        if let Some(value) = fields.get_mut(key).filter(|value| value.as_str() == Some(old)) {
            *value = new.into();
        }
    });
    definition
}

fn rename_key(fields: &mut serde_json::Map<String, Value>, old: &str, new: &str) {
    *fields =
        std::mem::take(fields).into_iter().map(|(key, value)| (if key == old { new.to_owned() } else { key }, value)).collect();
}

fn with_path(definition: &Value, old: &str, new: &str) -> Value {
    let mut definition = definition.clone();
    if let Some(paths) = definition.get_mut("paths").and_then(Value::as_object_mut) {
        rename_key(paths, old, new);
    }
    definition
}

fn paths(definition: &Value) -> Vec<String> {
    definition["paths"].as_object().map(|paths| paths.keys().cloned().collect()).unwrap_or_default()
}

/// Names of members of bodies.
fn members(definition: &Value) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    each_object(&mut definition.clone(), &mut |fields| {
        let names = fields.get("properties").and_then(Value::as_object).into_iter().flat_map(|members| members.keys().cloned());
        found.extend(names);
    });
    found.sort();
    found.dedup();
    found
}

fn with_member(definition: &Value, old: &str, new: &str) -> Value {
    let mut definition = definition.clone();
    each_object(&mut definition, &mut |fields| {
        if let Some(members) = fields.get_mut("properties").and_then(Value::as_object_mut) {
            rename_key(members, old, new);
        }
        for name in fields.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten() {
            if name.as_str() == Some(old) {
                *name = new.into();
            }
        }
    });
    definition
}

fn mutations(make: impl Fn(&Value) -> Vec<(String, Value)>) -> Vec<Mutation> {
    let of_service = |service: &'static str| {
        let made = make(&definition(service));
        made.into_iter().map(move |(what, definition)| Mutation { service, what, definition }).collect::<Vec<_>>()
    };
    let every = if cfg!(debug_assertions) { 6 } else { 1 };
    SERVICES.into_iter().flat_map(of_service).step_by(every).collect()
}

/// At least this share of the scenarios that are concerned is mended.
#[track_caller]
fn assert_mended(mutations: &[Mutation], at_least: f64) {
    let Tally { concerned, mended, restored, left } = mend(mutations);
    eprintln!("{} changes concern {concerned} scenarios; {mended} are mended, {restored} come back", mutations.len());
    assert!(concerned > 0);
    assert_eq!(restored, mended, "an edit that is taken back leaves nothing behind");
    assert!(mended as f64 >= at_least * concerned as f64, "{mended} of {concerned}:\n{}", left.join("\n"));
}

#[test]
fn every_operation_may_get_another_id() {
    let made = |definition: &Value| {
        let ids = strings_of(definition, "operationId");
        ids.iter().map(|id| (format!("id {id}"), with_string(definition, "operationId", id, &format!("do_{id}_now")))).collect()
    };
    assert_mended(&mutations(made), 1.0);
}

#[test]
fn every_path_may_move_and_its_operations_get_other_ids() {
    let made = |definition: &Value| {
        let move_one = |path: &String| {
            let mut moved = with_path(definition, path, &format!("/v2/shop{path}"));
            for id in strings_of(&definition["paths"][path], "operationId") {
                moved = with_string(&moved, "operationId", &id, &format!("{id}V2"));
            }
            (format!("path {path}"), moved)
        };
        paths(definition).iter().map(move_one).collect()
    };
    assert_mended(&mutations(made), 1.0);
}

#[test]
fn every_member_of_a_body_may_get_a_similar_name() {
    let made = |definition: &Value| {
        let names = members(definition);
        names.iter().map(|name| (format!("member {name}"), with_member(definition, name, &format!("{name}Value")))).collect()
    };
    assert_mended(&mutations(made), 0.95);
}

#[test]
fn every_member_of_a_body_may_get_an_unlike_name() {
    let made = |definition: &Value| {
        let names = members(definition);
        names.iter().map(|name| (format!("member {name}"), with_member(definition, name, "zxq"))).collect()
    };
    assert_mended(&mutations(made), 0.9);
}

#[test]
fn every_parameter_may_get_another_name() {
    let made = |definition: &Value| {
        let mut names = strings_of(definition, "name");
        names.sort();
        names.dedup();
        let rename = |name: &String| {
            let new = format!("{name}Ref");
            let mut renamed = with_string(definition, "name", name, &new);
            for path in paths(definition) {
                renamed = with_path(&renamed, &path, &path.replace(&format!("{{{name}}}"), &format!("{{{new}}}")));
            }
            (format!("parameter {name}"), renamed)
        };
        names.iter().map(rename).collect()
    };
    assert_mended(&mutations(made), 1.0);
}

#[test]
fn every_status_of_success_may_change() {
    let made = |definition: &Value| {
        let change = |(old, new): (&str, &str)| {
            let mut changed = definition.clone();
            each_object(&mut changed, &mut |fields| {
                if let Some(responses) = fields.get_mut("responses").and_then(Value::as_object_mut) {
                    rename_key(responses, old, new);
                }
            });
            (format!("status {old} to {new}"), changed)
        };
        [("201", "200"), ("200", "203"), ("204", "200"), ("201", "202")].into_iter().map(change).collect()
    };
    assert_mended(&mutations(made), 1.0);
}
