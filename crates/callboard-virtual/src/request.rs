//! Reads a request by its operation's definition, and says what is wrong with it.

use bytes::Bytes;
use callboard_model::Operation;
use callboard_model::api::{MediaType, Parameter, ParameterLocation, RequestBody};
use callboard_schema::Direction;
use callboard_schema::parameter::{Raw, decode, read, split_query};
use http::HeaderMap;
use serde_json::Value;

use crate::body;
use crate::judges::Judges;

/// A request as it came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Incoming<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
}

impl Incoming<'_> {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Something that is not what the definition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Where: `query.limit`, `header.x-a`, `body/items/0/sku`.
    pub(crate) place: String,
    /// What is wrong, in terms of the definition.
    pub(crate) message: String,
    /// Whether it is in the body.
    pub(crate) in_body: bool,
}

impl Problem {
    fn body(message: impl Into<String>) -> Self {
        Self { place: "body".to_owned(), message: message.into(), in_body: true }
    }
}

/// What could be read.
#[derive(Debug, Default)]
pub(crate) struct Understood {
    pub(crate) parameters: Vec<(ParameterLocation, String, Value)>,
    pub(crate) body: Option<Value>,
    pub(crate) problems: Vec<Problem>,
    /// The content type is none of the documented ones.
    pub(crate) is_unsupported: bool,
}

impl Understood {
    pub(crate) fn query(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.parameters
            .iter()
            .filter(|(location, ..)| *location == ParameterLocation::Query)
            .map(|(_, name, value)| (name.as_str(), value))
    }
}

/// Reads parameters and body.
pub(crate) fn understand(judges: &Judges, operation: &Operation, incoming: &Incoming<'_>, captures: &[&str]) -> Understood {
    let mut found = Understood::default();
    if !operation.parameters.is_empty() {
        parameters(judges, operation, incoming, captures, &mut found);
    }
    if let Some(body) = &operation.request_body {
        read_body(judges, body, incoming, &mut found);
    }
    found
}

/// The values of the parameters of a template, in its order, by name.
fn captured<'c>(path: &str, captures: &[&'c str], name: &str) -> Option<&'c str> {
    let mut names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    names.position(|known| known == name).and_then(|index| captures.get(index).copied())
}

fn parameters(judges: &Judges, operation: &Operation, incoming: &Incoming<'_>, captures: &[&str], found: &mut Understood) {
    let pairs = split_query(incoming.query);
    let cookies = cookies(incoming.headers);
    for parameter in &operation.parameters {
        let schema = parameter.schema.as_ref().and_then(|node| judges.schema(node));
        let raw = match parameter.location {
            ParameterLocation::Path => captured(&operation.key.path, captures, &parameter.name).map(Raw::Path),
            ParameterLocation::Query => Some(Raw::Query(&pairs)),
            ParameterLocation::Cookie => Some(Raw::Cookie(&cookies)),
            ParameterLocation::Querystring => Some(Raw::Querystring(incoming.query)),
            // The definition does not decide about these (OpenAPI "Parameter Object").
            ParameterLocation::Header if is_ignored_header(&parameter.name) => continue,
            ParameterLocation::Header => incoming.header(&parameter.name).map(Raw::Header),
        };
        match raw.and_then(|raw| read(parameter, schema.as_ref(), raw)) {
            Some(value) => {
                judge(judges, parameter, &value, &mut found.problems);
                found.parameters.push((parameter.location, parameter.name.clone(), value));
            }
            None if parameter.required => found.problems.push(missing(parameter)),
            None => {}
        }
    }
}

fn is_ignored_header(name: &str) -> bool {
    ["accept", "content-type", "authorization"].iter().any(|ignored| name.eq_ignore_ascii_case(ignored))
}

fn cookies(headers: &HeaderMap) -> Vec<(String, &str)> {
    let texts = headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.map(|(name, value)| (decode(name).into_owned(), value)).collect()
}

fn missing(parameter: &Parameter) -> Problem {
    let message = format!("the {} parameter `{}` is missing, it is required", parameter.location, parameter.name);
    Problem { place: format!("{}.{}", parameter.location, parameter.name), message, in_body: false }
}

fn judge(judges: &Judges, parameter: &Parameter, value: &Value, problems: &mut Vec<Problem>) {
    let Some(node) = &parameter.schema else { return };
    if is_harmless_empty(parameter, value) {
        return;
    }
    for violation in judges.violations(node, Direction::Request, value) {
        let place = format!("{}.{}{}", parameter.location, parameter.name, violation.at);
        let what =
            violation.message.replacen("the value", &format!("the {} parameter `{}`", parameter.location, parameter.name), 1);
        let message = if violation.at.is_root() {
            what
        } else {
            format!("in the {} parameter `{}`, {what}", parameter.location, parameter.name)
        };
        problems.push(Problem { place, message, in_body: false });
    }
}

/// `?flag=` where the definition says that a value may be left out (`allowEmptyValue`) is read as text.
fn is_harmless_empty(parameter: &Parameter, value: &Value) -> bool {
    parameter.location == ParameterLocation::Query && !parameter.required && *value == Value::String(String::new())
}

fn read_body(judges: &Judges, body: &RequestBody, incoming: &Incoming<'_>, found: &mut Understood) {
    if incoming.body.is_empty() && incoming.header("content-type").is_none_or(|t| !t.starts_with("text/")) {
        if body.required && !body.content.is_empty() {
            found.problems.push(Problem::body("the body is missing, it is required"));
        }
        return;
    }
    if body.content.is_empty() {
        return;
    }
    let Some(media) = media_type(body, incoming.header("content-type")) else {
        found.is_unsupported = true;
        let known: Vec<&str> = body.content.iter().map(|media| media.name.as_str()).collect();
        let given = incoming.header("content-type").unwrap_or("none");
        found.problems.push(Problem::body(format!("the content type is {given}, {} expected", known.join(" or "))));
        return;
    };
    let schema = media.schema.as_ref().and_then(|node| judges.schema(node));
    let content_type = incoming.header("content-type").unwrap_or(&media.name);
    let value = match body::read(schema.as_ref(), content_type, incoming.body) {
        Ok(Some(value)) => value,
        Ok(None) => return,
        Err(message) => {
            found.problems.push(Problem::body(message));
            return;
        }
    };
    if let Some(node) = media.schema.as_ref().filter(|_| !body::is_patch_list(content_type)) {
        body_problems(judges, node, content_type, &value, &mut found.problems);
    }
    found.body = Some(value);
}

fn body_problems(
    judges: &Judges,
    node: &callboard_model::NodeRef,
    content_type: &str,
    value: &Value,
    problems: &mut Vec<Problem>,
) {
    let content_type = content_type.to_ascii_lowercase();
    // Parts of a form carry files and JSON alike: only what is missing can be told for sure.
    let is_multipart = content_type.starts_with("multipart/");
    // How objects and arrays stand in a form is not settled: text in their place may be one of them.
    let is_form = content_type.starts_with("application/x-www-form-urlencoded");
    for violation in judges.violations(node, Direction::Request, value) {
        let is_structure =
            matches!(violation.expected.as_str(), "object" | "array") && violation.actual.starts_with("the string");
        if (is_multipart && violation.actual != "nothing") || (is_form && is_structure) {
            continue;
        }
        let message = violation.message.replacen("the value", "the body", 1);
        problems.push(Problem { place: format!("body{}", violation.at), message, in_body: true });
    }
}

/// The documented media type that a content type falls under; the preferred one when the caller names none.
fn media_type<'b>(body: &'b RequestBody, content_type: Option<&str>) -> Option<&'b MediaType> {
    let Some(content_type) = content_type else { return body.preferred() };
    let exact = body.content.iter().find(|media| !media.name.contains('*') && media.matches(content_type));
    exact.or_else(|| body.content.iter().find(|media| media.matches(content_type)))
}
