//! How `simple` conditions compare values.
//!
//! Arazzo says: strings without regard to case, numeric strings like numbers, `null` equals only itself. Decisions:
//! - `==` between a number and a string that reads as one compares numbers; two strings compare as strings.
//! - `<` and its like compare numbers (numeric strings included) and otherwise two strings by their characters. With `null` they do
//!   not hold. Anything else has no order and cannot be evaluated.
//! - Lists and objects are equal when their members are, exactly.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::condition::Operator;
use crate::condition_lexer::number;

/// Why two values cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incomparable {
    /// The kinds of the values.
    pub(crate) kinds: (&'static str, &'static str),
}

/// Whether a comparison holds.
pub(crate) fn compare(operator: Operator, left: &Value, right: &Value) -> Result<bool, Incomparable> {
    match operator {
        Operator::Equal => return Ok(equal(left, right)),
        Operator::NotEqual => return Ok(!equal(left, right)),
        _ => {}
    }
    if left.is_null() || right.is_null() {
        return Ok(false);
    }
    let ordering = order(left, right).ok_or(Incomparable { kinds: (kind(left), kind(right)) })?;
    Ok(match operator {
        Operator::Less => ordering.is_lt(),
        Operator::LessOrEqual => ordering.is_le(),
        Operator::Greater => ordering.is_gt(),
        _ => ordering.is_ge(),
    })
}

/// The name of a value's type.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(a), Value::String(b)) => same_text(a, b),
        (Value::Number(n), Value::String(text)) | (Value::String(text), Value::Number(n)) => {
            as_number(text).is_some_and(|m| order_numbers(n, &m) == Some(Ordering::Equal))
        }
        _ => equal_exactly(left, right),
    }
}

fn equal_exactly(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => order_numbers(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal_exactly(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal_exactly(a, b)))
        }
        _ => left == right,
    }
}

fn same_text(a: &str, b: &str) -> bool {
    a == b || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => order_numbers(a, b),
        (Value::Number(n), Value::String(text)) => order_numbers(n, &as_number(text)?),
        (Value::String(text), Value::Number(n)) => order_numbers(&as_number(text)?, n),
        (Value::String(a), Value::String(b)) => match (as_number(a), as_number(b)) {
            (Some(a), Some(b)) => order_numbers(&a, &b),
            _ => Some(a.to_lowercase().cmp(&b.to_lowercase())),
        },
        _ => None,
    }
}

fn order_numbers(a: &Number, b: &Number) -> Option<Ordering> {
    match (a.as_i128(), b.as_i128()) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn as_number(text: &str) -> Option<Number> {
    match number(text)? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_compare_as_the_specification_says() {
        let holds = |a: Value, op, b: Value| compare(op, &a, &b).expect("comparable");
        assert!(holds(json!("ADA"), Operator::Equal, json!("ada")));
        assert!(holds(json!(201), Operator::Equal, json!("201")));
        assert!(holds(json!(1.0), Operator::Equal, json!(1)));
        assert!(!holds(json!(true), Operator::Equal, json!("true")));
        assert!(holds(json!(null), Operator::Equal, json!(null)));
        assert!(!holds(json!(null), Operator::Equal, json!(0)));
        assert!(!holds(json!(null), Operator::LessOrEqual, json!(0)));
        assert!(holds(json!("10"), Operator::Greater, json!("9")));
        assert!(holds(json!("b"), Operator::Greater, json!("A")));
        assert!(holds(json!(9_007_199_254_740_993_i64), Operator::NotEqual, json!(9_007_199_254_740_992_i64)));
        assert!(holds(json!([1, {"a": 2.0}]), Operator::Equal, json!([1, {"a": 2}])));
        assert!(compare(Operator::Less, &json!([]), &json!(1)).is_err());
    }
}
