//! `equalToJson`: equality of JSON with the placeholders of JSON-unit, array order and extra elements ignored on request.

use serde_json::Value;

use super::regex::Regex;

/// A compiled expectation.
#[derive(Clone, Debug)]
pub(crate) struct JsonEqual {
    expected: Expected,
    /// Arrays are compared as bags.
    ignore_order: bool,
    /// Objects may have more members; arrays more items, when their order is ignored, too.
    ignore_extra: bool,
}

#[derive(Clone, Debug)]
enum Expected {
    Value(Value),
    Array(Vec<Expected>),
    Object(Vec<(String, Expected)>),
    Ignored,
    AnyString,
    AnyNumber,
    AnyBoolean,
    Pattern(Regex),
}

impl JsonEqual {
    /// Compiles an expectation; the error says which placeholder is unknown.
    pub(crate) fn compile(expected: &Value, ignore_order: bool, ignore_extra: bool) -> Result<Self, String> {
        Ok(Self { expected: Expected::compile(expected)?, ignore_order, ignore_extra })
    }

    /// Whether a value is as expected.
    pub(crate) fn matches(&self, actual: &Value) -> bool {
        self.equal(&self.expected, Some(actual))
    }

    fn equal(&self, expected: &Expected, actual: Option<&Value>) -> bool {
        match (expected, actual) {
            (Expected::Ignored, _) => true,
            (_, None) => false,
            (Expected::Value(expected), Some(actual)) => scalar_equal(expected, actual),
            (Expected::AnyString, Some(actual)) => actual.is_string(),
            (Expected::AnyNumber, Some(actual)) => actual.is_number(),
            (Expected::AnyBoolean, Some(actual)) => actual.is_boolean(),
            (Expected::Pattern(regex), Some(actual)) => actual.as_str().is_some_and(|text| regex.is_match(text)),
            (Expected::Object(members), Some(Value::Object(actual))) => {
                let all = members.iter().all(|(name, expected)| self.equal(expected, actual.get(name)));
                all && (self.ignore_extra || actual.keys().all(|name| members.iter().any(|(expected, _)| expected == name)))
            }
            (Expected::Array(items), Some(Value::Array(actual))) => self.arrays_equal(items, actual),
            (Expected::Object(_) | Expected::Array(_), Some(_)) => false,
        }
    }

    fn arrays_equal(&self, expected: &[Expected], actual: &[Value]) -> bool {
        if !self.ignore_order {
            return expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| self.equal(e, Some(a)));
        }
        let fits = if self.ignore_extra { expected.len() <= actual.len() } else { expected.len() == actual.len() };
        fits && self.assign(expected, actual)
    }

    /// Gives each expected item an actual one of its own, moving earlier choices where needed.
    fn assign(&self, expected: &[Expected], actual: &[Value]) -> bool {
        let mut owner = vec![None; actual.len()];
        (0..expected.len()).all(|item| self.place(item, expected, actual, &mut owner, &mut vec![false; actual.len()]))
    }

    fn place(
        &self,
        item: usize,
        expected: &[Expected],
        actual: &[Value],
        owner: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        for (index, value) in actual.iter().enumerate() {
            if seen[index] || !self.equal(&expected[item], Some(value)) {
                continue;
            }
            seen[index] = true;
            if owner[index].is_none_or(|other| self.place(other, expected, actual, owner, seen)) {
                owner[index] = Some(item);
                return true;
            }
        }
        false
    }
}

impl Expected {
    fn compile(value: &Value) -> Result<Self, String> {
        Ok(match value {
            Value::Array(items) => Self::Array(items.iter().map(Self::compile).collect::<Result<_, _>>()?),
            Value::Object(map) => Self::Object(
                map.iter().map(|(name, value)| Ok((name.clone(), Self::compile(value)?))).collect::<Result<_, String>>()?,
            ),
            Value::String(text) => Self::placeholder(text)?.unwrap_or_else(|| Self::Value(value.clone())),
            other => Self::Value(other.clone()),
        })
    }

    /// `${json-unit.…}`; the older spelling with `#{` is the same.
    fn placeholder(text: &str) -> Result<Option<Self>, String> {
        let Some(rest) = text.strip_prefix("${json-unit.").or_else(|| text.strip_prefix("#{json-unit.")) else { return Ok(None) };
        let Some((name, tail)) = rest.split_once('}') else { return Ok(None) };
        Ok(Some(match name {
            "ignore" | "ignore-element" => Self::Ignored,
            "any-string" => Self::AnyString,
            "any-number" => Self::AnyNumber,
            "any-boolean" => Self::AnyBoolean,
            "regex" => Self::Pattern(Regex::whole(tail)?),
            _ => return Err(format!("the placeholder `{text}` is not supported")),
        }))
    }
}

fn scalar_equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(expected: &Value, actual: &Value, flags: (bool, bool), is_equal: bool) {
        let equal = JsonEqual::compile(expected, flags.0, flags.1).expect("a good expectation");
        assert_eq!(equal.matches(actual), is_equal, "{expected} {actual} {flags:?}");
    }

    #[test]
    fn numbers_are_equal_by_value_and_null_is_not_missing() {
        check(&json!({"a": 1}), &json!({"a": 1.0}), (false, false), true);
        check(&json!({"a": null}), &json!({}), (false, true), false);
        check(&json!({"a": 1}), &json!({"a": "1"}), (false, false), false);
    }

    #[test]
    fn extra_members_need_one_flag_and_extra_items_both() {
        check(&json!({"a": 1}), &json!({"a": 1, "b": 2}), (false, false), false);
        check(&json!({"a": 1}), &json!({"a": 1, "b": 2}), (false, true), true);
        check(&json!([1]), &json!([1, 2]), (false, true), false);
        check(&json!([2, 1]), &json!([1, 3, 2]), (true, true), true);
        check(&json!([2, 1]), &json!([1, 2]), (true, false), true);
        check(&json!([1, 1]), &json!([1, 2]), (true, false), false);
    }

    #[test]
    fn placeholders_stand_for_kinds_of_values_also_in_bags() {
        check(&json!({"id": "${json-unit.any-number}", "x": "${json-unit.ignore}"}), &json!({"id": 7}), (false, false), true);
        check(&json!(["${json-unit.any-string}", "a"]), &json!(["a", "b"]), (true, false), true);
        check(&json!("${json-unit.regex}[a-z]+"), &json!("abc"), (false, false), true);
        assert!(JsonEqual::compile(&json!("${json-unit.matches:mine}x"), false, false).is_err());
    }
}
