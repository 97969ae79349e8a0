//! orders: turns a cart into an order, has it paid and shipped, and undoes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::neighbour::{Answer, Neighbour};
use crate::problem::Problem;
use crate::request::{Body, Params, Segments, Trace};

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

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    item: String,
    quantity: u32,
    unit_price: u64,
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

/// The services that orders asks.
#[derive(Clone, Debug)]
pub(crate) struct Neighbours {
    pub(crate) customers: Neighbour,
    pub(crate) cart: Neighbour,
    pub(crate) catalog: Neighbour,
    pub(crate) payments: Neighbour,
    pub(crate) shipping: Neighbour,
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
    state.know_customer(&trace, new.buyer).await?;
    let cart = state.cart(&trace, &new).await?;
    let items: Vec<Item> = cart.lines.into_iter().map(Item::from).collect();
    state.take_stock(&trace, &items).await?;
    let order = state.keep(new, items, cart.total, cart.currency).await;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/orders/{}", order.order_id))], Json(order)).into_response())
}

#[derive(Debug, Deserialize)]
struct Filter {
    buyer: Option<Uuid>,
    status: Option<Status>,
}

async fn list(State(state): State<Orders>, Params(filter): Params<Filter>) -> Json<Vec<Order>> {
    let orders = state.orders.lock().await;
    let fits = |order: &&Order| {
        filter.buyer.is_none_or(|buyer| buyer == order.buyer) && filter.status.is_none_or(|status| status == order.status)
    };
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
    let order = state.begin(&id, &[Status::Placed]).await?;
    let paid = state.charge_and_ship(&trace, &order, card).await;
    state.end(&id, paid).await.map(Json)
}

async fn cancel(State(state): State<Orders>, trace: Trace, Segments(id): Segments<String>) -> Result<Json<Order>, Problem> {
    state.up_to_date(&trace, &id).await?;
    let order = state.begin(&id, &[Status::Placed, Status::Paid]).await?;
    let cancelled = state.undo(&trace, &order).await;
    state.end(&id, cancelled).await.map(Json)
}

/// What cart tells of a cart.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    cust_id: Uuid,
    lines: Vec<Line>,
    total: u64,
    currency: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    product_code: String,
    quantity: u32,
    unit_price: u64,
}

impl From<Line> for Item {
    fn from(line: Line) -> Self {
        Self { item: line.product_code, quantity: line.quantity, unit_price: line.unit_price }
    }
}

/// Placing an order.
impl Orders {
    async fn know_customer(&self, trace: &Trace, buyer: Uuid) -> Result<(), Problem> {
        let answer = self.ask.customers.get(trace, &["customers", &buyer.to_string()]).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND => Err(Problem::refused(format!("no customer {buyer}"))),
            _ => Err(self.ask.customers.unexpected(&answer)),
        }
    }

    async fn cart(&self, trace: &Trace, new: &NewOrder) -> Result<Cart, Problem> {
        let answer = self.ask.cart.get(trace, &["carts", &new.cart.to_string()]).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Problem::refused(format!("no cart {}", new.cart))),
            _ => return Err(self.ask.cart.unexpected(&answer)),
        }
        let unreadable = |error| Problem::bad_gateway(format!("cart {}: {error}", new.cart));
        let cart: Cart = serde_json::from_value(answer.body).map_err(unreadable)?;
        if cart.cust_id != new.buyer {
            return Err(Problem::refused(format!("cart {} is not the buyer's", new.cart)));
        }
        if cart.lines.is_empty() {
            return Err(Problem::refused(format!("cart {} is empty", new.cart)));
        }
        Ok(cart)
    }

    /// Takes all items from the stock, or none of them.
    async fn take_stock(&self, trace: &Trace, items: &[Item]) -> Result<(), Problem> {
        for (index, item) in items.iter().enumerate() {
            if let Err(problem) = self.take(trace, item).await {
                self.put_back(trace, &items[..index]).await?;
                return Err(problem);
            }
        }
        Ok(())
    }

    /// What the catalog does not sell any more has no stock to go back to.
    async fn put_back(&self, trace: &Trace, items: &[Item]) -> Result<(), Problem> {
        for item in items {
            let answer = self.change_stock(trace, item, i64::from(item.quantity)).await?;
            if answer.status != StatusCode::OK && answer.status != StatusCode::NOT_FOUND {
                return Err(self.ask.catalog.unexpected(&answer));
            }
        }
        Ok(())
    }

    async fn change_stock(&self, trace: &Trace, item: &Item, change: i64) -> Result<Answer, Problem> {
        self.ask.catalog.post(trace, &["products", &item.item, "stock-changes"], &json!({"change": change})).await
    }

    async fn take(&self, trace: &Trace, item: &Item) -> Result<(), Problem> {
        let answer = self.change_stock(trace, item, -i64::from(item.quantity)).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::CONFLICT => Err(Problem::conflict(detail(&answer))),
            StatusCode::NOT_FOUND => Err(Problem::refused(detail(&answer))),
            _ => Err(self.ask.catalog.unexpected(&answer)),
        }
    }

    async fn keep(&self, new: NewOrder, items: Vec<Item>, total: u64, currency: String) -> Order {
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
}

/// Paying and cancelling an order.
impl Orders {
    async fn charge_and_ship(&self, trace: &Trace, order: &Order, card: serde_json::Value) -> Result<Order, Problem> {
        let payment = self.charge(trace, order, card).await?;
        match self.ship(trace, order).await {
            Ok(tracking) => {
                let (payment_id, tracking_number) = (Some(payment), Some(tracking));
                Ok(Order { status: Status::Paid, payment_id, tracking_number, ..order.clone() })
            }
            Err(problem) => {
                self.refund(trace, &payment, order.total).await?;
                Err(problem)
            }
        }
    }

    async fn charge(&self, trace: &Trace, order: &Order, card: serde_json::Value) -> Result<String, Problem> {
        let body = json!({
            "reference": order.order_id, "amount": order.total, "currency": order.currency, "card": card,
        });
        let answer = self.ask.payments.post(trace, &["payments"], &body).await?;
        match answer.status {
            StatusCode::CREATED => text(&answer, "paymentId").ok_or_else(|| self.ask.payments.unexpected(&answer)),
            StatusCode::PAYMENT_REQUIRED => Err(Problem::declined(detail(&answer))),
            StatusCode::BAD_REQUEST => Err(Problem::bad_request(detail(&answer))),
            _ => Err(self.ask.payments.unexpected(&answer)),
        }
    }

    async fn ship(&self, trace: &Trace, order: &Order) -> Result<String, Problem> {
        let parcels: Vec<_> = order.items.iter().map(|item| json!({"item": item.item, "count": item.quantity})).collect();
        let body = json!({"order_ref": order.order_id, "client": order.buyer, "parcels": parcels});
        let answer = self.ask.shipping.post(trace, &["shipments"], &body).await?;
        let tracking = text(&answer, "trackingNumber").filter(|_| answer.status == StatusCode::CREATED);
        tracking.ok_or_else(|| self.ask.shipping.unexpected(&answer))
    }

    /// Stops the shipment first: what has left cannot be undone.
    async fn undo(&self, trace: &Trace, order: &Order) -> Result<Order, Problem> {
        if let Some(tracking) = &order.tracking_number {
            let answer = self.ask.shipping.post(trace, &["shipments", tracking, "cancellation"], &json!({})).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::CONFLICT => return Err(Problem::conflict(detail(&answer))),
                _ => return Err(self.ask.shipping.unexpected(&answer)),
            }
        }
        if let Some(payment) = &order.payment_id {
            self.refund(trace, payment, order.total).await?;
        }
        self.put_back(trace, &order.items).await?;
        Ok(Order { status: Status::Cancelled, ..order.clone() })
    }

    async fn refund(&self, trace: &Trace, payment: &str, amount: u64) -> Result<(), Problem> {
        let answer = self.ask.payments.post(trace, &["payments", payment, "refunds"], &json!({"amount": amount})).await?;
        if answer.status == StatusCode::CREATED { Ok(()) } else { Err(self.ask.payments.unexpected(&answer)) }
    }
}

/// Reading and writing what is kept.
impl Orders {
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
        let Some(tracking) = order.tracking_number.as_ref().filter(|_| order.status != Status::Cancelled) else {
            return Ok(order);
        };
        let answer = self.ask.shipping.get(trace, &["shipments", tracking]).await;
        let status = match answer.ok().and_then(|answer| text(&answer, "status")).as_deref() {
            Some("in_transit") => Status::Shipped,
            Some("delivered") => Status::Delivered,
            _ => return Ok(order),
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

fn text(answer: &Answer, field: &str) -> Option<String> {
    answer.body[field].as_str().map(str::to_owned)
}

fn detail(answer: &Answer) -> String {
    text(answer, "detail").unwrap_or_else(|| format!("status {}", answer.status.as_u16()))
}
