//! Checks written as Arazzo criteria.

use callboard_model::map::Input;
use callboard_model::plan::{BindingSource, PlannedCheck};
use callboard_model::{Pointer, StatusPattern};
use callboard_scenario::Criterion;
use serde_json::Value;

/// One side of a comparison.
pub(crate) enum Operand {
    Value(Value),
    Expression(String),
}

/// The condition that a status is one of these; any success when there is none.
pub(crate) fn status(patterns: &[StatusPattern]) -> String {
    let one = |pattern: &StatusPattern| match pattern {
        StatusPattern::Exact(status) => format!("$statusCode == {status}"),
        StatusPattern::Class(class) => format!("($statusCode >= {class}00 && $statusCode <= {class}99)"),
        StatusPattern::Default => "$statusCode >= 200".to_owned(),
    };
    match patterns {
        [] => "$statusCode >= 200 && $statusCode <= 299".to_owned(),
        [StatusPattern::Class(class)] => format!("$statusCode >= {class}00 && $statusCode <= {class}99"),
        many => many.iter().map(one).collect::<Vec<_>>().join(" || "),
    }
}

/// A check as a criterion; `None` when the language has no form for it.
pub(crate) fn criterion(
    check: &PlannedCheck,
    operand: &dyn Fn(&BindingSource) -> Option<Operand>,
    sent: &dyn Fn(usize, &Input) -> Option<Operand>,
) -> Option<Criterion> {
    match check {
        PlannedCheck::Echo { at, sent: value } => equals(at, &sent(value.step, &value.input)?),
        PlannedCheck::Equals { at, value } => equals(at, &Operand::Value(value.clone())),
        PlannedCheck::Differs { at, value } => simple(format!("{} != {}", place(at), literal(&Operand::Value(value.clone()))?)),
        PlannedCheck::Same { at, as_in } => equals(at, &operand(as_in)?),
        PlannedCheck::Status(patterns) => simple(status(patterns)),
        PlannedCheck::Present { at } => simple(format!("{} != null", place(at))),
        PlannedCheck::Absent { at } => simple(format!("{} == null", place(at))),
        PlannedCheck::Key { at, prefix, value, suffix, present } => key(at, prefix, &operand(value)?, suffix, *present),
        PlannedCheck::Contains { at, item, value, present } => contains(at, item, &operand(value)?, *present),
    }
}

fn simple(condition: String) -> Option<Criterion> {
    Criterion::simple(condition).ok()
}

fn place(at: &Pointer) -> String {
    if at.is_root() { "$response.body".to_owned() } else { format!("$response.body#{at}") }
}

fn equals(at: &Pointer, operand: &Operand) -> Option<Criterion> {
    let segments: Vec<String> = at.segments().collect();
    if let Some(star) = segments.iter().rposition(|segment| segment == "*") {
        let list = json_path("$", &segments[..star]);
        let item = json_path("@", &segments[star + 1..]);
        return json_path_criterion(format!("{list}[?{item} == {}]", json_path_literal(operand)?));
    }
    simple(format!("{} == {}", place(at), literal(operand)?))
}

fn key(at: &Pointer, prefix: &str, operand: &Operand, suffix: &str, present: bool) -> Option<Criterion> {
    let Operand::Value(value) = operand else {
        let Operand::Expression(expression) = operand else { return None };
        let object = json_path("$", &at.segments().collect::<Vec<_>>());
        // A name that is known only while running can be looked for, but its absence cannot be told from a misspelled one.
        return if present { json_path_criterion(format!("{object}['{prefix}{{{expression}}}{suffix}']")) } else { None };
    };
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let pointer = at.join(format!("{prefix}{text}{suffix}"));
    simple(format!("$response.body#{pointer} {} null", if present { "!=" } else { "==" }))
}

/// Whether the language has a form for a check: absence from a list that is the whole answer has none (a filter selects nothing in an
/// empty list), and neither has the absence of a key whose name is known only while running.
pub(crate) fn can_express(check: &PlannedCheck) -> bool {
    let is_known = |source: &BindingSource| matches!(source, BindingSource::Literal(_) | BindingSource::Generated { .. });
    match check {
        PlannedCheck::Key { value, present: false, .. } => is_known(value),
        PlannedCheck::Contains { at, present: false, .. } => !at.is_root(),
        _ => true,
    }
}

fn contains(at: &Pointer, item: &Pointer, operand: &Operand, present: bool) -> Option<Criterion> {
    if at.is_root() && !present {
        return None;
    }
    let list = json_path("$", &at.segments().collect::<Vec<_>>());
    let field = json_path("@", &item.segments().collect::<Vec<_>>());
    let value = json_path_literal(operand)?;
    let found = format!("{list}[?{field} == {value}]");
    // The list itself must be there: otherwise any answer would lack the item.
    json_path_criterion(if present { found } else { format!("$[?{list} && !{found}]") })
}

fn json_path_criterion(condition: String) -> Option<Criterion> {
    Criterion::jsonpath("$response.body", condition).ok()
}

/// Segments as a JSONPath behind `$` or `@`.
fn json_path(root: &str, segments: &[String]) -> String {
    let mut path = root.to_owned();
    for segment in segments {
        let is_plain = segment.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if segment == "*" || segment.parse::<usize>().is_ok() {
            path.push_str(&format!("[{segment}]"));
        } else if is_plain {
            path.push_str(&format!(".{segment}"));
        } else {
            path.push_str(&format!("['{}']", segment.replace('\\', "\\\\").replace('\'', "\\'")));
        }
    }
    path
}

/// A literal of a simple condition; an expression as it is.
fn literal(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Expression(text) => Some(text.clone()),
        Operand::Value(Value::String(text)) if !text.chars().any(char::is_control) => {
            Some(format!("'{}'", text.replace('\'', "''")))
        }
        Operand::Value(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => Some(value.to_string()),
        Operand::Value(_) => None,
    }
}

fn json_path_literal(operand: &Operand) -> Option<String> {
    match operand {
        Operand::Expression(text) => Some(format!("'{{{text}}}'")),
        Operand::Value(Value::String(text)) if !text.contains(['{', '}']) && !text.chars().any(char::is_control) => {
            Some(format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")))
        }
        Operand::Value(value @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => Some(value.to_string()),
        Operand::Value(_) => None,
    }
}
