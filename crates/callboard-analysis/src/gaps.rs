//! What no test touches: operations, documented answers of them, and values that cross from one service to another.
//!
//! An answer counts by its class for each operation (2xx, 3xx, 4xx, 5xx) and, beside that, by the status itself. It is touched when a
//! step asks for it, or when one got it in a run and passed. A crossing is a place of a request that, as the map says, takes a value
//! from another service: which of that service's operations yields it makes no difference. It is exercised when a test passes a value
//! along one of its links.

mod json;
mod judge;
#[cfg(test)]
mod tests;

use callboard_model::evidence::{Answered, Observed};
use callboard_model::map::{Consumer, SystemMap};
use callboard_model::{OperationKey, ServiceName, System};

use crate::usage::TestUse;

pub use json::json;

/// What is known of the tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// What they call, as their files say.
    pub tests: &'a [TestUse],
    /// What they were seen to reach.
    pub observed: &'a [Observed],
    /// The answers that they got.
    pub answered: &'a [Answered],
}

/// What is tested, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaps {
    /// Counts for each service, in the order of the project.
    pub services: Vec<ServiceCoverage>,
    /// Operations without a test, in the order of the definitions.
    pub gaps: Vec<Gap>,
    /// Documented answers that nothing asked for, in the order of the definitions; those of untested operations too.
    pub answers: Vec<AnswerGap>,
    /// Crossings that no test exercises, by the operation that takes the value.
    pub crossings: Vec<CrossingGap>,
}

impl Gaps {
    /// Counts over all services.
    pub fn total(&self) -> Totals {
        self.services.iter().fold(Totals::default(), |sum, service| Totals {
            operations: sum.operations.and(Share { all: service.operations, touched: service.covered }),
            classes: sum.classes.and(service.classes),
            statuses: sum.statuses.and(service.statuses),
            crossings: sum.crossings.and(service.crossings),
        })
    }
}

/// How many of some things are touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many there are.
    pub all: usize,
    /// How many of them are touched.
    pub touched: usize,
}

impl Share {
    fn and(self, other: Self) -> Self {
        Self { all: self.all + other.all, touched: self.touched + other.touched }
    }
}

/// Counts of all kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Operations that can be used.
    pub operations: Share,
    /// Classes of documented answers, for each operation.
    pub classes: Share,
    /// Documented statuses, for each operation.
    pub statuses: Share,
    /// Places of requests that take a value from another service.
    pub crossings: Share,
}

/// How much of a service is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceCoverage {
    /// The service.
    pub service: ServiceName,
    /// Its operations, those aside that cannot be used.
    pub operations: usize,
    /// Operations that a scenario calls, or that a test was seen to reach.
    pub covered: usize,
    /// Of those, operations that only ever a virtual service answered.
    pub only_virtual: usize,
    /// Classes of documented answers of its operations.
    pub classes: Share,
    /// Documented statuses of its operations.
    pub statuses: Share,
    /// Places of its requests that take a value from another service.
    pub crossings: Share,
}

/// An operation that no scenario calls and no test was seen to reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The operation.
    pub operation: OperationKey,
    /// `operationId`.
    pub id: Option<String>,
    /// `summary`.
    pub summary: Option<String>,
    /// Whether it promises to change nothing (RFC 9110 section 9.2.1).
    pub is_safe: bool,
    /// Whether it is marked as deprecated.
    pub is_deprecated: bool,
}

/// A class of documented answers that no test touches in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerGap {
    /// The operation.
    pub operation: OperationKey,
    /// `operationId`.
    pub id: Option<String>,
    /// The first digit of its statuses.
    pub class: u8,
    /// Whether no status of the class is touched; otherwise only some are missing.
    pub is_whole_class: bool,
    /// The documented statuses that are missing; empty where the definition names the class as a whole (`4XX`).
    pub statuses: Vec<u16>,
}

/// A place of a request that takes a value from another service, where no test passes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossingGap {
    /// Where the value goes.
    pub to: Consumer,
    /// `operationId` of that operation.
    pub id: Option<String>,
    /// The service that it comes from.
    pub from: ServiceName,
    /// Whether that service owns the entity; others only hand it on.
    pub is_from_owner: bool,
    /// The entity whose identity it is.
    pub entity: String,
}

/// Compares a system and its map with what is known of the tests.
pub fn gaps(system: &System, map: &SystemMap, known: Known<'_>) -> Gaps {
    judge::judge(system, map, known)
}
