//! The server over HTTP: who is let in, several clients, and its end.

use callboard_runner::{Answer, Client, Limits, Outgoing};
use serde_json::json;

use crate::agent::{Agent, TOKEN, serve_http, within};
use crate::orders;
use crate::project::{Project, Running};

const HELLO: &str = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#;

/// Says hello, with these headers besides the usual ones.
async fn hello(url: &str, headers: &[(&str, &str)]) -> Answer {
    let usual = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    let mut map = http::HeaderMap::new();
    for (name, value) in usual.iter().chain(headers) {
        map.insert(http::HeaderName::try_from(*name).expect("a name"), http::HeaderValue::try_from(*value).expect("a value"));
    }
    let request = Outgoing { method: http::Method::POST, url: url.parse().expect("a URL"), headers: map, body: HELLO.into() };
    within(Client::new().send(request, &Limits::default())).await.expect("an answer")
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

fn project() -> Project {
    orders::project("http://127.0.0.1:1", &["one"])
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_knows_the_token_is_let_in() {
    let project = project();
    let (server, url) = serve_http(&project).await;
    for headers in [&[][..], &[("authorization", "Bearer wrong-wrong-wrong-w")], &[("authorization", TOKEN)]] {
        let answer = hello(&url, headers).await;
        assert_eq!((answer.code(), answer.header("www-authenticate")), (401, Some("Bearer")), "{headers:?}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(TOKEN));
    }
    let right = bearer(TOKEN);
    let answer = hello(&url, &[("authorization", &right)]).await;
    assert_eq!(answer.code(), 200);
    assert!(answer.header("mcp-session-id").is_some());
    let outcome = stop(server).await;
    assert!(!outcome.contains(TOKEN), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_page_cannot_make_a_browser_talk_to_it() {
    let project = project();
    let (server, url) = serve_http(&project).await;
    let right = bearer(TOKEN);
    let own = url.strip_suffix("/mcp").expect("a path");
    let cases = [
        ("origin", "https://evil.example.com", 403),
        ("origin", "http://localhost:3000", 403),
        ("origin", "null", 403),
        ("origin", own, 200),
        ("host", "evil.example.com", 403),
        ("host", "localhost", 200),
    ];
    for (name, value, status) in cases {
        let answer = hello(&url, &[("authorization", &right), (name, value)]).await;
        assert_eq!(answer.code(), status, "{name}: {value}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    stop(server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_it_serves_this_machine() {
    let project = project();
    let mut server = project.start(&["mcp", "--http", "127.0.0.1:0"]);
    let url = server.line().await;
    assert_eq!(hello(&url, &[]).await.code(), 200);
    assert_eq!(hello(&url, &[("origin", "https://evil.example.com")]).await.code(), 403);
    stop(server).await;

    let refused = project.run(&["mcp", "--http", "0.0.0.0:0"]).await;
    refused.exits(2).says(&["can be reached from other machines", "--token-env"]);
    let refused = project.run(&["mcp", "--http", "0", "--token-env", "NO_SUCH"]).await;
    refused.exits(3).says(&["`NO_SUCH` is not set"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_told() {
    let project = project();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = project.run(&["mcp", "--http", &address]).await;
    refused.exits(3).says(&[&format!("cannot listen on {address}"), "choose another port"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_come_and_go_and_share_the_virtual_services() {
    let project = project();
    let (server, url) = serve_http(&project).await;
    let first = Agent::connect(&url).await;
    let second = Agent::connect(&url).await;
    let up = first.call("virtual_up", json!({"free_port": true})).await;
    first.end().await;
    let address = up["services"][0]["url"].as_str().expect("an address").to_owned();
    let again = second.call("virtual_up", json!({"free_port": true})).await;
    assert_eq!(again["services"][0]["url"], address.as_str());
    let run = second.call("run", json!({})).await;
    assert_eq!(run["outcome"], "passed", "{run:#}");
    // A stream of this client is still open: the server ends all the same, and the virtual services with it.
    stop(server).await;
    let place = address.strip_prefix("http://").expect("a URL");
    assert!(tokio::net::TcpStream::connect(place).await.is_err(), "nobody listens there any more");
}

/// Ends the server; returns its stderr.
async fn stop(server: Running) -> String {
    server.signal("INT");
    let outcome = server.end().await;
    outcome.exits(0);
    outcome.stderr
}
