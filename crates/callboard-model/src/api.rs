//! The API model: what the services of a system offer, whatever format their definitions have.
//!
//! It is a view: schemas, examples and everything the model does not know stay in the raw documents and are reached through
//! [`NodeRef`]s. Nothing is inlined.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::document::{Documents, NodeRef};
use crate::names::{OperationKey, ServiceName};
use crate::schema::Schema;

/// An HTTP method.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the methods' names")]
pub enum Method {
    Get,
    Put,
    Post,
    Delete,
    Options,
    Head,
    Patch,
    Trace,
    /// `QUERY`, a safe method with a body (OpenAPI 3.2).
    Query,
    /// Any other method, upper case (OpenAPI 3.2 `additionalOperations`).
    Other(Arc<str>),
}

impl Method {
    /// The method as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Head => "HEAD",
            Self::Patch => "PATCH",
            Self::Trace => "TRACE",
            Self::Query => "QUERY",
            Self::Other(name) => name,
        }
    }

    /// Reads a method in any case.
    pub fn parse(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "GET" => Self::Get,
            "PUT" => Self::Put,
            "POST" => Self::Post,
            "DELETE" => Self::Delete,
            "OPTIONS" => Self::Options,
            "HEAD" => Self::Head,
            "PATCH" => Self::Patch,
            "TRACE" => Self::Trace,
            "QUERY" => Self::Query,
            other => Self::Other(Arc::from(other)),
        }
    }

    /// Whether the method promises to change nothing (RFC 9110 section 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self, Self::Get | Self::Head | Self::Options | Self::Trace | Self::Query)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Method {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Method {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

/// The format and version of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the versions' names")]
pub enum Format {
    Swagger20,
    OpenApi30,
    OpenApi31,
    OpenApi32,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Swagger20 => "Swagger 2.0",
            Self::OpenApi30 => "OpenAPI 3.0",
            Self::OpenApi31 => "OpenAPI 3.1",
            Self::OpenApi32 => "OpenAPI 3.2",
        })
    }
}

/// All services, read as one system.
#[derive(Debug, Default)]
pub struct System {
    services: Vec<Service>,
    by_key: HashMap<OperationKey, (usize, usize)>,
}

impl System {
    /// A system of services, in the order in which the project names them.
    pub fn new(services: Vec<Service>) -> Self {
        let by_key = services
            .iter()
            .enumerate()
            .flat_map(|(s, service)| (0..service.operations.len()).map(move |o| (service.operations[o].key.clone(), (s, o))))
            .collect();
        Self { services, by_key }
    }

    /// The services.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// A service by name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }

    /// An operation and its service by key.
    pub fn operation(&self, key: &OperationKey) -> Option<(&Service, &Operation)> {
        let (service, operation) = self.by_key.get(key)?;
        let service = &self.services[*service];
        Some((service, &service.operations[*operation]))
    }

    /// All operations with their services, in order.
    pub fn operations(&self) -> impl Iterator<Item = (&Service, &Operation)> {
        self.services.iter().flat_map(|service| service.operations.iter().map(move |operation| (service, operation)))
    }
}

/// One service.
#[derive(Clone, Debug)]
pub struct Service {
    /// The project's name for it.
    pub name: ServiceName,
    /// `info.title`.
    pub title: String,
    /// `info.description`.
    pub description: Option<String>,
    /// `info.version`.
    pub version: Option<String>,
    /// The definition's format.
    pub format: Format,
    /// The raw documents.
    pub documents: Arc<Documents>,
    /// Servers as the definition names them; Swagger's `schemes`, `host` and `basePath` put together.
    pub servers: Vec<Server>,
    /// Security schemes by name.
    pub security_schemes: Vec<SecurityScheme>,
    /// Operations in the order of the document.
    pub operations: Vec<Operation>,
}

impl Service {
    /// An operation by its `operationId`.
    pub fn operation_by_id(&self, id: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.id.as_deref() == Some(id))
    }

    /// An operation by method and path template.
    pub fn operation_at(&self, method: &Method, path: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.key.method == *method && &*operation.key.path == path)
    }

    /// The path of the first server, without a final slash: what stands between the host and the operations' paths.
    pub fn base_path(&self) -> String {
        let url = self.servers.first().map_or("", |server| server.url.as_str());
        let path = match url.find("://") {
            Some(at) => url[at + 3..].find('/').map_or("", |i| &url[at + 3 + i..]),
            None => url,
        };
        path.trim_end_matches('/').to_owned()
    }

    /// The schema at an address.
    pub fn schema<'a>(&'a self, node: &NodeRef) -> Option<Schema<'a>> {
        Schema::at(&self.documents, node)
    }
}

/// Where a service answers, as its definition says. Never called without the user naming it: it may be production.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The URL, absolute or relative, with its variables replaced by their defaults.
    pub url: String,
    /// What the definition says about it.
    pub description: Option<String>,
}

/// How a caller proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityScheme {
    /// The name that requirements use.
    pub name: String,
    /// What it is.
    pub kind: SecurityKind,
}

/// Kinds of security schemes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityKind {
    /// A key in a header, query parameter or cookie of this name.
    ApiKey {
        /// Where it stands.
        location: ParameterLocation,
        /// Its name there.
        name: String,
    },
    /// `Authorization` with this scheme, such as `basic` or `bearer`, lower case.
    Http(String),
    /// OAuth 2; sent as a bearer token.
    OAuth2,
    /// OpenID Connect; sent as a bearer token.
    OpenIdConnect,
    /// A client certificate.
    MutualTls,
    /// Something we do not know.
    Unknown(String),
}

/// Schemes that must all be satisfied together, with the scopes asked for; empty when none is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityRequirement {
    /// Scheme names and scopes.
    pub schemes: Vec<(String, Vec<String>)>,
}

/// One operation of a service.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Service, method and path template.
    pub key: OperationKey,
    /// `operationId`.
    pub id: Option<String>,
    /// `summary`.
    pub summary: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `tags`.
    pub tags: Vec<String>,
    /// Whether it is marked as deprecated.
    pub deprecated: bool,
    /// Parameters, those of the path item included. Swagger's `body` and `formData` are in `request_body`.
    pub parameters: Vec<Parameter>,
    /// The request body.
    pub request_body: Option<RequestBody>,
    /// Responses in the order of the document.
    pub responses: Vec<Response>,
    /// Alternatives, of which one must be satisfied; empty when none is required.
    pub security: Vec<SecurityRequirement>,
    /// Why it cannot be used, if so: the rest of the document still can.
    pub unusable: Option<String>,
    /// Where it stands.
    pub node: NodeRef,
}

impl Operation {
    /// `operationId`, or method and path where it has none: what a person calls it.
    pub fn label(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("{} {}", self.key.method, self.key.path))
    }

    /// A parameter by place and name (header names without regard to case).
    pub fn parameter(&self, location: ParameterLocation, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|p| {
            p.location == location
                && if location == ParameterLocation::Header { p.name.eq_ignore_ascii_case(name) } else { p.name == name }
        })
    }

    /// The response that the definition gives for a status: exact before class before default.
    pub fn response(&self, status: u16) -> Option<&Response> {
        let find = |pattern: StatusPattern| self.responses.iter().find(|response| response.status == pattern);
        find(StatusPattern::Exact(status))
            .or_else(|| find(StatusPattern::Class(u8::try_from(status / 100).unwrap_or(0))))
            .or_else(|| find(StatusPattern::Default))
    }

    /// The first response that means success.
    pub fn success_response(&self) -> Option<&Response> {
        self.responses
            .iter()
            .filter(|r| matches!(r.status, StatusPattern::Exact(200..=299) | StatusPattern::Class(2)))
            .min_by_key(|r| match r.status {
                StatusPattern::Exact(status) => status,
                _ => 299,
            })
            .or_else(|| self.responses.iter().find(|r| r.status == StatusPattern::Default))
    }
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterLocation {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// In a cookie.
    Cookie,
    /// The whole query string as one value (OpenAPI 3.2).
    Querystring,
}

impl ParameterLocation {
    /// The word that definitions use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Query => "query",
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Querystring => "querystring",
        }
    }
}

impl fmt::Display for ParameterLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How arrays and objects are written into a parameter (OpenAPI 3.x "Style Values"; Swagger's `collectionFormat` is mapped to them).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the styles' names")]
pub enum ParameterStyle {
    Simple,
    Label,
    Matrix,
    Form,
    SpaceDelimited,
    PipeDelimited,
    DeepObject,
    /// Tab-separated (Swagger 2.0 `tsv`).
    TabDelimited,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub location: ParameterLocation,
    /// Whether it must be given; always so in the path.
    pub required: bool,
    /// `description`.
    pub description: Option<String>,
    /// How arrays and objects are written.
    pub style: ParameterStyle,
    /// Whether each item or property becomes a parameter of its own.
    pub explode: bool,
    /// Whether reserved characters stay as they are.
    pub allow_reserved: bool,
    /// The schema: of the value, or of the content where `media_type` is given. In Swagger 2.0 the parameter itself is its schema.
    pub schema: Option<NodeRef>,
    /// The media type into which the value is serialised (`content`).
    pub media_type: Option<String>,
    /// Where it stands in the definition.
    pub node: NodeRef,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub struct RequestBody {
    /// Whether it must be given.
    pub required: bool,
    /// `description`.
    pub description: Option<String>,
    /// The media types that are accepted, in order.
    pub content: Vec<MediaType>,
    /// Where it stands.
    pub node: NodeRef,
}

impl RequestBody {
    /// The JSON media type, or the first one.
    pub fn preferred(&self) -> Option<&MediaType> {
        preferred(&self.content)
    }
}

/// The JSON media type of a list, or the first one.
pub fn preferred(content: &[MediaType]) -> Option<&MediaType> {
    content.iter().find(|media| media.is_json()).or_else(|| content.first())
}

/// The media type of a list that a concrete one on the wire falls under: its own name before `text/*`, that before `*/*`.
pub fn media_type_for<'m>(content: &'m [MediaType], concrete: &str) -> Option<&'m MediaType> {
    let is_range = |name: &str| (name.contains("*/"), name.contains('*'));
    content.iter().filter(|media| media.matches(concrete)).min_by_key(|media| is_range(&media.name))
}

/// A media type without its parameters, in small letters: `text/html` of `Text/HTML; charset=utf-8`.
pub fn media_type_essence(name: &str) -> String {
    name.split(';').next().unwrap_or(name).trim().to_ascii_lowercase()
}

/// A media type with what it carries.
#[derive(Clone, Debug)]
pub struct MediaType {
    /// Its name, such as `application/json`; may be a range such as `*/*`.
    pub name: String,
    /// The schema of the content.
    pub schema: Option<NodeRef>,
    /// Examples in the document: the values themselves, or whatever stands there.
    pub examples: Vec<NodeRef>,
    /// Where it stands.
    pub node: NodeRef,
}

impl MediaType {
    /// Whether the content is JSON (`application/json`, `…+json`, any range that includes it).
    pub fn is_json(&self) -> bool {
        is_json_media_type(&self.name)
    }

    /// Whether a concrete media type on the wire falls under this name.
    pub fn matches(&self, concrete: &str) -> bool {
        let (pattern, concrete) = (media_type_essence(&self.name), media_type_essence(concrete));
        pattern == concrete
            || pattern == "*/*"
            || pattern.strip_suffix("/*").is_some_and(|kind| concrete.split('/').next() == Some(kind))
    }
}

/// Whether a media type is JSON: `application/json`, a `+json` suffix (RFC 6839), or `*/*`.
pub fn is_json_media_type(name: &str) -> bool {
    let essence = media_type_essence(name);
    essence == "application/json"
        || essence.ends_with("+json")
        || essence == "*/*"
        || essence == "application/*"
        || essence == "text/json"
}

/// Which statuses a response stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatusPattern {
    /// One status.
    Exact(u16),
    /// `2XX`: the first digit.
    Class(u8),
    /// All that are not named.
    Default,
}

impl StatusPattern {
    /// Reads `200`, `2XX` or `default`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("default") {
            return Some(Self::Default);
        }
        if let Some(digit) = text.to_ascii_uppercase().strip_suffix("XX") {
            return digit.parse().ok().filter(|d| (1..=5).contains(d)).map(Self::Class);
        }
        text.parse().ok().filter(|status| (100..=599).contains(status)).map(Self::Exact)
    }

    /// Whether a status falls under the pattern (`Default` takes any).
    pub fn matches(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Class(class) => u16::from(class) == status / 100,
            Self::Default => true,
        }
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}XX"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A documented answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The statuses it stands for.
    pub status: StatusPattern,
    /// `description`.
    pub description: Option<String>,
    /// Documented headers.
    pub headers: Vec<ResponseHeader>,
    /// The media types it may have; empty when no body is documented.
    pub content: Vec<MediaType>,
    /// OpenAPI links.
    pub links: Vec<ResponseLink>,
    /// Where it stands.
    pub node: NodeRef,
}

impl Response {
    /// The JSON media type, or the first one.
    pub fn preferred(&self) -> Option<&MediaType> {
        preferred(&self.content)
    }
}

/// A documented response header.
#[derive(Clone, Debug)]
pub struct ResponseHeader {
    /// Its name.
    pub name: String,
    /// Whether it is always there.
    pub required: bool,
    /// `description`.
    pub description: Option<String>,
    /// The schema of its value.
    pub schema: Option<NodeRef>,
    /// Where it stands.
    pub node: NodeRef,
}

/// An OpenAPI link: a value of this response serves as input of another operation.
#[derive(Clone, Debug)]
pub struct ResponseLink {
    /// Its name.
    pub name: String,
    /// The target, where it could be found in the same definition.
    pub target: Option<OperationKey>,
    /// Parameter names (`in.name` or plain) with runtime expressions or constants.
    pub parameters: Vec<(String, serde_json::Value)>,
    /// The expression for the body.
    pub request_body: Option<serde_json::Value>,
    /// Where it stands.
    pub node: NodeRef,
}
