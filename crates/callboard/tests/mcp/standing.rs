//! The planner that stays up between questions never answers for definitions that are gone.

use serde_json::json;

use crate::agent::{Agent, Over};
use crate::project::{Project, texts};

fn definition(noun: &str) -> String {
    let answer =
        "{'201': {description: made, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}";
    format!(
        "openapi: 3.0.3\ninfo: {{title: Post, version: '1'}}\npaths:\n  /{noun}s:\n    post: {{operationId: create-{noun}, responses: {answer}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_follows_definitions_and_settings_as_they_change() {
    let project = Project::with(&[("callboard.toml", "[services.post]\ndefinition = \"post.yaml\"\n")]);
    project.write("post.yaml", definition("parcel"));
    let agent = Agent::start_over(Over::Pipes, &project).await;
    for noun in ["parcel", "parcel", "letter", "parcel"] {
        project.write("post.yaml", definition(noun));
        let plan = agent.call("plan", json!({"sentence": format!("Create a {noun}")})).await;
        assert_eq!(texts(&plan["steps"], "path"), [format!("/{noun}s")]);
    }
    project.write("other.yaml", definition("crate"));
    project.write("callboard.toml", "[services.post]\ndefinition = \"other.yaml\"\n");
    let plan = agent.call("plan", json!({"sentence": "Create a crate"})).await;
    assert_eq!(texts(&plan["steps"], "path"), ["/crates"]);
    agent.end().await;
}
