use callboard_definition::{MemoryFetch, load};
use callboard_model::Method;
use callboard_model::document::Document;
use callboard_model::map::{Entity, Input, Link, Output};
use callboard_model::names::{RunId, TestName};
use serde_json::json as value;

use super::*;
use crate::usage::{ScenarioSource, StaticUse, uses};

const ORDERS: &str = "\
openapi: 3.0.3
info: {title: Orders, version: '1'}
paths:
  /orders:
    get: {operationId: list, responses: {'200': {description: ok}}}
    post:
      operationId: create
      requestBody: {content: {application/json: {schema: {type: object, properties: {buyer: {type: string}, lines: {type: array, items: {type: object, properties: {sku: {type: string}}}}}}}}}
      responses: {'201': {description: ok}, '400': {description: bad}, '409': {description: short}, default: {description: other}}
  /orders/{id}:
    get: {summary: One order, parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {'200': {description: ok}, 4XX: {description: no}}}
";

const SHOP: &str = "\
openapi: 3.0.3
info: {title: Shop, version: '1'}
paths:
  /people:
    post: {operationId: register, responses: {'201': {description: ok}}}
  /goods:
    get: {operationId: goods, responses: {'200': {description: ok}}}
";

fn system() -> System {
    let fetch = MemoryFetch::new().with("o.yaml", ORDERS).with("s.yaml", SHOP);
    let service = |name: &str, file: &str| load(&ServiceName::new(name), file, &fetch).value.expect("a definition");
    System::new(vec![service("orders", "o.yaml"), service("shop", "s.yaml")])
}

fn key(service: &str, method: &str, path: &str) -> OperationKey {
    OperationKey::new(service, Method::parse(method), path)
}

fn link(entity: &str, from: OperationKey, output: &str, input: &str) -> Link {
    let output = Output::parse(output).expect("an output");
    let to = Consumer { operation: key("orders", "POST", "/orders"), input: Input::parse(input).expect("an input") };
    Link {
        from: callboard_model::map::Producer { operation: from, output },
        to,
        entity: entity.to_owned(),
        score: 0.9,
        evidence: Vec::new(),
    }
}

fn map() -> SystemMap {
    let entity = |name: &str| Entity { name: name.to_owned(), owner: Some("shop".into()), aliases: Vec::new() };
    SystemMap {
        entities: vec![entity("Person"), entity("Good")],
        links: vec![
            link("Person", key("shop", "POST", "/people"), "/id", "body./buyer"),
            link("Good", key("shop", "GET", "/goods"), "/items/*/sku", "body./lines/*/sku"),
            link("Order", key("orders", "GET", "/orders"), "/*/id", "body./buyer"),
        ],
        rejected: Vec::new(),
    }
}

fn tests_of(steps: &str) -> Vec<TestUse> {
    let text = format!(
        "arazzo: 1.0.1\ninfo: {{title: T, version: '1'}}\nsourceDescriptions:\n  - {{name: orders, url: o.yaml, type: openapi}}\n  - {{name: shop, url: s.yaml, type: openapi}}\nworkflows:\n  - workflowId: t\n    steps:\n      {}",
        steps.trim_start()
    );
    let document = Document::parse("t.arazzo.yaml", text.as_bytes()).expect("YAML");
    let file = callboard_scenario::parse(&document).value.expect("a scenario file");
    uses(&[ScenarioSource { name: "t.arazzo.yaml", origin: "t.arazzo.yaml", text: &text, file: &file }], &system())
}

fn found(tests: &[TestUse], answered: &[Answered]) -> Gaps {
    gaps(&system(), &map(), Known { tests, observed: &[], answered })
}

const BUY: &str = "\
      - {stepId: person, operationId: $sourceDescriptions.shop.register, outputs: {id: $response.body#/id}}
      - {stepId: goods, operationId: $sourceDescriptions.shop.goods, outputs: {first: $response.body#/items/0}}
      - stepId: create
        operationId: $sourceDescriptions.orders.create
        requestBody: {payload: {buyer: $steps.person.outputs.id, lines: [{sku: $steps.goods.outputs.first#/sku}]}}
        successCriteria: [{condition: $statusCode == 201}, {condition: $response.body#/buyer == $steps.person.outputs.id}]
";

#[test]
fn what_no_scenario_calls_and_no_run_reached_is_a_gap() {
    let test = TestUse {
        test: TestName::new("a#b"),
        files: Vec::new(),
        fingerprint: String::new(),
        operations: vec![StaticUse { operation: key("orders", "GET", "/orders"), step: "s".to_owned() }],
        expected: Vec::new(),
        flows: Vec::new(),
        unresolved: Vec::new(),
    };
    let operation = key("orders", "POST", "/orders");
    let seen = Observed { test: test.test.clone(), operation, is_virtual: true, run: RunId::new("r"), at: 0 };
    let found = gaps(&system(), &map(), Known { tests: &[test], observed: &[seen], answered: &[] });
    let orders = &found.services[0];
    assert_eq!((orders.operations, orders.covered, orders.only_virtual), (3, 2, 1));
    let value = json(&found);
    assert_eq!(
        (&value["summary"]["operations"], &value["summary"]["covered"], &value["summary"]["gaps"]),
        (&value!(5), &value!(2), &value!(3))
    );
    assert_eq!(value["gaps"][0]["operation"], "GET /orders/{id}");
}

#[test]
fn documented_answers_are_touched_by_steps_that_ask_for_them() {
    let found = found(&tests_of(BUY), &[]);
    let orders = &found.services[0];
    assert_eq!(orders.classes, Share { all: 5, touched: 1 });
    assert_eq!(orders.statuses, Share { all: 5, touched: 1 });
    let create: Vec<_> = found.answers.iter().filter(|gap| gap.id.as_deref() == Some("create")).collect();
    assert_eq!(create.len(), 1);
    assert_eq!((create[0].class, create[0].is_whole_class, &create[0].statuses), (4, true, &vec![400, 409]));
}

#[test]
fn documented_answers_are_touched_by_what_passing_steps_got() {
    let answered = Answered { operation: key("orders", "POST", "/orders"), status: 409 };
    let found = found(&tests_of(BUY), &[answered]);
    let create: Vec<_> = found.answers.iter().filter(|gap| gap.id.as_deref() == Some("create")).collect();
    assert_eq!((create[0].is_whole_class, &create[0].statuses), (false, &vec![400]));
    assert_eq!(found.services[0].classes, Share { all: 5, touched: 2 });
}

#[test]
fn a_step_asks_for_what_its_criteria_leave_over() {
    let expected = |criteria: &str| {
        let step = format!("      - {{stepId: s, operationId: $sourceDescriptions.orders.create{criteria}}}\n");
        tests_of(&step)[0].expected.first().map(|(_, expected)| (expected.class, expected.status))
    };
    assert_eq!(expected(""), Some((2, Some(201))));
    assert_eq!(expected(", successCriteria: [{condition: $statusCode == 409}]"), Some((4, Some(409))));
    assert_eq!(expected(", successCriteria: [{condition: $statusCode >= 400 && $statusCode < 500}]"), Some((4, None)));
    assert_eq!(expected(", successCriteria: [{condition: $statusCode < 500}]"), None, "201 will do, and so will 409");
    assert_eq!(expected(", successCriteria: [{condition: $response.body#/x == 1}]"), Some((2, Some(201))));
}

#[test]
fn a_crossing_is_exercised_by_a_value_that_travels_along_a_link() {
    let exercised = found(&tests_of(BUY), &[]);
    assert_eq!(exercised.services[0].crossings, Share { all: 2, touched: 2 });
    let missing = found(&tests_of(&BUY.replace("$steps.goods.outputs.first#/sku", "TEA-1")), &[]);
    assert_eq!(missing.crossings.len(), 1);
    let gap = &missing.crossings[0];
    assert_eq!((gap.to.input.to_string().as_str(), gap.from.as_str(), gap.is_from_owner), ("body./lines/*/sku", "shop", true));
    assert_eq!(json(&missing)["crossingGaps"][0]["entity"], "Good");
}

#[test]
fn a_value_is_followed_through_workflows_that_others_call() {
    let steps = BUY.replace(
        "{stepId: person, operationId: $sourceDescriptions.shop.register, outputs: {id: $response.body#/id}}",
        "{stepId: person, workflowId: someone}",
    ) + "  - workflowId: someone\n    steps:\n      - {stepId: register, operationId: $sourceDescriptions.shop.register, outputs: {id: $response.body#/id}}\n    outputs: {id: $steps.register.outputs.id}\n";
    assert_eq!(found(&tests_of(&steps), &[]).services[0].crossings, Share { all: 2, touched: 2 });
}
