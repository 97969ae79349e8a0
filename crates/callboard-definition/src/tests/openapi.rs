//! OpenAPI 3.0, 3.1 and 3.2.

use super::*;

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n";

#[test]
fn parameters_of_the_path_item_and_the_operation_are_one_list() {
    let service = clean(&format!(
        "{HEAD}
paths:
  /pets/{{id}}:
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string}}}}
      - {{name: q, in: query, schema: {{type: string}}}}
    get:
      operationId: getPet
      parameters:
        - {{name: q, in: query, required: true, schema: {{type: integer}}}}
        - {{name: X-Trace, in: header, schema: {{type: string}}}}
      responses: {{'200': {{description: ok}}}}
"
    ));
    insta::assert_snapshot!(render(&service), @r"
    GET /pets/{id}
      id getPet
      path id! Simple: string
      query q! Form*: integer
      header X-Trace Simple: string
      200
    ");
}

#[test]
fn styles_have_the_defaults_of_their_place() {
    let service = clean(&format!(
        "{HEAD}
paths:
  /a/{{p}}:
    get:
      parameters:
        - {{name: p, in: path, required: true, style: matrix, explode: true, schema: {{type: array}}}}
        - {{name: c, in: cookie, schema: {{type: string}}}}
        - {{name: f, in: query, style: deepObject, explode: true, schema: {{type: object}}}}
        - {{name: s, in: query, style: spaceDelimited, schema: {{type: array}}}}
        - {{name: j, in: query, content: {{application/json: {{schema: {{type: object}}}}}}}}
      responses: {{'200': {{description: ok}}}}
"
    ));
    insta::assert_snapshot!(render(&service), @r"
    GET /a/{p}
      path p! Matrix*: array
      cookie c Form*: string
      query f DeepObject*: object
      query s SpaceDelimited: array
      query j Form* application/json: object
      200
    ");
}

#[test]
fn headers_that_are_described_elsewhere_are_no_parameters() {
    let service = clean(&format!(
        "{HEAD}
paths:
  /a:
    get:
      parameters: [{{name: Authorization, in: header, required: true, schema: {{type: string}}}}]
      responses: {{'200': {{description: ok, headers: {{Content-Type: {{schema: {{type: string}}}}}}}}}}
"
    ));
    assert_eq!(render(&service), "GET /a\n  200");
}

#[test]
fn bodies_responses_headers_and_examples_are_read_through_references() {
    let service = clean(&format!(
        "{HEAD}
paths:
  /pets:
    post:
      requestBody: {{$ref: '#/components/requestBodies/Pet'}}
      responses:
        '201': {{$ref: '#/components/responses/Created'}}
        4XX: {{description: wrong}}
        default: {{description: other, content: {{text/plain: {{}}}}}}
components:
  requestBodies:
    Pet: {{required: true, content: {{application/json: {{schema: {{$ref: '#/components/schemas/Pet'}}, example: {{name: Rex}}}}}}}}
  responses:
    Created:
      description: made
      headers: {{Location: {{$ref: '#/components/headers/Location'}}}}
      content:
        application/json:
          schema: {{$ref: '#/components/schemas/Pet'}}
          examples:
            one: {{value: 1}}
            two: {{$ref: '#/components/examples/two'}}
  headers: {{Location: {{schema: {{type: string}}}}}}
  examples: {{two: {{value: 2}}}}
  schemas: {{Pet: {{type: object}}}}
"
    ));
    insta::assert_snapshot!(render(&service), @r#"
    POST /pets
      body!
        application/json: $Pet e.g. {"name":"Rex"}
      201
        header Location: string
        application/json: $Pet e.g. 1 e.g. 2
      4XX
      default
        text/plain: -
    "#);
}

#[test]
fn security_of_the_operation_replaces_that_of_the_definition() {
    let service = clean(&format!(
        "{HEAD}
security: [{{key: []}}]
paths:
  /a: {{get: {{responses: {{}}}}}}
  /b: {{get: {{security: [], responses: {{}}}}}}
  /c: {{get: {{security: [{{}}, {{oauth: [read], key: []}}], responses: {{}}}}}}
components:
  securitySchemes:
    key: {{type: apiKey, in: cookie, name: sid}}
    oauth: {{type: oauth2, flows: {{}}}}
    bearer: {{type: http, scheme: Bearer}}
    oidc: {{type: openIdConnect, openIdConnectUrl: x}}
    tls: {{type: mutualTLS}}
"
    ));
    insta::assert_snapshot!(render(&service), @r#"
    GET /a
      security [("key", [])]
    GET /b
    GET /c
      security []
      security [("oauth", ["read"]), ("key", [])]
    "#);
    let kinds: Vec<String> = service.security_schemes.iter().map(|s| render_security(&s.kind)).collect();
    insta::assert_snapshot!(kinds.join("\n"), @r#"
    ApiKey { location: Cookie, name: "sid" }
    OAuth2
    Http("bearer")
    OpenIdConnect
    MutualTls
    "#);
}

#[test]
fn variables_of_a_server_take_their_defaults() {
    let service = clean(&format!(
        "{HEAD}
servers:
  - url: 'https://{{region}}.example.com/{{base}}'
    variables: {{region: {{default: eu}}, base: {{enum: [v1, v2]}}}}
  - {{url: /api}}
paths: {{}}
"
    ));
    let urls: Vec<&str> = service.servers.iter().map(|server| server.url.as_str()).collect();
    assert_eq!(urls, ["https://eu.example.com/v1", "/api"]);
    assert_eq!(service.base_path(), "/v1");
}

#[test]
fn links_lead_to_operations_by_id_and_by_reference() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}
paths:
  /a:
    post:
      responses:
        '201':
          description: made
          links:
            byId: {{operationId: getA, parameters: {{id: '$response.body#/id'}}}}
            byRef: {{operationRef: '#/paths/~1a~1{{id}}/get'}}
            wrong: {{operationId: getAA}}
  /a/{{id}}:
    get:
      operationId: getA
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      responses: {{}}
"
    ));
    insta::assert_snapshot!(render(&service), @r"
    POST /a
      201
        link byId -> s GET /a/{id}
        link byRef -> s GET /a/{id}
        link wrong -> nowhere
    GET /a/{id}
      id getA
      path id! Simple: string
    ");
    insta::assert_snapshot!(
        findings,
        @"api.yaml:13:34: warning[unknown-link-target]: no operation is called `getAA` (help: did you mean `getA`?)"
    );
}

#[test]
fn a_path_item_may_refer_to_another_and_add_to_it() {
    let service = clean(
        "openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    $ref: '#/components/pathItems/A'
    post: {responses: {}}
components:
  pathItems:
    A: {get: {operationId: getA, responses: {}}}
webhooks:
  happened: {post: {responses: {}}}
",
    );
    assert_eq!(render(&service), "POST /a\nGET /a\n  id getA");
}

#[test]
fn openapi_3_2_has_query_other_methods_and_whole_query_strings() {
    let service = clean(
        "openapi: 3.2.0
info: {title: T, version: '1'}
paths:
  /a:
    query: {requestBody: {content: {application/json: {schema: {type: object}}}}, responses: {}}
    additionalOperations:
      COPY: {responses: {}}
    get:
      parameters: [{name: all, in: querystring, content: {application/x-www-form-urlencoded: {schema: {type: object}}}}]
      responses: {}
",
    );
    insta::assert_snapshot!(render(&service), @r"
    QUERY /a
      body
        application/json: object
    COPY /a
    GET /a
      querystring all Form* application/x-www-form-urlencoded: object
    ");
}

#[test]
fn a_reference_may_stand_where_the_specification_has_none() {
    let service = clean(&format!(
        "{HEAD}
paths: {{$ref: '#/x-paths'}}
x-paths:
  /a: {{get: {{description: {{$ref: '#/x-text'}}, parameters: {{$ref: '#/x-parameters'}}, responses: {{}}}}}}
x-text: hello
x-parameters: [{{name: q, in: query, schema: {{type: string}}}}]
"
    ));
    assert_eq!(render(&service), "GET /a\n  query q Form*: string");
    assert_eq!(service.operations[0].description.as_deref(), Some("hello"));
}

#[test]
fn callbacks_are_no_operations() {
    let service = clean(&format!(
        "{HEAD}
paths:
  /subscribe:
    post:
      callbacks: {{event: {{'{{$request.body#/url}}': {{post: {{responses: {{}}}}}}}}}}
      responses: {{}}
"
    ));
    assert_eq!(render(&service), "POST /subscribe");
}
