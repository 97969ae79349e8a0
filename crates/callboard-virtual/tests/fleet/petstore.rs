//! The Swagger Petstore, which declares nothing about how its operations belong together.

use std::sync::Arc;

use callboard_definition::load;
use callboard_model::{Service, ServiceName};
use callboard_schema::{Direction, Validator};
use http::Request;
use serde_json::json;

use crate::support::{Files, Running, shared, start_one};

fn petstore() -> Option<Arc<Service>> {
    let path = shared("bench/virtual/petstore.yaml")?;
    load(&ServiceName::new("petstore"), path.to_str()?, &Files).value.map(Arc::new)
}

async fn start() -> Option<(Running, Arc<Service>)> {
    let service = petstore()?;
    Some((start_one(service.clone()).await, service))
}

#[tokio::test]
async fn a_pet_that_nobody_made_is_there_and_valid() {
    let Some((store, service)) = start().await else { return };
    let reply = store.call("GET", "/pet/42").await;
    assert_eq!(reply.status, 200);
    let pet = reply.json();
    assert_eq!(pet["id"], 42);
    let operation = service.operation_by_id("getPetById").expect("an operation");
    let media = operation.response(200).and_then(|r| r.preferred()).expect("a body");
    let schema = service.schema(media.schema.as_ref().expect("a schema")).expect("it is there");
    let validator = Validator::compile(&schema, Direction::Response).expect("it compiles");
    assert_eq!(validator.validate(&pet), []);
    assert_eq!(store.call("GET", "/api/v3/pet/42").await.json(), pet);
    assert_eq!(store.call("GET", "/pet/1234567").await.status, 404);
    assert_eq!(store.call("GET", "/pet/abc").await.status, 400);
}

#[tokio::test]
async fn a_pet_lives_through_all_operations() {
    let Some((store, _)) = start().await else { return };
    let pet = json!({"id": 7001, "name": "rex", "photoUrls": ["a"], "status": "pending", "tags": [{"id": 1, "name": "big"}]});
    let made = store.call_json("POST", "/pet", pet.clone()).await;
    assert_eq!(made.status, 200);
    for (name, value) in pet.as_object().expect("an object") {
        assert_eq!(&made.json()[name], value, "{name}");
    }
    assert_eq!(store.call("GET", "/pet/7001").await.json(), made.json());

    let pending = store.call("GET", "/pet/findByStatus?status=pending").await.json();
    assert!(
        pending.as_array().is_some_and(|list| list.iter().all(|pet| pet["status"] == "pending") && list.contains(&made.json())),
        "{pending}"
    );
    assert_eq!(store.call("GET", "/pet/findByTags?tags=big").await.json(), json!([made.json()]));

    let put = store.call_json("PUT", "/pet", json!({"id": 7001, "name": "max", "photoUrls": []})).await;
    assert_eq!((put.status, &put.json()["name"]), (200, &json!("max")));
    assert_eq!(store.call("GET", "/pet/7001").await.json()["name"], "max");
    assert_eq!(store.call("POST", "/pet/7001?name=moe&status=sold").await.status, 200);
    let read = store.call("GET", "/pet/7001").await.json();
    assert_eq!((&read["name"], &read["status"]), (&json!("moe"), &json!("sold")));

    assert_eq!(store.call("DELETE", "/pet/7001").await.status, 200);
    assert_eq!(store.call("GET", "/pet/7001").await.status, 404);
}

#[tokio::test]
async fn without_a_key_of_its_own_a_pet_gets_one() {
    let Some((store, _)) = start().await else { return };
    let made = store.call_json("POST", "/pet", json!({"name": "rex", "photoUrls": []})).await.json();
    let path = format!("/pet/{}", made["id"]);
    assert_eq!(store.call("GET", &path).await.json(), made);
    let other = store.call_json("POST", "/pet", json!({"name": "rex", "photoUrls": []})).await.json();
    assert_ne!(made["id"], other["id"]);
}

#[tokio::test]
async fn users_are_told_apart_by_their_name() {
    let Some((store, _)) = start().await else { return };
    let user = json!({"id": 5, "username": "ada", "email": "ada@example.com"});
    assert_eq!(store.call_json("POST", "/user", user).await.status, 200);
    assert_eq!(store.call("GET", "/user/ada").await.json()["email"], "ada@example.com");
    let list = json!([{"username": "bea"}, {"username": "cleo"}]);
    assert_eq!(store.call_json("POST", "/user/createWithList", list).await.status, 200);
    assert_eq!(store.call("GET", "/user/cleo").await.status, 200);
    assert_eq!(store.call("DELETE", "/user/ada").await.status, 200);
    assert_eq!(store.call("GET", "/user/ada").await.status, 404);
    assert_eq!(store.call("GET", "/user/nobody").await.status, 404);
}

#[tokio::test]
async fn other_media_types_are_served_when_asked_for() {
    let Some((store, _)) = start().await else { return };
    let reply = store.send(0, Request::builder().header("accept", "application/xml"), "/pet/42", "").await;
    assert_eq!(reply.header("content-type"), "application/xml");
    assert!(reply.body.starts_with(b"<?xml"));
    let form = Request::builder().method("POST").header("content-type", "application/x-www-form-urlencoded");
    let made = store.send(0, form, "/pet", "name=rex&photoUrls=a&photoUrls=b").await;
    assert_eq!(made.json()["photoUrls"], json!(["a", "b"]));
    let image = Request::builder().method("POST").header("content-type", "application/octet-stream");
    assert_eq!(store.send(0, image, "/pet/42/uploadImage", vec![0_u8, 255]).await.status, 200);
}
