//! Criteria against what a step learned. The rules stand in [`crate::criterion`].

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use crate::compare::{compare, kind};
use crate::condition::{Condition, Operator};
use crate::criterion::{Criterion, Outcome, Pattern, Test};
use crate::expression::{Context, Expression};
use crate::selector::Query;
use crate::template::embedded;

/// Whether a criterion holds.
pub(crate) fn criterion(criterion: &Criterion, context: &dyn Context) -> Outcome {
    match &criterion.test {
        Test::Simple(condition) => simple(condition, &criterion.condition, context),
        Test::Regex(pattern) => with_context(criterion, context, |value| search(pattern.regex(), value)),
        Test::DynamicRegex(text) => match text.evaluate_pattern(context) {
            Err(unavailable) => unavailable.into(),
            Ok(text) => match Pattern::parse(&text) {
                Ok(pattern) => with_context(criterion, context, |value| search(pattern.regex(), value)),
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
        Condition::Not(inner) => negation(inner, text, context),
        Condition::Compare { operator, left, right } => comparison(*operator, left, right, context),
        Condition::Literal(_) | Condition::Reference(_) => bare(condition, context),
    }
}

/// What holds for a place that does not exist, negated, would hold whatever it is compared with: that is no answer.
fn negation(inner: &Condition, text: &str, context: &dyn Context) -> Outcome {
    if let Some(why) = absent_within(inner, context) {
        return Outcome::Unevaluable { why };
    }
    match simple(inner, text, context) {
        Outcome::Holds => Outcome::Fails { expected: format!("`{text}`"), actual: values_of(inner.expressions(), context) },
        Outcome::Fails { .. } => Outcome::Holds,
        unevaluable => unevaluable,
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
    if let Some(why) = meaningless(operator, (left, &a), (right, &b)) {
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

/// A place that does not exist in a condition whose truth is turned round or compared: alone, or beside a value that is not `null`.
fn absent_within(condition: &Condition, context: &dyn Context) -> Option<String> {
    match condition {
        Condition::Literal(_) => None,
        Condition::Reference(expression) => {
            let is_absent = matches!(expression.evaluate(context), Ok(None));
            is_absent.then(|| format!("`{expression}` does not exist; compare it with `null` if that is what is meant"))
        }
        Condition::Not(inner) => absent_within(inner, context),
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(|part| absent_within(part, context)),
        Condition::Compare { left, right, .. } => {
            let (a, b) = (place(left, context)?, place(right, context)?);
            let absent = absent_side(left, &a, &b).or_else(|| absent_side(right, &b, &a));
            absent.or_else(|| {
                [left, right].into_iter().filter(|side| is_nested(side)).find_map(|side| absent_within(side, context))
            })
        }
    }
}

/// An operand as far as it may be absent: a nested condition is there, whether it is true or false.
fn place<'c>(condition: &'c Condition, context: &'c dyn Context) -> Option<Side<'c>> {
    if is_nested(condition) { Some(Some(Cow::Owned(Value::Bool(true)))) } else { value_of(condition, context).ok() }
}

fn is_nested(condition: &Condition) -> bool {
    !matches!(condition, Condition::Literal(_) | Condition::Reference(_))
}

/// Why a comparison of places that do not exist would hold, and says nothing: `!=` with a value, `==` with each other.
fn meaningless(operator: Operator, left: (&Condition, &Side<'_>), right: (&Condition, &Side<'_>)) -> Option<String> {
    match (operator, left, right) {
        (Operator::NotEqual, (left, a), (right, b)) => absent_side(left, a, b).or_else(|| absent_side(right, b, a)),
        (Operator::Equal, (Condition::Reference(left), None), (Condition::Reference(right), None)) => {
            Some(format!("neither `{left}` nor `{right}` exists, so nothing is compared"))
        }
        _ => None,
    }
}

/// A place that does not exist, where the other side is not `null`: a negated comparison says nothing then.
fn absent_side(condition: &Condition, side: &Side<'_>, other: &Side<'_>) -> Option<String> {
    let Condition::Reference(expression) = condition else {
        return None;
    };
    let other_is_null = other.as_deref().is_none_or(Value::is_null);
    let why = || format!("`{expression}` does not exist, so this would hold whatever it is compared with");
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
        nested => {
            if let Some(why) = absent_within(nested, context) {
                return Err(Outcome::Unevaluable { why });
            }
            match simple(nested, "", context) {
                Outcome::Holds => Ok(Some(Cow::Owned(Value::Bool(true)))),
                Outcome::Fails { .. } => Ok(Some(Cow::Owned(Value::Bool(false)))),
                unevaluable => Err(unevaluable),
            }
        }
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
