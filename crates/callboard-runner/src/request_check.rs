//! Compares a request with the definition before it is sent: required parameters, their values, the body.
//!
//! Outside of JSON a value has no type on the wire: the number 5 and the text "5" are the same. It is judged as the service reads it.

use std::borrow::Cow;

use callboard_model::api::{Parameter, ParameterLocation, media_type_essence, media_type_for};
use callboard_model::run::{CheckKind, CheckOutcome, CheckResult};
use callboard_model::{NodeRef, Schema};
use callboard_schema::parameter;
use http::HeaderMap;
use serde_json::Value;

use crate::conformance::{Definition, check, failed};

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

impl Definition<'_> {
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
        let Some(media) = media_type_for(&documented.content, media_type) else {
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
}

fn scalar_as_received(schema: Option<&Schema<'_>>, value: &Value) -> Value {
    match value {
        Value::String(text) => parameter::coerce(schema, text),
        Value::Number(_) | Value::Bool(_) => parameter::coerce(schema, &value.to_string()),
        _ => value.clone(),
    }
}

/// Whether a body is a form: its fields are values that a schema describes.
pub(crate) fn is_form(media_type: &str) -> bool {
    matches!(&*media_type_essence(media_type), "application/x-www-form-urlencoded" | "multipart/form-data")
}
