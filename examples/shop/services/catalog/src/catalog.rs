//! catalog: the products, their prices and their stock.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::mutants::{Mutant, Mutation};
use crate::problem::Problem;
use crate::request::{Body, Params, Segments};

#[derive(Clone, Debug, Serialize)]
struct Product {
    sku: String,
    name: String,
    description: String,
    category: Category,
    price: Money,
    stock: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Category {
    Teaware,
    Tea,
    Coffee,
    Books,
}

impl Category {
    /// What the codes of its products begin with.
    fn letters(self) -> &'static str {
        match self {
            Self::Teaware | Self::Tea => "TEA",
            Self::Coffee => "COF",
            Self::Books => "BOO",
        }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Money {
    amount: u32,
    currency: Currency,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Currency {
    #[serde(rename = "EUR")]
    Euro,
}

type Products = Arc<Mutex<Stock>>;

/// The products by their codes.
#[derive(Debug)]
struct Stock {
    products: BTreeMap<String, Product>,
    /// The number of the latest code; numbers are never used again.
    latest: u32,
}

/// The largest price, in cents, and the largest stock.
const LARGEST: u32 = 1_000_000;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/products", get(list).post(create))
        .route("/products/{sku}", get(read).patch(update).delete(remove))
        .route("/products/{sku}/stock-changes", post(change_stock))
        .with_state(Arc::new(Mutex::new(Stock { products: first_products(), latest: 5 })))
}

fn first_products() -> BTreeMap<String, Product> {
    let rows = [
        ("TEA-0001", "Teapot", "A round teapot of white porcelain.", Category::Teaware, 2450, 40),
        ("TEA-0002", "Tea cup", "A cup with a saucer.", Category::Teaware, 890, 120),
        ("TEA-0003", "Darjeeling", "First flush, 100 g.", Category::Tea, 1190, 60),
        ("COF-0004", "Coffee mill", "A mill with a crank.", Category::Coffee, 5900, 8),
        ("BOO-0005", "The book of tea", "An essay, in cloth.", Category::Books, 1600, 25),
    ];
    let product = |(sku, name, description, category, amount, stock): (&str, &str, &str, _, _, _)| Product {
        sku: sku.to_owned(),
        name: name.to_owned(),
        description: description.to_owned(),
        category,
        price: Money { amount, currency: Currency::Euro },
        stock,
    };
    rows.into_iter().map(product).map(|product| (product.sku.clone(), product)).collect()
}

#[derive(Debug, Deserialize)]
struct Filter {
    category: Option<Category>,
    q: Option<String>,
    limit: Option<usize>,
}

async fn list(State(products): State<Products>, mutation: Mutation, Params(filter): Params<Filter>) -> Result<Response, Problem> {
    let limit = filter.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::bad_request("limit: expected 1 to 100"));
    }
    let limit = if mutation.is(Mutant::CatalogLimitIgnored) { usize::MAX } else { limit };
    let category = filter.category.filter(|_| !mutation.is(Mutant::CatalogCategoryIgnored));
    let words = filter.q.unwrap_or_default().to_lowercase();
    let products = &products.lock().await.products;
    let fits = |product: &&Product| {
        category.is_none_or(|category| category == product.category) && product.name.to_lowercase().contains(&words)
    };
    let mut found: Vec<&Product> = products.values().filter(fits).collect();
    if mutation.is(Mutant::CatalogNewestNotListed) {
        let newest = found.iter().map(|product| number(&product.sku)).max();
        found.retain(|product| Some(number(&product.sku)) != newest);
    }
    let page = &found[..found.len().min(limit)];
    let total = if mutation.is(Mutant::CatalogTotalOfPage) { page.len() } else { found.len() };
    Ok(Json(serde_json::json!({"items": page, "total": total})).into_response())
}

#[derive(Debug, Deserialize)]
struct NewProduct {
    name: String,
    #[serde(default)]
    description: String,
    category: Category,
    price: Money,
    stock: Option<u32>,
}

async fn create(State(products): State<Products>, mutation: Mutation, Body(new): Body<NewProduct>) -> Result<Response, Problem> {
    let longest = if mutation.is(Mutant::CatalogLongNameAccepted) { usize::MAX } else { 80 };
    if new.name.is_empty() || new.name.chars().count() > longest {
        return Err(Problem::bad_request("name: expected 1 to 80 characters"));
    }
    let NewProduct { name, description, category, price, stock } = new;
    let stock = stock.unwrap_or(u32::from(mutation.is(Mutant::CatalogDefaultStockOne)));
    if !mutation.is(Mutant::CatalogPriceUnbounded) {
        check(price.amount, stock)?;
    }
    let mut products = products.lock().await;
    products.latest += 1;
    let sku = format!("{}-{:04}", category.letters(), products.latest);
    let product = Product { sku: sku.clone(), name, description, category, price, stock };
    products.products.insert(sku.clone(), product.clone());
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/products/{sku}"))], Json(product)).into_response())
}

/// The number in a code.
fn number(sku: &str) -> u32 {
    sku.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn check(amount: u32, stock: u32) -> Result<(), Problem> {
    let fits = amount <= LARGEST && stock <= LARGEST;
    fits.then_some(()).ok_or_else(|| Problem::bad_request(format!("price.amount, stock: expected at most {LARGEST}")))
}

async fn read(State(products): State<Products>, Segments(sku): Segments<String>) -> Result<Json<Product>, Problem> {
    products.lock().await.products.get(&sku).cloned().map(Json).ok_or_else(|| unknown(&sku))
}

#[derive(Debug, Deserialize)]
struct ProductChange {
    price: Option<Money>,
    stock: Option<u32>,
}

async fn update(
    State(products): State<Products>,
    mutation: Mutation,
    Segments(sku): Segments<String>,
    Body(change): Body<ProductChange>,
) -> Result<Json<Product>, Problem> {
    let mut products = products.lock().await;
    let product = products.products.get_mut(&sku).ok_or_else(|| unknown(&sku))?;
    let (price, stock) = (change.price.unwrap_or(product.price), change.stock.unwrap_or(product.stock));
    check(price.amount, stock)?;
    let clears = mutation.is(Mutant::CatalogPriceChangeClearsStock) && change.stock.is_none();
    let changed = Product { price, stock: if clears { 0 } else { stock }, ..product.clone() };
    product.stock = changed.stock;
    if !mutation.is(Mutant::CatalogPriceChangeLost) {
        product.price = price;
    }
    Ok(Json(changed))
}

async fn remove(
    State(products): State<Products>,
    mutation: Mutation,
    Segments(sku): Segments<String>,
) -> Result<StatusCode, Problem> {
    if mutation.is(Mutant::CatalogDeletedStays) && products.lock().await.products.contains_key(&sku) {
        return Ok(StatusCode::NO_CONTENT);
    }
    products.lock().await.products.remove(&sku).map(|_| StatusCode::NO_CONTENT).ok_or_else(|| unknown(&sku))
}

#[derive(Debug, Deserialize)]
struct StockChange {
    change: i32,
}

async fn change_stock(
    State(products): State<Products>,
    mutation: Mutation,
    Segments(sku): Segments<String>,
    Body(StockChange { change }): Body<StockChange>,
) -> Result<Json<Product>, Problem> {
    let mut products = products.lock().await;
    let product = products.products.get_mut(&sku).ok_or_else(|| unknown(&sku))?;
    let short = || Problem::conflict(format!("{sku}: {} left, {} wanted", product.stock, change.unsigned_abs()));
    let enough = product.stock.checked_add_signed(change);
    let stock = enough.or(mutation.is(Mutant::CatalogOversoldAccepted).then_some(0)).ok_or_else(short)?;
    check(product.price.amount, stock)?;
    let changed = Product { stock, ..product.clone() };
    if change < 0 || !mutation.is(Mutant::CatalogPutBackLost) {
        product.stock = stock;
    }
    Ok(Json(changed))
}

fn unknown(sku: &str) -> Problem {
    Problem::not_found(format!("no product {sku}"))
}
