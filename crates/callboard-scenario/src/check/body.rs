//! Request bodies against the definition.

use callboard_model::api::{MediaType, media_type_for, preferred};
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list, nearest};
use callboard_model::{Operation, Pointer, Schema, Service, Severity};
use callboard_schema::{Direction, Validator, Violation};
use serde_json::Value;

use super::exchange::missing_in_payload;
use super::{Checker, Place, Spot};
use crate::ast::RequestBody;
use crate::codes;
use crate::selector::Selector;
use crate::template::Template;

impl<'c> Checker<'c> {
    pub(super) fn body(&mut self, place: Place<'c>, service: &'c Service, operation: &'c Operation) {
        let step = place.step;
        if let Some(body) = &step.request_body {
            self.replacements(body);
        }
        match (&step.request_body, &operation.request_body) {
            (None, Some(known)) if known.required => {
                let message = format!("`{}` needs a request body", operation.label());
                let help = known.preferred().map(|media| format!("add `requestBody` with `contentType: {}`", media.name));
                self.report(place.severity_of_sent(), codes::MISSING_BODY, &step.pointer, message, help);
            }
            (Some(body), None) => {
                let message = format!("`{}` takes no request body", operation.label());
                let help = Some("remove `requestBody`".to_owned());
                self.report_key(place.severity_of_sent(), codes::UNEXPECTED_BODY, &body.pointer, message, help);
            }
            (Some(body), Some(known)) if body.payload.is_none() && known.required => {
                let message = format!("`{}` needs a request body, and this one has no `payload`", operation.label());
                self.report(place.severity_of_sent(), codes::MISSING_BODY, &body.pointer, message, None);
            }
            (Some(body), Some(known)) => {
                let media = self.media_type(place, body, &known.content);
                let schema = media.and_then(|media| media.schema.as_ref()).and_then(|node| service.schema(node));
                if let (Some(schema), Some(payload), true) = (schema, &body.payload, body.replacements.is_empty()) {
                    let payload = &media.and_then(|media| spelled_out(payload, media)).unwrap_or_else(|| payload.clone());
                    Payload { checker: self, severity: place.severity_of_sent() }.check(
                        payload,
                        &schema,
                        &body.pointer.join("payload"),
                    );
                }
            }
            (None, _) => {}
        }
    }

    /// A replacement sets a member of something that the payload has.
    fn replacements(&mut self, body: &RequestBody) {
        for replacement in &body.replacements {
            let Selector::Pointer(pointer) = &replacement.selector else {
                continue;
            };
            let parent = pointer.parent().unwrap_or_default();
            let missing = missing_in_payload(body.payload.as_ref(), &parent);
            let length = replacement.target.chars().count();
            let spot = Spot { at: replacement.pointer.join("target"), offset: 0, length };
            self.missing_property(missing, "the payload", &replacement.target, &spot);
        }
    }

    /// The media type that the body has.
    fn media_type<'m>(&mut self, place: Place<'c>, body: &RequestBody, content: &'m [MediaType]) -> Option<&'m MediaType> {
        let Some(name) = &body.content_type else {
            return preferred(content);
        };
        let found = media_type_for(content, name);
        if found.is_none() && !content.is_empty() {
            let names = content.iter().map(|media| media.name.as_str());
            let help = did_you_mean_or_list(name, names.collect::<Vec<_>>());
            let at = body.pointer.join("contentType");
            let message = format!("the operation does not accept `{name}`");
            self.report(place.severity_of_sent(), codes::UNKNOWN_CONTENT_TYPE, &at, message, help);
        }
        found
    }
}

/// A payload under judgement.
struct Payload<'p, 'c> {
    checker: &'p mut Checker<'c>,
    severity: Severity,
}

impl Payload<'_, '_> {
    fn check(&mut self, template: &Template, schema: &Schema<'_>, at: &Pointer) {
        match template {
            Template::Literal(Value::String(text)) if is_written_out(text) => {}
            Template::Literal(value) => {
                self.literal(value, schema, at);
                self.misspelt(value, schema, at);
            }
            Template::Object(fields) if schema.allows_type("object") => {
                let names: Vec<&str> = fields.keys().map(String::as_str).collect();
                self.keys(&names, schema, at);
                for (name, field) in fields {
                    if let Some(inner) = schema.property(name).or_else(|| schema.additional_properties()) {
                        self.check(field, &inner, &at.join(name));
                    }
                }
            }
            Template::Array(items) if schema.allows_type("array") => {
                for (i, item) in items.iter().enumerate() {
                    if let Some(inner) = schema.items() {
                        self.check(item, &inner, &at.join(i.to_string()));
                    }
                }
            }
            Template::Object(_) => self.wrong_type("an object", schema, at),
            Template::Array(_) => self.wrong_type("a list", schema, at),
            // What an expression yields is known when it is there; the runner checks the request then.
            Template::Expression(_) | Template::Text(_) | Template::Selector(_) => {}
        }
    }

    fn literal(&mut self, value: &Value, schema: &Schema<'_>, at: &Pointer) {
        let Ok(validator) = Validator::compile(schema, Direction::Request) else {
            return;
        };
        let violations = validator.validate(value);
        for violation in &violations {
            let help = unknown_name(schema, &violation.at, value);
            if explains_a_missing_one(help.as_deref(), violation, &violations) {
                continue;
            }
            let place = at.concat(&violation.at);
            let message = format!("the body does not fit its schema: {}", violation.message);
            self.checker.report(self.severity, codes::INVALID_BODY, &place, message, help);
        }
    }

    fn wrong_type(&mut self, what: &str, schema: &Schema<'_>, at: &Pointer) {
        let message = format!("the body does not fit its schema: {what} where {} is expected", schema.types().join(" or "));
        self.checker.report(self.severity, codes::INVALID_BODY, at, message, None);
    }

    /// Names in an object with expressions: those that must be there, and those that must not.
    fn keys(&mut self, given: &[&str], schema: &Schema<'_>, at: &Pointer) {
        for name in schema.required() {
            let is_read_only = schema.property(name).is_some_and(|property| property.is_read_only());
            if !given.contains(&name) && !is_read_only {
                let message = format!("the body needs `{name}`");
                self.checker.report(self.severity, codes::INVALID_BODY, at, message, None);
            }
        }
        for name in given {
            self.key(name, given, schema, at);
        }
    }

    fn key(&mut self, name: &str, given: &[&str], schema: &Schema<'_>, at: &Pointer) {
        let known: Vec<&str> = schema.all_properties().into_iter().map(|(name, _)| name).collect();
        let is_open = schema.additional_properties().is_some() || schema.lookup("patternProperties").is_some();
        if known.is_empty() || known.contains(&name) || is_open {
            return;
        }
        let missing = known.iter().copied().filter(|known| !given.contains(known));
        let near = did_you_mean(name, missing.collect::<Vec<_>>());
        let place = at.join(name);
        let message = format!("the schema of the body has no `{name}`");
        if schema.is_closed() {
            let help = near.or_else(|| did_you_mean_or_list(name, known.iter().copied()));
            self.checker.report_key(self.severity, codes::INVALID_BODY, &place, message, help);
        } else if near.is_some() {
            // JSON Schema lets an open object hold more; a name that is nearly a known one is most likely a slip.
            self.checker.report_key(self.severity.max(Severity::Warning), codes::INVALID_BODY, &place, message, near);
        }
    }

    /// Likely slips in the names of a literal, which an open schema lets pass.
    fn misspelt(&mut self, value: &Value, schema: &Schema<'_>, at: &Pointer) {
        match value {
            Value::Object(fields) => {
                let names: Vec<&str> = fields.keys().map(String::as_str).collect();
                for name in &names {
                    if !schema.is_closed() {
                        self.key(name, &names, schema, at);
                    }
                }
                for (name, field) in fields {
                    if let Some(inner) = schema.property(name) {
                        self.misspelt(field, &inner, &at.join(name));
                    }
                }
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    if let Some(inner) = schema.items() {
                        self.misspelt(item, &inner, &at.join(i.to_string()));
                    }
                }
            }
            _ => {}
        }
    }
}

/// A misspelled name is missed and unknown at once: one report is enough, that of the missing one.
fn explains_a_missing_one(help: Option<&str>, violation: &Violation, all: &[Violation]) -> bool {
    let is_meant = |other: &Violation| {
        let name = other.at.last().unwrap_or_default();
        other.at != violation.at
            && other.at.parent() == violation.at.parent()
            && help == Some(&*format!("did you mean `{name}`?"))
    };
    all.iter().any(is_meant)
}

/// A JSON text without expressions, as the tree that it spells.
fn spelled_out(payload: &Template, media: &MediaType) -> Option<Template> {
    let text = payload.as_literal()?.as_str().filter(|text| media.is_json() && is_written_out(text))?;
    serde_json::from_str(text).ok().map(Template::Literal)
}

/// Text that spells out an object or a list is judged when it is sent.
fn is_written_out(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '<'])
}

/// "Did you mean" for a name that the schema does not have, or that stands there instead of one that is missing.
fn unknown_name(schema: &Schema<'_>, at: &Pointer, value: &Value) -> Option<String> {
    let name = at.last()?;
    let parent = at.parent()?;
    let owner = match schema.descend(&parent) {
        callboard_model::schema::Descent::Found(owner) => owner,
        _ => return None,
    };
    let given = value.pointer(parent.as_str())?.as_object()?;
    let known: Vec<&str> = owner.all_properties().into_iter().map(|(name, _)| name).collect();
    if !given.contains_key(&name) {
        let near = nearest(&name, given.keys().map(String::as_str).filter(|key| !known.contains(key)).collect::<Vec<_>>())?;
        return Some(format!("`{near}` may be meant for it"));
    }
    if known.contains(&name.as_str()) {
        return None;
    }
    did_you_mean(&name, known.into_iter().filter(|known| !given.contains_key(*known)).collect::<Vec<_>>())
}
