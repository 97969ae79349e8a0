//! Many scenarios at once: order, cancelling, and secrets that never show.

use std::time::Duration;

use crate::world::{execute, execute_with_events, options, verdicts, well_behaved};
use callboard_analysis::report::curl;
use callboard_model::run::{RunEvent, Verdict};
use callboard_runner::{Secret, Target};
use callboard_testkit::{Reply, TestServer};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn many(count: usize) -> String {
    let workflow = |i: usize| {
        format!(
            "
- workflowId: w{i}
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{{name: id, in: path, value: c{i}}}]
    successCriteria: [{{condition: $response.body#/id == 'c{i}'}}]"
        )
    };
    (0..count).map(workflow).collect::<String>() + "\n"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_scenarios_at_once_keep_their_order_and_their_values() {
    let server = TestServer::start(|request| {
        let id = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        if id == "c77" { Reply::status(404) } else { Reply::json(200, &json!({"id": id, "name": "x"})) }
    })
    .await;
    let mut options = options(&many(200), &server.url(""));
    options.jobs = 64;
    let (finished, events) = execute_with_events(options, CancellationToken::new()).await;
    let names: Vec<_> = finished.results.iter().map(|result| result.workflow.clone()).collect();
    assert_eq!(names, (0..200).map(|i| format!("w{i}")).collect::<Vec<_>>());
    assert_eq!((finished.summary.passed, finished.summary.failed), (199, 1));
    assert_eq!(finished.results[77].verdict, Verdict::Failed);
    let over = events.iter().filter(|event| matches!(event, RunEvent::ScenarioFinished { .. })).count();
    assert_eq!((over, server.received().len()), (200, 200));
}

#[tokio::test]
async fn a_run_without_a_listener_goes_on() {
    let server = TestServer::start(|_| Reply::json(200, &json!({"id": "c0", "name": "x"}))).await;
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let finished = callboard_runner::run(options(&many(1), &server.url("")), sender, CancellationToken::new()).await;
    assert_eq!(finished.summary.passed, 1);
}

const HANGING: &str = "
- workflowId: w
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {payload: {name: Ada}}
    outputs: {id: $response.body#/id}
  - stepId: hang
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
  - stepId: never
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
  x-callboard-finally:
  - stepId: delete
    operationId: $sourceDescriptions.customers.deleteCustomer
    parameters: [{name: id, in: path, value: $steps.create.outputs.id}]
- workflowId: later
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
";

async fn cancelled_in_the_second_step(hangs_in_teardown: bool) -> (callboard_model::run::RunFinished, Vec<String>) {
    let server = TestServer::start(move |request| match request.method.as_str() {
        "GET" => Reply::Hang,
        "DELETE" if hangs_in_teardown => Reply::Hang,
        _ => well_behaved(request),
    })
    .await;
    let mut options = options(HANGING, &server.url(""));
    options.jobs = 1;
    options.limits.response = Duration::from_secs(600);
    options.limits.total = Duration::from_secs(600);
    options.grace = Duration::from_millis(if hangs_in_teardown { 100 } else { 5000 });
    let cancel = CancellationToken::new();
    let stopper = async {
        server.wait_for_requests(2).await;
        cancel.cancel();
    };
    let ((finished, _), ()) = tokio::join!(execute_with_events(options, cancel.clone()), stopper);
    (finished, server.lines())
}

#[tokio::test]
async fn a_stopped_run_gives_up_the_request_and_still_tears_down() {
    let (finished, lines) = cancelled_in_the_second_step(false).await;
    assert!(finished.interrupted);
    let result = &finished.results[0];
    assert_eq!((result.verdict, result.reason.as_deref()), (Verdict::Inconclusive, Some("the run was stopped")));
    assert_eq!(verdicts(&result.steps), "create passed, hang inconclusive, never not run");
    assert_eq!(verdicts(&result.teardown), "delete passed");
    assert_eq!(lines, ["POST /customers", "GET /customers/c1", "DELETE /customers/c%201"]);
    assert_eq!(finished.results[1].verdict, Verdict::NotRun);
}

#[tokio::test]
async fn teardown_of_a_stopped_run_has_a_grace_period_only() {
    let (finished, lines) = cancelled_in_the_second_step(true).await;
    assert_eq!(verdicts(&finished.results[0].teardown), "delete inconclusive");
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn secrets_never_show() {
    let secret = "s3cr+t/42";
    let server = TestServer::start(move |request| {
        let echo = json!({"id": 5, "name": request.header("authorization"), "note": format!("{:?}", request.query)});
        Reply::json(201, &echo).header("x-echo", secret).header("location", "/s3cr%2Bt%2F42")
    })
    .await;
    let scenario = "
- workflowId: w
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    parameters: [{name: key, in: query, value: s3cr+t/42}]
    requestBody: {payload: {name: s3cr+t/42}}
    successCriteria: [{condition: \"$response.body#/name == 'x'\"}]
    outputs: {token: $response.body#/name}
  outputs: {token: $steps.create.outputs.token}
";
    let mut options = options(scenario, &server.url(""));
    options.secrets = vec![Secret { name: "HUB_TOKEN".to_owned(), value: secret.to_owned() }];
    let headers = vec![("Authorization".to_owned(), format!("token {secret}"))];
    options.targets.insert("customers".into(), Target { base: server.url(""), headers });
    let (finished, events) = execute_with_events(options, CancellationToken::new()).await;
    assert_eq!(server.received()[0].header("authorization"), Some("token s3cr+t/42"));
    let all = format!("{finished:?} {events:?}");
    for form in [secret, "s3cr%2Bt%2F42", "s3cr%2bt%2f42"] {
        assert!(!all.contains(form), "{form} shows");
    }
    let request = &finished.results[0].steps[0].attempts[0].request;
    assert!(request.url.ends_with("?key=${HUB_TOKEN}"), "{}", request.url);
    let curl = curl(request);
    assert!(curl.contains("-H 'authorization: token '\"${HUB_TOKEN}\""), "{curl}");
    assert!(execute(options_without_secret()).await.summary.failed == 0);
}

#[tokio::test]
async fn a_credential_that_a_step_yields_is_masked_from_then_on() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/customers" => Reply::json(201, &json!({"id": "c1", "name": "tok-9f8e7d"})).header("location", "/customers/c1"),
        _ => Reply::json(201, &json!({"id": 1, "seen": "tok-9f8e7d"})),
    })
    .await;
    let scenario = "
- workflowId: w
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {payload: {name: Ada}}
    successCriteria: [{condition: $statusCode == 201}]
    outputs: {token: $response.body#/name, customer: $response.body#/id}
  - stepId: order
    operationId: $sourceDescriptions.orders.createOrder
    parameters: [{name: customerId, in: path, value: $steps.create.outputs.customer}]
    successCriteria: [{condition: $statusCode == 202}]
  outputs: {token: $steps.create.outputs.token}
";
    let mut options = options(scenario, &server.url(""));
    let headers = vec![("Authorization".to_owned(), "token {outputs.token}".to_owned())];
    options.targets.insert("orders".into(), Target { base: server.url(""), headers });
    let (finished, events) = execute_with_events(options, CancellationToken::new()).await;
    assert_eq!(server.received()[1].header("authorization"), Some("token tok-9f8e7d"), "the service itself gets it");
    let all = format!("{finished:?} {events:?}");
    assert!(!all.contains("tok-9f8e7d"), "the token shows");
    let curl = curl(&finished.results[0].steps[1].attempts[0].request);
    assert!(curl.contains("${outputs.token}"), "{curl}");
}

/// Nothing to run is nothing that failed.
fn options_without_secret() -> callboard_runner::RunOptions {
    let mut options = options(&many(1), "");
    options.scenarios.clear();
    options
}
