//! Swagger 2.0.

use super::*;

const HEAD: &str = "swagger: '2.0'\ninfo: {title: T, version: '1'}\n";

fn urls(rest: &str) -> Vec<String> {
    clean(&format!("{HEAD}{rest}\npaths: {{}}\n")).servers.into_iter().map(|server| server.url).collect()
}

#[test]
fn scheme_host_and_base_path_make_a_server() {
    assert_eq!(urls("host: a.example\nbasePath: /v1\nschemes: [https, http]"), ["https://a.example/v1", "http://a.example/v1"]);
    assert_eq!(urls("host: a.example:8080"), ["http://a.example:8080"]);
    assert_eq!(urls("basePath: v1"), ["/v1"]);
    assert!(urls("").is_empty());
}

#[test]
fn the_scheme_may_come_from_where_the_definition_was_found() {
    let origin = "https://h/swagger.json";
    let text = format!("{HEAD}host: a.example\npaths: {{}}\n");
    let parsed = load(&ServiceName::new("s"), origin, &MemoryFetch::new().with(origin, text));
    assert_eq!(parsed.value.expect("there is a service").servers[0].url, "https://a.example");
}

#[test]
fn collection_formats_become_styles() {
    let formats = [
        "",
        "collectionFormat: csv,",
        "collectionFormat: ssv,",
        "collectionFormat: tsv,",
        "collectionFormat: pipes,",
        "collectionFormat: multi,",
    ];
    let parameter =
        |(i, f): (usize, &&str)| format!("        - {{name: q{i}, in: query, {f} type: array, items: {{type: string}}}}\n");
    let parameters: String = formats.iter().enumerate().map(parameter).collect();
    let service = clean(&format!(
        "{HEAD}paths:
  /a/{{p}}:
    get:
      parameters:
        - {{name: p, in: path, required: true, type: array, items: {{type: string}}}}
{parameters}      responses: {{}}
"
    ));
    insta::assert_snapshot!(render(&service), @r"
    GET /a/{p}
      path p! Simple: array
      query q0 Form: array
      query q1 Form: array
      query q2 SpaceDelimited: array
      query q3 TabDelimited: array
      query q4 PipeDelimited: array
      query q5 Form*: array
    ");
}

#[test]
fn a_body_parameter_is_the_request_body() {
    let service = clean(&format!(
        "{HEAD}consumes: [application/xml]
produces: [application/json, text/csv]
paths:
  /a:
    post:
      consumes: [application/json]
      parameters: [{{name: pet, in: body, required: true, schema: {{$ref: '#/definitions/Pet'}}}}]
      responses:
        200:
          description: ok
          schema: {{$ref: '#/definitions/Pet'}}
          headers: {{X-Rate: {{type: integer}}}}
          examples: {{application/json: {{name: Rex}}}}
    put:
      parameters: [{{in: body, name: x, schema: {{type: string}}}}]
      produces: [text/plain]
      responses: {{200: {{description: ok, schema: {{type: string}}}}, 204: {{description: none}}}}
definitions: {{Pet: {{type: object}}}}
"
    ));
    insta::assert_snapshot!(render(&service), @r#"
    POST /a
      body!
        application/json: $Pet
      200
        header X-Rate: integer
        application/json: $Pet e.g. {"name":"Rex"}
        text/csv: $Pet
    PUT /a
      body
        application/xml: string
      200
        text/plain: string
      204
    "#);
}

#[test]
fn where_no_media_type_is_named_json_is_sent_and_anything_taken() {
    let service = clean(&format!(
        "{HEAD}paths: {{/a: {{post: {{parameters: [{{in: body, name: b, schema: {{type: object}}}}], responses: {{200: {{description: ok, schema: {{type: object}}}}}}}}}}}}"
    ));
    insta::assert_snapshot!(render(&service), @r"
    POST /a
      body
        application/json: object
      200
        */*: object
    ");
}

#[test]
fn form_fields_become_one_object() {
    let service = clean(&format!(
        "{HEAD}paths:
  /login:
    post:
      parameters:
        - {{name: user, in: formData, required: true, type: string, maxLength: 9}}
        - {{name: tags, in: formData, type: array, items: {{type: string}}}}
      responses: {{}}
  /upload:
    post:
      consumes: [application/x-www-form-urlencoded, multipart/form-data]
      parameters: [{{name: data, in: formData, type: file}}]
      responses: {{}}
"
    ));
    insta::assert_snapshot!(render(&service), @r"
    POST /login
      body!
        application/x-www-form-urlencoded: object
    POST /upload
      body
        multipart/form-data: object
    ");
    let schema_of = |i: usize| {
        let body = service.operations[i].request_body.as_ref().expect("there is a body");
        service.schema(body.content[0].schema.as_ref().expect("there is a schema")).expect("it can be found")
    };
    let login = schema_of(0);
    assert_eq!(login.required(), ["user"]);
    assert_eq!(login.property("user").and_then(|user| user.lookup("maxLength").cloned()), Some(9.into()));
    let items = login.property("tags").and_then(|tags| tags.items()).expect("tags have items");
    assert_eq!(items.types(), ["string"]);
    assert_eq!(schema_of(1).property("data").and_then(|data| data.format().map(str::to_owned)).as_deref(), Some("binary"));
}

#[test]
fn security_definitions_are_schemes() {
    let service = clean(&format!(
        "{HEAD}securityDefinitions:
  basic: {{type: basic}}
  key: {{type: apiKey, in: header, name: X-Key}}
  oauth: {{type: oauth2, flow: implicit, authorizationUrl: x, scopes: {{}}}}
security: [{{basic: []}}, {{key: []}}]
paths: {{/a: {{get: {{responses: {{}}}}}}}}
"
    ));
    let kinds: Vec<String> = service.security_schemes.iter().map(|s| render_security(&s.kind)).collect();
    assert_eq!(kinds, [r#"Http("basic")"#, r#"ApiKey { location: Header, name: "X-Key" }"#, "OAuth2"]);
    assert_eq!(render(&service), "GET /a\n  security [(\"basic\", [])]\n  security [(\"key\", [])]");
}
