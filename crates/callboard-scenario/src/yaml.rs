//! A small YAML writer: block style, two spaces, comments, and quotes wherever a plain scalar could be read as something else.

use serde_json::{Map, Value};

/// A tree to write: values with `#` comments before some items.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// A plain value.
    Value(Value),
    /// Keys in order.
    Map(Vec<(String, Node)>),
    /// Items, each with an optional comment before it.
    List(Vec<(Option<String>, Node)>),
}

impl Node {
    /// A list without comments.
    pub(crate) fn list(items: impl IntoIterator<Item = Node>) -> Self {
        Self::List(items.into_iter().map(|item| (None, item)).collect())
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Object(map) if !map.is_empty() => Self::from(map),
            Value::Array(items) if !items.is_empty() => Self::list(items.iter().map(Self::of)),
            other => Self::Value(other.clone()),
        }
    }
}

impl From<&Map<String, Value>> for Node {
    fn from(map: &Map<String, Value>) -> Self {
        Self::Map(map.iter().map(|(key, value)| (key.clone(), Self::of(value))).collect())
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        Self::of(value)
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::Value(Value::String(text.to_owned()))
    }
}

/// The text of a tree.
pub(crate) fn to_text(comment: Option<&str>, node: &Node) -> String {
    let mut out = String::new();
    write_comment(&mut out, comment, 0);
    block(&mut out, node, 0);
    out
}

/// A comment as lines; nothing for none.
pub(crate) fn comment(text: Option<&str>) -> String {
    let mut out = String::new();
    write_comment(&mut out, text, 0);
    out
}

/// A tree on one line, in brackets.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => flow_scalar(text),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(key, value)| format!("{}: {}", flow_scalar(key), flow(value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// A string inside brackets, where more marks mean something.
fn flow_scalar(text: &str) -> String {
    let written = scalar(text);
    if written == text && text.contains([',', '[', ']', '{', '}']) { single_quoted(text) } else { written }
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn write_comment(out: &mut String, comment: Option<&str>, level: usize) {
    for line in comment.into_iter().flat_map(str::lines) {
        indent(out, level);
        out.push('#');
        // Control characters would end the comment for a reader of YAML.
        let clean: String = line.trim_end().chars().filter(|c| !c.is_control() && !is_line_break(*c)).collect();
        if !clean.is_empty() {
            out.push(' ');
            out.push_str(&clean);
        }
        out.push('\n');
    }
}

/// Writes a node whose lines all begin at a level.
fn block(out: &mut String, node: &Node, level: usize) {
    match node {
        Node::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                indent(out, level);
                entry(out, key, value, level);
            }
        }
        Node::List(items) if !items.is_empty() => {
            for (comment, item) in items {
                write_comment(out, comment.as_deref(), level);
                indent(out, level);
                list_item(out, item, level);
            }
        }
        other => {
            indent(out, level);
            inline(out, other);
            out.push('\n');
        }
    }
}

fn entry(out: &mut String, key: &str, value: &Node, level: usize) {
    out.push_str(&scalar(key));
    out.push(':');
    match value {
        Node::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            block(out, value, level + 1);
        }
        Node::List(items) if !items.is_empty() => {
            out.push('\n');
            block(out, value, level + 1);
        }
        Node::Value(Value::String(text)) if is_paragraph(text) => literal_block(out, text, level + 1),
        other => {
            out.push(' ');
            inline(out, other);
            out.push('\n');
        }
    }
}

/// `- ` and the item; the first entry of a map stands on the same line.
fn list_item(out: &mut String, item: &Node, level: usize) {
    out.push_str("- ");
    match item {
        Node::Map(entries) if !entries.is_empty() => {
            for (i, (key, value)) in entries.iter().enumerate() {
                if i > 0 {
                    indent(out, level + 1);
                }
                entry(out, key, value, level + 1);
            }
        }
        Node::List(items) if !items.is_empty() => {
            for (i, (_, nested)) in items.iter().enumerate() {
                if i > 0 {
                    indent(out, level + 1);
                }
                list_item(out, nested, level + 1);
            }
        }
        other => {
            inline(out, other);
            out.push('\n');
        }
    }
}

fn inline(out: &mut String, node: &Node) {
    match node {
        Node::Value(Value::String(text)) => out.push_str(&scalar(text)),
        Node::Value(value) => out.push_str(&value.to_string()),
        Node::Map(_) => out.push_str("{}"),
        Node::List(_) => out.push_str("[]"),
    }
}

/// Whether a text reads best as a literal block (`|`), and can be one.
fn is_paragraph(text: &str) -> bool {
    let plain =
        |line: &str| !line.ends_with(' ') && !line.chars().any(|c| (c.is_control()) || is_line_break(c) || c == '\u{feff}');
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n') && !body.starts_with([' ', '\n']) && !body.ends_with('\n') && body.split('\n').all(plain)
}

fn literal_block(out: &mut String, text: &str, level: usize) {
    let (body, header) = match text.strip_suffix('\n') {
        Some(body) => (body, " |\n"),
        None => (text, " |-\n"),
    };
    out.push_str(header);
    for line in body.split('\n') {
        if !line.is_empty() {
            indent(out, level);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// A string as a scalar: plain where that is certain to be read back as the same string, in quotes otherwise.
pub(crate) fn scalar(text: &str) -> String {
    if is_plain(text) || is_version(text) {
        text.to_owned()
    } else if text.chars().all(|c| !c.is_control() && !is_line_break(c) && c != '\u{feff}') {
        single_quoted(text)
    } else {
        double_quoted(text)
    }
}

/// A string in single quotes; only for one without line breaks.
pub(crate) fn single_quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| {
        c.is_ascii_alphanumeric() || " _-./$@()+=<>!;~^%?[]{}'\",&*|\\`#:".contains(c) || (c > '\u{a0}' && c.is_alphabetic())
    };
    let starts_safe = |c: char| c.is_alphabetic() || matches!(c, '$' | '/' | '_' | '.' | '(' | '^');
    let reads_as_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", ".nan", ".inf"]
        .iter()
        .any(|w| text.eq_ignore_ascii_case(w));
    let has_mark = text.contains(": ") || text.contains(" #") || text.ends_with(':') || text.contains(":\u{a0}");
    let is_padded = text.starts_with(' ') || text.ends_with(' ');
    text.starts_with(starts_safe) && text.chars().all(is_safe) && !reads_as_word && !has_mark && !is_padded && !is_numeric(text)
}

/// Texts such as `.5` or `1e3` that some readers take for numbers.
fn is_numeric(text: &str) -> bool {
    text.starts_with('.') && text[1..].starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+' || c.is_alphabetic())
}

/// `1.0.1`: three numbers are no number.
fn is_version(text: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.len() < 6 && part.chars().all(|c| c.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(is_number)
}

fn is_line_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || is_line_break(c) || c == '\u{feff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_model::Document;
    use proptest::prelude::*;

    fn round_trip(value: &Value) -> String {
        let text = to_text(None, &Node::from(value));
        let document = Document::parse("a.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(document.value(), value, "\n{text}");
        text
    }

    #[test]
    fn what_could_be_read_as_something_else_is_quoted() {
        let value = serde_json::json!({
            "a": "yes", "b": "012", "c": "1.5", "d": "null", "e": "- x", "f": "a: b", "g": "x #y", "h": "", "i": " pad ",
            "j": "{$inputs.a}", "k": "$response.body#/id", "l": "two\nlines\n", "m": "two\nlines", "n": "tab\there", "o": "it's",
            "p": [], "q": {}, "r": [[1, [2]], []], "s": "*", "t": "&a", "u": "%x", "v": "@x", "w": "true", "x": ":", "y": "~", "z": "1_000",
        });
        let text = round_trip(&value);
        assert!(text.contains("k: $response.body#/id\n"), "{text}");
        assert!(text.contains("l: |\n  two\n  lines\n"), "{text}");
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
            "[ -~\n]{0,12}".prop_map(Value::from),
            "[-+.0-9eE_xo:]{1,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[ -~]{0,6}", inner), 0..4).prop_map(|e| Value::Object(e.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_tree_comes_back(value in prop::collection::vec(("[a-z]{1,4}", values()), 1..4)) {
            round_trip(&Value::Object(value.into_iter().collect()));
        }
    }
}
