//! What is made is valid, looks real, and is the same for the same seed.

use callboard_model::document::Dialect;
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::{Direction, Fill, Hints, Validator, synthesise, try_synthesise};
use proptest::prelude::*;
use serde_json::{Value, json};

fn documents(tree: Value) -> Documents {
    let mut documents = Documents::new(Dialect::OpenApi30);
    documents.add(Document::synthetic("a.json", tree));
    documents
}

fn schema<'a>(documents: &'a Documents, name: &str) -> Schema<'a> {
    Schema::at(documents, &NodeRef::new(DocumentId(0), Pointer::of([name]))).expect("it is there")
}

fn order() -> Documents {
    documents(json!({
        "Order": {
            "type": "object",
            "required": ["id", "email", "items", "status"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "readOnly": true},
                "email": {"type": "string"},
                "status": {"type": "string", "enum": ["open", "paid"]},
                "currency": {"type": "string"},
                "total": {"type": "number"},
                "createdAt": {"type": "string", "format": "date-time"},
                "password": {"type": "string", "writeOnly": true},
                "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/Item"}},
                "parent": {"$ref": "#/Order"},
            },
        },
        "Item": {"type": "object", "required": ["sku", "quantity"], "properties": {
            "sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}, "unitPrice": {"type": "number"}}},
    }))
}

#[test]
fn the_same_seed_makes_the_same_value_and_another_seed_another() {
    let documents = order();
    let make = |seed| synthesise(&schema(&documents, "Order"), Direction::Response, seed, &Hints::default());
    assert_eq!(make(7), make(7));
    assert_ne!(make(7), make(8));
}

#[test]
fn data_looks_like_its_names() {
    let documents = order();
    let hints = Hints { fill: Fill::Full, ..Hints::default() };
    let value = synthesise(&schema(&documents, "Order"), Direction::Response, 3, &hints);
    assert!(value["email"].as_str().is_some_and(|text| text.ends_with("@example.com")), "{value}");
    assert!(value["currency"].as_str().is_some_and(|text| text.len() == 3), "{value}");
    assert!(value["items"][0]["quantity"].as_i64().is_some_and(|n| (1..=5).contains(&n)), "{value}");
    let price = value["items"][0]["unitPrice"].as_f64().expect("a price");
    assert!(((price * 100.0).round() - price * 100.0).abs() < 1e-6, "{price}");
    assert!(value.get("parent").is_none(), "an optional recursion is cut: {value}");
}

#[test]
fn direction_decides_about_read_only_and_write_only() {
    let documents = order();
    let hints = Hints { fill: Fill::Full, ..Hints::default() };
    let request = synthesise(&schema(&documents, "Order"), Direction::Request, 1, &hints);
    assert!(request.get("id").is_none() && request.get("password").is_some(), "{request}");
    let response = synthesise(&schema(&documents, "Order"), Direction::Response, 1, &hints);
    assert!(response.get("id").is_some() && response.get("password").is_none(), "{response}");
}

#[test]
fn minimal_is_what_is_required() {
    let documents = order();
    let hints = Hints { fill: Fill::Minimal, ..Hints::default() };
    let value = synthesise(&schema(&documents, "Order"), Direction::Request, 1, &hints);
    let names: Vec<&String> = value.as_object().expect("an object").keys().collect();
    assert_eq!(names, ["email", "status", "items"]);
}

#[test]
fn pins_stay_and_bring_their_surroundings() {
    let documents = order();
    let pin = |at: &str, value: Value| (Pointer::parse(at).expect("a pointer"), value);
    let pins = vec![pin("/id", json!("x")), pin("/items/1/sku", json!("SKU-1")), pin("/parent/email", json!("a@b.c"))];
    let hints = Hints { pins, fill: Fill::Minimal, ..Hints::default() };
    let value = synthesise(&schema(&documents, "Order"), Direction::Request, 1, &hints);
    assert_eq!(value["id"], "x");
    assert_eq!(value["items"][1]["sku"], "SKU-1");
    assert!(value["items"][0]["sku"].is_string());
    assert_eq!(value["parent"]["email"], "a@b.c");
}

#[test]
fn an_example_that_breaks_its_own_schema_is_not_used() {
    let documents = documents(json!({"S": {"type": "object", "required": ["a", "b"], "properties": {
        "a": {"type": "string", "maxLength": 3, "example": "too long"}, "b": {"type": "string", "example": "kept"}}}}));
    let made: Vec<Value> =
        (0..20).map(|seed| synthesise(&schema(&documents, "S"), Direction::Response, seed, &Hints::default())).collect();
    assert!(made.iter().all(|value| value["a"].as_str().is_some_and(|a| a.chars().count() <= 3)), "{made:?}");
    assert!(made.iter().any(|value| value["b"] == "kept"), "{made:?}");
}

#[test]
fn it_says_when_no_value_was_found() {
    let documents = documents(json!({"S": {"type": "object", "required": ["a"], "properties": {
        "a": {"type": "string", "minLength": 3, "maxLength": 2}}}}));
    let error = try_synthesise(&schema(&documents, "S"), Direction::Response, 1, &Hints::default()).expect_err("impossible");
    assert_eq!(error.violations[0].at.as_str(), "/a");
}

/// Schemas that were hard for somebody.
#[test]
fn odd_schemas_are_met() {
    let table = json!({
        "NullOnly": {"enum": [null]},
        "Tuple": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
        "Unique": {"type": "array", "uniqueItems": true, "minItems": 3, "items": {"type": "string", "enum": ["a", "b", "c"]}},
        "Multiple": {"type": "number", "multipleOf": 0.05, "minimum": 10, "maximum": 10.2},
        "Tight": {"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 0.001},
        "Big": {"type": "integer", "minimum": 9_000_000_000_000_i64},
        "Negative": {"type": "integer", "maximum": -5},
        "Map": {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        "Long": {"type": "string", "minLength": 300},
        "Pattern": {"type": "string", "pattern": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", "maxLength": 20},
        "Pet": {"oneOf": [{"$ref": "#/Cat"}, {"$ref": "#/Dog"}], "discriminator": {"propertyName": "kind"}},
        "Cat": {"type": "object", "required": ["kind", "lives"], "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}},
        "Dog": {"type": "object", "required": ["kind", "bark"], "properties": {"kind": {"type": "string"}, "bark": {"type": "boolean"}}},
        "Base": {"type": "object", "discriminator": {"propertyName": "t"}, "required": ["t"], "properties": {"t": {"type": "string"}}},
        "Heir": {"allOf": [{"$ref": "#/Base"}, {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}}]},
        "Tree": {"type": "object", "required": ["children"], "properties": {"children": {"type": "array", "items": {"$ref": "#/Tree"}}}},
        "Chain": {"type": "object", "required": ["next"], "properties": {"next": {"nullable": true, "allOf": [{"$ref": "#/Chain"}]}}},
        "Narrowed": {"allOf": [{"type": "string", "enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
        "Undescribed": {"type": "object", "required": ["free"]},
        "Any": {},
        "AnyOf": {"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "null"}]},
    });
    let documents = documents(table.clone());
    for name in table.as_object().expect("a table").keys() {
        for seed in 0..10 {
            let made = try_synthesise(&schema(&documents, name), Direction::Response, seed, &Hints::default());
            assert!(made.is_ok(), "{name}: {made:?}");
        }
    }
}

fn any_schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (0..50_i64, 0..50_i64).prop_map(|(a, b)| json!({"type": "integer", "minimum": a.min(b), "maximum": a.max(b)})),
        (0..20_usize, 0..20_usize).prop_map(|(a, b)| json!({"type": "string", "minLength": a.min(b), "maxLength": a.max(b)})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "number", "multipleOf": 0.25})),
        Just(json!({"type": "string", "format": "date-time"})),
        Just(json!({"type": "string", "format": "email", "nullable": true})),
        Just(json!({"enum": ["a", 1, null]})),
        Just(json!({"type": "string", "pattern": "^[a-c]+-[0-9]{2}$"})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let property = ("[a-z]{1,8}", inner.clone(), any::<bool>());
        prop_oneof![
            (inner.clone(), 0..4_usize).prop_map(|(items, least)| json!({"type": "array", "items": items, "minItems": least})),
            proptest::collection::vec(property, 0..5).prop_map(|list| {
                let required: Vec<&String> = list.iter().filter(|(.., r)| *r).map(|(name, ..)| name).collect();
                let properties: serde_json::Map<String, Value> = list.iter().map(|(n, s, _)| (n.clone(), s.clone())).collect();
                json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
            }),
            inner.clone().prop_map(|schema| json!({"allOf": [schema]})),
            (inner.clone(), inner).prop_map(|(a, b)| json!({"anyOf": [a, b]})),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn instances_of_any_schema_are_valid(tree in any_schema(), seed in any::<u64>()) {
        let documents = documents(json!({"S": tree}));
        let schema = schema(&documents, "S");
        let validator = Validator::compile(&schema, Direction::Response).expect("a good schema");
        let value = synthesise(&schema, Direction::Response, seed, &Hints::default());
        prop_assert_eq!(validator.validate(&value), Vec::new());
    }
}
