//! Where the nodes of a document stand, in bytes, and where they really end: a block ends with its last scalar, not with the comments
//! and blank lines behind it.

use std::ops::Range;

use callboard_model::{Document, Pointer, Span};
use serde_json::Value;

/// A document with its lines.
pub(super) struct Layout<'d> {
    document: &'d Document,
    /// The byte at which each line begins.
    lines: Vec<usize>,
}

impl<'d> Layout<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        let breaks = document.text().bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { document, lines: std::iter::once(0).chain(breaks).collect() }
    }

    pub(super) fn text(&self) -> &'d str {
        self.document.text()
    }

    pub(super) fn value(&self, at: &Pointer) -> Option<&'d Value> {
        self.document.at(at)
    }

    /// The line break of the text.
    pub(super) fn line_break(&self) -> &'static str {
        if self.text().contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// Whether the text is JSON rather than YAML.
    pub(super) fn is_json(&self) -> bool {
        self.text().trim_start().starts_with(['{', '['])
    }

    /// The text with a part replaced.
    pub(super) fn replaced(&self, range: Range<usize>, by: &str) -> String {
        let text = self.text();
        format!("{}{by}{}", &text[..range.start], &text[range.end..])
    }

    /// The bytes of a value, as the parser has them.
    pub(super) fn range(&self, at: &Pointer) -> Range<usize> {
        self.bytes(&self.document.span(at))
    }

    /// The bytes of a key.
    pub(super) fn key(&self, at: &Pointer) -> Range<usize> {
        self.bytes(&self.document.key_span(at))
    }

    /// Where a member begins (its key), or an item (its value).
    pub(super) fn start(&self, at: &Pointer) -> usize {
        if self.is_member(at) { self.key(at).start } else { self.range(at).start }
    }

    /// Whether the node is a member of an object.
    pub(super) fn is_member(&self, at: &Pointer) -> bool {
        at.parent().and_then(|parent| self.value(&parent)).is_some_and(Value::is_object)
    }

    /// Whether a collection is written in brackets.
    pub(super) fn is_flow(&self, at: &Pointer) -> bool {
        self.text()[self.range(at).start..].starts_with(['{', '['])
    }

    /// The children of a collection in the order of the text.
    pub(super) fn children(&self, at: &Pointer) -> Vec<Pointer> {
        let mut children: Vec<Pointer> = match self.value(at) {
            Some(Value::Object(fields)) => fields.keys().map(|key| at.join(key)).collect(),
            Some(Value::Array(items)) => (0..items.len()).map(|index| at.join(index.to_string())).collect(),
            _ => Vec::new(),
        };
        children.sort_by_key(|child| self.start(child));
        children
    }

    /// Where a node ends: behind its last scalar or closing bracket.
    pub(super) fn end(&self, at: &Pointer) -> usize {
        let range = self.range(at);
        let is_block = matches!(self.value(at), Some(Value::Object(_) | Value::Array(_))) && !self.is_flow(at);
        let last = if is_block { self.children(at).iter().map(|child| self.end(child)).max() } else { None };
        let end = last.unwrap_or_else(|| range.start + self.text()[range].trim_end().len());
        // A member without a value ends with its key.
        if self.is_member(at) { end.max(self.key(at).end) } else { end }
    }

    /// The end of the line that a byte stands in, without its line break.
    pub(super) fn end_of_line(&self, byte: usize) -> usize {
        let rest = &self.text()[byte..];
        let line = rest.find('\n').map_or(rest, |at| &rest[..at]);
        byte + line.trim_end_matches('\r').len()
    }

    /// The start of the line that a byte stands in.
    pub(super) fn start_of_line(&self, byte: usize) -> usize {
        let line = self.lines.partition_point(|start| *start <= byte);
        self.lines[line.saturating_sub(1)]
    }

    /// What stands before a byte in its line.
    pub(super) fn before(&self, byte: usize) -> &'d str {
        &self.text()[self.start_of_line(byte)..byte]
    }

    fn bytes(&self, span: &Span) -> Range<usize> {
        let start = self.byte(span.line, span.column);
        start..self.byte(span.end_line, span.end_column).max(start)
    }

    /// The byte of a line and a column, both counted from 1, the column in characters.
    fn byte(&self, line: u32, column: u32) -> usize {
        let text = self.text();
        let Some(start) = self.lines.get((line as usize).saturating_sub(1)) else {
            return text.len();
        };
        let rest = &text[*start..];
        rest.char_indices().nth((column as usize).saturating_sub(1)).map_or(text.len(), |(at, _)| start + at)
    }
}
