//! Documents that belong together, addresses of their nodes, and what `$ref` texts between them mean.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::Document;
use crate::diagnostic::Span;
use crate::pointer::Pointer;

/// Which document of a [`Documents`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub u32);

/// The address of a node: a document and a pointer into it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeRef {
    /// The document.
    pub document: DocumentId,
    /// The node in it.
    pub pointer: Pointer,
}

impl NodeRef {
    /// An address.
    pub fn new(document: DocumentId, pointer: Pointer) -> Self {
        Self { document, pointer }
    }

    /// The address of a child, by unescaped segment.
    #[must_use]
    pub fn join(&self, segment: impl AsRef<str>) -> Self {
        Self { document: self.document, pointer: self.pointer.join(segment) }
    }
}

/// Which JSON Schema the schemas of a definition are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Swagger 2.0: a subset of draft 4, `x-nullable`, `type: file`.
    Swagger2,
    /// OpenAPI 3.0: a subset of draft 5, `nullable`, boolean `exclusiveMinimum`; siblings of `$ref` are ignored.
    OpenApi30,
    /// OpenAPI 3.1 and later: JSON Schema 2020-12.
    #[default]
    JsonSchema202012,
}

/// The documents that one definition consists of: the first one is the entry document.
#[derive(Debug, Default)]
pub struct Documents {
    documents: Vec<Document>,
    by_origin: HashMap<Arc<str>, DocumentId>,
    dialect: Dialect,
}

/// Why a reference leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The other document was not loaded.
    #[error("the document `{0}` is not loaded")]
    UnknownDocument(String),
    /// The document has no such node.
    #[error("nothing stands at `{0}`")]
    NoSuchNode(String),
    /// Neither a pointer nor a known anchor.
    #[error("`{0}` is neither a JSON Pointer nor a known anchor")]
    BadFragment(String),
}

impl Documents {
    /// An empty set of documents in a dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// Adds a document; one with the same origin is replaced by nothing: the first stays.
    pub fn add(&mut self, document: Document) -> DocumentId {
        if let Some(id) = self.by_origin.get(document.origin()) {
            return *id;
        }
        let id = DocumentId(u32::try_from(self.documents.len()).expect("fewer than 2^32 documents fit into memory"));
        self.by_origin.insert(document.origin().clone(), id);
        self.documents.push(document);
        id
    }

    /// The dialect of the schemas.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Sets the dialect, once the entry document said which it is.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = dialect;
    }

    /// A document.
    pub fn get(&self, id: DocumentId) -> &Document {
        &self.documents[id.0 as usize]
    }

    /// All documents with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (DocumentId, &Document)> {
        (0u32..).map(DocumentId).zip(&self.documents)
    }

    /// The document of an origin.
    pub fn find(&self, origin: &str) -> Option<DocumentId> {
        self.by_origin.get(origin).copied()
    }

    /// The value of a node.
    pub fn value(&self, node: &NodeRef) -> Option<&Value> {
        self.get(node.document).at(&node.pointer)
    }

    /// Where a node stands.
    pub fn span(&self, node: &NodeRef) -> Span {
        self.get(node.document).span(&node.pointer)
    }

    /// Where the key of a node stands.
    pub fn key_span(&self, node: &NodeRef) -> Span {
        self.get(node.document).key_span(&node.pointer)
    }

    /// The node that a `$ref` in a document means (one step; the node may be a reference again).
    pub fn resolve(&self, from: DocumentId, reference: &str) -> Result<NodeRef, ReferenceError> {
        let (location, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if location.is_empty() {
            from
        } else {
            let origin = join_reference(self.get(from).origin(), location);
            self.find(&origin).ok_or(ReferenceError::UnknownDocument(origin))?
        };
        let fragment = percent_decode(fragment);
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchor(document, &fragment).ok_or(ReferenceError::BadFragment(fragment));
        }
        let pointer = Pointer::parse(&fragment).ok_or_else(|| ReferenceError::BadFragment(fragment.clone()))?;
        let node = NodeRef { document, pointer };
        if self.value(&node).is_none() {
            return Err(ReferenceError::NoSuchNode(reference.to_owned()));
        }
        Ok(node)
    }

    /// `$anchor` and `$dynamicAnchor` by name. Searched on demand: anchors are rare.
    fn anchor(&self, document: DocumentId, name: &str) -> Option<NodeRef> {
        let mut stack = vec![(Pointer::root(), self.get(document).value())];
        while let Some((pointer, value)) = stack.pop() {
            match value {
                Value::Object(map) => {
                    let is_it = |key: &str| map.get(key).and_then(Value::as_str) == Some(name);
                    if is_it("$anchor") || is_it("$dynamicAnchor") {
                        return Some(NodeRef { document, pointer });
                    }
                    stack.extend(map.iter().map(|(key, child)| (pointer.join(key), child)));
                }
                Value::Array(items) => {
                    stack.extend(items.iter().enumerate().map(|(i, child)| (pointer.join(i.to_string()), child)));
                }
                _ => {}
            }
        }
        None
    }
}

/// The origin that a relative reference means, seen from a document: for paths as for URLs. Without fragment.
pub fn join_reference(base: &str, reference: &str) -> String {
    if reference.contains("://") {
        return reference.to_owned();
    }
    let (prefix, path) = match base.find("://") {
        Some(at) => {
            let path_start = base[at + 3..].find('/').map_or(base.len(), |i| at + 3 + i);
            base.split_at(path_start)
        }
        None => ("", base),
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let joined = if reference.starts_with('/') {
        reference.to_owned()
    } else {
        let folder = path.rfind('/').map_or("", |at| &path[..=at]);
        format!("{folder}{reference}")
    };
    format!("{prefix}{}", normalise(&percent_decode(&joined)))
}

fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !last.is_empty() && *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn percent_decode(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten().and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_joined_like_paths_and_urls() {
        assert_eq!(join_reference("spec/swagger.json", "../common/Error.json"), "common/Error.json");
        assert_eq!(join_reference("swagger.json", "Pet.json"), "Pet.json");
        assert_eq!(join_reference("http://h:1/a/b.json", "../c.json"), "http://h:1/c.json");
        assert_eq!(join_reference("/abs/a.json", "./b%20c.json"), "/abs/b c.json");
    }

    #[test]
    fn a_reference_names_one_node() {
        let mut docs = Documents::new(Dialect::OpenApi30);
        let a = docs.add(Document::parse("a.yaml", b"x: {$anchor: here, v: 1}\np: {/u: 2}\n").expect("well-formed"));
        let b = docs.add(Document::parse("b.yaml", b"y: 3\n").expect("well-formed"));
        assert_eq!(docs.resolve(a, "#/p/~1u").map(|n| docs.value(&n).cloned()), Ok(Some(2.into())));
        assert_eq!(docs.resolve(a, "b.yaml#/y").map(|n| n.document), Ok(b));
        assert_eq!(docs.resolve(a, "#here").map(|n| n.pointer.to_string()), Ok("/x".to_owned()));
        assert!(matches!(docs.resolve(a, "c.yaml"), Err(ReferenceError::UnknownDocument(_))));
        assert!(matches!(docs.resolve(a, "#/q"), Err(ReferenceError::NoSuchNode(_))));
    }
}
