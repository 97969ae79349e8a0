//! Places inside a value: JSON Pointer and JSONPath, for Selector Objects (1.1) and payload replacements.

use std::fmt;

use callboard_model::Pointer;
use serde_json::{Map, Value, json};
use serde_json_path::JsonPath;

use crate::expression::{Context, Expression, SyntaxError, Unavailable};

/// A compiled place.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// A JSON Pointer (RFC 6901).
    Pointer(Pointer),
    /// A JSONPath (RFC 9535).
    JsonPath(Query),
    /// XPath, which is not supported; `check` reports it.
    XPath,
}

impl Selector {
    /// Compiles a place of a type (`jsonpath`, `jsonpointer`, `xpath`).
    pub fn parse(kind: SelectorKind, text: &str) -> Result<Self, SyntaxError> {
        match kind {
            SelectorKind::JsonPointer => {
                let pointer = Pointer::parse(text.strip_prefix('#').unwrap_or(text));
                let error = || {
                    SyntaxError::new(0, text.chars().count(), format!("`{text}` is no JSON Pointer"))
                        .with_help(Some("a JSON Pointer begins with `/`, and `~` is written `~0`, `/` in a name `~1`".to_owned()))
                };
                pointer.map(Self::Pointer).ok_or_else(error)
            }
            SelectorKind::JsonPath => Query::parse(text).map(Self::JsonPath),
            SelectorKind::XPath => Ok(Self::XPath),
        }
    }

    /// What the place holds: `None` for a pointer that leads nowhere or a path without a match; several matches are a list.
    pub fn select(&self, value: &Value) -> Option<Value> {
        match self {
            Self::Pointer(pointer) => value.pointer(pointer.as_str()).cloned(),
            Self::JsonPath(query) => {
                let mut nodes = query.path.query(value).all();
                match nodes.len() {
                    0 => None,
                    1 => nodes.pop().cloned(),
                    _ => Some(Value::Array(nodes.into_iter().cloned().collect())),
                }
            }
            Self::XPath => None,
        }
    }
}

/// Languages of places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorKind {
    /// RFC 6901.
    JsonPointer,
    /// RFC 9535.
    JsonPath,
    /// Not supported.
    XPath,
}

impl SelectorKind {
    /// The word that files use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::JsonPointer => "jsonpointer",
            Self::JsonPath => "jsonpath",
            Self::XPath => "xpath",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::JsonPointer, Self::JsonPath, Self::XPath].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A compiled JSONPath with its text.
#[derive(Clone)]
pub struct Query {
    text: String,
    path: JsonPath,
}

impl Query {
    /// Compiles a JSONPath.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let path = JsonPath::parse(text).map_err(|error| {
            let before = text.get(..error.position()).map_or(0, |before| before.chars().count());
            let message = match error.message() {
                "parser error" => format!("`{text}` is no JSONPath: it cannot be read from here on"),
                why => format!("`{text}` is no JSONPath: {why}"),
            };
            SyntaxError::new(before, 1, message).with_help(hint(text))
        })?;
        Ok(Self { text: text.to_owned(), path })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled path.
    pub fn path(&self) -> &JsonPath {
        &self.path
    }
}

/// The usual reasons why a path of another dialect is refused.
fn hint(text: &str) -> Option<String> {
    if !text.trim_start().starts_with('$') {
        return Some(format!("a JSONPath begins with `$`, such as `$.{}`", text.trim_start_matches(['.', '/'])));
    }
    let says = |part: &str| text.contains(part);
    if says(".length") {
        Some("RFC 9535 writes `length(@.x)` instead of `@.x.length`".to_owned())
    } else if says("=~") {
        Some("RFC 9535 writes `match(@.x, 'pattern')` or `search(@.x, 'pattern')` instead of `=~`".to_owned())
    } else if says("[?") && says(" = ") {
        Some("equality is written `==`".to_owned())
    } else {
        None
    }
}

impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({})", self.text)
    }
}

/// A Selector Object (1.1): a place inside the value of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectorObject {
    /// `context`.
    pub context: Expression,
    /// `selector` as it stands there.
    pub text: String,
    /// `selector`, compiled.
    pub selector: Selector,
    /// `type` as it stands there: a word, or an object with a version.
    pub kind: Value,
}

impl SelectorObject {
    /// Whether an object is a selector: it has `context`, `selector` and `type` and nothing else.
    pub fn is_one(fields: &Map<String, Value>) -> bool {
        fields.len() == 3 && ["context", "selector", "type"].iter().all(|key| fields.contains_key(*key))
    }

    /// Compiles a selector; a mistake comes with the name of its field.
    pub fn from_fields(fields: &Map<String, Value>) -> Result<Self, (&'static str, SyntaxError)> {
        let text = |key: &'static str| {
            fields[key].as_str().ok_or_else(|| (key, SyntaxError::new(0, 1, format!("`{key}` must be a string"))))
        };
        let context = Expression::parse(text("context")?).map_err(|error| ("context", error))?;
        let kind = selector_kind(&fields["type"]).map_err(|error| ("type", error))?;
        let selector_text = text("selector")?;
        let selector = Selector::parse(kind, selector_text).map_err(|error| ("selector", error))?;
        Ok(Self { context, text: selector_text.to_owned(), selector, kind: fields["type"].clone() })
    }

    /// What the place holds; an error when there is no such place.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value, Unavailable> {
        let value = self.context.require(context)?;
        let nothing = || Unavailable::new(&self.context, format!("`{}` selects nothing in it", self.text));
        self.selector.select(&value).ok_or_else(nothing)
    }

    /// The object as it stands in a file.
    pub fn to_value(&self) -> Value {
        json!({"context": self.context.text(), "selector": self.text, "type": self.kind})
    }
}

/// Reads `type`: a word, or an Expression Type Object.
pub fn selector_kind(value: &Value) -> Result<SelectorKind, SyntaxError> {
    let word = value.as_str().or_else(|| value.get("type").and_then(Value::as_str));
    let known = ["jsonpath", "jsonpointer", "xpath"];
    let Some(word) = word else {
        return Err(SyntaxError::new(0, 1, "a selector type is `jsonpath`, `jsonpointer` or `xpath`"));
    };
    SelectorKind::parse(word).ok_or_else(|| {
        let help = callboard_model::suggest::did_you_mean_or_list(word, known);
        SyntaxError::new(0, word.chars().count(), format!("`{word}` is no selector type")).with_help(help)
    })
}
