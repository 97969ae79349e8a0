//! `callboard plan`: a sentence as operations in order.

use serde_json::Value;

use crate::project::{Project, texts};

pub(crate) const SENTENCE: &str = "Register a customer, open a cart for her, add two teapots to the cart and order it";

#[tokio::test]
async fn the_plan_has_the_documented_shape_and_crosses_services() {
    let project = Project::with(callboard_shop::files());
    let plan = project.run(&["plan", "--json", SENTENCE]).await.exits(0).json();
    assert_eq!(plan["version"], 1);
    let steps = plan["steps"].as_array().expect("a list");
    let services = texts(&plan["steps"], "service");
    for service in ["customers", "cart", "orders"] {
        assert!(services.iter().any(|name| name == service), "no step of {service}: {services:?}");
    }
    for (index, step) in steps.iter().enumerate() {
        for key in ["service", "operationId", "method", "path"] {
            assert!(step[key].is_string(), "{key} of {step}");
        }
        assert!(step["confidence"].is_number(), "{step}");
        for binding in step["bindings"].as_array().expect("a list") {
            check_binding(binding, index);
        }
    }
    assert!(plan["alternatives"].is_array() && plan["unmatched"].is_array());
}

fn check_binding(binding: &Value, step: usize) {
    let input = binding["input"].as_str().expect("a text");
    assert!(["path.", "query.", "header.", "cookie.", "body."].iter().any(|place| input.starts_with(place)), "{binding}");
    let sources = ["from", "literal", "generated"].iter().filter(|key| binding.get(**key).is_some()).count();
    assert_eq!(sources, 1, "exactly one source: {binding}");
    if let Some(producer) = binding["from"]["step"].as_u64() {
        assert!(usize::try_from(producer).expect("small") < step, "bound to an earlier step: {binding}");
        let places = ["pointer", "header", "request"].iter().filter(|key| binding["from"].get(**key).is_some()).count();
        assert_eq!(places, 1, "{binding}");
    }
}

#[tokio::test]
async fn the_same_sentence_gives_the_same_plan() {
    let project = Project::with(callboard_shop::files());
    let first = project.run(&["plan", "--json", SENTENCE]).await.exits(0).stdout.clone();
    assert_eq!(first, project.run(&["plan", "--json", SENTENCE]).await.stdout);
}

#[tokio::test]
async fn people_see_numbered_steps_with_where_each_input_comes_from() {
    let project = Project::with(callboard_shop::files());
    let outcome = project.run(&["plan", SENTENCE]).await;
    outcome.exits(0);
    assert!(outcome.stdout.contains(" 1. ") && outcome.stdout.contains(" = "), "{outcome}");
    let names: Vec<String> = std::fs::read_dir(project.path(""))
        .expect("a readable folder")
        .map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned())
        .collect();
    assert!(!names.iter().any(|name| name == ".callboard"), "planning writes nothing: {names:?}");
}
