//! Matchers of one value, and of the values of one name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use super::dates::DateMatch;
use super::fields;
use super::json_equal::JsonEqual;
use super::json_path::{Found, JsonPath};
use super::path_template::PathTemplate;
use super::refusal::{Object, Refusal, kind};
use super::regex::Regex;
use super::request::Request;

/// A compiled matcher, with the text that a diff shows.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    rule: Rule,
    /// What was expected, as it was written.
    pub(crate) shown: String,
    /// The key of the matcher.
    pub(crate) operator: &'static str,
}

#[derive(Clone, Debug)]
enum Rule {
    Equal { text: String, ignore_case: bool },
    Bytes(Vec<u8>),
    Contains(String),
    Lacks(String),
    Fits(Regex),
    FitsNot(Regex),
    Absent(bool),
    Anything,
    Json(JsonEqual),
    Path(JsonPath, Option<Box<Pattern>>),
    Schema(Box<jsonschema::Validator>),
    Date(DateMatch),
    Number(Comparison, f64),
    Template(PathTemplate),
    And(Vec<Pattern>),
    Or(Vec<Pattern>),
    Not(Box<Pattern>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// What a matcher looks at: nothing, a text, or the body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// The header, parameter or body is not there.
    Nothing,
    /// A text.
    Text(&'a str),
    /// The body of a request that has one.
    Body(&'a Request<'a>),
}

impl<'a> Subject<'a> {
    /// The body, which is nothing when it is empty.
    pub(crate) fn body(request: &'a Request<'a>) -> Self {
        if request.body.is_empty() { Self::Nothing } else { Self::Body(request) }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => Some(text),
            Self::Body(request) => Some(request.text()),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Nothing => &[],
            Self::Text(text) => text.as_bytes(),
            Self::Body(request) => request.body,
        }
    }

    fn with_json<T>(&self, read: impl FnOnce(&Value) -> T) -> Option<T> {
        match self {
            Self::Nothing => None,
            Self::Text(text) => serde_json::from_str(text).ok().as_ref().map(read),
            Self::Body(request) => request.json().map(read),
        }
    }
}

const MAIN_KEYS: [&str; 23] = [
    "equalTo",
    "binaryEqualTo",
    "contains",
    "doesNotContain",
    "matches",
    "doesNotMatch",
    "absent",
    "anything",
    "equalToJson",
    "matchesJsonPath",
    "matchesJsonSchema",
    "matchesPathTemplate",
    "equalToNumber",
    "greaterThanNumber",
    "greaterThanEqualNumber",
    "lessThanNumber",
    "lessThanEqualNumber",
    "before",
    "after",
    "equalToDateTime",
    "and",
    "or",
    "not",
];

impl Pattern {
    /// Reads a matcher.
    pub(crate) fn read(value: &Value, at: &str) -> Result<Self, Refusal> {
        let object = Object::read(value, at, &[fields::MATCHER])?;
        Self::read_object(&object)
    }

    fn read_object(object: &Object<'_>) -> Result<Self, Refusal> {
        let mut keys = MAIN_KEYS.iter().copied().filter(|key| object.get(key).is_some());
        let Some(key) = keys.next() else {
            return Err(Refusal::at(&object.at, format!("{} is not a valid match operation", Value::Object(object.map.clone()))));
        };
        // Both bounds of a range may stand side by side in dates only.
        if let Some(second) = keys.next() {
            let both = format!("`{key}` and `{second}` stand side by side: join them with `and`");
            return Err(Refusal::at(&object.place(second), both));
        }
        let value = object.get(key).expect("the key was found above");
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(Self { rule: Rule::read(object, key, value)?, shown, operator: key })
    }

    /// A matcher for exactly this text.
    pub(crate) fn equal_to(text: &str) -> Self {
        Self { rule: Rule::Equal { text: text.to_owned(), ignore_case: false }, shown: text.to_owned(), operator: "equalTo" }
    }

    /// Whether a value fits.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.rule.matches(subject)
    }

    /// How far a value is from fitting: 0 fits, 1 is nothing alike.
    pub(crate) fn distance(&self, subject: &Subject<'_>) -> f64 {
        if self.matches(subject) {
            return 0.0;
        }
        match (&self.rule, subject.text()) {
            (Rule::Equal { text, .. }, Some(actual)) => 1.0 - strsim::normalized_levenshtein(cut(text), cut(actual)),
            (Rule::Fits(regex), Some(actual)) => 1.0 - strsim::normalized_levenshtein(cut(regex.source()), cut(actual)),
            (Rule::Json(_), Some(actual)) => 1.0 - strsim::normalized_levenshtein(cut(&self.shown), cut(actual)),
            _ => 1.0,
        }
    }
}

/// A text short enough for an edit distance.
pub(crate) fn cut(text: &str) -> &str {
    let end = (0..=text.len().min(512)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

impl Rule {
    fn read(object: &Object<'_>, key: &str, value: &Value) -> Result<Self, Refusal> {
        let text = || {
            let wrong = || Refusal::at(&object.place(key), format!("`{key}` must be text, not {}", kind(value)));
            value.as_str().ok_or_else(wrong)
        };
        let refuse = |detail: String| Refusal::at(&object.place(key), detail);
        let number = || value.as_f64().ok_or_else(|| refuse(format!("`{key}` must be a number, not {}", kind(value))));
        modifiers_belong(object, key)?;
        Ok(match key {
            "equalTo" => Self::Equal { text: text()?.to_owned(), ignore_case: object.flag("caseInsensitive")? },
            "binaryEqualTo" => Self::Bytes(BASE64.decode(text()?).map_err(|error| refuse(format!("not base64: {error}")))?),
            "contains" => Self::Contains(text()?.to_owned()),
            "doesNotContain" => Self::Lacks(text()?.to_owned()),
            "matches" => Self::Fits(Regex::whole(text()?).map_err(refuse)?),
            "doesNotMatch" => Self::FitsNot(Regex::whole(text()?).map_err(refuse)?),
            "absent" => Self::Absent(value.as_bool().unwrap_or(true)),
            "anything" => Self::Anything,
            "equalToJson" => read_json(object, value).map_err(refuse)?,
            "matchesJsonPath" => read_path(object, value)?,
            "matchesJsonSchema" => read_schema(object, value).map_err(refuse)?,
            "matchesPathTemplate" => Self::Template(PathTemplate::compile(text()?).map_err(refuse)?),
            "equalToNumber" => Self::Number(Comparison::Equal, number()?),
            "greaterThanNumber" => Self::Number(Comparison::Greater, number()?),
            "greaterThanEqualNumber" => Self::Number(Comparison::GreaterOrEqual, number()?),
            "lessThanNumber" => Self::Number(Comparison::Less, number()?),
            "lessThanEqualNumber" => Self::Number(Comparison::LessOrEqual, number()?),
            "before" | "after" | "equalToDateTime" => Self::Date(DateMatch::read(object, key)?),
            "and" => Self::And(read_list(object, key)?),
            "or" => Self::Or(read_list(object, key)?),
            "not" => Self::Not(Box::new(Pattern::read(value, &object.place(key))?)),
            _ => return Err(refuse(format!("`{key}` is not a matcher"))),
        })
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        let text = || subject.text();
        match self {
            Self::Equal { text: expected, ignore_case: false } => match subject {
                Subject::Body(request) => request.body == expected.as_bytes(),
                _ => text().is_some_and(|actual| actual == expected),
            },
            Self::Equal { text: expected, ignore_case: true } => {
                text().is_some_and(|actual| actual == expected || actual.to_lowercase() == expected.to_lowercase())
            }
            Self::Bytes(expected) => text().is_some() && subject.bytes() == expected,
            Self::Contains(part) => text().is_some_and(|actual| actual.contains(part.as_str())),
            Self::Lacks(part) => text().is_none_or(|actual| !actual.contains(part.as_str())),
            Self::Fits(regex) => text().is_some_and(|actual| regex.is_match(actual)),
            Self::FitsNot(regex) => text().is_none_or(|actual| !regex.is_match(actual)),
            Self::Absent(expected) => text().is_none() == *expected,
            Self::Anything => true,
            Self::Json(expected) => subject.with_json(|actual| expected.matches(actual)).unwrap_or(false),
            Self::Path(path, inner) => path_matches(path, inner.as_deref(), subject),
            Self::Schema(schema) => schema_matches(schema, subject),
            Self::Date(date) => text().is_some_and(|actual| date.matches(actual)),
            Self::Number(comparison, expected) => text()
                .and_then(|actual| actual.trim().parse::<f64>().ok())
                .is_some_and(|actual| comparison.holds(actual, *expected)),
            Self::Template(template) => text().is_some_and(|actual| template.matches(actual)),
            Self::And(all) => all.iter().all(|pattern| pattern.matches(subject)),
            Self::Or(any) => any.iter().any(|pattern| pattern.matches(subject)),
            Self::Not(inner) => !inner.matches(subject),
        }
    }
}

/// A modifier beside a matcher that it does not modify would be ignored: it is refused.
fn modifiers_belong(object: &Object<'_>, key: &str) -> Result<(), Refusal> {
    let belongs_to: [(&str, &[&str]); 7] = [
        ("caseInsensitive", &["equalTo"]),
        ("ignoreArrayOrder", &["equalToJson"]),
        ("ignoreExtraElements", &["equalToJson"]),
        ("schemaVersion", &["matchesJsonSchema"]),
        ("actualFormat", &["before", "after", "equalToDateTime"]),
        ("expectedOffset", &["before", "after", "equalToDateTime"]),
        ("expectedOffsetUnit", &["before", "after", "equalToDateTime"]),
    ];
    let stray = belongs_to.iter().find(|(modifier, keys)| object.get(modifier).is_some() && !keys.contains(&key));
    stray.map_or(Ok(()), |(modifier, _)| {
        Err(Refusal::at(&object.place(modifier), format!("`{modifier}` does not belong to `{key}`")))
    })
}

impl Comparison {
    fn holds(self, actual: f64, expected: f64) -> bool {
        match self {
            #[expect(clippy::float_cmp, reason = "the matcher asks for exactly this number")]
            Self::Equal => actual == expected,
            Self::Greater => actual > expected,
            Self::GreaterOrEqual => actual >= expected,
            Self::Less => actual < expected,
            Self::LessOrEqual => actual <= expected,
        }
    }
}

fn read_list(object: &Object<'_>, key: &str) -> Result<Vec<Pattern>, Refusal> {
    let at = object.place(key);
    let items = object.list(key)?.map(Vec::as_slice).unwrap_or_default();
    if items.is_empty() {
        return Err(Refusal::at(&at, format!("`{key}` needs at least one matcher")));
    }
    items.iter().enumerate().map(|(index, item)| Pattern::read(item, &format!("{at}/{index}"))).collect()
}

fn read_json(object: &Object<'_>, value: &Value) -> Result<Rule, String> {
    let flag = |key| object.flag(key).map_err(|refusal| refusal.detail.unwrap_or_default());
    let parsed;
    let expected = match value {
        Value::String(text) => {
            parsed = serde_json::from_str(text).map_err(|error| format!("the expected JSON cannot be read: {error}"))?;
            &parsed
        }
        other => other,
    };
    Ok(Rule::Json(JsonEqual::compile(expected, flag("ignoreArrayOrder")?, flag("ignoreExtraElements")?)?))
}

fn read_schema(object: &Object<'_>, value: &Value) -> Result<Rule, String> {
    let parsed;
    let schema = match value {
        Value::String(text) => {
            parsed = serde_json::from_str(text).map_err(|error| format!("the schema cannot be read: {error}"))?;
            &parsed
        }
        other => other,
    };
    let draft = match object.get("schemaVersion").and_then(Value::as_str) {
        None | Some("V202012") => jsonschema::Draft::Draft202012,
        Some("V201909") => jsonschema::Draft::Draft201909,
        Some("V7") => jsonschema::Draft::Draft7,
        Some("V6") => jsonschema::Draft::Draft6,
        Some("V4") => jsonschema::Draft::Draft4,
        Some(other) => return Err(format!("the schema version `{other}` is unknown: V4, V6, V7, V201909 or V202012")),
    };
    let compiled = jsonschema::options().with_draft(draft).build(schema);
    Ok(Rule::Schema(Box::new(compiled.map_err(|error| format!("the schema cannot be used: {error}"))?)))
}

fn schema_matches(schema: &jsonschema::Validator, subject: &Subject<'_>) -> bool {
    // What is no JSON is taken as a text: a plain parameter may be described by a schema, too.
    let as_text = || subject.text().is_some_and(|text| schema.is_valid(&Value::from(text)));
    subject.with_json(|value| schema.is_valid(value)).unwrap_or_else(as_text)
}

fn read_path(object: &Object<'_>, value: &Value) -> Result<Rule, Refusal> {
    let at = object.place("matchesJsonPath");
    let compile = |source: &str| JsonPath::compile(source).map_err(|error| Refusal::at(&at, error));
    if let Some(source) = value.as_str() {
        return Ok(Rule::Path(compile(source)?, None));
    }
    let inner = Object::read(value, &at, &[fields::JSON_PATH, fields::MATCHER])?;
    let source = inner.text("expression")?.ok_or_else(|| Refusal::at(&at, "`expression` is missing"))?;
    let has_matcher = inner.map.keys().any(|key| key != "expression");
    let pattern = if has_matcher { Some(Box::new(Pattern::read_object(&inner)?)) } else { None };
    Ok(Rule::Path(compile(source)?, pattern))
}

fn path_matches(path: &JsonPath, inner: Option<&Pattern>, subject: &Subject<'_>) -> bool {
    subject
        .with_json(|document| match (path.find(document), inner) {
            (Found::Missing, None) => false,
            (Found::One(value), None) => !value.is_null(),
            (Found::Many(values), None) => !values.is_empty(),
            (Found::Missing, Some(inner)) => inner.matches_missing(),
            (Found::One(value), Some(inner)) => match &*value {
                Value::Null => inner.matches_missing(),
                Value::Array(items) if inner.operator != "equalToJson" => inner.matches_any(items.iter()),
                value => inner.matches_value(value),
            },
            (Found::Many(values), Some(inner)) if inner.operator == "equalToJson" => {
                inner.matches_value(&values.into_iter().cloned().collect())
            }
            (Found::Many(values), Some(inner)) => inner.matches_any(values.into_iter()),
        })
        .unwrap_or(false)
}

impl Pattern {
    /// A path that found nothing fits `absent` only.
    fn matches_missing(&self) -> bool {
        matches!(self.rule, Rule::Absent(true))
    }

    fn matches_any<'v>(&self, mut values: impl Iterator<Item = &'v Value> + Clone) -> bool {
        if values.clone().next().is_none() {
            return self.matches_missing();
        }
        values.any(|value| self.matches_value(value))
    }

    fn matches_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.matches(&Subject::Text(text)),
            other => self.matches(&Subject::Text(&other.to_string())),
        }
    }
}

/// A matcher of the values of one header or parameter.
#[derive(Clone, Debug)]
pub(crate) enum MultiPattern {
    /// One of the values fits, or the matcher fits nothing at all.
    Any(Pattern),
    /// Each matcher fits a value, and there are as many values as matchers.
    Exactly(Vec<Pattern>),
    /// Each matcher fits a value.
    Includes(Vec<Pattern>),
}

impl MultiPattern {
    /// Reads a matcher; `hasExactly` and `includes` hold several.
    pub(crate) fn read(value: &Value, at: &str) -> Result<Self, Refusal> {
        let object = Object::read(value, at, &[fields::MATCHER, fields::MULTI_MATCHER])?;
        let several = ["hasExactly", "includes"].into_iter().find(|key| object.get(key).is_some());
        match several {
            None => Pattern::read_object(&object).map(Self::Any),
            Some(_) if object.map.len() > 1 => {
                Err(Refusal::at(at, "`hasExactly` and `includes` stand alone: other matchers go inside"))
            }
            Some("hasExactly") => read_list(&object, "hasExactly").map(Self::Exactly),
            Some(_) => read_list(&object, "includes").map(Self::Includes),
        }
    }

    /// Whether the values fit.
    pub(crate) fn matches<'v>(&self, values: &[impl AsRef<str> + 'v]) -> bool {
        let any_fits = |pattern: &Pattern| values.iter().any(|value| pattern.matches(&Subject::Text(value.as_ref())));
        match self {
            Self::Any(pattern) if values.is_empty() => pattern.matches(&Subject::Nothing),
            Self::Any(pattern) => any_fits(pattern),
            Self::Exactly(patterns) => patterns.len() == values.len() && patterns.iter().all(any_fits),
            Self::Includes(patterns) => patterns.iter().all(any_fits),
        }
    }

    /// How far the values are from fitting.
    pub(crate) fn distance(&self, values: &[impl AsRef<str>]) -> f64 {
        if self.matches(values) {
            return 0.0;
        }
        match self {
            Self::Any(pattern) => values.iter().map(|value| pattern.distance(&Subject::Text(value.as_ref()))).fold(1.0, f64::min),
            Self::Exactly(_) | Self::Includes(_) => 1.0,
        }
    }

    /// What a diff shows: the operator and what was expected.
    pub(crate) fn shown(&self) -> (String, String) {
        let list = |patterns: &[Pattern]| {
            patterns.iter().map(|p| format!("{} {}", p.operator, p.shown)).collect::<Vec<_>>().join(" AND ")
        };
        match self {
            Self::Any(pattern) => (pattern.operator.to_owned(), pattern.shown.clone()),
            Self::Exactly(patterns) => ("exactly".to_owned(), list(patterns)),
            Self::Includes(patterns) => ("including".to_owned(), list(patterns)),
        }
    }
}
