//! Whatever a document holds, reading it ends, and never in a panic.

use std::sync::OnceLock;

use callboard_model::{DocumentId, Pointer};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::diff;

const DOCUMENTS: &[&str] = &[
    r##"
openapi: 3.1.0
info: {title: Shop, version: 1.0.0}
servers: [{url: 'https://{r}.h/{b}', variables: {r: {default: eu}, b: {enum: [v1]}}}]
security: [{token: [a]}]
paths:
  /orders/{id}:
    parameters: [{$ref: '#/components/parameters/Id'}]
    get:
      operationId: getOrder
      tags: [orders]
      parameters: [{name: f, in: query, style: deepObject, schema: {type: object}}, {name: c, in: query, content: {application/json: {schema: {type: object}}}}]
      responses:
        '200':
          description: ok
          headers: {X-A: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}, examples: {a: {value: {id: 1}}}}}
          links: {self: {operationId: getOrder, parameters: {id: $response.body#/id}}}
        default: {$ref: '#/components/responses/Error'}
    put:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      security: []
      responses: {2XX: {description: ok}}
components:
  parameters: {Id: {name: id, in: path, required: true, schema: {type: string}}}
  responses: {Error: {description: no, content: {application/json: {schema: {$ref: '#/components/schemas/Error'}}}}}
  securitySchemes: {token: {type: http, scheme: bearer}, key: {type: apiKey, in: header, name: K}}
  schemas:
    Order: {type: object, required: [id], properties: {id: {type: string}, parent: {$ref: '#/components/schemas/Order'}, lines: {type: array, items: {allOf: [{$ref: '#/components/schemas/Line'}]}}}}
    Line: {oneOf: [{type: string}, {$ref: '#/components/schemas/Order'}], discriminator: {propertyName: k, mapping: {a: '#/components/schemas/Order'}}}
    Error: {type: object, properties: {message: {type: [string, 'null'], enum: [a, null]}}}
"##,
    r##"
swagger: '2.0'
info: {title: Shop, version: 1.0.0}
host: h
basePath: /v1
schemes: [https]
consumes: [application/json]
produces: [application/json]
paths:
  /a/{id}:
    parameters: [{name: id, in: path, required: true, type: integer}]
    post:
      parameters: [{name: b, in: body, schema: {$ref: '#/definitions/A'}}, {name: q, in: query, type: array, items: {type: string}, collectionFormat: multi}]
      responses: {200: {description: ok, schema: {$ref: '#/definitions/A'}, headers: {X: {type: string}}, examples: {application/json: {}}}}
    put:
      consumes: [multipart/form-data]
      parameters: [{name: f, in: formData, type: file, required: true}, {name: g, in: formData, type: array, items: {type: string}}]
      responses: {default: {description: ok}}
securityDefinitions: {basic: {type: basic}}
security: [{basic: []}]
definitions: {A: {type: object, properties: {a: {$ref: '#/definitions/A'}}}}
"##,
];

/// All places of a tree.
fn places(value: &Value) -> Vec<Pointer> {
    let mut found = Vec::new();
    let mut waiting = vec![(Pointer::root(), value)];
    while let Some((at, value)) = waiting.pop() {
        match value {
            Value::Object(map) => waiting.extend(map.iter().map(|(key, value)| (at.join(key), value))),
            Value::Array(items) => waiting.extend(items.iter().enumerate().map(|(i, value)| (at.join(i.to_string()), value))),
            _ => {}
        }
        found.push(at);
    }
    found
}

/// Replaces, removes or renames what stands at a place.
fn mutate(tree: &mut Value, place: &Pointer, how: usize, copied: Value) {
    let replacements = [
        Value::Null,
        json!(true),
        json!(-1.5),
        json!(""),
        json!("#/components/schemas/Order"),
        json!([]),
        json!({}),
        json!({"$ref": "#"}),
        json!({"$ref": "#/components/schemas/Order"}),
        json!({"$ref": place.as_str()}),
        json!({"$ref": format!("#{}", place.as_str())}),
        json!({"$ref": "other.yaml#/%zz"}),
        json!([{"$ref": 1}, null, {"in": "path", "name": "{"}]),
    ];
    if how < replacements.len() {
        if let Some(node) = tree.pointer_mut(place.as_str()) {
            *node = replacements[how].clone();
        }
    } else if how == replacements.len() {
        if let Some(node) = tree.pointer_mut(place.as_str()) {
            *node = copied;
        }
    } else if let (Some(parent), Some(key)) = (place.parent(), place.last())
        && let Some(Value::Object(map)) = tree.pointer_mut(parent.as_str())
        && let Some(value) = map.shift_remove(&key)
        && how > 14
    {
        map.insert(format!("{key}{{x"), value);
    }
}

fn originals() -> &'static [Service] {
    static ORIGINALS: OnceLock<Vec<Service>> = OnceLock::new();
    ORIGINALS.get_or_init(|| DOCUMENTS.iter().map(|text| clean(text)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_definition_is_read_without_a_panic(
        which in 0..DOCUMENTS.len(),
        mutations in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..16usize), 1..6),
    ) {
        let before = &originals()[which];
        let mut tree = before.documents.get(DocumentId(0)).value().clone();
        for (place, source, how) in mutations {
            let all = places(&tree);
            let copied = tree.pointer(source.get(&all).as_str()).cloned().unwrap_or_default();
            let place = place.get(&all).clone();
            mutate(&mut tree, &place, how, copied);
        }
        let parsed = parsed(&tree.to_string());
        match parsed.value {
            Some(service) => {
                render(&service);
                diff(before, &service);
                prop_assert!(diff(&service, &service).is_empty());
            }
            None => prop_assert!(parsed.diagnostics.iter().any(callboard_model::Diagnostic::is_error)),
        }
    }
}
