//! Requests that are not what the definition says, and servers that have to end.

use crate::support::{Running, loopback, service, start, start_one};
use callboard_virtual::{Fleet, FleetOptions};
use http::Request;
use serde_json::json;

async fn shop() -> Running {
    start_one(service("shop", include_str!("shop.yaml"))).await
}

#[tokio::test]
async fn a_wrong_body_is_refused_in_the_documented_form_and_says_why() {
    let shop = shop().await;
    let reply = shop.call_json("POST", "/customers", json!({"name": 1})).await;
    assert_eq!(reply.status, 422);
    let body = reply.json();
    assert_eq!(body["code"], 422);
    let message = body["message"].as_str().expect("a message");
    assert!(
        message.contains("`email` is missing, it is required") && message.contains("`name` is the number 1, string expected"),
        "{message}"
    );
}

#[tokio::test]
async fn undocumented_refusals_are_problem_details() {
    let shop = shop().await;
    let reply = shop.call("GET", "/customers?limit=0").await;
    assert_eq!((reply.status, reply.header("content-type")), (400, "application/problem+json"));
    let body = reply.json();
    assert_eq!(
        body["errors"][0],
        json!({"field": "query.limit", "reason": "the query parameter `limit` is the number 0, at least 1 expected"})
    );
    let reply = shop.call("GET", "/customers/no-uuid").await;
    assert_eq!(reply.status, 404, "the only documented refusal");
    let reply = shop.send(0, Request::builder().method("POST").header("content-type", "text/plain"), "/customers", "x").await;
    assert_eq!(reply.status, 422);
    assert!(reply.json()["message"].as_str().is_some_and(|m| m.contains("application/json expected")));
    let reply =
        shop.send(0, Request::builder().method("POST").header("content-type", "application/json"), "/customers", "{").await;
    assert!(reply.json()["message"].as_str().is_some_and(|m| m.contains("no JSON")), "{:?}", reply.json());
}

#[tokio::test]
async fn unknown_paths_and_methods_are_explained() {
    let shop = shop().await;
    let reply = shop.call("GET", "/customer").await;
    assert_eq!(reply.status, 404);
    assert!(reply.json()["detail"].as_str().is_some_and(|d| d.contains("did you mean `/customers`?")), "{:?}", reply.json());
    let reply = shop.call("DELETE", "/customers").await;
    assert_eq!((reply.status, reply.header("allow")), (405, "POST, GET, HEAD"));
    let reply = shop.call("OPTIONS", "/customers").await;
    assert_eq!((reply.status, reply.header("allow")), (204, "POST, GET, HEAD"));
    let reply = shop.call("HEAD", "/customers").await;
    assert_eq!((reply.status, reply.body.len()), (200, 0));
}

#[tokio::test]
async fn too_large_a_body_is_refused() {
    let shop = shop().await;
    let request = Request::builder().method("POST").header("content-type", "application/json");
    let reply = shop.send(0, request, "/customers", vec![b' '; callboard_virtual::MAX_BODY + 1]).await;
    assert_eq!(reply.status, 413);
    assert_eq!(shop.call("GET", "/customers").await.status, 200);
}

#[tokio::test]
async fn odd_input_breaks_nothing() {
    let shop = shop().await;
    let deep = "[".repeat(100_000);
    for body in ["", "null", "[]", "\"\u{0}\"", "{\"name\":null}", deep.as_str(), "\u{feff}{}"] {
        let request = Request::builder().method("POST").header("content-type", "application/json");
        assert!(shop.send(0, request, "/customers", body.to_owned()).await.status < 500, "{body:.20}");
    }
    for path in
        ["/%00", "/customers/%ff", "/customers/%2F", "//", "/customers?limit=%", "/customers?&&=", "/customers/..%2f..", "/*"]
    {
        assert!(shop.call("GET", path).await.status < 500, "{path}");
    }
    for content_type in ["", "multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded", ";;;"]
    {
        let request = Request::builder().method("POST").header("content-type", content_type);
        assert!(shop.send(0, request, "/customers", "a=b").await.status < 500, "{content_type}");
    }
}

#[tokio::test]
async fn each_test_has_a_world_of_its_own() {
    let shop = shop().await;
    let body = json!({"name": "Ada", "email": "ada@example.com"});
    let made = shop.call_in("a%2Fb%23c", "POST", "/customers", Some(body)).await.json();
    let path = format!("/customers/{}", made["customerId"].as_str().expect("a key"));
    assert_eq!(shop.call_in("a%2Fb%23c", "GET", &path, None).await.status, 200);
    assert_eq!(shop.call_in("other", "GET", &path, None).await.status, 404);
    assert_eq!(shop.call("GET", &path).await.status, 404);
    let entry = shop.journal.entries().into_iter().next().expect("an entry");
    assert_eq!((entry.test.as_deref(), entry.operation.as_deref(), entry.status), (Some("a/b#c"), Some("createCustomer"), 201));
    let request = Request::builder().method("POST").header("baggage", "callboard.test=a%2Fb%23c");
    assert_eq!(shop.send(0, request, "/__callboard/reset", "").await.status, 204);
    assert_eq!(shop.call_in("a%2Fb%23c", "GET", &path, None).await.status, 404);
}

#[tokio::test]
async fn a_hundred_worlds_at_once_do_not_disturb_each_other() {
    let shop = shop().await;
    let journeys = (0..100).map(|n| {
        let shop = &shop;
        async move {
            let test = format!("t{n}");
            let body = json!({"name": format!("N{n}"), "email": "n@example.com"});
            let made = shop.call_in(&test, "POST", "/customers", Some(body)).await.json();
            let path = format!("/customers/{}", made["customerId"].as_str().expect("a key"));
            let read = shop.call_in(&test, "GET", &path, None).await.json();
            assert_eq!(read["name"], format!("N{n}"));
            assert_eq!(shop.call_in(&test, "GET", "/customers", None).await.json()["total"], 4);
            assert_eq!(shop.call_in(&test, "DELETE", &path, None).await.status, 204);
            assert_eq!(shop.call_in(&test, "GET", &path, None).await.status, 404);
        }
    });
    futures::future::join_all(journeys).await;
}

#[tokio::test]
async fn a_port_in_use_is_an_error_before_anything_runs() {
    let shop = shop().await;
    let other = service("other", include_str!("shop.yaml"));
    let services = vec![(other.clone(), loopback()), (other, shop.addresses[0])];
    let error = Fleet::bind(FleetOptions { services, ..FleetOptions::default() }).await.err().expect("the port is taken");
    assert!(error.is_in_use(), "{error:?}");
    assert_eq!(error.address, shop.addresses[0]);
    assert!(error.to_string().contains("service `other`"));
}

#[tokio::test]
async fn several_services_run_side_by_side_and_end_together() {
    let services = ["a", "b", "c"].map(|name| (service(name, include_str!("shop.yaml")), loopback())).to_vec();
    let fleet = start(FleetOptions { services, ..FleetOptions::default() }).await;
    for index in 0..3 {
        let health = fleet.send(index, Request::builder(), "/__callboard/health", "").await.json();
        assert_eq!(health["service"], ["a", "b", "c"][index]);
    }
    fleet.cancel.cancel();
    let Running { task, addresses, .. } = fleet;
    task.await.expect("it ends by itself");
    for address in addresses {
        assert!(tokio::net::TcpStream::connect(address).await.is_err());
    }
}

#[tokio::test]
async fn the_journal_is_bounded_and_can_be_read() {
    let services = vec![(service("shop", include_str!("shop.yaml")), loopback())];
    let shop = start(FleetOptions { services, journal_capacity: 3, ..FleetOptions::default() }).await;
    for n in 0..5 {
        shop.call("GET", &format!("/customers?limit={}", n + 1)).await;
    }
    let journal = shop.call("GET", "/__callboard/journal").await.json();
    assert_eq!(journal["counted"], 5);
    let targets: Vec<&str> =
        journal["entries"].as_array().expect("entries").iter().filter_map(|e| e["target"].as_str()).collect();
    assert_eq!(targets, ["/customers?limit=3", "/customers?limit=4", "/customers?limit=5"]);
}
