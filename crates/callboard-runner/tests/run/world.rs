//! A small system of three services for the tests of this crate: definitions, servers that fit them, and runs.

use std::sync::Arc;
use std::time::Duration;

use callboard_definition::{MemoryFetch, load};
use callboard_model::names::TestName;
use callboard_model::run::{CheckKind, CheckOutcome, RunEvent, RunFinished, ScenarioResult, StepResult};
use callboard_model::{Document, RunId, ServiceName, System};
use callboard_runner::{RunOptions, Scenario, SourceFile, Target, run};
use callboard_testkit::{Received, Reply, TestServer};
use serde_json::{Map, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub(crate) const CUSTOMERS: &str = r#"
openapi: 3.0.3
info: {title: Customers, version: "1"}
paths:
  /customers:
    post:
      operationId: createCustomer
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [name], properties: {name: {type: string}, note: {type: string, nullable: true}}}
      responses:
        "201":
          description: created
          headers: {Location: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}
        "422": {description: refused}
  /customers/{id}:
    get:
      operationId: getCustomer
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: fields, in: query, schema: {type: array, items: {type: string}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
        "404": {description: none}
    delete:
      operationId: deleteCustomer
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone}, "404": {description: none}}
components:
  schemas:
    Customer:
      type: object
      required: [id, name]
      properties: {id: {type: string}, name: {type: string}, note: {type: string}}
"#;

pub(crate) const ORDERS: &str = r#"
openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /customers/{customerId}/orders:
    post:
      operationId: createOrder
      parameters: [{name: customerId, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {sku: {type: string}}}}}}
      responses:
        "201": {description: created, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
  /orders/{orderId}:
    get:
      operationId: getOrder
      parameters: [{name: orderId, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
components:
  schemas:
    Order:
      type: object
      required: [orderId, status]
      properties: {orderId: {type: integer}, status: {enum: [NEW, PAID]}, total: {type: integer}}
"#;

pub(crate) const PAYMENTS: &str = r#"
swagger: "2.0"
info: {title: Payments, version: "1"}
basePath: /ignored
produces: [application/json]
consumes: [application/json]
paths:
  /payments:
    post:
      operationId: pay
      parameters: [{name: payment, in: body, required: true, schema: {type: object, properties: {orderId: {type: integer}, amount: {type: integer}}}}]
      responses: {"201": {description: paid, schema: {type: object, properties: {paymentId: {type: string}}}}}
  /payments/{id}:
    get:
      operationId: getPayment
      parameters: [{name: id, in: path, required: true, type: string}, {name: X-Key, in: header, required: true, type: integer}]
      responses: {"200": {description: ok, schema: {type: object, properties: {status: {type: string}}}}}
"#;

/// Answers for all three services, each as its definition says.
pub(crate) fn well_behaved(request: &Received) -> Reply {
    let segments: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["customers"]) => {
            Reply::json(201, &json!({"id": "c 1", "name": request.json()["name"]})).header("location", "/customers/c%201")
        }
        ("GET", ["customers", _]) => Reply::json(200, &json!({"id": "c 1", "name": "Ada"})),
        ("DELETE", ["customers", _]) => Reply::status(204),
        ("POST", ["customers", _, "orders"]) => Reply::json(201, &json!({"orderId": 7, "status": "NEW", "total": 42})),
        ("GET", ["orders", _]) => Reply::json(200, &json!({"orderId": 7, "status": "NEW", "total": 42})),
        ("POST", ["payments"]) => Reply::json(201, &json!({"paymentId": format!("p{}", request.json()["amount"])})),
        ("GET", ["payments", id]) => Reply::json(200, &json!({"status": format!("settled {id}")})),
        _ => Reply::status(404),
    }
}

/// The three services as one system.
pub(crate) fn system() -> Arc<System> {
    system_of(&[("customers", CUSTOMERS), ("orders", ORDERS), ("payments", PAYMENTS)])
}

/// Services of their names and definitions.
pub(crate) fn system_of(definitions: &[(&str, &str)]) -> Arc<System> {
    let services = definitions.iter().map(|(name, text)| {
        let origin = format!("{name}.yaml");
        let parsed = load(&ServiceName::new(name), &origin, &MemoryFetch::new().with(origin.as_str(), *text));
        assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
        parsed.value.expect("a definition")
    });
    Arc::new(System::new(services.collect()))
}

/// A scenario file: `workflows` is the YAML of its list, after a line break and without indentation.
pub(crate) fn source(workflows: &str) -> Arc<SourceFile> {
    let text = format!(
        "arazzo: 1.0.1\ninfo: {{title: t, version: '1'}}\nsourceDescriptions:\n\
         - {{name: customers, url: customers.yaml, type: openapi}}\n\
         - {{name: orders, url: orders.yaml, type: openapi}}\n\
         - {{name: payments, url: payments.yaml, type: openapi}}\nworkflows:{workflows}"
    );
    let document = Document::parse("t.arazzo.yaml", text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let parsed = callboard_scenario::parse(&document);
    assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
    Arc::new(SourceFile { file: parsed.value.expect("a scenario file"), document })
}

/// A run of all workflows of a file, all services at one base URL.
pub(crate) fn options(workflows: &str, base: &str) -> RunOptions {
    let source = source(workflows);
    let scenario = |id: &String| Scenario {
        name: TestName::new(format!("t.arazzo.yaml#{id}")),
        source: source.clone(),
        workflow: id.clone(),
        inputs: Map::new(),
    };
    let scenarios = source.file.workflows.iter().map(|workflow| scenario(&workflow.id)).collect();
    let mut options = RunOptions::new(RunId::new("r1"), system(), scenarios);
    for name in ["customers", "orders", "payments"] {
        let headers = vec![("X-Key".to_owned(), "1".to_owned())];
        options.targets.insert(ServiceName::new(name), Target { base: base.to_owned(), headers });
    }
    options.ready_timeout = Duration::from_millis(200);
    options.limits.response = Duration::from_secs(2);
    options
}

/// Runs to the end.
pub(crate) async fn execute(options: RunOptions) -> RunFinished {
    execute_with_events(options, CancellationToken::new()).await.0
}

/// Runs to the end and keeps all events.
pub(crate) async fn execute_with_events(options: RunOptions, cancel: CancellationToken) -> (RunFinished, Vec<RunEvent>) {
    let (sender, mut receiver) = mpsc::channel(16);
    let running = tokio::spawn(run(options, sender, cancel));
    let mut events = Vec::new();
    while let Some(event) = receiver.recv().await {
        events.push(event);
    }
    (running.await.expect("a run never panics"), events)
}

/// Runs the workflows against a server with a handler; the results and the requests that arrived.
pub(crate) async fn run_against(
    workflows: &str,
    handler: impl Fn(&Received) -> Reply + Send + Sync + 'static,
) -> (RunFinished, TestServer) {
    let server = TestServer::start(handler).await;
    let finished = execute(options(workflows, &server.url(""))).await;
    (finished, server)
}

/// The result of a run's only scenario.
pub(crate) fn only(finished: &RunFinished) -> &ScenarioResult {
    let [result] = finished.results.as_slice() else { panic!("{} results", finished.results.len()) };
    result
}

/// Steps and their verdicts in one line, such as `a passed, b failed`.
pub(crate) fn verdicts(steps: &[StepResult]) -> String {
    steps.iter().map(|step| format!("{} {}", step.step, step.verdict.as_str())).collect::<Vec<_>>().join(", ")
}

/// The failed checks of a step, one line each.
pub(crate) fn failures(step: &StepResult) -> Vec<String> {
    let line = |kind: CheckKind, outcome: &CheckOutcome| match outcome {
        CheckOutcome::Failed { expected, actual, at } => {
            format!("{kind:?}{}: expected {expected}, got {actual}", at.as_ref().map_or(String::new(), |at| format!(" at {at}")))
        }
        CheckOutcome::Unevaluable { why } => format!("{kind:?}: {why}"),
        other => format!("{kind:?}: {other:?}"),
    };
    step.failures().map(|check| line(check.kind, &check.outcome)).collect()
}
