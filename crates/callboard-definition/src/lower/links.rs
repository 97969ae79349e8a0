//! Where links lead: to operations of the same definition, by `operationId` or `operationRef`.

use std::collections::HashMap;

use callboard_model::{NodeRef, Operation, OperationKey};

use crate::codes::UNKNOWN_LINK_TARGET;
use crate::lower::Context;
use crate::node::Node;

/// Finds the targets of all links.
pub(crate) fn resolve(cx: &mut Context<'_>, operations: &mut [Operation]) {
    let has_links = operations.iter().any(|operation| operation.responses.iter().any(|r| !r.links.is_empty()));
    if !has_links {
        return;
    }
    let mut targets = Targets::of(operations);
    for operation in operations {
        for link in operation.responses.iter_mut().flat_map(|response| &mut response.links) {
            link.target = target(cx, &mut targets, &link.node);
        }
    }
}

/// The operations that a link may mean.
struct Targets {
    by_id: HashMap<String, OperationKey>,
    by_node: HashMap<NodeRef, OperationKey>,
    /// For how many more links a likely target is looked for: each search goes through all operations.
    suggestions: usize,
}

impl Targets {
    fn of(operations: &[Operation]) -> Self {
        let by_id = operations.iter().rev().filter_map(|o| Some((o.id.clone()?, o.key.clone()))).collect();
        let by_node = operations.iter().map(|o| (o.node.clone(), o.key.clone())).collect();
        Self { by_id, by_node, suggestions: 50 }
    }
}

impl Targets {
    fn suggest(&mut self, id: &str) -> Option<String> {
        self.suggestions = self.suggestions.checked_sub(1)?;
        callboard_model::suggest::did_you_mean(id, self.by_id.keys().map(String::as_str))
    }
}

fn target(cx: &mut Context<'_>, targets: &mut Targets, at: &NodeRef) -> Option<OperationKey> {
    let link = Node::at(cx.documents, at)?;
    if let Some(id) = link.text("operationId") {
        let found = targets.by_id.get(&id).cloned();
        if found.is_none() {
            let help = targets.suggest(&id);
            cx.problems.warn(UNKNOWN_LINK_TARGET, &at.join("operationId"), format!("no operation is called `{id}`"), help);
        }
        return found;
    }
    let reference = link.text("operationRef")?;
    let found = by_reference(cx, targets, at, &reference);
    // A whole URL means another service.
    if found.is_none() && !reference.contains("://") {
        let message = format!("`{reference}` leads to no operation of this definition");
        cx.problems.warn(UNKNOWN_LINK_TARGET, &at.join("operationRef"), message, None);
    }
    found
}

fn by_reference(cx: &Context<'_>, targets: &Targets, at: &NodeRef, reference: &str) -> Option<OperationKey> {
    let node = cx.documents.resolve(at.document, reference).ok()?;
    let node = Node::at(cx.documents, &node)?.resolve().ok()?;
    targets.by_node.get(&node.at).cloned()
}
