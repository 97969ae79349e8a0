//! What a stub answers, compiled: what never changes is made once.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use hyper::ext::ReasonPhrase;
use serde_json::Value;
use uuid::Uuid;

use super::delay::Delay;
use super::fields;
use super::refusal::{Object, Refusal};
use super::template::{Scope, Template};

/// A compiled response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    reason: Option<ReasonPhrase>,
    /// The headers that never change, those that name the stub among them.
    headers: HeaderMap,
    templated_headers: Vec<(HeaderName, Template)>,
    body: Body,
    parameters: Value,
    /// The answer says how long it is; otherwise it is sent in chunks, as WireMock does.
    has_length: bool,
    pub(crate) delay: Delay,
    pub(crate) dribble: Option<Dribble>,
    pub(crate) fault: Option<Fault>,
}

#[derive(Debug)]
enum Body {
    Fixed(Bytes),
    Template(Template),
    /// A file below `__files`.
    File(String),
    /// A template, in a file whose name is a template, too.
    TemplateFile(Template),
}

/// An answer that trickles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dribble {
    pub(crate) chunks: usize,
    pub(crate) pause: Duration,
}

/// An answer that breaks HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stub asks for a broken connection")]
pub(crate) enum Fault {
    /// The connection ends without a byte.
    Empty,
    /// A good head, then no chunk.
    MalformedChunk,
    /// No HTTP at all.
    Garbage,
    /// The connection is reset.
    Reset,
}

/// An answer to one request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) reason: Option<ReasonPhrase>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) is_chunked: bool,
}

impl Answer {
    /// A plain answer with a length.
    pub(crate) fn new(status: StatusCode, content_type: Option<&'static str>, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = content_type {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        Self { status, reason: None, headers, body: body.into(), is_chunked: false }
    }
}

impl Response {
    /// Reads a response; `id` and `name` are those of the stub.
    pub(crate) fn read(value: &Value, at: &str, id: Uuid, name: Option<&str>) -> Result<Self, Refusal> {
        let object = Object::read(value, at, &[fields::RESPONSE])?;
        let is_templated = read_transformers(&object)?;
        let (mut headers, templated_headers) = read_headers(&object, is_templated)?;
        let body = read_body(&object, is_templated)?;
        let has_length = headers.contains_key(CONTENT_LENGTH);
        // The length is written by the server: here it only says that there is one.
        check_length(&headers, &body, &object)?;
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        insert_text(&mut headers, "matched-stub-id", &id.to_string());
        if let Some(name) = name {
            insert_text(&mut headers, "matched-stub-name", name);
        }
        Ok(Self {
            status: read_status(&object)?,
            reason: read_reason(&object)?,
            headers,
            templated_headers,
            body,
            parameters: object.get("transformerParameters").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            has_length,
            delay: Delay::read(&object)?,
            dribble: read_dribble(&object)?,
            fault: read_fault(&object)?,
        })
    }

    /// Whether the headers depend on the request.
    pub(crate) fn has_own_headers(&self) -> bool {
        !self.templated_headers.is_empty()
    }

    /// Whether the body depends on the request, or on a file.
    pub(crate) fn has_own_body(&self) -> bool {
        !matches!(self.body, Body::Fixed(_))
    }

    /// Headers and body of an answer that is always the same.
    pub(crate) fn fixed(&self) -> (HeaderMap, Bytes) {
        let body = if let Body::Fixed(body) = &self.body { body.clone() } else { Bytes::new() };
        (self.headers.clone(), body)
    }

    /// The stub's own parameters for its templates.
    pub(crate) fn parameters(&self) -> &Value {
        &self.parameters
    }

    /// The answer, with templates filled in; the error becomes a 500.
    pub(crate) fn answer<'a>(&'a self, files: Option<&Path>, scope: impl FnOnce() -> Scope<'a>) -> Result<Answer, String> {
        if let (Body::Fixed(body), true) = (&self.body, self.templated_headers.is_empty()) {
            return Ok(self.with(self.headers.clone(), body.clone()));
        }
        let mut scope = scope();
        let mut headers = self.headers.clone();
        for (name, template) in &self.templated_headers {
            let text = template.render(&mut scope)?;
            let value = HeaderValue::try_from(text)
                .map_err(|_| format!("the header `{name}` holds a line break once it is filled in"))?;
            headers.append(name, value);
        }
        let body = match &self.body {
            Body::Fixed(body) => body.clone(),
            Body::Template(template) => template.render(&mut scope)?.into(),
            Body::File(name) => read_file(files, name)?.into(),
            Body::TemplateFile(name) => {
                let source = read_file(files, &name.render(&mut scope)?)?;
                match String::from_utf8(source) {
                    Ok(source) => render_file(&source, scope)?.into(),
                    // Pictures and such are no templates.
                    Err(error) => error.into_bytes().into(),
                }
            }
        };
        Ok(self.with(headers, body))
    }

    fn with(&self, headers: HeaderMap, body: Bytes) -> Answer {
        Answer { status: self.status, reason: self.reason.clone(), headers, body, is_chunked: !self.has_length }
    }
}

/// A template that lives as long as one answer.
fn render_file(source: &str, scope: Scope<'_>) -> Result<String, String> {
    let template = Template::compile(source)?;
    let mut scope = scope;
    template.render(&mut scope)
}

/// Reads a file below `__files`.
pub(crate) fn read_file(files: Option<&Path>, name: &str) -> Result<Vec<u8>, String> {
    let folder = files.ok_or_else(|| format!("there is no folder `__files` for `{name}`"))?;
    let path = file_below(folder, name).ok_or_else(|| format!("`{name}` leads out of `__files`"))?;
    std::fs::read(&path).map_err(|error| format!("the body file `{name}` cannot be read: {error}"))
}

/// A path below a folder: no `..`, nothing absolute, no link that leads out.
pub(crate) fn file_below(folder: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name.trim_start_matches('/'));
    if relative.as_os_str().is_empty()
        || !relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
    {
        return None;
    }
    let path = folder.join(relative);
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(real), Ok(folder)) if !real.starts_with(&folder) => None,
        _ => Some(path),
    }
}

fn insert_text(headers: &mut HeaderMap, name: &'static str, text: &str) {
    let visible: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
    if let Ok(value) = HeaderValue::try_from(visible) {
        headers.insert(name, value);
    }
}

fn read_transformers(object: &Object<'_>) -> Result<bool, Refusal> {
    let transformers = object.list("transformers")?.map(Vec::as_slice).unwrap_or_default();
    for transformer in transformers {
        if transformer != "response-template" {
            let why = format!("the transformer {transformer} is not supported: only \"response-template\" is");
            return Err(Refusal::at(&object.place("transformers"), why));
        }
    }
    Ok(!transformers.is_empty())
}

fn read_status(object: &Object<'_>) -> Result<StatusCode, Refusal> {
    let status = object.count("status")?.unwrap_or(200);
    let code =
        u16::try_from(status).ok().filter(|code| (200..=999).contains(code)).and_then(|code| StatusCode::from_u16(code).ok());
    code.ok_or_else(|| Refusal::at(&object.place("status"), format!("the status {status} cannot be sent: 200 to 999 can")))
}

fn read_reason(object: &Object<'_>) -> Result<Option<ReasonPhrase>, Refusal> {
    let Some(text) = object.text("statusMessage")? else { return Ok(None) };
    let reason = ReasonPhrase::try_from(text.as_bytes());
    reason
        .map(Some)
        .map_err(|_| Refusal::at(&object.place("statusMessage"), "the status message holds characters that HTTP forbids"))
}

type Headers = (HeaderMap, Vec<(HeaderName, Template)>);

fn read_headers(object: &Object<'_>, is_templated: bool) -> Result<Headers, Refusal> {
    let mut fixed = HeaderMap::new();
    let mut templated = Vec::new();
    for (name, value, at) in object.members("headers")? {
        let header =
            HeaderName::try_from(name.as_str()).map_err(|_| Refusal::at(&at, format!("`{name}` is not the name of a header")))?;
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let template =
                if is_templated { Some(Template::compile(&text).map_err(|error| Refusal::at(&at, error))?) } else { None };
            match template.filter(|template| !template.is_plain()) {
                Some(template) => templated.push((header.clone(), template)),
                None => {
                    let value = HeaderValue::try_from(text)
                        .map_err(|_| Refusal::at(&at, "the value of the header holds a line break"))?;
                    fixed.append(header.clone(), value);
                }
            }
        }
    }
    Ok((fixed, templated))
}

/// `body` wins over `jsonBody`, as in WireMock; then base64, then the file.
fn read_body(object: &Object<'_>, is_templated: bool) -> Result<Body, Refusal> {
    let template = |key: &str, source: &str| Template::compile(source).map_err(|error| Refusal::at(&object.place(key), error));
    let text = match (object.text("body")?, object.map.get("jsonBody")) {
        (Some(text), _) => Some(("body", text.to_owned())),
        (None, Some(json)) => Some(("jsonBody", json.to_string())),
        (None, None) => None,
    };
    if let Some((key, text)) = text {
        let compiled = if is_templated { Some(template(key, &text)?).filter(|template| !template.is_plain()) } else { None };
        return Ok(compiled.map_or_else(|| Body::Fixed(text.into()), Body::Template));
    }
    if let Some(encoded) = object.text("base64Body")? {
        let bytes = BASE64
            .decode(encoded.trim())
            .map_err(|error| Refusal::at(&object.place("base64Body"), format!("not base64: {error}")))?;
        return Ok(Body::Fixed(bytes.into()));
    }
    let Some(name) = object.text("bodyFileName")? else { return Ok(Body::Fixed(Bytes::new())) };
    if is_templated {
        return template("bodyFileName", name).map(Body::TemplateFile);
    }
    if file_below(Path::new("."), name).is_none() && Path::new(name).components().any(|part| matches!(part, Component::ParentDir))
    {
        return Err(Refusal::at(&object.place("bodyFileName"), format!("`{name}` leads out of `__files`")));
    }
    Ok(Body::File(name.to_owned()))
}

/// A length that is wrong would break the connection.
fn check_length(headers: &HeaderMap, body: &Body, object: &Object<'_>) -> Result<(), Refusal> {
    let Some(value) = headers.get(CONTENT_LENGTH) else { return Ok(()) };
    let length = value.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    let wrong = |why: String| Err(Refusal::at(&object.place("headers/Content-Length"), why));
    match (length, body) {
        (None, _) => wrong("Content-Length is not a number".to_owned()),
        (Some(length), Body::Fixed(body)) if length != body.len() => {
            wrong(format!("Content-Length says {length}, but the body has {} bytes: such an answer is not supported", body.len()))
        }
        _ => Ok(()),
    }
}

/// The most chunks that an answer is cut into.
const MAX_CHUNKS: u64 = 10_000;

fn read_dribble(object: &Object<'_>) -> Result<Option<Dribble>, Refusal> {
    let Some(value) = object.get("chunkedDribbleDelay") else { return Ok(None) };
    let inner = Object::read(value, &object.place("chunkedDribbleDelay"), &[fields::DRIBBLE])?;
    let chunks = inner.count("numberOfChunks")?.unwrap_or_default();
    let total = inner.count("totalDuration")?.unwrap_or_default();
    if chunks == 0 || chunks > MAX_CHUNKS {
        return Err(Refusal::at(&inner.place("numberOfChunks"), format!("1 to {MAX_CHUNKS} chunks are possible")));
    }
    let chunks = usize::try_from(chunks).unwrap_or(1);
    Ok(Some(Dribble { chunks, pause: Duration::from_millis(total) / u32::try_from(chunks).unwrap_or(1) }))
}

fn read_fault(object: &Object<'_>) -> Result<Option<Fault>, Refusal> {
    Ok(match object.text("fault")? {
        None => None,
        Some("EMPTY_RESPONSE") => Some(Fault::Empty),
        Some("MALFORMED_RESPONSE_CHUNK") => Some(Fault::MalformedChunk),
        Some("RANDOM_DATA_THEN_CLOSE") => Some(Fault::Garbage),
        Some("CONNECTION_RESET_BY_PEER") => Some(Fault::Reset),
        Some(other) => return Err(Refusal::at(&object.place("fault"), format!("`{other}` is not a fault"))),
    })
}
