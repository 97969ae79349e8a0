//! The admin API below `/__admin`.

mod files;
mod mappings;
mod requests;
mod show;

use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::desk::Shared;
use super::refusal::Refusal;
use super::response::Answer;
use super::scenarios::possible_states;

/// The routes that work, below `/__admin`. `{id}`, `{name}` and `{file}` stand for any.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/"),
    ("GET", "/mappings"),
    ("POST", "/mappings"),
    ("DELETE", "/mappings"),
    ("GET", "/mappings/{id}"),
    ("PUT", "/mappings/{id}"),
    ("DELETE", "/mappings/{id}"),
    ("POST", "/mappings/edit"),
    ("POST", "/mappings/reset"),
    ("POST", "/mappings/save"),
    ("POST", "/mappings/import"),
    ("POST", "/mappings/remove"),
    ("GET", "/mappings/unmatched"),
    ("DELETE", "/mappings/unmatched"),
    ("POST", "/mappings/find-by-metadata"),
    ("POST", "/mappings/remove-by-metadata"),
    ("GET", "/requests"),
    ("DELETE", "/requests"),
    ("POST", "/requests/reset"),
    ("GET", "/requests/{id}"),
    ("DELETE", "/requests/{id}"),
    ("POST", "/requests/count"),
    ("POST", "/requests/find"),
    ("POST", "/requests/remove"),
    ("POST", "/requests/remove-by-metadata"),
    ("GET", "/requests/unmatched"),
    ("GET", "/requests/unmatched/near-misses"),
    ("POST", "/near-misses/request"),
    ("POST", "/near-misses/request-pattern"),
    ("POST", "/requests/near-misses/request"),
    ("POST", "/requests/near-misses/request-pattern"),
    ("GET", "/scenarios"),
    ("POST", "/scenarios/reset"),
    ("PUT", "/scenarios/{name}/state"),
    ("GET", "/settings"),
    ("PUT", "/settings"),
    ("POST", "/settings"),
    ("PATCH", "/settings/extended"),
    ("GET", "/files"),
    ("GET", "/files/{file}"),
    ("PUT", "/files/{file}"),
    ("DELETE", "/files/{file}"),
    ("POST", "/reset"),
    ("GET", "/health"),
    ("GET", "/version"),
];

/// Routes of WireMock that answer 501, each with the reason.
pub const REFUSED_ROUTES: &[(&str, &str, &str)] = &[
    ("POST", "/recordings/start", "nothing is recorded"),
    ("POST", "/recordings/stop", "nothing is recorded"),
    ("GET", "/recordings/status", "nothing is recorded"),
    ("POST", "/recordings/snapshot", "nothing is recorded"),
    ("GET", "/recorder", "nothing is recorded"),
    ("POST", "/shutdown", "a virtual service is stopped where it was started"),
    ("GET", "/docs", "the documentation of the API is WireMock's"),
    ("GET", "/docs/swagger", "the documentation of the API is WireMock's"),
    ("GET", "/certs/wiremock-ca.crt", "there is no certificate authority"),
];

/// The version of WireMock whose behaviour this is.
const VERSION: &str = "3.13.2";

/// What an admin request leads to: an answer, a refusal, or nothing there.
type Outcome = Result<Answer, Refused>;

/// An admin request that is not carried out.
enum Refused {
    /// 422.
    Invalid(Refusal),
    /// 404 without a body.
    NotFound,
    /// 400.
    BadId(String),
    /// 500.
    Failed(String),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid(refusal)
    }
}

/// Answers a request to the admin API; `rest` is what follows `/__admin`.
pub(super) fn handle(shared: &Shared, method: &str, rest: &str, body: &[u8]) -> Answer {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let call = Call { shared, query, body };
    let mut answer = match route(&call, method, path) {
        Ok(answer) => answer,
        Err(Refused::Invalid(refusal)) => json_answer(StatusCode::UNPROCESSABLE_ENTITY, &refusal.to_json()),
        Err(Refused::BadId(id)) => error_answer(StatusCode::BAD_REQUEST, 10, &format!("{id} is not a valid UUID")),
        Err(Refused::Failed(why)) => error_answer(StatusCode::INTERNAL_SERVER_ERROR, 50, &why),
        Err(Refused::NotFound) => refused_route(method, path).map_or_else(
            || Answer::new(StatusCode::NOT_FOUND, None, ""),
            |why| error_answer(StatusCode::NOT_IMPLEMENTED, 90, &format!("{method} /__admin{path} is not supported: {why}")),
        ),
    };
    answer.headers.insert("cache-control", HeaderValue::from_static("no-store"));
    answer
}

/// A request to the admin API.
struct Call<'c> {
    shared: &'c Shared,
    query: &'c str,
    body: &'c [u8],
}

impl Call<'_> {
    /// The body as JSON.
    fn json(&self) -> Result<Value, Refusal> {
        serde_json::from_slice(self.body).map_err(|error| Refusal {
            code: 10,
            pointer: Some(String::new()),
            title: "Error parsing JSON".to_owned(),
            detail: Some(error.to_string()),
        })
    }

    /// A parameter of the query.
    fn parameter(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// A parameter of the query that must be a number.
    fn count(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let wrong = |_| Refusal {
            code: 15,
            pointer: Some(format!("/{name}")),
            title: format!("`{name}` must be a number"),
            detail: None,
        };
        self.parameter(name).filter(|text| !text.is_empty()).map(|text| text.parse().map_err(wrong)).transpose()
    }
}

fn route(call: &Call<'_>, method: &str, path: &str) -> Outcome {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let shared = call.shared;
    match (method, segments.as_slice()) {
        ("GET", [] | [""]) => {
            Ok(ok(&json!({"routes": ROUTES.iter().map(|(method, path)| format!("{method} /__admin{path}")).collect::<Vec<_>>()})))
        }
        ("POST", ["reset"]) => reset(shared),
        (_, ["mappings", rest @ ..]) => mappings::route(call, method, rest),
        (_, ["requests", rest @ ..]) => requests::route(call, method, rest),
        ("POST", ["near-misses", "request"]) => requests::near_misses_of_request(call),
        ("POST", ["near-misses", "request-pattern"]) => requests::near_misses_of_pattern(call),
        ("GET", ["scenarios"]) => Ok(ok(&json!({"scenarios": shared.scenarios.to_json(&shared.current.get())}))),
        ("POST", ["scenarios", "reset"]) => {
            shared.scenarios.reset();
            Ok(done())
        }
        ("PUT", ["scenarios", name, "state"]) => set_state(call, name),
        ("GET", ["settings"]) => Ok(ok(&json!({"settings": shared.settings()}))),
        ("PUT" | "POST", ["settings"]) => {
            shared.set_settings(&call.json()?)?;
            Ok(done())
        }
        ("PATCH", ["settings", "extended"]) => {
            shared.extend_settings(&call.json()?)?;
            Ok(done())
        }
        (_, ["files", rest @ ..]) => files::route(call, method, &rest.join("/")),
        ("GET", ["health"]) => Ok(health(shared)),
        ("GET", ["version"]) => Ok(ok(&json!({"version": VERSION}))),
        _ => Err(Refused::NotFound),
    }
}

fn reset(shared: &Shared) -> Outcome {
    shared.reload().map_err(|error| Refused::Failed(error.to_string()))?;
    Ok(done())
}

/// Sets the state of a scenario; without a body it goes back to `Started`.
fn set_state(call: &Call<'_>, name: &str) -> Outcome {
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
    let snapshot = call.shared.current.get();
    if !snapshot.stubs.iter().any(|stub| stub.scenario.as_ref().is_some_and(|scenario| scenario.name == name)) {
        return Err(Refused::NotFound);
    }
    let state = if call.body.is_empty() { Value::Null } else { call.json()? };
    let Some(state) = state.get("state").and_then(Value::as_str) else {
        call.shared.scenarios.set(&name, super::scenarios::STARTED);
        return Ok(done());
    };
    let states = possible_states(&snapshot, &name);
    if !states.iter().any(|known| known == state) {
        let title = format!("Scenario my-scenario does not support state {state}").replace("my-scenario", &name);
        return Err(Refusal { code: 11, pointer: Some("/state".to_owned()), title, detail: None }.into());
    }
    call.shared.scenarios.set(&name, state);
    Ok(done())
}

fn health(shared: &Shared) -> Answer {
    ok(&json!({
        "status": "healthy", "message": "Callboard stands in as WireMock", "version": VERSION,
        "uptimeInSeconds": shared.started.elapsed().as_secs(), "timestamp": jiff::Timestamp::now().to_string(),
    }))
}

fn refused_route(method: &str, path: &str) -> Option<&'static str> {
    REFUSED_ROUTES.iter().find(|(known, route, _)| *known == method && *route == path).map(|(_, _, why)| *why)
}

fn json_answer(status: StatusCode, value: &Value) -> Answer {
    Answer::new(status, Some("application/json"), serde_json::to_string_pretty(value).unwrap_or_default())
}

fn error_answer(status: StatusCode, code: u32, title: &str) -> Answer {
    json_answer(status, &json!({"errors": [{"code": code, "title": title}]}))
}

fn ok(value: &Value) -> Answer {
    json_answer(StatusCode::OK, value)
}

/// Done, nothing to say.
fn done() -> Answer {
    ok(&json!({}))
}
