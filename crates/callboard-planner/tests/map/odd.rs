//! What holds for any definition: it ends, it does not panic, it says the same twice.

use callboard_planner::{MapOptions, map};
use proptest::prelude::*;

use super::{links, rendered, system};

const TREE: &str = "
paths:
  /nodes/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}
  /nodes:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Node'}}}}
components:
  schemas:
    Node:
      type: object
      properties:
        id: {type: string}
        parent: {$ref: '#/components/schemas/Node'}
        children: {type: array, items: {$ref: '#/components/schemas/Node'}}
        loop: {$ref: '#/components/schemas/Loop'}
    Loop: {allOf: [{$ref: '#/components/schemas/Loop'}]}
";

#[test]
fn a_recursive_schema_ends() {
    let found = links(&[("s", TREE)]);
    assert!(found.contains(&"s GET /nodes /*/id -> s GET /nodes/{id} path.id [Node]".to_owned()), "{found:#?}");
}

#[test]
fn the_same_definitions_give_the_same_map() {
    let system = system(&[("a", TREE), ("b", TREE)]);
    let render = || {
        let map = map(&system, &MapOptions::default());
        (rendered(&map), format!("{map:?}"))
    };
    assert_eq!(render(), render());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_name_makes_it_panic(noun in "[^{}/\\p{C}]{1,12}", key in "[^{}/\\p{C}]{1,12}", field in "\\PC{1,12}", text in "\\PC{0,40}") {
        let parameter = serde_json::json!({"name": key, "in": "path", "required": true, "description": text, "schema": {"type": "string"}});
        let body = serde_json::json!({"content": {"application/json": {"schema": {"type": "object", "properties": {field.clone(): {"description": text}}}}}});
        let one = format!("/{noun}/{{{key}}}");
        let paths = serde_json::json!({
            one: {"get": {"parameters": [parameter], "responses": {"200": {"description": "ok", "content": body["content"]}}}},
            format!("/{noun}"): {"post": {"requestBody": body, "responses": {"200": {"description": "ok", "content": body["content"]}}}},
        });
        let rest = format!("paths: {paths}\n");
        let _ = links(&[("s", rest.as_str())]);
    }
}
