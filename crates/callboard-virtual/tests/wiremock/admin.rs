//! The admin API, route by route.

use callboard_virtual::wiremock::{REFUSED_ROUTES, ROUTES};
use serde_json::{Value, json};

use crate::support::Server;

const UNKNOWN: &str = "6d3c5a2e-0000-4000-8000-000000000000";

fn urls(list: &Value) -> Vec<&str> {
    list.as_array()
        .expect("a list")
        .iter()
        .map(|item| item["url"].as_str().or(item["request"]["url"].as_str()).expect("a URL"))
        .collect()
}

#[test]
fn mappings_are_made_read_changed_and_deleted() {
    let server = Server::empty();
    let id = server.stub(&json!({"name": "one", "request": {"url": "/a"}, "response": {"body": "1"}}));
    let read = server.admin("GET", &format!("/mappings/{id}"), "").json();
    assert_eq!((&read["id"], &read["uuid"], &read["name"]), (&json!(id), &json!(id), &json!("one")));
    let answer = server.send("GET /a");
    assert_eq!((answer.header("matched-stub-id"), answer.header("matched-stub-name")), (id.clone(), "one".to_owned()));
    let changed = server.admin("PUT", &format!("/mappings/{id}"), r#"{"request": {"url": "/b"}, "response": {"body": "2"}}"#);
    assert_eq!((changed.status, changed.json()["id"].as_str()), (200, Some(id.as_str())));
    assert_eq!((server.send("GET /a").status, server.send("GET /b").text.as_str()), (404, "2"));
    assert_eq!(server.admin("GET", "/mappings", "").json()["meta"]["total"], 1);
    assert_eq!(server.admin("DELETE", &format!("/mappings/{id}"), "").status, 200);
    assert_eq!(server.send("GET /b").status, 404);
    for method in ["GET", "PUT", "DELETE"] {
        assert_eq!(server.admin(method, &format!("/mappings/{UNKNOWN}"), "{}").status, 404, "{method}");
    }
}

#[test]
fn lists_take_limit_and_offset() {
    let server = Server::empty();
    for n in 0..5 {
        server.stub(&json!({"request": {"url": format!("/{n}")}, "response": {}}));
    }
    let list = server.admin("GET", "/mappings?limit=2&offset=1", "").json();
    assert_eq!((urls(&list["mappings"]), &list["meta"]["total"]), (vec!["/3", "/2"], &json!(5)));
    assert_eq!(server.admin("GET", "/mappings?limit=x", "").status, 422);
}

#[test]
fn mappings_are_found_and_removed_by_metadata() {
    let server = Server::empty();
    server.stub(&json!({"request": {"url": "/a"}, "response": {}, "metadata": {"tag": {"n": 1}}}));
    server.stub(&json!({"request": {"url": "/b"}, "response": {}}));
    let matcher = r#"{"matchesJsonPath": {"expression": "$.tag.n", "equalTo": "1"}}"#;
    let found = server.admin("POST", "/mappings/find-by-metadata", matcher).json();
    assert_eq!(urls(&found["mappings"]), ["/a"]);
    server.send("GET /a");
    assert_eq!(
        server.admin("POST", "/requests/remove-by-metadata", matcher).json()["serveEvents"].as_array().map(Vec::len),
        Some(1)
    );
    server.admin("POST", "/mappings/remove-by-metadata", matcher);
    assert_eq!((server.send("GET /a").status, server.send("GET /b").status), (404, 200));
}

#[test]
fn mappings_are_edited_and_removed_by_what_they_are() {
    let server = Server::empty();
    let id = server.stub(&json!({"request": {"url": "/a"}, "response": {}}));
    let edited = json!({"id": id, "request": {"url": "/b"}, "response": {}});
    assert_eq!(server.admin("POST", "/mappings/edit", &edited.to_string()).status, 200);
    assert_eq!(server.send("GET /b").status, 200);
    assert_eq!(server.admin("POST", "/mappings/remove", r#"{"request": {"url": "/b"}, "response": {}}"#).status, 200);
    assert_eq!(server.send("GET /b").status, 404);
}

#[test]
fn stubs_that_nobody_called_are_listed_and_removed() {
    let server = Server::empty();
    server.stub(&json!({"request": {"url": "/used"}, "response": {}}));
    server.stub(&json!({"request": {"url": "/unused"}, "response": {}}));
    server.send("GET /used");
    assert_eq!(urls(&server.admin("GET", "/mappings/unmatched", "").json()["mappings"]), ["/unused"]);
    server.admin("DELETE", "/mappings/unmatched", "");
    assert_eq!(urls(&server.admin("GET", "/mappings", "").json()["mappings"]), ["/used"]);
}

#[test]
fn saved_and_persistent_mappings_are_files() {
    let server = Server::with(&[("mappings/first.json", r#"{"request": {"url": "/first"}, "response": {}}"#)]);
    server.stub(&json!({"request": {"url": "/lost"}, "response": {}}));
    let id = server.stub(&json!({"name": "Kept One", "persistent": true, "request": {"url": "/kept"}, "response": {}}));
    let path = server.folder.path().join(format!("mappings/kept-one-{id}.json"));
    assert!(path.is_file());
    server.admin("POST", "/mappings/reset", "");
    assert_eq!(
        [server.send("GET /first").status, server.send("GET /kept").status, server.send("GET /lost").status],
        [200, 200, 404]
    );
    server.stub(&json!({"request": {"url": "/saved"}, "response": {}}));
    assert_eq!(server.admin("POST", "/mappings/save", "").status, 200);
    server.admin("POST", "/reset", "");
    assert_eq!(server.send("GET /saved").status, 200);
    assert_eq!(server.admin("GET", "/mappings", "").json()["meta"]["total"], 3);
}

#[test]
fn the_journal_is_read_counted_found_and_removed() {
    let server = Server::empty();
    server.stub(&json!({"request": {"urlPath": "/a"}, "response": {"status": 201, "body": "answer"}}));
    for request in ["POST /a?q=1\nX-H: h\nCookie: c=d\n\nbody", "GET /a", "GET /none"] {
        server.send(request);
    }
    let all = server.admin("GET", "/requests", "").json();
    assert_eq!((urls(&all["requests"]), &all["meta"]["total"]), (vec!["/none", "/a", "/a?q=1"], &json!(3)));
    let event = &all["requests"][2];
    assert_eq!(
        [&event["request"]["body"], &event["request"]["headers"]["X-H"], &event["request"]["cookies"]["c"]],
        ["body", "h", "d"]
    );
    assert_eq!(
        (&event["response"]["body"], &event["response"]["status"], &event["wasMatched"]),
        (&json!("answer"), &json!(201), &json!(true))
    );
    assert_eq!(event["request"]["queryParams"]["q"]["values"], json!(["1"]));
    let id = event["id"].as_str().expect("an id");
    assert_eq!(server.admin("GET", &format!("/requests/{id}"), "").json()["id"], id);
    assert_eq!(server.admin("POST", "/requests/count", r#"{"method": "POST", "urlPath": "/a"}"#).json()["count"], 1);
    let found = server.admin("POST", "/requests/find", r#"{"bodyPatterns": [{"contains": "bod"}]}"#).json();
    assert_eq!(urls(&found["requests"]), ["/a?q=1"]);
    assert_eq!(urls(&server.admin("GET", "/requests/unmatched", "").json()["requests"]), ["/none"]);
    assert_eq!(urls(&server.admin("GET", "/requests?unmatched=true", "").json()["requests"]), ["/none"]);
    assert_eq!(urls(&server.admin("GET", "/requests?limit=1", "").json()["requests"]), ["/none"]);
    server.admin("DELETE", &format!("/requests/{id}"), "");
    assert_eq!(
        server.admin("POST", "/requests/remove", r#"{"url": "/none"}"#).json()["serveEvents"].as_array().map(Vec::len),
        Some(1)
    );
    assert_eq!(urls(&server.admin("GET", "/requests", "").json()["requests"]), ["/a"]);
    server.admin("DELETE", "/requests", "");
    assert_eq!(server.admin("GET", "/requests", "").json()["meta"]["total"], 0);
    assert_eq!(server.admin("GET", &format!("/requests/{UNKNOWN}"), "").status, 404);
}

#[test]
fn requests_are_listed_since_a_time_and_by_stub() {
    let server = Server::empty();
    let id = server.stub(&json!({"request": {"url": "/a"}, "response": {}}));
    server.send("GET /a");
    server.send("GET /b");
    assert_eq!(urls(&server.admin("GET", &format!("/requests?matchingStub={id}"), "").json()["requests"]), ["/a"]);
    assert_eq!(server.admin("GET", "/requests?since=2001-01-01T00:00:00Z", "").json()["meta"]["total"], 2);
    assert_eq!(server.admin("GET", "/requests?since=2999-01-01T00:00:00Z", "").json()["meta"]["total"], 0);
    assert_eq!(server.admin("GET", "/requests?since=yesterday", "").status, 422);
}

#[test]
fn near_misses_of_requests_and_patterns() {
    let server = Server::empty();
    server.stub(&json!({"name": "near", "request": {"method": "GET", "url": "/orders/42"}, "response": {}}));
    server.stub(&json!({"name": "far", "request": {"method": "POST", "url": "/completely/else"}, "response": {}}));
    server.send("GET /orders/43");
    let nearest = |misses: Value| {
        (misses["nearMisses"][0]["stubMapping"]["name"].clone(), misses["nearMisses"][0]["matchResult"]["distance"].as_f64())
    };
    for path in ["/near-misses/request", "/requests/near-misses/request"] {
        let (name, distance) =
            nearest(server.admin("POST", path, r#"{"url": "/orders/44", "method": "GET", "headers": {"A": "b"}}"#).json());
        assert_eq!(name, "near");
        assert!(distance.is_some_and(|distance| distance > 0.0 && distance < 0.2), "{distance:?}");
    }
    assert_eq!(nearest(server.admin("GET", "/requests/unmatched/near-misses", "").json()).0, "near");
    let found = server.admin("POST", "/near-misses/request-pattern", r#"{"url": "/orders/4"}"#).json();
    assert_eq!(found["nearMisses"][0]["request"]["url"], "/orders/43");
}

#[test]
fn an_unmatched_request_is_told_what_comes_closest() {
    let server = Server::empty();
    assert!(server.send("GET /").text.contains("no stub mappings"));
    server.stub(
        &json!({"name": "The order", "request": {"method": "POST", "urlPath": "/orders", "headers": {"X-Key": {"equalTo": "k"}},
        "queryParameters": {"page": {"matches": "[0-9]+"}}, "bodyPatterns": [{"matchesJsonPath": "$.id"}]}, "response": {}}),
    );
    let answer = server.send("POST /orders?page=x\n\n{}");
    assert_eq!((answer.status, answer.header("content-type").as_str()), (404, "text/plain"));
    for part in [
        "Request was not matched",
        "| Closest stub                                             | Request ",
        "The order",
        "[path] /orders                                             | /orders?page=x",
        "<<<<< Header is not present",
        "Query: page [matches] = [0-9]+",
        "<<<<< Query does not match",
        "<<<<< Body does not match",
    ] {
        assert!(answer.text.contains(part), "{part:?} in {}", answer.text);
    }
    assert!(!answer.text.contains("URL does not match"));
}

#[test]
fn scenarios_are_listed_set_and_reset() {
    let server = Server::empty();
    server.stub(&json!({"request": {"url": "/s"}, "response": {}, "scenarioName": "my s", "requiredScenarioState": "Started", "newScenarioState": "second"}));
    let state = |server: &Server| server.admin("GET", "/scenarios", "").json()["scenarios"][0]["state"].clone();
    let listed = server.admin("GET", "/scenarios", "").json();
    assert_eq!(
        (&listed["scenarios"][0]["name"], &listed["scenarios"][0]["possibleStates"]),
        (&json!("my s"), &json!(["Started", "second"]))
    );
    server.send("GET /s");
    assert_eq!(state(&server), "second");
    server.admin("PUT", "/scenarios/my%20s/state", r#"{"state": "Started"}"#);
    assert_eq!(state(&server), "Started");
    server.send("GET /s");
    server.admin("POST", "/scenarios/reset", "");
    assert_eq!(state(&server), "Started");
    assert_eq!(server.admin("PUT", "/scenarios/none/state", "").status, 404);
}

#[test]
fn settings_delay_all_answers() {
    let server = Server::empty();
    server.stub(&json!({"request": {}, "response": {}}));
    assert_eq!(server.admin("POST", "/settings", r#"{"fixedDelay": 100}"#).status, 200);
    assert_eq!(server.admin("GET", "/settings", "").json()["settings"]["fixedDelay"], 100);
    let begin = std::time::Instant::now();
    server.send("GET /");
    assert!(begin.elapsed().as_millis() >= 100);
    assert_eq!(server.admin("PUT", "/settings", r#"{"delay": 100}"#).status, 422);
    server.admin("PATCH", "/settings/extended", r#"{"extended": {"mine": 1}}"#);
    assert_eq!(server.admin("GET", "/settings", "").json()["settings"]["extended"]["mine"], 1);
}

#[test]
fn body_files_are_put_listed_read_and_deleted() {
    let server = Server::empty();
    server.stub(&json!({"request": {"url": "/f"}, "response": {"bodyFileName": "a/b.txt"}}));
    assert_eq!(server.admin("PUT", "/files/a/b.txt", "content").status, 200);
    assert_eq!(server.send("GET /f").text, "content");
    assert_eq!(server.admin("GET", "/files", "").json(), json!(["a/b.txt"]));
    assert_eq!(server.admin("GET", "/files/a/b.txt", "").text, "content");
    assert_eq!(server.admin("DELETE", "/files/a/b.txt", "").status, 200);
    assert_eq!(server.admin("GET", "/files/a/b.txt", "").status, 404);
    for outside in ["/files/../mappings/x.json", "/files/%2e%2e/x", "/files/a%2f..%2f..%2fx"] {
        assert_eq!(server.admin("PUT", outside, "x").status, 422, "{outside}");
    }
}

#[test]
fn health_and_version() {
    let server = Server::empty();
    assert_eq!(server.admin("GET", "/health", "").json()["status"], "healthy");
    assert_eq!(server.admin("GET", "/version", "").json()["version"], "3.13.2");
}

#[test]
fn every_listed_route_is_there_and_every_refused_one_says_why() {
    let server = Server::empty();
    let id = server.stub(&json!({"request": {"url": "/"}, "response": {}, "scenarioName": "s"}));
    for (method, route) in ROUTES {
        server.send("GET /");
        let listed = server.admin("GET", "/requests", "").json();
        let request = listed["requests"][0]["id"].as_str().expect("an id");
        server.admin("PUT", "/files/f", "x");
        let id = if route.starts_with("/requests") { request } else { &id };
        let path = route.replace("{id}", id).replace("{name}", "s").replace("{file}", "f");
        let body = match *route {
            "/mappings/import" => r#"{"mappings": []}"#.to_owned(),
            "/mappings/edit" | "/mappings/remove" => json!({"id": id, "scenarioName": "s"}).to_string(),
            _ if route.contains("metadata") => r#"{"contains": "x"}"#.to_owned(),
            _ if *method == "POST" || *method == "PUT" || *method == "PATCH" => "{}".to_owned(),
            _ => String::new(),
        };
        let answer = server.admin(method, &path, &body);
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text);
        let back = json!({"id": id, "request": {"url": "/"}, "response": {}, "scenarioName": "s"});
        if !route.starts_with("/requests") {
            server.admin("POST", "/mappings", &back.to_string());
        }
    }
    for (method, route, why) in REFUSED_ROUTES {
        let answer = server.admin(method, route, "{}");
        assert_eq!(answer.status, 501, "{method} {route}");
        assert!(answer.text.contains(why), "{}", answer.text);
    }
}

#[test]
fn the_journal_forgets_the_oldest() {
    let server = Server::empty();
    let mut many = Vec::new();
    for n in 0..10_500 {
        many.extend(
            format!("GET /{n} HTTP/1.1\r\nHost: x\r\n{}\r\n", if n == 10_499 { "Connection: close\r\n" } else { "" })
                .into_bytes(),
        );
    }
    let answers = server.exchange(&many).expect("answers");
    assert!(!answers.is_empty());
    let listed = server.admin("GET", "/requests?limit=1", "").json();
    assert_eq!((&listed["meta"]["total"], &listed["requests"][0]["request"]["url"]), (&json!(10_000), &json!("/10499")));
}

#[test]
fn folders_that_cannot_be_used_are_told_before_anything_listens() {
    for (files, words) in [
        (vec![("mappings/a.json", "{")], "is not JSON"),
        (vec![("mappings/a.json", r#"{"requst": {}}"#)], "did you mean `request`"),
        (vec![("mappings/a.json", r#"{"mappings": [{"request": {"methd": "GET"}}]}"#)], "/mappings/0/request/methd"),
        (vec![("mappings/a.json", r#"{"mappings": [], "x": 1}"#)], "beside `mappings`"),
        (vec![("mappings/a.json", r#"{"mappings": 5}"#)], "must be an array"),
        (
            vec![
                ("mappings/a.json", r#"{"id": "6d3c5a2e-0000-4000-8000-000000000000"}"#),
                ("mappings/b.json", r#"{"id": "6d3c5a2e-0000-4000-8000-000000000000"}"#),
            ],
            "stands in another file",
        ),
    ] {
        let error = Server::start(&files).err().expect("a refusal").to_string();
        assert!(error.contains(words), "{files:?}: {error}");
    }
}
