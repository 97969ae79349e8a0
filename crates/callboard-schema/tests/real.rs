//! Schemas of published definitions: nearly all of them can be met.

use std::path::{Path, PathBuf};

use callboard_model::document::Dialect;
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::directed::{Directed, Kind};
use callboard_schema::{Direction, Hints, Validator, synthesise_with};
use serde_json::Value;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "json" || e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// Schemas of bodies, with their direction.
fn schemas(value: &Value, at: &Pointer, direction: Option<Direction>, found: &mut Vec<(Pointer, Direction)>) {
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                let inner = at.join(key);
                let direction = match key.as_str() {
                    "requestBody" | "requestBodies" | "parameters" => Some(Direction::Request),
                    "responses" => Some(Direction::Response),
                    _ => direction,
                };
                match (key.as_str(), direction) {
                    ("schema", Some(direction)) if child.is_object() => found.push((inner, direction)),
                    ("properties" | "schemas" | "definitions" | "examples" | "example", _) => {}
                    _ => schemas(child, &inner, direction, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, child) in items.iter().enumerate() {
                schemas(child, &at.join(index.to_string()), direction, found);
            }
        }
        _ => {}
    }
}

fn dialect(tree: &Value) -> Option<Dialect> {
    if tree.get("swagger").is_some() {
        return Some(Dialect::Swagger2);
    }
    let version = tree.get("openapi")?.as_str()?;
    Some(if version.starts_with("3.0") { Dialect::OpenApi30 } else { Dialect::JsonSchema202012 })
}

/// Calls `visit` with schemas of all definitions that are not too large, at most so many of each; `false` without definitions.
fn each_schema(most: usize, visit: &mut dyn FnMut(&str, &Schema<'_>, Direction)) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/definitions");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    if paths.is_empty() {
        eprintln!("skipped: {} is not there", root.display());
        return false;
    }
    for path in &paths {
        // The whole set takes minutes without optimisation.
        let Ok(bytes) = std::fs::read(path) else { continue };
        if bytes.len() > 3_000_000 {
            continue;
        }
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        let Ok(document) = Document::parse(name.as_str(), &bytes) else { continue };
        let Some(dialect) = dialect(document.value()) else { continue };
        let mut places = Vec::new();
        schemas(document.value(), &Pointer::root(), None, &mut places);
        let step = (places.len() / most).max(1);
        let mut documents = Documents::new(dialect);
        documents.add(document);
        for (pointer, direction) in places.into_iter().step_by(step) {
            let Some(schema) = Schema::at(&documents, &NodeRef::new(DocumentId(0), pointer.clone())) else { continue };
            visit(&format!("{name}{pointer}"), &schema, direction);
        }
    }
    true
}

#[test]
fn schemas_of_published_definitions_are_met() {
    let (mut made, mut valid, mut refused) = (0_u32, 0_u32, 0_u32);
    let is_there = each_schema(150, &mut |name, schema, direction| {
        let validator = match Validator::compile(schema, direction) {
            Ok(validator) => validator,
            Err(error) => {
                // References into other files: this test reads single ones.
                if !error.message.contains("not loaded") {
                    refused += 1;
                    eprintln!("{name}: {error}");
                }
                return;
            }
        };
        for seed in 0..3 {
            made += 1;
            match synthesise_with(&validator, schema, direction, seed, &Hints::default()) {
                Ok(_) => valid += 1,
                Err(error) if seed == 0 => eprintln!("{name}: {error}"),
                Err(_) => {}
            }
        }
    });
    let rate = f64::from(valid) / f64::from(made.max(1)) * 100.0;
    eprintln!("{valid} of {made} values valid ({rate:.2} %), {refused} schemas refused");
    assert!(!is_there || rate >= 99.0);
}

#[test]
fn bodies_of_published_definitions_have_edges_and_faults() {
    let (mut bodies, mut faulty, mut edges, mut faults) = (0_u32, 0_u32, 0_usize, 0_usize);
    let is_there = each_schema(25, &mut |name, schema, direction| {
        if direction == Direction::Response || !schema.allows_type("object") {
            return;
        }
        let Ok(directed) = Directed::new(schema, direction, 1, &Hints::default()) else { return };
        let Ok(validator) = Validator::compile(schema, direction) else { return };
        let (found, wrong) = (directed.boundaries(), directed.faults());
        for instance in found.iter().chain(&wrong) {
            let value = instance.value.as_ref().expect("a body");
            assert_eq!(validator.is_valid(value), instance.kind == Kind::Boundary, "{name}: {}", instance.label);
        }
        bodies += 1;
        faulty += u32::from(!wrong.is_empty());
        edges += found.len();
        faults += wrong.len();
    });
    eprintln!("{bodies} bodies: {edges} edges, {faults} faults; {faulty} bodies have a fault");
    assert!(!is_there || faulty * 10 >= bodies * 9);
}
