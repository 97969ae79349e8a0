//! Compares what goes over the wire with the definition: the request before it is sent, the answer when it came.
//!
//! Where the definition says nothing there is nothing to compare: an operation without any response, a response without content, a
//! media type without schema. A body that is neither JSON nor text is not looked into.

use std::borrow::Cow;

use callboard_model::api::{MediaType, Parameter, ParameterLocation, Response, ResponseHeader};
use callboard_model::run::{CheckKind, CheckOutcome, CheckResult};
use callboard_model::{NodeRef, Operation, Schema, Service};
use callboard_schema::validate::MAX_VIOLATIONS;
use callboard_schema::{Direction, Violation, parameter};
use http::HeaderMap;
use serde_json::Value;

use crate::acceptance::Acceptances;
use crate::client::Answer;
use crate::validators::Validators;

/// What an answer or a request is compared with.
pub(crate) struct Definition<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    pub(crate) validators: &'a Validators,
}

/// The body of an answer as checks and expressions see it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnswerBody {
    /// None came.
    Empty,
    /// It is JSON, or nobody said what it is and it reads as JSON.
    Json(Value),
    /// It says that it is JSON and is not: why, and the text.
    Broken { why: String, text: String },
    /// Text of another kind.
    Text(String),
    /// No text.
    Bytes,
}

impl AnswerBody {
    pub(crate) fn of(answer: &Answer) -> Self {
        if answer.body.is_empty() {
            return Self::Empty;
        }
        let media_type = answer.content_type();
        let says_json = media_type.is_some_and(|name| !name.contains('*') && callboard_model::api::is_json_media_type(name));
        if says_json || media_type.is_none() {
            match serde_json::from_slice(&answer.body) {
                Ok(value) => return Self::Json(value),
                Err(error) if says_json => {
                    let text = String::from_utf8_lossy(&answer.body).into_owned();
                    return Self::Broken { why: error.to_string(), text };
                }
                Err(_) => {}
            }
        }
        String::from_utf8(answer.body.to_vec()).map_or(Self::Bytes, Self::Text)
    }

    /// The value that `$response.body` means, or why there is none.
    pub(crate) fn value(&self) -> Result<Cow<'_, Value>, &'static str> {
        match self {
            Self::Json(value) => Ok(Cow::Borrowed(value)),
            Self::Text(text) | Self::Broken { text, .. } => Ok(Cow::Owned(Value::from(text.as_str()))),
            Self::Empty => Err("the answer has no body"),
            Self::Bytes => Err("the body of the answer is neither JSON nor text"),
        }
    }
}

/// The parameters of a request: those of the scenario, and what the environment put into its headers.
pub(crate) struct Given<'g> {
    pub(crate) parameters: &'g [(ParameterLocation, String, Value)],
    pub(crate) headers: &'g HeaderMap,
}

impl Given<'_> {
    fn value(&self, documented: &Parameter) -> Option<Cow<'_, Value>> {
        let same_name = |name: &str| match documented.location {
            ParameterLocation::Header => name.eq_ignore_ascii_case(&documented.name),
            _ => name == documented.name,
        };
        let mut of_scenario = self.parameters.iter();
        let of_scenario = of_scenario.find(|(location, name, _)| *location == documented.location && same_name(name));
        if let Some((_, _, value)) = of_scenario {
            return Some(Cow::Borrowed(value));
        }
        let text = |name: &str| self.headers.get(name).and_then(|value| value.to_str().ok());
        let found = match documented.location {
            ParameterLocation::Header => text(&documented.name),
            ParameterLocation::Cookie => text("cookie").and_then(|cookies| cookie(cookies, &documented.name)),
            _ => None,
        };
        found.map(|found| Cow::Owned(found.into()))
    }
}

fn cookie<'c>(cookies: &'c str, name: &str) -> Option<&'c str> {
    cookies.split(';').filter_map(|pair| pair.trim().split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// Header parameters of these names say nothing (OpenAPI, Parameter Object): other parts of the definition do.
fn has_no_meaning(parameter: &Parameter) -> bool {
    let is = |name: &str| parameter.name.eq_ignore_ascii_case(name);
    parameter.location == ParameterLocation::Header && (is("accept") || is("content-type") || is("authorization"))
}

/// Only so many mismatches of a body are known. When all of these are accepted, nothing is known about the rest: that is no pass.
fn beyond_the_limit(checks: &mut Vec<CheckResult>) {
    let of_body = || checks.iter().filter(|check| check.kind == CheckKind::ResponseSchema);
    if of_body().count() >= MAX_VIOLATIONS && of_body().all(|check| check.outcome.is_accepted()) {
        let why =
            format!("the body has {MAX_VIOLATIONS} or more mismatches; the first ones are accepted, the others are not known");
        checks.push(check(CheckKind::ResponseSchema, BODY_FITS, CheckOutcome::Unevaluable { why }));
    }
}

const BODY_FITS: &str = "the body fits its schema";

fn check(kind: CheckKind, condition: impl Into<String>, outcome: CheckOutcome) -> CheckResult {
    CheckResult { kind, condition: condition.into(), outcome, span: None }
}

fn failed(expected: impl Into<String>, actual: impl Into<String>) -> CheckOutcome {
    CheckOutcome::Failed { expected: expected.into(), actual: actual.into(), at: None }
}

impl Definition<'_> {
    /// Compares an answer; mismatches that the project accepts are marked as such.
    pub(crate) fn check_answer(&self, answer: &Answer, body: &AnswerBody, acceptances: &Acceptances) -> Vec<CheckResult> {
        acceptances.exercised(self.operation);
        let mut checks = Vec::with_capacity(4);
        self.status(answer, &mut checks);
        if let Some(response) = self.operation.response(answer.code()) {
            self.content(response, answer, body, &mut checks);
            self.headers(response, answer, &mut checks);
        }
        for check in &mut checks {
            if check.outcome.is_failure() {
                let outcome = std::mem::replace(&mut check.outcome, CheckOutcome::Held);
                check.outcome = acceptances.judge(self.operation, check.kind, answer.code(), outcome);
            }
        }
        beyond_the_limit(&mut checks);
        checks
    }

    fn status(&self, answer: &Answer, checks: &mut Vec<CheckResult>) {
        let responses = &self.operation.responses;
        if responses.is_empty() {
            return;
        }
        let outcome = if self.operation.response(answer.code()).is_some() {
            CheckOutcome::Held
        } else {
            let known: Vec<String> = responses.iter().map(|response| response.status.to_string()).collect();
            failed(format!("one of the documented statuses {}", known.join(", ")), answer.code().to_string())
        };
        checks.push(check(CheckKind::DocumentedStatus, "the status is documented", outcome));
    }

    fn content(&self, response: &Response, answer: &Answer, body: &AnswerBody, checks: &mut Vec<CheckResult>) {
        let has_no_body = matches!(answer.code(), 204 | 304) || self.operation.key.method.as_str() == "HEAD";
        if response.content.is_empty() || has_no_body {
            return;
        }
        let media = answer.content_type().and_then(|name| response.content.iter().find(|media| media.matches(name)));
        let condition = "the media type is documented";
        match (media, body) {
            (_, AnswerBody::Empty) => self.missing_body(response, checks),
            (Some(media), body) => {
                checks.push(check(CheckKind::ContentType, condition, CheckOutcome::Held));
                self.body(media, body, checks);
            }
            (None, _) => {
                let known: Vec<&str> = response.content.iter().map(|media| media.name.as_str()).collect();
                let outcome = failed(known.join(" or "), answer.content_type().unwrap_or("no content-type header"));
                checks.push(check(CheckKind::ContentType, condition, outcome));
            }
        }
    }

    /// A body is described, and none came.
    fn missing_body(&self, response: &Response, checks: &mut Vec<CheckResult>) {
        if let Some(media) = response.content.iter().find(|media| media.schema.is_some()) {
            let mut outcome = failed(format!("a body of type {}", media.name), "no body");
            if let CheckOutcome::Failed { at, .. } = &mut outcome {
                *at = Some(String::new());
            }
            checks.push(check(CheckKind::ResponseSchema, BODY_FITS, outcome));
        }
    }

    fn body(&self, media: &MediaType, body: &AnswerBody, checks: &mut Vec<CheckResult>) {
        let Some(schema) = &media.schema else {
            return;
        };
        let text;
        let value = match body {
            AnswerBody::Json(value) => value,
            AnswerBody::Broken { why, .. } => {
                let outcome = failed("a body that is JSON", format!("a body that is not: {why}"));
                return checks.push(check(CheckKind::ResponseSchema, BODY_FITS, outcome));
            }
            AnswerBody::Text(content) if media.name.starts_with("text/") => {
                text = Value::from(content.as_str());
                &text
            }
            AnswerBody::Text(_) | AnswerBody::Bytes | AnswerBody::Empty => return,
        };
        self.against_schema(CheckKind::ResponseSchema, BODY_FITS, schema, value, checks);
    }

    fn headers(&self, response: &Response, answer: &Answer, checks: &mut Vec<CheckResult>) {
        for header in &response.headers {
            // "Content-Type" among the documented headers has no meaning (OpenAPI, Response Object).
            if header.name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            match answer.header(header.name.as_str()) {
                Some(text) => self.header(header, text, checks),
                None if header.required && !answer.headers.contains_key(header.name.as_str()) => {
                    let outcome = failed(format!("the header `{}`", header.name), "no such header");
                    checks.push(check(CheckKind::ResponseHeader, format!("the header `{}` is there", header.name), outcome));
                }
                None => {}
            }
        }
    }

    fn header(&self, header: &ResponseHeader, text: &str, checks: &mut Vec<CheckResult>) {
        let Some(node) = &header.schema else {
            return;
        };
        let schema = self.service.schema(node);
        // Arrays and objects have styles of their own here, and no service we know documents them.
        if schema.as_ref().is_some_and(|schema| schema.types().iter().any(|kind| matches!(*kind, "array" | "object"))) {
            return;
        }
        let value = parameter::coerce(schema.as_ref(), text);
        let condition = format!("the header `{}` fits its schema", header.name);
        self.against_schema(CheckKind::ResponseHeader, &condition, node, &value, checks);
    }

    /// Compares a request: parameters that are required, values of parameters, and the body.
    pub(crate) fn check_request(&self, given: &Given<'_>, body: Option<(&str, &Value)>) -> Vec<CheckResult> {
        let mut checks = Vec::new();
        for documented in self.operation.parameters.iter().filter(|parameter| !has_no_meaning(parameter)) {
            self.parameter(documented, given, &mut checks);
        }
        self.request_body(body, &mut checks);
        checks.retain(|check| check.outcome.is_failure());
        if checks.is_empty() {
            checks.push(check(CheckKind::RequestSchema, "the request fits the definition", CheckOutcome::Held));
        }
        checks
    }

    fn parameter(&self, documented: &Parameter, given: &Given<'_>, checks: &mut Vec<CheckResult>) {
        let condition = format!("the {} parameter `{}` fits the definition", documented.location, documented.name);
        match (given.value(documented), &documented.schema) {
            (Some(value), Some(schema)) => {
                self.against_schema(CheckKind::RequestSchema, &condition, schema, &self.as_received(documented, &value), checks);
            }
            (None, _) if documented.required => {
                let outcome = failed(format!("the {} parameter `{}`", documented.location, documented.name), "no such parameter");
                checks.push(check(CheckKind::RequestSchema, condition, outcome));
            }
            _ => {}
        }
    }

    /// The value as the service reads it: outside of JSON the number 5 and the text "5" are the same on the wire.
    fn as_received(&self, documented: &Parameter, value: &Value) -> Value {
        let schema = documented.schema.as_ref().and_then(|node| self.service.schema(node));
        match (value, &documented.media_type) {
            (value, Some(_)) => value.clone(),
            (Value::Array(items), None) => {
                let schema = schema.as_ref().and_then(Schema::items);
                items.iter().map(|item| scalar_as_received(schema.as_ref(), item)).collect()
            }
            (value, None) => scalar_as_received(schema.as_ref(), value),
        }
    }

    fn request_body(&self, body: Option<(&str, &Value)>, checks: &mut Vec<CheckResult>) {
        let Some(documented) = &self.operation.request_body else {
            return;
        };
        let condition = "the request body fits its schema";
        let Some((media_type, value)) = body else {
            if documented.required {
                checks.push(check(CheckKind::RequestSchema, condition, failed("a request body", "no body")));
            }
            return;
        };
        let Some(media) = documented.content.iter().find(|media| media.matches(media_type)) else {
            let known: Vec<&str> = documented.content.iter().map(|media| media.name.as_str()).collect();
            if !known.is_empty() {
                checks.push(check(CheckKind::RequestSchema, condition, failed(known.join(" or "), media_type)));
            }
            return;
        };
        let is_structured = callboard_model::api::is_json_media_type(media_type) || is_form(media_type);
        if let Some(schema) = media.schema.as_ref().filter(|_| is_structured) {
            let form = is_form(media_type).then(|| self.form_as_received(schema, value));
            self.against_schema(CheckKind::RequestSchema, condition, schema, form.as_ref().unwrap_or(value), checks);
        }
    }

    /// The fields of a form as the service reads them: all are text on the wire.
    fn form_as_received(&self, node: &NodeRef, value: &Value) -> Value {
        let (Some(schema), Value::Object(fields)) = (self.service.schema(node), value) else {
            return value.clone();
        };
        let read = |(name, value): (&String, &Value)| {
            let property = schema.property(name);
            let items = property.as_ref().and_then(|property| property.items());
            let value = match value {
                Value::Array(values) => values.iter().map(|value| scalar_as_received(items.as_ref(), value)).collect(),
                value => scalar_as_received(property.as_ref(), value),
            };
            (name.clone(), value)
        };
        Value::Object(fields.iter().map(read).collect())
    }

    fn against_schema(&self, kind: CheckKind, condition: &str, node: &NodeRef, value: &Value, checks: &mut Vec<CheckResult>) {
        let direction = if kind == CheckKind::RequestSchema { Direction::Request } else { Direction::Response };
        let compiled = self.validators.get(self.service, node, direction);
        let violations = match &*compiled {
            Ok(validator) => validator.validate(value),
            Err(why) => return checks.push(check(kind, condition, CheckOutcome::Unevaluable { why: why.clone() })),
        };
        if violations.is_empty() {
            return checks.push(check(kind, condition, CheckOutcome::Held));
        }
        checks.extend(violations.into_iter().map(|violation| check(kind, condition, mismatch(violation))));
    }
}

fn scalar_as_received(schema: Option<&Schema<'_>>, value: &Value) -> Value {
    match value {
        Value::String(text) => parameter::coerce(schema, text),
        Value::Number(_) | Value::Bool(_) => parameter::coerce(schema, &value.to_string()),
        _ => value.clone(),
    }
}

fn mismatch(violation: Violation) -> CheckOutcome {
    CheckOutcome::Failed { expected: violation.expected, actual: violation.actual, at: Some(violation.at.to_string()) }
}

/// Whether a body is a form: its fields are values that a schema describes.
pub(crate) fn is_form(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or(media_type).trim().to_ascii_lowercase();
    essence == "application/x-www-form-urlencoded" || essence == "multipart/form-data"
}
