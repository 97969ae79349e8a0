//! Which services a test reaches: by its own calls, through services that those call, or, where that is not known, perhaps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use callboard_model::evidence::{EdgeSource, Observed};
use callboard_model::names::TestName;
use callboard_model::{OperationKey, ServiceName};

use super::{ImpactInput, day, names};
use crate::usage::TestUse;

/// How a test and a service meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// Known, in words that follow "the test".
    Known(String),
    /// Not known: the test reaches these services, and what they call in the end is not known.
    Perhaps(BTreeSet<ServiceName>),
}

/// What is known of calls, made for one selection.
pub(super) struct Reach<'a> {
    calls: BTreeMap<&'a ServiceName, BTreeSet<&'a ServiceName>>,
    /// Services whose calls are not all known.
    open: BTreeSet<&'a ServiceName>,
    observed: BTreeMap<&'a TestName, Vec<&'a Observed>>,
}

impl<'a> Reach<'a> {
    pub(super) fn new(input: &ImpactInput<'a>) -> Self {
        let mut calls: BTreeMap<&ServiceName, BTreeSet<&ServiceName>> = BTreeMap::new();
        for service in input.services {
            calls.entry(&service.name).or_default().extend(service.calls.iter().flatten());
        }
        let mut traced = BTreeSet::new();
        for edge in &input.evidence.edges {
            calls.entry(&edge.caller).or_default().insert(&edge.callee);
            if edge.source == EdgeSource::Trace {
                traced.insert(&edge.caller);
            }
        }
        let declared = input.services.iter().filter(|s| s.calls.is_some()).map(|s| &s.name);
        let known: BTreeSet<&ServiceName> = declared.chain(traced).collect();
        let callees = calls.values().flatten().copied();
        let open = calls.keys().copied().chain(callees).filter(|service| !known.contains(service)).collect();
        let mut observed: BTreeMap<&TestName, Vec<&Observed>> = BTreeMap::new();
        for seen in &input.evidence.observed {
            observed.entry(&seen.test).or_default().push(seen);
        }
        Self { calls, open, observed }
    }

    /// How a test meets a service; `None` when it is known not to.
    pub(super) fn contact(&self, test: &'a TestUse, service: &ServiceName) -> Option<Contact> {
        let is_of = |operation: &OperationKey| operation.service == *service;
        self.direct(test, is_of).map(Contact::Known).or_else(|| self.indirect(test, service))
    }

    /// The call of the test's own that meets a condition, in words: as the file says, or as it was seen, real before virtual.
    pub(super) fn direct(&self, test: &'a TestUse, is_it: impl Fn(&OperationKey) -> bool) -> Option<String> {
        if let Some(found) = test.operations.iter().find(|used| is_it(&used.operation)) {
            return Some(format!("calls {} (step {})", operation(&found.operation), found.step));
        }
        let seen = self.observed(test).filter(|seen| is_it(&seen.operation));
        seen.min_by_key(|seen| (seen.is_virtual, std::cmp::Reverse(seen.at))).map(sighting)
    }

    /// As [`Self::contact`], by calls of other services alone.
    pub(super) fn indirect(&self, test: &'a TestUse, service: &ServiceName) -> Option<Contact> {
        let first: BTreeSet<&ServiceName> = self.first(test).filter(|first| *first != service).collect();
        if let Some(path) = first.iter().find_map(|first| self.path(first, |at| at == service)) {
            return Some(Contact::Known(format!("reaches `{service}` through {}", chain(&path))));
        }
        let open: BTreeSet<ServiceName> =
            self.closure(first).into_iter().filter(|s| *s != service && self.open.contains(s)).cloned().collect();
        (!open.is_empty()).then_some(Contact::Perhaps(open))
    }

    /// Whether a test met the real service in an earlier run.
    pub(super) fn has_met_the_real(&self, test: &'a TestUse, service: &ServiceName) -> Option<bool> {
        let seen: Vec<bool> =
            self.observed(test).filter(|seen| seen.operation.service == *service).map(|seen| seen.is_virtual).collect();
        (!seen.is_empty()).then(|| seen.contains(&false))
    }

    /// The services that a test calls itself.
    fn first(&self, test: &'a TestUse) -> impl Iterator<Item = &'a ServiceName>
    where
        Self: 'a,
    {
        let seen = self.observed.get(&test.test).into_iter().flatten().map(|seen| &seen.operation.service);
        test.operations.iter().map(|used| &used.operation.service).chain(seen)
    }

    fn observed(&self, test: &'a TestUse) -> impl Iterator<Item = &'a Observed> {
        self.observed.get(&test.test).into_iter().flatten().copied()
    }

    /// The shortest way from a service to one that meets a condition, both included.
    fn path(&self, from: &'a ServiceName, is_there: impl Fn(&ServiceName) -> bool) -> Option<Vec<&'a ServiceName>> {
        let mut ways: VecDeque<Vec<&ServiceName>> = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(way) = ways.pop_front() {
            let at = *way.last()?;
            if is_there(at) {
                return Some(way);
            }
            let next = self.calls.get(at).into_iter().flatten().filter(|next| seen.insert(next));
            ways.extend(next.map(|next| way.iter().copied().chain([*next]).collect()));
        }
        None
    }

    /// All services that these reach, themselves included.
    fn closure(&self, from: BTreeSet<&'a ServiceName>) -> BTreeSet<&'a ServiceName> {
        let mut waiting: Vec<&ServiceName> = from.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(at) = waiting.pop() {
            if reached.insert(at) {
                waiting.extend(self.calls.get(at).into_iter().flatten().copied());
            }
        }
        reached
    }
}

/// `POST /orders` of `orders`.
pub(super) fn operation(key: &OperationKey) -> String {
    format!("`{} {}` of `{}`", key.method, key.path, key.service)
}

fn sighting(seen: &Observed) -> String {
    let answered = if seen.is_virtual { ", and a virtual service answered" } else { "" };
    format!("called {} in run {} on {}{answered}", operation(&seen.operation), seen.run, day(seen.at))
}

/// `orders`, which calls `payments`.
fn chain(path: &[&ServiceName]) -> String {
    let (first, rest) = path.split_first().expect("a path has a beginning");
    let further: String = rest.iter().map(|service| format!(", which calls `{service}`")).collect();
    format!("{}{further}", names([*first]))
}
