//! Which requests a stub answers.

use serde_json::{Value, json};

use crate::support::Server;

/// No requests.
const NONE: &[&str] = &[];

/// Posts the pattern as the only stub and sends requests that must match and requests that must not.
#[track_caller]
fn check(pattern: &Value, hits: &[impl AsRef<str>], misses: &[impl AsRef<str>]) {
    let server = Server::empty();
    server.stub(&json!({"request": pattern, "response": {"status": 299}}));
    for hit in hits.iter().map(AsRef::as_ref) {
        assert_eq!(server.send(hit).status, 299, "must match {pattern}: {hit}");
    }
    for miss in misses.iter().map(AsRef::as_ref) {
        assert_eq!(server.send(miss).status, 404, "must not match {pattern}: {miss}");
    }
}

/// The same for a matcher of the body.
#[track_caller]
fn check_body(matcher: &Value, hits: &[&str], misses: &[&str]) {
    let sent = |bodies: &[&str]| bodies.iter().map(|body| format!("POST /\n\n{body}")).collect::<Vec<_>>();
    let (hits, misses) = (sent(hits), sent(misses));
    check(&json!({"bodyPatterns": [matcher]}), &hits, &misses);
}

#[test]
fn methods() {
    check(&json!({"method": "PUT", "url": "/"}), &["PUT /"], &["GET /", "POST /"]);
    check(&json!({"method": "ANY", "url": "/"}), &["GET /", "PURGE /", "HEAD /"], NONE);
    check(&json!({"url": "/"}), &["DELETE /"], NONE);
}

#[test]
fn urls() {
    check(&json!({"url": "/a?x=1&y=2"}), &["GET /a?x=1&y=2"], &["GET /a?y=2&x=1", "GET /a"]);
    check(&json!({"url": "/a"}), &["GET /a"], &["GET /a?x=1", "GET /a/"]);
    check(&json!({"urlPattern": "/a/[0-9]+\\?x=.*"}), &["GET /a/1?x=1"], &["GET /a/1", "GET /b/a/1?x=1"]);
    check(&json!({"urlPath": "/a"}), &["GET /a", "GET /a?x=1"], &["GET /ab"]);
    check(&json!({"urlPathPattern": "/a/[0-9]+"}), &["GET /a/12?x=1"], &["GET /a/b", "GET /a/1/c"]);
    check(
        &json!({"urlPathTemplate": "/a/{id}/b"}),
        &["GET /a/1/b", "GET /a/x%20y/b?q"],
        &["GET /a/b", "GET /a/1/b/c", "GET /a//b"],
    );
}

#[test]
fn parameters_of_path_templates() {
    let pattern =
        json!({"urlPathTemplate": "/a/{id}/{other}", "pathParameters": {"id": {"matches": "[0-9]+"}, "other": {"equalTo": "x"}}});
    check(&pattern, &["GET /a/12/x"], &["GET /a/b/x", "GET /a/12/y"]);
}

#[test]
fn headers() {
    let pattern = json!({"headers": {"X-One": {"equalTo": "1"}, "x-two": {"contains": "b", }}});
    check(
        &pattern,
        &["GET /\nx-one: 1\nX-Two: abc", "GET /\nX-One: 9\nX-One: 1\nX-Two: b"],
        &["GET /\nX-One: 1", "GET /\nX-One: 2\nX-Two: b"],
    );
    check(&json!({"headers": {"X": {"absent": true}}}), &["GET /"], &["GET /\nX: 1"]);
    check(&json!({"headers": {"X": {"equalTo": "ab", "caseInsensitive": true}}}), &["GET /\nX: AB"], &["GET /\nX: abc"]);
}

#[test]
fn query_parameters() {
    let pattern = json!({"urlPath": "/", "queryParameters": {"q": {"equalTo": "a b"}}});
    check(&pattern, &["GET /?q=a%20b", "GET /?x=1&q=a+b", "GET /?q=c&q=a+b"], &["GET /", "GET /?q=ab"]);
}

#[test]
fn several_values() {
    let exactly = json!({"queryParameters": {"q": {"hasExactly": [{"equalTo": "1"}, {"contains": "2"}]}}});
    check(&exactly, &["GET /?q=1&q=22", "GET /?q=22&q=1"], &["GET /?q=1", "GET /?q=1&q=2&q=3"]);
    let including = json!({"headers": {"X": {"includes": [{"equalTo": "1"}, {"matches": "2+"}]}}});
    check(&including, &["GET /\nX: 3\nX: 1\nX: 22"], &["GET /\nX: 1", "GET /\nX: 1, 22"]);
}

#[test]
fn cookies() {
    check(&json!({"cookies": {"s": {"equalTo": "1"}}}), &["GET /\nCookie: a=b; s=1"], &["GET /", "GET /\nCookie: s=2"]);
    check(&json!({"cookies": {"s": {"absent": true}}}), &["GET /"], &["GET /\nCookie: s=2"]);
}

#[test]
fn basic_authentication() {
    let pattern = json!({"basicAuth": {"username": "ada", "password": "pw"}});
    check(&pattern, &["GET /\nAuthorization: Basic YWRhOnB3"], &["GET /", "GET /\nAuthorization: Basic YWRhOnh4"]);
}

#[test]
fn forms() {
    let pattern = json!({"formParameters": {"a": {"equalTo": "x y"}}});
    let form = "POST /\nContent-Type: application/x-www-form-urlencoded\n\n";
    check(&pattern, &[format!("{form}b=1&a=x+y")], &[format!("{form}a=z"), "POST /\n\na=x+y".to_owned()]);
}

#[test]
fn host_port_scheme_and_client() {
    let pattern = json!({"host": {"equalTo": "mock.test"}, "port": 81, "scheme": "http", "clientIp": {"equalTo": "127.0.0.1"}});
    check(&pattern, &["GET /\nHost: mock.test:81"], &["GET /\nHost: mock.test:82", "GET /\nHost: other.test:81"]);
    check(&json!({"scheme": "https"}), NONE, &["GET /"]);
}

#[test]
fn texts() {
    check_body(&json!({"equalTo": "abc"}), &["abc"], &["ABC", "abcd"]);
    check_body(&json!({"equalTo": "äbc", "caseInsensitive": true}), &["ÄBC"], &["abc"]);
    check_body(&json!({"contains": "b"}), &["abc"], &["ac"]);
    check_body(&json!({"doesNotContain": "b"}), &["ac"], &["abc"]);
    check_body(&json!({"matches": "a.c"}), &["abc", "a\nc"], &["abcd"]);
    check_body(&json!({"matches": "(?!x).*c"}), &["abc"], &["xbc"]);
    check_body(&json!({"doesNotMatch": "a.c"}), &["abcd"], &["abc"]);
    check_body(&json!({"binaryEqualTo": "YWJj"}), &["abc"], &["ab"]);
    check_body(&json!({"absent": true}), NONE, &["x"]);
    check(&json!({"bodyPatterns": [{"absent": true}]}), &["GET /"], &["POST /\n\nx"]);
    check(&json!({"headers": {"X": {"anything": "anything"}}}), &["GET /\nX: 1", "GET /"], NONE);
    check(&json!({"headers": {"X": {"matchesPathTemplate": "/a/{b}"}}}), &["GET /\nX: /a/1"], &["GET /\nX: /a"]);
}

#[test]
fn json_equality() {
    check_body(
        &json!({"equalToJson": {"a": 1, "b": [1, 2]}}),
        &[r#"{"b":[1,2],"a":1.0}"#],
        &[r#"{"a":1,"b":[2,1]}"#, "no json", r#"{"a":1}"#],
    );
    check_body(&json!({"equalToJson": "{\"a\": [1, 2]}", "ignoreArrayOrder": true}), &[r#"{"a":[2,1]}"#], &[r#"{"a":[2,1,3]}"#]);
    check_body(&json!({"equalToJson": {"a": 1}, "ignoreExtraElements": true}), &[r#"{"a":1,"z":0}"#], &[r#"{"z":0}"#]);
    check_body(
        &json!({"equalToJson": {"a": "${json-unit.any-string}", "b": "${json-unit.ignore}", "c": "${json-unit.regex}[a-z]+"}}),
        &[r#"{"a":"x","b":[],"c":"abc"}"#],
        &[r#"{"a":1,"b":0,"c":"abc"}"#, r#"{"a":"x","b":0,"c":"1"}"#],
    );
}

#[test]
fn json_paths() {
    check_body(&json!({"matchesJsonPath": "$.a.b"}), &[r#"{"a":{"b":0}}"#], &[r#"{"a":{}}"#, "no json"]);
    check_body(&json!({"matchesJsonPath": "$.a[?(@.b == 2)]"}), &[r#"{"a":[{"b":1},{"b":2}]}"#], &[r#"{"a":[{"b":1}]}"#]);
    check_body(&json!({"matchesJsonPath": "$.a[?(@.n =~ /x.*/i)]"}), &[r#"{"a":[{"n":"Xyz"}]}"#], &[r#"{"a":[{"n":"yx"}]}"#]);
    check_body(
        &json!({"matchesJsonPath": {"expression": "$.a", "equalTo": "1"}}),
        &[r#"{"a":1}"#, r#"{"a":"1"}"#, r#"{"a":[2,1]}"#],
        &[r#"{"a":2}"#, "{}"],
    );
    check_body(
        &json!({"matchesJsonPath": {"expression": "$.a.length()", "equalTo": "2"}}),
        &[r#"{"a":[0,0]}"#],
        &[r#"{"a":[0]}"#],
    );
    check_body(
        &json!({"matchesJsonPath": {"expression": "$.a[(@.length-1)]", "contains": "z"}}),
        &[r#"{"a":["x","zz"]}"#],
        &[r#"{"a":["z","x"]}"#],
    );
    check_body(
        &json!({"matchesJsonPath": {"expression": "$.a", "equalToJson": [1, 2], "ignoreArrayOrder": true}}),
        &[r#"{"a":[2,1]}"#],
        &[r#"{"a":[1]}"#],
    );
    check_body(&json!({"matchesJsonPath": {"expression": "$.a", "absent": true}}), &["{}", r#"{"a":null}"#], &[r#"{"a":1}"#]);
}

#[test]
fn json_schemas() {
    let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 2}}});
    check_body(&json!({"matchesJsonSchema": schema}), &[r#"{"a":2}"#], &[r#"{"a":1}"#, "[]", "no json"]);
    let draft4 = json!({"matchesJsonSchema": "{\"minimum\": 2, \"exclusiveMinimum\": true}", "schemaVersion": "V4"});
    check_body(&draft4, &["3"], &["2"]);
}

#[test]
fn numbers() {
    check_body(&json!({"equalToNumber": 2}), &["2", "2.0"], &["3", "x"]);
    check_body(&json!({"greaterThanNumber": 2}), &["2.5"], &["2"]);
    check_body(&json!({"greaterThanEqualNumber": 2}), &["2"], &["1"]);
    check_body(&json!({"lessThanNumber": 2}), &["1"], &["2"]);
    check_body(&json!({"lessThanEqualNumber": 2}), &["2"], &["3"]);
}

#[test]
fn dates() {
    check_body(&json!({"before": "2021-05-01T00:00:00Z"}), &["2021-04-30T00:00:00Z"], &["2021-05-02T00:00:00Z", "x"]);
    check_body(&json!({"after": "now -1 days"}), &["2999-01-01T00:00:00Z"], &["2001-01-01T00:00:00Z"]);
    check_body(&json!({"equalToDateTime": "2021-05-01T00:00:00Z"}), &["2021-05-01T02:00:00+02:00"], &["2021-05-01T00:00:01Z"]);
    check_body(
        &json!({"after": "2021-05-01T00:00:00", "actualFormat": "dd/MM/yyyy"}),
        &["02/05/2021"],
        &["2021-05-02", "01/05/2021"],
    );
    check_body(
        &json!({"before": "now", "expectedOffset": 2, "expectedOffsetUnit": "days"}),
        &["2021-05-01T00:00:00Z"],
        &["2999-01-01T00:00:00Z"],
    );
}

#[test]
fn logic() {
    check_body(&json!({"and": [{"contains": "a"}, {"contains": "b"}]}), &["ab"], &["a"]);
    check_body(&json!({"or": [{"equalTo": "a"}, {"equalTo": "b"}]}), &["a", "b"], &["c"]);
    check_body(&json!({"not": {"contains": "a"}}), &["b"], &["a"]);
    check(&json!({"bodyPatterns": [{"contains": "a"}, {"contains": "b"}]}), &["POST /\n\nab"], &["POST /\n\na"]);
}

#[test]
fn lower_priorities_go_first_then_newer_stubs() {
    let server = Server::empty();
    let stub = |status: u16, request: Value, priority: Value| json!({"request": request, "response": {"status": status}, "priority": priority});
    server.stub(&stub(201, json!({"urlPath": "/a"}), Value::Null));
    server.stub(&stub(202, json!({"urlPathPattern": "/.*"}), Value::Null));
    assert_eq!(server.send("GET /a").status, 202, "the newer one");
    server.stub(&stub(203, json!({"url": "/a"}), Value::Null));
    assert_eq!(server.send("GET /a").status, 203, "the newest one");
    server.stub(&stub(204, json!({}), json!(9)));
    assert_eq!(server.send("GET /a").status, 203, "5 goes before 9");
    server.stub(&stub(205, json!({"urlPathTemplate": "/{x}"}), json!(1)));
    assert_eq!(server.send("GET /a").status, 205, "1 goes before 5");
    assert_eq!(server.send("GET /b/c").status, 202);
}

#[test]
fn scenarios_go_from_state_to_state() {
    let stub = |required: &str, next: Option<&str>, body: &str| json!({"request": {"url": "/s"}, "response": {"body": body}, "scenarioName": "S", "requiredScenarioState": required, "newScenarioState": next});
    let mappings =
        json!({"mappings": [stub("Started", Some("second"), "1"), stub("second", Some("third"), "2"), stub("third", None, "3")]});
    let server = Server::with(&[("mappings/all.json", &mappings.to_string())]);
    let answers: Vec<String> = (0..4).map(|_| server.send("GET /s").text).collect();
    assert_eq!(answers, ["1", "2", "3", "3"]);
    server.admin("POST", "/scenarios/reset", "");
    assert_eq!(server.send("GET /s").text, "1");
}

#[test]
fn what_is_not_supported_is_refused_with_its_place() {
    let server = Server::empty();
    for (request, pointer, words) in [
        (json!({"urlPaht": "/"}), "/request/urlPaht", "did you mean `urlPath`"),
        (json!({"headers": {"X": {"equal": "1"}}}), "/request/headers/X/equal", "Unrecognized field"),
        (json!({"headers": {"X": {}}}), "/request/headers/X", "not a valid match operation"),
        (json!({"bodyPatterns": [{"equalTo": 1}]}), "/request/bodyPatterns/0/equalTo", "must be text"),
        (json!({"bodyPatterns": [{"matches": "("}]}), "/request/bodyPatterns/0/matches", "not a regular expression"),
        (json!({"bodyPatterns": [{"equalToXml": "<a/>"}]}), "/request/bodyPatterns/0/equalToXml", "not supported"),
        (json!({"bodyPatterns": [{"matchesXPath": "//a"}]}), "/request/bodyPatterns/0/matchesXPath", "not supported"),
        (json!({"bodyPatterns": [{"matchesJsonPath": "$.["}]}), "/request/bodyPatterns/0/matchesJsonPath", "not a JSONPath"),
        (
            json!({"bodyPatterns": [{"matchesJsonSchema": {"type": 5}}]}),
            "/request/bodyPatterns/0/matchesJsonSchema",
            "cannot be used",
        ),
        (
            json!({"bodyPatterns": [{"contains": "a", "ignoreArrayOrder": true}]}),
            "/request/bodyPatterns/0/ignoreArrayOrder",
            "does not belong",
        ),
        (json!({"bodyPatterns": [{"contains": "a", "matches": "b"}]}), "/request/bodyPatterns/0/matches", "side by side"),
        (json!({"multipartPatterns": [{"name": "x"}]}), "/request/multipartPatterns", "not supported"),
        (json!({"customMatcher": {"name": "x"}}), "/request/customMatcher", "not supported"),
        (json!({"urlPath": "/", "pathParameters": {"x": {"equalTo": "1"}}}), "/request/pathParameters", "urlPathTemplate"),
        (
            json!({"urlPathTemplate": "/{y}", "pathParameters": {"x": {"equalTo": "1"}}}),
            "/request/pathParameters",
            "no parameter",
        ),
        (json!({"urlPathTemplate": "/a{y}"}), "/request/urlPathTemplate", "whole segment"),
        (json!({"urlPattern": "["}), "/request/urlPattern", "not a regular expression"),
    ] {
        let error = server.refusal(&json!({"request": request, "response": {}}));
        assert_eq!(error["source"]["pointer"], pointer, "{request}: {error}");
        assert!(error["detail"].as_str().is_some_and(|detail| detail.contains(words)), "{request}: {error}");
    }
}
