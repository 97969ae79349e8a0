//! The files of the shop's Callboard project, for `callboard demo` on a machine without the source tree.

macro_rules! files {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("../", $path)))),*] };
}

/// Every file, with its path in the project and its content.
const FILES: &[(&str, &str)] = files![
    "callboard.toml",
    "services/catalog/openapi.yaml",
    "services/catalog/src/catalog.rs",
    "services/customers/openapi.yaml",
    "services/customers/src/customers.rs",
    "services/cart/openapi.yaml",
    "services/cart/src/cart.rs",
    "services/orders/openapi.yaml",
    "services/orders/src/checkout.rs",
    "services/orders/src/orders.rs",
    "services/payments/openapi.yaml",
    "services/payments/src/payments.rs",
    "services/shipping/openapi.yaml",
    "services/shipping/src/shipping.rs",
    "scenarios/buy.arazzo.yaml",
    "scenarios/cancel.arazzo.yaml",
    "scenarios/cart.arazzo.yaml",
    "scenarios/catalog.arazzo.yaml",
    "scenarios/customers.arazzo.yaml",
    "scenarios/payment.arazzo.yaml",
    "scenarios/refused.arazzo.yaml",
    "scenarios/shipment.arazzo.yaml",
    "scenarios/stock.arazzo.yaml",
];

/// The files of the shop's project: settings, definitions, scenarios and the code of each service, with paths relative to the
/// project's folder, `/` as the separator.
pub fn files() -> &'static [(&'static str, &'static str)] {
    FILES
}

/// The definition of a service.
pub(crate) fn definition(service: &str) -> &'static str {
    let path = format!("services/{service}/openapi.yaml");
    FILES.iter().find(|(name, _)| *name == path).expect("each service has a definition").1
}
