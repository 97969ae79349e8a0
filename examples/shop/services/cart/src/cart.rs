//! cart: what a customer means to buy. Prices come from catalog.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::mutants::{Mutant, Mutation};
use crate::neighbour::Neighbour;
use crate::problem::Problem;
use crate::request::{Body, Segments, Trace};

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Cart {
    cart_id: u64,
    cust_id: Uuid,
    lines: Vec<Line>,
    total: u64,
    currency: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    product_code: String,
    title: String,
    quantity: u32,
    unit_price: u64,
}

/// What catalog tells of a product.
#[derive(Debug, Deserialize)]
struct Product {
    sku: String,
    name: String,
    price: Price,
    stock: u32,
}

#[derive(Debug, Deserialize)]
struct Price {
    amount: u64,
}

#[derive(Clone)]
struct Carts {
    carts: Arc<Mutex<BTreeMap<u64, Cart>>>,
    /// The number of the latest cart; numbers are never used again.
    latest: Arc<AtomicU64>,
    catalog: Neighbour,
}

pub(crate) fn router(catalog: Neighbour) -> Router {
    Router::new()
        .route("/carts", post(create))
        .route("/carts/{cartId}", get(read).delete(remove))
        .route("/carts/{cartId}/lines", post(add_line))
        .route("/carts/{cartId}/lines/{productCode}", put(change_line).delete(remove_line))
        .with_state(Carts { carts: Arc::default(), latest: Arc::default(), catalog })
}

impl Cart {
    fn line(&mut self, code: &str) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.product_code == code)
    }

    fn add_up(&mut self, mutation: Mutation) {
        let ignores_quantity = mutation.is(Mutant::CartTotalIgnoresQuantity);
        let quantity = |line: &Line| if ignores_quantity { 1 } else { u64::from(line.quantity) };
        self.total = self.lines.iter().map(|line| quantity(line) * line.unit_price).sum();
    }
}

impl Carts {
    /// The product, when catalog knows it and has so many of it.
    async fn product(&self, trace: &Trace, code: &str, quantity: u32, mutation: Mutation) -> Result<Product, Problem> {
        let answer = self.catalog.get(trace, &["products", code]).await?;
        if answer.status == StatusCode::NOT_FOUND {
            let detail = format!("no product {code}");
            let is_wrong = mutation.is(Mutant::CartUnknownProductStatus);
            return Err(if is_wrong { Problem::not_found(detail) } else { Problem::refused(detail) });
        }
        if answer.status != StatusCode::OK {
            return Err(self.catalog.unexpected(&answer));
        }
        let unreadable = |error| Problem::bad_gateway(format!("catalog's product {code}: {error}"));
        let product: Product = serde_json::from_value(answer.body).map_err(unreadable)?;
        if product.stock < quantity && !mutation.is(Mutant::CartStockUnchecked) {
            return Err(Problem::conflict(format!("{code}: {} left, {quantity} wanted", product.stock)));
        }
        Ok(product)
    }

    async fn change(
        &self,
        id: u64,
        mutation: Mutation,
        change: impl FnOnce(&mut Cart) -> Result<(), Problem>,
    ) -> Result<Cart, Problem> {
        let mut carts = self.carts.lock().await;
        let cart = carts.get_mut(&id).ok_or_else(|| unknown(id))?;
        let lines = cart.lines.len();
        change(cart)?;
        if cart.lines.len() >= lines || !mutation.is(Mutant::CartTotalNotLowered) {
            cart.add_up(mutation);
        }
        Ok(cart.clone())
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewCart {
    cust_id: Uuid,
}

async fn create(State(state): State<Carts>, mutation: Mutation, Body(new): Body<NewCart>) -> Response {
    let cart_id = 1 + state.latest.fetch_add(1, Ordering::Relaxed);
    let currency = if mutation.is(Mutant::CartDollars) { "USD" } else { "EUR" };
    let cart = Cart { cart_id, cust_id: new.cust_id, lines: Vec::new(), total: 0, currency };
    state.carts.lock().await.insert(cart_id, cart.clone());
    (StatusCode::CREATED, [(header::LOCATION, format!("/carts/{cart_id}"))], Json(cart)).into_response()
}

async fn read(State(state): State<Carts>, Segments(id): Segments<u64>) -> Result<Json<Cart>, Problem> {
    state.carts.lock().await.get(&id).cloned().map(Json).ok_or_else(|| unknown(id))
}

async fn remove(State(state): State<Carts>, mutation: Mutation, Segments(id): Segments<u64>) -> Result<StatusCode, Problem> {
    if mutation.is(Mutant::CartDeletedStays) && state.carts.lock().await.contains_key(&id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    state.carts.lock().await.remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or_else(|| unknown(id))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewLine {
    product_code: String,
    quantity: u32,
}

async fn add_line(
    State(state): State<Carts>,
    trace: Trace,
    mutation: Mutation,
    Segments(id): Segments<u64>,
    Body(NewLine { product_code, quantity }): Body<NewLine>,
) -> Result<Response, Problem> {
    check(quantity, mutation)?;
    state.change(id, mutation, |_| Ok(())).await?;
    let product = state.product(&trace, &product_code, quantity, mutation).await?;
    let added = state.change(id, mutation, |cart| add(cart, product, quantity, mutation)).await?;
    Ok((StatusCode::CREATED, Json(added)).into_response())
}

/// A product that is in the cart already has one line still.
fn add(cart: &mut Cart, product: Product, quantity: u32, mutation: Mutation) -> Result<(), Problem> {
    if let Some(line) = cart.line(&product.sku).filter(|_| !mutation.is(Mutant::CartSecondLine)) {
        check(line.quantity + quantity, mutation)?;
        line.quantity += quantity;
        return Ok(());
    }
    cart.lines.push(Line { product_code: product.sku, title: product.name, quantity, unit_price: product.price.amount });
    Ok(())
}

#[derive(Debug, Deserialize)]
struct LineChange {
    quantity: u32,
}

async fn change_line(
    State(state): State<Carts>,
    trace: Trace,
    mutation: Mutation,
    Segments((id, code)): Segments<(u64, String)>,
    Body(LineChange { quantity }): Body<LineChange>,
) -> Result<Json<Cart>, Problem> {
    check(quantity, mutation)?;
    state.change(id, mutation, |cart| cart.line(&code).map(|_| ()).ok_or_else(|| no_line(&code))).await?;
    let product = state.product(&trace, &code, quantity, mutation).await?;
    let adds = mutation.is(Mutant::CartChangeAdds);
    let set = |line: &mut Line| {
        let before = if adds { line.quantity } else { 0 };
        (line.quantity, line.unit_price) = (before + quantity, product.price.amount);
    };
    state.change(id, mutation, |cart| cart.line(&code).map(set).ok_or_else(|| no_line(&code))).await.map(Json)
}

async fn remove_line(
    State(state): State<Carts>,
    mutation: Mutation,
    Segments((id, code)): Segments<(u64, String)>,
) -> Result<StatusCode, Problem> {
    let take_out = |cart: &mut Cart| {
        let index = cart.lines.iter().position(|line| line.product_code == code).ok_or_else(|| no_line(&code))?;
        cart.lines.remove(if mutation.is(Mutant::CartWrongLineRemoved) { 0 } else { index });
        Ok(())
    };
    state.change(id, mutation, take_out).await.map(|_| StatusCode::NO_CONTENT)
}

fn check(quantity: u32, mutation: Mutation) -> Result<(), Problem> {
    let most = if mutation.is(Mutant::CartHundredAccepted) { 100 } else { 99 };
    let fits = (1..=most).contains(&quantity);
    fits.then_some(()).ok_or_else(|| Problem::bad_request("quantity: expected 1 to 99"))
}

fn unknown(id: u64) -> Problem {
    Problem::not_found(format!("no cart {id}"))
}

fn no_line(code: &str) -> Problem {
    Problem::not_found(format!("no line for {code}"))
}
