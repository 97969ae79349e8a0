//! Builds the request of a step: the operation's method and path, evaluated parameters and body, the environment's base URL and
//! headers.
//!
//! Headers that the scenario sets win over those of the environment, and both over the defaults (`accept`, `content-type`,
//! `user-agent`, the trace).

use std::borrow::Cow;

use bytes::Bytes;
use callboard_model::api::{Parameter, ParameterLocation, ParameterStyle, is_json_media_type, media_type_essence};
use callboard_model::run::RequestRecord;
use callboard_model::{Operation, Schema, Service};
use callboard_schema::parameter::{Written, write, write_form};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::Value;

use crate::client::Outgoing;
use crate::request_check::is_form;
use crate::target::Resolved;
use crate::trace::Trace;

/// What a step wants to send, all values evaluated.
pub(crate) struct Call<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    pub(crate) parameters: Vec<(ParameterLocation, String, Value)>,
    /// The body with its media type, see [`media_type`].
    pub(crate) body: Option<(String, Value)>,
}

/// The media type of a body: the scenario's, the definition's preferred one, or JSON.
pub(crate) fn media_type(given: Option<&str>, operation: &Operation) -> String {
    let documented = || operation.request_body.as_ref().and_then(|body| body.preferred());
    let concrete = || documented().map(|media| media.name.as_str()).filter(|name| !name.contains('*'));
    given.or_else(concrete).unwrap_or("application/json").to_owned()
}

/// Why a request cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BuildError {
    #[error("the path parameter `{0}` has no value")]
    MissingPathParameter(String),
    #[error("the path parameter `{0}` is empty, which would call another path")]
    EmptyPathParameter(String),
    #[error("`{url}` is no URL: {reason}")]
    Url { url: String, reason: String },
    #[error("the header `{0}` has a name or a value that HTTP cannot carry")]
    Header(String),
    #[error("the method `{0}` is none that HTTP knows")]
    Method(String),
}

const USER_AGENT: &str = concat!("callboard/", env!("CARGO_PKG_VERSION"));

impl Call<'_> {
    /// The request, ready to be sent.
    pub(crate) fn build(&self, target: &Resolved<'_>, trace: &Trace) -> Result<Outgoing, BuildError> {
        let mut parts = Parts::default();
        for (location, name, value) in &self.parameters {
            parts.add(self.operation, *location, name, value);
        }
        let url = parts.url(&target.base, &self.operation.key.path)?;
        let mut headers = self.default_headers();
        trace.mark(&mut headers);
        let mut body = Bytes::new();
        if let Some((media_type, value)) = &self.body {
            let sent_as;
            (sent_as, body) = self.encode_body(value, media_type, &trace.id);
            set(&mut headers, "content-type", &sent_as)?;
        }
        for (name, value) in &target.headers {
            set(&mut headers, name, value)?;
        }
        parts.add_headers(&mut headers)?;
        let url = url.parse().map_err(|error: http::uri::InvalidUri| BuildError::Url { url, reason: error.to_string() })?;
        Ok(Outgoing { method: self.method()?, url, headers, body })
    }

    fn method(&self) -> Result<Method, BuildError> {
        let name = self.operation.key.method.as_str();
        Method::from_bytes(name.as_bytes()).map_err(|_| BuildError::Method(name.to_owned()))
    }

    fn default_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
        let accept = HeaderValue::try_from(accepted(self.operation)).unwrap_or(HeaderValue::from_static("*/*"));
        headers.insert(header::ACCEPT, accept);
        headers
    }

    /// The media type as it is sent, and the bytes.
    fn encode_body<'m>(&self, value: &Value, media_type: &'m str, boundary: &str) -> (Cow<'m, str>, Bytes) {
        let sent_as = Cow::Borrowed(media_type);
        match media_type_essence(media_type).as_str() {
            "application/x-www-form-urlencoded" => (sent_as, Bytes::from(write_form(value))),
            "multipart/form-data" => {
                let boundary = format!("callboard-{boundary}");
                let body = self.multipart(value, &boundary);
                (Cow::Owned(format!("multipart/form-data; boundary={boundary}")), body)
            }
            _ if is_json_media_type(media_type) => (sent_as, Bytes::from(value.to_string())),
            _ => (sent_as, Bytes::from(plain_text(value))),
        }
    }

    fn multipart(&self, value: &Value, boundary: &str) -> Bytes {
        let mut out = String::new();
        let documented = self.operation.request_body.iter().flat_map(|body| &body.content);
        let form = documented.filter(|media| is_form(&media.name)).find_map(|media| media.schema.as_ref());
        let schema = form.and_then(|node| self.service.schema(node));
        for (name, value) in value.as_object().into_iter().flatten() {
            let property = schema.as_ref().and_then(|schema| schema.property(name));
            match value {
                Value::Array(items) => items.iter().for_each(|item| part(&mut out, boundary, name, item, property.as_ref())),
                value => part(&mut out, boundary, name, value, property.as_ref()),
            }
        }
        out.push_str(&format!("--{boundary}--\r\n"));
        Bytes::from(out)
    }
}

fn part(out: &mut String, boundary: &str, name: &str, value: &Value, property: Option<&Schema<'_>>) {
    let quoted = name.replace('"', "%22").replace(['\r', '\n'], " ");
    let items = property.and_then(|property| property.items());
    let is_file = [property, items.as_ref()].into_iter().flatten().any(is_file);
    out.push_str(&format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{quoted}\""));
    if is_file {
        out.push_str(&format!("; filename=\"{quoted}\"\r\ncontent-type: application/octet-stream"));
    } else if value.is_object() {
        out.push_str("\r\ncontent-type: application/json");
    }
    out.push_str(&format!("\r\n\r\n{}\r\n", plain_text(value)));
}

/// Whether a field of a form carries a file: Swagger's `file`, or a binary string.
fn is_file(schema: &Schema<'_>) -> bool {
    schema.format() == Some("binary") || schema.types().contains(&"file") || schema.lookup("contentMediaType").is_some()
}

/// A value as text: strings as they are, all else as JSON.
pub(crate) fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The media types that the operation may answer with, JSON first, in the order of the definition.
fn accepted(operation: &Operation) -> String {
    let mut names: Vec<&str> = Vec::new();
    for media in operation.responses.iter().flat_map(|response| &response.content) {
        if !names.contains(&media.name.as_str()) {
            names.push(&media.name);
        }
    }
    names.sort_by_key(|name| !is_json_media_type(name));
    if names.is_empty() { "*/*".to_owned() } else { names.join(", ") }
}

/// Parameters as they go over the wire.
#[derive(Default)]
struct Parts {
    path: Vec<(String, String)>,
    query: Vec<String>,
    headers: Vec<(String, String)>,
    cookies: Vec<String>,
}

impl Parts {
    fn add(&mut self, operation: &Operation, location: ParameterLocation, name: &str, value: &Value) {
        let written = match operation.parameter(location, name) {
            Some(documented) => write(documented, value),
            None => write(&undocumented(operation, location, name), value),
        };
        match written {
            Written::Path(text) => self.path.push((name.to_owned(), text)),
            Written::Query(pairs) => self.query.extend(pairs.iter().map(|(name, value)| format!("{name}={value}"))),
            Written::Header(text) => self.headers.push((name.to_owned(), text)),
            Written::Cookie(pairs) => self.cookies.extend(pairs.iter().map(|(name, value)| format!("{name}={value}"))),
            Written::Querystring(text) => self.query.push(text),
        }
    }

    /// Base and path without a double slash between them, and the query of both.
    fn url(&self, base: &str, template: &str) -> Result<String, BuildError> {
        let (base, base_query) = base.split_once('?').unwrap_or((base, ""));
        let mut url = base.trim_end_matches('/').to_owned();
        if !template.starts_with('/') && !template.is_empty() {
            url.push('/');
        }
        self.push_path(template, &mut url)?;
        let query: Vec<&str> = std::iter::once(base_query).chain(self.query.iter().map(String::as_str)).collect();
        let query = query.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        if !query.is_empty() {
            // A path template may hold a query of its own.
            url.push(if template.contains('?') { '&' } else { '?' });
            url.push_str(&query);
        }
        Ok(url)
    }

    fn push_path(&self, template: &str, url: &mut String) -> Result<(), BuildError> {
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}').map(|at| open + at) else {
                break;
            };
            let name = &rest[open + 1..close];
            let (_, value) = self
                .path
                .iter()
                .find(|(known, _)| known == name)
                .ok_or_else(|| BuildError::MissingPathParameter(name.to_owned()))?;
            if value.is_empty() {
                return Err(BuildError::EmptyPathParameter(name.to_owned()));
            }
            url.push_str(&rest[..open]);
            url.push_str(value);
            rest = &rest[close + 1..];
        }
        url.push_str(rest);
        Ok(())
    }

    fn add_headers(&self, headers: &mut HeaderMap) -> Result<(), BuildError> {
        for (name, value) in &self.headers {
            set(headers, name, value)?;
        }
        if !self.cookies.is_empty() {
            let known = headers.get(header::COOKIE).and_then(|value| value.to_str().ok()).map(str::to_owned);
            let all: Vec<String> = known.into_iter().chain(self.cookies.iter().cloned()).collect();
            set(headers, "cookie", &all.join("; "))?;
        }
        Ok(())
    }
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), BuildError> {
    let bad = || BuildError::Header(name.to_owned());
    let header = HeaderName::try_from(name).map_err(|_| bad())?;
    headers.insert(header, HeaderValue::try_from(value).map_err(|_| bad())?);
    Ok(())
}

/// A parameter that the definition does not have, written in the usual style of its place.
fn undocumented(operation: &Operation, location: ParameterLocation, name: &str) -> Parameter {
    let by_form = matches!(location, ParameterLocation::Query | ParameterLocation::Cookie | ParameterLocation::Querystring);
    Parameter {
        name: name.to_owned(),
        location,
        required: false,
        description: None,
        style: if by_form { ParameterStyle::Form } else { ParameterStyle::Simple },
        explode: by_form,
        allow_reserved: false,
        schema: None,
        media_type: None,
        node: operation.node.clone(),
    }
}

/// A request as reports show it, secrets not masked yet.
pub(crate) fn record(outgoing: &Outgoing) -> RequestRecord {
    let text = |body: &Bytes| String::from_utf8(body.to_vec()).ok();
    RequestRecord {
        method: outgoing.method.to_string(),
        url: outgoing.url.to_string(),
        headers: header_list(&outgoing.headers),
        body: if outgoing.body.is_empty() { None } else { text(&outgoing.body) },
    }
}

/// Headers as pairs of text; bytes that are no text become the replacement character.
pub(crate) fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}
