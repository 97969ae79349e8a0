//! Holds every answer against the definition of the service that gave it.

use callboard_shop::files;
use serde_json::{Value, json};

/// The definition of a service, as a tree.
pub(crate) fn definition(service: &str) -> Value {
    let path = format!("services/{service}/openapi.yaml");
    let (_, text) = files().iter().find(|(name, _)| *name == path).expect("each service has a definition");
    serde_saphyr::from_str(text).expect("a definition is YAML")
}

/// Panics unless the definition documents the answer: its status, its media type and its body.
pub(crate) fn assert_documented(service: &str, method: &str, path: &str, status: u16, media: Option<&str>, body: &Value) {
    let definition = definition(service);
    let here = format!("{service} {method} {path} {status}");
    let operation = operation(&definition, method, path).unwrap_or_else(|| panic!("{here}: no such operation"));
    let response = resolved(&definition, &operation["responses"][status.to_string()]);
    assert!(response.is_object(), "{here}: the status is not documented, body {body}");
    let Some(schema) = schema(&definition, &operation, response, media) else {
        return assert!(body.is_null(), "{here}: no body is documented for {media:?}, but there is {body}");
    };
    let validator = jsonschema::validator_for(&with_definitions(&definition, &schema)).expect("a schema compiles");
    let errors: Vec<String> = validator.iter_errors(body).map(|e| format!("{} at {}", e, e.instance_path())).collect();
    assert!(errors.is_empty(), "{here}: {errors:?}\n{body}");
}

fn operation(definition: &Value, method: &str, path: &str) -> Option<Value> {
    let path = path.split('?').next().expect("split gives one part at least");
    let paths = definition["paths"].as_object().expect("a definition has paths");
    let (_, item) = paths.iter().find(|(template, _)| fits(template, path))?;
    item.get(method.to_lowercase()).cloned()
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(path).all(|(t, p)| t.starts_with('{') || *t == p)
}

fn resolved<'a>(definition: &'a Value, node: &'a Value) -> &'a Value {
    match node["$ref"].as_str() {
        Some(reference) => definition.pointer(reference.trim_start_matches('#')).expect("a reference leads somewhere"),
        None => node,
    }
}

fn schema(definition: &Value, operation: &Value, response: &Value, media: Option<&str>) -> Option<Value> {
    if definition["swagger"].is_null() {
        return response.get("content")?.get(media?)?.get("schema").cloned();
    }
    let produces = operation.get("produces").unwrap_or(&definition["produces"]).as_array()?;
    produces.iter().any(|known| known.as_str() == media).then(|| response.get("schema").cloned())?
}

/// The schema with everything that it may refer to, OpenAPI 3.0's `nullable` in the words of JSON Schema.
fn with_definitions(definition: &Value, schema: &Value) -> Value {
    let draft = if definition["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")) {
        "https://json-schema.org/draft/2020-12/schema"
    } else {
        "http://json-schema.org/draft-04/schema#"
    };
    let mut root = json!({"$schema": draft, "allOf": [schema]});
    for part in ["components", "definitions"] {
        root[part] = definition.get(part).cloned().unwrap_or_else(|| json!({}));
    }
    spell_out_null(&mut root);
    root
}

fn spell_out_null(node: &mut Value) {
    if node["nullable"] == true {
        node["type"] = json!([node["type"], "null"]);
    }
    match node {
        Value::Object(fields) => fields.values_mut().for_each(spell_out_null),
        Value::Array(items) => items.iter_mut().for_each(spell_out_null),
        _ => {}
    }
}
