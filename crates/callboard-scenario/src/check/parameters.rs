//! Parameters of a request against the definition.

use callboard_model::api::{self, ParameterLocation, SecurityKind};
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list};
use callboard_model::{Operation, Service, Severity};
use callboard_schema::{Direction, Validator};
use serde_json::Value;

use super::{Checker, Place};
use crate::ast::Parameter;
use crate::codes;
use crate::condition_lexer::number;

/// Headers that a request may have whatever the definition says (OpenAPI "Parameter Object": such parameters are ignored there).
const FREE_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

impl<'c> Checker<'c> {
    pub(super) fn parameters(&mut self, place: Place<'c>, service: &'c Service, operation: &'c Operation) {
        for parameter in &place.step.parameters {
            match parameter.location {
                None => self.without_location(parameter, operation),
                Some(location) => self.parameter(place, parameter, location, service, operation),
            }
        }
        self.missing_parameters(place, service, operation);
    }

    fn without_location(&mut self, parameter: &Parameter, operation: &Operation) {
        let known = operation.parameters.iter().find(|p| p.name == parameter.name);
        let help = match known {
            Some(known) => format!("add `in: {}`", known.location),
            None => "add `in`: path, query, header or cookie".to_owned(),
        };
        let message = format!("the parameter `{}` does not say where it goes", parameter.name);
        self.error(codes::MISSING_LOCATION, &parameter.pointer, message, Some(help));
    }

    fn parameter(
        &mut self,
        place: Place<'c>,
        parameter: &'c Parameter,
        location: ParameterLocation,
        service: &'c Service,
        operation: &'c Operation,
    ) {
        if let Some(known) = operation.parameter(location, &parameter.name) {
            self.parameter_value(place, parameter, known, service);
        } else if !is_free(location, &parameter.name, service) {
            self.unknown_parameter(parameter, location, operation);
        }
    }

    fn unknown_parameter(&mut self, parameter: &Parameter, location: ParameterLocation, operation: &Operation) {
        let label = operation.label();
        if let Some(elsewhere) = operation.parameters.iter().find(|p| p.name == parameter.name) {
            let message = format!("`{}` of `{label}` is in the {}, not in the {location}", parameter.name, elsewhere.location);
            let help = Some(format!("write `in: {}`", elsewhere.location));
            self.error(codes::WRONG_LOCATION, &parameter.pointer.join("in"), message, help);
            return;
        }
        let message = format!("`{label}` has no {location} parameter `{}`", parameter.name);
        let names: Vec<&str> = operation.parameters.iter().map(|p| p.name.as_str()).collect();
        let near = did_you_mean(&parameter.name, names.iter().copied());
        let at = parameter.pointer.join("name");
        // Any header or cookie may be sent; one that is nearly a known one is a slip.
        let is_extra = matches!(location, ParameterLocation::Header | ParameterLocation::Cookie) && near.is_none();
        let severity = if is_extra { Severity::Warning } else { Severity::Error };
        let help = if is_extra { None } else { near.or_else(|| did_you_mean_or_list(&parameter.name, names.iter().copied())) };
        self.report(severity, codes::UNKNOWN_PARAMETER, &at, message, help);
    }

    fn parameter_value(&mut self, place: Place<'c>, parameter: &Parameter, known: &api::Parameter, service: &Service) {
        let Some(value) = parameter.value.as_literal() else {
            return;
        };
        let schema = known.schema.as_ref().and_then(|node| service.schema(node));
        let Some(validator) = schema.and_then(|schema| Validator::compile(&schema, Direction::Request).ok()) else {
            return;
        };
        if readings(value).iter().any(|reading| validator.is_valid(reading)) {
            return;
        }
        let violation = validator.validate(value).into_iter().next();
        let why = violation.map_or_else(String::new, |v| format!(": {} expected, not {}", v.expected, v.actual));
        let message = format!("this is no value for the parameter `{}`{why}", parameter.name);
        let at = parameter.pointer.join("value");
        self.report(place.severity_of_sent(), codes::INVALID_PARAMETER, &at, message, allowed(value, known, service));
    }

    fn missing_parameters(&mut self, place: Place<'c>, service: &Service, operation: &Operation) {
        let given = place.workflow.parameters_of(place.step);
        let is_given = |known: &api::Parameter| {
            given.iter().any(|p| p.location == Some(known.location) && same_name(known.location, &p.name, &known.name))
        };
        let missing = operation.parameters.iter().filter(|p| p.required && !is_given(p));
        for known in missing.filter(|p| !is_free(p.location, &p.name, service)) {
            // A parameter that was given in the wrong place, or with a slip in its name, was reported there.
            let is_reported = place.step.parameters.iter().any(|p| {
                operation.parameters.iter().all(|other| other.name != p.name || other.name == known.name)
                    && (p.name == known.name || did_you_mean(&p.name, [known.name.as_str()]).is_some())
            });
            let is_sent = known.location == ParameterLocation::Header && (self.around.sends)(service, &known.name);
            if is_reported || is_sent {
                continue;
            }
            // A path without its parameter cannot even be written.
            let severity = if known.location == ParameterLocation::Path { Severity::Error } else { place.severity_of_sent() };
            let message = format!("`{}` needs the {} parameter `{}`", operation.label(), known.location, known.name);
            let help = Some(format!("add `{{name: {}, in: {}, value: …}}` to `parameters`", known.name, known.location));
            self.report(severity, codes::MISSING_PARAMETER, &place.step.pointer, message, help);
        }
    }
}

fn same_name(location: ParameterLocation, a: &str, b: &str) -> bool {
    if location == ParameterLocation::Header { a.eq_ignore_ascii_case(b) } else { a == b }
}

/// Headers of the protocol, and whatever a security scheme of the service sends.
fn is_free(location: ParameterLocation, name: &str, service: &Service) -> bool {
    let is_key = |kind: &SecurityKind| matches!(kind, SecurityKind::ApiKey { location: at, name: key } if *at == location && same_name(location, key, name));
    (location == ParameterLocation::Header && FREE_HEADERS.contains(&name.to_ascii_lowercase().as_str()))
        || service.security_schemes.iter().any(|scheme| is_key(&scheme.kind))
}

/// What a literal may mean on the wire, where everything is text: `5` and `'5'` are the same there.
fn readings(value: &Value) -> Vec<Value> {
    let other = match value {
        Value::String(text) if text == "true" || text == "false" => Some(Value::Bool(text == "true")),
        Value::String(text) => number(text),
        Value::Number(_) | Value::Bool(_) => Some(Value::String(value.to_string())),
        _ => None,
    };
    std::iter::once(value.clone()).chain(other).collect()
}

/// "Did you mean" for a word that is none of those allowed.
fn allowed(value: &Value, known: &api::Parameter, service: &Service) -> Option<String> {
    let values = service.schema(known.schema.as_ref()?)?.enumeration()?;
    did_you_mean(value.as_str()?, values.into_iter().filter_map(Value::as_str).collect::<Vec<_>>())
}
