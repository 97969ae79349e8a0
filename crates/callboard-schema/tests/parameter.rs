//! Parameters on the wire and back: the table of "Style Examples" in OpenAPI 3.1, and what clients do to it.

use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle};
use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer, Schema};
use callboard_schema::parameter::{Raw, Written, read, read_form, split_query, write, write_form};
use serde_json::{Value, json};

fn parameter(location: ParameterLocation, style: ParameterStyle, explode: bool) -> Parameter {
    Parameter {
        name: "color".to_owned(),
        location,
        required: true,
        description: None,
        style,
        explode,
        allow_reserved: false,
        schema: None,
        media_type: None,
        node: NodeRef::new(DocumentId(0), Pointer::root()),
    }
}

fn documents(schema: Value) -> Documents {
    let mut documents = Documents::default();
    documents.add(Document::synthetic("a.json", schema));
    documents
}

fn schema(documents: &Documents) -> Schema<'_> {
    Schema::at(documents, &NodeRef::new(DocumentId(0), Pointer::root())).expect("it is there")
}

fn text(written: &Written) -> String {
    match written {
        Written::Path(text) | Written::Header(text) | Written::Querystring(text) => text.clone(),
        Written::Query(pairs) | Written::Cookie(pairs) => {
            pairs.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("&")
        }
    }
}

fn read_back(parameter: &Parameter, schema: &Schema<'_>, text: &str) -> Option<Value> {
    let pairs = split_query(text);
    let raw = match parameter.location {
        ParameterLocation::Path => Raw::Path(text),
        ParameterLocation::Query => Raw::Query(&pairs),
        ParameterLocation::Header => Raw::Header(text),
        ParameterLocation::Cookie => Raw::Cookie(&pairs),
        ParameterLocation::Querystring => Raw::Querystring(text),
    };
    read(parameter, Some(schema), raw)
}

#[test]
fn each_style_writes_as_the_specification_shows_and_reads_back() {
    use ParameterLocation::{Cookie, Header, Path, Query};
    use ParameterStyle::{DeepObject, Form, Label, Matrix, PipeDelimited, Simple, SpaceDelimited};
    let string = json!("blue");
    let array = json!(["blue", "black", "brown"]);
    let object = json!({"R": 100, "G": 200, "B": 150});
    let table = [
        (Path, Matrix, false, &string, ";color=blue"),
        (Path, Matrix, false, &array, ";color=blue,black,brown"),
        (Path, Matrix, false, &object, ";color=R,100,G,200,B,150"),
        (Path, Matrix, true, &array, ";color=blue;color=black;color=brown"),
        (Path, Matrix, true, &object, ";R=100;G=200;B=150"),
        (Path, Label, false, &string, ".blue"),
        (Path, Label, false, &array, ".blue,black,brown"),
        (Path, Label, true, &array, ".blue.black.brown"),
        (Path, Label, true, &object, ".R=100.G=200.B=150"),
        (Path, Simple, false, &array, "blue,black,brown"),
        (Path, Simple, false, &object, "R,100,G,200,B,150"),
        (Header, Simple, true, &object, "R=100,G=200,B=150"),
        (Query, Form, false, &array, "color=blue,black,brown"),
        (Query, Form, true, &array, "color=blue&color=black&color=brown"),
        (Query, Form, false, &object, "color=R,100,G,200,B,150"),
        (Query, Form, true, &object, "R=100&G=200&B=150"),
        (Query, SpaceDelimited, false, &array, "color=blue%20black%20brown"),
        (Query, PipeDelimited, false, &array, "color=blue|black|brown"),
        (Query, DeepObject, true, &object, "color[R]=100&color[G]=200&color[B]=150"),
        (Cookie, Form, false, &array, "color=blue,black,brown"),
    ];
    let schema_of = |value: &Value| match value {
        Value::Array(_) => json!({"type": "array", "items": {"type": "string"}}),
        Value::Object(_) => json!({"type": "object", "properties": {
            "R": {"type": "integer"}, "G": {"type": "integer"}, "B": {"type": "integer"}}}),
        _ => json!({"type": "string"}),
    };
    for (location, style, explode, value, expected) in table {
        let parameter = parameter(location, style, explode);
        assert_eq!(text(&write(&parameter, value)), expected, "{location} {style:?} {explode}");
        let documents = documents(schema_of(value));
        assert_eq!(read_back(&parameter, &schema(&documents), expected).as_ref(), Some(value), "{location} {style:?} {explode}");
    }
}

#[test]
fn special_characters_survive() {
    use ParameterLocation::{Path, Query};
    let documents = documents(json!({"type": "array", "items": {"type": "string"}}));
    for (location, style) in [(Path, ParameterStyle::Simple), (Query, ParameterStyle::Form)] {
        let parameter = parameter(location, style, false);
        let value = json!(["a,b", "c/d?e&f=g", "ü #+%", "x"]);
        let wire = text(&write(&parameter, &value));
        assert!(wire.is_ascii(), "{wire}");
        assert_eq!(read_back(&parameter, &schema(&documents), &wire), Some(value));
    }
}

#[test]
fn reserved_characters_stay_where_that_is_asked_for() {
    let mut parameter = parameter(ParameterLocation::Query, ParameterStyle::Form, true);
    assert_eq!(text(&write(&parameter, &json!("a/b&c"))), "color=a%2Fb%26c");
    parameter.allow_reserved = true;
    assert_eq!(text(&write(&parameter, &json!("a/b&c"))), "color=a/b%26c");
}

#[test]
fn text_becomes_what_the_schema_asks_for_or_stays_text() {
    let table = [
        (json!({"type": "integer"}), "42", json!(42)),
        (json!({"type": "integer"}), "x", json!("x")),
        (json!({"type": "number"}), "1.5", json!(1.5)),
        (json!({"type": "boolean"}), "true", json!(true)),
        (json!({"type": "boolean"}), "yes", json!("yes")),
        (json!({"type": "string"}), "42", json!("42")),
        (json!({"enum": [1, "2"]}), "1", json!(1)),
        (json!({"enum": [1, "2"]}), "2", json!("2")),
        (json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}), "7", json!(7)),
        (json!({"anyOf": [{"type": "integer"}, {"type": "string"}]}), "me", json!("me")),
        (json!({}), "42", json!("42")),
    ];
    for (schema_value, raw, expected) in table {
        let documents = documents(schema_value.clone());
        let parameter = parameter(ParameterLocation::Path, ParameterStyle::Simple, false);
        assert_eq!(read_back(&parameter, &schema(&documents), raw), Some(expected), "{schema_value} {raw}");
    }
}

#[test]
fn a_parameter_that_is_not_there_is_none() {
    let documents = documents(json!({"type": "string"}));
    let parameter = parameter(ParameterLocation::Query, ParameterStyle::Form, true);
    assert_eq!(read_back(&parameter, &schema(&documents), "other=1"), None);
    assert_eq!(read_back(&parameter, &schema(&documents), "color="), Some(json!("")));
}

#[test]
fn content_parameters_are_json() {
    let documents = documents(json!({"type": "object"}));
    let mut parameter = parameter(ParameterLocation::Query, ParameterStyle::Form, true);
    parameter.media_type = Some("application/json".to_owned());
    let wire = text(&write(&parameter, &json!({"a": [1]})));
    assert_eq!(wire, "color=%7B%22a%22%3A%5B1%5D%7D");
    assert_eq!(read_back(&parameter, &schema(&documents), &wire), Some(json!({"a": [1]})));
}

#[test]
fn a_value_given_twice_is_no_scalar() {
    let documents = documents(json!({"type": "integer"}));
    let parameter = parameter(ParameterLocation::Query, ParameterStyle::Form, true);
    assert_eq!(read_back(&parameter, &schema(&documents), "color=1&color=2"), Some(json!(["1", "2"])));
}

#[test]
fn forms_come_back_typed() {
    let documents = documents(json!({"type": "object", "properties": {
        "n": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}, "o": {"type": "object"}}}));
    let value = json!({"n": 1, "tags": ["a b", "c&d"], "o": {"x": 1}, "free": "t+ü"});
    assert_eq!(read_form(Some(&schema(&documents)), &write_form(&value)), value);
}
