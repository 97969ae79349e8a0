//! Several calls at a time, and calls that nobody waits for any more.

use callboard_testkit::{Reply, TestServer};
use serde_json::json;

use crate::agent::{Agent, within};
use crate::orders;

/// A service that takes an order and never says what it is.
async fn silent_server() -> TestServer {
    TestServer::start(|request| match request.method.as_str() {
        "GET" => Reply::stall(200, "{"),
        _ => orders::answer(request),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_hangs_holds_up_nobody_and_a_cancelled_one_tidies_up() {
    let server = silent_server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let agent = Agent::start(&project).await;
    let running = agent.begin("run", json!({})).await;
    within(server.wait_for_requests(2)).await;

    assert_eq!(agent.call("check", json!({})).await["ok"], true);
    assert_eq!(agent.call("map", json!({})).await["services"][0]["name"], "orders");

    running.cancel(Some("changed my mind".to_owned())).await.expect("the notification is sent");
    within(server.wait_for_requests(3)).await;
    assert_eq!(server.lines()[2], "DELETE /orders/7", "what the scenario made is removed");
    // The session goes on.
    assert_eq!(agent.call("check", json!({})).await["ok"], true);
    let stderr = agent.end().await;
    assert!(stderr.contains("run: the client cancelled"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_leaves_nothing_running() {
    let server = silent_server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let agent = Agent::start(&project).await;
    let to_real = json!({"servers": {"orders": server.url("")}});
    let up = agent.call("virtual_up", json!({"free_port": true})).await;
    let address = up["services"][0]["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok(), "the virtual service listens");

    let _running = agent.begin("run", to_real).await;
    within(server.wait_for_requests(2)).await;
    // What is under way may end within five seconds, for clients that write their requests and close at once; then it is cancelled.
    agent.end().await;
    assert!(tokio::net::TcpStream::connect(&address).await.is_err(), "nobody listens there any more");
    assert_eq!(server.lines()[2], "DELETE /orders/7", "teardown ran before the server ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_once_get_each_their_own_answer() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy", "sell"]);
    let agent = Agent::start(&project).await;
    let run = |test: &str| agent.call("run", json!({"tests": [format!("scenarios/orders.arazzo.yaml#{test}")]}));
    let (buy, sell, gaps, map) = tokio::join!(
        run("buy"),
        run("sell"),
        agent.call("gaps", json!({})),
        agent.call("map", json!({"text": "nothing is called so"}))
    );
    for result in [&buy, &sell] {
        assert_eq!((&result["outcome"], &result["summary"]["passed"]), (&json!("passed"), &json!(1)), "{result:#}");
    }
    assert_ne!(buy["report"], sell["report"]);
    assert_eq!(gaps["summary"]["gaps"], 0, "{gaps:#}");
    assert_eq!(map["operations"], json!([]));
    agent.end().await;
}
