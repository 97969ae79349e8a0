//! Request bodies: OpenAPI's `requestBody`, Swagger's `body` and `formData` parameters; and media types for both directions.

use callboard_model::api::{MediaType, RequestBody};
use callboard_model::{NodeRef, OperationKey};
use serde_json::{Map, Value, json};

use crate::codes::WRONG_TYPE;
use crate::lower::Context;
use crate::lower::operation::expect;
use crate::lower::parameter::Declared;
use crate::node::{Node, kind_of};
use crate::synthetic;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// The request body of an operation.
pub(crate) fn request_body<'a>(
    cx: &mut Context<'a>,
    key: &OperationKey,
    operation: &Node<'a>,
    declared: &[Declared<'a>],
) -> Option<RequestBody> {
    if cx.is_swagger() {
        return swagger_body(cx, operation, declared).or_else(|| form(cx, key, operation, declared));
    }
    let body = expect(cx, operation, "requestBody", Value::is_object, "an object")?;
    Some(RequestBody {
        required: body.flag("required") == Some(true),
        description: body.text("description"),
        content: content(cx, &body),
        node: body.at,
    })
}

/// The media types under `content`.
pub(crate) fn content<'a>(cx: &mut Context<'a>, node: &Node<'a>) -> Vec<MediaType> {
    let Some(content) = expect(cx, node, "content", Value::is_object, "an object") else {
        return Vec::new();
    };
    let media: Vec<(&str, Node<'a>)> = content.entries().filter(|(name, _)| !name.starts_with("x-")).collect();
    media.into_iter().filter_map(|(name, media)| media_type(cx, name, &media)).collect()
}

fn media_type<'a>(cx: &mut Context<'a>, name: &str, media: &Node<'a>) -> Option<MediaType> {
    let media = cx.problems.resolve(media)?;
    Some(MediaType { name: name.to_owned(), schema: schema(cx, &media), examples: examples(&media), node: media.at })
}

/// The schema under `schema`, as it stands.
pub(crate) fn schema(cx: &mut Context<'_>, node: &Node<'_>) -> Option<NodeRef> {
    let schema = node.raw("schema")?;
    if schema.value.is_object() || schema.value.is_boolean() {
        return Some(schema.at);
    }
    if !schema.value.is_null() {
        let message = format!("a schema must be an object, here is {}", kind_of(schema.value));
        cx.problems.break_operation(WRONG_TYPE, &schema.at, message, None);
    }
    None
}

/// `example`, and the values of `examples`.
fn examples(media: &Node<'_>) -> Vec<NodeRef> {
    let named = media.get("examples").into_iter().flat_map(|examples| examples.entries());
    let values = named.filter_map(|(_, example)| {
        let example = example.resolve().ok()?;
        // `dataValue` is the name of OpenAPI 3.2.
        example.raw("value").or_else(|| example.raw("dataValue")).map(|value| value.at)
    });
    media.raw("example").map(|example| example.at).into_iter().chain(values).collect()
}

/// A list of media types of the operation, or else of the whole definition.
pub(crate) fn media_names(cx: &Context<'_>, operation: &Node<'_>, key: &str) -> Vec<String> {
    let own = operation.texts(key).filter(|names| !names.is_empty());
    own.or_else(|| cx.root.texts(key)).unwrap_or_default()
}

fn swagger_body<'a>(cx: &mut Context<'a>, operation: &Node<'a>, declared: &[Declared<'a>]) -> Option<RequestBody> {
    let body = &declared.iter().find(|parameter| parameter.place == "body")?.node;
    let mut names = media_names(cx, operation, "consumes");
    if names.is_empty() {
        names.push("application/json".to_owned());
    }
    let schema = schema(cx, body);
    let media = |name| MediaType { name, schema: schema.clone(), examples: Vec::new(), node: body.at.clone() };
    Some(RequestBody {
        required: body.flag("required") == Some(true),
        description: body.text("description"),
        content: names.into_iter().map(media).collect(),
        node: body.at.clone(),
    })
}

/// Swagger's form fields, put together as one object.
fn form<'a>(cx: &mut Context<'a>, key: &OperationKey, operation: &Node<'a>, declared: &[Declared<'a>]) -> Option<RequestBody> {
    let fields: Vec<&Declared<'a>> = declared.iter().filter(|parameter| parameter.place == "formData").collect();
    let first = fields.first()?;
    let required: Vec<&str> = fields.iter().filter(|f| f.node.flag("required") == Some(true)).map(|f| f.name.as_str()).collect();
    let properties: Map<String, Value> = fields.iter().map(|field| (field.name.clone(), property(cx, &field.node))).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let schema = cx.synthetic.add(&format!("{} {}", key.method, key.path), schema);
    let has_file = fields.iter().any(|field| field.node.text("type").as_deref() == Some("file"));
    let names = form_names(media_names(cx, operation, "consumes"), has_file);
    let node = first.node.at.clone();
    let media = |name| MediaType { name, schema: Some(schema.clone()), examples: Vec::new(), node: node.clone() };
    Some(RequestBody {
        required: !required.is_empty(),
        description: None,
        content: names.into_iter().map(media).collect(),
        node: node.clone(),
    })
}

/// The media types that can carry a form; files need the one with parts.
fn form_names(consumes: Vec<String>, has_file: bool) -> Vec<String> {
    let is_form = |name: &String| name.starts_with(MULTIPART) || (!has_file && name.starts_with(FORM));
    let mut names: Vec<String> = consumes.into_iter().filter(is_form).collect();
    if names.is_empty() {
        names.push(if has_file { MULTIPART } else { FORM }.to_owned());
    }
    names
}

/// A form field as a schema: its keywords without those of a parameter, what may hold references by reference.
fn property(cx: &Context<'_>, field: &Node<'_>) -> Value {
    if let Some(schema) = field.raw("schema") {
        return synthetic::reference_to(cx.documents, &schema.at);
    }
    let mut schema = Map::new();
    for (keyword, value) in field.entries() {
        match (keyword, value.value) {
            ("name" | "in" | "required" | "allowEmptyValue", _) => {}
            ("items", Value::Object(_)) => {
                schema.insert("items".to_owned(), synthetic::reference_to(cx.documents, &value.at));
            }
            ("type", Value::String(kind)) if kind == "file" => {
                schema.insert("type".to_owned(), json!("string"));
                schema.insert("format".to_owned(), json!("binary"));
            }
            (keyword, value) => {
                schema.entry(keyword).or_insert_with(|| value.clone());
            }
        }
    }
    Value::Object(schema)
}
