//! Known defects of the shop, each of which can be switched on: a measure for tests. A test suite that stays green with one of them
//! has missed it.
//!
//! They are what teams get wrong: an update that is lost, a call that is skipped, a rule that nobody checks. Nothing in them is made
//! to be found. A healthy shop has none.

use axum::extract::FromRequestParts;
use clap::ValueEnum;
use http::request::Parts;

/// A defect. Its name on the command line is its own in small letters with dashes, beginning with the service that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub enum Mutant {
    /// The list of products ignores `category`
    CatalogCategoryIgnored,
    /// The list of products ignores `limit`
    CatalogLimitIgnored,
    /// `total` counts the products of the page, not all that fit
    CatalogTotalOfPage,
    /// The list of products misses the one that was added last
    CatalogNewestNotListed,
    /// A product without a stock begins with one
    CatalogDefaultStockOne,
    /// Names of more than 80 characters are taken
    CatalogLongNameAccepted,
    /// A price of any amount is taken
    CatalogPriceUnbounded,
    /// A new price is answered but not kept
    CatalogPriceChangeLost,
    /// A new price sets the stock to zero
    CatalogPriceChangeClearsStock,
    /// Who takes more than there is gets what there is, instead of a refusal
    CatalogOversoldAccepted,
    /// What is put back into the stock is answered but not kept
    CatalogPutBackLost,
    /// A deleted product can still be read
    CatalogDeletedStays,
    /// Replacing a customer keeps the old address
    CustomersAddressNotReplaced,
    /// Replacing a customer makes it look newly registered: the same request twice has two results
    CustomersReplaceNotIdempotent,
    /// The phone number of a new customer is dropped
    CustomersPhoneDropped,
    /// The list of customers ignores `email`
    CustomersEmailFilterIgnored,
    /// Whatever is written as an e-mail address is taken
    CustomersEmailUnchecked,
    /// Fields of an address may be of any length
    CustomersAddressUnchecked,
    /// Whatever is written as a country is taken
    CustomersCountryUnchecked,
    /// Deleting a customer that nobody knows succeeds
    CustomersDeleteUnknownAccepted,
    /// Whoever is asked for, the customer that registered last is answered
    CustomersLatestRead,
    /// Taking a line out of a cart leaves its total as it was
    CartTotalNotLowered,
    /// The total of a cart counts each line once, whatever its quantity
    CartTotalIgnoresQuantity,
    /// A product that is in the cart already gets a second line
    CartSecondLine,
    /// Changing a line adds to its quantity instead of setting it
    CartChangeAdds,
    /// A product that the catalog does not know answers 404 instead of 422
    CartUnknownProductStatus,
    /// A quantity of 100 is taken
    CartHundredAccepted,
    /// More of a product than the catalog has is taken
    CartStockUnchecked,
    /// Whichever line is to go, the first one is removed
    CartWrongLineRemoved,
    /// A deleted cart can still be read
    CartDeletedStays,
    /// Carts are in dollars
    CartDollars,
    /// Placing an order takes nothing from the stock
    OrdersStockNotTaken,
    /// Where one item is short, those taken before it are not put back
    OrdersStockKeptOnShortage,
    /// The cart of another customer is taken
    OrdersForeignCartAccepted,
    /// An order becomes paid without a payment
    OrdersPaymentNotCaptured,
    /// Only the first item of an order is charged
    OrdersFirstItemCharged,
    /// An order becomes paid without a shipment
    OrdersShipmentNotMade,
    /// An order that cannot be shipped keeps its money
    OrdersMoneyKeptWithoutShipment,
    /// A declined card is told so, and the order counts as paid all the same
    OrdersDeclinedCountsAsPaid,
    /// An order that is paid can be paid again
    OrdersPaidTwice,
    /// The state of an order does not follow its shipment
    OrdersShipmentNotFollowed,
    /// Cancelling an order gives no money back
    OrdersNotRefunded,
    /// Cancelling an order puts nothing back into the stock
    OrdersStockNotPutBack,
    /// An order whose parcels have left can be cancelled
    OrdersShippedCancelled,
    /// The list of orders ignores `buyer`
    OrdersBuyerFilterIgnored,
    /// The list of orders ignores `status`
    OrdersStatusFilterIgnored,
    /// A charge answers 200 instead of 201
    PaymentsChargeStatus,
    /// A card is shown by its first digits instead of its last
    PaymentsCardEndingWrong,
    /// Whatever is written as an expiry is taken
    PaymentsExpiryUnchecked,
    /// An expired card is charged
    PaymentsExpiredAccepted,
    /// A refund is answered but not counted
    PaymentsRefundNotCounted,
    /// More than is left of a payment is given back
    PaymentsOverRefunded,
    /// A payment counts as refunded as soon as a part of it is
    PaymentsPartRefundIsFull,
    /// The list of payments ignores `reference`
    PaymentsFilterIgnored,
    /// Only the first parcel of a shipment is kept
    ShippingOneParcelKept,
    /// A shipment without parcels is taken
    ShippingNoParcelsAccepted,
    /// A shipment never arrives
    ShippingNeverArrives,
    /// A parcel of any count is taken
    ShippingCountUnchecked,
    /// A shipment for a customer that nobody knows is taken
    ShippingUnknownCustomerAccepted,
    /// A shipment that has left can be handed over again
    ShippingDispatchedTwice,
    /// A shipment that has left can be stopped
    ShippingCancelledAfterDispatch,
    /// Stopping a shipment is not noted among its events
    ShippingEventLost,
    /// The list of shipments ignores `order_ref`
    ShippingFilterIgnored,
}

impl Mutant {
    /// All of them, service by service.
    pub fn all() -> &'static [Self] {
        Self::value_variants()
    }

    /// Its name, such as `cart-dollars`.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// What is wrong, in a sentence.
    pub fn what(self) -> String {
        self.to_possible_value().and_then(|value| Some(value.get_help()?.to_string())).unwrap_or_default()
    }
}

/// The defect that a shop has, if any. A handler that could have it takes it from the request, where the shop has put it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mutation(pub(crate) Option<Mutant>);

impl Mutation {
    /// Whether the shop has this defect.
    pub(crate) fn is(self, mutant: Mutant) -> bool {
        self.0 == Some(mutant)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Mutation {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mutant_has_a_name_that_begins_with_its_service_and_says_what_is_wrong() {
        assert!(Mutant::all().len() >= 25);
        for mutant in Mutant::all() {
            let name = mutant.name();
            assert!(crate::SERVICES.iter().any(|service| name.starts_with(&format!("{service}-"))), "{name}");
            assert!(!mutant.what().is_empty(), "{name}");
        }
        for service in crate::SERVICES {
            assert!(Mutant::all().iter().any(|mutant| mutant.name().starts_with(service)), "none in {service}");
        }
    }
}
