//! orders: turns a cart into an order, has it paid and shipped, and undoes it.

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
use crate::request::{Body, Params, Segments, Trace};

mod checkout;

pub(crate) use checkout::Neighbours;

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    buyer: Uuid,
    cart: u64,
    items: Vec<Item>,
    total: u64,
    currency: String,
    status: Status,
    payment_id: Option<String>,
    tracking_number: Option<String>,
    placed_at: String,
    /// Whether somebody pays or cancels it at this moment.
    #[serde(skip)]
    busy: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    #[serde(alias = "productCode")]
    item: String,
    quantity: u32,
    unit_price: u64,
}

/// What cart tells of a cart, in our words.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    cust_id: Uuid,
    #[serde(rename = "lines")]
    items: Vec<Item>,
    total: u64,
    currency: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Placed,
    Paid,
    Shipped,
    Delivered,
    Cancelled,
}

#[derive(Clone)]
struct Orders {
    /// By the ordinal in which they were placed.
    orders: Arc<Mutex<BTreeMap<u64, Order>>>,
    ask: Neighbours,
}

pub(crate) fn router(ask: Neighbours) -> Router {
    Router::new()
        .route("/orders", get(list).post(place))
        .route("/orders/{orderId}", get(read))
        .route("/orders/{orderId}/payment", post(pay))
        .route("/orders/{orderId}/cancellation", post(cancel))
        .with_state(Orders { orders: Arc::default(), ask })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewOrder {
    buyer: Uuid,
    cart: u64,
}

async fn place(State(state): State<Orders>, trace: Trace, Body(new): Body<NewOrder>) -> Result<Response, Problem> {
    state.ask.know_customer(&trace, new.buyer).await?;
    let cart = state.ask.filled_cart(&trace, &new).await?;
    state.ask.take_stock(&trace, &cart.items).await?;
    let order = state.keep(new, cart).await;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/orders/{}", order.order_id))], Json(order)).into_response())
}

#[derive(Debug, Deserialize)]
struct Filter {
    buyer: Option<Uuid>,
    status: Option<Status>,
}

async fn list(State(state): State<Orders>, mutation: Mutation, Params(filter): Params<Filter>) -> Json<Vec<Order>> {
    let status = filter.status.filter(|_| !mutation.is(Mutant::OrdersStatusFilterIgnored));
    let buyer = filter.buyer.filter(|_| !mutation.is(Mutant::OrdersBuyerFilterIgnored));
    let orders = state.orders.lock().await;
    let fits =
        |order: &&Order| buyer.is_none_or(|buyer| buyer == order.buyer) && status.is_none_or(|status| status == order.status);
    Json(orders.values().filter(fits).cloned().collect())
}

async fn read(State(state): State<Orders>, trace: Trace, Segments(id): Segments<String>) -> Result<Json<Order>, Problem> {
    state.up_to_date(&trace, &id).await.map(Json)
}

#[derive(Debug, Deserialize)]
struct Payment {
    card: serde_json::Value,
}

async fn pay(
    State(state): State<Orders>,
    trace: Trace,
    Segments(id): Segments<String>,
    Body(Payment { card }): Body<Payment>,
) -> Result<Json<Order>, Problem> {
    let twice = state.ask.mutation.is(Mutant::OrdersPaidTwice);
    let payable: &[Status] = if twice { &[Status::Placed, Status::Paid] } else { &[Status::Placed] };
    let order = state.begin(&id, payable).await?;
    let paid = state.ask.charge_and_ship(&trace, &order, card).await;
    if paid.is_err() && state.ask.mutation.is(Mutant::OrdersDeclinedCountsAsPaid) {
        state.end(&id, Ok(Order { status: Status::Paid, ..order })).await?;
        return paid.map(Json);
    }
    state.end(&id, paid).await.map(Json)
}

async fn cancel(State(state): State<Orders>, trace: Trace, Segments(id): Segments<String>) -> Result<Json<Order>, Problem> {
    state.up_to_date(&trace, &id).await?;
    let late = state.ask.mutation.is(Mutant::OrdersShippedCancelled);
    let open: &[Status] = &[Status::Placed, Status::Paid, Status::Shipped, Status::Delivered];
    let order = state.begin(&id, if late { open } else { &open[..2] }).await?;
    let cancelled = state.ask.undo(&trace, &order).await;
    state.end(&id, cancelled).await.map(Json)
}

/// Reading and writing what is kept.
impl Orders {
    async fn keep(&self, new: NewOrder, Cart { items, total, currency, .. }: Cart) -> Order {
        let mut orders = self.orders.lock().await;
        let ordinal = orders.last_key_value().map_or(1, |(last, _)| last + 1);
        let order = Order {
            order_id: format!("ord-{ordinal:06}"),
            buyer: new.buyer,
            cart: new.cart,
            items,
            total,
            currency,
            status: Status::Placed,
            payment_id: None,
            tracking_number: None,
            placed_at: jiff::Timestamp::now().to_string(),
            busy: false,
        };
        orders.insert(ordinal, order.clone());
        order
    }

    /// Marks an order as busy, so that nobody else pays or cancels it meanwhile.
    async fn begin(&self, id: &str, from: &[Status]) -> Result<Order, Problem> {
        let mut orders = self.orders.lock().await;
        let order = find(&mut orders, id)?;
        if order.busy || !from.contains(&order.status) {
            let state =
                if order.busy { "being paid or cancelled".to_owned() } else { format!("{:?}", order.status).to_lowercase() };
            return Err(Problem::conflict(format!("{id} is {state}")));
        }
        order.busy = true;
        Ok(Order { busy: false, ..order.clone() })
    }

    /// Keeps the changed order, or leaves it as it was.
    async fn end(&self, id: &str, changed: Result<Order, Problem>) -> Result<Order, Problem> {
        let mut orders = self.orders.lock().await;
        let order = find(&mut orders, id)?;
        order.busy = false;
        let changed = changed?;
        order.clone_from(&changed);
        Ok(changed)
    }

    /// The order, with what shipping knows of its shipment. Its last known state stays when shipping does not answer.
    async fn up_to_date(&self, trace: &Trace, id: &str) -> Result<Order, Problem> {
        let order = find(&mut *self.orders.lock().await, id)?.clone();
        if self.ask.mutation.is(Mutant::OrdersShipmentNotFollowed) {
            return Ok(order);
        }
        let Some(tracking) = order.tracking_number.as_ref().filter(|_| order.status != Status::Cancelled) else {
            return Ok(order);
        };
        let Some(status) = self.ask.progress(trace, tracking).await else {
            return Ok(order);
        };
        let mut orders = self.orders.lock().await;
        let order = find(&mut orders, id)?;
        order.status = status;
        Ok(order.clone())
    }
}

fn find<'a>(orders: &'a mut BTreeMap<u64, Order>, id: &str) -> Result<&'a mut Order, Problem> {
    let ordinal = id.strip_prefix("ord-").and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let order = orders.get_mut(&ordinal).filter(|order| order.order_id == id);
    order.ok_or_else(|| Problem::not_found(format!("no order {id}")))
}
