//! Collects what is wrong. Shared parts are read once per operation that uses them, so the same finding comes many times and is kept once.

use std::collections::HashSet;

use callboard_model::{Code, Diagnostic, Documents, NodeRef};

use crate::codes::UNRESOLVABLE_REFERENCE;
use crate::node::{Node, Unresolved};

pub(crate) struct Problems<'a> {
    documents: &'a Documents,
    seen: HashSet<(Code, NodeRef, String)>,
    diagnostics: Vec<Diagnostic>,
    /// Why the operation that is being read cannot be used.
    broken: Option<String>,
}

impl<'a> Problems<'a> {
    pub(crate) fn new(documents: &'a Documents) -> Self {
        Self { documents, seen: HashSet::new(), diagnostics: Vec::new(), broken: None }
    }

    /// Something suspicious at a value.
    pub(crate) fn warn(&mut self, code: Code, at: &NodeRef, message: String, help: Option<String>) {
        if self.is_new(code, at, &message) {
            let warning = Diagnostic::warning(code, self.documents.span(at), message);
            self.diagnostics.push(warning.with_optional_help(help));
        }
    }

    /// Something suspicious about a key.
    pub(crate) fn warn_at_key(&mut self, code: Code, at: &NodeRef, message: String, help: Option<String>) {
        if self.is_new(code, at, &message) {
            let warning = Diagnostic::warning(code, self.documents.key_span(at), message);
            self.diagnostics.push(warning.with_optional_help(help));
        }
    }

    /// Something without which the operation that is being read cannot be used.
    pub(crate) fn break_operation(&mut self, code: Code, at: &NodeRef, message: String, help: Option<String>) {
        self.broken.get_or_insert_with(|| message.clone());
        self.warn(code, at, message, help);
    }

    /// Follows references; where they lead nowhere the operation that is being read cannot be used.
    pub(crate) fn resolve(&mut self, node: &Node<'a>) -> Option<Node<'a>> {
        match node.resolve() {
            Ok(node) => Some(node),
            Err(unresolved) => {
                self.unresolved(&unresolved);
                None
            }
        }
    }

    fn unresolved(&mut self, unresolved: &Unresolved<'a>) {
        let message = unresolvable(unresolved.reference, &unresolved.reason);
        self.broken.get_or_insert_with(|| message.clone());
        if !unresolved.is_known {
            self.warn(UNRESOLVABLE_REFERENCE, &unresolved.node.at, message, None);
        }
    }

    /// Why the operation cannot be used, if so; the next one starts afresh.
    pub(crate) fn take_broken(&mut self) -> Option<String> {
        self.broken.take()
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    fn is_new(&mut self, code: Code, at: &NodeRef, message: &str) -> bool {
        self.seen.insert((code, at.clone(), message.to_owned()))
    }
}

/// The sentence about a reference that leads nowhere. One wording, so that the same finding is recognised.
pub(crate) fn unresolvable(reference: &str, reason: &str) -> String {
    format!("the reference `{reference}` cannot be followed: {reason}")
}
