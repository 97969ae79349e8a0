//! A defect strikes one operation of one test, from the call on that it names; nothing else changes.

use std::sync::Arc;

use callboard_model::{Method, OperationKey};
use callboard_virtual::{Defect, FleetOptions, Mutation};
use http::Request;
use serde_json::{Value, json};

use crate::support::{Reply, Running, loopback, service, start};

const PATH: &str = "/customers/{customerId}";

async fn shop(mutations: &[(&str, &str, &str, u64, Defect)]) -> Running {
    let mutation = |(test, method, path, after, defect): &(&str, &str, &str, u64, Defect)| {
        let operation = OperationKey::new("shop", Method::parse(method), path);
        (Arc::from(*test), Mutation { operation, after: *after, defect: *defect })
    };
    let mutations = mutations.iter().map(mutation).collect();
    let services = vec![(service("shop", include_str!("shop.yaml")), loopback())];
    start(FleetOptions { services, mutations, ..FleetOptions::default() }).await
}

async fn send(shop: &Running, test: &str, method: &str, path: &str, body: Value) -> Reply {
    let request = Request::builder().method(method).header("content-type", "application/json");
    let request = request.header("baggage", format!("callboard.test={test}"));
    shop.send(0, request, path, if body.is_null() { String::new() } else { body.to_string() }).await
}

/// Makes a customer in a test; returns it with its path.
async fn customer(shop: &Running, test: &str) -> (Value, String) {
    let sent = json!({"name": "Ada", "email": "ada@example.com", "password": "x", "tags": ["a"]});
    let made = send(shop, test, "POST", "/customers", sent).await.json();
    let path = format!("/customers/{}", made["customerId"].as_str().expect("a key"));
    (made, path)
}

#[tokio::test]
async fn other_tests_and_other_operations_are_sound() {
    let shop = shop(&[("a", "GET", PATH, 0, Defect::TextsChanged)]).await;
    let (made, path) = customer(&shop, "a").await;
    assert_eq!(made["name"], "Ada");
    assert_eq!(send(&shop, "a", "GET", &path, Value::Null).await.json()["name"], "Adax");
    let (made, path) = customer(&shop, "b").await;
    assert_eq!(send(&shop, "b", "GET", &path, Value::Null).await.json(), made);
}

#[tokio::test]
async fn a_defect_waits_for_the_call_that_it_names() {
    let shop = shop(&[("a", "GET", PATH, 1, Defect::OtherStatus)]).await;
    let (_, path) = customer(&shop, "a").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(send(&shop, "a", "GET", &path, Value::Null).await.status);
    }
    assert_eq!(statuses, [200, 201, 201]);
}

#[tokio::test]
async fn what_is_lost_was_answered_all_the_same() {
    let shop = shop(&[
        ("creation", "POST", "/customers", 0, Defect::CreationLost),
        ("change", "PUT", PATH, 0, Defect::ChangeLost),
        ("removal", "DELETE", PATH, 0, Defect::RemovalIgnored),
    ])
    .await;
    let (made, path) = customer(&shop, "creation").await;
    assert_eq!(made["name"], "Ada");
    assert_eq!(send(&shop, "creation", "GET", &path, Value::Null).await.status, 404);

    let (made, path) = customer(&shop, "change").await;
    let changed = send(&shop, "change", "PUT", &path, json!({"name": "B", "email": "b@example.com"})).await;
    assert_eq!(changed.json()["name"], "B");
    assert_eq!(send(&shop, "change", "GET", &path, Value::Null).await.json(), made);

    let (made, path) = customer(&shop, "removal").await;
    assert_eq!(send(&shop, "removal", "DELETE", &path, Value::Null).await.status, 204);
    assert_eq!(send(&shop, "removal", "GET", &path, Value::Null).await.json(), made);
}

#[tokio::test]
async fn lists_and_refusals_go_wrong_too() {
    let shop = shop(&[
        ("item", "GET", "/customers", 0, Defect::ItemMissing),
        ("filter", "GET", "/customers", 0, Defect::FiltersIgnored),
        ("refusal", "POST", "/customers", 0, Defect::RefusalMissing),
        ("read", "GET", PATH, 0, Defect::OtherRead),
    ])
    .await;
    let listed = async |test: &str| {
        customer(&shop, test).await;
        let list = send(&shop, test, "GET", "/customers?email=ada%40example.com", Value::Null).await.json();
        list["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(listed("sound").await, 1);
    assert_eq!(listed("item").await, 0);
    assert!(listed("filter").await > 1);
    assert_eq!(send(&shop, "sound", "POST", "/customers", json!({"name": 1})).await.status, 422);
    assert_eq!(send(&shop, "refusal", "POST", "/customers", json!({"name": 1})).await.status, 201);
    let (made, path) = customer(&shop, "read").await;
    assert_ne!(send(&shop, "read", "GET", &path, Value::Null).await.json()["customerId"], made["customerId"]);
}
