//! The HTTP client against real servers that behave, and against some that do not.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use callboard_runner::{Answer, Client, Limits, Outgoing, SendError, Waiting};
use callboard_testkit::{Reply, TestServer, refusing_address};
use http::{HeaderMap, Method};
use serde_json::json;

fn request(method: Method, url: &str) -> Outgoing {
    Outgoing { method, url: url.parse().expect("a URL"), headers: HeaderMap::new(), body: Bytes::new() }
}

async fn send(method: Method, url: &str) -> Result<Answer, SendError> {
    let limits = Limits { response: Duration::from_millis(200), total: Duration::from_millis(400), ..Limits::default() };
    Client::new().send(request(method, url), &limits).await
}

#[tokio::test]
async fn an_answer_is_read_whole_and_the_request_arrives_as_it_is() {
    let body = "x".repeat(300_000);
    let expected = body.clone();
    let server = TestServer::start(move |_| Reply::text(200, body.clone()).header("x-a", "1")).await;
    let mut outgoing = request(Method::POST, &server.url("/a%2Fb/%2E%2E?q=1%202"));
    outgoing.body = Bytes::from_static(b"{}");
    let answer = Client::new().send(outgoing, &Limits::default()).await.expect("an answer");
    assert_eq!((answer.code(), answer.header("x-a"), &answer.body[..]), (200, Some("1"), expected.as_bytes()));
    assert_eq!(server.lines(), ["POST /a%2Fb/%2E%2E?q=1%202"]);
    let received = &server.received()[0];
    assert_eq!(received.header("host"), Some(server.address().to_string().as_str()));
    assert_eq!((&received.body[..], received.header("content-length")), (&b"{}"[..], Some("2")));
}

#[tokio::test]
async fn connections_are_used_again_and_a_closed_one_is_replaced() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/close" => Reply::status(204).header("connection", "close"),
        _ => Reply::json(200, &json!({"ok": true})),
    })
    .await;
    let client = Client::new();
    for path in ["/a", "/b", "/close", "/c", "/close", "/d"] {
        let method = if path == "/c" { Method::POST } else { Method::GET };
        let answer = client.send(request(method, &server.url(path)), &Limits::default()).await.expect("an answer");
        assert!(answer.status.is_success());
    }
    // The first one serves until `/close`, and so on.
    assert_eq!((server.received().len(), server.connections()), (6, 3));
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let server = TestServer::start(|_| Reply::status(302).header("location", "/login")).await;
    let answer = send(Method::GET, &server.url("/")).await.expect("an answer");
    assert_eq!((answer.code(), answer.header("location")), (302, Some("/login")));
}

#[tokio::test]
async fn names_and_ipv6_addresses_work() {
    let server = TestServer::start(|_| Reply::status(204)).await;
    let answer = send(Method::GET, &format!("http://localhost:{}/", server.address().port())).await;
    assert_eq!(answer.map(|a| a.code()), Ok(204));
    if std::net::TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("skipped: this machine has no IPv6 loopback address");
        return;
    }
    let server = TestServer::start_at(SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), |_| Reply::status(204)).await;
    let answer = send(Method::GET, &server.url("/")).await;
    assert_eq!(answer.map(|a| a.code()), Ok(204));
}

#[tokio::test]
async fn each_way_to_fail_has_its_own_error() {
    let refused = send(Method::GET, &format!("http://{}/", refusing_address())).await;
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
    let unknown = send(Method::GET, "http://no-such-host.invalid/").await;
    assert!(matches!(unknown, Err(SendError::Dns { .. } | SendError::Timeout { .. })), "{unknown:?}");
    let scheme = send(Method::GET, "ftp://127.0.0.1/").await;
    assert!(matches!(scheme, Err(SendError::BadUrl { .. })), "{scheme:?}");

    let server = TestServer::start(|request| match request.path.as_str() {
        "/hang" => Reply::Hang,
        "/stall" => Reply::stall(200, "{"),
        "/reset" => Reply::Reset,
        "/close" => Reply::Close,
        _ => Reply::Raw("this is no HTTP\r\n\r\n".into()),
    })
    .await;
    let hang = send(Method::GET, &server.url("/hang")).await;
    assert!(matches!(hang, Err(SendError::Timeout { waiting: Waiting::Answer, .. })), "{hang:?}");
    let stall = send(Method::GET, &server.url("/stall")).await;
    assert!(matches!(stall, Err(SendError::Timeout { waiting: Waiting::Body, .. })), "{stall:?}");
    let reset = send(Method::POST, &server.url("/reset")).await;
    assert!(matches!(reset, Err(SendError::BrokenOff { .. })), "{reset:?}");
    let close = send(Method::POST, &server.url("/close")).await;
    assert!(matches!(close, Err(SendError::BrokenOff { .. })), "{close:?}");
    let garbage = send(Method::GET, &server.url("/garbage")).await;
    assert!(matches!(garbage, Err(SendError::InvalidAnswer { .. })), "{garbage:?}");
    let tls = send(Method::GET, &server.url("/").replace("http:", "https:")).await;
    assert!(matches!(tls, Err(SendError::Tls { .. })), "{tls:?}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_an_error() {
    let server = TestServer::start(|_| Reply::text(200, "x".repeat(2000))).await;
    let limits = Limits { body: 1000, ..Limits::default() };
    let result = Client::new().send(request(Method::GET, &server.url("/")), &limits).await;
    assert_eq!(result.map(|a| a.code()), Err(SendError::BodyTooLarge { cap: 1000 }));
}

#[tokio::test]
async fn a_lost_request_that_changes_something_is_not_sent_twice() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/first" => Reply::status(204),
        _ => Reply::Close,
    })
    .await;
    let client = Client::new();
    client.send(request(Method::GET, &server.url("/first")), &Limits::default()).await.expect("an answer");
    let lost = client.send(request(Method::POST, &server.url("/lost")), &Limits::default()).await;
    assert!(lost.is_err());
    assert_eq!(server.lines(), ["GET /first", "POST /lost"]);
}
