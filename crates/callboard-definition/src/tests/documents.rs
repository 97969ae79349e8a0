//! Definitions of several documents.

use super::*;
use crate::load::{Limits, load_within};
use crate::{Fetch, FetchError};
use std::cell::RefCell;

fn loaded(fetch: &dyn Fetch) -> (Service, String) {
    let parsed = load(&ServiceName::new("s"), "spec/api.yaml", fetch);
    (parsed.value.expect("there is a service"), lines(&parsed.diagnostics))
}

const ENTRY: &str = "openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /pets: {$ref: 'paths/pets.yaml'}
  /health: {get: {responses: {}}}
";

#[test]
fn documents_are_followed_from_document_to_document() {
    let fetch = MemoryFetch::new()
        .with("spec/api.yaml", ENTRY)
        .with(
            "spec/paths/pets.yaml",
            "get: {responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '../schemas.json#/Pet'}}}}}}",
        )
        .with("spec/schemas.json", r##"{"Pet": {"properties": {"owner": {"$ref": "#/Owner"}}}, "Owner": {"type": "string"}}"##);
    let (service, findings) = loaded(&fetch);
    assert_eq!(findings, "");
    assert_eq!(render(&service), "GET /pets\n  200\n    application/json: $Pet\nGET /health");
    let media = service.operations[0].responses[0].content[0].schema.clone().expect("there is a schema");
    let owner = service.schema(&media).and_then(|pet| pet.property("owner")).expect("the pet has an owner");
    assert_eq!(owner.types(), ["string"]);
}

#[test]
fn a_document_that_cannot_be_read_costs_only_what_needs_it() {
    let (service, findings) = loaded(&MemoryFetch::new().with(
        "spec/api.yaml",
        format!(
            "{ENTRY}  /more: {{get: {{responses: {{'200': {{$ref: 'gone.yaml#/A'}}}}}}}}
  /schema: {{get: {{responses: {{'200': {{description: ok, content: {{application/json: {{schema: {{$ref: 'gone.yaml#/B'}}}}}}}}}}}}}}
"
        ),
    ));
    insta::assert_snapshot!(findings, @r"
    spec/api.yaml:4:10: warning[unreadable-document]: `spec/paths/pets.yaml` cannot be read: no such document
    spec/api.yaml:6:36: warning[unreadable-document]: `spec/gone.yaml` cannot be read: no such document
    ");
    insta::assert_snapshot!(render(&service), @r"
    GET /health
    GET /more
      UNUSABLE the reference `gone.yaml#/A` cannot be followed: the document `spec/gone.yaml` is not loaded
    GET /schema
      UNUSABLE it depends on `gone.yaml#/B`, which cannot be followed
      200
        application/json: $B
    ");
}

#[test]
fn a_document_is_asked_for_once() {
    struct Counting(MemoryFetch, RefCell<Vec<String>>);
    impl Fetch for Counting {
        fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
            self.1.borrow_mut().push(origin.to_owned());
            self.0.fetch(origin)
        }
    }
    let all = "a: {$ref: 'b.yaml#/x'}\nb: {$ref: './b.yaml#/y'}\nc: {$ref: '../spec/api.yaml#/info'}\nd: {$ref: 'gone.yaml'}\ne: {$ref: gone.yaml}\n";
    let fetch = Counting(
        MemoryFetch::new().with("spec/api.yaml", format!("{ENTRY}{all}")).with("spec/b.yaml", "x: {$ref: api.yaml}\ny: 1\n"),
        RefCell::default(),
    );
    loaded(&fetch);
    let mut asked = fetch.1.into_inner();
    asked.sort();
    assert_eq!(asked, ["spec/api.yaml", "spec/b.yaml", "spec/gone.yaml", "spec/paths/pets.yaml"]);
}

#[test]
fn form_fields_of_other_documents_keep_their_references() {
    let fetch = MemoryFetch::new()
        .with(
            "spec/api.yaml",
            "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {/a: {post: {parameters: [{$ref: 'p/f.yaml#/f'}], responses: {}}}}",
        )
        .with("spec/p/f.yaml", "f: {name: f, in: formData, type: array, items: {$ref: '../s.yaml#/S'}}")
        .with("spec/s.yaml", "S: {type: string, enum: [a]}");
    let (service, findings) = loaded(&fetch);
    assert_eq!(findings, "");
    let body = service.operations[0].request_body.as_ref().expect("there is a body");
    let schema = service.schema(body.content[0].schema.as_ref().expect("there is a schema")).expect("it is there");
    let items = schema.property("f").and_then(|f| f.items()).expect("the field has items");
    assert_eq!(items.enumeration().map(|values| values.len()), Some(1));
}

#[test]
fn a_chain_of_documents_has_a_limit() {
    struct Endless;
    impl Fetch for Endless {
        fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
            let number: usize = origin.trim_start_matches("spec/").trim_end_matches(".yaml").parse().unwrap_or(0);
            let next = format!("next: {{$ref: '{}.yaml'}}\n", number + 1);
            Ok(if number == 0 { format!("{ENTRY}{next}") } else { next }.into_bytes())
        }
    }
    for limits in [Limits { documents: 9, bytes: usize::MAX }, Limits { documents: usize::MAX, bytes: 250 }] {
        let parsed = load_within(&ServiceName::new("s"), "spec/0.yaml", &Endless, limits);
        let text = lines(&parsed.diagnostics);
        assert_eq!(text.matches("too-many-documents").count(), 1, "{text}");
        let count = parsed.value.map_or(0, |service| service.documents.iter().count());
        assert!((2..=9).contains(&count), "{count} documents");
    }
}

#[test]
fn an_entry_that_cannot_be_read_is_an_error() {
    let parsed = load(&ServiceName::new("s"), "api.yaml", &MemoryFetch::new());
    assert!(parsed.value.is_none());
    assert_eq!(
        lines(&parsed.diagnostics),
        "api.yaml:1:1: error[unreadable-document]: the definition cannot be read: no such document"
    );
}

#[test]
fn a_json_document_that_holds_a_key_twice_is_read_with_a_warning() {
    let text = r#"{"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {
  "/a": {"get": {"operationId": "first", "responses": {}}},
  "/a": {"get": {"operationId": "second", "responses": {}}}}}"#;
    let parsed = load(&ServiceName::new("s"), "api.json", &MemoryFetch::new().with("api.json", text));
    let found = lines(&parsed.diagnostics);
    assert!(found.starts_with("api.json:3:3: warning[duplicate-key]: `/a` stands twice"), "{found}");
    assert!(parsed.value.is_some_and(|service| service.operation_by_id("second").is_some()));
}
