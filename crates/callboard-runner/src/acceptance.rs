//! Known deviations of a real service from its definition (`[[accept]]`): they do not fail a step, but they are counted, and one that
//! no longer occurs is reported.
//!
//! An acceptance with a `status` alone accepts that this status, or its media type, is not documented. One with a `pointer` accepts a
//! mismatch at that place of the body (of that status only, where it names one). One with neither accepts nothing.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use callboard_model::run::{CheckKind, CheckOutcome};
use callboard_model::{Operation, Pointer};

/// One known deviation.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// The service.
    pub service: String,
    /// `operationId`, or method and path template such as `GET /users/{name}`; absent for all operations.
    pub operation: Option<String>,
    /// The status.
    pub status: Option<u16>,
    /// The place in the response body, as a JSON Pointer; `*` stands for any item or key.
    pub pointer: Option<String>,
    /// Why it is accepted.
    pub reason: String,
}

impl Acceptance {
    fn covers(&self, operation: &Operation) -> bool {
        let is_it = |name: &str| operation.id.as_deref() == Some(name) || is_method_and_path(name, operation);
        self.service == operation.key.service.as_str() && self.operation.as_deref().is_none_or(is_it)
    }

    fn accepts(&self, kind: CheckKind, status: u16, at: Option<&str>) -> bool {
        let right_status = self.status.is_none_or(|accepted| accepted == status);
        match (kind, &self.pointer) {
            (CheckKind::ResponseSchema, Some(pattern)) => right_status && at.is_some_and(|at| matches(pattern, at)),
            (CheckKind::DocumentedStatus | CheckKind::ContentType, None) => self.status == Some(status),
            _ => false,
        }
    }

    fn describe(&self) -> String {
        let operation = self.operation.as_deref().map_or_else(String::new, |name| format!(" of `{name}`"));
        let status = self.status.map(|status| format!("status {status}"));
        let pointer = self.pointer.as_ref().map(|pointer| format!("mismatch at `{pointer}`"));
        let what = [status, pointer].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let what = if what.is_empty() { "nothing (it has neither `status` nor `pointer`)" } else { &what };
        format!("the acceptance of {what}{operation} in `{}` (\"{}\") matched nothing in this run", self.service, self.reason)
    }
}

fn is_method_and_path(name: &str, operation: &Operation) -> bool {
    let parts = name.split_once(char::is_whitespace);
    parts.is_some_and(|(method, path)| {
        method.eq_ignore_ascii_case(operation.key.method.as_str()) && path.trim() == &*operation.key.path
    })
}

/// Whether a place is what a pattern stands for.
fn matches(pattern: &str, at: &str) -> bool {
    let (Some(pattern), Some(at)) = (Pointer::parse(pattern), Pointer::parse(at)) else {
        return pattern == at;
    };
    let (mut pattern, mut at) = (pattern.segments(), at.segments());
    loop {
        match (pattern.next(), at.next()) {
            (None, None) => return true,
            (Some(expected), Some(actual)) if expected == "*" || expected == actual => {}
            _ => return false,
        }
    }
}

/// The acceptances of a run, with what they were good for.
pub(crate) struct Acceptances {
    entries: Vec<Entry>,
}

struct Entry {
    acceptance: Acceptance,
    /// Whether its operation answered.
    exercised: AtomicBool,
    uses: AtomicUsize,
}

impl Acceptances {
    pub(crate) fn new(acceptances: Vec<Acceptance>) -> Self {
        let entry = |acceptance| Entry { acceptance, exercised: AtomicBool::new(false), uses: AtomicUsize::new(0) };
        Self { entries: acceptances.into_iter().map(entry).collect() }
    }

    /// Notes that an operation answered.
    pub(crate) fn exercised(&self, operation: &Operation) {
        for entry in &self.entries {
            if entry.acceptance.covers(operation) {
                entry.exercised.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Turns a mismatch that the project accepts into an accepted one. Anything else stays as it is.
    pub(crate) fn judge(&self, operation: &Operation, kind: CheckKind, status: u16, outcome: CheckOutcome) -> CheckOutcome {
        let CheckOutcome::Failed { expected, actual, at } = outcome else {
            return outcome;
        };
        let fits = |entry: &&Entry| entry.acceptance.covers(operation) && entry.acceptance.accepts(kind, status, at.as_deref());
        match self.entries.iter().find(fits) {
            Some(entry) => {
                entry.uses.fetch_add(1, Ordering::Relaxed);
                let mismatch = format!("expected {expected}, got {actual}");
                CheckOutcome::Accepted { mismatch, at, reason: entry.acceptance.reason.clone() }
            }
            None => CheckOutcome::Failed { expected, actual, at },
        }
    }

    /// Acceptances that matched nothing although their operation answered, as sentences.
    pub(crate) fn stale(&self) -> Vec<String> {
        let is_stale = |entry: &&Entry| entry.exercised.load(Ordering::Relaxed) && entry.uses.load(Ordering::Relaxed) == 0;
        self.entries.iter().filter(is_stale).map(|entry| entry.acceptance.describe()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_item_or_key() {
        assert!(matches("/servers/*/pending", "/servers//pending"));
        assert!(matches("/*/id", "/3/id"));
        assert!(matches("", ""));
        assert!(!matches("/*", "/a/b"));
        assert!(!matches("/a/b", "/a"));
    }

    #[test]
    fn a_status_accepts_no_mismatch_in_the_body() {
        let status = Acceptance { status: Some(404), ..Acceptance::default() };
        assert!(status.accepts(CheckKind::DocumentedStatus, 404, None));
        assert!(!status.accepts(CheckKind::DocumentedStatus, 500, None));
        assert!(!status.accepts(CheckKind::ResponseSchema, 404, Some("/id")));
        let place = Acceptance { pointer: Some("/id".to_owned()), ..Acceptance::default() };
        assert!(place.accepts(CheckKind::ResponseSchema, 200, Some("/id")));
        assert!(!place.accepts(CheckKind::ResponseSchema, 200, Some("/name")));
        assert!(!Acceptance::default().accepts(CheckKind::ResponseSchema, 200, Some("")));
    }
}
