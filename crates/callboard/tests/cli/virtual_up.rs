//! `callboard virtual up`: a stand-in as another process sees it.

use bytes::Bytes;
use callboard_runner::{Client, Limits, Outgoing};
use serde_json::{Value, json};

use crate::orders;
use crate::project::Project;

/// Sends a request; status and JSON body.
async fn ask(method: http::Method, url: &str, body: Option<Value>) -> (u16, Value) {
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
    let request = Outgoing { method, url: url.parse().expect("a URL"), headers, body };
    let answer = Client::new().send(request, &Limits::default()).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    (answer.code(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_made_can_be_read_and_removed_and_is_in_the_journal() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let mut up = project.start(&["virtual", "up"]);
    let line = up.line().await;
    let url = line.strip_prefix("orders  ").unwrap_or_else(|| panic!("name and address: {line}")).to_owned();
    let (status, made) = ask(http::Method::POST, &format!("{url}/orders"), Some(json!({"item": "teapot"}))).await;
    assert_eq!((status, &made["item"]), (201, &json!("teapot")));
    let place = format!("{url}/orders/{}", made["id"]);
    assert_eq!(ask(http::Method::GET, &place, None).await, (200, made));
    assert_eq!(ask(http::Method::DELETE, &place, None).await.0, 204);
    assert_eq!(ask(http::Method::GET, &place, None).await.0, 404);
    let (status, problem) = ask(http::Method::POST, &format!("{url}/orders"), Some(json!({"item": 3}))).await;
    assert_eq!(status, 400, "a body that breaks the definition: {problem}");
    assert!(problem.to_string().contains("item"), "{problem}");
    let (status, journal) = ask(http::Method::GET, &format!("{url}/__callboard/journal"), None).await;
    assert_eq!((status, &journal["version"], &journal["counted"]), (200, &json!(1), &json!(5)));
    up.signal("TERM");
    up.end().await.exits(0);
}

#[cfg(unix)]
#[tokio::test]
async fn several_services_count_their_ports_up_and_are_listed_as_json() {
    let project = Project::with(callboard_shop::files());
    let mut up = project.start(&["virtual", "up", "payments", "shipping", "--json", "--seed", "3"]);
    let mut text = String::new();
    let json: Value = loop {
        text += &up.line().await;
        if let Ok(value) = serde_json::from_str(&text) {
            break value;
        }
    };
    assert_eq!(json["version"], 1);
    assert_eq!(crate::project::texts(&json["services"], "name"), ["payments", "shipping"]);
    for url in crate::project::texts(&json["services"], "url") {
        assert_eq!(ask(http::Method::GET, &format!("{url}/__callboard/health"), None).await.0, 200);
    }
    up.signal("INT");
    up.end().await.exits(0).says(&["Ctrl-C stops"]);
}
