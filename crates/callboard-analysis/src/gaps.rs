//! Operations that no test calls.

use std::collections::BTreeSet;

use callboard_model::api::Operation;
use callboard_model::evidence::Observed;
use callboard_model::{OperationKey, ServiceName, System};
use serde_json::{Value, json};

use crate::usage::TestUse;

/// What is tested, and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gaps {
    /// Counts for each service, in the order of the project.
    pub services: Vec<ServiceCoverage>,
    /// Operations without a test, in the order of the definitions.
    pub gaps: Vec<Gap>,
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

/// Compares the operations of a system with what tests call and were seen to reach.
pub fn gaps(system: &System, tests: &[TestUse], observed: &[Observed]) -> Gaps {
    let called: BTreeSet<&OperationKey> = tests.iter().flat_map(|test| &test.operations).map(|used| &used.operation).collect();
    let real: BTreeSet<&OperationKey> = observed.iter().filter(|seen| !seen.is_virtual).map(|seen| &seen.operation).collect();
    let seen: BTreeSet<&OperationKey> = observed.iter().map(|seen| &seen.operation).collect();
    let is_covered = |operation: &&Operation| called.contains(&operation.key) || seen.contains(&operation.key);
    let usable = |operation: &&Operation| operation.unusable.is_none();
    let services = system.services().iter().map(|service| {
        let covered = service.operations.iter().filter(usable).filter(is_covered);
        ServiceCoverage {
            service: service.name.clone(),
            operations: service.operations.iter().filter(usable).count(),
            covered: covered.clone().count(),
            only_virtual: covered.filter(|operation| seen.contains(&operation.key) && !real.contains(&operation.key)).count(),
        }
    });
    let missing = system.operations().map(|(_, operation)| operation).filter(usable).filter(|operation| !is_covered(operation));
    Gaps { services: services.collect(), gaps: missing.map(gap).collect() }
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

/// The gaps as one JSON value: the contract of `callboard gaps --json`.
pub fn json(gaps: &Gaps) -> Value {
    let total = |count: fn(&ServiceCoverage) -> usize| gaps.services.iter().map(count).sum::<usize>();
    let service = |s: &ServiceCoverage| json!({"service": s.service, "operations": s.operations, "covered": s.covered, "onlyVirtual": s.only_virtual});
    let gap = |gap: &Gap| {
        json!({
            "service": gap.operation.service,
            "operation": gap.id.clone().unwrap_or_else(|| format!("{} {}", gap.operation.method, gap.operation.path)),
            "operationId": gap.id,
            "method": gap.operation.method,
            "path": gap.operation.path,
            "summary": gap.summary,
            "safe": gap.is_safe,
            "deprecated": gap.is_deprecated,
        })
    };
    json!({
        "version": 1,
        "summary": {"operations": total(|s| s.operations), "covered": total(|s| s.covered), "gaps": gaps.gaps.len()},
        "services": gaps.services.iter().map(service).collect::<Vec<_>>(),
        "gaps": gaps.gaps.iter().map(gap).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usage::StaticUse;
    use callboard_definition::{MemoryFetch, load};
    use callboard_model::names::{RunId, TestName};

    const DEFINITION: &str = "\
openapi: 3.0.3
info: {title: Orders, version: '1'}
paths:
  /orders:
    get: {operationId: list, responses: {'200': {description: ok}}}
    post: {operationId: create, responses: {'201': {description: ok}}}
  /orders/{id}:
    get: {summary: One order, parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok}}}
";

    fn key(method: &str, path: &str) -> OperationKey {
        OperationKey::new("orders", callboard_model::Method::parse(method), path)
    }

    #[test]
    fn what_no_scenario_calls_and_no_run_reached_is_a_gap() {
        let fetch = MemoryFetch::new().with("o.yaml", DEFINITION);
        let service = load(&ServiceName::new("orders"), "o.yaml", &fetch).value.expect("a definition");
        let test = TestUse {
            test: TestName::new("a#b"),
            files: Vec::new(),
            fingerprint: String::new(),
            operations: vec![StaticUse { operation: key("GET", "/orders"), step: "s".to_owned() }],
            unresolved: Vec::new(),
        };
        let seen = Observed {
            test: test.test.clone(),
            operation: key("POST", "/orders"),
            is_virtual: true,
            run: RunId::new("r"),
            at: 0,
        };
        let found = gaps(&System::new(vec![service]), &[test], &[seen]);
        assert_eq!(found.services[0], ServiceCoverage { service: "orders".into(), operations: 3, covered: 2, only_virtual: 1 });
        let value = json(&found);
        assert_eq!(value["summary"], json!({"operations": 3, "covered": 2, "gaps": 1}));
        assert_eq!(value["gaps"][0]["operation"], "GET /orders/{id}");
    }
}
