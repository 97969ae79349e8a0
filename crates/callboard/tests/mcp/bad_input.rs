//! Arguments, files and settings that are wrong: the agent is told, nothing happens, and the session goes on.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::agent::{Agent, within};
use crate::orders;
use crate::project::Project;

#[track_caller]
fn assert_says(diagnostic: &Value, code: &str, text: &str) {
    assert_eq!(diagnostic["code"], code, "{diagnostic:#}");
    let said = format!("{} {}", diagnostic["message"], diagnostic["help"]);
    assert!(said.contains(text), "{said}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_told_to_the_agent() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let agent = Agent::start(&project).await;
    assert_says(&agent.refused("plan", json!({"sentense": "x"})).await, "bad-argument", "unknown field `sentense`");
    assert_says(&agent.refused("plan", json!({})).await, "bad-argument", "missing field `sentence`");
    assert_says(&agent.refused("run", json!({"jobs": "four"})).await, "bad-argument", "invalid type");
    assert_says(&agent.refused("map", json!({"service": "order"})).await, "bad-argument", "did you mean `orders`?");
    assert_says(&agent.refused("run", json!({"env": "lcoal"})).await, "bad-argument", "local");
    let unknown = "scenarios/orders.arazzo.yaml#by";
    assert_says(&agent.refused("run", json!({"tests": [unknown]})).await, "unknown-test", "orders.arazzo.yaml#buy");
    assert_says(&agent.refused("run", json!({"filter": "nothing"})).await, "no-scenarios", "no scenario");
    assert_says(&agent.refused("virtual_down", json!({"services": ["orders"]})).await, "bad-argument", "is up in this session");
    assert_says(&agent.refused("virtual_journal", json!({"service": "orders"})).await, "bad-argument", "is up in this session");
    assert_says(&agent.refused("plan", json!({"sentence": "xyzzy"})).await, "no-plan", "no operation fits");
    assert_says(&agent.refused("impact", json!({"base": "main"})).await, "git", "git");
    agent.end().await;
}

#[tokio::test]
async fn no_path_leads_out_of_the_project_or_to_anything_but_scenarios() {
    let outer = Project::empty();
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let agent = Agent::start(&project).await;
    let text = orders::scenario(&["new"]);
    let outside = outer.path("x.arazzo.yaml").to_string_lossy().into_owned();
    for path in ["../x.arazzo.yaml", "scenarios/../../x.arazzo.yaml", outside.as_str()] {
        let refused = agent.refused("write_scenario", json!({"path": path, "text": text, "overwrite": true})).await;
        assert_says(&refused, "bad-argument", "does not lie inside the project");
    }
    for path in ["callboard.toml", "orders.yaml", "src/main.rs"] {
        let refused = agent.refused("write_scenario", json!({"path": path, "text": text, "overwrite": true})).await;
        assert_says(&refused, "bad-argument", "is not called like a scenario file");
    }
    let hidden = agent.refused("generate", json!({"sentence": "create an order", "path": ".git/x.arazzo.yaml"})).await;
    assert_says(&hidden, "bad-argument", "hidden");
    for (tool, arguments) in [("check", json!({"files": ["/etc/passwd"]})), ("run", json!({"files": ["../.."]}))] {
        assert_says(&agent.refused(tool, arguments).await, "bad-argument", "does not lie inside the project");
    }
    assert!(!outer.path("x.arazzo.yaml").exists());
    assert!(project.read("callboard.toml").contains("[services.orders]"));
    agent.end().await;
}

#[tokio::test]
async fn a_scenario_with_an_error_is_neither_written_nor_run() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let agent = Agent::start(&project).await;
    let path = "scenarios/new.arazzo.yaml";
    let broken = agent.refused("write_scenario", json!({"path": path, "text": "arazzo: [1.0.1\n"})).await;
    assert_eq!((&broken["file"], &broken["severity"]), (&json!(path), &json!("error")), "{broken:#}");
    assert!(!project.path(path).exists());
    assert_eq!(agent.call("check", json!({"text": "arazzo: [1.0.1\n"})).await["ok"], false);
    let existing = json!({"path": "scenarios/orders.arazzo.yaml", "text": orders::scenario(&["new"])});
    assert_says(&agent.refused("write_scenario", existing).await, "exists", "overwrite");

    project.write(path, orders::scenario(&["new"]).replace("getOrder", "getOrdr"));
    let refused = agent.refused("run", json!({})).await;
    assert_eq!((&refused["file"], &refused["code"]), (&json!(path), &json!("unknown-operation")));
    let missing = agent.refused("run", json!({"files": ["scenarios/order.arazzo.yaml"]})).await;
    assert_says(&missing, "file", "orders.arazzo.yaml");
    agent.end().await;
}

#[tokio::test]
async fn settings_are_read_anew_so_that_an_agent_can_mend_them() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let right = project.read("callboard.toml");
    project.write("callboard.toml", right.replace("definition", "definitoin"));
    let agent = Agent::start(&project).await;
    let mistake = agent.refused("map", json!({})).await;
    assert_eq!((&mistake["file"], &mistake["line"]), (&json!("callboard.toml"), &json!(2)), "{mistake:#}");
    assert_says(&mistake, "invalid-settings", "did you mean `definition`?");
    project.write("callboard.toml", right);
    assert_eq!(agent.call("map", json!({})).await["services"][0]["name"], "orders");
    agent.end().await;
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_no_failed_test() {
    let nobody = callboard_testkit::refusing_address();
    let project = orders::project(&format!("http://{nobody}"), &["buy"]);
    let agent = Agent::start(&project).await;
    let run = agent.call("run", json!({})).await;
    assert_eq!((&run["outcome"], &run["summary"]["failed"]), (&json!("notReady"), &json!(0)), "{run:#}");
    assert_eq!(run["notReady"][0]["service"], "orders");
    agent.end().await;
}

#[tokio::test]
async fn an_empty_folder_is_told_what_to_do() {
    let agent = Agent::start(&Project::empty()).await;
    assert_says(&agent.refused("map", json!({})).await, "no-services", "callboard init");
    assert!(agent.client().list_all_resources().await.expect("none is fine").is_empty());
    agent.end().await;
}

#[tokio::test]
async fn lines_that_are_no_messages_do_not_end_the_server() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let mut child = project.command(&["mcp", "--quiet"]).stdin(Stdio::piped()).spawn().expect("the binary starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "by hand", "version": "1"},
    }});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let text =
        format!("{hello}\n{initialized}\nnonsense\n{{\"jsonrpc\": \"2.0\", \"id\": 9, \"method\": \"no/such\"}}\n{list}\n");
    stdin.write_all(text.as_bytes()).await.expect("the server reads");
    let mut answered = Vec::new();
    while !answered.contains(&json!(2)) {
        let line = within(stdout.next_line()).await.expect("text").expect("an answer");
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0");
        answered.push(message["id"].clone());
    }
    assert!(answered.contains(&json!(1)), "{answered:?}");
    drop(stdin);
    let output = within(child.wait_with_output()).await.expect("the server ends");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "--quiet: {output:?}");
}
