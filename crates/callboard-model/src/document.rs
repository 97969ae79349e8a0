//! Text documents as trees: JSON and YAML parsed under a budget, with the place of each node on demand.
//!
//! The tree keeps every keyword as it stands. Places are found when a diagnostic asks for the first one: most documents never need
//! them, and a table of spans costs more than the tree itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use serde_saphyr::granit_parser::{Event, Parser};

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::pointer::Pointer;

/// Larger texts are refused: 64 MiB. The largest published definition that we know has 47 MB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A document that cannot be read as JSON or YAML.
pub const INVALID_DOCUMENT: Code = Code("invalid-document");
/// A document over [`MAX_BYTES`], or one whose aliases or nesting would fill the memory.
pub const DOCUMENT_OVER_BUDGET: Code = Code("document-over-budget");

/// One parsed text.
pub struct Document {
    origin: Arc<str>,
    text: Arc<str>,
    value: Value,
    spans: OnceLock<SpanTree>,
}

impl Document {
    /// Parses JSON or YAML. `origin` is the path or URL as the user should read it.
    pub fn parse(origin: impl Into<Arc<str>>, bytes: &[u8]) -> Result<Self, Box<Diagnostic>> {
        let origin = origin.into();
        if bytes.len() > MAX_BYTES {
            let message =
                format!("the document has {} MiB, more than the {} MiB that are read", bytes.len() >> 20, MAX_BYTES >> 20);
            return Err(Box::new(Diagnostic::error(DOCUMENT_OVER_BUDGET, Span::file(origin), message)));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
            let span = Span::point(origin.clone(), u32::try_from(line).unwrap_or(u32::MAX), 1);
            Box::new(Diagnostic::error(INVALID_DOCUMENT, span, "the document is not UTF-8 text"))
        })?;
        let value = parse_value(&origin, text)?;
        Ok(Self { origin, text: Arc::from(text), value, spans: OnceLock::new() })
    }

    /// A document that stands in no file, such as schemas that were put together while reading.
    pub fn synthetic(origin: impl Into<Arc<str>>, value: Value) -> Self {
        Self { origin: origin.into(), text: Arc::from(""), value, spans: OnceLock::new() }
    }

    /// The path or URL.
    pub fn origin(&self) -> &Arc<str> {
        &self.origin
    }

    /// The source text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The tree.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The node at a pointer.
    pub fn at(&self, pointer: &Pointer) -> Option<&Value> {
        self.value.pointer(pointer.as_str())
    }

    /// Where the value of a node stands; for a node that is not there, its nearest ancestor.
    pub fn span(&self, pointer: &Pointer) -> Span {
        let node = self.spans().nearest(pointer);
        self.to_span(node.start, node.end)
    }

    /// Where the key of a node stands; the value where it has no key.
    pub fn key_span(&self, pointer: &Pointer) -> Span {
        let node = self.spans().nearest(pointer);
        match &node.key {
            Some(key) => self.to_span(key.start, key.end),
            None => self.to_span(node.start, node.end),
        }
    }

    fn spans(&self) -> &SpanTree {
        self.spans.get_or_init(|| SpanTree::of(&self.text))
    }

    fn to_span(&self, start: Place, end: Place) -> Span {
        Span { file: self.origin.clone(), line: start.line, column: start.column, end_line: end.line, end_column: end.column }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("origin", &self.origin).finish_non_exhaustive()
    }
}

fn parse_value(origin: &Arc<str>, text: &str) -> Result<Value, Box<Diagnostic>> {
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    let json_error = if looks_like_json {
        match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    // Text in braces that is no JSON may still be a YAML flow mapping; when it is neither, the JSON error is the one to show.
    match (parse_yaml(origin, text), json_error) {
        (Ok(value), _) => Ok(value),
        (Err(_), Some(error)) => {
            let clamp = |n: usize| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
            let span = Span::point(origin.clone(), clamp(error.line()), clamp(error.column()));
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
            Err(Box::new(Diagnostic::error(INVALID_DOCUMENT, span, format!("invalid JSON: {message}"))))
        }
        (Err(diagnostic), None) => Err(diagnostic),
    }
}

fn parse_yaml(origin: &Arc<str>, text: &str) -> Result<Value, Box<Diagnostic>> {
    let budget = serde_saphyr::budget! {
        max_events: 40_000_000,
        max_nodes: 20_000_000,
        max_depth: 128,
        max_total_scalar_bytes: MAX_BYTES * 2,
        // What anchors hold and aliases repeat: far above any real document, far below what hurts.
        max_recorded_anchor_events: 200_000,
    };
    let options = serde_saphyr::options! {
        budget: budget,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let span = match error.location() {
            Some(at) => {
                let clamp = |n: u64| u32::try_from(n.max(1)).unwrap_or(u32::MAX);
                Span::point(origin.clone(), clamp(at.line()), clamp(at.column()))
            }
            None => Span::file(origin.clone()),
        };
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let message = message.split(" at line ").next().unwrap_or(message);
        // Aliases wrap the error that they lead to, so the kind is visible in the text alone.
        let over_budget = message.contains("budget breached") || message.contains("limit exceeded");
        if over_budget {
            let what = "the document unfolds (by aliases, nesting or size) to more than is read";
            return Box::new(Diagnostic::error(DOCUMENT_OVER_BUDGET, span, what));
        }
        Box::new(Diagnostic::error(INVALID_DOCUMENT, span, format!("invalid YAML: {message}")))
    })
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Debug)]
struct Key {
    name: Box<str>,
    start: Place,
    end: Place,
}

#[derive(Debug, Default)]
struct SpanNode {
    key: Option<Key>,
    start: Place,
    end: Place,
    children: Vec<u32>,
}

/// The places of all nodes. Index 0 is the root.
#[derive(Debug)]
struct SpanTree {
    nodes: Vec<SpanNode>,
}

impl SpanTree {
    fn of(text: &str) -> Self {
        let mut tree = Self {
            nodes: vec![SpanNode {
                start: Place { line: 1, column: 1 },
                end: Place { line: 1, column: 2 },
                ..SpanNode::default()
            }],
        };
        let mut builder = SpanBuilder { tree: &mut tree, open: Vec::new(), anchors: HashMap::new() };
        for event in Parser::new_from_str(text) {
            // The text was parsed before; where the parsers disagree, the places found so far serve.
            let Ok((event, span)) = event else { break };
            let place = |line: usize, col: usize| Place {
                line: u32::try_from(line).unwrap_or(u32::MAX),
                column: u32::try_from(col + 1).unwrap_or(u32::MAX),
            };
            let start = place(span.start.line(), span.start.col());
            let end = place(span.end.line(), span.end.col());
            builder.take(&event, start, end);
        }
        tree.sort_by_key();
        tree
    }

    /// Sorts the children of mappings by key, so that one of thousands is found at once. Items of lists keep their order.
    fn sort_by_key(&mut self) {
        for index in 0..self.nodes.len() {
            let mut children = std::mem::take(&mut self.nodes[index].children);
            children.sort_by(|a, b| self.key(*a).cmp(&self.key(*b)));
            self.nodes[index].children = children;
        }
    }

    fn key(&self, node: u32) -> Option<&str> {
        self.nodes[node as usize].key.as_ref().map(|key| &*key.name)
    }

    fn nearest(&self, pointer: &Pointer) -> &SpanNode {
        let mut node = &self.nodes[0];
        for segment in pointer.segments() {
            let by_name = || {
                let found = node.children.binary_search_by(|child| self.key(*child).cmp(&Some(segment.as_str())));
                found.ok().map(|at| &node.children[at])
            };
            let by_index = || {
                segment
                    .parse::<usize>()
                    .ok()
                    .and_then(|i| node.children.get(i))
                    .filter(|c| self.nodes[**c as usize].key.is_none())
            };
            match by_name().or_else(by_index) {
                Some(child) => node = &self.nodes[*child as usize],
                None => break,
            }
        }
        node
    }
}

struct Open {
    node: u32,
    is_mapping: bool,
    key: Option<Key>,
}

struct SpanBuilder<'t> {
    tree: &'t mut SpanTree,
    open: Vec<Open>,
    anchors: HashMap<usize, u32>,
}

impl SpanBuilder<'_> {
    fn take(&mut self, event: &Event<'_>, start: Place, end: Place) {
        match event {
            Event::Scalar(text, ..) => {
                if let Some(Open { is_mapping: true, key: key @ None, .. }) = self.open.last_mut() {
                    *key = Some(Key { name: Box::from(&**text), start, end });
                } else {
                    let node = self.add(start, end);
                    self.anchor(event, node);
                }
            }
            Event::SequenceStart(..) => self.open(event, start, end, false),
            Event::MappingStart(..) => self.open(event, start, end, true),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.tree.nodes[open.node as usize].end = end;
                }
            }
            Event::Alias(id) => {
                let node = self.add(start, end);
                // The children of an alias are those of its anchor.
                if let Some(target) = self.anchors.get(id) {
                    self.tree.nodes[node as usize].children = self.tree.nodes[*target as usize].children.clone();
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, event: &Event<'_>, start: Place, end: Place, is_mapping: bool) {
        let node = self.add(start, end);
        self.anchor(event, node);
        self.open.push(Open { node, is_mapping, key: None });
    }

    fn anchor(&mut self, event: &Event<'_>, node: u32) {
        if let Some(id) = event.anchor_id() {
            self.anchors.insert(id, node);
        }
    }

    fn add(&mut self, start: Place, end: Place) -> u32 {
        let Some(parent) = self.open.last_mut() else {
            self.tree.nodes[0].start = start;
            self.tree.nodes[0].end = end;
            return 0;
        };
        let index = u32::try_from(self.tree.nodes.len()).unwrap_or(u32::MAX);
        let node = SpanNode { key: parent.key.take(), start, end, children: Vec::new() };
        self.tree.nodes.push(node);
        self.tree.nodes[parent.node as usize].children.push(index);
        index
    }
}

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

    fn yaml(text: &str) -> Document {
        Document::parse("a.yaml", text.as_bytes()).expect("the text is well-formed")
    }

    #[test]
    fn words_and_padded_numbers_stay_strings() {
        let doc = yaml("a: on\nb: yes\nc: 012\nd: 1_000\ne: true\nresponses:\n  200: ok\n");
        assert_eq!(
            *doc.value(),
            serde_json::json!({"a": "on", "b": "yes", "c": "012", "d": "1_000", "e": true, "responses": {"200": "ok"}})
        );
    }

    #[test]
    fn each_node_knows_its_place() {
        let doc = yaml("info:\n  title: Shop\nitems:\n  - sku: a\n  - sku: b\n");
        assert_eq!(doc.span(&Pointer::of(["info", "title"])).to_string(), "a.yaml:2:10");
        assert_eq!(doc.key_span(&Pointer::of(["info", "title"])).to_string(), "a.yaml:2:3");
        assert_eq!(doc.span(&Pointer::of(["items", "1", "sku"])).to_string(), "a.yaml:5:10");
        // A node that is not there: the place of its nearest ancestor.
        assert_eq!(doc.span(&Pointer::of(["info", "nothing"])).to_string(), "a.yaml:2:3");
    }

    #[test]
    fn keys_are_found_in_whatever_order_they_stand() {
        let doc = yaml("z: 1\nm: [b, a]\na: 3\n");
        assert_eq!(doc.span(&Pointer::of(["z"])).to_string(), "a.yaml:1:4");
        assert_eq!(doc.span(&Pointer::of(["a"])).to_string(), "a.yaml:3:4");
        assert_eq!(doc.span(&Pointer::of(["m", "1"])).to_string(), "a.yaml:2:8");
    }

    #[test]
    fn json_with_tabs_has_places_too() {
        let doc = Document::parse("a.json", b"{\n\t\"a\": {\"b\": [1, 2]}\n}").expect("this is JSON");
        assert_eq!(doc.span(&Pointer::of(["a", "b", "1"])).to_string(), "a.json:2:17");
    }

    #[test]
    fn children_of_an_alias_are_those_of_its_anchor() {
        let doc = yaml("base: &b\n  x: 1\nother: *b\n");
        assert_eq!(doc.value()["other"]["x"], 1);
        assert_eq!(doc.span(&Pointer::of(["other"])).to_string(), "a.yaml:3:8");
        assert_eq!(doc.span(&Pointer::of(["other", "x"])).to_string(), "a.yaml:2:6");
    }

    #[test]
    fn invalid_text_says_where() {
        let error = Document::parse("a.yaml", b"a: [1, 2\nb: 3\n").expect_err("a bracket is missing");
        assert_eq!(error.code, INVALID_DOCUMENT);
        assert!(error.span.is_some_and(|s| s.line >= 1));
        let error = Document::parse("a.json", b"{\"a\": 1,\n \"b\" 2}").expect_err("a colon is missing");
        assert_eq!(error.span.map(|s| (s.line, s.column)), Some((2, 6)));
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let list = vec![format!("*a{}", i - 1); 10].join(", ");
            text.push_str(&format!("a{i}: &a{i} [{list}]\n"));
        }
        let error = Document::parse("bomb.yaml", text.as_bytes()).expect_err("a bomb");
        assert_eq!(error.code, DOCUMENT_OVER_BUDGET);
    }

    #[test]
    fn deep_nesting_is_refused_without_a_crash() {
        let text = "[".repeat(100_000);
        assert!(Document::parse("deep.json", text.as_bytes()).is_err());
        let text = format!("a: {}", "[".repeat(100_000));
        assert!(Document::parse("deep.yaml", text.as_bytes()).is_err());
    }

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
        let a = docs.add(yaml("x: {$anchor: here, v: 1}\np: {/u: 2}\n"));
        let b = docs.add(Document::parse("b.yaml", b"y: 3\n").expect("well-formed"));
        assert_eq!(docs.resolve(a, "#/p/~1u").map(|n| docs.value(&n).cloned()), Ok(Some(2.into())));
        assert_eq!(docs.resolve(a, "b.yaml#/y").map(|n| n.document), Ok(b));
        assert_eq!(docs.resolve(a, "#here").map(|n| n.pointer.to_string()), Ok("/x".to_owned()));
        assert!(matches!(docs.resolve(a, "c.yaml"), Err(ReferenceError::UnknownDocument(_))));
        assert!(matches!(docs.resolve(a, "#/q"), Err(ReferenceError::NoSuchNode(_))));
    }
}
