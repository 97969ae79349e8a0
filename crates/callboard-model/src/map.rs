//! The system map: entities, and the links along which their identity travels between operations and services.

use std::fmt;

use crate::api::ParameterLocation;
use crate::names::{OperationKey, ServiceName};
use crate::pointer::Pointer;

/// What the services of a system know about each other.
#[derive(Clone, Debug, Default)]
pub struct SystemMap {
    /// Resources, whatever each service calls them.
    pub entities: Vec<Entity>,
    /// Values that one operation yields and another one needs, best first within each consumer.
    pub links: Vec<Link>,
    /// Links that would be there had the user not rejected them: nothing may use them.
    pub rejected: Vec<Link>,
}

/// What a resource is, whatever a service calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Its name: a singular noun in CamelCase, such as `Customer`.
    pub name: String,
    /// The service that owns it: the one that creates it and reads it by id.
    pub owner: Option<ServiceName>,
    /// Other names that fields and paths use for it.
    pub aliases: Vec<String>,
}

/// A value that one operation yields and another one needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it comes from.
    pub from: Producer,
    /// Where it goes.
    pub to: Consumer,
    /// The entity whose identity it is.
    pub entity: String,
    /// How sure we are, 0 to 1.
    pub score: f64,
    /// Why we think so.
    pub evidence: Vec<Evidence>,
}

impl Link {
    /// Whether the user confirmed it.
    pub fn is_confirmed(&self) -> bool {
        self.evidence.iter().any(|evidence| evidence.signal == Signal::Confirmed)
    }
}

/// An operation and a place in what it yields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Producer {
    /// The operation.
    pub operation: OperationKey,
    /// The place.
    pub output: Output,
}

/// An operation and a place in what it takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Consumer {
    /// The operation.
    pub operation: OperationKey,
    /// The place.
    pub input: Input,
}

/// A place in what an operation yields.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Output {
    /// In the response body; `*` stands for any item.
    Body(Pointer),
    /// A response header.
    Header(String),
    /// The request itself, where the caller chooses the key.
    Request(Input),
}

impl fmt::Display for Output {
    /// `/items/*/id`, `header:Location` or `request:path.name`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(pointer) => write!(f, "{pointer}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Request(input) => write!(f, "request:{input}"),
        }
    }
}

impl Output {
    /// Reads the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("header:") {
            return Some(Self::Header(name.to_owned()));
        }
        match text.strip_prefix("request:") {
            Some(input) => Input::parse(input).map(Self::Request),
            None => Pointer::parse(text).map(Self::Body),
        }
    }
}

/// A place in what an operation takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Input {
    /// A parameter.
    Parameter(ParameterLocation, String),
    /// A place in the request body; `*` stands for any item.
    Body(Pointer),
}

impl fmt::Display for Input {
    /// `path.orderId`, `query.q`, `header.x` or `body./items/0/sku`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parameter(location, name) => write!(f, "{location}.{name}"),
            Self::Body(pointer) => write!(f, "body.{pointer}"),
        }
    }
}

impl Input {
    /// Reads the form that `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, rest) = text.split_once('.')?;
        let location = match place {
            "path" => ParameterLocation::Path,
            "query" => ParameterLocation::Query,
            "header" => ParameterLocation::Header,
            "cookie" => ParameterLocation::Cookie,
            "querystring" => ParameterLocation::Querystring,
            "body" => return Pointer::parse(rest).map(Self::Body),
            _ => return None,
        };
        Some(Self::Parameter(location, rest.to_owned()))
    }
}

/// One reason to believe in a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// What kind of sign it is.
    pub signal: Signal,
    /// How much it weighs, 0 to 1; negative for signs against.
    pub weight: f64,
    /// In words, such as "`/customers/{customerId}` is read by it".
    pub detail: String,
}

/// Kinds of signs for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Signal {
    /// A parameter behind a collection's name is that resource's key.
    PathTyping,
    /// The field's name is made of a resource's name.
    Name,
    /// Types, formats, patterns and examples fit.
    TypeAndFormat,
    /// The object looks like the resource's own.
    SchemaShape,
    /// A `$ref`'s or description's words.
    Text,
    /// An OpenAPI link says so.
    OpenApiLink,
    /// The user confirmed it.
    Confirmed,
    /// Values were seen to flow this way.
    Observed,
}

impl Signal {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PathTyping => "path",
            Self::Name => "name",
            Self::TypeAndFormat => "type",
            Self::SchemaShape => "shape",
            Self::Text => "text",
            Self::OpenApiLink => "openapi-link",
            Self::Confirmed => "confirmed",
            Self::Observed => "observed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_reads_back_what_it_writes() {
        for text in ["path.orderId", "query.q", "header.X-Id", "body./items/0/sku", "body."] {
            assert_eq!(Input::parse(text).map(|i| i.to_string()).as_deref(), Some(text));
        }
        for text in ["/items/*/id", "header:Location", "request:path.name", ""] {
            assert_eq!(Output::parse(text).map(|o| o.to_string()).as_deref(), Some(text));
        }
    }
}
