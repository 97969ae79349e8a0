//! Values of templates.

use std::borrow::Cow;

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::wiremock::dates::Format;
use crate::wiremock::request::Request;

/// A value; some are text and something else at once.
#[derive(Clone)]
pub(crate) enum Val<'a> {
    /// Nothing there.
    Missing,
    Text(Cow<'a, str>),
    Json(Cow<'a, Value>),
    /// The values of a header, query parameter or cookie: prints as the first, is a list as well.
    Values(Vec<Cow<'a, str>>),
    /// The body: prints as text, is known as JSON.
    Body(&'a Request<'a>),
    /// The path: prints as text, its segments have indexes.
    Path(&'a str),
    /// The method, which equals no text, as in WireMock.
    Method(&'a str),
    /// A date with the format it prints in.
    Date(Box<Dated>),
    /// A group of values of the request.
    Part(Part, &'a Request<'a>),
    /// Items of a list that a helper made.
    List(Vec<Val<'a>>),
}

/// A group of values of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Request,
    Headers,
    Query,
    Cookies,
}

/// A date and how it prints.
#[derive(Clone)]
pub(crate) struct Dated {
    pub(crate) moment: Zoned,
    pub(crate) format: Option<Format>,
    /// Asked for by name: it shows in the default format.
    pub(crate) has_zone: bool,
}

impl<'a> Val<'a> {
    pub(crate) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn owned(value: Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Owned(text)),
            other => Self::Json(Cow::Owned(other)),
        }
    }

    pub(crate) fn borrowed(value: &'a Value) -> Self {
        match value {
            Value::String(text) => Self::Text(Cow::Borrowed(text)),
            other => Self::Json(Cow::Borrowed(other)),
        }
    }

    pub(crate) fn number(number: usize) -> Self {
        Self::Json(Cow::Owned(number.into()))
    }

    pub(crate) fn flag(flag: bool) -> Self {
        Self::Json(Cow::Owned(flag.into()))
    }

    /// What a helper says about arguments it cannot use: rendered, not an error of the answer.
    pub(crate) fn problem(message: impl std::fmt::Display) -> Self {
        Self::Text(Cow::Owned(format!("[ERROR: {message}]")))
    }

    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Json(value) => value.is_null(),
            _ => false,
        }
    }

    /// What conditions take as true: not nothing, "", 0, false or an empty list.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Missing => false,
            Self::Text(text) => !text.is_empty(),
            Self::Values(values) => !values.is_empty(),
            Self::Body(request) => !request.body.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Path(_) | Self::Method(_) | Self::Date(_) | Self::Part(..) => true,
            Self::Json(value) => match &**value {
                Value::Null => false,
                Value::Bool(flag) => *flag,
                Value::Number(number) => number.as_f64() != Some(0.0),
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                Value::Object(_) => true,
            },
        }
    }

    /// Appends the value as it prints.
    pub(crate) fn print(&self, out: &mut String) {
        match self {
            Self::Missing | Self::Part(..) => {}
            Self::Text(text) => out.push_str(text),
            Self::Values(values) => out.push_str(values.first().map_or("", |value| value)),
            Self::Body(request) => out.push_str(request.text()),
            Self::Path(text) | Self::Method(text) => out.push_str(text),
            Self::Date(date) => out.push_str(&date.print()),
            Self::List(_) => out.push_str(&self.to_json().to_string()),
            Self::Json(value) => match &**value {
                Value::Null => {}
                Value::String(text) => out.push_str(text),
                object @ Value::Object(_) => out.push_str(&serde_json::to_string_pretty(object).unwrap_or_default()),
                other => out.push_str(&other.to_string()),
            },
        }
    }

    /// The value as text.
    pub(crate) fn to_text(&self) -> Cow<'a, str> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Body(request) => Cow::Borrowed(request.text()),
            Self::Path(text) | Self::Method(text) => Cow::Borrowed(text),
            other => {
                let mut out = String::new();
                other.print(&mut out);
                Cow::Owned(out)
            }
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Missing => Value::Null,
            Self::Json(value) => value.clone().into_owned(),
            Self::Values(values) if values.len() != 1 => values.iter().map(|value| Value::from(&**value)).collect(),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Part(..) => {
                let members = self.members().into_iter();
                Value::Object(members.filter_map(|(key, value)| Some((key?.to_text().into_owned(), value.to_json()))).collect())
            }
            other => Value::from(other.to_text().into_owned()),
        }
    }

    /// The value as a number, also when it is a text that shows one.
    pub(crate) fn to_number(&self) -> Option<f64> {
        match self {
            Self::Json(value) if value.is_number() => value.as_f64(),
            other => other.to_text().trim().parse().ok(),
        }
    }

    /// The items, where the value is a list.
    pub(crate) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Values(values) => Some(values.iter().map(|value| Self::Text(value.clone())).collect()),
            Self::Path(path) => Some(segments(path).map(|segment| Self::Text(Cow::Borrowed(segment))).collect()),
            Self::List(items) => Some(items.clone()),
            Self::Json(Cow::Borrowed(Value::Array(items))) => Some(items.iter().map(Self::borrowed).collect()),
            Self::Json(Cow::Owned(Value::Array(items))) => Some(items.iter().cloned().map(Self::owned).collect()),
            _ => None,
        }
    }

    /// The items or members with their keys; empty for everything else.
    pub(crate) fn members(&self) -> Vec<(Option<Self>, Self)> {
        match self {
            Self::Json(Cow::Borrowed(Value::Object(map))) => {
                map.iter().map(|(key, value)| (Some(Self::text(key.as_str())), Self::borrowed(value))).collect()
            }
            Self::Json(Cow::Owned(Value::Object(map))) => {
                map.iter().map(|(key, value)| (Some(Self::text(key.clone())), Self::owned(value.clone()))).collect()
            }
            Self::Part(part, request) => part
                .names(request)
                .into_iter()
                .map(|name| {
                    let value = part.member(request, &name);
                    (Some(Self::text(name)), value)
                })
                .collect(),
            other => other.items().unwrap_or_default().into_iter().map(|item| (None, item)).collect(),
        }
    }

    /// A member by name, or an item by index.
    pub(crate) fn member(&self, name: &str) -> Self {
        if let Self::Part(part, request) = self {
            return part.member(request, name);
        }
        match self {
            Self::Json(Cow::Borrowed(Value::Object(map))) => return map.get(name).map_or(Self::Missing, Self::borrowed),
            Self::Json(Cow::Owned(Value::Object(map))) => {
                return map.get(name).map_or(Self::Missing, |value| Self::owned(value.clone()));
            }
            _ => {}
        }
        let Some(items) = self.items() else { return Self::Missing };
        match name {
            "size" | "length" => Self::number(items.len()),
            "first" => items.into_iter().next().unwrap_or(Self::Missing),
            "last" => items.into_iter().next_back().unwrap_or(Self::Missing),
            index => index.parse().ok().and_then(|index: usize| items.into_iter().nth(index)).unwrap_or(Self::Missing),
        }
    }

    /// Equality as WireMock's `eq` has it: values that are lists, the path and the method equal no text.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        let scalar = |value: &Self| match value {
            Self::Values(_) | Self::Path(_) | Self::Method(_) | Self::Date(_) | Self::Part(..) => None,
            other => Some(other.to_json()),
        };
        match (scalar(self), scalar(other)) {
            (Some(Value::Number(a)), Some(Value::Number(b))) => a == b || a.as_f64() == b.as_f64(),
            (Some(a), Some(b)) => a == b,
            _ => false,
        }
    }
}

/// The segments of a path; the first slash begins none.
pub(crate) fn segments(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

impl Part {
    fn names(self, request: &Request<'_>) -> Vec<String> {
        let mut names: Vec<String> = match self {
            Self::Request => ["url", "path", "method", "body"].map(str::to_owned).to_vec(),
            Self::Headers => request.headers.keys().map(|name| name.as_str().to_owned()).collect(),
            Self::Query => request.query().iter().map(|(name, _)| name.clone()).collect(),
            Self::Cookies => request.cookies().iter().map(|(name, _)| name.clone()).collect(),
        };
        let mut seen = std::collections::HashSet::new();
        names.retain(|name| seen.insert(name.clone()));
        names
    }

    fn member<'a>(self, request: &'a Request<'a>, name: &str) -> Val<'a> {
        let of_pairs = |pairs: &'a [(String, String)]| {
            let values = pairs.iter().filter(|(key, _)| key == name);
            list(values.map(|(_, value)| Cow::Borrowed(value.as_str())).collect())
        };
        match self {
            Self::Headers => list(request.header(name)),
            Self::Query => of_pairs(request.query()),
            Self::Cookies => of_pairs(request.cookies()),
            Self::Request => match name {
                "headers" => Val::Part(Self::Headers, request),
                "query" => Val::Part(Self::Query, request),
                "cookies" => Val::Part(Self::Cookies, request),
                "requestLine" => Val::Part(Self::Request, request),
                "body" => Val::Body(request),
                "bodyAsBase64" => Val::text(crate::wiremock::base64_of(request.body)),
                "url" => Val::text(request.target),
                "path" | "pathSegments" => Val::Path(request.path()),
                "method" => Val::Method(request.method),
                "host" => Val::text(request.host_and_port().0),
                "port" => Val::Json(Cow::Owned(request.host_and_port().1.into())),
                "scheme" => Val::text("http"),
                "baseUrl" => Val::text(request.base_url()),
                "clientIp" => Val::text(request.client.ip().to_string()),
                _ => Val::Missing,
            },
        }
    }
}

fn list(values: Vec<Cow<'_, str>>) -> Val<'_> {
    if values.is_empty() { Val::Missing } else { Val::Values(values) }
}

impl Dated {
    pub(crate) fn print(&self) -> String {
        if let Some(format) = &self.format {
            return format.print(&self.moment).unwrap_or_else(|error| format!("[ERROR: {error}]"));
        }
        if self.has_zone && self.moment.offset().seconds() != 0 {
            return self.moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        }
        self.moment.with_time_zone(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}
