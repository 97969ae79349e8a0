//! The demo system: a small shop of six services that ask each other over real HTTP.
//!
//! Each service has its own folder under `services/`, with its code and its definition, and its own names for what they share: the
//! customer is `id` in customers, `custId` in cart, `buyer` in orders and `client` in shipping. State lives in memory. Nothing here
//! knows Callboard: it is the system under test.
//!
//! ```no_run
//! # async fn example() -> Result<(), callboard_shop::BindError> {
//! let shop = callboard_shop::Shop::bind(callboard_shop::ShopOptions::default()).await?;
//! println!("{}", shop.addresses()["orders"]);
//! shop.run(tokio_util::sync::CancellationToken::new()).await;
//! # Ok(())
//! # }
//! ```

mod files;
mod mutants;
mod neighbour;
mod problem;
mod request;
mod shop;

#[path = "../services/cart/src/cart.rs"]
mod cart;
#[path = "../services/catalog/src/catalog.rs"]
mod catalog;
#[path = "../services/customers/src/customers.rs"]
mod customers;
#[path = "../services/orders/src/orders.rs"]
mod orders;
#[path = "../services/payments/src/payments.rs"]
mod payments;
#[path = "../services/shipping/src/shipping.rs"]
mod shipping;

pub use files::files;
pub use mutants::Mutant;
pub use shop::{BASE_PORT, BindError, SERVICES, Shop, ShopOptions};
