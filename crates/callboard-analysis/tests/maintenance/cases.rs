//! Small definitions, one change each.

use crate::{replaced, report};

const ORDERS: &str = "openapi: 3.0.3
info: {title: Orders, version: '1'}
paths:
  /orders:
    post:
      operationId: placeOrder
      summary: Place an order
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}
      responses:
        '201': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}, headers: {Location: {schema: {type: string}}}}
    get:
      operationId: listOrders
      summary: List orders
      parameters:
        - {name: buyer, in: query, schema: {type: string, format: uuid}}
        - {name: status, in: query, schema: {$ref: '#/components/schemas/Status'}}
      responses:
        '200': {description: ok, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}
  /orders/{id}:
    get:
      operationId: getOrder
      summary: Read an order
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        '404': {description: none}
    delete:
      operationId: cancelOrder
      summary: Cancel an order
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        '204': {description: gone}
components:
  schemas:
    Status: {type: string, enum: [placed, paid, cancelled]}
    NewOrder:
      type: object
      required: [buyer, lines]
      properties:
        buyer: {type: string, format: uuid}
        lines: {type: array, items: {type: object, required: [sku, qty], properties: {sku: {type: string}, qty: {type: integer, minimum: 1}}}}
        note: {type: string, maxLength: 200}
    Order:
      type: object
      required: [id]
      properties:
        id: {type: string}
        status: {$ref: '#/components/schemas/Status'}
        total: {type: number}
        buyer: {type: string, format: uuid}
        lines: {type: array, items: {type: object, properties: {sku: {type: string}, qty: {type: integer, minimum: 1}}}}
";

const CUSTOMERS: &str = "openapi: 3.0.3
info: {title: Customers, version: '1'}
paths:
  /customers:
    post:
      operationId: register
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [name], properties: {name: {type: string}}}}}}
      responses:
        '201': {description: ok, content: {application/json: {schema: {type: object, properties: {id: {type: string, format: uuid}, name: {type: string}}}}}}
";

const SCENARIO: &str = "arazzo: 1.0.1
info: {title: Orders, version: 1.0.0}
sourceDescriptions:
  - {name: customers, url: ../services/customers.yaml, type: openapi}
  - {name: orders,    url: ../services/orders.yaml,    type: openapi}   # the one that changes
workflows:
  - workflowId: order
    steps:
      - stepId: register
        operationId: $sourceDescriptions.customers.register
        requestBody:
          payload: {name: Ada}
        successCriteria:
          - condition: $statusCode == 201
        outputs:
          customer: $response.body#/id

      # She orders a pot.
      - stepId: place
        operationId: \"$sourceDescriptions.orders.placeOrder\"   # by hand
        requestBody:
          contentType: application/json
          payload:
            buyer: $steps.register.outputs.customer
            lines:   # one is enough
              - {sku: POT-1, qty: 2}
            note:   'please wrap'
        successCriteria:
          - condition: $statusCode == 201
          - condition: $response.body#/status == 'placed' && $response.body#/total > 10   # both
          - context: $response.body
            type: jsonpath
            condition: $.lines[?@.qty == 2]
        outputs:
          id: $response.body#/id
          order: $response.body
      - stepId: read
        operationId: $sourceDescriptions.orders.getOrder
        parameters:
          - name: id
            in: path
            value: $steps.place.outputs.id
        successCriteria:
          - condition: $statusCode == 200
          - condition: >-
              $response.body#/total ==
              $steps.place.outputs.order#/total
      - stepId: list
        operationId: $sourceDescriptions.orders.listOrders
        parameters:
          - {name: buyer, in: query, value: $steps.register.outputs.customer}
          - {name: status, in: query, value: placed}
        successCriteria:
          - condition: $statusCode == 200
          - condition: $response.body#/0/id == $steps.place.outputs.id
    outputs:
      total: $steps.place.outputs.order#/total
    x-callboard-finally:
      - stepId: cancel
        operationId: $sourceDescriptions.orders.cancelOrder
        parameters:
          - {name: id, in: path, value: $steps.place.outputs.id}
";

/// The report when parts of the definition of orders are replaced.
#[track_caller]
fn changed(parts: &[(&str, &str)]) -> String {
    let new = replaced(ORDERS, parts);
    report(Some(&[("customers", CUSTOMERS), ("orders", ORDERS)]), &[("customers", CUSTOMERS), ("orders", &new)], SCENARIO)
}

/// As [`changed`], without an older version.
#[track_caller]
fn unknown(parts: &[(&str, &str)]) -> String {
    let new = replaced(ORDERS, parts);
    report(None, &[("customers", CUSTOMERS), ("orders", &new)], SCENARIO)
}

macro_rules! cases {
    ($($(#[$meta:meta])* $name:ident: $report:expr;)*) => {
        $(
            $(#[$meta])*
            #[test]
            fn $name() {
                insta::assert_snapshot!(stringify!($name), $report);
            }
        )*
    };
}

cases! {
    nothing_changed: changed(&[]);
    words_do_not_count: changed(&[("Read an order", "Reads it")]);
    an_operation_moved_to_another_path_and_id: changed(&[
        ("/orders/{id}:", "/v2/orders/{orderId}:"), ("getOrder", "readOrder"), ("name: id, in: path", "name: orderId, in: path"),
    ]);
    an_operation_got_another_id: changed(&[("getOrder", "fetchOrder")]);
    an_operation_lost_its_id: changed(&[("      operationId: getOrder\n", "")]);
    an_operation_moved_and_kept_its_id: changed(&[("/orders/{id}:", "/purchases/{id}:")]);
    an_operation_is_gone_for_good: changed(&[
        ("    delete:\n      operationId: cancelOrder\n      summary: Cancel an order\n      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses:\n        '204': {description: gone}\n", ""),
    ]);
    two_ids_changed_places: changed(&[("getOrder", "x1"), ("cancelOrder", "getOrder"), ("x1", "cancelOrder")]);
    a_path_parameter_got_another_name: changed(&[("/orders/{id}:", "/orders/{orderId}:"), ("name: id, in: path", "name: orderId, in: path")]);
    a_parameter_moved_from_query_to_header: changed(&[("{name: buyer, in: query,", "{name: buyer, in: header,")]);
    a_parameter_was_renamed_and_moved: changed(&[("{name: buyer, in: query,", "{name: X-Buyer, in: header,")]);
    a_parameter_was_removed: changed(&[("        - {name: status, in: query, schema: {$ref: '#/components/schemas/Status'}}\n", "")]);
    all_parameters_were_removed: changed(&[
        ("      parameters:\n        - {name: buyer, in: query, schema: {type: string, format: uuid}}\n        - {name: status, in: query, schema: {$ref: '#/components/schemas/Status'}}\n", ""),
    ]);
    a_parameter_is_required_now_and_a_step_before_sends_its_value: changed(&[
        ("      parameters:\n        - {name: buyer", "      parameters:\n        - {name: customer, in: query, required: true, schema: {type: string, format: uuid}}\n        - {name: buyer"),
    ]);
    a_parameter_is_required_now_and_nothing_yields_it: changed(&[
        ("      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n      responses:\n        '200'",
         "      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: view, in: query, required: true, schema: {type: string, enum: [full, short]}}]\n      responses:\n        '200'"),
    ]);
    a_request_field_was_renamed: changed(&[("qty", "quantity")]);
    a_request_field_was_renamed_at_the_top: changed(&[("        note: {type: string, maxLength: 200}", "        remark: {type: string, maxLength: 200}")]);
    a_request_field_was_removed: changed(&[("        note: {type: string, maxLength: 200}\n", "")]);
    a_request_field_moved_into_an_object: changed(&[
        ("        note: {type: string, maxLength: 200}", "        delivery: {type: object, properties: {note: {type: string, maxLength: 200}}}"),
    ]);
    a_request_field_is_required_now: changed(&[
        ("required: [buyer, lines]", "required: [buyer, lines, currency]"),
        ("        note: {type", "        currency: {type: string, enum: [EUR, USD]}\n        note: {type"),
    ]);
    a_request_field_has_another_type: changed(&[("qty: {type: integer, minimum: 1}}}}\n        note", "qty: {type: string}}}}\n        note")]);
    a_request_body_is_gone: changed(&[
        ("      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}\n", ""),
    ]);
    a_request_body_is_needed_now: changed(&[
        ("      responses:\n        '204'", "      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [reason], properties: {reason: {type: string, enum: [mistake]}}}}}}\n      responses:\n        '204'"),
    ]);
    another_content_type_is_accepted: changed(&[
        ("requestBody: {required: true, content: {application/json:", "requestBody: {required: true, content: {application/vnd.shop+json:"),
    ]);
    a_value_was_renamed: changed(&[("[placed, paid, cancelled]", "[open, paid, cancelled]")]);
    a_value_is_gone_and_the_choices_are_named: changed(&[("[placed, paid, cancelled]", "[draft, waiting, paid, done]")]);
    a_status_changed: changed(&[("'201': {description: ok, content: {application/json: {schema: {$ref", "'200': {description: ok, content: {application/json: {schema: {$ref")]);
    a_field_of_the_answer_was_renamed: changed(&[("total: {type: number}", "amount: {type: number}")]);
    a_field_of_the_answer_moved_into_an_object: changed(&[("total: {type: number}", "price: {type: object, properties: {total: {type: number}}}")]);
    a_field_of_the_answer_is_gone: changed(&[("        total: {type: number}\n", "")]);
    the_answer_is_wrapped: changed(&[("'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}",
        "'200': {description: ok, content: {application/json: {schema: {type: object, properties: {data: {$ref: '#/components/schemas/Order'}}}}}}")]);
    a_list_is_wrapped: changed(&[("schema: {type: array, items: {$ref: '#/components/schemas/Order'}}",
        "schema: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Order'}}, next: {type: string}}}")]);
    credentials_are_asked_for_now: changed(&[
        ("      operationId: getOrder\n", "      operationId: getOrder\n      security: [{key: []}]\n"),
        ("components:\n", "components:\n  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}\n"),
    ]);
    much_changed_at_once: changed(&[
        ("/orders/{id}:", "/v2/orders/{orderId}:"), ("/orders:", "/v2/orders:"), ("getOrder", "readOrder"), ("placeOrder", "createOrder"),
        ("name: id, in: path", "name: orderId, in: path"), ("qty", "quantity"), ("total: {type: number}", "amount: {type: number}"),
        ("'201': {description: ok, content: {application/json: {schema: {$ref", "'202': {description: ok, content: {application/json: {schema: {$ref"),
    ]);
    unknown_id: unknown(&[("getOrder", "fetchOrder"), ("placeOrder", "createOrder")]);
    unknown_path_and_id: unknown(&[("/orders/{id}:", "/v2/orders/{orderId}:"), ("getOrder", "showOrderDetails"), ("name: id, in: path", "name: orderId, in: path")]);
    unknown_parameter: unknown(&[("{name: buyer, in: query,", "{name: buyerId, in: query,")]);
    unknown_and_nothing_like_it: unknown(&[("getOrder", "zzz"), ("/orders/{id}:", "/q/{w}:"), ("name: id, in: path", "name: w, in: path")]);
    the_whole_service_was_renamed: report(
        Some(&[("customers", CUSTOMERS), ("orders", ORDERS)]), &[("customers", CUSTOMERS), ("purchases", ORDERS)], SCENARIO,
    );
    unknown_service: report(None, &[("customers", CUSTOMERS), ("purchases", ORDERS)], SCENARIO);
    json_stays_json: {
        let text = format!("{:#}", callboard_model::Document::parse("x", SCENARIO.as_bytes()).expect("well-formed").value());
        let new = replaced(ORDERS, &[("qty", "quantity"), ("getOrder", "fetchOrder"), ("name: id, in: path", "name: orderId, in: path"), ("/orders/{id}:", "/orders/{orderId}:")]);
        report(Some(&[("customers", CUSTOMERS), ("orders", ORDERS)]), &[("customers", CUSTOMERS), ("orders", &new)], &text)
    };
    operation_paths_stay_operation_paths: {
        let text = replaced(SCENARIO, &[("operationId: $sourceDescriptions.orders.getOrder", "operationPath: '{$sourceDescriptions.orders.url}#/paths/~1orders~1{id}/get'")]);
        let new = replaced(ORDERS, &[("/orders/{id}:", "/v2/orders/{orderId}:"), ("name: id, in: path", "name: orderId, in: path")]);
        report(Some(&[("customers", CUSTOMERS), ("orders", ORDERS)]), &[("customers", CUSTOMERS), ("orders", &new)], &text)
    };
    what_was_wrong_before_is_no_change: {
        let text = replaced(SCENARIO, &[("qty: 2}", "quantitty: 2}"), ("buyer: $steps.register.outputs.customer\n", "buyr: x\n")]);
        let new = replaced(ORDERS, &[("getOrder", "fetchOrder")]);
        report(Some(&[("customers", CUSTOMERS), ("orders", ORDERS)]), &[("customers", CUSTOMERS), ("orders", &new)], &text)
    };
}
