//! What a request and its answer have: places in bodies, headers, parameters.

use std::borrow::Cow;
use std::fmt::Display;

use callboard_model::api::ParameterLocation;
use callboard_model::schema::Descent;
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list};
use callboard_model::{Operation, Pointer, Schema, Service, Severity};
use serde_json::Value;

use super::expressions::Moment;
use super::{Checker, Place, Spot, status};
use crate::ast::Step;
use crate::codes;
use crate::expression::{Expression, MessagePart};
use crate::template::Template;

impl<'c> Checker<'c> {
    pub(super) fn response(
        &mut self,
        place: Place<'c>,
        part: &MessagePart,
        expression: &Expression,
        spot: &Spot,
        moment: Moment,
    ) {
        let Some((service, operation)) = place.operation else {
            return;
        };
        match part {
            MessagePart::Body => {
                let missing = missing_in_answer(service, operation, place.step, expression.pointer(), moment);
                self.missing_property(missing, &format!("the answer of `{}`", operation.label()), expression, spot);
            }
            MessagePart::Header(name) => {
                let headers = operation.responses.iter().flat_map(|response| &response.headers);
                let known: Vec<&str> = headers.map(|header| header.name.as_str()).collect();
                let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(name));
                if let Some(help) = did_you_mean(name, known).filter(|_| !is_known) {
                    let message = format!("`{}` does not document a header `{name}`", operation.label());
                    self.report_within(Severity::Warning, codes::UNKNOWN_PROPERTY, spot, message, Some(help));
                }
            }
            _ => {}
        }
    }

    pub(super) fn missing_property(&mut self, missing: Option<Missing>, what: &str, text: impl Display, spot: &Spot) {
        let Some(Missing { at, known }) = missing else {
            return;
        };
        let name = at.last().unwrap_or_default();
        let parent = at.parent().filter(|parent| !parent.is_root());
        let place = parent.map_or_else(String::new, |parent| format!(" at `{parent}`"));
        let message = format!("`{text}`: {what} has no `{name}`{place}");
        let help = did_you_mean_or_list(&name, known.iter().map(String::as_str));
        self.error_within(codes::UNKNOWN_PROPERTY, spot, message, help);
    }

    pub(super) fn request(&mut self, place: Place<'c>, part: &MessagePart, expression: &Expression, spot: &Spot) {
        let sent = |location: ParameterLocation, name: &str| {
            place.workflow.parameters_of(place.step).iter().any(|p| p.location == Some(location) && p.name == *name)
        };
        let missing = match part {
            MessagePart::Query(name) if !sent(ParameterLocation::Query, name) => ("query", name),
            MessagePart::Path(name) if !sent(ParameterLocation::Path, name) => ("path", name),
            MessagePart::Body => {
                let payload = place.step.request_body.as_ref().and_then(|body| body.payload.as_ref());
                let missing = missing_in_payload(payload, expression.pointer());
                self.missing_property(missing, "the request body of this step", expression, spot);
                return;
            }
            _ => return,
        };
        let (location, name) = missing;
        let names: Vec<&str> = place.workflow.parameters_of(place.step).into_iter().map(|p| p.name.as_str()).collect();
        let help = did_you_mean_or_list(name, names);
        let message = format!("this step sends no {location} parameter `{name}`");
        self.error_within(codes::UNKNOWN_PARAMETER, spot, message, help);
    }
}

/// A place that a schema does not have, with the names that it has there.
pub(super) struct Missing {
    pub(super) at: Pointer,
    pub(super) known: Vec<String>,
}

/// The place of a pointer that no documented answer has. Where one answer has it, or has no schema, nothing is missing.
pub(super) fn missing_in_answer(
    service: &Service,
    operation: &Operation,
    step: &Step,
    pointer: &Pointer,
    moment: Moment,
) -> Option<Missing> {
    if pointer.is_root() {
        return None;
    }
    let statuses = status::expected(step);
    let responses: Vec<_> = if moment == Moment::AnyAnswer {
        operation.responses.iter().collect()
    } else if statuses.is_empty() {
        operation.success_response().into_iter().collect()
    } else {
        statuses.iter().filter_map(|status| operation.response(*status)).collect()
    };
    let mut missing = None;
    for response in responses {
        let media = response.preferred().filter(|media| media.is_json())?;
        let schema: Schema<'_> = media.schema.as_ref().and_then(|node| service.schema(node))?;
        match schema.descend(pointer) {
            Descent::Missing { at, known } => missing = missing.or(Some(Missing { at, known })),
            _ => return None,
        }
    }
    missing
}

/// The place of a pointer that the payload of a request surely does not have.
pub(super) fn missing_in_payload(payload: Option<&Template>, pointer: &Pointer) -> Option<Missing> {
    let mut current = Cow::Borrowed(payload?);
    let mut at = Pointer::root();
    for segment in pointer.segments() {
        at.push(&segment);
        let next = match current.as_ref() {
            Template::Object(fields) => match fields.get(&segment) {
                Some(field) => field.clone(),
                None => return Some(Missing { at, known: fields.keys().cloned().collect() }),
            },
            Template::Literal(Value::Object(fields)) => match fields.get(&segment) {
                Some(field) => Template::Literal(field.clone()),
                None => return Some(Missing { at, known: fields.keys().cloned().collect() }),
            },
            _ => return None,
        };
        current = Cow::Owned(next);
    }
    None
}
