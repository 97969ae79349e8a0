//! Documented answers with their headers, contents and links.

use callboard_model::StatusPattern;
use callboard_model::api::{MediaType, Response, ResponseHeader, ResponseLink};
use serde_json::Value;

use crate::codes::{INVALID_STATUS, WRONG_TYPE};
use crate::lower::operation::expect;
use crate::lower::{Context, body, keys};
use crate::node::{Node, kind_of};

/// The responses of an operation.
pub(crate) fn responses<'a>(cx: &mut Context<'a>, operation: &Node<'a>) -> Vec<Response> {
    let Some(responses) = expect(cx, operation, "responses", Value::is_object, "an object") else {
        return Vec::new();
    };
    let found: Vec<(&str, Node<'a>)> = responses.entries().filter(|(status, _)| !status.starts_with("x-")).collect();
    found.into_iter().filter_map(|(status, node)| response(cx, operation, status, &node)).collect()
}

fn response<'a>(cx: &mut Context<'a>, operation: &Node<'a>, status: &str, node: &Node<'a>) -> Option<Response> {
    let Some(pattern) = StatusPattern::parse(status) else {
        let message = format!("`{status}` is no status; this response is left out");
        let help = "a status is `200`, `2XX` or `default`".to_owned();
        cx.problems.warn_at_key(INVALID_STATUS, &node.at, message, Some(help));
        return None;
    };
    let node = cx.problems.resolve(node)?;
    if node.object().is_none() {
        let message = format!("a response must be an object, here is {}", kind_of(node.value));
        cx.problems.break_operation(WRONG_TYPE, &node.at, message, None);
        return None;
    }
    keys::check(cx, &node, "a response", keys::response(cx.format));
    let content = if cx.is_swagger() { swagger_content(cx, operation, &node) } else { body::content(cx, &node) };
    Some(Response {
        status: pattern,
        description: node.text("description"),
        headers: headers(cx, &node),
        content,
        links: links(&node),
        node: node.at,
    })
}

/// Swagger has one schema for all media types that an operation produces. Where none is named, any will do.
fn swagger_content(cx: &mut Context<'_>, operation: &Node<'_>, response: &Node<'_>) -> Vec<MediaType> {
    let Some(schema) = body::schema(cx, response) else {
        return Vec::new();
    };
    let mut names = body::media_names(cx, operation, "produces");
    if names.is_empty() {
        names.push("*/*".to_owned());
    }
    let examples = response.get("examples");
    let media = |name: String| MediaType {
        examples: examples.iter().filter_map(|examples| examples.raw(&name)).map(|example| example.at).collect(),
        schema: Some(schema.clone()),
        node: response.at.clone(),
        name,
    };
    names.into_iter().map(media).collect()
}

fn headers<'a>(cx: &mut Context<'a>, response: &Node<'a>) -> Vec<ResponseHeader> {
    let Some(headers) = expect(cx, response, "headers", Value::is_object, "an object") else {
        return Vec::new();
    };
    let entries: Vec<(&str, Node<'a>)> = headers.entries().collect();
    entries.into_iter().filter_map(|(name, node)| header(cx, name, &node)).collect()
}

/// OpenAPI 3 describes `Content-Type` by the keys of `content` and says to ignore it here. In Swagger a header is its own schema.
fn header<'a>(cx: &mut Context<'a>, name: &str, node: &Node<'a>) -> Option<ResponseHeader> {
    if !cx.is_swagger() && name.eq_ignore_ascii_case("content-type") {
        return None;
    }
    let node = cx.problems.resolve(node)?;
    let schema = if cx.is_swagger() { Some(node.clone()) } else { node.raw("schema").or_else(|| schema_of_content(&node)) };
    Some(ResponseHeader {
        name: name.to_owned(),
        required: node.flag("required") == Some(true),
        description: node.text("description"),
        schema: schema.map(|schema| schema.at),
        node: node.at,
    })
}

fn schema_of_content<'a>(header: &Node<'a>) -> Option<Node<'a>> {
    let (_, media) = header.get("content")?.entries().next()?;
    media.resolve().ok()?.raw("schema")
}

/// Links as they stand; where they lead is found when all operations are known.
fn links(response: &Node<'_>) -> Vec<ResponseLink> {
    let links = response.get("links").into_iter().flat_map(|links| links.entries());
    links.filter_map(|(name, link)| Some(self::link(name, &link.resolve().ok()?))).collect()
}

fn link(name: &str, link: &Node<'_>) -> ResponseLink {
    let parameters = link.get("parameters").into_iter().flat_map(|parameters| parameters.entries());
    ResponseLink {
        name: name.to_owned(),
        target: None,
        parameters: parameters.map(|(name, value)| (name.to_owned(), value.value.clone())).collect(),
        request_body: link.raw("requestBody").map(|body| body.value.clone()),
        node: link.at.clone(),
    }
}
