//! The keys that the specifications allow in the objects that people write by hand, and slips among them.

use callboard_model::api::Format;
use callboard_model::suggest;

use crate::codes::UNKNOWN_KEY;
use crate::lower::Context;
use crate::node::Node;

/// Reports keys that look like a slip of a known one. Others are left alone: people keep notes in definitions.
pub(crate) fn check(cx: &mut Context<'_>, node: &Node<'_>, what: &str, known: &[&str]) {
    let Some(map) = node.object() else { return };
    for key in map.keys().filter(|key| !known.contains(&key.as_str()) && !key.starts_with("x-")) {
        let Some(meant) = suggest::nearest(key, known.iter().copied()) else {
            continue;
        };
        let message = format!("{what} has no key `{key}`");
        cx.problems.warn_at_key(UNKNOWN_KEY, &node.at.join(key), message, Some(format!("did you mean `{meant}`?")));
    }
}

/// Methods as keys of a path item.
pub(crate) fn methods(format: Format) -> &'static [&'static str] {
    const ALL: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];
    match format {
        Format::Swagger20 => &ALL[..7],
        Format::OpenApi30 | Format::OpenApi31 => &ALL[..8],
        Format::OpenApi32 => ALL,
    }
}

/// Keys of a path item.
pub(crate) fn path_item(format: Format) -> &'static [&'static str] {
    const ALL: &[&str] = &[
        "$ref",
        "parameters",
        "get",
        "put",
        "post",
        "delete",
        "options",
        "head",
        "patch",
        "summary",
        "description",
        "servers",
        "trace",
        "query",
        "additionalOperations",
    ];
    match format {
        Format::Swagger20 => &ALL[..9],
        Format::OpenApi30 | Format::OpenApi31 => &ALL[..13],
        Format::OpenApi32 => ALL,
    }
}

/// Keys of an operation.
pub(crate) fn operation(format: Format) -> &'static [&'static str] {
    match format {
        Format::Swagger20 => &[
            "tags",
            "summary",
            "description",
            "externalDocs",
            "operationId",
            "consumes",
            "produces",
            "parameters",
            "responses",
            "schemes",
            "deprecated",
            "security",
        ],
        _ => &[
            "tags",
            "summary",
            "description",
            "externalDocs",
            "operationId",
            "parameters",
            "requestBody",
            "responses",
            "callbacks",
            "deprecated",
            "security",
            "servers",
        ],
    }
}

/// Keys of a parameter.
pub(crate) fn parameter(format: Format) -> &'static [&'static str] {
    match format {
        Format::Swagger20 => &[
            "$ref",
            "name",
            "in",
            "description",
            "required",
            "schema",
            "type",
            "format",
            "allowEmptyValue",
            "items",
            "collectionFormat",
            "default",
            "maximum",
            "exclusiveMaximum",
            "minimum",
            "exclusiveMinimum",
            "maxLength",
            "minLength",
            "pattern",
            "maxItems",
            "minItems",
            "uniqueItems",
            "enum",
            "multipleOf",
        ],
        _ => &[
            "$ref",
            "name",
            "in",
            "description",
            "required",
            "deprecated",
            "allowEmptyValue",
            "style",
            "explode",
            "allowReserved",
            "schema",
            "example",
            "examples",
            "content",
        ],
    }
}

/// Keys of a response.
pub(crate) fn response(format: Format) -> &'static [&'static str] {
    match format {
        Format::Swagger20 => &["$ref", "description", "schema", "headers", "examples"],
        _ => &["$ref", "summary", "description", "headers", "content", "links"],
    }
}
