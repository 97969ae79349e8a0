//! What is wrong with a definition is said with its place, and costs no more than it must.

use super::*;

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n";

#[track_caller]
fn check(paths: &str, expected: &str) {
    assert_eq!(findings(&format!("{HEAD}{paths}")), expected);
}

/// Which operations can be used.
fn usable(service: &Service) -> Vec<String> {
    service.operations.iter().filter(|o| o.unusable.is_none()).map(|o| format!("{} {}", o.key.method, o.key.path)).collect()
}

#[test]
fn one_broken_operation_leaves_the_others() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a:
    get: {{parameters: {{name: x}}, responses: {{}}}}
    post: {{responses: {{}}}}
  /b:
    get: {{parameters: [{{$ref: '#/components/parameters/nope'}}], responses: {{}}}}
    put: 7
    delete: {{responses: {{}}}}
  /c: []
"
    ));
    assert_eq!(usable(&service), ["POST /a", "DELETE /b"]);
    insta::assert_snapshot!(findings, @r"
    api.yaml:5:23: warning[wrong-type]: `parameters` must be a list, here is an object
    api.yaml:8:24: warning[unresolvable-reference]: the reference `#/components/parameters/nope` cannot be followed: nothing stands at `#/components/parameters/nope`
    api.yaml:9:10: warning[wrong-type]: an operation must be an object, here is a number
    api.yaml:11:7: warning[wrong-type]: a path item must be an object, here is a list
    ");
}

#[test]
fn a_broken_reference_deep_in_a_schema_reaches_the_operations_that_need_it() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a: {{get: {{responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: '#/components/schemas/A'}}}}}}}}}}}}}}
  /b: {{get: {{responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: '#/components/schemas/B'}}}}}}}}}}}}}}
  /c: {{parameters: [{{name: c, in: query, schema: {{$ref: '#/components/schemas/A'}}}}], get: {{responses: {{}}}}}}
components:
  schemas:
    A: {{properties: {{b: {{$ref: '#/components/schemas/Broken'}}}}}}
    B: {{type: object, example: {{$ref: '#/nowhere'}}}}
    Broken: {{items: {{$ref: '#/components/schemas/Gone'}}, properties: {{a: {{$ref: '#/components/schemas/A'}}}}}}
"
    ));
    assert_eq!(usable(&service), ["GET /b"]);
    insta::assert_snapshot!(findings, @"api.yaml:11:21: warning[unresolvable-reference]: the reference `#/components/schemas/Gone` cannot be followed: nothing stands at `#/components/schemas/Gone`");
    insta::assert_snapshot!(
        service.operations[0].unusable.clone().unwrap_or_default(),
        @"it depends on `#/components/schemas/Gone`, which cannot be followed"
    );
}

#[test]
fn references_in_a_circle_end() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a: {{get: {{parameters: [{{$ref: '#/x/a'}}], responses: {{}}}}}}\nx: {{a: {{$ref: '#/x/b'}}, b: {{$ref: '#/x/a'}}}}\n"
    ));
    assert!(usable(&service).is_empty());
    assert!(findings.contains("it leads in a circle"), "{findings}");
}

#[test]
fn two_operations_with_one_id() {
    check(
        "  /a: {get: {operationId: x, responses: {}}}\n  /b: {get: {operationId: x, responses: {}}}\n",
        "api.yaml:5:27: warning[duplicate-operation-id]: the operationId `x` is taken by GET /a \
         (help: name this one by method and path, or give it an id of its own)",
    );
}

#[test]
fn an_undeclared_path_parameter_is_a_text() {
    let (service, findings) = with_findings(&format!("{HEAD}  /a/{{id}}: {{get: {{responses: {{}}}}}}\n"));
    assert_eq!(render(&service), "GET /a/{id}\n  path id! Simple: string");
    assert_eq!(
        findings,
        "api.yaml:4:18: warning[undeclared-path-parameter]: `{id}` of `/a/{id}` is not declared as a path parameter; it is read as a text"
    );
}

#[test]
fn a_path_parameter_without_a_place_is_left_out() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a: {{get: {{parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}], responses: {{}}}}}}\n"
    ));
    assert_eq!(render(&service), "GET /a");
    assert_eq!(findings, "api.yaml:4:27: warning[unused-path-parameter]: the path parameter `id` has no place in `/a`");
}

#[test]
fn another_spelling_of_a_path_parameter_is_the_same_parameter() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a/{{petId}}: {{get: {{parameters: [{{name: pet_id, in: path, required: true, schema: {{type: integer}}}}], responses: {{}}}}}}\n"
    ));
    assert_eq!(render(&service), "GET /a/{petId}\n  path petId! Simple: integer");
    assert!(findings.contains("the path parameter `pet_id` is spelt `petId`"), "{findings}");
}

#[test]
fn an_unknown_place_breaks_only_what_must_have_it() {
    let (service, findings) = with_findings(&format!(
        "{HEAD}  /a:
    get: {{parameters: [{{name: x, in: querry, schema: {{}}}}], responses: {{}}}}
    post: {{parameters: [{{name: x, in: body, required: true, schema: {{}}}}], responses: {{}}}}
"
    ));
    assert_eq!(usable(&service), ["GET /a"]);
    insta::assert_snapshot!(findings, @r"
    api.yaml:5:38: warning[unknown-parameter-location]: `in: querry` of the parameter `x` is no place in OpenAPI 3.0 (help: did you mean `query`?)
    api.yaml:6:39: warning[unknown-parameter-location]: `in: body` of the parameter `x` is no place in OpenAPI 3.0 (help: describe the body under `requestBody`)
    ");
}

#[test]
fn slips_among_the_keys_are_found() {
    let (_, findings) = with_findings(&format!(
        "{HEAD}  /a:
    gett: {{responses: {{}}}}
    get: {{operationid: x, x-operationid: y, note: free, responses: {{'200': {{descripton: ok}}}}}}
"
    ));
    insta::assert_snapshot!(findings, @r"
    api.yaml:5:5: warning[unknown-key]: a path item has no key `gett` (help: did you mean `get`?)
    api.yaml:6:11: warning[unknown-key]: an operation has no key `operationid` (help: did you mean `operationId`?)
    api.yaml:6:77: warning[unknown-key]: a response has no key `descripton` (help: did you mean `description`?)
    ");
}

#[test]
fn paths_that_compete_are_told_apart_by_nobody() {
    check(
        "  /a/{x}: {get: {parameters: [{name: x, in: path, required: true}], responses: {}}}\n  /a/{y}: {parameters: []}\n",
        "api.yaml:5:3: warning[ambiguous-path]: `/a/{y}` and `/a/{x}` differ in the names of their parameters only: they are one path",
    );
}

#[test]
fn a_status_that_is_none_is_left_out() {
    check(
        "  /a: {get: {responses: {'2000': {description: x}, ok: {description: x}}}}\n",
        "api.yaml:4:26: warning[invalid-status]: `2000` is no status; this response is left out (help: a status is `200`, `2XX` or `default`)\n\
         api.yaml:4:52: warning[invalid-status]: `ok` is no status; this response is left out (help: a status is `200`, `2XX` or `default`)",
    );
}

#[test]
fn a_security_scheme_that_is_not_there() {
    check(
        "  /a: {get: {security: [{tokn: []}], responses: {}}}\ncomponents: {securitySchemes: {token: {type: http, scheme: bearer}}}\n",
        "api.yaml:4:26: warning[unknown-security-scheme]: there is no security scheme `tokn` (help: did you mean `token`?)",
    );
}

#[test]
fn a_path_without_a_slash_gets_one() {
    let (service, findings) = with_findings(&format!("{HEAD}  a: {{get: {{responses: {{}}}}}}\n"));
    assert_eq!(render(&service), "GET /a");
    assert!(findings.contains("path-without-slash"), "{findings}");
}

#[test]
fn a_shared_part_is_reported_once() {
    let findings = findings(&format!(
        "{HEAD}  /a:
    parameters: [{{in: query}}]
    get: {{responses: {{}}}}
    put: {{responses: {{}}}}
"
    ));
    assert_eq!(findings, "api.yaml:5:18: warning[missing-key]: a parameter has no `name`");
}

#[test]
fn no_paths_and_no_info() {
    insta::assert_snapshot!(findings("openapi: 3.0.0\n"), @r"
    api.yaml:1:1: warning[missing-info]: the definition has no `info`
    api.yaml:1:1: warning[no-paths]: the definition has no `paths`, so it has no operations
    ");
    assert_eq!(findings("openapi: 3.1.0\ninfo: {title: T, version: '1'}\nwebhooks: {}\n"), "");
}

#[test]
fn a_version_that_is_not_read() {
    insta::assert_snapshot!(findings("a: 1\nswagger: '1.2'\n"), @"api.yaml:2:10: error[unsupported-version]: `swagger: 1.2` is not a version that is read (help: read are Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2)");
    assert!(parsed("openapi: 4.0.0\n").value.is_none());
    assert!(parsed("openapi: 3.10.0\n").value.is_none());
    assert!(parsed("swagger: 2.0\ninfo: {}\npaths: {}\n").value.is_some());
}

#[test]
fn something_else_is_called_by_its_name() {
    let looks = |text: &str| findings(text).lines().next().unwrap_or_default().to_owned();
    let cases = [
        ("<!DOCTYPE html>\n<html><body>Sign in</body></html>", "an HTML page"),
        ("<?xml version='1.0'?><wsdl:definitions/>", "a WSDL definition"),
        ("arazzo: 1.0.1\n", "an Arazzo file"),
        ("asyncapi: 3.0.0\n", "an AsyncAPI definition"),
        ("apiVersion: v1\nkind: Service\n", "a Kubernetes manifest"),
        ("type: object\nproperties: {}\n", "a schema"),
        ("syntax = \"proto3\";\n", "a protobuf definition"),
        ("", "an empty document"),
        ("[]", "a list"),
        ("paths: {}", "without its version"),
    ];
    for (text, expected) in cases {
        let found = looks(text);
        assert!(found.contains("error[not-a-definition]") && found.contains(expected), "{text}: {found}");
    }
    assert!(looks("a: [1").contains("error[invalid-document]"));
    assert!(looks("some: thing\n").contains("neither `openapi` nor `swagger`"));
}
