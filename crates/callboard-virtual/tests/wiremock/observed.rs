//! What re-implementers get wrong, as it was observed on WireMock 3.13.2; one test for each of fifteen findings.

use serde_json::{Value, json};

use crate::support::Server;

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn o01_answers_of_the_admin_api_have_no_unknown_fields() {
    let server = Server::empty();
    let id = server.stub(&json!({"request": {"url": "/"}, "response": {}}));
    server.send("GET /");
    assert_eq!(keys(&server.admin("GET", "/mappings", "").json()), ["mappings", "meta"]);
    assert_eq!(keys(&server.admin("GET", &format!("/mappings/{id}"), "").json()), ["id", "request", "response", "uuid"]);
    let list = server.admin("GET", "/requests", "").json();
    assert_eq!(keys(&list), ["meta", "requestJournalDisabled", "requests"]);
    let event = &list["requests"][0];
    assert_eq!(
        keys(event),
        ["id", "request", "response", "responseDefinition", "stubMapping", "subEvents", "timing", "wasMatched"]
    );
    assert_eq!(keys(&event["response"]), ["body", "bodyAsBase64", "headers", "status"]);
    assert_eq!(keys(&event["timing"]), ["addedDelay", "processTime", "responseSendTime", "serveTime", "totalTime"]);
    assert_eq!(keys(&server.admin("POST", "/requests/count", "{}").json()), ["count", "requestJournalDisabled"]);
}

#[test]
fn o02_unreadable_stubs_are_422_with_a_pointer_and_some_odd_ones_are_taken() {
    let server = Server::empty();
    let error = server.refusal(&json!({"request": {"headers": {"X": {"matches": "["}}}}));
    assert_eq!((&error["code"], &error["source"]["pointer"]), (&json!(10), &json!("/request/headers/X/matches")));
    assert_eq!(server.admin("POST", "/mappings", "{").status, 422);
    let id =
        server.stub(&json!({"request": {"url": "/wins", "urlPath": "/loses"}, "response": {"body": "wins", "jsonBody": {}}}));
    assert_eq!((server.send("GET /wins").text.as_str(), server.send("GET /loses").status), ("wins", 404));
    assert_eq!(server.refusal(&json!({"id": id}))["code"], 109);
    server.stub(&json!({"request": {"url": "/never", "headers": {"X": {"before": "garbage"}}}, "response": {}}));
    assert_eq!(server.send("GET /never\nX: 2020-01-01T00:00:00Z").status, 404);
    assert_eq!(server.admin("GET", "/mappings/no-uuid", "").status, 400);
    let unknown = server.admin("GET", "/mappings/6d3c5a2e-0000-4000-8000-000000000000", "");
    assert_eq!((unknown.status, unknown.text.as_str()), (404, ""));
    let nowhere = server.admin("GET", "/nowhere", "");
    assert_eq!((nowhere.status, nowhere.text.as_str()), (404, ""));
}

#[test]
fn o03_deleting_keeps_the_journal_and_resetting_reloads_the_files() {
    let server = Server::with(&[("mappings/a.json", r#"{"request": {"url": "/file"}, "response": {}}"#)]);
    let id = server.stub(&json!({"persistent": true, "request": {"url": "/kept"}, "response": {}}));
    let file = server.folder.path().join(format!("mappings/{id}.json"));
    server.send("GET /file");
    assert!(file.is_file());
    server.admin("DELETE", "/mappings", "");
    assert!(!file.exists(), "what was persisted goes");
    assert_eq!(server.send("GET /file").status, 404);
    assert_eq!(server.admin("GET", "/requests", "").json()["meta"]["total"], 2, "the journal stays");
    for route in ["/reset", "/mappings/reset"] {
        server.admin("POST", route, "");
        assert_eq!(server.admin("GET", "/requests", "").json()["meta"]["total"], 0, "{route}");
        assert_eq!(server.send("GET /file").status, 200, "{route}");
    }
}

#[test]
fn o04_settings_replace_all_and_a_stub_s_delay_of_0_wins() {
    let server = Server::empty();
    server.admin("POST", "/settings", r#"{"fixedDelay": 60000, "extended": {"a": 1}}"#);
    server.stub(&json!({"request": {"url": "/now"}, "response": {"fixedDelayMilliseconds": 0}}));
    let begin = std::time::Instant::now();
    assert_eq!(server.send("GET /now").status, 200);
    assert!(begin.elapsed().as_secs() < 30);
    server.admin("POST", "/settings", "{}");
    let settings = server.admin("GET", "/settings", "").json();
    assert_eq!((&settings["settings"]["fixedDelay"], &settings["settings"]["extended"]), (&Value::Null, &json!({})));
    assert_eq!(
        server.admin("PATCH", "/settings/extended", r#"{"b": 2}"#).status,
        200,
        "a 500 in WireMock after {{}}: their defect"
    );
}

#[test]
fn o05_answers_name_their_stub_have_no_type_of_their_own_and_are_chunked() {
    let server = Server::empty();
    let id = server.stub(&json!({"request": {"url": "/"}, "response": {"jsonBody": {"a": 1}}}));
    let answer = server.send("GET /");
    assert_eq!((answer.header("matched-stub-id"), answer.header("content-type"), answer.chunks), (id, String::new(), Some(1)));
    assert_eq!(answer.header("matched-stub-name"), "");
    server.stub(&json!({"request": {"url": "/sized"}, "response": {"body": "abc", "headers": {"Content-Length": "3"}}}));
    let sized = server.send("GET /sized");
    assert_eq!((sized.header("content-length").as_str(), sized.chunks), ("3", None));
}

#[test]
fn o06_head_is_not_served_by_a_get_stub_and_offers_of_http_2_are_passed_over() {
    let server = Server::empty();
    server.stub(&json!({"request": {"method": "GET", "url": "/"}, "response": {}}));
    assert_eq!(server.send("HEAD /").status, 404);
    let offer = format!(
        "GET / HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAAAAQBAAAAAAUAAEAAAAYABgAA\r\n\r\n",
        server.address
    );
    let close = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.address);
    let bytes = server.exchange(format!("{offer}{close}").as_bytes()).expect("answers");
    assert_eq!(String::from_utf8_lossy(&bytes).matches("HTTP/1.1 200").count(), 2);
}

#[test]
fn o07_paths_match_as_they_come_and_query_values_decoded() {
    let server = Server::empty();
    server.stub(&json!({"request": {"urlPath": "/a b"}, "response": {}}));
    server
        .stub(&json!({"request": {"urlPathTemplate": "/t/{x}", "pathParameters": {"x": {"equalTo": "a%20b"}}}, "response": {}}));
    server.stub(&json!({"request": {"urlPath": "/q", "queryParameters": {"q": {"equalTo": "a b"}}}, "response": {}}));
    server.stub(&json!({"request": {"url": "/o?a=1&b=2"}, "response": {}}));
    server.stub(&json!({"request": {"url": "/h", "headers": {"X": {"equalTo": "a, b"}}}, "response": {}}));
    for (request, status) in [
        ("GET /a%20b", 404),
        ("GET /t/a%20b", 200),
        ("GET /q?q=a+b", 200),
        ("GET /q?q=a%20b", 200),
        ("GET /o?a=1&b=2", 200),
        ("GET /o?b=2&a=1", 404),
        ("GET /h\nX: a, b", 200),
        ("GET /h\nX: a\nX: b", 404),
    ] {
        assert_eq!(server.send(request).status, status, "{request}");
    }
}

#[test]
fn o08_negations_match_what_is_missing_and_any_of_several_values() {
    for (matcher, missing, both) in [
        (json!({"doesNotMatch": "a"}), 200, 200),
        (json!({"doesNotContain": "a"}), 200, 200),
        (json!({"not": {"equalTo": "a"}}), 200, 200),
        (json!({"matches": ".*"}), 404, 200),
        (json!({"absent": true}), 200, 404),
    ] {
        let server = Server::empty();
        server.stub(&json!({"request": {"headers": {"X": matcher}, "queryParameters": {"debug": matcher}}, "response": {}}));
        assert_eq!(server.send("GET /").status, missing, "{matcher}");
        assert_eq!(server.send("GET /?debug=a&debug=b\nX: a\nX: b").status, both, "{matcher}");
    }
    let server = Server::empty();
    server.stub(&json!({"request": {"queryParameters": {"debug": {"absent": true}}}, "response": {}}));
    assert_eq!(server.send("GET /?debug=").status, 404);
}

#[test]
fn o09_json_is_equal_by_value_and_a_bare_path_takes_all_but_null() {
    for (matcher, body, status) in [
        (json!({"equalToJson": {"a": 1}}), r#"{"a": 1.0}"#, 200),
        (json!({"equalToJson": {"a": null}}), "{}", 404),
        (json!({"equalToJson": [1], "ignoreExtraElements": true}), "[1, 2]", 404),
        (json!({"equalToJson": [1], "ignoreExtraElements": true, "ignoreArrayOrder": true}), "[1, 2]", 200),
        (json!({"matchesJsonPath": "$.a"}), r#"{"a": null}"#, 404),
        (json!({"matchesJsonPath": "$.a"}), r#"{"a": 0}"#, 200),
        (json!({"matchesJsonPath": "$.a"}), r#"{"a": false}"#, 200),
        (json!({"matchesJsonPath": "$.a"}), r#"{"a": ""}"#, 200),
    ] {
        let server = Server::empty();
        server.stub(&json!({"request": {"bodyPatterns": [matcher]}, "response": {}}));
        assert_eq!(server.send(&format!("POST /\n\n{body}")).status, status, "{matcher} {body}");
    }
}

#[test]
fn o10_orders_totals_and_near_misses() {
    let server = Server::empty();
    for n in 0..4 {
        server.stub(&json!({"request": {"url": format!("/n{n}")}, "response": {}}));
    }
    for n in 0..4 {
        server.send(&format!("GET /n{n}"));
    }
    let url = |value: &Value, at: usize| {
        value["requests"][at]["url"].as_str().or(value["requests"][at]["request"]["url"].as_str()).map(str::to_owned)
    };
    let found = server.admin("POST", "/requests/find", "{}").json();
    assert_eq!(url(&found, 0).as_deref(), Some("/n0"), "oldest first");
    let listed = server.admin("GET", "/requests?limit=2", "").json();
    assert_eq!(
        (url(&listed, 0).as_deref(), &listed["meta"]["total"]),
        (Some("/n3"), &json!(4)),
        "newest first, the total of all"
    );
    let misses = server.admin("POST", "/near-misses/request", r#"{"url": "/n1", "method": "GET"}"#).json();
    assert_eq!(misses["nearMisses"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&misses["nearMisses"][0]["stubMapping"]["request"]["url"], &misses["nearMisses"][0]["matchResult"]["distance"]),
        (&json!("/n1"), &json!(0.0))
    );
    assert!(server.admin("POST", "/requests/remove", "{}").json()["serveEvents"].is_array());
}

fn rendered(template: &str, request: &str) -> (u16, String) {
    let server = Server::empty();
    server.stub(&json!({"request": {}, "response": {"body": template, "transformers": ["response-template"]}}));
    let answer = server.send(request);
    (answer.status, answer.text)
}

#[test]
fn o11_templates_escape_nothing_and_lists_equal_no_text() {
    let eq = |left: &str, right: &str| format!("{{{{#eq {left} '{right}'}}}}y{{{{else}}}}n{{{{/eq}}}}");
    for (template, expected) in [
        ("{{request.query.b}}".to_owned(), "<2>"),
        (eq("request.query.b", "<2>"), "n"),
        (eq("request.query.b.0", "<2>"), "y"),
        (eq("request.query.b.[0]", "<2>"), "y"),
        (eq("request.headers.X", "1"), "n"),
        (eq("request.headers.X.[0]", "1"), "y"),
        (eq("request.cookies.c.[0]", "1"), "y"),
        (eq("request.method", "GET"), "n"),
        (eq("request.path", "/t"), "n"),
        ("{{#contains request.query.b '<'}}y{{else}}n{{/contains}}".to_owned(), ""),
    ] {
        let (_, text) = rendered(&template, "GET /t?b=%3C2%3E\nX: 1\nCookie: c=1");
        assert_eq!(text, if expected.is_empty() { "n" } else { expected }, "{template}");
    }
}

#[test]
fn o12_helpers_fail_softly_and_unknown_ones_with_a_500() {
    let request = "POST /\n\n{\"o\": {\"a\": 1}, \"l\": [1, 2]}";
    for (template, status, expected) in [
        ("[{{jsonPath request.body '$.none'}}]", 200, "[]"),
        ("{{jsonPath request.body '$.o'}}", 200, "{\n  \"a\": 1\n}"),
        ("{{jsonPath request.body '$.l'}}", 200, "[1,2]"),
        ("{{math 7 '/' 2}}", 200, "4"),
        ("{{#parseJson 'x'}}<{{/parseJson}}", 200, "[ERROR"),
        ("{{unheardOf 'x'}}", 500, "could not find helper"),
    ] {
        let (code, text) = rendered(template, request);
        assert!(code == status && text.starts_with(expected), "{template}: {code} {text}");
    }
    assert_eq!(rendered("[{{jsonPath request.body '$.a'}}]", "POST /\n\nno json").1, "[]");
    assert_eq!(rendered("{{now}}", "GET /").1.len(), "2026-01-01T00:00:00Z".len(), "no milliseconds");
}

#[test]
fn o13_faults_leave_out_the_stub_s_answer_and_are_journaled() {
    let server = Server::empty();
    server.stub(&json!({"request": {"url": "/f"}, "response": {"status": 503, "headers": {"X": "1"}, "fault": "MALFORMED_RESPONSE_CHUNK"}}));
    let bytes = server.bytes("GET /f").expect("bytes");
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(text.starts_with("http/1.1 200 ok\r\ntransfer-encoding: chunked\r\n\r\n") && !text.contains("x: 1"), "{text}");
    assert_eq!(server.admin("POST", "/requests/count", r#"{"url": "/f"}"#).json()["count"], 1);
}

#[test]
fn o14_proxying_is_refused_when_the_stub_is_posted() {
    let server = Server::empty();
    for key in ["proxyBaseUrl", "additionalProxyRequestHeaders", "removeProxyRequestHeaders", "proxyUrlPrefixToRemove"] {
        let error = server.refusal(&json!({"response": {key: "http://127.0.0.1:1"}}));
        assert!(error["detail"].as_str().is_some_and(|detail| detail.contains("not passed on")), "{key}: {error}");
    }
}

#[test]
fn o15_imports_put_the_first_first_edits_keep_their_place_and_states_must_be_known() {
    let server = Server::empty();
    let stub = |id: u8, status: u16| json!({"id": format!("00000000-0000-4000-8000-00000000000{id}"), "request": {"url": "/"}, "response": {"status": status}});
    server.admin("POST", "/mappings/import", &json!({"mappings": [stub(1, 201), stub(2, 202)]}).to_string());
    assert_eq!(server.send("GET /").status, 201, "the first of the list wins");
    server.admin("PUT", "/mappings/00000000-0000-4000-8000-000000000002", &stub(2, 205).to_string());
    assert_eq!(server.send("GET /").status, 201, "an edit keeps its place");
    let ignored =
        json!({"mappings": [stub(1, 209)], "importOptions": {"duplicatePolicy": "IGNORE", "deleteAllNotInImport": true}});
    server.admin("POST", "/mappings/import", &ignored.to_string());
    assert_eq!(
        (server.send("GET /").status, server.admin("GET", "/mappings", "").json()["meta"]["total"].as_u64()),
        (201, Some(1))
    );
    server.stub(&json!({"request": {"url": "/s"}, "response": {}, "scenarioName": "s", "requiredScenarioState": "one"}));
    assert_eq!(server.admin("PUT", "/scenarios/s/state", r#"{"state": "Started"}"#).status, 422, "no stub names it");
    assert_eq!(server.admin("PUT", "/scenarios/s/state", r#"{"state": "one"}"#).status, 200);
    assert_eq!(server.send("GET /s").status, 200);
    assert_eq!(server.admin("PUT", "/scenarios/s/state", "").status, 200, "without a body it is a reset");
    assert_eq!(server.send("GET /s").status, 404);
}
