//! What is written can be read: a small shop over real sockets.

use crate::support::{Running, service, start_one};
use http::Request;
use serde_json::{Value, json};

async fn shop() -> Running {
    start_one(service("shop", include_str!("shop.yaml"))).await
}

async fn customer(shop: &Running) -> Value {
    let reply = shop
        .call_json("POST", "/customers", json!({"name": "Ada", "email": "ada@example.com", "password": "x", "tags": ["a"]}))
        .await;
    assert_eq!(reply.status, 201);
    reply.json()
}

fn path_of(customer: &Value) -> String {
    format!("/customers/{}", customer["customerId"].as_str().expect("a key"))
}

#[tokio::test]
async fn what_is_posted_can_be_read_listed_replaced_changed_and_removed() {
    let shop = shop().await;
    let made = customer(&shop).await;
    assert_eq!((&made["name"], &made["tags"]), (&json!("Ada"), &json!(["a"])));
    assert!(made.get("password").is_none(), "write-only values are not sent back: {made}");
    let path = path_of(&made);
    assert_eq!(shop.call("GET", &path).await.json(), made);

    let listed = shop.call("GET", "/customers?email=ada%40example.com").await.json();
    assert_eq!(listed, json!({"items": [made], "total": 1}));

    let replaced = shop.call_json("PUT", &path, json!({"name": "Ada L", "email": "l@example.com"})).await;
    assert_eq!(replaced.status, 200);
    let replaced = replaced.json();
    assert_eq!((&replaced["name"], &replaced["customerId"]), (&json!("Ada L"), &made["customerId"]));
    assert_eq!(replaced["createdAt"], made["createdAt"], "what the service owns stays");
    assert_eq!(shop.call("GET", &path).await.json(), replaced);

    let request = Request::builder().method("PATCH").header("content-type", "application/merge-patch+json");
    let changed = shop.send(0, request, &path, r#"{"name":"A"}"#).await.json();
    assert_eq!((&changed["name"], &changed["email"]), (&json!("A"), &json!("l@example.com")));
    assert_eq!(shop.call("GET", &path).await.json(), changed);

    assert_eq!(shop.call("DELETE", &path).await.status, 204);
    let gone = shop.call("GET", &path).await;
    assert_eq!(gone.status, 404);
    assert_eq!(gone.json()["code"], 404);
    assert!(gone.json()["message"].as_str().is_some_and(|m| m.contains("there is no customer")), "{:?}", gone.json());
    assert_eq!(shop.call("DELETE", &path).await.status, 404);
    assert_eq!(shop.call("GET", "/customers?email=l%40example.com").await.json()["total"], 0);
}

#[tokio::test]
async fn a_new_resource_says_where_it_is() {
    let shop = shop().await;
    let reply = shop.call_json("POST", "/customers", json!({"name": "Ada", "email": "ada@example.com"})).await;
    let location = reply.header("location").to_owned();
    assert_eq!(location, path_of(&reply.json()));
    assert_eq!(shop.call("GET", &location).await.json(), reply.json());
}

#[tokio::test]
async fn lists_are_seeded_and_cut() {
    let shop = shop().await;
    let all = shop.call("GET", "/customers").await.json();
    assert_eq!(all["total"], 3);
    let first = &all["items"][0];
    assert_eq!(&shop.call("GET", &path_of(first)).await.json(), first);
    let page = shop.call("GET", "/customers?limit=2").await.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["total"], 3);
}

#[tokio::test]
async fn the_base_path_of_the_definition_is_accepted_too() {
    let shop = shop().await;
    assert_eq!(shop.call("GET", "/api/v1/customers").await.json(), shop.call("GET", "/customers").await.json());
}

#[tokio::test]
async fn children_belong_to_their_parent() {
    let shop = shop().await;
    let (ada, bea) = (customer(&shop).await, customer(&shop).await);
    assert_ne!(ada["customerId"], bea["customerId"]);
    let orders = format!("{}/orders", path_of(&ada));
    let request =
        || Request::builder().method("POST").header("content-type", "application/json").header("authorization", "Bearer x");
    let order = shop.send(0, request(), &orders, r#"{"sku":"S","quantity":2}"#).await;
    assert_eq!(order.status, 201);
    let order = order.json();
    assert_eq!(order["customerId"], ada["customerId"]);
    assert_eq!(order["status"], "open");
    let at = format!("{orders}/{}", order["id"]);
    assert_eq!(shop.call("GET", &at).await.json(), order);
    assert_eq!(shop.call("GET", &format!("{}/orders/{}", path_of(&bea), order["id"])).await.status, 404);

    let cancelled = shop.call("POST", &format!("{at}/cancel")).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(shop.call("GET", &at).await.json()["status"], "cancelled");

    assert_eq!(shop.call("DELETE", &path_of(&ada)).await.status, 204);
    assert_eq!(shop.call("GET", &at).await.status, 404, "the parent is gone");
    assert_eq!(shop.send(0, request(), &orders, r#"{"sku":"S","quantity":2}"#).await.status, 404);
}

#[tokio::test]
async fn nobody_knows_a_random_customer() {
    let shop = shop().await;
    let path = "/customers/00000000-0000-4000-8000-000000000000";
    assert_eq!(shop.call("GET", path).await.status, 404);
    let request =
        Request::builder().method("POST").header("content-type", "application/json").header("authorization", "Bearer x");
    assert_eq!(shop.send(0, request, &format!("{path}/orders"), r#"{"sku":"S","quantity":2}"#).await.status, 404);
}

#[tokio::test]
async fn a_single_resource_is_read_and_written() {
    let shop = shop().await;
    assert_eq!(shop.call("GET", "/settings").await.status, 200);
    let put = shop.call_json("PUT", "/settings", json!({"currency": "CHF"})).await;
    assert_eq!(put.json()["currency"], "CHF");
    assert_eq!(shop.call("GET", "/settings").await.json(), put.json());
}

#[tokio::test]
async fn text_and_parameters_within_a_segment_work() {
    let shop = shop().await;
    let reply = shop.call("GET", "/reports/june.csv").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/csv"));
}

#[tokio::test]
async fn credentials_are_asked_for_where_the_definition_does() {
    let shop = shop().await;
    let ada = customer(&shop).await;
    let reply = shop.call_json("POST", &format!("{}/orders", path_of(&ada)), json!({"sku": "S", "quantity": 1})).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn the_same_seed_makes_the_same_world() {
    let (a, b) = (shop().await, shop().await);
    assert_eq!(customer(&a).await, customer(&b).await);
    assert_eq!(a.call("GET", "/customers").await.json(), b.call("GET", "/customers").await.json());
}
