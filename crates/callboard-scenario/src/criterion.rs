//! Criteria: conditions on what a step learned, compiled once, with an outcome that says what was there instead.
//!
//! Decisions where the specification is silent or at odds with itself:
//! - A place that does not exist counts as `null` in `==` (`$response.body#/nope == null` holds). `!=` between such a place and
//!   anything but `null` cannot be evaluated: it is most likely a misspelled place, and must not turn a check green.
//! - `!= null` is the opposite of `== null`, as the specification's own example needs.
//! - A condition that is neither true, false nor `null` (a bare number, say) cannot be evaluated. `null` does not hold.
//! - `regex` searches (no anchors are added) in the text of the context: scalars in their plain form, structures as JSON.
//! - `jsonpath` holds when at least one node is selected. By RFC 9535 a filter right behind `$` tests the *children* of the root, so
//!   `$[?count(@.pets) > 0]` does not hold for `{"pets": […]}`; write `$.pets[*]`.
//! - The draft dialect of JSONPath is read as RFC 9535. XPath is not supported.

use std::borrow::Cow;
use std::fmt;

use callboard_model::Pointer;
use regex::Regex;
use serde_json::{Map, Value};

use crate::compare::{compare, kind};
use crate::condition::{Condition, Operator};
use crate::expression::{Context, Expression, SyntaxError, Unavailable};
use crate::selector::Query;
use crate::template::{Text, embedded};

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
        evaluate(self, context)
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

/// Whether a criterion holds.
pub fn evaluate(criterion: &Criterion, context: &dyn Context) -> Outcome {
    match &criterion.test {
        Test::Simple(condition) => simple(condition, &criterion.condition, context),
        Test::Regex(pattern) => with_context(criterion, context, |value| search(&pattern.0, value)),
        Test::DynamicRegex(text) => match text.evaluate(context) {
            Err(unavailable) => unavailable.into(),
            Ok(text) => match Pattern::parse(&text) {
                Ok(pattern) => with_context(criterion, context, |value| search(&pattern.0, value)),
                Err(error) => Outcome::Unevaluable { why: error.message },
            },
        },
        Test::JsonPath(query) => with_context(criterion, context, |value| select(query, value)),
        Test::DynamicJsonPath(text) => match text.evaluate(context) {
            Err(unavailable) => unavailable.into(),
            Ok(text) => match Query::parse(&text) {
                Ok(query) => with_context(criterion, context, |value| select(&query, value)),
                Err(error) => Outcome::Unevaluable { why: error.message },
            },
        },
        Test::Unusable(why) => Outcome::Unevaluable { why: why.clone() },
    }
}

fn with_context(criterion: &Criterion, context: &dyn Context, test: impl FnOnce(&Value) -> Outcome) -> Outcome {
    let Some(expression) = &criterion.context else {
        return Outcome::Unevaluable { why: "the criterion has no context".to_owned() };
    };
    match expression.evaluate(context) {
        Err(unavailable) => unavailable.into(),
        Ok(Some(value)) if !value.is_null() => test(&value),
        Ok(found) => Outcome::Fails {
            expected: format!("a value that fits `{}`", criterion.condition),
            actual: format!("`{expression}` was {}", if found.is_some() { "null" } else { "absent" }),
        },
    }
}

fn search(regex: &Regex, value: &Value) -> Outcome {
    if regex.is_match(&embedded(value)) {
        return Outcome::Holds;
    }
    Outcome::Fails { expected: format!("a match of `{}`", regex.as_str()), actual: shown(value) }
}

fn select(query: &Query, value: &Value) -> Outcome {
    if query.path().query(value).first().is_some() {
        return Outcome::Holds;
    }
    Outcome::Fails { expected: format!("at least one match of `{}`", query.text()), actual: format!("none in {}", shown(value)) }
}

/// A value as reports show it: JSON, at most 200 characters.
pub fn shown(value: &Value) -> String {
    const MOST: usize = 200;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// A side of a comparison: its value, or nothing at all.
type Side<'c> = Option<Cow<'c, Value>>;

fn simple(condition: &Condition, text: &str, context: &dyn Context) -> Outcome {
    match condition {
        Condition::All(parts) => {
            let mut outcomes = parts.iter().map(|part| simple(part, text, context));
            outcomes.find(|outcome| !outcome.holds()).unwrap_or(Outcome::Holds)
        }
        Condition::Any(parts) => any(parts, text, context),
        Condition::Not(inner) => match simple(inner, text, context) {
            Outcome::Holds => {
                Outcome::Fails { expected: format!("`{text}`"), actual: values_of(condition.expressions(), context) }
            }
            Outcome::Fails { .. } => Outcome::Holds,
            unevaluable => unevaluable,
        },
        Condition::Compare { operator, left, right } => comparison(*operator, left, right, context),
        Condition::Literal(_) | Condition::Reference(_) => bare(condition, context),
    }
}

/// One of several. Nothing that could not be evaluated is hidden: when none holds, it is the outcome.
fn any(parts: &[Condition], text: &str, context: &dyn Context) -> Outcome {
    let mut unevaluable = None;
    for part in parts {
        match simple(part, text, context) {
            Outcome::Holds => return Outcome::Holds,
            Outcome::Fails { .. } => {}
            outcome => unevaluable = unevaluable.or(Some(outcome)),
        }
    }
    let parts = parts.iter().flat_map(|part| part.expressions());
    unevaluable.unwrap_or_else(|| Outcome::Fails { expected: format!("`{text}`"), actual: values_of(parts, context) })
}

fn bare(condition: &Condition, context: &dyn Context) -> Outcome {
    let value = match value_of(condition, context) {
        Ok(value) => value,
        Err(outcome) => return outcome,
    };
    let subject = || match condition {
        Condition::Reference(expression) => format!("`{expression}`"),
        _ => "the condition".to_owned(),
    };
    match value.as_deref() {
        Some(Value::Bool(true)) => Outcome::Holds,
        Some(Value::Bool(false) | Value::Null) | None => {
            Outcome::Fails { expected: "true".to_owned(), actual: value.as_deref().map_or("absent".to_owned(), shown) }
        }
        Some(other) => Outcome::Unevaluable { why: format!("{} is {}, not true or false; compare it", subject(), kind(other)) },
    }
}

fn comparison(operator: Operator, left: &Condition, right: &Condition, context: &dyn Context) -> Outcome {
    let (a, b) = match (value_of(left, context), value_of(right, context)) {
        (Ok(a), Ok(b)) => (a, b),
        (Err(outcome), _) | (_, Err(outcome)) => return outcome,
    };
    if operator == Operator::NotEqual
        && let Some(why) = absent_side(left, &a, &b).or_else(|| absent_side(right, &b, &a))
    {
        return Outcome::Unevaluable { why };
    }
    let null = Value::Null;
    match compare(operator, a.as_deref().unwrap_or(&null), b.as_deref().unwrap_or(&null)) {
        Ok(true) => Outcome::Holds,
        Ok(false) => mismatch(operator, (left, &a), (right, &b)),
        Err(incomparable) => {
            let (a, b) = incomparable.kinds;
            Outcome::Unevaluable { why: format!("{a} and {b} have no order for `{}`", operator.as_str()) }
        }
    }
}

/// `!=` with a place that does not exist says nothing, unless the other side is `null`.
fn absent_side(condition: &Condition, side: &Side<'_>, other: &Side<'_>) -> Option<String> {
    let Condition::Reference(expression) = condition else {
        return None;
    };
    let other_is_null = other.as_deref().is_none_or(Value::is_null);
    let why = || format!("`{expression}` does not exist, so `!=` would hold whatever it is compared with");
    (side.is_none() && !other_is_null).then(why)
}

fn mismatch(operator: Operator, left: (&Condition, &Side<'_>), right: (&Condition, &Side<'_>)) -> Outcome {
    let is_literal = |condition: &Condition| matches!(condition, Condition::Literal(_));
    let (operator, actual, expected) =
        if is_literal(left.0) && !is_literal(right.0) { (operator.mirrored(), right, left) } else { (operator, left, right) };
    let text = |side: &Side<'_>| side.as_deref().map_or("absent".to_owned(), shown);
    let mut wanted = text(expected.1);
    if let Condition::Reference(expression) = expected.0 {
        wanted = format!("{wanted} (`{expression}`)");
    }
    if operator != Operator::Equal {
        wanted = format!("{} {wanted}", operator.as_str());
    }
    Outcome::Fails { expected: wanted, actual: text(actual.1) }
}

/// The value of an operand; a nested condition is true or false.
fn value_of<'c>(condition: &'c Condition, context: &'c dyn Context) -> Result<Side<'c>, Outcome> {
    match condition {
        Condition::Literal(value) => Ok(Some(Cow::Borrowed(value))),
        Condition::Reference(expression) => Ok(expression.evaluate(context)?),
        nested => match simple(nested, "", context) {
            Outcome::Holds => Ok(Some(Cow::Owned(Value::Bool(true)))),
            Outcome::Fails { .. } => Ok(Some(Cow::Owned(Value::Bool(false)))),
            unevaluable => Err(unevaluable),
        },
    }
}

/// The values of expressions, each once, for a failure that no single comparison explains.
fn values_of<'e>(expressions: impl IntoIterator<Item = &'e Expression>, context: &dyn Context) -> String {
    let value = |expression: &Expression| match expression.evaluate(context) {
        Ok(Some(value)) => format!("`{expression}` was {}", shown(&value)),
        Ok(None) => format!("`{expression}` was absent"),
        Err(unavailable) => unavailable.to_string(),
    };
    let mut values: Vec<String> = Vec::new();
    for value in expressions.into_iter().map(value) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.join(", ")
}
