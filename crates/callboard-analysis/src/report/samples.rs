//! Runs that the tests of the reports share.

use std::sync::Arc;

use callboard_model::names::{RunId, TestName};
use callboard_model::run::{
    Attempt, AttemptKind, CheckKind, CheckOutcome, CheckResult, NotReady, RequestRecord, ResponseRecord, RunFinished, RunStarted,
    ScenarioResult, StepResult, Summary, Verdict,
};
use callboard_model::{Method, OperationKey, ServiceName, Span};
use indexmap::IndexMap;

use super::{ReportService, RunReport};

const START: u64 = 1_700_000_000_000;

pub(crate) fn failed_run() -> RunReport {
    let mut report = report(vec![passed("browse"), failed()]);
    report.replay = Some("callboard run --seed 42 scenarios/order.arazzo.yaml".to_owned());
    report.environment = Some("local".to_owned());
    report.services = ["cart", "orders", "payments"]
        .into_iter()
        .enumerate()
        .map(|(i, name)| ReportService {
            name: name.into(),
            server: format!("http://127.0.0.1:{}", 7001 + i),
            is_virtual: name == "payments",
        })
        .collect();
    report.finished.stale_acceptances = vec!["`hub get-user`: nothing matched the acceptance of status 404".to_owned()];
    report
}

pub(crate) fn green_run() -> RunReport {
    report(vec![passed("browse")])
}

pub(crate) fn not_ready_run() -> RunReport {
    let mut scenario = passed("browse");
    scenario.verdict = Verdict::Inconclusive;
    scenario.reason = Some("`hub` is not ready".to_owned());
    scenario.steps[0] = not_run("list");
    let mut report = report(vec![scenario]);
    report.finished.not_ready = vec![NotReady {
        service: "hub".into(),
        server: "http://127.0.0.1:1".to_owned(),
        reason: "connection refused".to_owned(),
    }];
    report
}

pub(crate) fn report(scenarios: Vec<ScenarioResult>) -> RunReport {
    let started = RunStarted {
        run: RunId::new("r1"),
        at: START,
        seed: 42,
        scenarios: scenarios.iter().map(|s| s.name.clone()).collect(),
        deselected: Vec::new(),
    };
    let mut summary = Summary::default();
    scenarios.iter().for_each(|scenario| summary.count(scenario));
    let results = scenarios.into_iter().map(Arc::new).collect();
    RunReport::new(started, RunFinished { at: START + 1_234, summary, results, ..RunFinished::default() })
}

pub(crate) fn passed(workflow: &str) -> ScenarioResult {
    let step =
        step("list", "GET", "/products", Verdict::Passed, vec![attempt("GET", "/products?q=a", None, 200, r#"[{"id":"p1"}]"#)]);
    scenario(workflow, Verdict::Passed, vec![step])
}

pub(crate) fn failed() -> ScenarioResult {
    let mut create = step(
        "create",
        "POST",
        "/orders",
        Verdict::Passed,
        vec![attempt("POST", "/orders", Some(r#"{"sku":"p1"}"#), 201, r#"{"id":"o1"}"#)],
    );
    create.checks = vec![accepted()];
    let mut pay = step(
        "pay",
        "POST",
        "/payments",
        Verdict::Failed,
        vec![attempt(
            "POST",
            "/payments",
            Some(r#"{"order":"o1","note":"it's </script><b>"}"#),
            200,
            r#"{"id":"pay1","status":"declined","lines":[{"sku":"p1","n":1}]}"#,
        )],
    );
    pay.operation = Some(OperationKey::new("payments", Method::Post, "/payments"));
    pay.checks = vec![held(), criterion(), schema(), unevaluable()];
    pay.started = START + 400;
    let mut result = scenario("placeOrder", Verdict::Failed, vec![create, pay, not_run("ship"), not_run("notify")]);
    result.summary = Some("Place an order, pay and ship it".to_owned());
    result.teardown =
        vec![step("cancel", "DELETE", "/orders/{id}", Verdict::Passed, vec![attempt("DELETE", "/orders/o1", None, 204, "")])];
    result
}

pub(crate) fn scenario(workflow: &str, verdict: Verdict, steps: Vec<StepResult>) -> ScenarioResult {
    let file = "scenarios/order.arazzo.yaml";
    ScenarioResult {
        name: TestName::new(format!("{file}#{workflow}")),
        file: file.to_owned(),
        workflow: workflow.to_owned(),
        summary: None,
        verdict,
        reason: None,
        steps,
        teardown: Vec::new(),
        outputs: IndexMap::new(),
        started: START,
        duration: 812_000,
        seed: 42,
        trace: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
    }
}

pub(crate) fn step(name: &str, method: &str, path: &str, verdict: Verdict, attempts: Vec<Attempt>) -> StepResult {
    let service = if path.starts_with("/orders") { "orders" } else { "cart" };
    StepResult {
        step: name.to_owned(),
        description: None,
        operation: Some(OperationKey::new(service, Method::parse(method), path)),
        verdict,
        reason: None,
        attempts,
        checks: vec![held()],
        outputs: IndexMap::new(),
        nested: Vec::new(),
        span: Some(Span::point("scenarios/order.arazzo.yaml", 41, 9)),
        started: START + 10,
        duration: 35_900,
    }
}

pub(crate) fn not_run(name: &str) -> StepResult {
    StepResult { checks: Vec::new(), ..step(name, "POST", "/orders/{id}/ship", Verdict::NotRun, Vec::new()) }
}

pub(crate) fn attempt(method: &str, target: &str, body: Option<&str>, status: u16, answer: &str) -> Attempt {
    let json = || ("content-type".to_owned(), "application/json".to_owned());
    Attempt {
        kind: AttemptKind::First,
        request: RequestRecord {
            method: method.to_owned(),
            url: format!("http://127.0.0.1:7001{target}"),
            headers: body.map(|_| json()).into_iter().collect(),
            body: body.map(str::to_owned),
        },
        response: Some(ResponseRecord {
            status,
            headers: vec![json()],
            body: Some(answer.to_owned()),
            size: answer.len() as u64,
        }),
        transport_error: None,
        duration: 12_400,
    }
}

fn check(kind: CheckKind, condition: &str, outcome: CheckOutcome) -> CheckResult {
    CheckResult { kind, condition: condition.to_owned(), outcome, span: Some(Span::point("scenarios/order.arazzo.yaml", 45, 13)) }
}

fn held() -> CheckResult {
    check(CheckKind::Criterion, "$statusCode == 200", CheckOutcome::Held)
}

fn criterion() -> CheckResult {
    let outcome = CheckOutcome::Failed {
        expected: "\"paid\"".to_owned(),
        actual: "\"declined\"".to_owned(),
        at: Some("/status".to_owned()),
    };
    check(CheckKind::Criterion, "$response.body#/status == 'paid'", outcome)
}

fn schema() -> CheckResult {
    let outcome = CheckOutcome::Failed {
        expected: "a property `amount`".to_owned(),
        actual: "none".to_owned(),
        at: Some("/lines/0/amount".to_owned()),
    };
    check(CheckKind::ResponseSchema, "the body fits its schema", outcome)
}

fn unevaluable() -> CheckResult {
    check(
        CheckKind::Criterion,
        "$steps.x.outputs.y == 1",
        CheckOutcome::Unevaluable { why: "step `x` has no output `y`".to_owned() },
    )
}

fn accepted() -> CheckResult {
    let outcome = CheckOutcome::Accepted {
        mismatch: "null where a string is expected".to_owned(),
        at: Some("/last_activity".to_owned()),
        reason: "known since 4.0".to_owned(),
    };
    check(CheckKind::ResponseSchema, "the body fits its schema", outcome)
}

/// Everything that the reports must keep in its place.
pub(crate) fn hostile_run() -> RunReport {
    let evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>]]>\u{1b}[31m\u{0}&amp;'\"`${x}{{ 7*7 }}";
    let mut step = step(evil, "GET", evil, Verdict::Failed, vec![attempt("GET", evil, Some(evil), 200, evil)]);
    step.checks = vec![check(
        CheckKind::Criterion,
        evil,
        CheckOutcome::Failed { expected: evil.to_owned(), actual: evil.to_owned(), at: Some(evil.to_owned()) },
    )];
    step.operation = Some(OperationKey::new(evil, Method::parse(evil), evil));
    let mut scenario = scenario(evil, Verdict::Failed, vec![step]);
    scenario.summary = Some(evil.to_owned());
    scenario.reason = Some(evil.to_owned());
    let mut report = report(vec![scenario]);
    report.replay = Some(evil.to_owned());
    report.environment = Some(evil.to_owned());
    report.services = vec![ReportService { name: ServiceName::new(evil), server: evil.to_owned(), is_virtual: false }];
    report.finished.stale_acceptances = vec![evil.to_owned()];
    report
}
