//! Criteria against one answer: the conformance table, each operator, each kind of failure.

use std::borrow::Cow;

use callboard_scenario::expression::{MessagePart, Reference, Unavailable};
use callboard_scenario::{Context, Criterion, Outcome};
use serde_json::{Value, json};

/// An answer with status 201.
struct Answer {
    body: Option<Value>,
}

impl Context for Answer {
    fn value(&self, reference: &Reference) -> Result<Option<Cow<'_, Value>>, Unavailable> {
        let header = |name: &str| name.eq_ignore_ascii_case("content-type").then(|| json!("application/json"));
        Ok(match reference {
            Reference::StatusCode => Some(Cow::Owned(json!(201))),
            Reference::Response(MessagePart::Body) => {
                let body = self.body.as_ref().ok_or_else(|| Unavailable::new("$response.body", "the answer had no body"))?;
                Some(Cow::Borrowed(body))
            }
            Reference::Response(MessagePart::Header(name)) => header(name).map(Cow::Owned),
            Reference::Input(name) => (name == "wanted").then(|| Cow::Owned(json!("ada"))),
            _ => None,
        })
    }
}

fn answer() -> Answer {
    let body = json!({
        "name": "Ada", "age": 36, "code": "0042", "ok": true, "off": false, "nothing": null,
        "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}], "a b": 1, "it's": "it's", "a.b": {"c": 7},
    });
    Answer { body: Some(body) }
}

fn simple(condition: &str) -> Outcome {
    Criterion::simple(condition).unwrap_or_else(|error| panic!("{condition}: {error:?}")).evaluate(&answer())
}

#[track_caller]
fn holds(conditions: &[&str]) {
    for condition in conditions {
        assert_eq!(simple(condition), Outcome::Holds, "{condition}");
    }
}

#[track_caller]
fn fails(condition: &str, expected: &str, actual: &str) {
    let outcome = Outcome::Fails { expected: expected.to_owned(), actual: actual.to_owned() };
    assert_eq!(simple(condition), outcome, "{condition}");
}

#[track_caller]
fn cannot_be_evaluated(outcome: &Outcome, part: &str) {
    assert!(matches!(outcome, Outcome::Unevaluable { why } if why.contains(part)), "{outcome:?}");
}

#[test]
fn the_conformance_table_holds() {
    holds(&[
        "$response.body#/name == 'ADA'",
        "($statusCode == 201 && $response.body#/name == 'Ada') || $statusCode == 500",
        "!($statusCode == 500)",
        "$statusCode == '201'",
        "$response.body.name == 'Ada'",
        "$response.body#/nope == null",
    ]);
}

#[test]
fn each_operator_holds_where_it_should() {
    holds(&[
        "$statusCode < 202",
        "$statusCode <= 201",
        "$statusCode > 200",
        "$statusCode >= 201",
        "$statusCode != 200",
        "201 == $statusCode",
        "$response.body#/age > '4'",
        "$response.body#/code == 42 || $response.body#/code == '0042'",
        "$response.body#/ok",
        "!$response.body#/off",
        "$response.body#/ok == true",
        "$response.body#/nothing == null",
        "$response.body#/name != null",
        "$response.body#/items/1/sku == 'b'",
        "$response.body.items[1].n == 2",
        "$response.body['a b'] == 1",
        "{$response.body#/a b} == 1",
        "$response.body['it''s'] == 'it''s' || $response.body#/name == 'ada'",
        "$response.header.CONTENT-TYPE == 'application/json'",
        "$response.body#/name == $inputs.wanted",
        "true&&!false",
        "-1 < 0.5e1",
    ]);
}

#[test]
fn a_failure_says_what_was_there() {
    fails("$statusCode == 404", "404", "201");
    fails("404 == $statusCode", "404", "201");
    fails("$statusCode < 200", "< 200", "201");
    fails("200 > $statusCode", "< 200", "201");
    fails("$response.body#/name == 'Bob'", "\"Bob\"", "\"Ada\"");
    fails("$response.body#/nope == 'x'", "\"x\"", "absent");
    fails("$response.body#/items/0/sku == $inputs.wanted", "\"ada\" (`$inputs.wanted`)", "\"a\"");
    fails("$statusCode == 201 && $response.body#/age == 7", "7", "36");
    fails("!($statusCode == 201)", "`!($statusCode == 201)`", "`$statusCode` was 201");
    fails("$statusCode == 1 || $statusCode == 2", "`$statusCode == 1 || $statusCode == 2`", "`$statusCode` was 201");
    fails("$response.body#/off", "true", "false");
    fails("$response.body#/nope", "true", "absent");
}

#[test]
fn what_cannot_be_evaluated_never_holds() {
    cannot_be_evaluated(&simple("$response.body#/age"), "not true or false");
    cannot_be_evaluated(&simple("$response.body#/items < 3"), "no order");
    cannot_be_evaluated(&simple("$response.body#/nope != 'x'"), "does not exist");
    cannot_be_evaluated(&simple("!($response.body#/nope == 'x')"), "does not exist");
    cannot_be_evaluated(&simple("!($statusCode == 404 || $response.body#/nope < 3)"), "does not exist");
    assert_eq!(simple("!($response.body#/nope != null)"), Outcome::Holds);
    cannot_be_evaluated(&simple("($response.body#/nope == 'x') == false"), "does not exist");
    cannot_be_evaluated(&simple("($response.body#/nope == 'x') != true"), "does not exist");
    cannot_be_evaluated(&simple("!(($response.body#/nope == 'x') == true)"), "does not exist");
    cannot_be_evaluated(&simple("!$response.body#/nope"), "does not exist");
    cannot_be_evaluated(&simple("!($response.body#/nope && $response.body#/ok)"), "does not exist");
    cannot_be_evaluated(&simple("$response.body#/nope == $inputs.nope"), "neither");
    cannot_be_evaluated(&simple("!($response.body#/nope == $inputs.nope)"), "neither");
    cannot_be_evaluated(&simple("$inputs.wanted#/first == null"), "has no places");
    let page = Answer { body: Some(json!("<p>Log in</p>")) };
    let no_error = Criterion::simple("$response.body#/error == null").expect("well-formed");
    cannot_be_evaluated(&no_error.evaluate(&page), "a string, which has no places");
    holds(&["($response.body#/nope == null) == true", "$response.body#/nothing == $inputs.nope"]);
    let no_body = Answer { body: None };
    let criterion = Criterion::simple("$response.body#/name == 'x' || $response.body == null").expect("well-formed");
    cannot_be_evaluated(&criterion.evaluate(&no_body), "no body");
    let criterion = Criterion::simple("!($response.body#/name == 'x')").expect("well-formed");
    cannot_be_evaluated(&criterion.evaluate(&no_body), "no body");
}

#[test]
fn comparisons_of_comparisons_take_no_longer_than_they_are_long() {
    let nested = (0..60).fold("$statusCode == 201".to_owned(), |inner, _| format!("({inner}) == true"));
    holds(&[nested.as_str()]);
}

#[test]
fn a_regex_searches_in_the_context() {
    let regex = |context: &str, condition: &str| Criterion::regex(context, condition).expect("well-formed").evaluate(&answer());
    assert_eq!(regex("$statusCode", r"^2\d{2}$"), Outcome::Holds);
    assert_eq!(regex("$response.body#/name", "(?i)^{$inputs.wanted}$"), Outcome::Holds);
    let mail = Answer { body: Some(json!({"sent": "a.b+c", "kept": "a.b+c", "other": "axb+c", "pattern": "^a.b"})) };
    let regex_of = |context: &str, condition: &str| Criterion::regex(context, condition).expect("well-formed").evaluate(&mail);
    assert_eq!(regex_of("$response.body#/kept", "^{$response.body#/sent}$"), Outcome::Holds);
    assert!(!regex_of("$response.body#/other", "^{$response.body#/sent}$").holds());
    assert_eq!(regex_of("$response.body#/other", "{$response.body#/pattern}"), Outcome::Holds);
    assert!(matches!(regex("$response.body#/name", "^B"), Outcome::Fails { actual, .. } if actual == "\"Ada\""));
    assert!(matches!(regex("$response.body#/nothing", ".*"), Outcome::Fails { actual, .. } if actual.contains("null")));
    assert!(matches!(regex("$response.body#/nope", ".*"), Outcome::Fails { actual, .. } if actual.contains("absent")));
    cannot_be_evaluated(&regex("$response.body#/name", "({$response.body#/nope})"), "no such value");
}

#[test]
fn a_jsonpath_holds_when_it_selects_something() {
    let path = |condition: &str| Criterion::jsonpath("$response.body", condition).expect("well-formed").evaluate(&answer());
    assert_eq!(path("$.items[?@.n > 1]"), Outcome::Holds);
    assert_eq!(path("$.items[?@.sku == '{$response.body#/items/0/sku}']"), Outcome::Holds);
    assert_eq!(path("$.nothing"), Outcome::Holds);
    assert!(matches!(path("$.items[?@.n > 2]"), Outcome::Fails { .. }));
    // A filter behind `$` tests the members of the object, not the object.
    assert!(matches!(path("$[?count(@.items) > 0]"), Outcome::Fails { .. }));
}
