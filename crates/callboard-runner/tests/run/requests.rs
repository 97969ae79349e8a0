//! What goes over the wire: places and styles of parameters, kinds of bodies, and whose header wins.

use callboard_model::run::Verdict;
use callboard_testkit::{Received, Reply, TestServer};

use crate::world::{execute, failures, only, options, system_of};

const DEFINITION: &str = r#"
openapi: 3.0.3
info: {title: Forms, version: "1"}
paths:
  /form:
    post:
      operationId: form
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {name: {type: string}, count: {type: integer}, tags: {type: array, items: {type: string}}}}
      responses: {"200": {description: ok}}
  /upload:
    post:
      operationId: upload
      requestBody:
        content:
          multipart/form-data:
            schema: {type: object, properties: {title: {type: string}, file: {type: string, format: binary}, meta: {type: object}}}
      responses: {"200": {description: ok}}
  /text:
    put:
      operationId: text
      requestBody: {content: {text/plain: {schema: {type: string}}}}
      responses: {"200": {description: ok, content: {text/html: {}, application/json: {}}}}
  /search/{ids}:
    get:
      operationId: search
      parameters:
        - {name: ids, in: path, required: true, schema: {type: array, items: {type: integer}}}
        - {name: filter, in: query, style: deepObject, explode: true, schema: {type: object, properties: {a: {type: integer}}}}
        - {name: tag, in: query, schema: {type: array, items: {type: string}}}
        - {name: X-Flag, in: header, schema: {type: boolean}}
        - {name: session, in: cookie, schema: {type: string}}
      responses: {"200": {description: ok}}
"#;

/// Runs one step and returns the request that it sent.
async fn sent(step: &str, base: &str, headers: &[(&str, &str)]) -> Received {
    let server = TestServer::start(|_| Reply::status(200)).await;
    let workflow = format!("\n- workflowId: w\n  steps:\n  - {{stepId: s, {step}}}\n");
    let mut options = options(&workflow, "");
    options.system = system_of(&[("customers", DEFINITION)]);
    let target = options.targets.get_mut("customers").expect("a target");
    target.base = server.url(base);
    target.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let finished = execute(options).await;
    let step = &only(&finished).steps[0];
    assert_eq!(step.verdict, Verdict::Passed, "{:?}", failures(step));
    server.received().remove(0)
}

fn operation(id: &str) -> String {
    format!("operationId: $sourceDescriptions.customers.{id}")
}

#[tokio::test]
async fn forms_are_written_as_forms() {
    let step = format!("{}, requestBody: {{payload: {{name: 'a b&c', count: 2, tags: [x, y]}}}}", operation("form"));
    let request = sent(&step, "", &[]).await;
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(request.body, "name=a%20b%26c&count=2&tags=x&tags=y");
}

#[tokio::test]
async fn a_file_is_a_part_of_its_own() {
    let step = format!("{}, requestBody: {{payload: {{title: T, file: 'bytes', meta: {{k: 1}}}}}}", operation("upload"));
    let request = sent(&step, "", &[]).await;
    let boundary = request.header("content-type").and_then(|value| value.split_once("boundary=")).expect("a boundary").1;
    let expected = [
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"title\"\r\n\r\nT\r\n"),
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"file\"\r\n"),
        "content-type: application/octet-stream\r\n\r\nbytes\r\n".to_owned(),
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"meta\"\r\n"),
        "content-type: application/json\r\n\r\n{\"k\":1}\r\n".to_owned(),
        format!("--{boundary}--\r\n"),
    ];
    assert_eq!(String::from_utf8_lossy(&request.body), expected.concat());
}

#[tokio::test]
async fn text_goes_as_it_is_and_json_is_preferred_in_return() {
    let step = format!("{}, requestBody: {{payload: 'plain \"text\"'}}", operation("text"));
    let request = sent(&step, "", &[]).await;
    assert_eq!((request.header("content-type"), &request.body[..]), (Some("text/plain"), &b"plain \"text\""[..]));
    assert_eq!(request.header("accept"), Some("application/json, text/html"));
}

#[tokio::test]
async fn parameters_go_to_their_places_in_their_styles() {
    let parameters = "[{name: ids, in: path, value: [1, 2]}, {name: filter, in: query, value: {a: 1}}, \
        {name: tag, in: query, value: ['x y', z]}, {name: X-Flag, in: header, value: true}, {name: session, in: cookie, value: s/1}]";
    let step = format!("{}, parameters: {parameters}", operation("search"));
    let request = sent(&step, "/base/?key=1", &[("cookie", "a=b"), ("x-flag", "false")]).await;
    assert_eq!(request.line(), "GET /base/search/1,2?key=1&filter[a]=1&tag=x%20y&tag=z");
    assert_eq!(request.header("cookie"), Some("a=b; session=s%2F1"));
    assert_eq!(request.header("x-flag"), Some("true"), "the scenario's header wins");
}
