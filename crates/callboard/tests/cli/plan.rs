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

/// A project whose one definition has 540 operations; `noun` is one of its resources.
fn large(noun: &str) -> Project {
    let project = Project::with(&[("callboard.toml", "[services.all]\ndefinition = \"all.yaml\"\n")]);
    project.write("all.yaml", large_definition(noun));
    project
}

fn large_definition(noun: &str) -> String {
    let mut text = "openapi: 3.0.3\ninfo: {title: All, version: '1'}\npaths:\n".to_owned();
    let answer = "responses: {'200': {description: ok, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}";
    let nouns = (0..179).map(|at| format!("thing{at}")).chain([noun.to_owned()]);
    for noun in nouns {
        text.push_str(&format!("  /{noun}s:\n    post: {{operationId: create-{noun}, {answer}}}\n"));
        text.push_str(&format!(
            "  /{noun}s/{{id}}:\n    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]\n"
        ));
        text.push_str(&format!(
            "    get: {{operationId: get-{noun}, {answer}}}\n    delete: {{operationId: delete-{noun}, {answer}}}\n"
        ));
    }
    text
}

fn kept(project: &Project) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(project.path(".callboard/answers")).into_iter().flatten();
    files.map(|entry| entry.expect("a readable folder").path()).collect()
}

#[tokio::test]
async fn a_plan_over_a_large_system_is_kept_until_a_definition_changes() {
    let project = large("parcel");
    let sentence = ["plan", "Create a parcel and delete it"];
    let first = project.run(&sentence).await.exits(0).stdout.clone();
    assert!(first.contains("create-parcel"), "{first}");
    assert_eq!(kept(&project).len(), 1);
    assert!(project.path(".callboard/.gitignore").exists());
    assert_eq!(first, project.run(&sentence).await.exits(0).stdout);

    project.write("all.yaml", large_definition("parcel").replace("create-parcel", "make--parcel"));
    let changed = project.run(&sentence).await.exits(0).stdout.clone();
    assert!(changed.contains("make--parcel"), "a text of the same length is another text: {changed}");
}

#[tokio::test]
async fn a_kept_plan_counts_for_its_own_question_and_settings_only() {
    let project = large("parcel");
    project.run(&["plan", "Create a parcel"]).await.exits(0);
    let other = project.run(&["plan", "Delete a parcel"]).await.exits(0).stdout.clone();
    assert!(other.contains("delete-parcel"), "{other}");
    assert_eq!(kept(&project).len(), 2);
    project.write("callboard.toml", "[services.all]\ndefinition = \"all.yaml\"\n[aliases]\nbox = \"parcel\"\n");
    project.run(&["plan", "Create a parcel"]).await.exits(0);
    assert_eq!(kept(&project).len(), 3);
}

#[tokio::test]
async fn what_is_wrong_with_a_kept_plan_is_no_matter() {
    let project = large("parcel");
    let sentence = ["plan", "--json", "Create a parcel"];
    let first = project.run(&sentence).await.exits(0).stdout.clone();
    for broken in ["", "{", "{\"asked\":\"\",\"texts\":[],\"answer\":{}}", "[1]"] {
        let path = kept(&project).pop().expect("one is kept");
        std::fs::write(&path, broken).expect("a file can be written");
        let again = project.run(&sentence).await;
        again.exits(0);
        assert_eq!((first.as_str(), ""), (again.stdout.as_str(), again.stderr.as_str()), "{broken}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_definition_is_told_with_a_kept_plan_too() {
    let project = large("parcel");
    project.write("all.yaml", large_definition("parcel").replace("operationId: get-thing0,", "operationId: get-thing1,"));
    let sentence = ["plan", "Create a parcel"];
    let first = project.run(&sentence).await;
    first.exits(0);
    assert!(first.stderr.contains("get-thing1"), "{first}");
    assert_eq!(kept(&project).len(), 1);
    assert_eq!(first.stderr, project.run(&sentence).await.stderr);
}
