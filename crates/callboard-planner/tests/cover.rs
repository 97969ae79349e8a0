//! Scenarios for coverage: what is planned for the shop's definitions, and what a run does to a candidate.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use callboard_definition::{MemoryFetch, load};
use callboard_model::run::{
    Attempt, AttemptKind, CheckKind, CheckOutcome, CheckResult, RequestRecord, ResponseRecord, ScenarioResult, StepResult,
    Verdict,
};
use callboard_model::{ServiceName, System};
use callboard_planner::cover::{Blame, Candidate, CoverOptions, Goal, Next, Trial, candidates, goals};
use callboard_planner::{MapOptions, MappedSystem, ScenarioOptions};
use indexmap::IndexMap;

const SHOP: [(&str, &str); 6] = [
    ("catalog", include_str!("../../../examples/shop/services/catalog/openapi.yaml")),
    ("customers", include_str!("../../../examples/shop/services/customers/openapi.yaml")),
    ("cart", include_str!("../../../examples/shop/services/cart/openapi.yaml")),
    ("orders", include_str!("../../../examples/shop/services/orders/openapi.yaml")),
    ("payments", include_str!("../../../examples/shop/services/payments/openapi.yaml")),
    ("shipping", include_str!("../../../examples/shop/services/shipping/openapi.yaml")),
];

fn shop() -> System {
    let fetch = SHOP.iter().fold(MemoryFetch::new(), |fetch, (name, text)| fetch.with(*name, *text));
    let service = |(name, _): &(&str, &str)| load(&ServiceName::new(name), name, &fetch).value.expect("a definition");
    System::new(SHOP.iter().map(service).collect())
}

/// The shop with its candidates: planned once for all tests.
static PLANNED: LazyLock<(System, Vec<Candidate>)> = LazyLock::new(|| {
    let system = shop();
    let candidates = planned(&system);
    (system, candidates)
});

fn planned(system: &System) -> Vec<Candidate> {
    let mapped = MappedSystem::new(system, &MapOptions::default());
    candidates(&mapped, &CoverOptions { seed: 1, ..CoverOptions::default() })
}

fn titled<'c>(candidates: &'c [Candidate], title: &str) -> &'c Candidate {
    candidates.iter().find(|candidate| candidate.title == title).unwrap_or_else(|| panic!("no candidate is called `{title}`"))
}

#[test]
fn the_candidates_touch_every_operation_and_most_documented_answers() {
    let (system, candidates) = &*PLANNED;
    let mapped = MappedSystem::new(system, &MapOptions::default());
    let touched: BTreeSet<Goal> = candidates.iter().flat_map(|candidate| candidate.goals.clone()).collect();
    let all = goals(system, &mapped.map);
    let missing: Vec<&Goal> = all.difference(&touched).filter(|goal| matches!(goal, Goal::Operation(_))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_a_scenario_needs_it_makes_itself_across_services() {
    let (_, candidates) = &*PLANNED;
    let order = titled(candidates, "orders: pay an order, and what changes by it");
    let steps: Vec<&str> = order.plan.steps.iter().map(|step| step.step.as_str()).collect();
    let made = ["registerCustomer", "createCart", "createProduct", "addLine", "placeOrder", "payOrder"];
    assert_eq!(steps[..made.len()], made, "{steps:?}");
    for looked in ["getOrder", "getPayment", "getShipment"] {
        assert!(steps.contains(&looked), "nobody looks at {looked}: {steps:?}");
    }
    let removed: BTreeSet<&str> = order.plan.teardown.iter().map(|step| step.operation.service.as_str()).collect();
    assert_eq!(removed, ["cart", "catalog", "customers"].into());
}

#[test]
fn names_say_what_is_tested_and_the_same_seed_gives_the_same_candidates() {
    let (system, first) = &*PLANNED;
    let second = planned(system);
    let titles: Vec<&str> = first.iter().map(|candidate| candidate.title.as_str()).collect();
    for title in [
        "customers: a customer that was made can be read, listed, replaced and deleted",
        "customers: read a customer is refused for an unknown customer",
        "orders: place an order is refused for the cart of another customer",
        "orders: pay an order is refused for a number with 0002",
        "payments: list payments keeps to its filters",
    ] {
        assert!(titles.contains(&title), "{title} is not in {titles:#?}");
    }
    let plans = |candidates: &[Candidate]| candidates.iter().map(|candidate| candidate.plan.clone()).collect::<Vec<_>>();
    assert_eq!(plans(first), plans(&second));
}

#[test]
fn what_stops_the_system_or_belongs_to_everybody_is_never_called() {
    let text = "openapi: 3.0.3\ninfo: {title: Hub, version: '1'}\npaths:\n  /shutdown:\n    post: {operationId: stop, responses: {'202': {description: ok}}}\n  \
                /settings:\n    patch: {operationId: change, responses: {'200': {description: ok}}}\n    get: {operationId: read, responses: {'200': {description: ok}}}\n";
    let fetch = MemoryFetch::new().with("hub", text);
    let system = System::new(vec![load(&ServiceName::new("hub"), "hub", &fetch).value.expect("a definition")]);
    let called: BTreeSet<String> =
        planned(&system).iter().flat_map(|candidate| &candidate.plan.steps).map(|step| step.step.clone()).collect();
    assert_eq!(called, ["read".to_owned()].into());
}

/// A run of a trial in which one step failed.
fn failed(trial: &Trial, step: &str, status: u16, kind: CheckKind, condition: &str) -> ScenarioResult {
    let planned = trial.candidate.plan.steps.iter().find(|planned| planned.step == step).expect("a step of the candidate");
    let request = RequestRecord { method: "GET".to_owned(), url: String::new(), headers: Vec::new(), body: None };
    let response = ResponseRecord { status, headers: Vec::new(), body: Some("{}".to_owned()), size: 2 };
    let attempt = Attempt { kind: AttemptKind::First, request, response: Some(response), transport_error: None, duration: 0 };
    let outcome = CheckOutcome::Failed { expected: "a".to_owned(), actual: "b".to_owned(), at: Some("/name".to_owned()) };
    let result = StepResult {
        step: step.to_owned(),
        description: None,
        operation: Some(planned.operation.clone()),
        verdict: Verdict::Failed,
        reason: None,
        attempts: vec![attempt],
        checks: vec![CheckResult { kind, condition: condition.to_owned(), outcome, span: None }],
        outputs: IndexMap::new(),
        nested: Vec::new(),
        span: None,
        started: 0,
        duration: 0,
    };
    ScenarioResult {
        name: "t#t".into(),
        file: "t".to_owned(),
        workflow: "t".to_owned(),
        summary: None,
        verdict: Verdict::Failed,
        reason: None,
        steps: vec![result],
        teardown: Vec::new(),
        outputs: IndexMap::new(),
        started: 0,
        duration: 0,
        seed: 1,
        trace: String::new(),
    }
}

fn trial(system: &System) -> Trial {
    let (_, candidates) = &*PLANNED;
    let candidate = titled(candidates, "customers: a customer that was made can be read, listed, replaced and deleted").clone();
    let file = candidate.file(system, &ScenarioOptions::default());
    Trial::new(candidate, file)
}

#[test]
fn a_check_that_does_not_hold_is_dropped_with_a_note() {
    let (system, _) = &*PLANNED;
    let mut trial = trial(system);
    let criteria = |trial: &Trial| trial.file.workflows[0].steps[0].success_criteria.clone();
    let check = criteria(&trial)[1].condition.clone();
    let result = failed(&trial, "registerCustomer", 201, CheckKind::Criterion, &check);
    assert_eq!(trial.judge(&result, system), Next::Again);
    assert!(criteria(&trial).iter().all(|criterion| criterion.condition != check));
    assert!(
        trial.dropped[0].what.contains(&check) && trial.dropped[0].because.contains("a expected, b found"),
        "{:?}",
        trial.dropped
    );
    assert!(trial.findings.is_empty());
}

#[test]
fn a_deviation_from_the_definition_is_a_finding() {
    let (system, _) = &*PLANNED;
    let mut mismatch = trial(system);
    let result = failed(&mismatch, "registerCustomer", 201, CheckKind::ResponseSchema, "the body fits its schema");
    assert_eq!(mismatch.judge(&result, system), Next::Again);
    let found = &mismatch.findings[0];
    assert_eq!((found.blame, found.pointer.as_deref(), found.can_be_accepted()), (Blame::Definition, Some("/name"), true));
    let mut broken = trial(system);
    let status = broken.file.workflows[0].steps[0].success_criteria[0].condition.clone();
    let result = failed(&broken, "registerCustomer", 500, CheckKind::Criterion, &status);
    assert!(matches!(broken.judge(&result, system), Next::Hopeless(_)));
    assert_eq!(broken.findings[0].blame, Blame::System);
}

#[test]
fn data_that_is_not_taken_is_no_finding() {
    let (system, _) = &*PLANNED;
    let mut trial = trial(system);
    let status = trial.file.workflows[0].steps[0].success_criteria[0].condition.clone();
    let result = failed(&trial, "registerCustomer", 400, CheckKind::Criterion, &status);
    assert!(matches!(trial.judge(&result, system), Next::Hopeless(why) if why.contains("answered 400")));
    assert!(trial.findings.is_empty());
}
