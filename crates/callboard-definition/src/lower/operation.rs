//! One operation.

use callboard_model::{Method, Operation, OperationKey};

use crate::codes::{MISSING_KEY, WRONG_TYPE};
use crate::lower::path::PathItem;
use crate::lower::{Context, body, keys, parameter, response, security};
use crate::node::{Node, kind_of};

/// Reads an operation; nothing where no object stands. Whatever is broken in it makes it unusable, nothing else.
pub(crate) fn operation<'a>(cx: &mut Context<'a>, method: Method, item: &PathItem<'a>, node: &Node<'a>) -> Option<Operation> {
    let key = OperationKey::new(cx.service.as_str(), method, &item.path);
    let Some(node) = cx.problems.resolve(node) else {
        return Some(unusable(cx, key, node));
    };
    if node.object().is_none() {
        let message = format!("an operation must be an object, here is {}", kind_of(node.value));
        cx.problems.break_operation(WRONG_TYPE, &node.at, message, None);
        return Some(unusable(cx, key, &node));
    }
    keys::check(cx, &node, "an operation", keys::operation(cx.format));
    let declared = parameter::declared(cx, item, &node);
    let request_body = body::request_body(cx, &key, &node, &declared);
    let parameters = parameter::parameters(cx, item, &node, &declared);
    Some(Operation {
        id: node.text("operationId").filter(|id| !id.is_empty()),
        summary: node.text("summary"),
        description: node.text("description"),
        tags: node.texts("tags").unwrap_or_default(),
        deprecated: node.flag("deprecated") == Some(true),
        responses: response::responses(cx, &node),
        security: security::of_operation(cx, &node),
        unusable: cx.problems.take_broken(),
        parameters,
        request_body,
        key,
        node: node.at,
    })
}

fn unusable(cx: &mut Context<'_>, key: OperationKey, node: &Node<'_>) -> Operation {
    Operation {
        key,
        id: None,
        summary: None,
        description: None,
        tags: Vec::new(),
        deprecated: false,
        parameters: Vec::new(),
        request_body: None,
        responses: Vec::new(),
        security: Vec::new(),
        unusable: cx.problems.take_broken(),
        node: node.at.clone(),
    }
}

/// A list or an object under a key; something else there breaks the operation.
pub(crate) fn expect<'a>(
    cx: &mut Context<'a>,
    node: &Node<'a>,
    key: &str,
    is_right: fn(&serde_json::Value) -> bool,
    what: &str,
) -> Option<Node<'a>> {
    let found = node.raw(key)?;
    let found = cx.problems.resolve(&found)?;
    if is_right(found.value) {
        return Some(found);
    }
    // An empty key (`parameters:` and nothing behind it) is as good as none.
    if !found.value.is_null() {
        let message = format!("`{key}` must be {what}, here is {}", kind_of(found.value));
        cx.problems.break_operation(WRONG_TYPE, &found.at, message, None);
    }
    None
}

/// A text that must be there, or the operation is broken.
pub(crate) fn required_text(cx: &mut Context<'_>, node: &Node<'_>, key: &str, what: &str) -> Option<String> {
    let found = node.text(key);
    if found.is_none() {
        cx.problems.break_operation(MISSING_KEY, &node.at, format!("{what} has no `{key}`"), None);
    }
    found
}
