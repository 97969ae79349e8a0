//! `callboard map`, `init` and `gaps`: what the system consists of.

use std::collections::BTreeSet;

use crate::orders;
use crate::project::{Project, texts};
use crate::shop::RunningShop;

fn shop() -> Project {
    Project::with(callboard_shop::files())
}

#[tokio::test]
async fn the_map_has_the_documented_shape() {
    let outcome = shop().run(&["map", "--json"]).await;
    let map = outcome.exits(0).json();
    assert_eq!(map["version"], 1);
    assert_eq!(texts(&map["services"], "name"), ["catalog", "customers", "cart", "orders", "payments", "shipping"]);
    for service in map["services"].as_array().expect("a list") {
        for operation in service["operations"].as_array().expect("a list") {
            assert!(operation["operationId"].is_string() && operation["method"].is_string(), "{operation}");
            assert!(operation["path"].as_str().is_some_and(|path| path.starts_with('/')), "{operation}");
            assert_eq!(operation["usable"], true, "{operation}");
        }
    }
    let links = map["links"].as_array().expect("a list");
    for link in links {
        for (end, place) in [("from", "pointer"), ("to", "input")] {
            for key in ["service", "method", "path", place] {
                assert!(link[end][key].is_string(), "{end}.{key} of {link}");
            }
        }
        let score = link["score"].as_f64().expect("a number");
        assert!((0.0..=1.0).contains(&score) && link["entity"].is_string(), "{link}");
        assert!(link["evidence"].as_array().is_some_and(|evidence| !evidence.is_empty()), "{link}");
    }
    let pairs: BTreeSet<(&str, &str)> =
        links.iter().filter_map(|link| Some((link["from"]["service"].as_str()?, link["to"]["service"].as_str()?))).collect();
    for pair in [("customers", "cart"), ("cart", "orders")] {
        assert!(pairs.contains(&pair), "no link from {} to {}: {pairs:?}", pair.0, pair.1);
    }
}

#[tokio::test]
async fn an_operation_that_cannot_be_used_says_why() {
    let project = Project::empty();
    project.write(
        "small.yaml",
        std::fs::read(crate::project::workspace("testdata/bad/one-broken-operation.yaml")).expect("readable"),
    );
    let map = project.run(&["map", "--json", "--definition", "small=small.yaml"]).await.exits(0).json();
    let operations = map["services"][0]["operations"].as_array().expect("a list");
    let usable: Vec<_> = operations.iter().map(|operation| operation["usable"].as_bool()).collect();
    assert!(usable.contains(&Some(true)) && usable.contains(&Some(false)), "{map}");
    let broken = operations.iter().find(|operation| operation["usable"] == false).expect("one is broken");
    assert!(broken["why"].as_str().is_some_and(|why| !why.is_empty()), "{broken}");
}

#[tokio::test]
async fn people_see_tables_and_the_evidence_of_links() {
    let project = shop();
    let outcome = project.run(&["map", "--links"]).await;
    outcome.exits(0);
    for text in ["customers", "GET", "/customers/{id}", "Entities", "Links"] {
        assert!(outcome.stdout.contains(text), "no {text:?} in\n{outcome}");
    }
}

#[tokio::test]
async fn two_runs_give_the_same_bytes() {
    let project = shop();
    for arguments in [&["map", "--json"][..], &["map", "--links"], &["gaps", "--json"], &["check", "--json"]] {
        let first = project.run(arguments).await.exits(0).stdout.clone();
        assert_eq!(first, project.run(arguments).await.stdout, "{arguments:?}");
    }
}

#[tokio::test]
async fn init_finds_definitions_and_writes_settings_that_can_be_read() {
    let project = shop();
    std::fs::remove_file(project.path("callboard.toml")).expect("it was there");
    let printed = project.run(&["init", "--print"]).await.exits(0).stdout.clone();
    project.run(&["init"]).await.exits(0).says(&["6 services written to callboard.toml", "next: callboard map"]);
    assert_eq!(project.read("callboard.toml"), printed, "--print shows what would be written");
    let map = project.run(&["map", "--json"]).await.exits(0).json();
    let names: BTreeSet<_> = texts(&map["services"], "name").into_iter().collect();
    assert_eq!(names, callboard_shop::SERVICES.map(str::to_owned).into());
    project.run(&["check"]).await.exits(0);
}

#[tokio::test]
async fn init_asks_a_running_service() {
    let shop = RunningShop::start().await;
    let project = Project::empty();
    project.run(&["init", shop.url("orders")]).await.exits(0).says(&["openapi", "5 operations"]);
    assert!(project.read("callboard.toml").contains(shop.url("orders")));
}

#[tokio::test]
async fn gaps_are_the_operations_that_no_scenario_calls() {
    let project = orders::project("http://127.0.0.1:1", &[]);
    let no_scenario = orders::HEAD.replace("workflows:\n", "");
    assert!(no_scenario.starts_with("arazzo"));
    std::fs::remove_file(project.path("scenarios/orders.arazzo.yaml")).expect("it was there");
    let all = project.run(&["gaps", "--json"]).await.exits(0).json();
    assert_eq!(all["summary"]["gaps"], 3);
    project.write("scenarios/orders.arazzo.yaml", orders::scenario(&["buy"]));
    let none = project.run(&["gaps", "--json"]).await.exits(0).json();
    assert_eq!((&none["version"], &none["summary"]["gaps"], &none["summary"]["covered"]), (&1.into(), &0.into(), &3.into()));
    let people = project.run(&["gaps"]).await.exits(0).stdout.clone();
    assert!(people.contains("orders: 3 of 3 operations tested"), "{people}");
}

#[tokio::test]
async fn gaps_tell_of_answers_and_of_values_from_other_services() {
    let project = shop();
    let found = project.run(&["gaps", "--json"]).await.exits(0).json();
    let statuses: Vec<_> = found["statusGaps"].as_array().expect("a list").iter().collect();
    let place = statuses.iter().find(|gap| gap["operation"] == "placeOrder" && gap["class"] == "4xx").expect("400 is missing");
    assert_eq!((&place["wholeClass"], &place["statuses"]), (&false.into(), &serde_json::json!([400])));
    let exercised = |input: &str, from: &str| {
        let gaps = found["crossingGaps"].as_array().expect("a list");
        !gaps.iter().any(|gap| gap["operation"] == "placeOrder" && gap["input"] == input && gap["from"] == from)
    };
    assert!(exercised("body./buyer", "customers"), "scenarios buy with the id of the customer that they register");
    assert!(!exercised("body./buyer", "shipping"), "none takes the customer from a shipment");
    let people = project.run(&["gaps"]).await.exits(0).stdout.clone();
    assert!(people.contains("    8 of 13 status classes asked for; 2 of "), "{people}");
    for line in [
        "orders: 5 of 5 operations tested",
        "    POST /orders never answers 5xx (502)",
        "    POST /orders never takes `buyer` from cart, shipping",
    ] {
        assert!(people.lines().any(|l| l == line), "no {line:?} in\n{people}");
    }
}
