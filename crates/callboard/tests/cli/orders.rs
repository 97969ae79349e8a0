//! The smallest system that says something: one service, and scenarios that make and read an order.

use callboard_testkit::{Received, Reply, TestServer};
use serde_json::json;

use crate::project::Project;

/// The definition of `orders`.
pub(crate) const DEFINITION: &str = "\
openapi: 3.0.3
info: {title: Orders, version: '1'}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [item], properties: {item: {type: string}}}}}
      responses:
        '201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: getOrder
      responses:
        '200': {description: one, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        '404': {description: none}
    delete:
      operationId: deleteOrder
      responses: {'204': {description: gone}, '404': {description: none}}
components:
  schemas:
    Order:
      type: object
      required: [id, item]
      properties: {id: {type: integer}, item: {type: string}}
";

/// The head of a scenario file.
pub(crate) const HEAD: &str = "\
arazzo: 1.0.1
info: {title: Orders, version: '1'}
sourceDescriptions: [{name: orders, url: ../orders.yaml, type: openapi}]
workflows:
";

/// A workflow that makes an order, reads it, and removes it at the end.
pub(crate) fn workflow(id: &str) -> String {
    format!(
        "  - workflowId: {id}
    steps:
      - stepId: make
        operationId: createOrder
        requestBody: {{contentType: application/json, payload: {{item: teapot}}}}
        successCriteria: [{{condition: $statusCode == 201}}]
        outputs: {{id: $response.body#/id}}
      - stepId: read
        operationId: getOrder
        parameters: [{{name: id, in: path, value: $steps.make.outputs.id}}]
        successCriteria:
          - condition: $statusCode == 200
          - condition: $response.body#/item == 'teapot'
      - stepId: read-again
        operationId: getOrder
        parameters: [{{name: id, in: path, value: $steps.make.outputs.id}}]
        successCriteria: [{{condition: $statusCode == 200}}]
    x-callboard-finally:
      - stepId: remove
        operationId: deleteOrder
        parameters: [{{name: id, in: path, value: $steps.make.outputs.id}}]
        successCriteria: [{{condition: $statusCode == 204}}]
"
    )
}

/// A scenario file with these workflows.
pub(crate) fn scenario(ids: &[&str]) -> String {
    HEAD.to_owned() + &ids.iter().map(|id| workflow(id)).collect::<String>()
}

/// A project with the definition and one scenario file; the service answers at `server`.
pub(crate) fn project(server: &str, ids: &[&str]) -> Project {
    let settings = format!(
        "[services.orders]\ndefinition = \"orders.yaml\"\n\n[environments.local.services.orders]\nserver = \"{server}\"\n"
    );
    Project::with(&[("callboard.toml", &settings), ("orders.yaml", DEFINITION), ("scenarios/orders.arazzo.yaml", &scenario(ids))])
}

/// What a right service answers.
pub(crate) fn answer(request: &Received) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/orders") => Reply::json(201, &json!({"id": 7, "item": "teapot"})),
        ("GET", "/orders/7") => Reply::json(200, &json!({"id": 7, "item": "teapot"})),
        ("DELETE", "/orders/7") => Reply::status(204),
        _ => Reply::status(404),
    }
}

/// A right service.
pub(crate) async fn server() -> TestServer {
    TestServer::start(answer).await
}
