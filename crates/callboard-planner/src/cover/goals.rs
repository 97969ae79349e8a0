//! What can be touched: operations, the statuses that they document, and the links between services.

use std::collections::BTreeSet;

use callboard_model::map::{Consumer, Link, Output, SystemMap};
use callboard_model::plan::{BindingSource, Expectation, Plan};
use callboard_model::{Operation, OperationKey, ServiceName, StatusPattern, System};

/// Weaker links are guesses: nobody has to test them.
const SURE: f64 = 0.6;

/// Something that a scenario can touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Goal {
    /// An operation is called.
    Operation(OperationKey),
    /// An operation answers with a status that it documents.
    Status(OperationKey, StatusPattern),
    /// An input of an operation gets its value from another service.
    Link(ServiceName, Consumer),
}

impl Goal {
    /// The operation that it is about.
    pub fn operation(&self) -> &OperationKey {
        match self {
            Self::Operation(key) | Self::Status(key, _) => key,
            Self::Link(_, consumer) => &consumer.operation,
        }
    }
}

/// Everything that there is to touch.
pub fn goals(system: &System, map: &SystemMap) -> BTreeSet<Goal> {
    let mut all = BTreeSet::new();
    for (_, operation) in system.operations().filter(|(_, operation)| operation.unusable.is_none()) {
        all.insert(Goal::Operation(operation.key.clone()));
        let documented = operation.responses.iter().map(|response| response.status);
        all.extend(documented.map(|status| Goal::Status(operation.key.clone(), status)));
    }
    all.extend(map.links.iter().filter(|link| link.score >= SURE).filter_map(|link| crossing(link, system)));
    all
}

fn crossing(link: &Link, system: &System) -> Option<Goal> {
    let (from, to) = (&link.from.operation.service, &link.to.operation.service);
    let is_usable = |key: &OperationKey| system.operation(key).is_some_and(|(_, operation)| operation.unusable.is_none());
    (from != to && is_usable(&link.to.operation)).then(|| Goal::Link(from.clone(), link.to.clone()))
}

/// What a plan touches when all of its expectations hold.
pub(crate) fn touched(plan: &Plan, system: &System) -> BTreeSet<Goal> {
    let mut touched = BTreeSet::new();
    for step in plan.steps.iter().chain(&plan.teardown) {
        let Some((_, operation)) = system.operation(&step.operation) else { continue };
        touched.insert(Goal::Operation(operation.key.clone()));
        touched.extend(status_of(operation, &step.expect).map(|status| Goal::Status(operation.key.clone(), status)));
    }
    for step in &plan.steps {
        for binding in &step.bindings {
            let BindingSource::Step { step: from, output: Output::Body(_) | Output::Header(_) } = &binding.source else {
                continue;
            };
            let Some(from) = plan.steps.get(*from).map(|step| &step.operation.service) else { continue };
            if *from != step.operation.service {
                let input = crate::cover::draft::generic_input(&binding.input);
                touched.insert(Goal::Link(from.clone(), Consumer { operation: step.operation.clone(), input }));
            }
        }
    }
    touched
}

/// The documented status that an expectation means, when it means one.
pub(crate) fn status_of(operation: &Operation, expect: &Expectation) -> Option<StatusPattern> {
    match expect {
        Expectation::Success => operation.success_response().map(|response| response.status),
        Expectation::Status(patterns) => match patterns.as_slice() {
            [StatusPattern::Exact(status)] => operation.response(*status).map(|response| response.status),
            [pattern] => Some(*pattern),
            _ => None,
        },
    }
}
