//! Errors of the JSON Schema library as short sentences.

use std::fmt::Write as _;

use callboard_model::Pointer;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::validate::Violation;

/// Longer values are cut in sentences.
const EXCERPT: usize = 60;

/// Adds what an error says: one violation for most, several for properties that may not be there.
pub(crate) fn describe(error: &ValidationError<'_>, found: &mut Vec<Violation>) {
    let at = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let value = error.instance();
    match error.kind() {
        Kind::Required { property } => missing(&at, property.as_str().unwrap_or_default(), found),
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                undescribed(&at, name, value, found);
            }
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => alternatives(&at, value, context, found),
        kind => push(at, expectation(kind, error), value, found),
    }
}

/// A value that the schema refuses without a word.
pub(crate) fn unexplained(value: &Value) -> Violation {
    violation(Pointer::root(), "a value that the schema allows".to_owned(), value)
}

fn missing(at: &Pointer, name: &str, found: &mut Vec<Violation>) {
    let at = at.join(name);
    let message = format!("{} is missing, it is required", place(&at));
    found.push(Violation { at, expected: format!("a property `{name}`"), actual: "nothing".to_owned(), message });
}

fn undescribed(at: &Pointer, name: &str, value: &Value, found: &mut Vec<Violation>) {
    let at = at.join(name);
    let actual = value.get(name).map_or_else(|| "a value".to_owned(), excerpt);
    let message = format!("{} is not described, and other properties are not allowed", place(&at));
    found.push(Violation { at, expected: format!("no property `{name}`"), actual, message });
}

/// None of several alternatives fits: what the nearest one says. Where only one is of the right type, it is the one that was meant.
fn alternatives(at: &Pointer, value: &Value, context: &[Vec<ValidationError<'static>>], found: &mut Vec<Violation>) {
    let is_other_type = |errors: &&Vec<ValidationError<'static>>| {
        errors.iter().any(|e| matches!(e.kind(), Kind::Type { .. }) && e.instance_path().as_str() == at.as_str())
    };
    let meant: Vec<&Vec<ValidationError<'static>>> = context.iter().filter(|errors| !is_other_type(errors)).collect();
    if let [errors] = explained(&meant, context)[..] {
        for error in errors {
            describe(error, found);
        }
        return;
    }
    let Some(nearest) =
        meant.iter().min_by_key(|errors| errors.len()).or(context.iter().min_by_key(|e| e.len()).as_ref()).copied()
    else {
        return push(at.clone(), "one of the alternatives".to_owned(), value, found);
    };
    let mut details = Vec::new();
    for error in nearest {
        describe(error, &mut details);
    }
    let why: Vec<&str> = details.iter().take(3).map(|v| v.message.as_str()).collect();
    let expected = format!("one of {} alternatives", context.len());
    let message = format!("{} fits none of {} alternatives; of the nearest: {}", place(at), context.len(), why.join("; "));
    found.push(Violation { at: at.clone(), expected, actual: excerpt(value), message });
}

/// The alternatives to explain: the ones of the right type, or all of them when there is just one.
fn explained<'e>(
    meant: &[&'e Vec<ValidationError<'static>>],
    context: &'e [Vec<ValidationError<'static>>],
) -> Vec<&'e Vec<ValidationError<'static>>> {
    if meant.is_empty() && context.len() == 1 { context.iter().collect() } else { meant.to_vec() }
}

fn push(at: Pointer, expected: String, value: &Value, found: &mut Vec<Violation>) {
    found.push(violation(at, expected, value));
}

fn violation(at: Pointer, expected: String, value: &Value) -> Violation {
    let actual = excerpt(value);
    let message = format!("{} is {actual}, {expected} expected", place(&at));
    Violation { at, expected, actual, message }
}

fn place(at: &Pointer) -> String {
    let path: Vec<String> = at.segments().collect();
    if path.is_empty() { "the value".to_owned() } else { format!("`{}`", path.join("/")) }
}

fn expectation(kind: &Kind, error: &ValidationError<'_>) -> String {
    match kind {
        Kind::Type { kind: TypeKind::Single(name) } => name.to_string(),
        Kind::Type { kind: TypeKind::Multiple(names) } => {
            names.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" or ")
        }
        Kind::Enum { options } => one_of(options),
        Kind::Constant { expected_value } => cut(&expected_value.to_string()),
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::MinLength { limit } => format!("at least {limit} characters"),
        Kind::MaxLength { limit } => format!("at most {limit} characters"),
        Kind::MinItems { limit } => format!("at least {limit} items"),
        Kind::MaxItems { limit } => format!("at most {limit} items"),
        Kind::AdditionalItems { limit } => format!("at most {limit} items"),
        Kind::MinProperties { limit } => format!("at least {limit} properties"),
        Kind::MaxProperties { limit } => format!("at most {limit} properties"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::Pattern { pattern } => format!("text that matches `{}`", cut(pattern)),
        Kind::Format { format } => format!("the format {format}"),
        Kind::UniqueItems => "different items".to_owned(),
        Kind::Contains => "an item of the described kind".to_owned(),
        Kind::Not { .. } => "something that the schema does not exclude".to_owned(),
        Kind::FalseSchema => "nothing".to_owned(),
        Kind::OneOfMultipleValid { .. } => "exactly one of the alternatives (several fit)".to_owned(),
        Kind::Custom { message, .. } => message.clone(),
        Kind::PropertyNames { error } => format!("other property names ({})", error.masked()),
        _ => error.masked_with("something else").to_string(),
    }
}

fn one_of(options: &Value) -> String {
    let list = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut text = list.iter().take(8).map(|option| cut(&option.to_string())).collect::<Vec<_>>().join(", ");
    if list.len() > 8 {
        let _ = write!(text, " … ({} values)", list.len());
    }
    if list.len() == 1 { text } else { format!("one of {text}") }
}

fn excerpt(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => format!("the boolean {flag}"),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => format!("the string {}", cut(&value.to_string())),
        Value::Array(items) => format!("an array of {} items", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= EXCERPT {
        return text.to_owned();
    }
    text.chars().take(EXCERPT).chain(['…']).collect()
}
