//! What a stub answers.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Answer, Server};

fn answer(response: &Value) -> Answer {
    answer_to(response, "GET /x?q=v")
}

fn answer_to(response: &Value, request: &str) -> Answer {
    Server::with_stub(&json!({"request": {}, "response": response})).send(request)
}

#[test]
fn status_and_message() {
    let answer = answer(&json!({"status": 418, "statusMessage": "Short and stout"}));
    assert_eq!((answer.status, answer.reason.as_str()), (418, "Short and stout"));
    assert_eq!(self::answer(&json!({})).status, 200);
}

#[test]
fn bodies() {
    for (response, text) in [
        (json!({"body": "plain ä"}), "plain ä"),
        (json!({"jsonBody": {"b": 1, "a": [1.5, null]}}), r#"{"b":1,"a":[1.5,null]}"#),
        (json!({"jsonBody": [1]}), "[1]"),
        (json!({"base64Body": "YWJj"}), "abc"),
        (json!({"body": "wins", "jsonBody": {}}), "wins"),
        (json!({}), ""),
    ] {
        assert_eq!(answer(&response).text, text, "{response}");
    }
}

#[test]
fn body_files() {
    let server = Server::with(&[
        ("mappings/a.json", &json!({"request": {"url": "/a"}, "response": {"bodyFileName": "deep/a.txt"}}).to_string()),
        ("mappings/deep/b.json", &json!({"request": {"urlPathTemplate": "/b/{n}"}, "response": {"bodyFileName": "{{request.path.n}}.txt", "transformers": ["response-template"]}}).to_string()),
        ("mappings/c.json", &json!({"request": {"url": "/c"}, "response": {"bodyFileName": "none.txt"}}).to_string()),
        ("__files/deep/a.txt", "from a file {{request.path}}"),
        ("__files/one.txt", "path {{request.path}}"),
        ("secret.txt", "secret"),
    ]);
    assert_eq!(server.send("GET /a").text, "from a file {{request.path}}");
    assert_eq!(server.send("GET /b/one").text, "path /b/one");
    assert_eq!(server.send("GET /c").status, 500, "a file that is not there");
    for name in ["../secret.txt", "/../secret.txt", "deep/../../secret.txt"] {
        server.refusal(&json!({"response": {"bodyFileName": name}}));
    }
    server.stub(&json!({"request": {"urlPath": "/t"}, "response": {"bodyFileName": "{{request.query.f}}", "transformers": ["response-template"]}}));
    assert_eq!(server.send("GET /t?f=one.txt").text, "path /t");
    for name in ["../secret.txt", "%2e%2e/secret.txt", "/etc/hostname"] {
        let answer = server.send(&format!("GET /t?f={name}"));
        assert_eq!(answer.status, 500, "{name}: {}", answer.text);
        assert!(!answer.text.contains("secret\n"));
    }
}

#[test]
fn headers_with_one_and_several_values() {
    let answer = answer(&json!({"headers": {"X-One": "1", "Set-Cookie": ["a=1", "b=2"], "X-Number": 5}}));
    assert_eq!(
        (answer.header("x-one"), answer.header("set-cookie"), answer.header("x-number")),
        ("1".into(), "a=1 | b=2".into(), "5".into())
    );
}

#[test]
fn fixed_delays() {
    let begin = Instant::now();
    answer(&json!({"fixedDelayMilliseconds": 120}));
    assert!(begin.elapsed() >= Duration::from_millis(120));
}

#[test]
fn drawn_delays() {
    for distribution in [
        json!({"type": "uniform", "lower": 60, "upper": 80}),
        json!({"type": "fixed", "milliseconds": 60}),
        json!({"type": "lognormal", "median": 70, "sigma": 0.01}),
        json!({"type": "lognormal", "median": 9_000_000, "sigma": 0.1, "maxValue": 60}),
    ] {
        let begin = Instant::now();
        assert_eq!(answer(&json!({"delayDistribution": distribution})).status, 200);
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(55) && took < Duration::from_secs(10), "{distribution}: {took:?}");
    }
}

#[test]
fn dribbled_bodies() {
    let begin = Instant::now();
    let answer = answer(&json!({"body": "0123456789", "chunkedDribbleDelay": {"numberOfChunks": 5, "totalDuration": 150}}));
    assert_eq!((answer.text.as_str(), answer.chunks), ("0123456789", Some(5)));
    assert!(begin.elapsed() >= Duration::from_millis(150));
}

#[test]
fn faults() {
    let bytes = |fault: &str| Server::with_stub(&json!({"response": {"fault": fault, "status": 201}})).bytes("GET /");
    assert_eq!(bytes("EMPTY_RESPONSE").expect("an end"), b"");
    let garbage = bytes("RANDOM_DATA_THEN_CLOSE").expect("bytes");
    assert!(!garbage.is_empty() && !garbage.starts_with(b"HTTP"));
    let malformed = bytes("MALFORMED_RESPONSE_CHUNK").expect("bytes");
    assert!(malformed.starts_with(b"HTTP/1.1 200 OK\r\n"), "{}", String::from_utf8_lossy(&malformed));
    assert_eq!(bytes("CONNECTION_RESET_BY_PEER").expect_err("a reset").kind(), ErrorKind::ConnectionReset);
}

#[test]
fn templates_fill_bodies_and_headers() {
    let response = json!({
        "body": "{{request.method}} {{request.query.q}} {{jsonPath request.body '$.a'}} {{parameters.p}}",
        "headers": {"X-Path": "{{request.path}}", "X-Fixed": "1"},
        "transformers": ["response-template"], "transformerParameters": {"p": "given"},
    });
    let answer = answer_to(&response, "POST /x/y?q=v\n\n{\"a\": 7}");
    assert_eq!(
        (answer.text.as_str(), answer.header("x-path"), answer.header("x-fixed")),
        ("POST v 7 given", "/x/y".into(), "1".into())
    );
    let json = json!({"jsonBody": {"id": "{{request.pathSegments.[1]}}"}, "transformers": ["response-template"]});
    assert_eq!(answer_to(&json, "GET /a/42").text, r#"{"id":"42"}"#);
    assert_eq!(self::answer(&json!({"body": "{{request.path}}"})).text, "{{request.path}}", "only when asked for");
}

#[test]
fn what_is_not_supported_is_refused_with_its_place() {
    let server = Server::empty();
    for (response, pointer) in [
        (json!({"proxyBaseUrl": "http://x"}), "/response/proxyBaseUrl"),
        (json!({"transformers": ["my-own"]}), "/response/transformers"),
        (json!({"fault": "FIRE"}), "/response/fault"),
        (json!({"status": 99}), "/response/status"),
        (json!({"stauts": 200}), "/response/stauts"),
        (json!({"base64Body": "%"}), "/response/base64Body"),
        (json!({"delayDistribution": {"type": "pareto"}}), "/response/delayDistribution/type"),
        (json!({"delayDistribution": {"type": "uniform", "lower": 2, "upper": 1}}), "/response/delayDistribution"),
        (
            json!({"chunkedDribbleDelay": {"numberOfChunks": 0, "totalDuration": 1}}),
            "/response/chunkedDribbleDelay/numberOfChunks",
        ),
        (json!({"body": "{{#if x}}", "transformers": ["response-template"]}), "/response/body"),
        (json!({"body": "{{xPath request.body '/a'}}", "transformers": ["response-template"]}), "/response/body"),
        (json!({"headers": {"a b": "1"}}), "/response/headers/a b"),
        (json!({"body": "abc", "headers": {"Content-Length": "9"}}), "/response/headers~1Content-Length"),
        (json!({"fixedDelayMilliseconds": -1}), "/response/fixedDelayMilliseconds"),
    ] {
        assert_eq!(server.refusal(&json!({"response": response}))["source"]["pointer"], pointer, "{response}");
    }
    server.refusal(&json!({"response": {}, "postServeActions": [{"name": "webhook"}]}));
    server.refusal(&json!({"response": {}, "requiredScenarioState": "x"}));
    server.stub(&json!({"response": {}, "postServeActions": []}));
}
