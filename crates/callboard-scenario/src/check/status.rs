//! Statuses in conditions: which ones a step expects.

use callboard_model::{Operation, Pointer};
use serde_json::Value;

use super::{Checker, Place};
use crate::ast::Step;
use crate::codes;
use crate::condition::{Condition, Operator};
use crate::criterion::{Criterion, Test};
use crate::expression::Reference;

/// The statuses that a criterion compares `$statusCode` with, and how, seen from `$statusCode`.
pub fn compared(criterion: &Criterion) -> Vec<(Operator, u64)> {
    let Test::Simple(condition) = &criterion.test else {
        return Vec::new();
    };
    let is_status = |c: &Condition| matches!(c, Condition::Reference(e) if *e.reference() == Reference::StatusCode);
    let number = |c: &Condition| match c {
        Condition::Literal(Value::Number(number)) => number.as_u64(),
        Condition::Literal(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    let one = |(operator, left, right): (Operator, &Condition, &Condition)| {
        if is_status(left) {
            Some((operator, number(right)?))
        } else if is_status(right) {
            Some((operator.mirrored(), number(left)?))
        } else {
            None
        }
    };
    condition.comparisons().into_iter().filter_map(one).collect()
}

/// The statuses that the success criteria name with `==`.
pub fn expected(step: &Step) -> Vec<u16> {
    let equal = step.success_criteria.iter().flat_map(compared).filter(|(operator, _)| *operator == Operator::Equal);
    equal.filter_map(|(_, status)| u16::try_from(status).ok()).collect()
}

/// Whether the success criteria ask for a refusal: they compare the status with 400 or more, and with nothing less.
pub fn expects_refusal(step: &Step) -> bool {
    let mut refused = step.success_criteria.iter().flat_map(compared).map(|(operator, status)| match operator {
        Operator::Equal | Operator::GreaterOrEqual => status >= 400,
        Operator::Greater => status >= 399,
        // An upper bound says nothing by itself.
        Operator::Less | Operator::LessOrEqual => true,
        Operator::NotEqual => false,
    });
    let mut compares = step.success_criteria.iter().flat_map(compared);
    compares.any(|(operator, _)| !matches!(operator, Operator::Less | Operator::LessOrEqual)) && refused.all(|it| it)
}

impl<'c> Checker<'c> {
    pub(super) fn statuses(&mut self, place: Place<'c>, operation: &Operation) {
        let step = place.step;
        let own = step.success_criteria.iter().chain(step.until.iter().flat_map(|until| &until.criteria));
        let actions = step.on_success.iter().chain(&step.on_failure).flat_map(|action| &action.criteria);
        for criterion in own.chain(actions) {
            let at = criterion.pointer.join("condition");
            for (operator, status) in compared(criterion) {
                self.status(operation, operator, status, &at);
            }
        }
    }

    fn status(&mut self, operation: &Operation, operator: Operator, status: u64, at: &Pointer) {
        if operator != Operator::Equal {
            return;
        }
        let known = u16::try_from(status).ok().filter(|status| (100..=599).contains(status));
        let Some(status) = known else {
            let message = format!("no answer has the status {status}");
            self.error(codes::IMPOSSIBLE_STATUS, at, message, Some("a status is a number from 100 to 599".to_owned()));
            return;
        };
        let is_known = operation.response(status).is_some() || operation.responses.is_empty();
        if !is_known && !(self.around.accepts)(operation, status) {
            let documented: Vec<_> = operation.responses.iter().map(|response| response.status.to_string()).collect();
            let message = format!("the definition of `{}` does not name the status {status}", operation.label());
            self.warning(codes::UNDOCUMENTED_STATUS, at, message, Some(format!("it names {}", documented.join(", "))));
        }
    }
}
