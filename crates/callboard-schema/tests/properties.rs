//! What holds for any schema and any text: nothing panics, nothing hangs, what is told of a value is told only of a wrong one.

use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle};
use callboard_model::document::Dialect;
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::parameter::{Raw, read, read_form, split_query};
use callboard_schema::{Direction, Validator};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-z(\\[*$^]{0,4}".prop_map(Value::from),
        Just(json!("object")),
        Just(json!("string")),
    ]
}

fn keyword() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "type",
        "format",
        "enum",
        "const",
        "required",
        "properties",
        "items",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "pattern",
        "minimum",
        "exclusiveMinimum",
        "multipleOf",
        "maxLength",
        "minItems",
        "nullable",
        "readOnly",
        "writeOnly",
        "discriminator",
        "if",
        "then",
        "patternProperties",
        "additionalProperties",
        "prefixItems",
        "dependentSchemas",
        "propertyNames",
        "a",
    ])
}

/// Trees that look like schemas now and then, with references among themselves.
fn schema() -> impl Strategy<Value = Value> {
    let reference = prop::sample::select(vec!["#/A", "#/B", "#/C", "#/C/allOf/0", "#/nope", "b.yaml#/A"]);
    let leaf = prop_oneof![scalar(), reference.prop_map(|target| json!({"$ref": target}))];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let object = prop::collection::vec((keyword(), inner.clone()), 0..4).prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
        });
        prop_oneof![object, prop::collection::vec(inner, 0..3).prop_map(Value::Array)]
    })
}

fn documents(dialect: Dialect, tree: Value) -> Documents {
    let mut documents = Documents::new(dialect);
    documents.add(Document::synthetic("a.json", tree));
    documents
}

fn dialect() -> impl Strategy<Value = Dialect> {
    prop::sample::select(vec![Dialect::Swagger2, Dialect::OpenApi30, Dialect::JsonSchema202012])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_tree_compiles_or_says_why_not(dialect in dialect(), a in schema(), b in schema(), c in schema(), value in schema()) {
        let documents = documents(dialect, json!({"A": a, "B": b, "C": c}));
        for direction in [Direction::Request, Direction::Response] {
            let schema = Schema::at(&documents, &NodeRef::new(DocumentId(0), Pointer::of(["A"]))).expect("it is there");
            if let Ok(validator) = Validator::compile(&schema, direction) {
                prop_assert_eq!(validator.is_valid(&value), validator.validate(&value).is_empty());
            }
        }
    }

    #[test]
    fn any_text_is_read_by_any_style(text in "[a-c%0-9&=;,.|\\[\\] +é]{0,16}", shape in 0_usize..3, explode: bool, style in 0_usize..8) {
        use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited, TabDelimited};
        let shape = [json!({"type": "integer"}), json!({"items": {"type": "integer"}, "type": "array"}), json!({"type": "object"})][shape].clone();
        let documents = documents(Dialect::OpenApi30, shape);
        let schema = Schema::at(&documents, &NodeRef::new(DocumentId(0), Pointer::root()));
        let parameter = Parameter {
            name: "a".to_owned(),
            location: ParameterLocation::Query,
            required: false,
            description: None,
            style: [DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited, TabDelimited][style],
            explode,
            allow_reserved: false,
            schema: None,
            media_type: None,
            node: NodeRef::new(DocumentId(0), Pointer::root()),
        };
        let pairs = split_query(&text);
        for raw in [Raw::Path(&text), Raw::Query(&pairs), Raw::Header(&text), Raw::Cookie(&pairs), Raw::Querystring(&text)] {
            read(&parameter, schema.as_ref(), raw);
        }
        read_form(schema.as_ref(), &text);
    }
}
