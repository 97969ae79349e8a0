//! What the validator makes of each dialect.

use callboard_model::document::Dialect;
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::{Direction, Validator};
use serde_json::{Value, json};

fn documents(dialect: Dialect, tree: Value) -> Documents {
    let mut documents = Documents::new(dialect);
    documents.add(Document::synthetic("a.json", tree));
    documents
}

fn validator_of(documents: &Documents, name: &str, direction: Direction) -> Validator {
    let node = NodeRef::new(DocumentId(0), Pointer::of([name]));
    let schema = Schema::at(documents, &node).expect("it is there");
    Validator::compile(&schema, direction).expect("the schema compiles")
}

fn validator(dialect: Dialect, schema: &Value) -> Validator {
    validator_of(&documents(dialect, json!({"S": schema})), "S", Direction::Response)
}

fn messages(validator: &Validator, value: &Value) -> Vec<String> {
    validator.validate(value).into_iter().map(|v| v.message).collect()
}

/// Dialect, schema, values that fit, values that do not.
#[test]
fn each_dialect_is_judged_by_its_own_rules() {
    use Dialect::{JsonSchema202012 as New, OpenApi30 as V3, Swagger2 as V2};
    let table = [
        (V3, json!({"type": "string", "nullable": true}), json!(["a", null]), json!([1])),
        (V3, json!({"type": "string", "nullable": true, "enum": ["a"]}), json!(["a", null]), json!(["b"])),
        (V2, json!({"type": "string", "x-nullable": true}), json!([null]), json!([1])),
        (V3, json!({"allOf": [{"type": "object"}], "nullable": true}), json!([null, {}]), json!(["a"])),
        (V3, json!({"minimum": 1, "exclusiveMinimum": true}), json!([2, 1.5]), json!([1])),
        (V3, json!({"minimum": 1, "exclusiveMinimum": false}), json!([1]), json!([0])),
        (New, json!({"exclusiveMaximum": 5}), json!([4]), json!([5])),
        (New, json!({"type": ["string", "null"]}), json!([null, "a"]), json!([1])),
        (V2, json!({"type": "file"}), json!(["a", 1]), json!([])),
        (V2, json!({"in": "query", "name": "q", "required": true, "type": "integer"}), json!([1]), json!(["1"])),
        (V3, json!({"type": "integer", "format": "int32"}), json!([2147483647]), json!([2147483648u64, 1.5])),
        (V3, json!({"type": "integer", "format": "int64"}), json!([i64::MAX, i64::MIN]), json!([u64::MAX, -9.3e18, 1e300])),
        (V3, json!({"type": "string", "format": "date-time"}), json!(["2026-01-01T00:00:00Z"]), json!(["2026-01-01 00:00"])),
        (V3, json!({"type": "string", "format": "unheard-of"}), json!(["x"]), json!([])),
        (V3, json!({"type": "string", "pattern": "^(?=.*a)b"}), json!(["ba"]), json!(["bb"])),
        (V3, json!({"type": "string", "pattern": "("}), json!(["anything"]), json!([1])),
        (V2, json!({"type": "array", "items": [{"type": "string"}]}), json!([["a", 1]]), json!([[1]])),
        (V3, json!({"type": "object", "required": "name"}), json!([{}]), json!([])),
        (V3, json!({"type": "string", "maxLength": "2"}), json!(["ab"]), json!(["abc"])),
    ];
    for (dialect, schema, good, bad) in table {
        let validator = validator(dialect, &schema);
        for value in good.as_array().expect("a list") {
            assert!(validator.is_valid(value), "{schema} refuses {value}");
        }
        for value in bad.as_array().expect("a list") {
            assert!(!validator.validate(value).is_empty(), "{schema} accepts {value}");
        }
    }
}

#[test]
fn siblings_of_a_reference_count_from_openapi_31_on_only() {
    let tree = json!({"S": {"$ref": "#/T", "maxLength": 1}, "T": {"type": "string"}});
    let old = documents(Dialect::OpenApi30, tree.clone());
    assert!(validator_of(&old, "S", Direction::Response).is_valid(&json!("long")));
    let new = documents(Dialect::JsonSchema202012, tree);
    assert!(!validator_of(&new, "S", Direction::Response).is_valid(&json!("long")));
}

#[test]
fn read_only_properties_are_required_of_the_service_alone() {
    let tree = json!({"S": {
        "required": ["id", "name", "secret"],
        "properties": {"id": {"readOnly": true}, "name": {}, "secret": {"writeOnly": true}},
    }});
    let docs = documents(Dialect::OpenApi30, tree);
    let request = validator_of(&docs, "S", Direction::Request);
    assert_eq!(messages(&request, &json!({"name": 1})), ["`secret` is missing, it is required"]);
    let response = validator_of(&docs, "S", Direction::Response);
    assert_eq!(messages(&response, &json!({"name": 1})), ["`id` is missing, it is required"]);
}

#[test]
fn read_only_is_seen_across_the_parts_of_an_all_of() {
    let tree = json!({"S": {"allOf": [{"$ref": "#/T"}, {"required": ["id"]}]}, "T": {"properties": {"id": {"readOnly": true}}}});
    let docs = documents(Dialect::OpenApi30, tree);
    assert!(validator_of(&docs, "S", Direction::Request).is_valid(&json!({})));
    assert!(!validator_of(&docs, "S", Direction::Response).is_valid(&json!({})));
}

#[test]
fn a_recursive_schema_judges_all_levels() {
    let tree = json!({"S": {"type": "object", "properties": {"next": {"$ref": "#/S"}, "v": {"type": "integer"}}}});
    let docs = documents(Dialect::OpenApi30, tree);
    let validator = validator_of(&docs, "S", Direction::Response);
    assert!(validator.is_valid(&json!({"next": {"next": {"v": 1}}})));
    assert_eq!(
        messages(&validator, &json!({"next": {"next": {"v": "x"}}})),
        ["`next/next/v` is the string \"x\", integer expected"]
    );
}

#[test]
fn a_schema_that_applies_itself_to_the_same_value_ends() {
    let tree = json!({
        "A": {"$ref": "#/B"}, "B": {"$ref": "#/A"},
        "Pet": {"type": "object", "oneOf": [{"$ref": "#/Cat"}, {"$ref": "#/Dog"}], "discriminator": {"propertyName": "kind"}},
        "Cat": {"allOf": [{"$ref": "#/Pet"}, {"required": ["lives"]}]},
        "Dog": {"allOf": [{"$ref": "#/Pet"}, {"required": ["bark"]}]},
    });
    let docs = documents(Dialect::OpenApi30, tree);
    assert!(validator_of(&docs, "A", Direction::Response).is_valid(&json!(1)));
    let pet = validator_of(&docs, "Pet", Direction::Response);
    assert!(pet.is_valid(&json!({"kind": "Cat", "lives": 7})));
    assert!(!pet.is_valid(&json!({"kind": "Cat", "bark": 7})));
    assert!(validator_of(&docs, "Cat", Direction::Response).is_valid(&json!({"kind": "Cat", "lives": 7})));
}

#[test]
fn each_schema_of_a_circle_judges_all_of_it_wherever_it_is_used() {
    let tree = json!({
        "Owner": {"properties": {"pet": {"$ref": "#/Pet"}, "cat": {"$ref": "#/Cat"}, "dogs": {"items": {"$ref": "#/Dog"}}}},
        "Pet": {
            "type": "object", "required": ["kind", "name"], "properties": {"owner": {"$ref": "#/Owner"}},
            "oneOf": [{"$ref": "#/Cat"}, {"$ref": "#/Dog"}], "discriminator": {"propertyName": "kind"}
        },
        "Cat": {"allOf": [{"$ref": "#/Pet"}, {"required": ["lives"]}]},
        "Dog": {"allOf": [{"$ref": "#/Pet"}, {"required": ["bark"]}]},
    });
    let documents = documents(Dialect::OpenApi30, tree);
    let validator = validator_of(&documents, "Owner", Direction::Response);
    let cat = json!({"kind": "Cat", "name": "Tom", "lives": 9});
    let dog = json!({"kind": "Dog", "name": "Rex", "bark": true});
    assert!(validator.is_valid(&json!({"pet": cat, "cat": cat, "dogs": [dog]})));
    let wrong = [
        json!({"pet": {"kind": "Cat", "name": "Tom"}}),
        json!({"pet": {"kind": "Cat", "lives": 9}}),
        json!({"cat": {"kind": "Cat", "lives": 9}}),
        json!({"cat": {"kind": "Cat", "name": "Tom"}}),
        json!({"dogs": [{"kind": "Dog", "bark": true}]}),
        json!({"dogs": [{"kind": "Dog", "name": "Rex"}]}),
        json!({"cat": {"kind": "Cat", "name": "Tom", "lives": 9, "owner": {"pet": {"kind": "Dog", "name": "Rex"}}}}),
    ];
    for value in wrong {
        assert!(!validator.is_valid(&value), "{value}");
    }
}

#[test]
fn a_large_circle_is_compiled_in_time() {
    let reference = |i: usize| json!({"$ref": format!("#/K{i}")});
    let mut tree = json!({"Base": {"required": ["id"], "oneOf": (0..200).map(reference).collect::<Vec<_>>()}});
    for i in 0..200 {
        tree[format!("K{i}")] = json!({"allOf": [{"$ref": "#/Base"}], "properties": {format!("p{i}"): reference((i + 1) % 200)}});
    }
    let documents = documents(Dialect::OpenApi30, tree);
    let validator = validator_of(&documents, "K0", Direction::Response);
    assert!(!validator.is_valid(&json!({})));
    assert!(!validator.is_valid(&json!({"id": 1, "p0": {"id": 2, "p1": {}}})));
}

#[test]
fn a_discriminator_decides_where_alternatives_overlap() {
    let tree = json!({
        "S": {"oneOf": [{"$ref": "#/A"}, {"$ref": "#/B"}], "discriminator": {"propertyName": "t", "mapping": {"a": "#/A", "b": "B"}}},
        "A": {"type": "object", "properties": {"x": {"type": "integer"}}},
        "B": {"type": "object", "properties": {"x": {"type": "string"}}},
    });
    let docs = documents(Dialect::OpenApi30, tree);
    let validator = validator_of(&docs, "S", Direction::Response);
    assert!(validator.is_valid(&json!({"t": "a"})), "both fit, the discriminator chooses");
    assert_eq!(messages(&validator, &json!({"t": "b", "x": 1})), ["`x` is the number 1, string expected"]);
    assert!(!validator.is_valid(&json!({})), "both fit and nothing chooses");
}

#[test]
fn only_what_is_reachable_is_compiled() {
    let docs = documents(Dialect::OpenApi30, json!({"S": {"type": "string"}, "Broken": {"$ref": "#/Nowhere"}}));
    assert!(validator_of(&docs, "S", Direction::Response).is_valid(&json!("a")));
    let node = NodeRef::new(DocumentId(0), Pointer::of(["Broken"]));
    let broken = Schema::at(&docs, &node).expect("it is there");
    let error = Validator::compile(&broken, Direction::Response).expect_err("a dangling reference");
    assert_eq!(error.node, node);
    assert!(error.message.contains("#/Nowhere"), "{error}");
}

#[test]
fn sentences_name_the_place_and_what_was_expected() {
    let validator = validator(
        Dialect::OpenApi30,
        &json!({
            "type": "object",
            "required": ["id", "status"],
            "additionalProperties": false,
            "properties": {
                "id": {"type": "integer"},
                "status": {"type": "string", "enum": ["open", "closed"]},
                "items": {"type": "array", "items": {"type": "object", "properties": {"quantity": {"type": "integer", "minimum": 1}}}},
                "owner": {"nullable": true, "allOf": [{"type": "object", "required": ["name"]}]},
            },
        }),
    );
    assert_eq!(
        messages(&validator, &json!({"id": 1, "status": "lost"})),
        ["`status` is the string \"lost\", one of \"open\", \"closed\" expected"]
    );
    assert_eq!(
        messages(&validator, &json!({"id": 1, "status": "open", "items": [{"quantity": "2"}]})),
        ["`items/0/quantity` is the string \"2\", integer expected"]
    );
    assert_eq!(
        messages(&validator, &json!({"id": 1, "status": "open", "items": [{"quantity": 0}]})),
        ["`items/0/quantity` is the number 0, at least 1 expected"]
    );
    assert_eq!(
        messages(&validator, &json!({"id": 1, "status": "open", "more": 1})),
        ["`more` is not described, and other properties are not allowed"]
    );
    assert_eq!(
        messages(&validator, &json!({"id": 1, "status": "open", "owner": {}})),
        ["`owner/name` is missing, it is required"]
    );
    assert_eq!(messages(&validator, &json!([])), ["the value is an array of 0 items, object expected"]);
    let at = validator.validate(&json!({"id": 1}))[0].at.to_string();
    assert_eq!(at, "/status");
}

#[test]
fn violations_are_few_enough_to_read() {
    let validator = validator(Dialect::OpenApi30, &json!({"type": "array", "items": {"type": "string"}}));
    let many: Vec<i32> = (0..1000).collect();
    assert_eq!(validator.validate(&json!(many)).len(), 20);
}
