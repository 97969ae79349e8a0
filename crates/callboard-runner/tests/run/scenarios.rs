//! Whole scenarios over real sockets: values flow from step to step, and each kind of failure has its verdict.

use std::time::Duration;

use crate::world::{execute, execute_with_events, failures, only, options, run_against, verdicts, well_behaved};
use callboard_model::run::{CheckKind, CheckOutcome, RunEvent, Verdict};
use callboard_runner::Target;
use callboard_testkit::{Reply, TestServer, refusing_address};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const CHAIN: &str = "
- workflowId: buy
  inputs: {type: object, properties: {name: {type: string, default: Ada}}}
  steps:
  - stepId: customer
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {payload: {name: $inputs.name}}
    successCriteria: [{condition: $statusCode == 201}, {condition: $response.body#/name == $inputs.name}]
    outputs: {id: $response.body#/id, place: $response.header.Location}
  - stepId: order
    operationId: $sourceDescriptions.orders.createOrder
    parameters: [{name: customerId, in: path, value: $steps.customer.outputs.id}]
    requestBody: {payload: {sku: A1}}
    outputs: {id: $response.body#/orderId}
  - stepId: read
    operationPath: '{$sourceDescriptions.orders.url}#/paths/~1orders~1{orderId}/get'
    parameters: [{name: orderId, in: path, value: $steps.order.outputs.id}]
    outputs: {total: $response.body#/total, id: $response.body#/orderId}
  - stepId: pay
    operationId: $sourceDescriptions.payments.pay
    requestBody: {payload: {orderId: $steps.read.outputs.id, amount: $steps.read.outputs.total}}
    outputs: {id: $response.body#/paymentId}
  - stepId: settled
    operationId: $sourceDescriptions.payments.getPayment
    parameters: [{name: id, in: path, value: $steps.pay.outputs.id}]
    successCriteria: [{condition: \"$response.body#/status == 'settled p42'\"}]
  outputs: {payment: $steps.pay.outputs.id}
";

#[tokio::test]
async fn five_steps_across_three_services_pass_and_chain_their_values() {
    let servers =
        [TestServer::start(well_behaved).await, TestServer::start(well_behaved).await, TestServer::start(well_behaved).await];
    let mut options = options(CHAIN, "");
    for (name, server) in ["customers", "orders", "payments"].into_iter().zip(&servers) {
        options.targets.get_mut(name).expect("a target").base = server.url("/");
    }
    let (finished, events) = execute_with_events(options, CancellationToken::new()).await;
    let result = only(&finished);
    assert_eq!(verdicts(&result.steps), "customer passed, order passed, read passed, pay passed, settled passed");
    assert_eq!((result.verdict, finished.summary.passed), (Verdict::Passed, 1));
    assert_eq!(result.outputs["payment"], "p42");
    assert_eq!(result.steps[0].outputs["place"], "/customers/c%201");
    assert_eq!(servers[0].lines(), ["POST /customers"]);
    assert_eq!(servers[1].lines(), ["POST /customers/c%201/orders", "GET /orders/7"]);
    assert_eq!(servers[2].lines(), ["POST /payments", "GET /payments/p42"]);
    assert_eq!(servers[2].received()[0].json(), json!({"orderId": 7, "amount": 42}));

    let request = &servers[0].received()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("accept"), Some("application/json"));
    assert_eq!(request.header("baggage"), Some("callboard.test=t.arazzo.yaml%23buy"));
    assert!(request.header("traceparent").is_some_and(|parent| parent.contains(&result.trace)));
    assert!(request.header("user-agent").is_some_and(|agent| agent.starts_with("callboard/")));
    let is = |kind: fn(&RunEvent) -> bool| events.iter().filter(|event| kind(event)).count();
    assert_eq!(is(|event| matches!(event, RunEvent::StepFinished { .. })), 5);
    assert!(matches!(events.first(), Some(RunEvent::RunStarted(_))) && matches!(events.last(), Some(RunEvent::RunFinished(_))));
}

#[tokio::test]
async fn the_first_broken_step_ends_the_scenario_and_the_rest_is_not_run() {
    let (finished, server) = run_against(CHAIN, |request| match request.line().as_str() {
        "GET /orders/7" => Reply::json(500, &json!({"error": "no stock"})),
        _ => well_behaved(request),
    })
    .await;
    let result = only(&finished);
    assert_eq!(verdicts(&result.steps), "customer passed, order passed, read failed, pay not run, settled not run");
    assert_eq!(
        failures(&result.steps[2]),
        ["Success: expected a 2xx status, got 500", "DocumentedStatus: expected one of the documented statuses 200, got 500"]
    );
    assert_eq!(result.steps[3].reason.as_deref(), Some("`read` failed"));
    assert_eq!(result.steps[2].span.as_ref().map(|span| span.line), Some(21));
    let response = result.steps[2].attempts[0].response.as_ref().expect("an answer");
    assert_eq!(response.body.as_deref(), Some("{\"error\":\"no stock\"}"));
    assert_eq!(server.received().len(), 3);
}

const ONE: &str = "
- workflowId: one
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
    successCriteria:
    - {condition: $statusCode == 200}
    - {condition: \"$response.body#/name == 'Bob'\"}
    - {condition: \"$response.body#/nmae != 'Bob'\"}
    outputs: {id: $response.body#/id}
";

#[tokio::test]
async fn all_criteria_are_shown_with_what_was_there() {
    let (finished, _server) = run_against(ONE, well_behaved).await;
    let step = &only(&finished).steps[0];
    let outcomes: Vec<_> = step.checks.iter().filter(|check| check.kind == CheckKind::Criterion).collect();
    assert_eq!(outcomes.len(), 3);
    assert_eq!(outcomes[0].outcome, CheckOutcome::Held);
    assert!(matches!(&outcomes[1].outcome, CheckOutcome::Failed { actual, .. } if actual.contains("Ada")), "{outcomes:?}");
    assert!(matches!(&outcomes[2].outcome, CheckOutcome::Unevaluable { .. }), "{outcomes:?}");
    assert_eq!(outcomes[1].span.as_ref().map(|span| span.line), Some(15));
}

#[tokio::test]
async fn an_output_that_cannot_be_taken_fails_its_step() {
    let scenario = "
- workflowId: one
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
    outputs: {email: $response.body#/email}
";
    let (finished, _server) = run_against(scenario, well_behaved).await;
    assert_eq!(only(&finished).verdict, Verdict::Failed);
    let failures = failures(&only(&finished).steps[0]);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].starts_with("Output: ") && failures[0].contains("$response.body#/email"), "{failures:?}");
}

#[tokio::test]
async fn what_goes_wrong_on_the_way_is_a_failed_step() {
    let read = |path: &str| ONE.replace("value: c1", &format!("value: {path}"));
    let handler = |request: &callboard_testkit::Received| match request.path.as_str() {
        "/customers/hang" => Reply::Hang,
        "/customers/stall" => Reply::stall(200, "{\"id\""),
        "/customers/reset" => Reply::Reset,
        _ => Reply::Raw("garbage\r\n\r\n".into()),
    };
    let server = TestServer::start(handler).await;
    let cases = [
        ("hang", "no answer within 0.2 s"),
        ("stall", "no complete answer within 0.4 s"),
        ("reset", "broken off"),
        ("garbage", "not valid HTTP"),
    ];
    for (path, expected) in cases {
        let mut options = options(&read(path), &server.url(""));
        options.limits.response = Duration::from_millis(200);
        options.limits.total = Duration::from_millis(400);
        let finished = execute(options).await;
        let step = &only(&finished).steps[0];
        assert_eq!(step.verdict, Verdict::Failed, "{path}");
        assert_eq!(step.checks[0].kind, CheckKind::Transport);
        assert!(failures(step)[0].contains(expected), "{path}: {:?}", failures(step));
        assert!(step.attempts[0].transport_error.as_ref().is_some_and(|error| error.contains(expected)));
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_no_failed_test() {
    let mut options = options(&format!("{ONE}{}", CHAIN.trim_start()), "");
    let server = TestServer::start(well_behaved).await;
    let nobody = format!("http://{}/api", refusing_address());
    for name in ["customers", "orders"] {
        options.targets.insert(name.into(), Target::new(server.url("")));
    }
    options.targets.insert("payments".into(), Target::new(&nobody));
    let finished = execute(options).await;
    assert_eq!((finished.summary.failed, finished.summary.inconclusive), (1, 1));
    assert_eq!(finished.not_ready.len(), 1);
    assert_eq!((finished.not_ready[0].service.as_str(), finished.not_ready[0].server.as_str()), ("payments", nobody.as_str()));
    let buy = &finished.results[1];
    let reason = format!("environment not ready: payments at {nobody} (connection refused)");
    assert_eq!((buy.verdict, buy.reason.as_deref()), (Verdict::Inconclusive, Some(reason.as_str())));
    assert!(buy.steps.iter().all(|step| step.verdict == Verdict::NotRun) && buy.steps.len() == 5);
    assert_eq!(server.lines(), ["GET /customers/c1"]);
}

#[tokio::test]
async fn a_service_without_a_server_is_named() {
    let mut options = options(ONE, "");
    options.targets.clear();
    let finished = execute(options).await;
    let reason = only(&finished).reason.as_deref();
    assert_eq!(reason, Some("environment not ready: customers: the environment names no server for it"));
}

#[tokio::test]
async fn inputs_that_do_not_fit_fail_before_any_request() {
    let server = TestServer::start(well_behaved).await;
    let mut options = options(CHAIN, &server.url(""));
    options.scenarios[0].inputs.insert("name".to_owned(), json!(5));
    let finished = execute(options).await;
    let result = only(&finished);
    assert_eq!(result.verdict, Verdict::Failed);
    assert!(result.reason.as_ref().is_some_and(|reason| reason.contains("`name`")), "{:?}", result.reason);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn the_environment_may_ask_for_outputs_of_earlier_steps() {
    let server = TestServer::start(well_behaved).await;
    let mut options = options(CHAIN, &server.url(""));
    let target = Target {
        base: server.url("/user/{outputs.place}/x{values.n}").replace("/user/{outputs.place}/x{values.n}", ""),
        headers: vec![("Authorization".to_owned(), "token {outputs.id}".to_owned())],
    };
    options.targets.insert("orders".into(), target);
    let finished = execute(options).await;
    assert_eq!(only(&finished).verdict, Verdict::Passed);
    let tokens: Vec<_> = server.received().iter().map(|r| r.header("authorization").map(str::to_owned)).collect();
    let token = |text: &str| Some(text.to_owned());
    assert_eq!(tokens, [None, token("token c 1"), token("token 7"), None, None]);
}
