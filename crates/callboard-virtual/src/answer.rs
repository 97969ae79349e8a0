//! Answers: status, media type, body and headers as the definition documents them.

use std::borrow::Cow;

use bytes::Bytes;
use callboard_model::api::{Format, MediaType, Response, StatusPattern, is_json_media_type, preferred};
use callboard_model::{Operation, Pointer, Schema};
use callboard_schema::{Direction, Hints};
use http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::body;
use crate::request::Problem;
use crate::resource::normalised;
use crate::state::{Ground, hash, key_text};

/// An answer, ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// The operation by its index.
    pub(crate) operation: Option<usize>,
    pub(crate) why: Cow<'static, str>,
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");

impl Answer {
    pub(crate) fn empty(status: u16, why: impl Into<Cow<'static, str>>) -> Self {
        Self { status, content_type: None, headers: Vec::new(), body: Bytes::new(), operation: None, why: why.into() }
    }

    /// A body that is JSON already.
    pub(crate) fn json(status: u16, body: impl Into<Bytes>, why: impl Into<Cow<'static, str>>) -> Self {
        Self { content_type: Some(JSON), body: body.into(), ..Self::empty(status, why) }
    }

    /// Problem details (RFC 9457).
    pub(crate) fn problem(status: u16, detail: &str, problems: &[Problem]) -> Self {
        let mut body = json!({"type": "about:blank", "title": title(status), "status": status, "detail": detail});
        if !problems.is_empty() {
            body["errors"] = problems.iter().map(|p| json!({"field": p.place, "reason": p.message})).collect();
        }
        Self { content_type: Some(PROBLEM), body: Bytes::from(body.to_string()), ..Self::empty(status, detail.to_owned()) }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.retain(|(known, _)| *known != name);
            self.headers.push((name, value));
        }
        self
    }
}

/// The reason phrase of a status.
pub(crate) fn title(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

/// The status of success: the first wish that is documented, else what is documented, else the first wish.
pub(crate) fn success<'o>(operation: &'o Operation, wishes: &[u16]) -> (u16, Option<&'o Response>) {
    let exact = |status: u16| operation.responses.iter().find(|response| response.status == StatusPattern::Exact(status));
    if let Some((status, response)) = wishes.iter().find_map(|status| exact(*status).map(|response| (*status, response))) {
        return (status, Some(response));
    }
    let wish = wishes.first().copied().unwrap_or(200);
    let redirect = operation.responses.iter().find(|response| matches!(response.status, StatusPattern::Exact(300..=399)));
    match operation.success_response() {
        Some(response) if response.status != StatusPattern::Default => match response.status {
            StatusPattern::Exact(status) => (status, Some(response)),
            _ => (wish, Some(response)),
        },
        other => match (redirect, other) {
            (Some(Response { status: StatusPattern::Exact(status), .. }), _) => (*status, redirect),
            (_, Some(response)) => (wish, Some(response)),
            _ => (wish, None),
        },
    }
}

/// The status of a refusal: the first wish that is documented, or `otherwise`.
fn refusal<'o>(operation: &'o Operation, wishes: &[u16], otherwise: u16) -> (u16, Option<&'o Response>) {
    let exact = wishes.iter().find_map(|status| {
        let response = operation.responses.iter().find(|response| response.status == StatusPattern::Exact(*status))?;
        Some((*status, Some(response)))
    });
    exact.unwrap_or_else(|| (otherwise, operation.response(otherwise)))
}

/// Whether a status is documented, be it by class or default.
pub(crate) fn documents(operation: &Operation, status: u16) -> bool {
    operation.response(status).is_some()
}

/// Whether a status is documented by its number.
pub(crate) fn names(operation: &Operation, status: u16) -> bool {
    operation.responses.iter().any(|response| response.status == StatusPattern::Exact(status))
}

/// The media type of an answer: what the caller accepts most, JSON before others.
pub(crate) fn negotiate<'m>(content: &'m [MediaType], accept: Option<&str>) -> Option<&'m MediaType> {
    let Some(accept) = accept.filter(|accept| *accept != "*/*") else { return preferred(content) };
    let mut ranges: Vec<(&str, f32)> = accept.split(',').map(range).collect();
    ranges.sort_by(|a, b| b.1.total_cmp(&a.1));
    let wanted = ranges.iter().filter(|(_, quality)| *quality > 0.0).find_map(|(range, _)| {
        let fits = |media: &&MediaType| media.matches(range) || is_in(range, &media.name);
        content.iter().filter(|media| media.is_json()).find(fits).or_else(|| content.iter().find(fits))
    });
    wanted.or_else(|| preferred(content))
}

fn range(text: &str) -> (&str, f32) {
    let mut pieces = text.split(';').map(str::trim);
    let name = pieces.next().unwrap_or_default();
    let quality = pieces.find_map(|piece| piece.strip_prefix("q=")).and_then(|q| q.parse().ok()).unwrap_or(1.0);
    (name, quality)
}

fn is_in(range: &str, name: &str) -> bool {
    let name = name.split(';').next().unwrap_or(name).trim();
    range == "*/*"
        || range.eq_ignore_ascii_case(name)
        || range.strip_suffix("/*").is_some_and(|kind| name.split('/').next() == Some(kind))
}

/// A value under a media type.
pub(crate) fn encode(media: &MediaType, name: &str, value: &Value) -> (HeaderValue, Bytes) {
    let essence = media.name.split(';').next().unwrap_or_default().trim();
    let concrete = match essence {
        "*/*" | "application/*" => "application/json",
        "text/*" => "text/plain",
        "image/*" => "image/png",
        other if other.contains('*') => "application/octet-stream",
        // `application` alone and its like are slips.
        other if !other.contains('/') => "application/json",
        _ => media.name.as_str(),
    };
    let header = HeaderValue::from_str(concrete).unwrap_or(JSON);
    if is_json_media_type(concrete) {
        return (header, Bytes::from(value.to_string()));
    }
    let is_xml = concrete.contains("xml");
    let text = match value {
        value if is_xml && !value.is_string() => body::xml(name, value),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    (header, Bytes::from(text))
}

/// What a refusal says.
pub(crate) struct Refusal<'a> {
    pub(crate) wishes: &'a [u16],
    pub(crate) otherwise: u16,
    pub(crate) detail: &'a str,
    pub(crate) problems: &'a [Problem],
}

/// A refusal in the form that the definition documents for its status, problem details otherwise.
pub(crate) fn refuse(ground: &Ground, operation: &Operation, accept: Option<&str>, refusal_of: &Refusal<'_>) -> Answer {
    let (status, response) = refusal(operation, refusal_of.wishes, refusal_of.otherwise);
    let mut plain = Answer::problem(status, refusal_of.detail, refusal_of.problems);
    if let Some(name) = produced_json(ground, operation) {
        plain.content_type = Some(name);
    }
    let Some(media) = response.and_then(|response| negotiate(&response.content, accept)) else { return plain };
    let Some(schema) = media.schema.as_ref().and_then(|node| ground.judges.schema(node)) else {
        // JSON without a schema: problem details are as good as anything.
        return if media.is_json() { Answer { content_type: encode(media, "", &Value::Null).0.into(), ..plain } } else { plain };
    };
    let mut pins = Vec::new();
    error_pins(ground, &schema, &Pointer::root(), status, refusal_of, 0, &mut pins);
    let seed = hash(&["error", &status.to_string()]);
    let value = match schema.types().first() {
        Some(&"string") => {
            Some(json!(refusal_of.detail)).filter(|value| ground.judges.is_valid(schema.node(), Direction::Response, value))
        }
        _ => None,
    };
    let value = value.or_else(|| ground.judges.make(schema.node(), seed, &Hints { pins, ..Hints::named("error") }));
    let (content_type, body) = encode(media, "error", &value.unwrap_or(Value::Null));
    Answer { content_type: Some(content_type), body, ..plain }
}

/// Swagger 2.0 names the media types of all answers of an operation at once (`produces`), of refusals as well.
fn produced_json(ground: &Ground, operation: &Operation) -> Option<HeaderValue> {
    if ground.service.format != Format::Swagger20 {
        return None;
    }
    let content = operation.responses.iter().flat_map(|response| &response.content);
    let own = content.map(|media| media.name.as_str()).find(|name| is_json_media_type(name));
    let document = ground.service.documents.iter().next().map(|(_, document)| document.value());
    let common = document
        .and_then(|tree| tree.get("produces")?.as_array()?.iter().filter_map(Value::as_str).find(|n| is_json_media_type(n)));
    HeaderValue::from_str(own.or(common)?).ok()
}

/// The properties of an error that are known by name.
fn error_pins(
    ground: &Ground,
    schema: &Schema<'_>,
    at: &Pointer,
    status: u16,
    refusal: &Refusal<'_>,
    depth: usize,
    pins: &mut Vec<(Pointer, Value)>,
) {
    for (name, property) in schema.all_properties() {
        let place = at.join(name);
        let candidates = error_values(&normalised(name), status, refusal);
        let fitting = candidates.into_iter().find(|value| ground.judges.is_valid(property.node(), Direction::Response, value));
        if let Some(value) = fitting {
            pins.push((place, value));
        } else if depth < 2
            && property.types() == ["object"]
            && ["error", "fault", "problem"].contains(&normalised(name).as_str())
        {
            error_pins(ground, &property, &place, status, refusal, depth + 1, pins);
        } else if depth < 2
            && matches!(normalised(name).as_str(), "errors" | "details" | "violations")
            && let Some(items) = property.items()
        {
            error_pins(ground, &items, &place.join("0"), status, refusal, depth + 1, pins);
        }
    }
}

fn error_values(name: &str, status: u16, refusal: &Refusal<'_>) -> Vec<Value> {
    let texts = || refusal.problems.iter().map(|p| json!(p.message)).collect::<Vec<_>>();
    match name {
        "message" | "detail" | "description" | "reason" | "errordescription" | "errormessage" | "msg" | "text" => {
            vec![json!(refusal.detail)]
        }
        "error" => vec![json!(refusal.detail), json!(title(status))],
        "errors" | "details" | "violations" => vec![Value::Array(texts())],
        "status" | "statuscode" | "code" | "httpstatus" | "errorcode" => vec![json!(status), json!(status.to_string())],
        "title" => vec![json!(title(status))],
        "type" => vec![json!("about:blank")],
        "field" | "parameter" | "path" | "loc" => refusal.problems.first().map(|p| json!(p.place)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Documented headers with a schema; `Location` is up to the caller.
pub(crate) fn headers(ground: &Ground, response: Option<&Response>, seed: u64) -> Vec<(HeaderName, HeaderValue)> {
    let mut out = Vec::new();
    for header in response.into_iter().flat_map(|response| &response.headers) {
        let Ok(name) = HeaderName::from_bytes(header.name.as_bytes()) else { continue };
        let is_ours = [
            http::header::CONTENT_TYPE,
            http::header::CONTENT_LENGTH,
            http::header::TRANSFER_ENCODING,
            http::header::CONNECTION,
            http::header::LOCATION,
        ]
        .contains(&name);
        if is_ours {
            continue;
        }
        let value = header
            .schema
            .as_ref()
            .and_then(|node| ground.judges.make(node, seed ^ hash(&[&header.name]), &Hints::named(&header.name)));
        let text = match value {
            Some(Value::Array(items)) => items.iter().filter_map(key_text).collect::<Vec<_>>().join(","),
            Some(value) => key_text(&value).unwrap_or_else(|| value.to_string()),
            None if header.required => "1".to_owned(),
            None => continue,
        };
        if let Ok(value) = HeaderValue::from_str(&text) {
            out.push((name, value));
        }
    }
    out
}
