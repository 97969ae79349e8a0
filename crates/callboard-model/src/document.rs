//! Text documents as trees: JSON and YAML parsed under a budget, with the place of each node on demand.
//!
//! The tree keeps every keyword as it stands. Places are found when a diagnostic asks for the first one: most documents never need
//! them, and a table of spans costs more than the tree itself.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use self::spans::{Place, SpanTree};
use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use crate::pointer::Pointer;

mod json;
mod references;
mod spans;

pub use self::references::{Dialect, DocumentId, Documents, NodeRef, ReferenceError, join_reference};

/// Larger texts are refused: 64 MiB. The largest published definition that we know has 47 MB.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A document that cannot be read as JSON or YAML.
pub const INVALID_DOCUMENT: Code = Code("invalid-document");
/// A document over [`MAX_BYTES`], or one whose aliases or nesting would fill the memory.
pub const DOCUMENT_OVER_BUDGET: Code = Code("document-over-budget");

/// A member of an object that stands there twice (JSON; in YAML that cannot be read at all).
pub const DUPLICATE_KEY: Code = Code("duplicate-key");

/// One parsed text.
pub struct Document {
    origin: Arc<str>,
    text: Arc<str>,
    value: Value,
    /// Members that stand twice: of JSON only, since YAML with them is refused.
    duplicates: Vec<Pointer>,
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
        let (value, duplicates) = parse_value(&origin, text)?;
        Ok(Self { origin, text: Arc::from(text), value, duplicates, spans: OnceLock::new() })
    }

    /// A document that stands in no file, such as schemas that were put together while reading.
    pub fn synthetic(origin: impl Into<Arc<str>>, value: Value) -> Self {
        Self { origin: origin.into(), text: Arc::from(""), value, duplicates: Vec::new(), spans: OnceLock::new() }
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

    /// A report for each member that stands twice, at its last place: the value there is the one that counts.
    pub fn duplicates(&self, severity: Severity) -> Vec<Diagnostic> {
        let report = |pointer: &Pointer| {
            let key = self.spans().last_key(pointer);
            let span = key.map_or_else(|| self.key_span(pointer), |(start, end)| self.to_span(start, end));
            let message =
                format!("`{}` stands twice in this object, and only the last one counts", pointer.last().unwrap_or_default());
            Diagnostic { severity, ..Diagnostic::error(DUPLICATE_KEY, span, message) }.with_help("remove one of them")
        };
        self.duplicates.iter().map(report).collect()
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

fn parse_value(origin: &Arc<str>, text: &str) -> Result<(Value, Vec<Pointer>), Box<Diagnostic>> {
    let looks_like_json = text.trim_start().starts_with(['{', '[']);
    let json_error = if looks_like_json {
        match json::parse(text) {
            Ok(parsed) => return Ok(parsed),
            Err(error) => Some(error),
        }
    } else {
        None
    };
    // Text in braces that is no JSON may still be a YAML flow mapping; when it is neither, the JSON error is the one to show.
    match (parse_yaml(origin, text), json_error) {
        (Ok(value), _) => Ok((value, Vec::new())),
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
    fn a_member_that_stands_twice_is_reported_at_its_last_place() {
        let doc = Document::parse("a.json", b"{\"a\": 1,\n \"b\": {\"a\": 2},\n \"a\": 3}").expect("this is JSON");
        let found: Vec<String> = doc.duplicates(Severity::Warning).iter().map(ToString::to_string).collect();
        let expected = "a.json:3:2: warning[duplicate-key]: `a` stands twice in this object, and only the last one counts (help: remove one of them)";
        assert_eq!(found, [expected]);
        assert_eq!(doc.value()["a"], 3);
        assert!(Document::parse("a.yaml", b"a: 1\na: 2\n").is_err());
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
}
