//! The payments service of the shop, as the other services of the shop use it.

use std::sync::Arc;

use callboard_definition::load;
use callboard_model::ServiceName;
use serde_json::{Value, json};

use crate::support::{Files, Running, start_one};

async fn payments() -> Running {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/shop/services/payments/openapi.yaml");
    let service = load(&ServiceName::new("payments"), path, &Files).value.expect("the shop's definition");
    start_one(Arc::new(service)).await
}

async fn charge(payments: &Running, reference: &str) -> Value {
    let card = json!({"number": "4242424242424242", "expiry": "12/29"});
    let charge = json!({"reference": reference, "amount": 4900, "currency": "EUR", "card": card});
    let reply = payments.call_json("POST", "/payments", charge).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let payment = reply.json();
    assert_eq!(reply.header("location"), format!("/payments/{}", payment["paymentId"].as_str().expect("a key")));
    payment
}

#[tokio::test]
async fn a_charge_becomes_a_payment_that_begins_with_its_defaults() {
    let payments = payments().await;
    let payment = charge(&payments, "ord-1").await;
    assert_eq!((&payment["reference"], &payment["amount"]), (&json!("ord-1"), &json!(4900)));
    assert_eq!((&payment["status"], &payment["refunded"]), (&json!("captured"), &json!(0)));
    assert!(payment.get("card").is_none(), "a payment has no card: {payment}");
    let path = format!("/payments/{}", payment["paymentId"].as_str().expect("a key"));
    assert_eq!(payments.call("GET", &path).await.json(), payment);
    charge(&payments, "ord-2").await;
    assert_eq!(payments.call("GET", "/payments?reference=ord-1").await.json(), json!([payment]));
}

#[tokio::test]
async fn a_refund_belongs_to_its_payment() {
    let payments = payments().await;
    let payment = charge(&payments, "ord-1").await;
    let id = payment["paymentId"].as_str().expect("a key");
    let refund = payments.call_json("POST", &format!("/payments/{id}/refunds"), json!({"amount": 100})).await;
    assert_eq!(refund.status, 201);
    assert_eq!((&refund.json()["paymentId"], &refund.json()["amount"]), (&payment["paymentId"], &json!(100)));
    assert!(refund.json()["refundId"].as_str().is_some_and(|id| id.starts_with("ref_")), "{refund:?}");
    let unknown = payments.call_json("POST", "/payments/pay_ffffffffffff/refunds", json!({"amount": 100})).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn a_charge_without_a_card_is_refused() {
    let payments = payments().await;
    let reply = payments.call_json("POST", "/payments", json!({"reference": "ord-1", "amount": 0, "currency": "EUR"})).await;
    assert_eq!(reply.status, 400);
    let detail = reply.json()["detail"].as_str().expect("text").to_owned();
    assert!(detail.contains("`card` is missing") && detail.contains("`amount` is the number 0, at least 1 expected"), "{detail}");
}
