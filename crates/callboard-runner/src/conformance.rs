//! Compares an answer with the definition: status, media type, body, headers.
//!
//! Where the definition says nothing there is nothing to compare: an operation without any response, a response without content, a
//! media type without schema. A body that says it is JSON has to be JSON all the same. One that is neither JSON nor `text/…` (XML
//! included) is not looked into, nor is a header with an array or an object in it.

use std::borrow::Cow;

use callboard_model::api::{MediaType, Response, ResponseHeader, is_json_media_type, media_type_essence, media_type_for};
use callboard_model::run::{CheckKind, CheckOutcome, CheckResult};
use callboard_model::{NodeRef, Operation, Service};
use callboard_schema::validate::MAX_VIOLATIONS;
use callboard_schema::{Direction, Validator, Violation, parameter};
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
        let says_json = media_type.is_some_and(|name| !name.contains('*') && is_json_media_type(name));
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

pub(crate) fn check(kind: CheckKind, condition: impl Into<String>, outcome: CheckOutcome) -> CheckResult {
    CheckResult { kind, condition: condition.into(), outcome, span: None }
}

pub(crate) fn failed(expected: impl Into<String>, actual: impl Into<String>) -> CheckOutcome {
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
        let media = answer.content_type().and_then(|name| media_type_for(&response.content, name));
        let condition = "the media type is documented";
        match (media, body) {
            (_, AnswerBody::Empty) => self.missing_body(response, checks),
            (Some(media), body) => {
                checks.push(check(CheckKind::ContentType, condition, CheckOutcome::Held));
                self.body(media, answer, body, checks);
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

    fn body(&self, media: &MediaType, answer: &Answer, body: &AnswerBody, checks: &mut Vec<CheckResult>) {
        if let AnswerBody::Broken { why, .. } = body {
            let outcome = failed("a body that is JSON", format!("a body that is not: {why}"));
            return checks.push(check(CheckKind::ResponseSchema, BODY_FITS, outcome));
        }
        let text;
        let value = match body {
            AnswerBody::Json(value) => value,
            // The type of the answer decides: the definition may say `*/*`.
            AnswerBody::Text(content) if answer.content_type().is_some_and(is_plain_text) => {
                text = Value::from(content.as_str());
                &text
            }
            _ => return,
        };
        if let Some(schema) = &media.schema {
            self.against_schema(CheckKind::ResponseSchema, BODY_FITS, schema, value, checks);
        }
    }

    fn headers(&self, response: &Response, answer: &Answer, checks: &mut Vec<CheckResult>) {
        for header in &response.headers {
            // "Content-Type" among the documented headers has no meaning (OpenAPI, Response Object).
            if header.name.eq_ignore_ascii_case("content-type") {
                continue;
            }
            match (answer.header(header.name.as_str()), answer.headers.contains_key(header.name.as_str())) {
                (Some(text), _) => self.header(header, text, checks),
                (None, true) if header.schema.is_some() => {
                    let why = "the value is no text".to_owned();
                    let condition = format!("the header `{}` fits its schema", header.name);
                    checks.push(check(CheckKind::ResponseHeader, condition, CheckOutcome::Unevaluable { why }));
                }
                (None, false) if header.required => {
                    let outcome = failed(format!("the header `{}`", header.name), "no such header");
                    checks.push(check(CheckKind::ResponseHeader, format!("the header `{}` is there", header.name), outcome));
                }
                _ => {}
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

    /// Judges a value by a schema of the definition.
    pub(crate) fn against_schema(
        &self,
        kind: CheckKind,
        condition: &str,
        node: &NodeRef,
        value: &Value,
        checks: &mut Vec<CheckResult>,
    ) {
        let direction = if kind == CheckKind::RequestSchema { Direction::Request } else { Direction::Response };
        let compiled = self.validators.get(self.service, node, direction);
        let violations = match &*compiled {
            Ok(validator) => validator.validate(value),
            Err(why) => return checks.push(check(kind, condition, CheckOutcome::Unevaluable { why: why.clone() })),
        };
        if violations.is_empty() {
            let notes = compiled.as_ref().as_ref().map(Validator::notes).unwrap_or_default();
            return checks.push(check(kind, judged(condition, notes), CheckOutcome::Held));
        }
        checks.extend(violations.into_iter().map(|violation| check(kind, condition, mismatch(violation))));
    }
}

/// A condition that holds, with what of the schema could not be judged.
fn judged(condition: &str, notes: &[String]) -> String {
    match notes {
        [] => condition.to_owned(),
        [only] => format!("{condition}, as far as it can be judged ({only})"),
        [first, rest @ ..] => format!("{condition}, as far as it can be judged ({first}; and {} more)", rest.len()),
    }
}

/// Text that is a string to a schema. XML is not: schemas describe its elements as objects.
fn is_plain_text(media_type: &str) -> bool {
    let essence = media_type_essence(media_type);
    essence.starts_with("text/") && essence != "text/xml"
}

fn mismatch(violation: Violation) -> CheckOutcome {
    CheckOutcome::Failed { expected: violation.expected, actual: violation.actual, at: Some(violation.at.to_string()) }
}
