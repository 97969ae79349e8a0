//! A whole session: from the map to a green run over six services, one of them virtual.

use std::collections::BTreeMap;

use callboard_shop::ShopOptions;
use serde_json::{Value, json};

use crate::agent::{Agent, Over};
use crate::project::{Project, texts};
use crate::shop::RunningShop;

const PATH: &str = "scenarios/by-an-agent.arazzo.yaml";

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_writes_checks_and_runs_a_scenario_across_services() {
    whole_session(Over::Pipes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_session_over_http() {
    whole_session(Over::Http).await;
}

async fn whole_session(over: Over) {
    let project = Project::with(callboard_shop::files());
    project.write(".gitignore", ".callboard/\n");
    let agent = Agent::start_over(over, &project).await;

    let up = agent.call("virtual_up", json!({"services": ["payments"], "free_port": true})).await;
    let payments = up["services"][0]["url"].as_str().expect("an address").to_owned();
    let elsewhere = BTreeMap::from([("payments".to_owned(), payments.clone())]);
    let shop = RunningShop::start_with(ShopOptions { elsewhere, ..ShopOptions::default() }).await;
    project.write("callboard.toml", shop.project().read("callboard.toml"));
    project.commit();

    looks_at_the_map(&agent).await;
    plans_and_generates(&agent, &project).await;
    writes_with_a_mistake_and_mends_it(&agent, &project).await;
    runs_green(&agent, &project, &payments).await;

    let impact = agent.call("impact", json!({"base": "HEAD"})).await;
    let selected = texts(&impact["selected"], "test");
    assert!(selected.iter().any(|test| test.starts_with(PATH)), "{impact:#}");
    assert!(impact["selected"][0]["reasons"][0]["text"].is_string(), "{impact:#}");

    let gaps = agent.call("gaps", json!({"service": "payments", "limit": 1})).await;
    assert_eq!(texts(&gaps["services"], "service"), ["payments"]);
    let down = agent.call("virtual_down", json!({})).await;
    assert_eq!(down, json!({"version": 1, "stopped": ["payments"], "services": []}));
    agent.end().await;
}

async fn looks_at_the_map(agent: &Agent) {
    let map = agent.call("map", json!({"service": "orders", "text": "pay", "limit": 1})).await;
    assert_eq!(map["operations"][0]["operationId"], "payOrder", "{map:#}");
    assert_eq!(texts(&map["services"], "name"), ["orders"]);
    let all = agent.call("map", json!({"limit": 3})).await;
    assert_eq!(all["operations"].as_array().map(Vec::len), Some(3));
    assert!(all["more"]["operations"].as_u64().is_some_and(|more| more > 10), "{all:#}");
    let link = all["links"][0]["from"].as_str().expect("a link");
    assert!(link.split(' ').count() == 4, "an operation and a place: {link}");
}

async fn plans_and_generates(agent: &Agent, project: &Project) {
    let sentence = "Register a customer and open a cart for her";
    let plan = agent.call("plan", json!({"sentence": sentence})).await;
    assert_eq!(texts(&plan["steps"], "operationId"), ["registerCustomer", "createCart"], "{plan:#}");
    assert_eq!(plan["steps"][1]["bindings"][0]["from"], json!({"step": 0, "pointer": "/id"}));

    let path = "scenarios/new/generated.arazzo.yaml";
    let made = agent.call("generate", json!({"sentence": sentence, "path": path})).await;
    assert_eq!(made["written"], path);
    assert_eq!(project.read(path), made["text"].as_str().expect("a text"));
    let refused = agent.refused("generate", json!({"sentence": sentence, "path": path})).await;
    assert_eq!(refused["code"], "exists");
    agent.call("generate", json!({"sentence": sentence, "path": path, "overwrite": true})).await;
    let run = agent.call("run", json!({"files": [path]})).await;
    assert_eq!(run["outcome"], "passed", "{run:#}");
}

async fn writes_with_a_mistake_and_mends_it(agent: &Agent, project: &Project) {
    let example = agent.read("callboard://scenario/scenarios/buy.arazzo.yaml").await.expect("a scenario of the project");
    let text = example.replace("workflowId: buy", "workflowId: buy-three").replace("quantity: 2", "quantity: 3");
    let text = text.replace("count == 2", "count == 3");
    let wrong = text.replace("orders.placeOrder", "orders.placeOrdr");

    let checked = agent.call("check", json!({"text": wrong, "path": PATH})).await;
    assert_eq!((&checked["ok"], &checked["errors"]), (&json!(false), &json!(1)), "{checked:#}");
    let mistake = agent.refused("write_scenario", json!({"path": PATH, "text": wrong})).await;
    assert_eq!(checked["diagnostics"][0], mistake, "checking and writing say the same");
    let line = wrong.lines().position(|line| line.contains("placeOrdr")).expect("the mistake") + 1;
    assert_eq!((&mistake["file"], &mistake["line"]), (&json!(PATH), &json!(line)), "{mistake:#}");
    assert_eq!((&mistake["severity"], &mistake["code"]), (&json!("error"), &json!("unknown-operation")));
    assert!(mistake["help"].as_str().is_some_and(|help| help.contains("orders.placeOrder")), "{mistake:#}");
    assert!(!project.path(PATH).exists(), "what is wrong is not written");

    let checked = agent.call("check", json!({"text": text, "path": PATH})).await;
    assert_eq!(checked["diagnostics"], json!([]));
    let written = agent.call("write_scenario", json!({"path": PATH, "text": text})).await;
    assert_eq!(written["written"], PATH);
    assert_eq!(project.read(PATH), text);
    assert_eq!(agent.call("check", json!({"files": [PATH]})).await["ok"], true);
}

async fn runs_green(agent: &Agent, project: &Project, payments: &str) {
    // Twice: the second run begins with a fresh world, as the first one did.
    for _ in 0..2 {
        let run = agent.call("run", json!({"files": [PATH], "jobs": 2})).await;
        assert_eq!(run["outcome"], "passed", "{run:#}");
        assert_eq!((&run["summary"]["passed"], &run["failures"]), (&json!(1), &json!([])), "{run:#}");
        let service =
            |name: &str| run["services"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name)).cloned();
        assert_eq!(service("payments"), Some(json!({"name": "payments", "server": payments, "virtual": true})));
        assert_eq!(service("orders").map(|row| row["virtual"].clone()), Some(json!(false)));
        let page = run["report"].as_str().expect("a path");
        assert!(page.starts_with(".callboard/reports/") && project.read(page).contains("buy-three"));
        let resource = run["resource"].as_str().expect("an address");
        assert_eq!(agent.read(resource).await.expect("the report"), project.read(page));
    }
    let done: Vec<(f64, Option<f64>)> = agent.progress().iter().map(|progress| (progress.progress, progress.total)).collect();
    assert_eq!(done.last(), Some(&(1.0, Some(1.0))), "{done:?}");
    let journal = agent.call("virtual_journal", json!({"test": "buy-three"})).await;
    let asked: Vec<&Value> = journal["entries"].as_array().expect("entries").iter().map(|entry| &entry["operation"]).collect();
    assert!(asked.contains(&&json!("getPayment")), "{journal:#}");
    assert!(
        journal["entries"].as_array().is_some_and(|entries| entries.iter().any(|entry| entry["method"] == "POST")),
        "{journal:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_run_says_what_was_expected_and_how_to_repeat_it() {
    let server = callboard_testkit::TestServer::start(|request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", _) => callboard_testkit::Reply::json(200, &json!({"id": 7, "item": "kettle"})),
        _ => crate::orders::answer(request),
    })
    .await;
    let project = crate::orders::project(&server.url(""), &["buy", "sell"]);
    let agent = Agent::start(&project).await;
    let test = "scenarios/orders.arazzo.yaml#buy";
    let run = agent.call("run", json!({"tests": [test]})).await;
    assert_eq!((&run["outcome"], &run["summary"]["failed"]), (&json!("failed"), &json!(1)), "{run:#}");
    let failure = &run["failures"][0];
    assert_eq!((&failure["test"], &failure["step"]), (&json!(test), &json!("read")));
    let check = &failure["checks"][0];
    assert_eq!(check["condition"], "$response.body#/item == 'teapot'");
    assert!(check["expected"].to_string().contains("teapot") && check["actual"].to_string().contains("kettle"), "{check:#}");
    assert!(failure["curl"].as_str().is_some_and(|curl| curl.starts_with("curl ") && curl.contains("/orders/7")), "{failure:#}");
    assert!(failure["place"].as_str().is_some_and(|place| place.starts_with("scenarios/orders.arazzo.yaml:")), "{failure:#}");
    assert!(failure["body"].as_str().is_some_and(|body| body.contains("kettle")));
    let replay = run["replay"].as_str().expect("a command");
    assert!(replay.starts_with("callboard run scenarios/orders.arazzo.yaml --filter "), "{replay}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_fails_after_it_passed_is_told_with_what_is_not_known() {
    let is_good = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let good = is_good.clone();
    let server = callboard_testkit::TestServer::start(move |request| match request.method.as_str() {
        "GET" if !good.load(std::sync::atomic::Ordering::SeqCst) => {
            callboard_testkit::Reply::json(200, &json!({"id": 7, "item": "kettle"}))
        }
        _ => crate::orders::answer(request),
    })
    .await;
    let project = crate::orders::project(&server.url(""), &["buy"]);
    let agent = Agent::start(&project).await;
    assert_eq!(agent.call("flaky", json!({})).await["known"], 0);
    assert_eq!(agent.call("run", json!({})).await["outcome"], "passed");
    assert_eq!(agent.call("flaky", json!({})).await["tests"], json!([]));
    is_good.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(agent.call("run", json!({})).await["outcome"], "failed");
    let flaky = agent.call("flaky", json!({"test": "buy"})).await;
    let row = &flaky["tests"][0];
    assert_eq!(
        (&row["passed"], &row["failed"], &row["changes"], &row["latest"]),
        (&json!(1), &json!(1), &json!(1), &json!("failed"))
    );
    assert!(flaky["caveat"].as_str().is_some_and(|text| text.contains("run it again")), "{flaky:#}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_virtual_service_is_shaped_and_reset() {
    let project = crate::orders::project("http://127.0.0.1:1", &["buy"]);
    let agent = Agent::start(&project).await;
    let up = agent.call("virtual_up", json!({"free_port": true, "strict_keys": true, "open": true})).await;
    assert_eq!(texts(&up["services"], "name"), ["orders"]);
    assert_eq!(
        agent.call("virtual_reset", json!({"test": "scenarios/orders.arazzo.yaml#buy"})).await["reset"],
        json!(["orders"])
    );
    assert_eq!(agent.call("virtual_reset", json!({"services": ["orders"]})).await["reset"], json!(["orders"]));
    let refused = agent.refused("virtual_reset", json!({"services": ["ordres"]})).await;
    assert!(refused["help"].as_str().is_some_and(|help| help.contains("orders")), "{refused:#}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_proves_itself_on_a_defect_made_on_purpose() {
    let project = crate::orders::project("http://127.0.0.1:1", &["buy", "sell"]);
    let agent = Agent::start(&project).await;
    let defect =
        |operation: &str| json!({"test": "scenarios/orders.arazzo.yaml#buy", "operation": operation, "defect": "texts-changed"});
    let refused = agent.refused("virtual_up", json!({"free_port": true, "defects": [defect("orders.getOrdr")]})).await;
    assert!(refused["help"].as_str().is_some_and(|help| help.contains("orders.getOrder")), "{refused:#}");
    agent.call("virtual_up", json!({"free_port": true, "defects": [defect("orders.getOrder")]})).await;
    let run = agent.call("run", json!({})).await;
    assert_eq!((&run["summary"]["failed"], &run["summary"]["passed"]), (&json!(1), &json!(1)), "{run:#}");
    assert_eq!(run["failures"][0]["test"], "scenarios/orders.arazzo.yaml#buy");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_is_mended_after_its_definition_changed() {
    let project = crate::orders::project("http://127.0.0.1:1", &["buy"]);
    project.commit();
    let definition = crate::orders::DEFINITION.replace("operationId: getOrder", "operationId: readOrder");
    assert_ne!(definition, crate::orders::DEFINITION);
    project.write("orders.yaml", &definition);
    let agent = Agent::start(&project).await;
    assert_eq!(agent.call("check", json!({})).await["ok"], false);
    let before = project.read("scenarios/orders.arazzo.yaml");
    let shown = agent.call("update_scenarios", json!({})).await;
    assert_eq!((&shown["written"], &shown["files"][0]["errorsLeft"]), (&json!(false), &json!(0)), "{shown:#}");
    assert!(shown["files"][0]["diff"].as_str().is_some_and(|diff| diff.contains("+        operationId: readOrder")), "{shown:#}");
    assert_eq!(project.read("scenarios/orders.arazzo.yaml"), before);
    agent.call("update_scenarios", json!({"write": true, "files": ["scenarios/orders.arazzo.yaml"]})).await;
    assert!(project.read("scenarios/orders.arazzo.yaml").contains("readOrder"));
    assert_eq!(agent.call("check", json!({})).await["ok"], true);
    agent.refused("update_scenarios", json!({"files": ["../elsewhere.arazzo.yaml"], "write": true})).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gaps_are_filled_inside_the_project() {
    let project = crate::orders::project("http://127.0.0.1:1", &["buy"]);
    let agent = Agent::start(&project).await;
    let refused = agent.refused("generate_cover", json!({"folder": "../elsewhere"})).await;
    assert!(refused["message"].as_str().is_some_and(|text| text.contains("does not lie inside")), "{refused:#}");
    let made = agent.call("generate_cover", json!({"all": true, "runs": 1, "budget": 3})).await;
    assert_eq!(made["triedOn"], "virtual services of the definitions", "{made:#}");
    let file = made["files"][0]["file"].as_str().expect("a file");
    assert!(file.starts_with("scenarios/generated/") && project.path(file).exists(), "{made:#}");
    assert_eq!(agent.call("check", json!({"files": [file]})).await["ok"], true);
    agent.end().await;
}
