//! Parameters that moved, were renamed, removed or are needed now, and values that are no longer allowed.

use callboard_definition::PlaceFate;
use callboard_model::api::{Parameter as Known, ParameterLocation};
use callboard_model::map::Input;
use callboard_model::{Operation, Pointer, Service};
use callboard_scenario::ast::Parameter;
use callboard_scenario::codes;
use callboard_scenario::edit::Edit;
use callboard_schema::{Direction, Validator};
use serde_json::{Value, json};

use super::body::{Allowed, allowed};
use super::calls::Call;
use super::supply::Supplied;
use super::{CHANGED_REQUEST, Examiner, Report, choices};

/// Headers of the protocol, which any request may have.
const FREE_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

type Place = (ParameterLocation, String);

impl Examiner<'_> {
    /// Everything about the parameters of a step.
    pub(super) fn parameters(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>]) {
        let mut renamed: Vec<Place> = Vec::new();
        let mut removed = 0;
        for parameter in &call.step.parameters {
            let Some(location) = parameter.location else { continue };
            if call.new.1.parameter(location, &parameter.name).is_some() {
                self.parameter_value(call, parameter, location);
            } else {
                match self.fate(call, parameter, location) {
                    PlaceFate::Kept => {}
                    PlaceFate::Moved { to, why } => {
                        self.parameter_moved(call, parameter, location, &to, &why);
                        renamed.push(to);
                    }
                    PlaceFate::Gone(near) => {
                        self.parameter_gone(call, parameter, location, &near, &mut removed);
                    }
                }
            }
        }
        self.parameters_needed(call, calls, &renamed);
    }

    fn fate(&self, call: &Call<'_>, parameter: &Parameter, location: ParameterLocation) -> PlaceFate<Place> {
        let is_protocol =
            location == ParameterLocation::Header && FREE_HEADERS.contains(&parameter.name.to_ascii_lowercase().as_str());
        let is_extra = matches!(location, ParameterLocation::Header | ParameterLocation::Cookie);
        match (call.old, call.versions) {
            (Some((_, old)), Some(versions)) => match old.parameter(location, &parameter.name) {
                Some(known) => versions.parameter((old, known), call.new.1),
                None => PlaceFate::Kept,
            },
            _ if is_protocol => PlaceFate::Kept,
            _ => likely(call, parameter, location, is_extra),
        }
    }

    fn parameter_moved(&mut self, call: &Call<'_>, parameter: &Parameter, location: ParameterLocation, to: &Place, why: &str) {
        let name_changes = to.1 != parameter.name;
        let mut edits = Vec::new();
        if name_changes {
            edits.push(Edit::Set { at: parameter.pointer.join("name"), value: to.1.as_str().into() });
        }
        if to.0 != location {
            edits.push(Edit::Set { at: parameter.pointer.join("in"), value: to.0.as_str().into() });
        }
        let label = call.new.1.label();
        let message = match (name_changes, to.0 == location) {
            _ if call.old.is_none() => {
                format!(
                    "`{label}` has no {location} parameter `{}`; the {} parameter `{}` may be meant: {why}",
                    parameter.name, to.0, to.1
                )
            }
            (true, _) => format!(
                "the {location} parameter `{}` of `{label}` is the {} parameter `{}` now: {why}",
                parameter.name, to.0, to.1
            ),
            _ => format!("the {location} parameter `{}` of `{label}` is in the {} now", parameter.name, to.0),
        };
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(if name_changes { codes::UNKNOWN_PARAMETER } else { codes::WRONG_LOCATION }),
            at: &parameter.pointer,
            subject: &parameter.name,
            message,
            edits: if parameter.reuse.is_some() { Vec::new() } else { edits },
            remedy: if parameter.reuse.is_some() {
                "it comes from `components`: change it there".to_owned()
            } else {
                format!("`{}` in the {}", to.1, to.0)
            },
            settles: vec![(codes::MISSING_PARAMETER, to.1.clone())],
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn parameter_gone(
        &mut self,
        call: &Call<'_>,
        parameter: &Parameter,
        location: ParameterLocation,
        near: &[Place],
        removed: &mut usize,
    ) {
        if call.old.is_none() {
            return;
        }
        let all = call.step.parameters.len();
        let is_decided = near.is_empty() && parameter.reuse.is_none();
        *removed += usize::from(is_decided);
        let at = if is_decided && *removed == all { call.step.pointer.join("parameters") } else { parameter.pointer.clone() };
        let remedy = if is_decided {
            format!("take `{}` out", parameter.name)
        } else {
            format!("it may be {}", choices(near.iter().map(|(location, name)| format!("{location}.{name}"))))
        };
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::UNKNOWN_PARAMETER),
            at: &parameter.pointer,
            subject: &parameter.name,
            message: format!("the {location} parameter `{}` was removed from `{}`", parameter.name, call.new.1.label()),
            edits: if is_decided { vec![Edit::Remove { at }] } else { Vec::new() },
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn parameters_needed(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>], renamed: &[Place]) {
        let given = call.workflow.parameters_of(call.step);
        let (service, operation) = call.new;
        let is_given = |known: &Known| {
            let is_it = |location: ParameterLocation, name: &str| {
                location == known.location
                    && (name == known.name || location == ParameterLocation::Header && name.eq_ignore_ascii_case(&known.name))
            };
            given.iter().any(|p| p.location.is_some_and(|location| is_it(location, &p.name)))
                || renamed.iter().any(|(l, n)| is_it(*l, n))
        };
        let is_sent =
            |known: &Known| known.location == ParameterLocation::Header && (self.change.around.sends)(service, &known.name);
        let was_missing = |known: &Known| {
            let before = call.old.and_then(|(_, old)| old.parameter(known.location, &known.name));
            call.may_send_nonsense() && known.location != ParameterLocation::Path || before.is_some_and(|before| before.required)
        };
        let needed: Vec<&Known> = operation
            .parameters
            .iter()
            .filter(|known| known.required && !is_given(known) && !is_sent(known) && !was_missing(known))
            .collect();
        for (count, known) in needed.into_iter().enumerate() {
            self.parameter_needed(call, calls, known, count);
        }
    }

    fn parameter_needed(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>], known: &Known, count: usize) {
        let (service, operation) = call.new;
        let schema = known.schema.as_ref().and_then(|node| service.schema(node));
        let input = Input::Parameter(known.location, known.name.clone());
        let Supplied { value, extra, why, comment } = self.supply(call, calls, &input, &known.name, schema.as_ref());
        let item = json!({"name": known.name, "in": known.location.as_str(), "value": value});
        let parameters = call.step.pointer.join("parameters");
        let edit = match self.document.at(&parameters) {
            Some(_) => Edit::Append { to: parameters, value: item, comment },
            // The list itself is new: the next round adds what else is needed.
            None if count > 0 => return,
            None => Edit::Insert {
                into: call.step.pointer.clone(),
                key: "parameters".to_owned(),
                value: Value::Array(vec![item]),
                comment,
            },
        };
        let existed = call.old.is_some_and(|(_, old)| old.parameter(known.location, &known.name).is_some());
        let message = match (call.old, existed) {
            (None, _) => format!("`{}` needs the {} parameter `{}`", operation.label(), known.location, known.name),
            (_, true) => format!("`{}` requires the {} parameter `{}` now", operation.label(), known.location, known.name),
            (_, false) => format!("`{}` has the new required {} parameter `{}`", operation.label(), known.location, known.name),
        };
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::MISSING_PARAMETER),
            at: &call.step.pointer,
            subject: &known.name,
            message,
            edits: std::iter::once(edit).chain(extra).collect(),
            remedy: format!("add `{}` ({why})", known.name),
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    /// A literal that was allowed and is not any more.
    fn parameter_value(&mut self, call: &Call<'_>, parameter: &Parameter, location: ParameterLocation) {
        let Some(value) = parameter.value.as_literal() else { return };
        let Some((old_service, old)) = call.old else { return };
        let at = parameter.pointer.join("value");
        let before = old.parameter(location, &parameter.name).and_then(|p| old_service.schema(p.schema.as_ref()?));
        let after = call.new.1.parameter(location, &parameter.name).and_then(|p| call.new.0.schema(p.schema.as_ref()?));
        let (Some(before), Some(after)) = (before, after) else { return };
        let fits = |schema| Validator::compile(schema, Direction::Request).map_or(true, |validator| validator.is_valid(value));
        if call.versions.is_some_and(|versions| versions.is_same(&before, &after)) || !fits(&before) || fits(&after) {
            return;
        }
        let what = format!("the {location} parameter `{}`", parameter.name);
        self.value_gone(call, &at, &what, &parameter.name, value, allowed(&before, &after, value), codes::INVALID_PARAMETER);
    }

    /// A value of a request that is not allowed any more.
    #[expect(clippy::too_many_arguments, reason = "each is one part of one report")]
    pub(super) fn value_gone(
        &mut self,
        call: &Call<'_>,
        at: &Pointer,
        what: &str,
        subject: &str,
        value: &Value,
        allowed: Allowed,
        explains: callboard_model::Code,
    ) {
        let (edits, remedy) = match allowed {
            Allowed::Instead(new) => {
                (vec![Edit::Set { at: at.clone(), value: new.clone() }], format!("{new} instead of {value}"))
            }
            Allowed::OneOf(values) if values.is_empty() => (Vec::new(), "another value".to_owned()),
            Allowed::OneOf(values) => (Vec::new(), format!("allowed: {}", choices(values.iter().map(Value::to_string)))),
        };
        let message = format!("{what} of `{}` does not allow {value} any more", call.new.1.label());
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(explains),
            at,
            subject,
            message,
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }
}

/// Without an older version: the parameter of the same name elsewhere, or one whose name is a slip away.
fn likely(call: &Call<'_>, parameter: &Parameter, location: ParameterLocation, is_extra: bool) -> PlaceFate<Place> {
    let (service, operation): (&Service, &Operation) = call.new;
    let is_key = service.security_schemes.iter().any(|scheme| {
        matches!(&scheme.kind, callboard_model::api::SecurityKind::ApiKey { name, .. } if name.eq_ignore_ascii_case(&parameter.name))
    });
    if is_key {
        return PlaceFate::Kept;
    }
    let is_given = |known: &&Known| {
        !call.step.parameters.iter().any(|given| given.location == Some(known.location) && given.name == known.name)
    };
    let free = operation.parameters.iter().filter(is_given);
    if let Some(only) = only_of_path(call, location, free.clone().collect()) {
        return PlaceFate::Moved { to: (only.location, only.name.clone()), why: "it is the only one of the path".to_owned() };
    }
    let ranked = free.map(|known| (callboard_definition::likeness::of_names(&known.name, &parameter.name), known));
    match ranked.filter(|(score, _)| *score >= 0.6).max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, known)) if !is_extra || known.location == location => {
            PlaceFate::Moved { to: (known.location, known.name.clone()), why: "the names are similar".to_owned() }
        }
        _ => PlaceFate::Gone(Vec::new()),
    }
}

/// The one path parameter that is not given, where the one that is given is unknown.
fn only_of_path<'k>(call: &Call<'_>, location: ParameterLocation, free: Vec<&'k Known>) -> Option<&'k Known> {
    let of_path: Vec<&Known> = free.into_iter().filter(|known| known.location == ParameterLocation::Path).collect();
    let is_unknown = |p: &&Parameter| {
        p.location == Some(ParameterLocation::Path) && call.new.1.parameter(ParameterLocation::Path, &p.name).is_none()
    };
    let unknown = call.step.parameters.iter().filter(is_unknown).count();
    match of_path[..] {
        [only] if unknown == 1 && location == ParameterLocation::Path => Some(only),
        _ => None,
    }
}
