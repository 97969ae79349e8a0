//! payments: charges cards and gives money back. It plays a bank: two cards are always declined.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::mutants::{Mutant, Mutation};
use crate::problem::Problem;
use crate::request::{Body, Params, Segments};

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    payment_id: String,
    reference: String,
    amount: u64,
    currency: Currency,
    card_ending: String,
    status: Status,
    refunded: u64,
    captured_at: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Currency {
    #[serde(rename = "EUR")]
    Euro,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Captured,
    PartlyRefunded,
    Refunded,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refund {
    refund_id: String,
    payment_id: String,
    amount: u64,
}

type Payments = Arc<Mutex<BTreeMap<String, Payment>>>;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/payments", get(list).post(charge))
        .route("/payments/{paymentId}", get(read))
        .route("/payments/{paymentId}/refunds", post(refund))
        .with_state(Payments::default())
}

#[derive(Debug, Deserialize)]
struct Filter {
    reference: Option<String>,
}

async fn list(State(payments): State<Payments>, mutation: Mutation, Params(filter): Params<Filter>) -> Json<Vec<Payment>> {
    let reference = filter.reference.filter(|_| !mutation.is(Mutant::PaymentsFilterIgnored));
    let payments = payments.lock().await;
    let fits = |payment: &&Payment| reference.as_ref().is_none_or(|reference| *reference == payment.reference);
    Json(payments.values().filter(fits).cloned().collect())
}

#[derive(Debug, Deserialize)]
struct Charge {
    reference: String,
    amount: u64,
    currency: Currency,
    card: Card,
}

#[derive(Debug, Deserialize)]
struct Card {
    number: String,
    expiry: String,
}

async fn charge(State(payments): State<Payments>, mutation: Mutation, Body(charge): Body<Charge>) -> Result<Response, Problem> {
    check(&charge, mutation)?;
    ask_the_bank(&charge.card, mutation)?;
    let skipped = if mutation.is(Mutant::PaymentsCardEndingWrong) { 0 } else { charge.card.number.len() - 4 };
    let id = new_id("pay");
    let payment = Payment {
        payment_id: id.clone(),
        reference: charge.reference,
        amount: charge.amount,
        currency: charge.currency,
        card_ending: charge.card.number.chars().skip(skipped).take(4).collect(),
        status: Status::Captured,
        refunded: 0,
        captured_at: jiff::Timestamp::now().to_string(),
    };
    payments.lock().await.insert(id.clone(), payment.clone());
    let status = if mutation.is(Mutant::PaymentsChargeStatus) { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, [(header::LOCATION, format!("/payments/{id}"))], Json(payment)).into_response())
}

async fn read(State(payments): State<Payments>, Segments(id): Segments<String>) -> Result<Json<Payment>, Problem> {
    payments.lock().await.get(&id).cloned().map(Json).ok_or_else(|| unknown(&id))
}

#[derive(Debug, Deserialize)]
struct NewRefund {
    amount: u64,
}

async fn refund(
    State(payments): State<Payments>,
    mutation: Mutation,
    Segments(id): Segments<String>,
    Body(NewRefund { amount }): Body<NewRefund>,
) -> Result<Response, Problem> {
    let mut payments = payments.lock().await;
    let payment = payments.get_mut(&id).ok_or_else(|| unknown(&id))?;
    let left = payment.amount.saturating_sub(payment.refunded);
    match amount {
        0 => return Err(Problem::bad_request("amount: expected at least 1")),
        more if more > left && !mutation.is(Mutant::PaymentsOverRefunded) => {
            return Err(Problem::conflict(format!("{left} left of {id}, {more} wanted")));
        }
        _ if mutation.is(Mutant::PaymentsRefundNotCounted) => {}
        _ => payment.refunded += amount,
    }
    let full = payment.refunded >= payment.amount || mutation.is(Mutant::PaymentsPartRefundIsFull);
    payment.status = if full { Status::Refunded } else { Status::PartlyRefunded };
    let refund = Refund { refund_id: new_id("ref"), payment_id: id, amount };
    Ok((StatusCode::CREATED, Json(refund)).into_response())
}

/// What the definition asks of a charge beyond the types of its fields.
fn check(charge: &Charge, mutation: Mutation) -> Result<(), Problem> {
    let digits = |text: &str, from, to| (from..=to).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let expiry = charge.card.expiry.split_once('/');
    let month = |text: &str| digits(text, 2, 2) && ("01"..="12").contains(&text);
    let any_expiry = mutation.is(Mutant::PaymentsExpiryUnchecked);
    let expiry = any_expiry || expiry.is_some_and(|(mm, yy)| month(mm) && digits(yy, 2, 2));
    let rules = [
        ((1..=64).contains(&charge.reference.len()), "reference: expected 1 to 64 characters"),
        ((1..=100_000_000).contains(&charge.amount), "amount: expected 1 to 100000000"),
        (digits(&charge.card.number, 12, 19), "card.number: expected 12 to 19 digits"),
        (expiry, "card.expiry: expected a month and a year such as 12/29"),
    ];
    match rules.into_iter().find(|(holds, _)| !holds) {
        Some((_, problem)) => Err(Problem::bad_request(problem)),
        None => Ok(()),
    }
}

fn ask_the_bank(card: &Card, mutation: Mutation) -> Result<(), Problem> {
    match card.number.as_str() {
        number if number.ends_with("0002") => Err(Problem::declined("the bank declines the card")),
        number if number.ends_with("0069") && !mutation.is(Mutant::PaymentsExpiredAccepted) => {
            Err(Problem::declined("the card has expired"))
        }
        _ => Ok(()),
    }
}

fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", &Uuid::new_v4().simple().to_string()[..12])
}

fn unknown(id: &str) -> Problem {
    Problem::not_found(format!("no payment {id}"))
}
