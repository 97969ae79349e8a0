//! Request bodies: members that were renamed, moved, removed or are needed now, values that are no longer allowed, and whole bodies.

use callboard_definition::{PlaceFate, likeness};
use callboard_model::api::media_type_for;
use callboard_model::map::Input;
use callboard_model::{Code, Operation, Pointer, Schema, Service};
use callboard_scenario::ast::RequestBody;
use callboard_scenario::codes;
use callboard_scenario::edit::Edit;
use callboard_scenario::expression::looks_like_expression;
use callboard_schema::{Direction, Hints, Validator, synthesise};
use serde_json::{Map, Value, json};

use super::calls::Call;
use super::supply::Supplied;
use super::{CHANGED_REQUEST, Examiner, Report, choices};

/// A body deeper than this is not looked at.
const MAX_DEPTH: usize = 24;

/// What may stand in the place of a value that is gone.
pub(super) enum Allowed {
    /// This one: it came in its place.
    Instead(Value),
    /// One of these.
    OneOf(Vec<Value>),
}

/// A part of a body, with its schemas in both versions.
struct Part<'p, 's> {
    old: Option<Schema<'s>>,
    new: Schema<'s>,
    value: &'p Value,
    /// Its place in the file.
    at: Pointer,
    /// Its place in the body.
    inside: Pointer,
}

impl Examiner<'_> {
    /// Everything about the request body of a step.
    pub(super) fn body(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>]) {
        let (old, new) = (call.old.map(|(_, operation)| operation), call.new.1);
        match (&call.step.request_body, &new.request_body) {
            (Some(body), None) if old.is_some_and(|old| old.request_body.is_some()) => self.body_gone(call, body),
            (None, Some(known)) if known.required && !old.is_some_and(needs_body) && !call.may_send_nonsense() => {
                self.body_needed(call);
            }
            (Some(body), Some(_)) => {
                self.media_type(call, body);
                self.payload(call, calls, body);
            }
            _ => {}
        }
    }

    fn body_gone(&mut self, call: &Call<'_>, body: &RequestBody) {
        let label = call.new.1.label();
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::UNEXPECTED_BODY),
            at: &body.pointer,
            subject: &label,
            message: format!("`{label}` takes no request body any more"),
            edits: vec![Edit::Remove { at: body.pointer.clone() }],
            remedy: "take `requestBody` out".to_owned(),
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn body_needed(&mut self, call: &Call<'_>) {
        let (service, operation) = call.new;
        let label = operation.label();
        let media = operation.request_body.as_ref().and_then(|body| body.preferred());
        let Some(media) = media else { return };
        let schema = media.schema.as_ref().and_then(|node| service.schema(node));
        let payload = schema.map_or(Value::Null, |schema| synthesise(&schema, Direction::Request, 1, &Hints::default()));
        let value = json!({"contentType": media.name, "payload": payload});
        let comment = Some("a body is needed now; this one is made up".to_owned());
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::MISSING_BODY),
            at: &call.step.pointer,
            subject: &label,
            message: format!("`{label}` needs a request body now"),
            edits: vec![Edit::Insert { into: call.step.pointer.clone(), key: "requestBody".to_owned(), value, comment }],
            remedy: "add a body (made up)".to_owned(),
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn media_type(&mut self, call: &Call<'_>, body: &RequestBody) {
        let accepts = |operation: &Operation, name: &str| {
            operation
                .request_body
                .as_ref()
                .is_none_or(|known| known.content.is_empty() || media_type_for(&known.content, name).is_some())
        };
        let Some(name) = &body.content_type else { return };
        let was_wrong = call.old.is_some_and(|(_, old)| !accepts(old, name));
        if accepts(call.new.1, name) || was_wrong || call.old.is_none() {
            return;
        }
        let names: Vec<&str> =
            call.new.1.request_body.iter().flat_map(|known| &known.content).map(|media| media.name.as_str()).collect();
        let at = body.pointer.join("contentType");
        let (edits, remedy) = match names[..] {
            [only] => (vec![Edit::Set { at: at.clone(), value: only.into() }], format!("`{only}`")),
            _ => (Vec::new(), format!("accepted: {}", choices(&names))),
        };
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::UNKNOWN_CONTENT_TYPE),
            at: &at,
            subject: name,
            message: format!("`{}` does not accept `{name}` any more", call.new.1.label()),
            edits,
            remedy,
            settles: Vec::new(),
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
    }

    fn payload(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>], body: &RequestBody) {
        let at = body.pointer.join("payload");
        let Some(value) = self.document.at(&at) else { return };
        let name = body.content_type.as_deref();
        let Some(new) = body_schema(call.new, name) else { return };
        let old = call.old.and_then(|old| body_schema(old, name));
        if call.old.is_some() && old.is_none() {
            return;
        }
        self.part(call, calls, &Part { old, new, value, at, inside: Pointer::root() }, MAX_DEPTH);
    }

    fn part(&mut self, call: &Call<'_>, calls: &[Option<Call<'_>>], part: &Part<'_, '_>, depth: usize) {
        let is_same = part.old.as_ref().zip(call.versions).is_some_and(|(old, versions)| versions.is_same(old, &part.new));
        match part.value {
            _ if depth == 0 || is_same => {}
            Value::Object(fields) => self.object(call, calls, part, fields, depth),
            Value::Array(items) => {
                let old = part.old.as_ref().and_then(Schema::items);
                let Some(new) = part.new.items().filter(|_| part.old.is_none() || old.is_some()) else { return };
                for (index, value) in items.iter().enumerate() {
                    let (at, inside) = (part.at.join(index.to_string()), part.inside.join("*"));
                    self.part(call, calls, &Part { old: old.clone(), new: new.clone(), value, at, inside }, depth - 1);
                }
            }
            value => self.leaf(call, part, value),
        }
    }

    fn object(
        &mut self,
        call: &Call<'_>,
        calls: &[Option<Call<'_>>],
        part: &Part<'_, '_>,
        fields: &Map<String, Value>,
        depth: usize,
    ) {
        let mut renamed: Vec<String> = Vec::new();
        for (name, value) in fields {
            let old = part.old.as_ref().and_then(|old| old.property(name));
            let Some(new) = part.new.property(name) else {
                self.member(call, part, fields, name, &mut renamed);
                continue;
            };
            if part.old.is_none() || old.is_some() {
                let inner = Part { old, new, value, at: part.at.join(name), inside: part.inside.join(name) };
                self.part(call, calls, &inner, depth - 1);
            }
        }
        self.members_needed(call, calls, part, fields, &renamed);
    }

    /// A member that the newer schema does not describe.
    fn member(
        &mut self,
        call: &Call<'_>,
        part: &Part<'_, '_>,
        fields: &Map<String, Value>,
        name: &str,
        renamed: &mut Vec<String>,
    ) {
        let fate = match (&part.old, call.versions) {
            (Some(old), Some(versions)) if old.property(name).is_some() => versions.member(old, &part.new, &[name.to_owned()]).0,
            (None, _) => likely(part, fields, name),
            _ => return,
        };
        let at = part.at.join(name);
        let label = call.new.1.label();
        let shown = part.inside.join(name);
        let before = renamed.len();
        let (message, edits, remedy) = match fate {
            PlaceFate::Kept => return,
            PlaceFate::Moved { to, why } => {
                let segments: Vec<String> = to.segments().collect();
                renamed.extend(segments.first().cloned());
                let new = part.inside.concat(&to);
                let message = match part.old {
                    Some(_) => format!("`{shown}` in the body of `{label}` is `{new}` now: {why}"),
                    None => format!("the body of `{label}` has no `{shown}`; `{new}` may be meant: {why}"),
                };
                (message, move_edits(part, fields, name, &segments), format!("`{new}` instead of `{shown}`"))
            }
            PlaceFate::Gone(near) if near.is_empty() => (
                format!("`{shown}` was removed from the body of `{label}`"),
                vec![Edit::Remove { at: at.clone() }],
                format!("take `{name}` out"),
            ),
            PlaceFate::Gone(near) => {
                let names = near.iter().map(|pointer| part.inside.concat(pointer).to_string());
                (format!("`{shown}` was removed from the body of `{label}`"), Vec::new(), format!("it may be {}", choices(names)))
            }
        };
        let settles = renamed[before..].iter().map(|name| (codes::INVALID_BODY, name.clone())).collect();
        let report = Report {
            code: CHANGED_REQUEST,
            explains: Some(codes::INVALID_BODY),
            at: &at,
            subject: name,
            message,
            edits,
            remedy,
            settles,
            is_guess: call.old.is_none(),
        };
        self.report(Some(call), Some(&call.step.pointer), report);
        if let Some(finding) = self.found.last_mut() {
            finding.diagnostic.span = Some(self.document.key_span(&at));
        }
    }

    fn members_needed(
        &mut self,
        call: &Call<'_>,
        calls: &[Option<Call<'_>>],
        part: &Part<'_, '_>,
        fields: &Map<String, Value>,
        renamed: &[String],
    ) {
        if call.may_send_nonsense() || part.new.types().iter().any(|name| *name != "object") {
            return;
        }
        let before: Vec<&str> = part.old.as_ref().map(Schema::required).unwrap_or_default();
        for name in part.new.required() {
            let schema = part.new.property(name);
            let is_there = fields.contains_key(name) || renamed.iter().any(|other| other == name) || before.contains(&name);
            if is_there || schema.as_ref().is_some_and(Schema::is_read_only) {
                continue;
            }
            let input = Input::Body(part.inside.join(name));
            let Supplied { value, extra, why, comment } = self.supply(call, calls, &input, name, schema.as_ref());
            let label = call.new.1.label();
            let edit = Edit::Insert { into: part.at.clone(), key: name.to_owned(), value, comment };
            let report = Report {
                code: CHANGED_REQUEST,
                explains: Some(codes::INVALID_BODY),
                at: &part.at,
                subject: name,
                message: format!("the body of `{label}` needs `{}` now", part.inside.join(name)),
                edits: std::iter::once(edit).chain(extra).collect(),
                remedy: format!("add `{name}` ({why})"),
                settles: Vec::new(),
                is_guess: call.old.is_none(),
            };
            self.report(Some(call), Some(&call.step.pointer), report);
        }
    }

    /// A literal that was allowed and is not any more.
    fn leaf(&mut self, call: &Call<'_>, part: &Part<'_, '_>, value: &Value) {
        let Some(old) = &part.old else { return };
        if value.as_str().is_some_and(|text| looks_like_expression(text) || text.contains("{$")) {
            return;
        }
        let fits = |schema| Validator::compile(schema, Direction::Request).map_or(true, |validator| validator.is_valid(value));
        if !fits(old) || fits(&part.new) {
            return;
        }
        let name = part.inside.last().unwrap_or_default();
        let what = format!("`{}` in the body", part.inside);
        let explains: Code = codes::INVALID_BODY;
        self.value_gone(call, &part.at, &what, &name, value, allowed(old, &part.new, value), explains);
    }
}

fn needs_body(operation: &Operation) -> bool {
    operation.request_body.as_ref().is_some_and(|body| body.required)
}

fn body_schema<'s>((service, operation): (&'s Service, &'s Operation), media: Option<&str>) -> Option<Schema<'s>> {
    let body = operation.request_body.as_ref()?;
    let media = media.and_then(|name| media_type_for(&body.content, name)).or_else(|| body.preferred())?;
    service.schema(media.schema.as_ref()?)
}

/// A member under another name, or one level further down.
fn move_edits(part: &Part<'_, '_>, fields: &Map<String, Value>, name: &str, to: &[String]) -> Vec<Edit> {
    let at = part.at.join(name);
    let Some(value) = fields.get(name) else { return Vec::new() };
    match to {
        [only] if fields.contains_key(only) => vec![Edit::Remove { at }],
        [only] => vec![Edit::Rename { at, name: only.clone() }],
        [outer, inner] if fields.get(outer).is_some_and(Value::is_object) => {
            let into = part.at.join(outer);
            vec![Edit::Insert { into, key: inner.clone(), value: value.clone(), comment: None }, Edit::Remove { at }]
        }
        [outer, inner] => {
            let mut object = Map::new();
            object.insert(inner.clone(), value.clone());
            vec![Edit::Set { at: at.clone(), value: Value::Object(object) }, Edit::Rename { at, name: outer.clone() }]
        }
        _ => Vec::new(),
    }
}

/// Without an older version: a required member that is missing and whose name is similar.
fn likely(part: &Part<'_, '_>, fields: &Map<String, Value>, name: &str) -> PlaceFate<Pointer> {
    if part.new.additional_properties().is_some() || part.new.all_properties().is_empty() {
        return PlaceFate::Kept;
    }
    let missing = part.new.all_properties().into_iter().map(|(name, _)| name).filter(|known| !fields.contains_key(*known));
    let ranked = missing.map(|known| (likeness::of_names(known, name), known)).filter(|(score, _)| *score >= 0.6);
    match ranked.max_by(|a, b| a.0.total_cmp(&b.0)) {
        Some((_, known)) => PlaceFate::Moved { to: Pointer::of([known]), why: "the names are similar".to_owned() },
        None => PlaceFate::Kept,
    }
}

/// What stands for a value that is allowed no more: the value that came when it went, the one that is written nearly alike, or the same
/// in the type that is asked for.
pub(super) fn allowed(old: &Schema<'_>, new: &Schema<'_>, value: &Value) -> Allowed {
    if let (Some(before), Some(after)) = (old.enumeration(), new.enumeration()) {
        return renamed_value(&before, &after, value);
    }
    if let Some(after) = new.enumeration() {
        return renamed_value(&[value], &after, value);
    }
    let other = match value {
        Value::String(text) => text.parse::<i64>().map(Value::from).ok().or_else(|| text.parse::<f64>().map(Value::from).ok()),
        Value::Number(number) => Some(Value::from(number.to_string())),
        _ => None,
    };
    let fits = |value: &Value| Validator::compile(new, Direction::Request).is_ok_and(|validator| validator.is_valid(value));
    other.filter(fits).map_or_else(|| Allowed::OneOf(Vec::new()), Allowed::Instead)
}

/// The value of an enumeration that another one became.
pub(super) fn renamed_value(before: &[&Value], after: &[&Value], value: &Value) -> Allowed {
    let gone = before.iter().filter(|old| !after.contains(old)).count();
    let added: Vec<&Value> = after.iter().copied().filter(|new| !before.contains(new)).collect();
    if let ([only], 1) = (&added[..], gone) {
        return Allowed::Instead((*only).clone());
    }
    let likeness = |other: &Value| value.as_str().zip(other.as_str()).map_or(0.0, |(a, b)| likeness::of_names(a, b));
    let best = added.iter().map(|other| (likeness(other), *other)).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((score, other)) if score >= 0.7 => Allowed::Instead(other.clone()),
        _ => Allowed::OneOf(after.iter().map(|value| (*value).clone()).collect()),
    }
}
