//! What a request must look like, in whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::HeaderName;
use http::header::AUTHORIZATION;
use serde_json::Value;

use super::fields;
use super::path_template::PathTemplate;
use super::pattern::{MultiPattern, Pattern, Subject};
use super::refusal::{Object, Refusal};
use super::regex::Regex;
use super::request::{Request, values_of};

/// A compiled request pattern; what it leaves out is not looked at.
#[derive(Clone, Debug)]
pub(crate) struct RequestPattern {
    /// `None` is any.
    pub(crate) method: Option<String>,
    pub(crate) url: UrlPattern,
    pub(crate) scheme: Option<String>,
    pub(crate) host: Option<Pattern>,
    pub(crate) port: Option<u64>,
    pub(crate) client_ip: Option<Pattern>,
    pub(crate) path_parameters: Vec<(String, Pattern)>,
    /// Names as they were written.
    pub(crate) headers: Vec<(String, MultiPattern)>,
    pub(crate) query: Vec<(String, MultiPattern)>,
    pub(crate) form: Vec<(String, MultiPattern)>,
    pub(crate) cookies: Vec<(String, Pattern)>,
    pub(crate) body: Vec<Pattern>,
}

/// Which URLs fit. Paths are compared as they came, not decoded.
#[derive(Clone, Debug)]
pub(crate) enum UrlPattern {
    Any,
    /// Path and query.
    Exact(String),
    Path(String),
    Regex(Regex),
    PathRegex(Regex),
    Template(PathTemplate),
}

impl UrlPattern {
    fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        let refuse = |key: &str| {
            let at = object.place(key);
            move |detail: String| Refusal::at(&at, detail)
        };
        if let Some(url) = object.text("url")? {
            return Ok(Self::Exact(url.to_owned()));
        }
        if let Some(source) = object.text("urlPattern")? {
            return Regex::whole(source).map(Self::Regex).map_err(refuse("urlPattern"));
        }
        if let Some(path) = object.text("urlPath")? {
            return Ok(Self::Path(path.to_owned()));
        }
        if let Some(source) = object.text("urlPathPattern")? {
            return Regex::whole(source).map(Self::PathRegex).map_err(refuse("urlPathPattern"));
        }
        if let Some(source) = object.text("urlPathTemplate")? {
            return PathTemplate::compile(source).map(Self::Template).map_err(refuse("urlPathTemplate"));
        }
        Ok(Self::Any)
    }

    /// Whether a URL fits.
    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(url) => request.target == url,
            Self::Path(path) => request.path() == path,
            Self::Regex(regex) => regex.is_match(request.target),
            Self::PathRegex(regex) => regex.is_match(request.path()),
            Self::Template(template) => template.matches(request.path()),
        }
    }

    /// How a diff shows it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Any => "[any URL]".to_owned(),
            Self::Exact(url) => url.clone(),
            Self::Path(path) => format!("[path] {path}"),
            Self::Regex(regex) => format!("[regex] {}", regex.source()),
            Self::PathRegex(regex) => format!("[path regex] {}", regex.source()),
            Self::Template(template) => format!("[path template] {}", template.source()),
        }
    }

    /// What an edit distance is measured to.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Any => "",
            Self::Exact(text) | Self::Path(text) => text,
            Self::Regex(regex) | Self::PathRegex(regex) => regex.source(),
            Self::Template(template) => template.source(),
        }
    }
}

impl RequestPattern {
    /// Reads a pattern.
    pub(crate) fn read(value: &Value, at: &str) -> Result<Self, Refusal> {
        let object = Object::read(value, at, &[fields::REQUEST])?;
        let url = UrlPattern::read(&object)?;
        let mut headers = read_multi(&object, "headers")?;
        for (name, _) in &headers {
            HeaderName::try_from(name.as_str())
                .map_err(|_| Refusal::at(&object.place("headers"), format!("`{name}` is not the name of a header")))?;
        }
        headers.extend(read_basic_auth(&object)?);
        let single = |(name, value, at): (&String, &Value, String)| Ok((name.clone(), Pattern::read(value, &at)?));
        let path_parameters: Vec<(String, Pattern)> =
            object.members("pathParameters")?.into_iter().map(single).collect::<Result<_, Refusal>>()?;
        check_path_parameters(&url, &path_parameters, &object)?;
        Ok(Self {
            method: object.text("method")?.map(str::to_uppercase).filter(|method| method != "ANY"),
            url,
            scheme: object.text("scheme")?.map(str::to_owned),
            host: object.get("host").map(|value| Pattern::read(value, &object.place("host"))).transpose()?,
            port: object.count("port")?,
            client_ip: object.get("clientIp").map(|value| Pattern::read(value, &object.place("clientIp"))).transpose()?,
            path_parameters,
            headers,
            query: read_multi(&object, "queryParameters")?,
            form: read_multi(&object, "formParameters")?,
            cookies: object.members("cookies")?.into_iter().map(single).collect::<Result<_, Refusal>>()?,
            body: read_body(&object)?,
        })
    }

    /// Whether a request fits, cheap checks first.
    pub(crate) fn matches(&self, request: &Request<'_>) -> bool {
        self.method.as_deref().is_none_or(|method| method == request.method)
            && self.url.matches(request)
            && self.matches_but_url(request)
    }

    /// Whether a request whose method and URL fit, fits in whole.
    pub(crate) fn matches_but_url(&self, request: &Request<'_>) -> bool {
        self.headers.iter().all(|(name, pattern)| pattern.matches(&request.header(name)))
            && self.query.iter().all(|(name, pattern)| pattern.matches(&values_of(request.query(), name)))
            && self.cookies.iter().all(|(name, pattern)| pattern.matches(&cookie(request, name)))
            && self.path_parameters.iter().all(|(name, pattern)| pattern.matches(&self.path_parameter(request, name)))
            && self.form.iter().all(|(name, pattern)| pattern.matches(&values_of(request.form(), name)))
            && self.matches_connection(request)
            && self.body.iter().all(|pattern| pattern.matches(&Subject::body(request)))
    }

    fn matches_connection(&self, request: &Request<'_>) -> bool {
        if self.scheme.is_none() && self.host.is_none() && self.port.is_none() && self.client_ip.is_none() {
            return true;
        }
        let (host, port) = request.host_and_port();
        self.scheme.as_deref().is_none_or(|scheme| scheme.eq_ignore_ascii_case("http"))
            && self.host.as_ref().is_none_or(|pattern| pattern.matches(&Subject::Text(&host)))
            && self.port.is_none_or(|expected| expected == u64::from(port))
            && self.client_ip.as_ref().is_none_or(|pattern| pattern.matches(&Subject::Text(&request.client.ip().to_string())))
    }

    /// What a parameter of the path template holds.
    pub(crate) fn path_parameter<'r>(&'r self, request: &Request<'r>, name: &str) -> Subject<'r> {
        let UrlPattern::Template(template) = &self.url else { return Subject::Nothing };
        let parameters = template.parameters(request.path()).unwrap_or_default();
        parameters.into_iter().find(|(key, _)| *key == name).map_or(Subject::Nothing, |(_, value)| Subject::Text(value))
    }
}

/// What a cookie holds.
pub(crate) fn cookie<'r>(request: &'r Request<'_>, name: &str) -> Subject<'r> {
    let found = request.cookies().iter().find(|(key, _)| key == name);
    found.map_or(Subject::Nothing, |(_, value)| Subject::Text(value))
}

fn read_multi(object: &Object<'_>, key: &str) -> Result<Vec<(String, MultiPattern)>, Refusal> {
    object.members(key)?.into_iter().map(|(name, value, at)| Ok((name.clone(), MultiPattern::read(value, &at)?))).collect()
}

fn read_body(object: &Object<'_>) -> Result<Vec<Pattern>, Refusal> {
    let at = object.place("bodyPatterns");
    let items = object.list("bodyPatterns")?.map(Vec::as_slice).unwrap_or_default();
    items.iter().enumerate().map(|(index, item)| Pattern::read(item, &format!("{at}/{index}"))).collect()
}

fn read_basic_auth(object: &Object<'_>) -> Result<Option<(String, MultiPattern)>, Refusal> {
    let Some(key) = ["basicAuth", "basicAuthCredentials"].into_iter().find(|key| object.get(key).is_some()) else {
        return Ok(None);
    };
    let value = object.get(key).expect("the key was found above");
    let credentials = Object::read(value, &object.place(key), &[fields::BASIC_AUTH])?;
    let part = |name| Ok(credentials.text(name)?.unwrap_or_default());
    let token = BASE64.encode(format!("{}:{}", part("username")?, part("password")?));
    Ok(Some((AUTHORIZATION.as_str().to_owned(), MultiPattern::Any(Pattern::equal_to(&format!("Basic {token}"))))))
}

fn check_path_parameters(url: &UrlPattern, parameters: &[(String, Pattern)], object: &Object<'_>) -> Result<(), Refusal> {
    if parameters.is_empty() {
        return Ok(());
    }
    let at = object.place("pathParameters");
    let UrlPattern::Template(template) = url else {
        return Err(Refusal::at(&at, "Path parameters matchers are only supported with urlPathTemplate"));
    };
    let unknown = parameters.iter().find(|(name, _)| !template.names().any(|known| known == name));
    unknown.map_or(Ok(()), |(name, _)| Err(Refusal::at(&at, format!("`{name}` is no parameter of `{}`", template.source()))))
}
