//! Values that may hold expressions: compiled once from the tree of the file, evaluated per request without parsing.

use std::borrow::Cow;

use callboard_model::suggest::nearest;
use callboard_model::{Code, Pointer};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::ast::Version;
use crate::codes;
use crate::expression::{Context, Expression, ROOTS, SyntaxError, Unavailable, looks_like_expression};
use crate::selector::{Selector, SelectorKind, SelectorObject, selector_kind};

/// A value with expressions in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Template {
    /// No expression in it.
    Literal(Value),
    /// A string that is one expression as a whole: its value keeps its type.
    Expression(Expression),
    /// A string with expressions in braces: becomes a string.
    Text(Text),
    /// A Selector Object (1.1).
    Selector(Box<SelectorObject>),
    /// A list with expressions in it.
    Array(Vec<Template>),
    /// An object with expressions in it.
    Object(IndexMap<String, Template>),
}

/// A mistake in a template, with the place of the scalar that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    /// The scalar, seen from the template.
    pub at: Pointer,
    /// Which kind of mistake.
    pub code: Code,
    /// The mistake in it.
    pub error: SyntaxError,
}

impl Template {
    /// Compiles a string: an expression, a text with expressions in braces, or a plain text.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        if looks_like_expression(text) {
            return Expression::parse(text).map(Self::Expression);
        }
        refuse_near_miss(text)?;
        let text = Text::parse(text)?;
        Ok(if text.is_plain() { Self::Literal(Value::String(text.source())) } else { Self::Text(text) })
    }

    /// Compiles a tree. Every mistake is reported; a scalar that holds one stays as it is.
    pub fn compile(value: &Value, version: Version) -> (Self, Vec<TemplateError>) {
        let mut errors = Vec::new();
        let template = compile(value, version, &Pointer::root(), &mut errors);
        (template, errors)
    }

    /// A text that is taken as it is, even when it looks like an expression.
    pub fn literal(value: impl Into<Value>) -> Self {
        Self::Literal(value.into())
    }

    /// The value; an error when an expression has none.
    pub fn evaluate(&self, context: &dyn Context) -> Result<Value, Unavailable> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Expression(expression) => expression.require(context),
            Self::Text(text) => text.evaluate(context).map(Value::String),
            Self::Selector(selector) => selector.evaluate(context),
            Self::Array(items) => items.iter().map(|item| item.evaluate(context)).collect::<Result<_, _>>().map(Value::Array),
            Self::Object(fields) => {
                let field = |(name, value): (&String, &Template)| Ok((name.clone(), value.evaluate(context)?));
                fields.iter().map(field).collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
        }
    }

    /// The literal value, when there is no expression in it.
    pub fn as_literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The tree as it stands in a file.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Literal(value) => value.clone(),
            Self::Expression(expression) => Value::String(expression.text().to_owned()),
            Self::Text(text) => Value::String(text.source()),
            Self::Selector(selector) => selector.to_value(),
            Self::Array(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Self::Object(fields) => Value::Object(fields.iter().map(|(k, v)| (k.clone(), v.to_value())).collect()),
        }
    }

    /// All expressions with the place of their scalar (seen from the template) and their offset in it, in order.
    pub fn expressions(&self) -> Vec<Occurrence<'_>> {
        let mut found = Vec::new();
        self.collect(&Pointer::root(), &mut found);
        found
    }

    /// The place of a Selector Object that uses XPath, if there is one.
    pub(crate) fn uses_xpath(&self) -> Option<Pointer> {
        match self {
            Self::Selector(selector) => (selector.selector == Selector::XPath).then(Pointer::root),
            Self::Array(items) => {
                items.iter().enumerate().find_map(|(i, item)| Some(Pointer::of([i.to_string()]).concat(&item.uses_xpath()?)))
            }
            Self::Object(fields) => {
                fields.iter().find_map(|(name, field)| Some(Pointer::of([name]).concat(&field.uses_xpath()?)))
            }
            _ => None,
        }
    }

    fn collect<'t>(&'t self, at: &Pointer, found: &mut Vec<Occurrence<'t>>) {
        match self {
            Self::Literal(_) => {}
            Self::Expression(expression) => found.push(Occurrence { at: at.clone(), offset: 0, expression }),
            Self::Text(text) => {
                found.extend(text.expressions().map(|(offset, expression)| Occurrence { at: at.clone(), offset, expression }));
            }
            Self::Selector(selector) => {
                found.push(Occurrence { at: at.join("context"), offset: 0, expression: &selector.context });
            }
            Self::Array(items) => items.iter().enumerate().for_each(|(i, item)| item.collect(&at.join(i.to_string()), found)),
            Self::Object(fields) => fields.iter().for_each(|(name, field)| field.collect(&at.join(name), found)),
        }
    }
}

/// An expression at its place.
#[derive(Clone, Debug)]
pub struct Occurrence<'t> {
    /// The scalar.
    pub at: Pointer,
    /// How many characters of the scalar stand before it.
    pub offset: usize,
    /// The expression.
    pub expression: &'t Expression,
}

fn compile(value: &Value, version: Version, at: &Pointer, errors: &mut Vec<TemplateError>) -> Template {
    match value {
        Value::String(text) => Template::parse(text).unwrap_or_else(|error| {
            errors.push(TemplateError { at: at.clone(), code: codes::BAD_EXPRESSION, error });
            Template::Literal(value.clone())
        }),
        Value::Array(items) => {
            let compiled: Vec<_> =
                items.iter().enumerate().map(|(i, item)| compile(item, version, &at.join(i.to_string()), errors)).collect();
            if compiled.iter().all(is_literal) { Template::Literal(value.clone()) } else { Template::Array(compiled) }
        }
        Value::Object(fields) if version >= Version::V1_1 && SelectorObject::is_one(fields) => {
            match SelectorObject::from_fields(fields) {
                Ok(selector) => Template::Selector(Box::new(selector)),
                Err((field, error)) => {
                    errors.push(TemplateError { at: at.join(field), code: selector_code(field, fields), error });
                    Template::Literal(value.clone())
                }
            }
        }
        Value::Object(fields) => {
            let compiled: IndexMap<_, _> =
                fields.iter().map(|(name, field)| (name.clone(), compile(field, version, &at.join(name), errors))).collect();
            if compiled.values().all(is_literal) { Template::Literal(value.clone()) } else { Template::Object(compiled) }
        }
        other => Template::Literal(other.clone()),
    }
}

fn selector_code(field: &str, fields: &Map<String, Value>) -> Code {
    match (field, fields.get("type").map(selector_kind)) {
        ("selector", Some(Ok(SelectorKind::JsonPointer))) => codes::BAD_POINTER,
        ("selector", _) => codes::BAD_JSONPATH,
        ("type", _) => codes::INVALID_VALUE,
        _ => codes::BAD_EXPRESSION,
    }
}

fn is_literal(template: &Template) -> bool {
    matches!(template, Template::Literal(_))
}

/// `$input.name` is text by the grammar, and most certainly meant as `$inputs.name`.
fn refuse_near_miss(text: &str) -> Result<(), SyntaxError> {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '$' | '_')).collect();
    if !word.starts_with('$') || !text[word.len()..].starts_with(['.', '#']) || word.len() < 2 {
        return Ok(());
    }
    match nearest(&word, ROOTS) {
        Some(root) => {
            let error = SyntaxError::new(0, word.chars().count(), format!("`{word}` is no expression"));
            Err(error.with_help(Some(format!("did you mean `{root}`?"))))
        }
        None => Ok(()),
    }
}

/// A text with expressions in braces (`/users/{$inputs.name}`).
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Plain(String),
    Expression(Expression),
}

impl Text {
    /// Compiles a text. Only `{$` begins an expression; any other brace is text.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("{$") {
            let offset = text[..text.len() - rest.len() + start].chars().count();
            let inside = &rest[start + 1..];
            let Some(end) = inside.find('}') else {
                return Err(SyntaxError::new(offset, 1, "this brace is never closed")
                    .with_help(Some("an expression inside a text stands in braces, such as `{$inputs.name}`".to_owned())));
            };
            let expression = Expression::parse(&inside[..end]).map_err(|error| error.shifted(offset + 1))?;
            if start > 0 {
                parts.push(Part::Plain(rest[..start].to_owned()));
            }
            parts.push(Part::Expression(expression));
            rest = &inside[end + 1..];
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Plain(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// Whether no expression is in it.
    pub fn is_plain(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, Part::Plain(_)))
    }

    /// The text as it was written.
    pub fn source(&self) -> String {
        let mut source = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(text) => source.push_str(text),
                Part::Expression(expression) => {
                    source.push('{');
                    source.push_str(expression.text());
                    source.push('}');
                }
            }
        }
        source
    }

    /// The text with the value of each expression in its place.
    pub fn evaluate(&self, context: &dyn Context) -> Result<String, Unavailable> {
        self.evaluate_quoted(context, str::to_owned)
    }

    /// The text as a regular expression: values stand for themselves in it (`a.b` matches no `axb`), unless it is one value as a whole.
    pub fn evaluate_pattern(&self, context: &dyn Context) -> Result<String, Unavailable> {
        let is_value = matches!(self.parts[..], [Part::Expression(_)]);
        self.evaluate_quoted(context, if is_value { str::to_owned } else { regex::escape })
    }

    fn evaluate_quoted(&self, context: &dyn Context, quote: fn(&str) -> String) -> Result<String, Unavailable> {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Plain(text) => out.push_str(text),
                Part::Expression(expression) => {
                    let value = expression.evaluate(context)?;
                    let value = value.ok_or_else(|| Unavailable::new(expression, "there is no such value"))?;
                    out.push_str(&quote(&embedded(&value)));
                }
            }
        }
        Ok(out)
    }

    /// The expressions with the number of characters before each one's `$`.
    pub fn expressions(&self) -> impl Iterator<Item = (usize, &Expression)> {
        let mut offset = 0;
        self.parts.iter().filter_map(move |part| match part {
            Part::Plain(text) => {
                offset += text.chars().count();
                None
            }
            Part::Expression(expression) => {
                let at = offset + 1;
                offset += expression.text().chars().count() + 2;
                Some((at, expression))
            }
        })
    }
}

/// A value as it stands inside a text: scalars in their plain form, structures as JSON.
pub fn embedded(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Values;

    fn evaluate(text: &str) -> Value {
        let values = Values::default().input("name", "ada").input("n", 3).input("list", serde_json::json!([1, "a"]));
        Template::parse(text).expect("the template is well-formed").evaluate(&values).expect("all values are there")
    }

    #[test]
    fn a_whole_expression_keeps_its_type_and_an_embedded_one_becomes_text() {
        assert_eq!(evaluate("$inputs.n"), 3);
        assert_eq!(evaluate("n={$inputs.n}, {$inputs.list}"), "n=3, [1,\"a\"]");
        assert_eq!(evaluate("{$inputs.n}"), "3");
        assert_eq!(evaluate("{\"a\": {$inputs.n}}"), "{\"a\": 3}");
    }

    #[test]
    fn money_and_references_are_text_but_a_slip_is_not() {
        assert_eq!(evaluate("$100"), "$100");
        assert_eq!(evaluate("$ref"), "$ref");
        assert_eq!(evaluate("$self-service, $url"), "$self-service, $url");
        let error = Template::parse("$input.name").expect_err("a slip");
        assert_eq!(error.help.as_deref(), Some("did you mean `$inputs`?"));
    }

    #[test]
    fn a_mistake_inside_a_text_has_its_column() {
        let error = Template::parse("/users/{$inputs.}").expect_err("a name is missing");
        assert_eq!(error.offset, 16);
        let error = Template::parse("é{$inputs.name").expect_err("a brace is missing");
        assert_eq!(error.offset, 1);
    }

    #[test]
    fn every_mistake_of_a_tree_is_found_at_its_place() {
        let (_, errors) = Template::compile(&serde_json::json!({"a": ["$inputs."], "b": "{$nope.x}"}), Version::V1_0);
        let places: Vec<_> = errors.iter().map(|e| e.at.to_string()).collect();
        assert_eq!(places, ["/a/0", "/b"]);
    }
}
