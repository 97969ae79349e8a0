//! Answers and requests against the definition, and the deviations that a project accepts.

use crate::world::{execute, failures, only, options, run_against, system_of, well_behaved};
use callboard_model::run::{CheckKind, CheckOutcome, RunFinished, Verdict};
use callboard_runner::Acceptance;
use callboard_testkit::{Received, Reply, TestServer};
use serde_json::json;

const READ: &str = "
- workflowId: w
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: c1}]
    successCriteria: [{condition: $statusCode < 500}]
";

const CREATE: &str = "
- workflowId: w
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {payload: {name: 5}}
    successCriteria: [{condition: $statusCode < 500}]
";

async fn mismatches(scenario: &str, handler: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Vec<String> {
    let (finished, _server) = run_against(scenario, handler).await;
    let failures = failures(&only(&finished).steps[0]);
    assert_eq!(only(&finished).verdict == Verdict::Failed, !failures.is_empty());
    failures
}

#[tokio::test]
async fn an_answer_that_is_not_as_defined_fails_although_the_criteria_hold() {
    let read = |reply: Reply| mismatches(READ, move |_| reply.clone());
    assert!(read(Reply::json(200, &json!({"id": "c1", "name": "Ada"}))).await.is_empty());
    assert!(read(Reply::status(404)).await.is_empty());
    let teapot = read(Reply::status(418)).await;
    assert_eq!(teapot, ["DocumentedStatus: expected one of the documented statuses 200, 404, got 418"]);
    let html = read(Reply::with_type(200, "text/html", "<p>Log in</p>")).await;
    assert_eq!(html, ["ContentType: expected application/json, got text/html"]);
    let wrong = read(Reply::json(200, &json!({"id": 1, "note": null}))).await;
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong.iter().any(|line| line.starts_with("ResponseSchema at /id: expected string")), "{wrong:?}");
    assert!(wrong.iter().any(|line| line.starts_with("ResponseSchema at /name: ")), "{wrong:?}");
    let broken = read(Reply::with_type(200, "application/json", "{\"id\":")).await;
    assert!(broken[0].starts_with("ResponseSchema: expected a body that is JSON"), "{broken:?}");
    let empty = read(Reply::status(200)).await;
    assert_eq!(empty, ["ResponseSchema at : expected a body of type application/json, got no body"]);
}

/// A definition as frameworks write it: any media type, one without a schema, one that comes twice.
const LOOSE: &str = r#"
openapi: 3.0.3
info: {title: Loose, version: "1"}
paths:
  /any:
    get:
      operationId: any
      responses:
        "200":
          description: ok
          headers: {X-Count: {schema: {type: integer}}}
          content: {'*/*': {schema: {$ref: '#/components/schemas/Thing'}}}
  /untyped:
    get: {operationId: untyped, responses: {"200": {description: ok, content: {application/json: {}}}}}
  /odd:
    get: {operationId: odd, responses: {"200": {description: ok, content: {application/json: {schema: {type: string, pattern: '('}}}}}}
  /both:
    get:
      operationId: both
      responses: {"200": {description: ok, content: {'*/*': {}, application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}}
components: {schemas: {Thing: {type: object, required: [id], properties: {id: {type: string}}}}}
"#;

#[tokio::test]
async fn a_loose_definition_lets_no_wrong_body_through() {
    let run = async |operation: &str, reply: Reply| {
        let server = TestServer::start(move |_| reply.clone()).await;
        let scenario = format!(
            "\n- workflowId: w\n  steps:\n  - {{stepId: read, operationId: $sourceDescriptions.customers.{operation}}}\n"
        );
        let mut options = options(&scenario, &server.url(""));
        options.system = system_of(&[("customers", LOOSE)]);
        execute(options).await
    };
    let read = async |operation: &str, reply: Reply| failures(&only(&run(operation, reply).await).steps[0]);
    let odd = only(&run("odd", Reply::json(200, &json!("x"))).await).steps[0].checks.last().expect("a check").condition.clone();
    assert!(
        odd.starts_with("the body fits its schema, as far as it can be judged (") && odd.contains("the pattern `(`"),
        "{odd}"
    );
    let html = || Reply::with_type(200, "text/html", "<p>Log in</p>");
    assert!(read("any", Reply::json(200, &json!({"id": "a"}))).await.is_empty());
    assert!(read("any", Reply::with_type(200, "application/xml", "<id>a</id>")).await.is_empty());
    assert_eq!(read("any", html()).await, ["ResponseSchema at : expected object, got the string \"<p>Log in</p>\""]);
    assert_eq!(read("both", Reply::json(200, &json!({}))).await.len(), 1);
    let broken = read("untyped", Reply::with_type(200, "application/json", "{\"id\": NaN}")).await;
    assert!(broken[0].starts_with("ResponseSchema: expected a body that is JSON"), "{broken:?}");
    let deep = read("any", Reply::with_type(200, "application/json", "[".repeat(100_000))).await;
    assert!(deep[0].starts_with("ResponseSchema: expected a body that is JSON"), "{deep:?}");
}

#[tokio::test]
async fn a_required_header_must_be_there() {
    let scenario = CREATE.replace("name: 5", "name: Ada");
    let missing = mismatches(&scenario, |_| Reply::json(201, &json!({"id": "c1", "name": "Ada"}))).await;
    assert_eq!(missing, ["ResponseHeader: expected the header `Location`, got no such header"]);
}

#[tokio::test]
async fn a_request_that_breaks_the_definition_is_a_failure_unless_refusal_is_what_the_scenario_wants() {
    let accepted = mismatches(CREATE, well_behaved).await;
    assert!(accepted.iter().any(|line| line.starts_with("RequestSchema at /name: expected string")), "{accepted:?}");
    let refused = mismatches(CREATE, |_| Reply::status(422)).await;
    assert_eq!(refused, [""; 0]);
    // Without criteria of its own a step wants success, so the broken request is told.
    let plain = CREATE.replace("    successCriteria: [{condition: $statusCode < 500}]\n", "");
    let unwanted = mismatches(&plain, |_| Reply::status(422)).await;
    assert_eq!(unwanted.len(), 2, "{unwanted:?}");
    let without_body =
        READ.replace("getCustomer", "createCustomer").replace("    parameters: [{name: id, in: path, value: c1}]\n", "");
    let missing = mismatches(&without_body, well_behaved).await;
    assert!(missing.contains(&"RequestSchema: expected a request body, got no body".to_owned()), "{missing:?}");
}

async fn run_accepting(acceptances: Vec<Acceptance>, reply: Reply) -> RunFinished {
    let server = TestServer::start(move |_| reply.clone()).await;
    let mut options = options(READ, &server.url(""));
    options.acceptances = acceptances;
    execute(options).await
}

fn acceptance(operation: &str, status: Option<u16>, pointer: Option<&str>) -> Acceptance {
    Acceptance {
        service: "customers".to_owned(),
        operation: Some(operation.to_owned()),
        status,
        pointer: pointer.map(str::to_owned),
        reason: "known".to_owned(),
    }
}

#[tokio::test]
async fn an_accepted_mismatch_is_counted_and_does_not_fail() {
    let body = Reply::json(200, &json!({"id": "c1", "name": "Ada", "note": null}));
    let finished = run_accepting(vec![acceptance("GET /customers/{id}", None, Some("/note"))], body.clone()).await;
    assert_eq!((finished.summary.passed, finished.summary.accepted_mismatches), (1, 1));
    let checks = &only(&finished).steps[0].checks;
    let accepted: Vec<_> = checks.iter().filter(|check| check.kind == CheckKind::ResponseSchema).collect();
    assert!(matches!(&accepted[0].outcome, CheckOutcome::Accepted { reason, .. } if reason == "known"), "{accepted:?}");
    assert!(finished.stale_acceptances.is_empty());

    let finished = run_accepting(vec![acceptance("getCustomer", Some(418), None)], Reply::status(418)).await;
    assert_eq!((finished.summary.passed, finished.summary.accepted_mismatches), (1, 1));
    let other = acceptance("deleteCustomer", None, Some("/note"));
    assert_eq!(run_accepting(vec![other], body).await.summary.failed, 1);
}

#[tokio::test]
async fn an_acceptance_that_matches_nothing_is_stale_when_its_operation_answered() {
    let stale = acceptance("getCustomer", None, Some("/note"));
    let not_called = acceptance("deleteCustomer", None, Some("/note"));
    let body = Reply::json(200, &json!({"id": "c1", "name": "Ada"}));
    let finished = run_accepting(vec![stale, not_called], body).await;
    assert_eq!(
        finished.stale_acceptances,
        ["the acceptance of mismatch at `/note` of `getCustomer` in `customers` (\"known\") matched nothing in this run"]
    );
}

#[tokio::test]
async fn a_required_header_may_come_from_the_environment() {
    let scenario = READ.replace("customers.getCustomer", "payments.getPayment").replace("< 500", "== 200");
    let run_with = async |headers: Vec<(String, String)>| {
        let server = TestServer::start(well_behaved).await;
        let mut options = options(&scenario, &server.url(""));
        options.targets.get_mut("payments").expect("a target").headers = headers;
        failures(&only(&execute(options).await).steps[0])
    };
    assert_eq!(run_with(Vec::new()).await, ["RequestSchema: expected the header parameter `X-Key`, got no such parameter"]);
    assert!(run_with(vec![("x-key".to_owned(), "5".to_owned())]).await.is_empty());
    assert_eq!(run_with(vec![("x-key".to_owned(), "k".to_owned())]).await.len(), 1);
}
