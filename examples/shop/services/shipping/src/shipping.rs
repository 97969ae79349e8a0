//! shipping: sends what was paid to where the customer lives. The address comes from customers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::mutants::{Mutant, Mutation};
use crate::neighbour::Neighbour;
use crate::problem::Problem;
use crate::request::{Body, Params, Segments, Trace};

/// How long parcels are on their way: a very fast carrier.
const JOURNEY: Duration = Duration::from_millis(400);

#[derive(Clone, Debug, Serialize)]
struct Shipment {
    #[serde(rename = "trackingNumber")]
    tracking_number: String,
    order_ref: String,
    client: Uuid,
    address: Value,
    parcels: Vec<Parcel>,
    status: Status,
    events: Vec<Event>,
    /// When the parcels left.
    #[serde(skip)]
    left: Option<Instant>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parcel {
    item: String,
    count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Preparing,
    InTransit,
    Delivered,
    Cancelled,
}

#[derive(Clone, Debug, Serialize)]
struct Event {
    status: Status,
    at: String,
}

impl Shipment {
    fn enter(&mut self, status: Status) {
        self.status = status;
        self.events.push(Event { status, at: jiff::Timestamp::now().to_string() });
    }

    fn has_left(&self) -> bool {
        matches!(self.status, Status::InTransit | Status::Delivered)
    }

    /// Parcels arrive without anybody asking; whoever asks next sees it.
    fn travel(&mut self) {
        if self.status == Status::InTransit && self.left.is_some_and(|left| left.elapsed() >= JOURNEY) {
            self.enter(Status::Delivered);
        }
    }
}

#[derive(Clone)]
struct Shipments {
    shipments: Arc<Mutex<BTreeMap<String, Shipment>>>,
    customers: Neighbour,
}

pub(crate) fn router(customers: Neighbour) -> Router {
    Router::new()
        .route("/shipments", get(list).post(create))
        .route("/shipments/{trackingNumber}", get(read))
        .route("/shipments/{trackingNumber}/dispatch", post(dispatch))
        .route("/shipments/{trackingNumber}/cancellation", post(cancel))
        .with_state(Shipments { shipments: Arc::default(), customers })
}

#[derive(Debug, Deserialize)]
struct Filter {
    order_ref: Option<String>,
}

async fn list(State(state): State<Shipments>, mutation: Mutation, Params(filter): Params<Filter>) -> Json<Vec<Shipment>> {
    let order = filter.order_ref.filter(|_| !mutation.is(Mutant::ShippingFilterIgnored));
    let mut shipments = state.shipments.lock().await;
    shipments.values_mut().for_each(Shipment::travel);
    let fits = |shipment: &&Shipment| order.as_ref().is_none_or(|order| *order == shipment.order_ref);
    Json(shipments.values().filter(fits).cloned().collect())
}

#[derive(Debug, Deserialize)]
struct NewShipment {
    order_ref: String,
    client: Uuid,
    parcels: Vec<Parcel>,
}

async fn create(
    State(state): State<Shipments>,
    trace: Trace,
    mutation: Mutation,
    Body(new): Body<NewShipment>,
) -> Result<Response, Problem> {
    let counts = if mutation.is(Mutant::ShippingCountUnchecked) { 0..=u32::MAX } else { 1..=1000 };
    let too_few = new.parcels.is_empty() && !mutation.is(Mutant::ShippingNoParcelsAccepted);
    if new.order_ref.is_empty() || too_few || new.parcels.iter().any(|parcel| !counts.contains(&parcel.count)) {
        return Err(Problem::bad_request("expected an order_ref and at least one parcel, each with a count of 1 to 1000"));
    }
    let address = state.address(&trace, new.client, mutation).await?;
    let mut shipments = state.shipments.lock().await;
    let number = format!("TRK-{:08}", shipments.len() + 1);
    let NewShipment { order_ref, client, mut parcels } = new;
    if mutation.is(Mutant::ShippingOneParcelKept) {
        parcels.truncate(1);
    }
    let (status, events, left) = (Status::Preparing, Vec::new(), None);
    let mut shipment = Shipment { tracking_number: number.clone(), order_ref, client, address, parcels, status, events, left };
    shipment.enter(Status::Preparing);
    shipments.insert(number.clone(), shipment.clone());
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/shipments/{number}"))], Json(shipment)).into_response())
}

async fn read(State(state): State<Shipments>, Segments(number): Segments<String>) -> Result<Json<Shipment>, Problem> {
    state.change(&number, |_| Ok(())).await
}

async fn dispatch(
    State(state): State<Shipments>,
    mutation: Mutation,
    Segments(number): Segments<String>,
) -> Result<Response, Problem> {
    let again = |shipment: &Shipment| mutation.is(Mutant::ShippingDispatchedTwice) && shipment.has_left();
    let send = |shipment: &mut Shipment| {
        if !again(shipment) {
            still_here(shipment)?;
        }
        shipment.left = Some(Instant::now()).filter(|_| !mutation.is(Mutant::ShippingNeverArrives));
        shipment.enter(Status::InTransit);
        Ok(())
    };
    Ok((StatusCode::ACCEPTED, state.change(&number, send).await?).into_response())
}

async fn cancel(
    State(state): State<Shipments>,
    mutation: Mutation,
    Segments(number): Segments<String>,
) -> Result<Json<Shipment>, Problem> {
    let late = |shipment: &Shipment| mutation.is(Mutant::ShippingCancelledAfterDispatch) && shipment.has_left();
    let stop = |shipment: &mut Shipment| {
        if !late(shipment) {
            still_here(shipment)?;
        }
        shipment.enter(Status::Cancelled);
        if mutation.is(Mutant::ShippingEventLost) {
            shipment.events.pop();
        }
        Ok(())
    };
    state.change(&number, stop).await
}

impl Shipments {
    async fn address(&self, trace: &Trace, client: Uuid, mutation: Mutation) -> Result<Value, Problem> {
        let answer = self.customers.get(trace, &["customers", &client.to_string()]).await?;
        match answer.status {
            StatusCode::OK if answer.body["address"].is_object() => Ok(answer.body["address"].clone()),
            StatusCode::NOT_FOUND if mutation.is(Mutant::ShippingUnknownCustomerAccepted) => {
                Ok(serde_json::json!({"street": "", "city": "", "postalCode": "", "country": ""}))
            }
            StatusCode::NOT_FOUND => Err(Problem::refused(format!("no customer {client}"))),
            _ => Err(self.customers.unexpected(&answer)),
        }
    }

    async fn change(
        &self,
        number: &str,
        change: impl FnOnce(&mut Shipment) -> Result<(), Problem>,
    ) -> Result<Json<Shipment>, Problem> {
        let mut shipments = self.shipments.lock().await;
        let shipment = shipments.get_mut(number).ok_or_else(|| Problem::not_found(format!("no shipment {number}")))?;
        shipment.travel();
        change(shipment)?;
        Ok(Json(shipment.clone()))
    }
}

fn still_here(shipment: &Shipment) -> Result<(), Problem> {
    let word = match shipment.status {
        Status::Preparing => return Ok(()),
        Status::InTransit => "on its way",
        Status::Delivered => "delivered",
        Status::Cancelled => "cancelled",
    };
    Err(Problem::conflict(format!("{} is {word}", shipment.tracking_number)))
}
