//! Each kind of sign, in the smallest definition that shows it.

use super::links;

const CUSTOMERS: (&str, &str) = (
    "customers",
    "
paths:
  /customers:
    post:
      responses:
        '201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
  /customers/{x}:
    get:
      parameters: [{name: x, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
components:
  schemas:
    Customer: {type: object, properties: {id: {type: string}, name: {type: string}, email: {type: string}, phone: {type: string}}}
",
);

#[test]
fn what_stands_behind_a_collection_is_its_key_whatever_its_name() {
    assert_eq!(links(&[CUSTOMERS]), ["customers POST /customers /id -> customers GET /customers/{x} path.x [Customer]"]);
}

/// A service with one POST that takes `field`.
fn taker(field: &str) -> String {
    format!(
        "
paths:
  /orders:
    post:
      requestBody: {{required: true, content: {{application/json: {{schema: {{type: object, properties: {{{field}}}}}}}}}}}
      responses: {{'204': {{description: done}}}}
"
    )
}

#[test]
fn names_synonyms_and_descriptions_say_whose_key_a_field_is() {
    for (field, place) in [
        ("customerId: {type: string}", "/customerId"),
        ("customer_ref: {type: string}", "/customer_ref"),
        ("custId: {type: string}", "/custId"),
        ("buyer: {type: string}", "/buyer"),
        ("customer: {type: object, properties: {id: {type: string}}}", "/customer/id"),
        ("who: {type: string, description: The id of the customer who pays}", "/who"),
    ] {
        let text = taker(field);
        let found = links(&[CUSTOMERS, ("orders", &text)]);
        let wanted = format!("customers POST /customers /id -> orders POST /orders body.{place} [Customer]");
        assert!(found.contains(&wanted), "{field}: {found:#?}");
    }
}

#[test]
fn measures_addresses_and_client_ids_are_no_keys() {
    for field in [
        "customerCount: {type: integer}",
        "customerUrl: {type: string}",
        "client_id: {type: string}",
        "customer: {type: string, description: The URL of the customer}",
        "name: {type: string}",
    ] {
        let text = taker(field);
        let found = links(&[CUSTOMERS, ("orders", &text)]);
        assert!(!found.iter().any(|link| link.contains("-> orders")), "{field}: {found:#?}");
    }
}

#[test]
fn one_definition_deployed_twice_stays_with_itself() {
    let found = links(&[CUSTOMERS, ("archive", CUSTOMERS.1)]);
    let crossing = |link: &&String| link.starts_with("customers") && link.contains("-> archive");
    assert_eq!(found.iter().filter(crossing).count(), 0, "{found:#?}");
    assert_eq!(found.len(), 2, "{found:#?}");
}

#[test]
fn a_stated_link_counts_whatever_the_names_are() {
    let text = "
paths:
  /a:
    post:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: object, properties: {odd: {type: string}}}}}
          links: {next: {operationId: second, parameters: {strange: '$response.body#/odd'}}}
  /b:
    get:
      operationId: second
      parameters: [{name: strange, in: query, schema: {type: string}}]
      responses: {'200': {description: ok}}
";
    assert_eq!(links(&[("s", text)]), ["s POST /a /odd -> s GET /b query.strange []"]);
}

#[test]
fn a_key_that_the_caller_makes_up_is_given_and_not_wanted() {
    let text = "
paths:
  /groups/{name}:
    post:
      summary: Create a group
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'201': {description: made}}
    delete:
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {'204': {description: gone}}
";
    assert_eq!(links(&[("s", text)]), ["s POST /groups/{name} request:path.name -> s DELETE /groups/{name} path.name [Group]"]);
}

#[test]
fn the_address_of_what_was_made_counts_where_nothing_else_says_its_key() {
    let text = "
paths:
  /jobs:
    post:
      responses: {'201': {description: made, headers: {Location: {schema: {type: string}}}}}
  /jobs/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}}
";
    assert_eq!(links(&[("s", text)]), ["s POST /jobs header:Location -> s GET /jobs/{id} path.id [Job]"]);
}

#[test]
fn keys_of_a_system_that_is_not_described_link_by_their_name() {
    let text = "
paths:
  /invoices:
    get:
      parameters: [{name: contactId, in: query, schema: {type: string}}]
      responses: {'200': {description: ok}}
  /reports:
    get:
      responses:
        '200':
          description: ok
          content: {application/json: {schema: {type: array, items: {type: object, properties: {contactId: {type: string}}}}}}
";
    assert_eq!(links(&[("s", text)]), ["s GET /reports /*/contactId -> s GET /invoices query.contactId [Contact]"]);
}
