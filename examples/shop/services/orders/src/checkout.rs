//! What orders asks of the other services.

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{Cart, Item, NewOrder, Order, Status};
use crate::mutants::{Mutant, Mutation};
use crate::neighbour::{Answer, Neighbour};
use crate::problem::Problem;
use crate::request::Trace;

/// The services that orders asks.
#[derive(Clone, Debug)]
pub(crate) struct Neighbours {
    pub(crate) customers: Neighbour,
    pub(crate) cart: Neighbour,
    pub(crate) catalog: Neighbour,
    pub(crate) payments: Neighbour,
    pub(crate) shipping: Neighbour,
    pub(crate) mutation: Mutation,
}

/// Placing an order.
impl Neighbours {
    pub(super) async fn know_customer(&self, trace: &Trace, buyer: Uuid) -> Result<(), Problem> {
        let answer = self.customers.get(trace, &["customers", &buyer.to_string()]).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::NOT_FOUND => Err(Problem::refused(format!("no customer {buyer}"))),
            _ => Err(self.customers.unexpected(&answer)),
        }
    }

    pub(super) async fn filled_cart(&self, trace: &Trace, new: &NewOrder) -> Result<Cart, Problem> {
        let answer = self.cart.get(trace, &["carts", &new.cart.to_string()]).await?;
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Err(Problem::refused(format!("no cart {}", new.cart))),
            _ => return Err(self.cart.unexpected(&answer)),
        }
        let unreadable = |error| Problem::bad_gateway(format!("cart {}: {error}", new.cart));
        let cart: Cart = serde_json::from_value(answer.body).map_err(unreadable)?;
        if cart.cust_id != new.buyer && !self.mutation.is(Mutant::OrdersForeignCartAccepted) {
            return Err(Problem::refused(format!("cart {} is not the buyer's", new.cart)));
        }
        if cart.items.is_empty() {
            return Err(Problem::refused(format!("cart {} is empty", new.cart)));
        }
        Ok(cart)
    }

    /// Takes all items from the stock, or none of them.
    pub(super) async fn take_stock(&self, trace: &Trace, items: &[Item]) -> Result<(), Problem> {
        if self.mutation.is(Mutant::OrdersStockNotTaken) {
            return Ok(());
        }
        for (index, item) in items.iter().enumerate() {
            if let Err(problem) = self.take(trace, item).await {
                let taken = if self.mutation.is(Mutant::OrdersStockKeptOnShortage) { 0 } else { index };
                self.put_back(trace, &items[..taken]).await?;
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
                return Err(self.catalog.unexpected(&answer));
            }
        }
        Ok(())
    }

    async fn change_stock(&self, trace: &Trace, item: &Item, change: i64) -> Result<Answer, Problem> {
        self.catalog.post(trace, &["products", &item.item, "stock-changes"], &json!({"change": change})).await
    }

    async fn take(&self, trace: &Trace, item: &Item) -> Result<(), Problem> {
        let answer = self.change_stock(trace, item, -i64::from(item.quantity)).await?;
        match answer.status {
            StatusCode::OK => Ok(()),
            StatusCode::CONFLICT => Err(Problem::conflict(detail(&answer))),
            StatusCode::NOT_FOUND => Err(Problem::refused(detail(&answer))),
            _ => Err(self.catalog.unexpected(&answer)),
        }
    }
}

/// Paying and cancelling an order.
impl Neighbours {
    pub(super) async fn charge_and_ship(&self, trace: &Trace, order: &Order, card: serde_json::Value) -> Result<Order, Problem> {
        let payment_id = match self.mutation.is(Mutant::OrdersPaymentNotCaptured) {
            true => None,
            false => Some(self.charge(trace, order, card).await?),
        };
        let shipped = match self.mutation.is(Mutant::OrdersShipmentNotMade) {
            true => Ok(None),
            false => self.ship(trace, order).await.map(Some),
        };
        match (shipped, payment_id) {
            (Ok(tracking_number), payment_id) => Ok(Order { status: Status::Paid, payment_id, tracking_number, ..order.clone() }),
            (Err(problem), Some(payment)) if !self.mutation.is(Mutant::OrdersMoneyKeptWithoutShipment) => {
                self.refund(trace, &payment, order.total).await?;
                Err(problem)
            }
            (Err(problem), _) => Err(problem),
        }
    }

    async fn charge(&self, trace: &Trace, order: &Order, card: serde_json::Value) -> Result<String, Problem> {
        let first = order.items.first().filter(|_| self.mutation.is(Mutant::OrdersFirstItemCharged));
        let amount = first.map_or(order.total, |item| u64::from(item.quantity) * item.unit_price);
        let body = json!({
            "reference": order.order_id, "amount": amount, "currency": order.currency, "card": card,
        });
        let answer = self.payments.post(trace, &["payments"], &body).await?;
        match answer.status {
            StatusCode::CREATED => text(&answer, "paymentId").ok_or_else(|| self.payments.unexpected(&answer)),
            StatusCode::PAYMENT_REQUIRED => Err(Problem::declined(detail(&answer))),
            StatusCode::BAD_REQUEST => Err(Problem::bad_request(detail(&answer))),
            _ => Err(self.payments.unexpected(&answer)),
        }
    }

    async fn ship(&self, trace: &Trace, order: &Order) -> Result<String, Problem> {
        let parcels: Vec<_> = order.items.iter().map(|item| json!({"item": item.item, "count": item.quantity})).collect();
        let body = json!({"order_ref": order.order_id, "client": order.buyer, "parcels": parcels});
        let answer = self.shipping.post(trace, &["shipments"], &body).await?;
        let tracking = text(&answer, "trackingNumber").filter(|_| answer.status == StatusCode::CREATED);
        tracking.ok_or_else(|| self.shipping.unexpected(&answer))
    }

    /// Stops the shipment first: what has left cannot be undone.
    pub(super) async fn undo(&self, trace: &Trace, order: &Order) -> Result<Order, Problem> {
        if let Some(tracking) = &order.tracking_number {
            let answer = self.shipping.post(trace, &["shipments", tracking, "cancellation"], &json!({})).await?;
            match answer.status {
                StatusCode::OK => {}
                StatusCode::CONFLICT if self.mutation.is(Mutant::OrdersShippedCancelled) => {}
                StatusCode::CONFLICT => return Err(Problem::conflict(detail(&answer))),
                _ => return Err(self.shipping.unexpected(&answer)),
            }
        }
        if let Some(payment) = order.payment_id.as_ref().filter(|_| !self.mutation.is(Mutant::OrdersNotRefunded)) {
            self.refund(trace, payment, order.total).await?;
        }
        if !self.mutation.is(Mutant::OrdersStockNotPutBack) {
            self.put_back(trace, &order.items).await?;
        }
        Ok(Order { status: Status::Cancelled, ..order.clone() })
    }

    /// How far a shipment is; nothing when shipping does not answer or the parcels are still here.
    pub(super) async fn progress(&self, trace: &Trace, tracking: &str) -> Option<Status> {
        let answer = self.shipping.get(trace, &["shipments", tracking]).await.ok()?;
        match answer.body["status"].as_str()? {
            "in_transit" => Some(Status::Shipped),
            "delivered" => Some(Status::Delivered),
            _ => None,
        }
    }

    async fn refund(&self, trace: &Trace, payment: &str, amount: u64) -> Result<(), Problem> {
        let answer = self.payments.post(trace, &["payments", payment, "refunds"], &json!({"amount": amount})).await?;
        if answer.status == StatusCode::CREATED { Ok(()) } else { Err(self.payments.unexpected(&answer)) }
    }
}

fn text(answer: &Answer, field: &str) -> Option<String> {
    answer.body[field].as_str().map(str::to_owned)
}

fn detail(answer: &Answer) -> String {
    text(answer, "detail").unwrap_or_else(|| format!("status {}", answer.status.as_u16()))
}
