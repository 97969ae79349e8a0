//! `/__admin/requests` and near misses: the journal.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use uuid::Uuid;

use super::mappings::metadata_fits;
use super::show;
use super::{Call, Outcome, Refused, done, ok};
use crate::wiremock::journal::Event;
use crate::wiremock::near_miss::{distance, lines, nearest, nearest_stubs};
use crate::wiremock::pattern::Pattern;
use crate::wiremock::refusal::{Object, Refusal};
use crate::wiremock::request::Request;
use crate::wiremock::request_pattern::RequestPattern;

pub(super) fn route(call: &Call<'_>, method: &str, rest: &[&str]) -> Outcome {
    let journal = &call.shared.journal;
    match (method, rest) {
        ("GET", []) => list(call),
        ("DELETE", []) | ("POST", ["reset"]) => {
            journal.clear();
            Ok(done())
        }
        ("POST", ["count"]) => Ok(ok(&json!({"count": matching(call)?.len(), "requestJournalDisabled": false}))),
        ("POST", ["find"]) => {
            let found: Vec<Value> = matching(call)?.iter().map(show::request).collect();
            Ok(ok(&json!({"requests": found, "requestJournalDisabled": false})))
        }
        ("POST", ["remove"]) => Ok(removed(call, &matching(call)?)),
        ("POST", ["remove-by-metadata"]) => {
            let pattern = Pattern::read(&call.json()?, "")?;
            let mut events = journal.events();
            events.retain(|event| event.stub.as_ref().is_some_and(|stub| metadata_fits(&pattern, stub)));
            Ok(removed(call, &events))
        }
        ("GET", ["unmatched"]) => {
            let unmatched: Vec<Value> = unmatched(call).iter().map(show::request).collect();
            Ok(ok(&json!({"requests": unmatched, "requestJournalDisabled": false})))
        }
        ("GET", ["unmatched", "near-misses"]) => Ok(near_misses_of_unmatched(call)),
        ("POST", ["near-misses", "request"]) => near_misses_of_request(call),
        ("POST", ["near-misses", "request-pattern"]) => near_misses_of_pattern(call),
        ("GET" | "DELETE", [id]) => one(call, method, id),
        _ => Err(Refused::NotFound),
    }
}

/// Newest first.
fn list(call: &Call<'_>) -> Outcome {
    let mut events = call.shared.journal.events();
    events.reverse();
    if call.parameter("unmatched").is_some_and(|value| value == "true") {
        events.retain(|event| event.stub.is_none());
    }
    if let Some(id) = call.parameter("matchingStub") {
        let id = Uuid::parse_str(&id).map_err(|_| Refused::BadId(id))?;
        events.retain(|event| event.stub.as_ref().is_some_and(|stub| stub.id == id));
    }
    if let Some(since) = call.parameter("since").filter(|text| !text.is_empty()) {
        let since: jiff::Timestamp = since.parse().map_err(|_| Refusal {
            code: 10,
            pointer: Some("/since".to_owned()),
            title: format!("{since} is not a valid ISO8601 date"),
            detail: None,
        })?;
        events.retain(|event| event.milliseconds > since.as_millisecond());
    }
    // The total ignores the limit.
    let total = events.len();
    if let Some(limit) = call.count("limit")? {
        events.truncate(limit);
    }
    let shown: Vec<Value> = events.iter().map(show::event).collect();
    Ok(ok(&json!({"requests": shown, "meta": {"total": total}, "requestJournalDisabled": false})))
}

fn one(call: &Call<'_>, method: &str, id: &str) -> Outcome {
    let id = Uuid::parse_str(id).map_err(|_| Refused::BadId(id.to_owned()))?;
    let event = call.shared.journal.events().into_iter().find(|event| event.id == id);
    if method == "GET" {
        return event.map(|event| ok(&show::event(&event))).ok_or(Refused::NotFound);
    }
    call.shared.journal.remove(event.as_slice());
    Ok(done())
}

fn removed(call: &Call<'_>, events: &[Event]) -> crate::wiremock::response::Answer {
    call.shared.journal.remove(events);
    let shown: Vec<Value> = events.iter().map(show::event).collect();
    ok(&json!({"serveEvents": shown}))
}

/// The requests that fit a pattern, oldest first.
fn matching(call: &Call<'_>) -> Result<Vec<Event>, Refusal> {
    let pattern = RequestPattern::read(&call.json()?, "")?;
    let mut events = call.shared.journal.events();
    events.retain(|event| pattern.matches(&event.request()));
    Ok(events)
}

fn unmatched(call: &Call<'_>) -> Vec<Event> {
    let mut events = call.shared.journal.events();
    events.retain(|event| event.stub.is_none());
    events
}

fn near_misses_of_unmatched(call: &Call<'_>) -> crate::wiremock::response::Answer {
    let misses: Vec<Value> =
        unmatched(call).iter().flat_map(|event| misses(call, &event.request(), &show::request(event))).collect();
    ok(&json!({"nearMisses": misses}))
}

fn misses(call: &Call<'_>, request: &Request<'_>, shown: &Value) -> Vec<Value> {
    let snapshot = call.shared.current.get();
    let show = |(distance, stub): (f64, std::sync::Arc<crate::wiremock::stub::Stub>)| json!({"request": shown, "stubMapping": stub.source, "matchResult": {"distance": distance}});
    nearest_stubs(&snapshot, &call.shared.scenarios, request).into_iter().map(show).collect()
}

/// The stubs that a described request comes closest to.
pub(super) fn near_misses_of_request(call: &Call<'_>) -> Outcome {
    let value = call.json()?;
    let object = Object::any(&value, "")?;
    let text = |key: &str| Ok::<_, Refusal>(object.text(key)?.unwrap_or_default());
    let url = if object.get("url").is_some() { text("url")? } else { text("absoluteUrl")? };
    let target = url::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url[url::Position::BeforePath..].to_owned());
    let mut headers = HeaderMap::new();
    for (name, value, at) in object.members("headers")? {
        let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for value in values {
            let parts = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str().unwrap_or_default()));
            let (Ok(name), Ok(value)) = parts else { return Err(Refusal::at(&at, "not a header").into()) };
            headers.append(name, value);
        }
    }
    let body = text("body")?.as_bytes();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], 80));
    let method = text("method")?.to_uppercase();
    let request = Request::new(&method, &target, &headers, body, (address, address));
    Ok(ok(&json!({"nearMisses": misses(call, &request, &value)})))
}

/// The requests of the journal that come closest to a pattern.
pub(super) fn near_misses_of_pattern(call: &Call<'_>) -> Outcome {
    let value = call.json()?;
    let pattern = RequestPattern::read(&value, "")?;
    let measured = call.shared.journal.events().into_iter().map(|event| (distance(&lines(&pattern, &event.request())), event));
    let show = |(distance, event): &(f64, Event)| json!({"request": show::request(event), "requestPattern": value, "matchResult": {"distance": distance}});
    let misses: Vec<Value> = nearest(measured.collect()).iter().map(show).collect();
    Ok(ok(&json!({"nearMisses": misses})))
}
