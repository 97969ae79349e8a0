//! Which answer a step asks for, as its criteria say.

use std::borrow::Cow;
use std::collections::BTreeSet;

use callboard_model::Operation;
use callboard_model::api::StatusPattern;
use callboard_scenario::ast::Step;
use callboard_scenario::criterion::{Criterion, Outcome};
use callboard_scenario::expression::{Context, Reference, Unavailable};
use serde_json::{Value, json};

/// The answer that a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Expected {
    /// The first digit of its status.
    pub class: u8,
    /// The status, where only one will do.
    pub status: Option<u16>,
}

/// The class of a status, its first digit.
pub fn class(status: u16) -> u8 {
    u8::try_from(status / 100).unwrap_or(0)
}

/// The answer that a step asks for; `None` where answers of several classes will do. Without a criterion on the status it asks for
/// success.
pub(crate) fn of_step(step: &Step, operation: &Operation) -> Option<Expected> {
    let on_status: Vec<&Criterion> = step.success_criteria.iter().filter(|criterion| names_status(criterion)).collect();
    let fitting: BTreeSet<u16> = match on_status.is_empty() {
        true => (200..300).collect(),
        false => (100..600).filter(|status| on_status.iter().all(|criterion| may_hold(criterion, *status))).collect(),
    };
    let documented: BTreeSet<u16> = documented_statuses(operation).filter(|status| fitting.contains(status)).collect();
    let classes: BTreeSet<u8> = fitting.iter().copied().map(class).collect();
    let named: BTreeSet<u8> = documented.iter().copied().map(class).collect();
    let class = only(&classes).or_else(|| only(&named))?;
    Some(Expected { class, status: only(&fitting).or_else(|| only(&documented)) })
}

/// The statuses that a definition names one by one.
pub(crate) fn documented_statuses(operation: &Operation) -> impl Iterator<Item = u16> + '_ {
    operation.responses.iter().filter_map(|response| match response.status {
        StatusPattern::Exact(status) => Some(status),
        StatusPattern::Class(_) | StatusPattern::Default => None,
    })
}

fn only<T: Copy + Ord>(set: &BTreeSet<T>) -> Option<T> {
    set.first().copied().filter(|_| set.len() == 1)
}

fn names_status(criterion: &Criterion) -> bool {
    criterion.expressions().iter().any(|(_, _, expression)| *expression.reference() == Reference::StatusCode)
}

/// Whether a criterion does not rule a status out. What else it asks for is not known here.
fn may_hold(criterion: &Criterion, status: u16) -> bool {
    !matches!(criterion.evaluate(&OnlyStatus(json!(status))), Outcome::Fails { .. })
}

/// A world of which nothing but the status is known.
struct OnlyStatus(Value);

impl Context for OnlyStatus {
    fn value(&self, reference: &Reference) -> Result<Option<Cow<'_, Value>>, Unavailable> {
        match reference {
            Reference::StatusCode => Ok(Some(Cow::Borrowed(&self.0))),
            _ => Err(Unavailable::new("a value", "nothing was asked yet")),
        }
    }
}
