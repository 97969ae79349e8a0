//! Differences between two versions.

use super::*;
use crate::{ChangeKind, diff};

/// One operation with parameters, a body and an answer; `{…}` parts are what a test changes.
const BASE: &str = "openapi: 3.0.3
info: {title: T, version: '1', description: words}
paths:
  /orders/{id}:
    put:
      operationId: putOrder
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}}
        - {name: limit, in: query, schema: {type: integer, maximum: 10}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        '404': {description: none}
  /health: {get: {operationId: health, responses: {'200': {description: ok}}}}
components:
  securitySchemes: {token: {type: http, scheme: bearer}}
  schemas:
    Order:
      type: object
      required: [sku]
      properties:
        sku: {type: string}
        state: {type: string, enum: [open, paid]}
        customer: {$ref: '#/components/schemas/Customer'}
    Customer:
      type: object
      properties:
        email: {type: string, maxLength: 100}
        orders: {type: array, items: {$ref: '#/components/schemas/Order'}}
";

fn changes(old: &str, new: &str) -> String {
    let (old, new) = (parsed(old).value.expect("the old one"), parsed(new).value.expect("the new one"));
    let mut text = Vec::new();
    for change in diff(&old, &new) {
        let kind = match change.kind() {
            ChangeKind::Added => "+",
            ChangeKind::Removed => "-",
            ChangeKind::Changed => "~",
        };
        let key = change.key().expect("a change concerns an operation");
        text.push(format!("{kind} {} {}{}", key.method, key.path, if change.is_breaking() { " !" } else { "" }));
        text.extend(change.details.iter().map(|d| format!("  {}{}", d.what, if d.is_breaking { " !" } else { "" })));
    }
    text.join("\n")
}

/// The changes when a part of the base is replaced.
#[track_caller]
fn replaced(part: &str, by: &str) -> String {
    assert!(BASE.contains(part), "the base holds {part}");
    changes(BASE, &BASE.replacen(part, by, 1))
}

#[test]
fn words_examples_names_of_path_parameters_and_order_are_no_changes() {
    assert_eq!(changes(BASE, BASE), "");
    assert_eq!(replaced("description: words", "description: other words"), "");
    assert_eq!(replaced("sku: {type: string}", "sku: {description: x, example: y, type: string}"), "");
    assert_eq!(replaced("type: object\n      required: [sku]", "required: [sku]\n      type: object"), "");
    assert_eq!(changes(BASE, &BASE.replace("/orders/{id}", "/orders/{orderId}").replace("name: id", "name: orderId")), "");
    let inlined = BASE.replace("state: {type: string, enum: [open, paid]}", "state: {$ref: '#/components/schemas/State'}");
    assert_eq!(changes(BASE, &format!("{inlined}    State: {{type: string, enum: [paid, open]}}\n")), "");
    let json = serde_json::to_string(parsed(BASE).value.expect("it loads").documents.get(callboard_model::DocumentId(0)).value());
    assert_eq!(changes(BASE, &json.expect("a value can be written")), "");
}

#[test]
fn operations_come_and_go() {
    let without = &BASE[..BASE.find("  /health").expect("it is there")];
    let rest = &BASE[BASE.find("components:").expect("it is there")..];
    let without = format!("{without}{rest}");
    assert_eq!(changes(BASE, &without), "- GET /health !");
    assert_eq!(changes(&without, BASE), "+ GET /health");
}

#[test]
fn a_moved_operation_is_known_by_its_id() {
    insta::assert_snapshot!(replaced("/health:", "/healthz:"), @r"
    ~ GET /health !
      the path changed from `/health` to `/healthz` !
    ");
}

#[test]
fn parameters_are_compared() {
    insta::assert_snapshot!(replaced("maximum: 10", "maximum: 5"), @r"
    ~ PUT /orders/{id} !
      query parameter `limit`: `maximum` changed from 10 to 5 !
    ");
    insta::assert_snapshot!(replaced("maximum: 10", "maximum: 50"), @r"
    ~ PUT /orders/{id}
      query parameter `limit`: `maximum` changed from 10 to 50
    ");
    insta::assert_snapshot!(replaced("{name: limit, in: query,", "{name: page, in: query, required: true,"), @r"
    ~ PUT /orders/{id} !
      query parameter `limit` was removed !
      query parameter `page` was added, required !
    ");
    insta::assert_snapshot!(replaced("{name: limit, in: query,", "{name: limit, in: query, required: true,"), @r"
    ~ PUT /orders/{id} !
      query parameter `limit` is required now !
    ");
    insta::assert_snapshot!(replaced("required: true, schema: {type: string}", "required: true, schema: {type: integer}"), @r"
    ~ PUT /orders/{id} !
      path parameter `id`: the type changed from string to integer !
    ");
}

#[test]
fn a_change_in_a_shared_schema_reaches_each_operation_that_uses_it() {
    insta::assert_snapshot!(replaced("email: {type: string, maxLength: 100}", "email: {type: string, maxLength: 50}"), @r"
    ~ PUT /orders/{id} !
      request body: `maxLength` of `customer.email` changed from 100 to 50 !
      response 200: `maxLength` of `customer.email` changed from 100 to 50
    ");
}

#[test]
fn what_breaks_depends_on_the_direction() {
    insta::assert_snapshot!(replaced("required: [sku]", "required: [sku, state]"), @r"
    ~ PUT /orders/{id} !
      request body: `state` is required now !
      response 200: `state` is required now
    ");
    insta::assert_snapshot!(replaced("enum: [open, paid]", "enum: [open, paid, shipped]"), @r#"
    ~ PUT /orders/{id} !
      request body: the value "shipped" of `state` was added
      response 200: the value "shipped" of `state` was added !
    "#);
    insta::assert_snapshot!(replaced("sku: {type: string}", "sku: {type: string}\n        note: {type: string}"), @r"
    ~ PUT /orders/{id}
      request body: `note` was added
      response 200: `note` was added
    ");
    insta::assert_snapshot!(replaced("        sku: {type: string}\n", ""), @r"
    ~ PUT /orders/{id} !
      request body: `sku` was removed !
      response 200: `sku` was removed !
    ");
}

#[test]
fn bodies_and_responses_are_compared() {
    insta::assert_snapshot!(replaced("        '404': {description: none}", "        '400': {description: none}"), @r"
    ~ PUT /orders/{id}
      response 404 was removed
      response 400 was added
    ");
    insta::assert_snapshot!(replaced("{required: true, content: {application/json:", "{content: {application/xml:"), @r"
    ~ PUT /orders/{id} !
      the request body is no longer required
      request body: the media type `application/json` was removed !
      request body: the media type `application/xml` was added
    ");
}

#[test]
fn a_wider_media_type_is_the_same_one_made_wider() {
    insta::assert_snapshot!(replaced("{required: true, content: {application/json:", "{required: true, content: {'*/*':"), @r"
    ~ PUT /orders/{id}
      request body: the media type changed from `application/json` to `*/*`
    ");
    assert_eq!(replaced("content: {application/json:", "content: {'application/json; charset=utf-8':"), "");
}

#[test]
fn media_types_with_parameters_of_their_own_are_not_mixed_up() {
    let versions = BASE.replace(
        "{required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}",
        "{required: true, content: {application/json;v=1: {schema: {type: object}}, application/json;v=2: {schema: {type: array}}, '*/*': {}}}",
    );
    assert_ne!(versions, BASE);
    assert_eq!(changes(&versions, &versions), "");
}

#[test]
fn explode_says_nothing_about_a_single_value() {
    assert_eq!(replaced("{name: limit, in: query,", "{name: limit, in: query, explode: false,"), "");
}

#[test]
fn security_is_compared() {
    insta::assert_snapshot!(replaced("{operationId: health,", "{operationId: health, security: [{token: []}],"), @r"
    ~ GET /health !
      security changed from none to `token` !
    ");
    let secured = BASE.replace("{operationId: health,", "{operationId: health, security: [{token: []}],");
    insta::assert_snapshot!(changes(&secured, &secured.replace("scheme: bearer", "scheme: basic")), @r"
    ~ GET /health !
      the security scheme `token` changed !
    ");
}

#[test]
fn the_base_path_counts() {
    let with = |path: &str| format!("{BASE}servers: [{{url: 'https://h/{path}'}}]\n");
    assert!(changes(&with("v1"), &with("v2")).contains("the base path changed from `/v1` to `/v2` !"));
    assert_eq!(changes(&with("v1"), &with("v1").replace("https://h", "https://other")), "");
}
