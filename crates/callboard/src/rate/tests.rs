use callboard_definition::{MemoryFetch, load};
use callboard_model::{Document, ServiceName};

use super::*;

const DEFINITION: &str = "\
openapi: 3.0.3
info: {title: People, version: '1'}
paths:
  /people:
    post:
      operationId: make
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewPerson'}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {$ref: '#/components/schemas/Person'}}}}}
  /people/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get:
      operationId: read
      responses:
        '200': {description: it, content: {application/json: {schema: {$ref: '#/components/schemas/Person'}}}}
        '404': {description: no}
components:
  schemas:
    NewPerson: {type: object, required: [name], properties: {name: {type: string}}}
    Person: {type: object, required: [id, name, total], properties: {id: {type: integer}, name: {type: string}, total: {type: integer}}}
";

const SCENARIO: &str = "\
arazzo: 1.0.1
info: {title: T, version: '1'}
sourceDescriptions: [{name: people, url: people.yaml, type: openapi}]
workflows:
  - workflowId: t
    steps:
      - stepId: make
        operationId: make
        requestBody: {contentType: application/json, payload: {name: Ada}}
        successCriteria: [{condition: $statusCode == 201}, {condition: $response.body#/name == 'Ada'}, {condition: $method == 'POST'}]
        outputs: {id: $response.body#/id}
      - stepId: read
        operationId: read
        parameters: [{name: id, in: path, value: $steps.make.outputs.id}]
        successCriteria: [{condition: $statusCode == 200}, {condition: $response.body#/total == -17}, {condition: $response.body#/name == 'Ada'}]
";

fn scenario() -> ScenarioFile {
    let document = Document::parse("t.arazzo.yaml", SCENARIO.as_bytes()).expect("YAML");
    callboard_scenario::parse(&document).value.expect("a scenario file")
}

fn check(step: &str, condition: &str) -> Check {
    Check { scenario: 0, step: step.to_owned(), condition: condition.to_owned() }
}

#[tokio::test]
async fn a_check_that_no_defect_makes_fail_is_weak() {
    let fetch = MemoryFetch::new().with("people.yaml", DEFINITION);
    let service = load(&ServiceName::new("people"), "people.yaml", &fetch).value.expect("a definition");
    let system = Arc::new(System::new(vec![service]));
    let mut file = scenario();
    let rating = rate(&system, std::slice::from_ref(&file), &CancellationToken::new()).await.expect("virtual services start");
    assert_eq!(rating.weak, BTreeSet::from([check("make", "$method == 'POST'")]));
    assert!(rating.strong.contains(&check("make", "$response.body#/name == 'Ada'")));
    assert!(rating.strong.contains(&check("read", "$statusCode == 200")));
    assert!(rating.strong.contains(&check("read", "$response.body#/name == 'Ada'")));
    assert_eq!(rating.unrated, 1, "a stand-in does not know the total");
    rating.mark(0, &mut file);
    let text = callboard_scenario::write(&file);
    assert_eq!(text.matches(WEAK).count(), 1, "{text}");
    let document = Document::parse("t.arazzo.yaml", text.as_bytes()).expect("YAML");
    let parsed = callboard_scenario::parse(&document);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    assert_eq!(callboard_scenario::write(&parsed.value.expect("a scenario file")), text, "the mark survives");
}
