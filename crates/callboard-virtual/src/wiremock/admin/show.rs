//! Logged requests as JSON. WireMock's clients refuse fields they do not know, so there are exactly those they do.

use std::borrow::Cow;

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::wiremock::base64_of;
use crate::wiremock::journal::Event;

/// A request.
pub(super) fn request(event: &Event) -> Value {
    let request = event.request();
    let (host, port) = request.host_and_port();
    let logged = jiff::Timestamp::from_millisecond(event.milliseconds).map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    json!({
        "url": request.target,
        "absoluteUrl": request.absolute_url(),
        "method": request.method,
        "clientIp": request.client.ip().to_string(),
        "headers": headers(request.headers),
        "cookies": grouped(request.cookies(), |name, values| (name, one_or_many(values))),
        "browserProxyRequest": false,
        "loggedDate": event.milliseconds,
        "bodyAsBase64": base64_of(request.body),
        "body": request.text(),
        "protocol": "HTTP/1.1",
        "scheme": "http",
        "host": host,
        "port": port,
        "loggedDateString": logged.unwrap_or_default(),
        "queryParams": grouped(request.query(), key_and_values),
        "formParams": grouped(request.form(), key_and_values),
    })
}

/// A request with its answer.
pub(super) fn event(event: &Event) -> Value {
    let mut shown = json!({
        "id": event.id.to_string(),
        "request": request(event),
        "responseDefinition": definition(event),
        "response": {
            "status": event.status,
            "headers": headers(&event.answer_headers),
            "body": String::from_utf8_lossy(&event.answer_body),
            "bodyAsBase64": base64_of(&event.answer_body),
        },
        "wasMatched": event.stub.is_some(),
        "timing": {"addedDelay": 0, "processTime": 0, "responseSendTime": 0, "serveTime": 0, "totalTime": 0},
        "subEvents": [],
    });
    if let (Some(stub), Value::Object(shown)) = (&event.stub, &mut shown) {
        shown.insert("stubMapping".to_owned(), stub.source.clone());
    }
    shown
}

fn definition(event: &Event) -> Value {
    let Some(stub) = &event.stub else {
        // Java's client takes an answer for a stub's unless it is told otherwise.
        let body = String::from_utf8_lossy(&event.answer_body);
        return json!({"status": event.status, "body": body, "fromConfiguredStub": false});
    };
    let mut definition = stub.source["response"].clone();
    if let Value::Object(definition) = &mut definition {
        definition.entry("status").or_insert_with(|| event.status.into());
        definition.insert("fromConfiguredStub".to_owned(), true.into());
    }
    definition
}

fn headers(headers: &HeaderMap) -> Value {
    let show = |name: &http::HeaderName| {
        let values: Vec<Cow<'_, str>> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        (title_case(name.as_str()), one_or_many(&values.iter().map(AsRef::as_ref).collect::<Vec<_>>()))
    };
    Value::Object(headers.keys().map(show).collect())
}

/// `content-type` as `Content-Type`: some clients read names as they are usually written.
fn title_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join("-")
}

fn one_or_many(values: &[&str]) -> Value {
    match values {
        [one] => Value::from(*one),
        _ => values.iter().copied().collect(),
    }
}

fn key_and_values(name: String, values: &[&str]) -> (String, Value) {
    let shown = json!({"key": name, "values": values});
    (name, shown)
}

fn grouped<'p>(pairs: &'p [(String, String)], show: impl Fn(String, &[&'p str]) -> (String, Value)) -> Value {
    let mut shown = Map::new();
    for (name, _) in pairs {
        if !shown.contains_key(name) {
            let values: Vec<&str> = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
            let (name, value) = show(name.clone(), &values);
            shown.insert(name, value);
        }
    }
    Value::Object(shown)
}
