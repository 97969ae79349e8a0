//! The comparison of what there is with what is touched.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::api::{Operation, StatusPattern};
use callboard_model::map::{Consumer, Producer, SystemMap};
use callboard_model::{OperationKey, Service, ServiceName, System};

use super::{AnswerGap, CrossingGap, Gap, Gaps, Known, ServiceCoverage, Share};
use crate::expected::class;

pub(super) fn judge(system: &System, map: &SystemMap, known: Known<'_>) -> Gaps {
    let touched = Touched::of(known);
    let crossings = crossings(system, map, &touched);
    let mut found = Gaps { services: Vec::new(), gaps: Vec::new(), answers: Vec::new(), crossings: Vec::new() };
    for service in system.services() {
        let operations: Vec<&Operation> = service.operations.iter().filter(|operation| operation.unusable.is_none()).collect();
        let answers: Vec<Answers> = operations.iter().map(|operation| Answers::of(operation, &touched)).collect();
        let own: Vec<&Crossing> = crossings.iter().filter(|c| c.gap.to.operation.service == service.name).collect();
        found.services.push(coverage(service, &operations, &answers, &own, &touched));
        found.gaps.extend(operations.iter().filter(|o| !touched.operation(&o.key)).map(|operation| gap(operation)));
        found.answers.extend(answers.into_iter().flat_map(|answers| answers.gaps));
        found.crossings.extend(own.into_iter().filter(|c| !c.is_exercised).map(|c| c.gap.clone()));
    }
    found
}

fn coverage(
    service: &Service,
    operations: &[&Operation],
    answers: &[Answers],
    crossings: &[&Crossing],
    touched: &Touched<'_>,
) -> ServiceCoverage {
    let covered = operations.iter().filter(|operation| touched.operation(&operation.key));
    ServiceCoverage {
        service: service.name.clone(),
        operations: operations.len(),
        covered: covered.clone().count(),
        only_virtual: covered.filter(|operation| touched.only_virtually(&operation.key)).count(),
        classes: answers.iter().fold(Share::default(), |sum, answers| sum.and(answers.classes)),
        statuses: answers.iter().fold(Share::default(), |sum, answers| sum.and(answers.statuses)),
        crossings: Share { all: crossings.len(), touched: crossings.iter().filter(|c| c.is_exercised).count() },
    }
}

fn gap(operation: &Operation) -> Gap {
    Gap {
        operation: operation.key.clone(),
        id: operation.id.clone(),
        summary: operation.summary.clone(),
        is_safe: operation.key.method.is_safe(),
        is_deprecated: operation.deprecated,
    }
}

/// What the tests touch.
struct Touched<'a> {
    called: BTreeSet<&'a OperationKey>,
    real: BTreeSet<&'a OperationKey>,
    seen: BTreeSet<&'a OperationKey>,
    classes: BTreeSet<(&'a OperationKey, u8)>,
    statuses: BTreeSet<(&'a OperationKey, u16)>,
    flows: BTreeSet<(&'a Producer, &'a Consumer)>,
}

impl<'a> Touched<'a> {
    fn of(known: Known<'a>) -> Self {
        let expected = || known.tests.iter().flat_map(|test| &test.expected);
        let answered = || known.answered.iter();
        let stated = expected().filter_map(|(operation, expected)| Some((operation, expected.status?)));
        Self {
            called: known.tests.iter().flat_map(|test| &test.operations).map(|used| &used.operation).collect(),
            real: known.observed.iter().filter(|seen| !seen.is_virtual).map(|seen| &seen.operation).collect(),
            seen: known.observed.iter().map(|seen| &seen.operation).collect(),
            classes: expected()
                .map(|(operation, expected)| (operation, expected.class))
                .chain(answered().map(|a| (&a.operation, class(a.status))))
                .collect(),
            statuses: stated.chain(answered().map(|a| (&a.operation, a.status))).collect(),
            flows: known.tests.iter().flat_map(|test| &test.flows).map(|flow| (&flow.from, &flow.to)).collect(),
        }
    }

    fn operation(&self, key: &OperationKey) -> bool {
        self.called.contains(key) || self.seen.contains(key)
    }

    fn only_virtually(&self, key: &OperationKey) -> bool {
        self.seen.contains(key) && !self.real.contains(key)
    }
}

/// The documented answers of an operation.
struct Answers {
    classes: Share,
    statuses: Share,
    gaps: Vec<AnswerGap>,
}

impl Answers {
    fn of(operation: &Operation, touched: &Touched<'_>) -> Self {
        let mut answers = Self { classes: Share::default(), statuses: Share::default(), gaps: Vec::new() };
        for (class, statuses) in documented(operation) {
            let is_touched = touched.classes.contains(&(&operation.key, class));
            let missing: Vec<u16> =
                statuses.iter().copied().filter(|status| !touched.statuses.contains(&(&operation.key, *status))).collect();
            answers.classes = answers.classes.and(Share { all: 1, touched: usize::from(is_touched) });
            answers.statuses = answers.statuses.and(Share { all: statuses.len(), touched: statuses.len() - missing.len() });
            if !is_touched || !missing.is_empty() {
                let (operation, id) = (operation.key.clone(), operation.id.clone());
                answers.gaps.push(AnswerGap { operation, id, class, is_whole_class: !is_touched, statuses: missing });
            }
        }
        answers
    }
}

/// The classes from 2xx to 5xx that a definition names, each with the statuses that it names. `default` says nothing about a class.
fn documented(operation: &Operation) -> BTreeMap<u8, BTreeSet<u16>> {
    let mut found: BTreeMap<u8, BTreeSet<u16>> = BTreeMap::new();
    for response in &operation.responses {
        match response.status {
            StatusPattern::Exact(status) => drop(found.entry(class(status)).or_default().insert(status)),
            StatusPattern::Class(class) => drop(found.entry(class).or_default()),
            StatusPattern::Default => {}
        }
    }
    found.retain(|class, _| (2..=5).contains(class));
    found
}

/// A place of a request that takes a value from another service.
struct Crossing {
    gap: CrossingGap,
    is_exercised: bool,
}

fn crossings(system: &System, map: &SystemMap, touched: &Touched<'_>) -> Vec<Crossing> {
    let owner = |entity: &str| map.entities.iter().find(|e| e.name == entity).and_then(|e| e.owner.as_ref());
    let mut found: BTreeMap<(&Consumer, &ServiceName), Crossing> = BTreeMap::new();
    for link in map.links.iter().filter(|link| link.from.operation.service != link.to.operation.service) {
        let from = &link.from.operation.service;
        let new = || Crossing {
            gap: CrossingGap {
                to: link.to.clone(),
                id: system.operation(&link.to.operation).and_then(|(_, operation)| operation.id.clone()),
                from: from.clone(),
                is_from_owner: owner(&link.entity) == Some(from),
                entity: link.entity.clone(),
            },
            is_exercised: false,
        };
        let crossing = found.entry((&link.to, from)).or_insert_with(new);
        crossing.is_exercised |= touched.flows.contains(&(&link.from, &link.to));
    }
    found.into_values().collect()
}
