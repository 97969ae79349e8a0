//! Path items: the operations of one path, with the parameters that they share.

use callboard_model::{Method, Operation};

use crate::codes::{PATH_WITHOUT_SLASH, WRONG_TYPE};
use crate::lower::{Context, keys, operation};
use crate::node::{Node, kind_of};

/// A path as the operations below it see it.
pub(crate) struct PathItem<'a> {
    /// The path template; begins with `/`.
    pub(crate) path: String,
    /// The parameters of the path item, as they stand.
    pub(crate) parameters: Vec<Node<'a>>,
}

/// Reads all operations of a path.
pub(crate) fn operations<'a>(cx: &mut Context<'a>, path: &str, item: &Node<'a>) -> Vec<Operation> {
    let Some(layers) = layers(cx, item) else {
        return Vec::new();
    };
    let parameters = layers.iter().find_map(|layer| layer.get("parameters"));
    let item =
        PathItem { path: with_slash(cx, path, item), parameters: parameters.into_iter().flat_map(|p| p.items()).collect() };
    let found: Vec<(Method, Node<'a>)> = layers.iter().flat_map(|layer| methods(cx, layer)).collect();
    let mut operations: Vec<Operation> = Vec::new();
    for (method, node) in found {
        if !operations.iter().any(|known| known.key.method == method) {
            operations.extend(operation::operation(cx, method, &item, &node));
        }
    }
    operations
}

/// A path item may refer to another one and add to it: what stands nearer counts.
fn layers<'a>(cx: &mut Context<'a>, item: &Node<'a>) -> Option<Vec<Node<'a>>> {
    let target = cx.problems.resolve(item);
    // A path item that cannot be followed has no operations that could be marked.
    cx.problems.take_broken();
    let target = target?;
    if target.object().is_none() {
        let message = format!("a path item must be an object, here is {}", kind_of(target.value));
        cx.problems.warn(WRONG_TYPE, &target.at, message, None);
        return None;
    }
    let layers = if item.reference().is_some() { vec![item.clone(), target] } else { vec![target] };
    for layer in &layers {
        keys::check(cx, layer, "a path item", keys::path_item(cx.format));
    }
    Some(layers)
}

fn with_slash(cx: &mut Context<'_>, path: &str, item: &Node<'_>) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let message = format!("the path `{path}` does not begin with `/`");
    cx.problems.warn_at_key(PATH_WITHOUT_SLASH, &item.at, message, Some(format!("it is read as `/{path}`")));
    format!("/{path}")
}

/// The methods of a path item with their operations, in the order of the document.
fn methods<'a>(cx: &Context<'_>, layer: &Node<'a>) -> Vec<(Method, Node<'a>)> {
    let known = keys::methods(cx.format);
    let mut found = Vec::new();
    for (key, node) in layer.entries() {
        if known.contains(&key) {
            found.push((Method::parse(key), node));
        } else if key == "additionalOperations" && keys::path_item(cx.format).contains(&key) {
            let others = node.resolve().into_iter().flat_map(|others| others.entries());
            found.extend(others.map(|(name, node)| (Method::parse(name), node)));
        }
    }
    found
}
