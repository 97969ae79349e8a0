//! Criteria: conditions on what a step learned, compiled once, with an outcome that says what was there instead.
//!
//! Decisions where the specification is silent or at odds with itself:
//! - A place that does not exist counts as `null` in `==` (`$response.body#/nope == null` holds). What would hold only because a place
//!   is not there cannot be evaluated: `!=` between it and anything but `null`, `==` between two of them, a negation (`!`) of it or of
//!   a comparison with it, and such a comparison as an operand (`($response.body#/nope == 'x') == false`). Most likely the place is
//!   misspelled, and that must not turn a check green. Nor must a place in something that has none, such as a text.
//! - `!= null` is the opposite of `== null`, as the specification's own example needs.
//! - A condition that is neither true, false nor `null` (a bare number, say) cannot be evaluated. `null` does not hold.
//! - `regex` searches (no anchors are added) in the text of the context: scalars in their plain form, structures as JSON. A value put
//!   into a pattern stands for itself; only a pattern that is one expression as a whole is taken from its value.
//! - `jsonpath` holds when at least one node is selected. By RFC 9535 a filter right behind `$` tests the *children* of the root, so
//!   `$[?count(@.pets) > 0]` does not hold for `{"pets": […]}`; write `$.pets[*]`.
//! - The draft dialect of JSONPath is read as RFC 9535. XPath is not supported.

use std::fmt;

pub use crate::evaluate::shown;
use callboard_model::Pointer;
use regex::Regex;
use serde_json::{Map, Value};

use crate::condition::Condition;
use crate::expression::{Context, Expression, SyntaxError, Unavailable};
use crate::selector::Query;
use crate::template::Text;

/// A Criterion Object, compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// `condition` as it stands there.
    pub condition: String,
    /// `context`.
    pub context: Option<Expression>,
    /// `type` as it stands there: a word or an Expression Type Object; absent means `simple`.
    pub kind: Option<Value>,
    /// The condition, compiled.
    pub test: Test,
    /// `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

/// A compiled condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// `simple`.
    Simple(Condition),
    /// `regex` without expressions in it.
    Regex(Pattern),
    /// `regex` with expressions in it: compiled when they have values.
    DynamicRegex(Text),
    /// `jsonpath` without expressions in it.
    JsonPath(Query),
    /// `jsonpath` with expressions in it.
    DynamicJsonPath(Text),
    /// A mistake, or a type that is not supported; never holds.
    Unusable(String),
}

/// A compiled regular expression, equal to another one with the same text.
#[derive(Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// The compiled pattern.
    pub fn regex(&self) -> &Regex {
        &self.0
    }

    /// Compiles a pattern.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Regex::new(text).map(Self).map_err(|error| pattern_error(text, &error))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({})", self.0.as_str())
    }
}

fn pattern_error(text: &str, error: &regex::Error) -> SyntaxError {
    let (span, why) = match regex_syntax::parse(text) {
        Err(regex_syntax::Error::Parse(error)) => (Some(*error.span()), error.kind().to_string()),
        Err(regex_syntax::Error::Translate(error)) => (Some(*error.span()), error.kind().to_string()),
        _ => (None, error.to_string().lines().last().unwrap_or_default().to_owned()),
    };
    let characters = |end: usize| text.get(..end).map_or(0, |before| before.chars().count());
    let (start, end) =
        span.map_or((0, text.chars().count()), |span| (characters(span.start.offset), characters(span.end.offset)));
    let looks_around = ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|part| text.contains(part));
    let help = looks_around.then(|| "look-around is not supported; use two criteria instead".to_owned());
    SyntaxError::new(start, end.saturating_sub(start), format!("`{text}` is no regular expression: {why}")).with_help(help)
}

/// Whether a criterion holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails {
        /// What was expected, such as `201` or `< 5`.
        expected: String,
        /// What was there, such as `404`.
        actual: String,
    },
    /// It could not be evaluated, which counts as a failure and is reported as such.
    Unevaluable {
        /// Why.
        why: String,
    },
}

impl Outcome {
    /// Whether it holds.
    pub fn holds(&self) -> bool {
        *self == Self::Holds
    }
}

impl From<Unavailable> for Outcome {
    fn from(unavailable: Unavailable) -> Self {
        Self::Unevaluable { why: unavailable.to_string() }
    }
}

impl Criterion {
    /// A `simple` criterion.
    pub fn simple(condition: impl Into<String>) -> Result<Self, SyntaxError> {
        let condition = condition.into();
        let test = Test::Simple(Condition::parse(&condition)?);
        Ok(Self { condition, context: None, kind: None, test, extensions: Map::new(), pointer: Pointer::root() })
    }

    /// A `regex` criterion on the value of an expression.
    pub fn regex(context: &str, condition: impl Into<String>) -> Result<Self, SyntaxError> {
        Self::typed("regex", context, condition.into(), regex_test)
    }

    /// A `jsonpath` criterion on the value of an expression.
    pub fn jsonpath(context: &str, condition: impl Into<String>) -> Result<Self, SyntaxError> {
        Self::typed("jsonpath", context, condition.into(), jsonpath_test)
    }

    fn typed(
        kind: &str,
        context: &str,
        condition: String,
        test: fn(&str) -> Result<Test, SyntaxError>,
    ) -> Result<Self, SyntaxError> {
        let context = Some(Expression::parse(context)?);
        let test = test(&condition)?;
        let kind = Some(Value::String(kind.to_owned()));
        Ok(Self { condition, context, kind, test, extensions: Map::new(), pointer: Pointer::root() })
    }

    /// Whether it holds.
    pub fn evaluate(&self, context: &dyn Context) -> Outcome {
        crate::evaluate::criterion(self, context)
    }

    /// The expressions in it: the name of the field, the number of characters before each one, where that is known, and the expression.
    pub fn expressions(&self) -> Vec<(&'static str, usize, &Expression)> {
        let mut found: Vec<_> = self.context.iter().map(|context| ("context", 0, context)).collect();
        match &self.test {
            Test::Simple(condition) => found.extend(self.placed(condition)),
            Test::DynamicRegex(text) | Test::DynamicJsonPath(text) => {
                found.extend(text.expressions().map(|(offset, expression)| ("condition", offset, expression)));
            }
            Test::Regex(_) | Test::JsonPath(_) | Test::Unusable(_) => {}
        }
        found
    }

    /// The expressions of a simple condition at their places: they stand in the text in the order of the tree.
    fn placed<'c>(&self, condition: &'c Condition) -> Vec<(&'static str, usize, &'c Expression)> {
        let mut from = 0;
        let place = |expression: &'c Expression| {
            let at = self.condition[from..].find(expression.text()).map_or(from, |at| from + at);
            from = at + expression.text().len();
            ("condition", self.condition[..at].chars().count(), expression)
        };
        condition.expressions().into_iter().map(place).collect()
    }
}

/// Compiles a `regex` condition.
pub(crate) fn regex_test(condition: &str) -> Result<Test, SyntaxError> {
    let text = Text::parse(condition)?;
    if text.is_plain() { Pattern::parse(condition).map(Test::Regex) } else { Ok(Test::DynamicRegex(text)) }
}

/// Compiles a `jsonpath` condition.
pub(crate) fn jsonpath_test(condition: &str) -> Result<Test, SyntaxError> {
    let text = Text::parse(condition)?;
    if text.is_plain() { Query::parse(condition).map(Test::JsonPath) } else { Ok(Test::DynamicJsonPath(text)) }
}
