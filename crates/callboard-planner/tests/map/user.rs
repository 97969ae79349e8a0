//! What a user says about links and words.

use callboard_model::map::{Input, Output, Signal};
use callboard_model::{Method, OperationKey};
use callboard_planner::{LinkPattern, MapOptions, MappedSystem, PlanOptions, Planner, map};

use super::{rendered, system};

const SHOP: &str = "
paths:
  /teapots:
    post:
      summary: Create a teapot
      operationId: createTeapot
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses:
        '201': {description: made, content: {application/json: {schema: {type: object, properties: {id: {type: string}, code: {type: string}}}}}}
  /teapots/{id}:
    get:
      summary: Read a teapot
      operationId: readTeapot
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok}}
";

fn pattern(output: &str) -> LinkPattern {
    LinkPattern {
        from: OperationKey::new("shop", Method::Post, "/teapots"),
        output: Output::parse(output),
        to: OperationKey::new("shop", Method::Get, "/teapots/{id}"),
        input: Input::parse("path.id"),
    }
}

#[test]
fn a_rejected_link_is_in_neither_map_nor_plan() {
    let system = system(&[("shop", SHOP)]);
    let options = MapOptions { rejected: vec![pattern("/id")], ..MapOptions::default() };
    let found = map(&system, &options);
    assert!(rendered(&found).is_empty(), "{:?}", rendered(&found));
    assert_eq!(found.rejected.len(), 1);
    let plan_options = PlanOptions::default();
    for planner in [
        Planner::new(&system, &found, &plan_options),
        Planner::of(&MappedSystem::new(&system, &options), &plan_options),
        Planner::reading(&system, &options, &plan_options),
    ] {
        let plan = planner.plan("Create a teapot, then read it", &plan_options);
        assert!(!format!("{plan:?}").contains("\"/id\""), "{plan:?}");
    }
}

#[test]
fn a_confirmed_link_is_certain_and_planned_with() {
    let system = system(&[("shop", SHOP)]);
    let options = MapOptions { confirmed: vec![pattern("/code")], rejected: vec![pattern("/id")], ..MapOptions::default() };
    let found = map(&system, &options);
    assert_eq!(rendered(&found).len(), 1);
    assert!(found.links[0].score >= 1.0 && found.links[0].evidence.iter().any(|e| e.signal == Signal::Confirmed));
    let plan_options = PlanOptions::default();
    for planner in [Planner::new(&system, &found, &plan_options), Planner::reading(&system, &options, &plan_options)] {
        let plan = planner.plan("Create a teapot, then read it", &plan_options);
        assert!(format!("{plan:?}").contains("/code"), "{plan:?}");
    }
}

#[test]
fn a_word_of_the_glossary_means_its_entity() {
    let text = "
paths:
  /kettles:
    post:
      requestBody: {content: {application/json: {schema: {type: object, properties: {vesselId: {type: string}}}}}}
      responses: {'204': {description: done}}
";
    let system = system(&[("shop", SHOP), ("kitchen", text)]);
    let options = MapOptions { aliases: [("vessel".to_owned(), "teapot".to_owned())].into(), ..MapOptions::default() };
    let wanted = "shop POST /teapots /id -> kitchen POST /kettles body./vesselId [Teapot]".to_owned();
    assert!(!rendered(&map(&system, &MapOptions::default())).contains(&wanted));
    assert!(rendered(&map(&system, &options)).contains(&wanted), "{:?}", rendered(&map(&system, &options)));
}
