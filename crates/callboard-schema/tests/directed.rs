//! Instances with a purpose: each is what it says it is.

use std::collections::HashMap;

use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle};
use callboard_model::document::Dialect;
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::directed::{Directed, Fault, Instance, Kind, of_parameter};
use callboard_schema::{Direction, Hints, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};

const LINE: &str = "\
type: object
required: [sku, quantity, buyer]
additionalProperties: false
properties:
  id: {type: string, readOnly: true}
  sku: {type: string, pattern: '^[A-Z]{3}-[0-9]{4}$'}
  quantity: {type: integer, minimum: 1, maximum: 99}
  buyer: {type: string, format: uuid}
  note: {type: string, minLength: 2, maxLength: 12}
  kind: {type: string, enum: [gift, sale]}
  price: {type: number, minimum: 0, exclusiveMinimum: true, maximum: 10.5}
  pack: {type: integer, multipleOf: 6, minimum: 1, maximum: 20}
  urgent: {type: boolean}
  tags: {type: array, minItems: 1, maxItems: 3, uniqueItems: true, items: {type: string}}
";

fn documents(dialect: Dialect, text: &str) -> Documents {
    let mut documents = Documents::new(dialect);
    documents.add(Document::parse("a.yaml", text.as_bytes()).expect("well-formed"));
    documents
}

fn root(documents: &Documents) -> Schema<'_> {
    Schema::at(documents, &NodeRef::new(DocumentId(0), Pointer::root())).expect("it is there")
}

fn all(directed: &Directed<'_>) -> Vec<Instance> {
    directed.valid().into_iter().chain(directed.boundaries()).chain(directed.faults()).collect()
}

fn labels(instances: &[Instance]) -> Vec<&str> {
    instances.iter().map(|instance| instance.label.as_str()).collect()
}

#[test]
fn every_edge_of_a_schema_has_an_instance() {
    let documents = documents(Dialect::OpenApi30, LINE);
    let directed = Directed::new(&root(&documents), Direction::Request, 1, &Hints::default()).expect("a schema");
    let found = directed.boundaries();
    let labels = labels(&found);
    let expected = [
        "quantity is 1, the least allowed",
        "quantity is 99, the most allowed",
        "note is 2 characters long, the shortest allowed",
        "note is 12 characters long, the longest allowed",
        "price is 0.01, the least allowed",
        "price is 10.5, the most allowed",
        "pack is 6, the least allowed",
        "pack is 18, the most allowed",
        "tags has 1 item, the fewest allowed",
        "tags has 3 items, the most allowed",
    ];
    // One of each pair may be what the base holds anyway.
    let missing: Vec<_> = expected.iter().filter(|label| !labels.contains(label)).collect();
    assert!(missing.len() <= 2, "{missing:?} missing of {labels:?}");
    assert!(labels.iter().any(|label| label.starts_with("kind is ")), "{labels:?}");
    assert!(labels.iter().any(|label| label.starts_with("urgent is ")), "{labels:?}");
}

#[test]
fn every_rule_of_a_schema_is_broken_once_and_alone() {
    let documents = documents(Dialect::OpenApi30, LINE);
    let schema = root(&documents);
    let validator = Validator::compile(&schema, Direction::Request).expect("a schema");
    let directed = Directed::new(&schema, Direction::Request, 1, &Hints::default()).expect("a schema");
    let found = directed.faults();
    let labels = labels(&found);
    for expected in [
        "sku is missing",
        "quantity is missing",
        "quantity is 0, at least 1 expected",
        "quantity is 100, at most 99 expected",
        "quantity is \"many\", integer expected",
        "note is 1 character long, at least 2 characters expected",
        "note is 13 characters long, at most 12 characters expected",
        "kind is \"unknown\", one of \"gift\", \"sale\" expected",
        "buyer is \"not-a-uuid\", the format uuid expected",
        "price is 0.0, more than 0 expected",
        "price is 10.51, at most 10.5 expected",
        "tags has 0 items, at least 1 items expected",
        "tags has 4 items, at most 3 items expected",
        "tags holds the same twice, different items expected",
        "unexpected is there, no other properties expected",
        "urgent is null, boolean expected",
    ] {
        assert!(labels.contains(&expected), "{expected} is not in {labels:#?}");
    }
    assert!(labels.iter().any(|label| label.starts_with("sku is \"!!!!!!!!\", text that matches")), "{labels:#?}");
    assert!(!labels.iter().any(|label| label.starts_with("id ")), "what only the service sends is no fault: {labels:#?}");
    for instance in &found {
        let value = instance.value.as_ref().expect("a body");
        let violations = validator.validate(value);
        assert!(!violations.is_empty() && violations.iter().all(|v| v.at == instance.at), "{}: {violations:?}", instance.label);
    }
}

#[test]
fn pinned_values_stay_unless_they_are_what_is_made_wrong() {
    let documents = documents(Dialect::OpenApi30, LINE);
    let at = Pointer::of(["quantity"]);
    let hints = Hints { pins: vec![(at.clone(), json!(7))], ..Hints::default() };
    let directed = Directed::new(&root(&documents), Direction::Request, 3, &hints).expect("a schema");
    assert!(directed.valid().iter().all(|instance| instance.kind == Kind::Pinned));
    assert!(directed.boundaries().iter().all(|instance| instance.at != at));
    for instance in
        all(&directed).iter().filter(|instance| instance.at != at && (instance.kind.is_valid() || !instance.at.is_root()))
    {
        let value = instance.value.as_ref().expect("a body");
        assert_eq!(value["quantity"], 7, "{}", instance.label);
    }
    assert!(labels(&directed.faults()).contains(&"quantity is 0, at least 1 expected"));
}

#[test]
fn the_direction_decides_what_may_be_missing() {
    let text = "{type: object, required: [id, secret], properties: {id: {type: string, readOnly: true}, secret: {type: string, writeOnly: true}}}";
    let documents = documents(Dialect::OpenApi30, text);
    let missing = |direction: Direction| {
        let directed = Directed::new(&root(&documents), direction, 1, &Hints::default()).expect("a schema");
        let faults = directed.faults().into_iter().filter(|instance| instance.kind == Kind::Invalid(Fault::Missing));
        faults.map(|instance| instance.label).collect::<Vec<_>>()
    };
    assert_eq!(missing(Direction::Request), ["secret is missing"]);
    assert_eq!(missing(Direction::Response), ["id is missing"]);
}

#[test]
fn a_place_within_an_alternative_is_left_out_where_the_fault_shows_elsewhere() {
    let text = "\
oneOf:
  - {type: object, required: [card], properties: {card: {type: string, minLength: 12}}, additionalProperties: false}
  - {type: object, required: [iban], properties: {iban: {type: string, minLength: 15}}, additionalProperties: false}
";
    let documents = documents(Dialect::OpenApi30, text);
    let schema = root(&documents);
    let directed = Directed::new(&schema, Direction::Request, 1, &Hints::default()).expect("a schema");
    let validator = Validator::compile(&schema, Direction::Request).expect("a schema");
    for instance in all(&directed) {
        let violations = validator.validate(instance.value.as_ref().expect("a body"));
        assert_eq!(violations.is_empty(), instance.kind.is_valid(), "{}", instance.label);
        assert!(violations.iter().all(|violation| violation.at == instance.at), "{}: {violations:?}", instance.label);
    }
}

fn parameter(location: ParameterLocation, required: bool) -> Parameter {
    let style = if location == ParameterLocation::Query { ParameterStyle::Form } else { ParameterStyle::Simple };
    Parameter {
        name: "limit".to_owned(),
        location,
        required,
        description: None,
        style,
        explode: style == ParameterStyle::Form,
        allow_reserved: false,
        schema: None,
        media_type: None,
        node: NodeRef::new(DocumentId(0), Pointer::root()),
    }
}

fn of(location: ParameterLocation, required: bool, schema: &str) -> Vec<Instance> {
    let documents = documents(Dialect::OpenApi30, schema);
    of_parameter(&parameter(location, required), &root(&documents), 1, &Hints::default()).expect("a schema")
}

#[test]
fn a_parameter_is_judged_as_it_arrives() {
    let found = of(ParameterLocation::Query, false, "{type: integer, minimum: 1, maximum: 100}");
    let labels = labels(&found);
    for expected in [
        "limit is 1, the least allowed",
        "limit is 100, the most allowed",
        "limit is 0, at least 1 expected",
        "limit is 101, at most 100 expected",
        "limit is \"many\", integer expected",
        "limit is 1.5, integer expected",
    ] {
        let is_fraction = expected.contains("1.5");
        assert!(
            labels.iter().any(|label| *label == expected || is_fraction && label.ends_with(".5, integer expected")),
            "{labels:?}"
        );
    }
    assert!(!labels.iter().any(|label| label.contains("missing") || label.contains("null")), "{labels:?}");
}

#[test]
fn text_is_text_on_the_wire_so_a_number_is_no_fault_of_a_string() {
    let found = of(ParameterLocation::Query, true, "{type: string, minLength: 1}");
    let found: HashMap<&str, &Instance> = found.iter().map(|instance| (instance.label.as_str(), instance)).collect();
    assert!(found.keys().all(|label| !label.contains("string expected")), "{:?}", found.keys());
    assert_eq!(found["limit is missing"].value, None);
    assert_eq!(found["limit is 0 characters long, at least 1 characters expected"].value, Some(json!("")));
}

#[test]
fn a_piece_of_a_path_is_never_empty_or_missing() {
    let found = of(ParameterLocation::Path, true, "{type: string, minLength: 1, pattern: '^[a-z]+$'}");
    assert!(found.iter().all(|instance| instance.value.as_ref().is_some_and(|value| value != "")), "{found:?}");
    assert!(found.iter().any(|instance| instance.kind == Kind::Invalid(Fault::Pattern)));
}

fn property() -> impl Strategy<Value = Value> {
    let bounds = (-50_i64..50, 1_i64..50);
    let lengths = (0_u64..6, 1_u64..8);
    prop_oneof![
        bounds.prop_map(|(low, span)| json!({"type": "integer", "minimum": low, "maximum": low + span})),
        lengths.clone().prop_map(|(least, span)| json!({"type": "string", "minLength": least, "maxLength": least + span})),
        lengths.prop_map(
            |(least, span)| json!({"type": "array", "minItems": least, "maxItems": least + span, "items": {"type": "integer"}})
        ),
        prop::sample::subsequence(vec!["a", "b", "c"], 1..3).prop_map(|values| json!({"type": "string", "enum": values})),
        prop::sample::select(vec!["date", "date-time", "uuid", "email"])
            .prop_map(|format| json!({"type": "string", "format": format})),
        Just(json!({"type": "boolean"})),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    let inner = prop::collection::btree_map("[a-e]", property(), 0..4).prop_map(
        |properties| json!({"type": "object", "properties": properties, "required": properties.keys().collect::<Vec<_>>()}),
    );
    prop::collection::btree_map("[f-l]", prop_oneof![4 => property(), 1 => inner], 1..5).prop_flat_map(|properties| {
        let names: Vec<String> = properties.keys().cloned().collect();
        let count = names.len();
        (prop::sample::subsequence(names, 0..=count), any::<bool>()).prop_map(move |(required, is_closed)| {
            json!({"type": "object", "properties": properties, "required": required, "additionalProperties": !is_closed})
        })
    })
}

/// The faults that a property described like this can have.
fn rules(property: &Value) -> Vec<Fault> {
    let mut rules = vec![Fault::WrongType, Fault::Null];
    let has = |keyword: &str| property.get(keyword).is_some();
    let least = |keyword: &str| property[keyword].as_u64().is_some_and(|n| n > 0);
    rules.extend(has("minimum").then_some([Fault::TooSmall, Fault::TooLarge]).into_iter().flatten());
    rules.extend(has("maxLength").then_some(Fault::TooLong));
    rules.extend(least("minLength").then_some(Fault::TooShort));
    rules.extend(has("maxItems").then_some(Fault::TooMany));
    rules.extend(least("minItems").then_some(Fault::TooFew));
    rules.extend(has("enum").then_some(Fault::NotListed));
    rules.extend(has("format").then_some(Fault::Format));
    rules
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn instances_are_what_they_say_and_no_rule_is_forgotten(tree in object(), seed in 0_u64..1000) {
        let mut documents = Documents::new(Dialect::OpenApi30);
        documents.add(Document::synthetic("a.json", tree.clone()));
        let schema = root(&documents);
        let validator = Validator::compile(&schema, Direction::Request).expect("a schema");
        let directed = Directed::new(&schema, Direction::Request, seed, &Hints::default()).expect("a schema");
        let instances = all(&directed);
        for instance in &instances {
            let violations = validator.validate(instance.value.as_ref().expect("a body"));
            prop_assert_eq!(violations.is_empty(), instance.kind.is_valid(), "{}", &instance.label);
            prop_assert!(violations.iter().all(|violation| violation.at == instance.at), "{}: {:?}", &instance.label, violations);
        }
        let has = |fault: Fault, at: &Pointer| instances.iter().any(|i| i.kind == Kind::Invalid(fault) && i.at == *at);
        for (name, property) in tree["properties"].as_object().expect("properties") {
            for rule in rules(property) {
                prop_assert!(has(rule, &Pointer::of([name])), "{:?} of {} is not broken", rule, name);
            }
        }
        for name in tree["required"].as_array().expect("names") {
            prop_assert!(has(Fault::Missing, &Pointer::of([name.as_str().expect("a name")])));
        }
    }
}
