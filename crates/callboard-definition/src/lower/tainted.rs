//! References inside schemas: which lead nowhere, and which operations depend on one that does.
//!
//! Most definitions have no such reference, and one look over all of them shows it. Only then the graph of references is built, and
//! walked backwards from the broken ones to the operations.

use std::collections::{HashMap, HashSet, VecDeque};

use callboard_model::document::ReferenceError;
use callboard_model::{DocumentId, NodeRef, Operation, Pointer};

use crate::codes::UNRESOLVABLE_REFERENCE;
use crate::lower::Context;
use crate::problems::unresolvable;
use crate::references::{self, Need};

/// Reports the references that lead nowhere, and marks the operations that need one.
pub(crate) fn mark(cx: &mut Context<'_>, operations: &mut [Operation]) {
    let broken = broken(cx);
    let needed: Vec<&Broken> = broken.iter().filter(|broken| broken.need == Need::Required).collect();
    if needed.is_empty() || operations.is_empty() {
        return;
    }
    let graph = Graph::of(cx, operations);
    for (operation, why) in graph.reach(&needed) {
        let message = format!("it depends on `{}`, which cannot be followed", needed[why].text);
        operations[operation].unusable.get_or_insert(message);
    }
}

struct Broken {
    at: NodeRef,
    text: String,
    need: Need,
}

fn broken(cx: &mut Context<'_>) -> Vec<Broken> {
    let mut found = Vec::new();
    for (id, document) in cx.documents.iter() {
        let mut known: HashMap<&str, bool> = HashMap::new();
        references::visit(document.value(), &mut |reference| {
            let is_good = *known.entry(reference.text).or_insert_with(|| cx.documents.resolve(id, reference.text).is_ok());
            if !is_good {
                let at = NodeRef::new(id, reference.pointer());
                found.push(Broken { at, text: reference.text.to_owned(), need: reference.need });
            }
        });
    }
    for broken in &found {
        report(cx, broken);
    }
    found
}

/// A document that cannot be read was reported by the loader, once for all references to it.
fn report(cx: &mut Context<'_>, broken: &Broken) {
    match cx.documents.resolve(broken.at.document, &broken.text) {
        Ok(_) | Err(ReferenceError::UnknownDocument(_)) => {}
        Err(error) => {
            let message = unresolvable(&broken.text, &error.to_string());
            cx.problems.warn(UNRESOLVABLE_REFERENCE, &broken.at, message, None);
        }
    }
}

/// Who refers to what.
struct Graph {
    /// For each node that is referred to: the places of the references.
    referrers: HashMap<NodeRef, Vec<NodeRef>>,
    /// The operations at, or with a parameter at, a node.
    operations: HashMap<NodeRef, Vec<usize>>,
}

impl Graph {
    fn of(cx: &Context<'_>, operations: &[Operation]) -> Self {
        let mut referrers: HashMap<NodeRef, Vec<NodeRef>> = HashMap::new();
        for (id, document) in cx.documents.iter() {
            references::visit(document.value(), &mut |reference| {
                if reference.need == Need::Required
                    && let Ok(target) = cx.documents.resolve(id, reference.text)
                {
                    referrers.entry(target).or_default().push(NodeRef::new(id, reference.pointer()));
                }
            });
        }
        let mut by_node: HashMap<NodeRef, Vec<usize>> = HashMap::new();
        for (index, operation) in operations.iter().enumerate() {
            let own = operation.parameters.iter().map(|parameter| &parameter.node);
            for node in own.chain([&operation.node]) {
                by_node.entry(node.clone()).or_default().push(index);
            }
        }
        Self { referrers, operations: by_node }
    }

    /// The operations that depend on broken references, each with the index of one of these.
    fn reach(&self, broken: &[&Broken]) -> HashMap<usize, usize> {
        let mut reached = HashMap::new();
        let mut seen: HashSet<NodeRef> = HashSet::new();
        let mut waiting: VecDeque<(NodeRef, usize)> = broken.iter().enumerate().map(|(i, b)| (b.at.clone(), i)).collect();
        while let Some((place, why)) = waiting.pop_front() {
            for node in ancestors(place.document, place.pointer) {
                if !seen.insert(node.clone()) {
                    break;
                }
                for operation in self.operations.get(&node).into_iter().flatten() {
                    reached.entry(*operation).or_insert(why);
                }
                waiting.extend(self.referrers.get(&node).into_iter().flatten().map(|from| (from.clone(), why)));
            }
        }
        reached
    }
}

/// The node itself and everything that it is part of.
fn ancestors(document: DocumentId, pointer: Pointer) -> impl Iterator<Item = NodeRef> {
    std::iter::successors(Some(pointer), Pointer::parent).map(move |pointer| NodeRef::new(document, pointer))
}
