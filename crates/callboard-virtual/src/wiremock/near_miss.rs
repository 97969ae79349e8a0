//! Why a request matched no stub: each expectation beside what came, and the stubs that came closest.

use std::sync::Arc;

use strsim::normalized_levenshtein;

use super::pattern::{MultiPattern, Pattern, Subject, cut};
use super::request::{Request, values_of};
use super::request_pattern::{RequestPattern, cookie};
use super::scenarios::Scenarios;
use super::snapshot::Snapshot;
use super::stub::Stub;

/// One expectation and what came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) expected: String,
    pub(crate) actual: String,
    /// What does not match, in words; `None` when it does.
    pub(crate) message: Option<String>,
    /// The last of its group.
    is_last: bool,
    weight: f64,
    distance: f64,
}

/// How many near misses are shown.
const SHOWN: usize = 3;

/// The stubs that a request comes closest to, closest first.
pub(crate) fn nearest_stubs(snapshot: &Snapshot, scenarios: &Scenarios, request: &Request<'_>) -> Vec<(f64, Arc<Stub>)> {
    let measured = snapshot.stubs.iter().map(|stub| (distance(&stub_lines(stub, scenarios, request)), stub.clone()));
    nearest(measured.collect())
}

/// The closest of whatever was measured.
pub(crate) fn nearest<T>(mut measured: Vec<(f64, T)>) -> Vec<(f64, T)> {
    measured.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    measured.truncate(SHOWN);
    measured
}

/// How far a request is from a pattern: 0 fits, 1 is nothing alike.
pub(crate) fn distance(lines: &[Line]) -> f64 {
    let weight: f64 = lines.iter().map(|line| line.weight).sum();
    let distance: f64 = lines.iter().map(|line| line.weight * line.distance).sum();
    if weight > 0.0 { distance / weight } else { 0.0 }
}

fn stub_lines(stub: &Stub, scenarios: &Scenarios, request: &Request<'_>) -> Vec<Line> {
    let mut lines = lines(&stub.request, request);
    if let Some(scenario) = &stub.scenario
        && let Some(required) = &scenario.required
    {
        let shown = |state: &str| format!("[Scenario '{}' state: {state}]", scenario.name);
        let state = scenarios.state(&scenario.name);
        let far = if state == *required { 0.0 } else { 1.0 };
        lines.push(Line::new(shown(required), shown(&state), far, 1.0, "Scenario does not match"));
    }
    lines
}

/// Each expectation of a pattern beside what a request has.
pub(crate) fn lines(pattern: &RequestPattern, request: &Request<'_>) -> Vec<Line> {
    let mut groups = vec![connection_lines(pattern, request)];
    groups.push(vec![method_line(pattern, request), url_line(pattern, request)]);
    groups.push(multi_lines(&pattern.headers, "", ": ", "Header", |name| {
        request.header(name).into_iter().map(Into::into).collect()
    }));
    groups.push(single_lines(&pattern.path_parameters, "Path parameter: ", "Path parameter", |name| {
        pattern.path_parameter(request, name)
    }));
    let query = |name: &str| owned(values_of(request.query(), name));
    groups.push(multi_lines(&pattern.query, "Query: ", " = ", "Query", query));
    let form = |name: &str| owned(values_of(request.form(), name));
    groups.push(multi_lines(&pattern.form, "Form: ", " = ", "Form data", form));
    groups.push(single_lines(&pattern.cookies, "Cookie: ", "Cookie", |name| cookie(request, name)));
    groups.push(pattern.body.iter().map(|pattern| body_line(pattern, request)).collect());
    for group in &mut groups {
        if let Some(last) = group.last_mut() {
            last.is_last = true;
        }
    }
    groups.into_iter().flatten().collect()
}

impl Line {
    fn new(expected: String, actual: String, distance: f64, weight: f64, message: &str) -> Self {
        let message = (distance > 0.0).then(|| message.to_owned());
        Self { expected, actual, message, is_last: false, weight, distance }
    }
}

fn connection_lines(pattern: &RequestPattern, request: &Request<'_>) -> Vec<Line> {
    let (host, port) = request.host_and_port();
    let ip = request.client.ip().to_string();
    let one = |pattern: &Pattern, actual: &str, name: &str| {
        let far = pattern.distance(&Subject::Text(actual));
        Line::new(pattern.shown.clone(), actual.to_owned(), far, 10.0, &format!("{name} does not match"))
    };
    let mut lines = Vec::new();
    lines.extend(pattern.host.as_ref().map(|pattern| one(pattern, &host, "Host")));
    lines.extend(
        pattern.port.map(|port| Pattern::equal_to(&port.to_string())).map(|pattern| one(&pattern, &port.to_string(), "Port")),
    );
    lines.extend(pattern.client_ip.as_ref().map(|pattern| one(pattern, &ip, "ClientIp")));
    lines.extend(pattern.scheme.as_ref().map(|scheme| one(&Pattern::equal_to(&scheme.to_lowercase()), "http", "Scheme")));
    lines
}

fn method_line(pattern: &RequestPattern, request: &Request<'_>) -> Line {
    let expected = pattern.method.as_deref().unwrap_or("ANY");
    let far = if pattern.method.is_none() || expected == request.method { 0.0 } else { 1.0 };
    Line::new(expected.to_owned(), request.method.to_owned(), far, 3.0, "HTTP method does not match")
}

fn url_line(pattern: &RequestPattern, request: &Request<'_>) -> Line {
    let far = if pattern.url.matches(request) {
        0.0
    } else {
        1.0 - normalized_levenshtein(cut(pattern.url.text()), cut(request.target))
    };
    // A wrong URL is never no distance at all.
    let far = if pattern.url.matches(request) { far } else { far.max(f64::MIN_POSITIVE) };
    Line::new(pattern.url.shown(), request.target.to_owned(), far, 10.0, "URL does not match")
}

fn multi_lines(
    patterns: &[(String, MultiPattern)],
    prefix: &str,
    between: &str,
    what: &str,
    values: impl Fn(&str) -> Vec<String>,
) -> Vec<Line> {
    let line = |(name, pattern): &(String, MultiPattern)| {
        let values = values(name);
        let (operator, expected) = pattern.shown();
        let expected = format!("{prefix}{name}{}{}", operator_text(&operator, between), expected);
        let actual = if values.is_empty() { String::new() } else { format!("{prefix}{name}{between}{}", values.join(", ")) };
        let message = if values.is_empty() { format!("{what} is not present") } else { format!("{what} does not match") };
        Line::new(expected, actual, pattern.distance(&values), 1.0, &message)
    };
    patterns.iter().map(line).collect()
}

fn single_lines<'r>(
    patterns: &'r [(String, Pattern)],
    prefix: &str,
    what: &str,
    value: impl Fn(&'r str) -> Subject<'r>,
) -> Vec<Line> {
    let line = |(name, pattern): &'r (String, Pattern)| {
        let subject = value(name);
        let expected = format!("{prefix}{name}{}{}", operator_text(pattern.operator, " = "), pattern.shown);
        let (actual, message) = match subject {
            Subject::Text(text) => (text.to_owned(), format!("{what} does not match")),
            _ => (String::new(), format!("{what} is not present")),
        };
        Line::new(expected, actual, pattern.distance(&subject), 1.0, &message)
    };
    patterns.iter().map(line).collect()
}

fn body_line(pattern: &Pattern, request: &Request<'_>) -> Line {
    let far = pattern.distance(&Subject::body(request));
    let expected = match pattern.operator {
        "equalTo" | "equalToJson" => pattern.shown.clone(),
        operator => format!("[{operator}] {}", pattern.shown),
    };
    let message = if request.body.is_empty() { "Body is not present" } else { "Body does not match" };
    Line::new(expected, cut(request.text()).to_owned(), far, 1.0, message)
}

/// `equalTo` goes without saying.
fn operator_text(operator: &str, between: &str) -> String {
    if operator == "equalTo" { between.to_owned() } else { format!(" [{operator}]{between}") }
}

fn owned(values: Vec<&str>) -> Vec<String> {
    values.into_iter().map(str::to_owned).collect()
}

/// The width of the page that tells what did not match.
const WIDTH: usize = 119;
const MIDDLE: usize = WIDTH / 2 - 1;
const COLUMN: usize = WIDTH / 2 - 2;

/// The answer to a request that nothing matched.
pub(crate) fn page(snapshot: &Snapshot, scenarios: &Scenarios, request: &Request<'_>) -> String {
    let Some((_, stub)) = nearest_stubs(snapshot, scenarios, request).into_iter().next() else {
        return "No response could be served as there are no stub mappings in this WireMock instance.".to_owned();
    };
    let title = "Request was not matched";
    let left = " ".repeat(MIDDLE - title.len() / 2);
    let rule = "-".repeat(WIDTH);
    let mut out = format!(
        "\n{left}{title}\n{left}{}\n\n{rule}\n|{:MIDDLE$}|{:MIDDLE$}|\n{rule}\n",
        "=".repeat(title.len()),
        " Closest stub",
        " Request"
    );
    row(&mut out, "", "", None);
    if let Some(name) = &stub.name {
        row(&mut out, name, "", None);
        row(&mut out, "", "", None);
    }
    for line in stub_lines(&stub, scenarios, request) {
        rows(&mut out, &line);
        if line.is_last {
            row(&mut out, "", "", None);
        }
    }
    row(&mut out, "", "", None);
    out.push_str(&rule);
    out.push('\n');
    out
}

fn rows(out: &mut String, line: &Line) {
    let (left, right) = (wrapped(&line.expected), wrapped(&line.actual));
    for index in 0..left.len().max(right.len()).max(1) {
        let part = |side: &[String]| side.get(index).cloned().unwrap_or_default();
        row(out, &part(&left), &part(&right), line.message.as_deref().filter(|_| index == 0));
    }
}

fn row(out: &mut String, left: &str, right: &str, message: Option<&str>) {
    let line = match message {
        Some(message) => format!("{left:0$}| {right:1$}<<<<< {message}", MIDDLE + 1, MIDDLE - 6),
        None => format!("{left:0$}| {right}", MIDDLE + 1),
    };
    out.push_str(line.trim_end());
    out.push('\n');
}

fn wrapped(text: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let letters: Vec<char> = line.chars().collect();
        rows.extend(letters.chunks(COLUMN).map(|chunk| chunk.iter().collect::<String>()));
    }
    rows
}
