//! A request as matchers, templates and the journal see it. What is derived from it is worked out once, when first asked for.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::SocketAddr;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, COOKIE, HOST};
use serde_json::Value;

/// A request, borrowed from the connection or from the journal.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Path and query as they came.
    pub(crate) target: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) client: SocketAddr,
    pub(crate) local: SocketAddr,
    /// The body with what is not UTF-8 replaced, if there is any such.
    lossy: OnceCell<String>,
    json: OnceCell<Option<Value>>,
    query: OnceCell<Vec<(String, String)>>,
    form: OnceCell<Vec<(String, String)>>,
    cookies: OnceCell<Vec<(String, String)>>,
}

impl<'a> Request<'a> {
    /// A view of a request.
    pub(crate) fn new(
        method: &'a str,
        target: &'a str,
        headers: &'a HeaderMap,
        body: &'a [u8],
        (client, local): (SocketAddr, SocketAddr),
    ) -> Self {
        Self {
            method,
            target,
            headers,
            body,
            client,
            local,
            lossy: OnceCell::new(),
            json: OnceCell::new(),
            query: OnceCell::new(),
            form: OnceCell::new(),
            cookies: OnceCell::new(),
        }
    }

    /// The path as it came, not decoded.
    pub(crate) fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.body)
            .unwrap_or_else(|_| self.lossy.get_or_init(|| String::from_utf8_lossy(self.body).into_owned()))
    }

    /// The body as JSON, if it is JSON.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.body).ok()).as_ref()
    }

    /// Names and values of the query, decoded, in their order.
    pub(crate) fn query(&self) -> &[(String, String)] {
        self.query.get_or_init(|| pairs(self.target.split_once('?').map_or("", |(_, query)| query)))
    }

    /// Names and values of a form in the body.
    pub(crate) fn form(&self) -> &[(String, String)] {
        let is_form = || {
            let content_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            content_type.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
        };
        self.form.get_or_init(|| if is_form() { pairs(self.text()) } else { Vec::new() })
    }

    /// Names and values of the cookies.
    pub(crate) fn cookies(&self) -> &[(String, String)] {
        self.cookies.get_or_init(|| {
            let texts = self.headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
            let members = texts.flat_map(|text| text.split(';')).filter_map(|member| member.split_once('='));
            members.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())).collect()
        })
    }

    /// The values of a header, each as it came.
    pub(crate) fn header(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    }

    /// Host and port of the `Host` header, or of the address that was called.
    pub(crate) fn host_and_port(&self) -> (String, u16) {
        let named = self.headers.get(HOST).and_then(|value| value.to_str().ok());
        let Some(authority) = named.and_then(|text| text.parse::<http::uri::Authority>().ok()) else {
            return (self.local.ip().to_string(), self.local.port());
        };
        (authority.host().to_owned(), authority.port_u16().unwrap_or(80))
    }

    /// Scheme, host, port and target.
    pub(crate) fn absolute_url(&self) -> String {
        format!("{}{}", self.base_url(), self.target)
    }

    /// Scheme, host and port.
    pub(crate) fn base_url(&self) -> String {
        let (host, port) = self.host_and_port();
        if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") }
    }
}

/// The values of a name among pairs.
pub(crate) fn values_of<'p>(pairs: &'p [(String, String)], name: &str) -> Vec<&'p str> {
    pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
}

fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
