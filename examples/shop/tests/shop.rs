//! The shop over real sockets: its services work together, and every answer is one that their definitions document.

mod definitions;

use std::collections::BTreeMap;

use bytes::Bytes;
use callboard_shop::{BindError, SERVICES, Shop, ShopOptions, files};
use definitions::assert_documented;
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const BAGGAGE: &str = "callboard.test=buy";

/// A running shop and a client that holds every answer against the definitions.
struct Running {
    addresses: BTreeMap<String, String>,
    client: Client<HttpConnector, Full<Bytes>>,
    cancel: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn start(options: ShopOptions) -> Self {
        let shop = Shop::bind(options).await.expect("free ports");
        let (addresses, cancel) = (shop.addresses(), CancellationToken::new());
        let task = tokio::spawn(shop.run(cancel.clone()));
        Self { addresses, client: Client::builder(TokioExecutor::new()).build_http(), cancel, task }
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.task.await.expect("the shop ends");
    }

    async fn send(&self, service: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.addresses[service]))
            .header(header::CONTENT_TYPE, "application/json")
            .header("baggage", BAGGAGE)
            .body(Full::new(Bytes::from(body.to_owned())))
            .expect("a request");
        let response = self.client.request(request).await.expect("an answer");
        let status = response.status().as_u16();
        let media = response.headers().get(header::CONTENT_TYPE).map(|value| value.to_str().expect("ASCII").to_owned());
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).expect("JSON") };
        assert_documented(service, method, path, status, media.as_deref(), &body);
        (status, body)
    }

    async fn post(&self, service: &str, path: &str, body: Value) -> (u16, Value) {
        self.send(service, "POST", path, &body.to_string()).await
    }

    async fn get(&self, service: &str, path: &str) -> (u16, Value) {
        self.send(service, "GET", path, "").await
    }

    async fn customer(&self) -> Value {
        let profile = json!({
            "name": "Ada King", "email": "ada@example.org",
            "address": {"street": "1 Mill Lane", "city": "Utrecht", "postalCode": "3511 AB", "country": "NL"},
        });
        let (status, customer) = self.post("customers", "/customers", profile).await;
        assert_eq!(status, 201);
        customer["id"].clone()
    }

    /// An order of two teapots, not paid.
    async fn order(&self) -> Value {
        let customer = self.customer().await;
        let (_, cart) = self.post("cart", "/carts", json!({"custId": customer})).await;
        let lines = format!("/carts/{}/lines", cart["cartId"]);
        let (status, cart) = self.post("cart", &lines, json!({"productCode": "TEA-0001", "quantity": 2})).await;
        assert_eq!((status, &cart["total"]), (201, &json!(4900)));
        let (status, order) = self.post("orders", "/orders", json!({"buyer": customer, "cart": cart["cartId"]})).await;
        assert_eq!((status, &order["status"]), (201, &json!("placed")));
        order
    }

    async fn pay(&self, order: &Value, card: &str) -> (u16, Value) {
        let path = format!("/orders/{}/payment", text(&order["orderId"]));
        self.post("orders", &path, json!({"card": {"number": card, "expiry": "12/29"}})).await
    }

    async fn stock(&self) -> i64 {
        self.get("catalog", "/products/TEA-0001").await.1["stock"].as_i64().expect("a number")
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

#[tokio::test]
async fn a_customer_buys_pays_and_every_service_tells_the_same() {
    let shop = Running::start(ShopOptions::default()).await;
    let order = shop.order().await;
    assert_eq!(shop.stock().await, 38);
    let (status, paid) = shop.pay(&order, "4242424242424242").await;
    assert_eq!((status, &paid["status"]), (200, &json!("paid")));
    let (_, payment) = shop.get("payments", &format!("/payments/{}", text(&paid["paymentId"]))).await;
    assert_eq!((&payment["reference"], &payment["amount"]), (&order["orderId"], &json!(4900)));
    let tracking = text(&paid["trackingNumber"]);
    let (_, shipment) = shop.get("shipping", &format!("/shipments/{tracking}")).await;
    assert_eq!((&shipment["client"], &shipment["address"]["city"]), (&order["buyer"], &json!("Utrecht")));
    shop.post("shipping", &format!("/shipments/{tracking}/dispatch"), json!({})).await;
    let (_, order) = shop.get("orders", &format!("/orders/{}", text(&order["orderId"]))).await;
    assert_eq!(order["status"], "shipped");
    shop.stop().await;
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_unpaid_and_ships_nothing() {
    let shop = Running::start(ShopOptions::default()).await;
    let order = shop.order().await;
    assert_eq!(shop.pay(&order, "4000000000000002").await.0, 402);
    let id = text(&order["orderId"]);
    let (_, order) = shop.get("orders", &format!("/orders/{id}")).await;
    assert_eq!((&order["status"], &order["paymentId"]), (&json!("placed"), &Value::Null));
    assert_eq!(shop.get("shipping", &format!("/shipments?order_ref={id}")).await.1, json!([]));
    assert_eq!(shop.pay(&order, "42").await.0, 400);
    assert_eq!(shop.pay(&order, "4242424242424242").await.0, 200);
    assert_eq!(shop.pay(&order, "4242424242424242").await.0, 409);
    shop.stop().await;
}

#[tokio::test]
async fn cancelling_gives_back_money_and_stock_until_the_parcels_leave() {
    let shop = Running::start(ShopOptions::default()).await;
    let (order, late) = (shop.order().await, shop.order().await);
    let (_, paid) = shop.pay(&order, "4242424242424242").await;
    assert_eq!(shop.stock().await, 36);
    let cancellation = |order: &Value| format!("/orders/{}/cancellation", text(&order["orderId"]));
    let (status, cancelled) = shop.post("orders", &cancellation(&order), json!({})).await;
    assert_eq!((status, &cancelled["status"]), (200, &json!("cancelled")));
    assert_eq!(shop.stock().await, 38);
    let (_, payment) = shop.get("payments", &format!("/payments/{}", text(&paid["paymentId"]))).await;
    assert_eq!(payment["status"], "refunded");
    let (_, paid) = shop.pay(&late, "4242424242424242").await;
    shop.post("shipping", &format!("/shipments/{}/dispatch", text(&paid["trackingNumber"])), json!({})).await;
    assert_eq!(shop.post("orders", &cancellation(&late), json!({})).await.0, 409);
    shop.stop().await;
}

#[tokio::test]
async fn what_another_service_does_not_know_is_refused() {
    let shop = Running::start(ShopOptions::default()).await;
    let nobody = json!("00000000-0000-4000-8000-000000000000");
    let (_, cart) = shop.post("cart", "/carts", json!({"custId": nobody})).await;
    let (status, problem) = shop.post("orders", "/orders", json!({"buyer": nobody, "cart": cart["cartId"]})).await;
    assert_eq!((status, &problem["title"]), (422, &json!("Refused")));
    let buyer = shop.customer().await;
    assert_eq!(shop.post("orders", "/orders", json!({"buyer": buyer, "cart": 999})).await.0, 422);
    assert_eq!(shop.post("orders", "/orders", json!({"buyer": buyer, "cart": cart["cartId"]})).await.0, 422);
    let lines = format!("/carts/{}/lines", cart["cartId"]);
    assert_eq!(shop.post("cart", &lines, json!({"productCode": "../customers", "quantity": 1})).await.0, 422);
    assert_eq!(shop.post("cart", &lines, json!({"productCode": "COF-0004", "quantity": 9})).await.0, 409);
    shop.stop().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_with_a_problem_body() {
    let shop = Running::start(ShopOptions::default()).await;
    for (service, path) in [
        ("catalog", "/products"),
        ("customers", "/customers"),
        ("cart", "/carts"),
        ("orders", "/orders"),
        ("payments", "/payments"),
        ("shipping", "/shipments"),
    ] {
        for body in ["", "{", "[]", "{\"a\":1}", "\u{0}"] {
            assert_eq!(shop.send(service, "POST", path, body).await.0, 400, "{service} {body:?}");
        }
    }
    assert_eq!(shop.get("cart", "/carts/seven").await.0, 400);
    assert_eq!(shop.get("catalog", "/products?limit=0").await.0, 400);
    assert_eq!(shop.get("orders", "/orders?status=lost").await.0, 400);
    assert_eq!(shop.get("orders", "/orders/ord-1").await.0, 404);
    assert_eq!(shop.get("payments", "/payments/pay_000000000000").await.0, 404);
    assert_eq!(shop.get("shipping", "/shipments/TRK-00000099").await.0, 404);
    shop.stop().await;
}

#[tokio::test]
async fn orders_tells_when_payments_is_down_and_keeps_the_order_unpaid() {
    let shop = Running::start(ShopOptions { without: vec!["payments".to_owned()], ..ShopOptions::default() }).await;
    assert_eq!(shop.addresses.len(), SERVICES.len() - 1);
    let order = shop.order().await;
    assert_eq!(shop.pay(&order, "4242424242424242").await.0, 502);
    let (_, order) = shop.get("orders", &format!("/orders/{}", text(&order["orderId"]))).await;
    assert_eq!(order["status"], "placed");
    shop.stop().await;
}

/// Payments that answers every request alike and tells the headers that came with it.
async fn stand_in() -> (String, tokio::sync::mpsc::UnboundedReceiver<HeaderMap>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let answer = async move |headers: HeaderMap| {
        sender.send(headers).expect("the test listens");
        (http::StatusCode::CREATED, axum::Json(json!({"paymentId": "pay_0123456789ab"})))
    };
    let router = axum::Router::new().route("/payments", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, receiver)
}

#[tokio::test]
async fn a_stand_in_for_payments_is_asked_with_the_baggage_of_the_test() {
    let (url, mut asked) = stand_in().await;
    let elsewhere = BTreeMap::from([("payments".to_owned(), url.clone())]);
    let shop = Running::start(ShopOptions { elsewhere, ..ShopOptions::default() }).await;
    assert_eq!(shop.addresses["payments"], url);
    let order = shop.order().await;
    let (status, paid) = shop.pay(&order, "4242424242424242").await;
    assert_eq!((status, &paid["paymentId"]), (200, &json!("pay_0123456789ab")));
    let headers = asked.recv().await.expect("orders asks payments");
    assert_eq!(headers.get("baggage").map(|value| value.as_bytes()), Some(BAGGAGE.as_bytes()));
    shop.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_an_error_that_names_the_service_and_the_address() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let base_port = Some(taken.local_addr().expect("an address").port());
    let error = Shop::bind(ShopOptions { base_port, ..ShopOptions::default() }).await.expect_err("the port is taken");
    assert!(matches!(&error, BindError::Port { service: "catalog", .. }), "{error}");
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let without = vec!["warehouse".to_owned()];
    let error = Shop::bind(ShopOptions { without, ..ShopOptions::default() }).await.expect_err("no such service");
    assert!(matches!(error, BindError::UnknownService(_)));
    let error = Shop::bind(ShopOptions { base_port: Some(65535), without: vec!["catalog".to_owned()], ..ShopOptions::default() });
    assert!(matches!(error.await.expect_err("no room"), BindError::BasePort(65535)));
}

#[tokio::test]
async fn every_service_serves_its_own_definition() {
    let shop = Running::start(ShopOptions::default()).await;
    for service in SERVICES {
        let uri = format!("{}/openapi.json", shop.addresses[service]).parse().expect("a URL");
        let response = shop.client.get(uri).await.expect("an answer");
        let bytes = response.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), definitions::definition(service));
    }
    shop.stop().await;
}

#[test]
fn the_bundled_files_are_all_files_of_the_project() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut on_disk: Vec<String> = vec!["callboard.toml".to_owned()];
    for folder in ["services", "scenarios"] {
        list(root, &root.join(folder), &mut on_disk);
    }
    let mut bundled: Vec<&str> = files().iter().map(|(path, _)| *path).collect();
    on_disk.sort_unstable();
    bundled.sort_unstable();
    assert_eq!(bundled, on_disk);
}

fn list(root: &std::path::Path, folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/"));
        }
    }
}
