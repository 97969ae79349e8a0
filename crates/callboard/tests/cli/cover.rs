//! `callboard generate --cover`: what it touches of the shop, that it holds, and that hand edits stay.

use serde_json::Value;

use crate::project::Project;
use crate::shop::RunningShop;

fn share(report: &Value, of: &str) -> f64 {
    let count = |key: &str| report["after"][of][key].as_f64().expect("a number");
    count("touched") / count("all")
}

/// The acceptance of the issue: 95 % of the operations, 80 % of the status classes, 95 % green on the first run.
#[tokio::test]
async fn scenarios_for_coverage_touch_the_shop_and_hold_on_the_first_run() {
    let shop = RunningShop::start().await;
    let project = shop.project();
    std::fs::remove_dir_all(project.path("scenarios")).expect("the shop has scenarios");
    // Some two hundred candidates, a handful of runs each: longer than other commands take.
    let output = project.command(&["generate", "--cover", "gaps", "--runs", "2", "--json"]).output().await.expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["before"]["operations"]["touched"], 0);
    assert!(share(&report, "operations") >= 0.95, "{:#}", report["after"]);
    assert!(share(&report, "statusClasses") >= 0.80, "{:#}", report["after"]);
    let written = report["scenarios"].as_array().expect("a list").len();
    project.run(&["check"]).await.exits(0);
    let run = project.run(&["run", "--json"]).await.json();
    let passed = run["summary"]["passed"].as_u64().expect("a number");
    assert!(passed as f64 >= 0.95 * written as f64, "{passed} of {written}");
    // `gaps` reads the same from the files.
    let gaps = project.run(&["gaps", "--json"]).await.exits(0).json();
    assert_eq!(gaps["summary"]["statusClasses"], report["after"]["statusClasses"]);
}

#[tokio::test]
async fn without_a_system_scenarios_are_tried_on_virtual_services_and_edited_files_stay() {
    let project = Project::with(callboard_shop::files());
    std::fs::remove_dir_all(project.path("scenarios")).expect("the shop has scenarios");
    let unset = "[services.customers]\ndefinition = \"services/customers/openapi.yaml\"\n";
    project.write("callboard.toml", unset);
    let first = project.run(&["generate", "--cover", "all", "--runs", "1", "--json"]).await.exits(0).json();
    assert_eq!(first["triedOn"], "virtual services of the definitions");
    assert!(first["scenarios"].as_array().is_some_and(|list| list.len() >= 3), "{first:#}");
    let path = "scenarios/generated/customers.arazzo.yaml";
    let text = std::fs::read_to_string(project.path(path)).expect("it was written");
    project.write(path, format!("{text}# mine\n"));
    let second = project.run(&["generate", "--cover", "all", "--runs", "1"]).await;
    second.exits(0).says(&["was edited and is left as it is"]);
    assert!(std::fs::read_to_string(project.path(path)).expect("it is there").ends_with("# mine\n"));
    project.run(&["generate", "--cover", "all", "--runs", "1", "--force"]).await.exits(0);
    assert_eq!(std::fs::read_to_string(project.path(path)).expect("it is there"), text, "the same each time");
}

#[tokio::test]
async fn a_sentence_and_coverage_are_two_things() {
    let project = Project::with(callboard_shop::files());
    project.run(&["generate"]).await.exits(2);
    project.run(&["generate", "Register a customer", "--cover", "gaps"]).await.exits(2);
    project.run(&["generate", "Register a customer", "--budget", "3"]).await.exits(2);
}

#[tokio::test]
async fn checks_are_rated_by_the_defects_of_virtual_services() {
    let project = Project::with(callboard_shop::files());
    std::fs::remove_dir_all(project.path("scenarios")).expect("the shop has scenarios");
    project.write("callboard.toml", "[services.customers]\ndefinition = \"services/customers/openapi.yaml\"\n");
    let report = project.run(&["generate", "--cover", "all", "--runs", "1", "--rate", "--json"]).await.exits(0).json();
    let count = |key: &str| report["rating"][key].as_u64().expect("a number");
    assert!(count("strong") > 20 && count("defects") > 50, "{:#}", report["rating"]);
    let text = project.read("scenarios/generated/customers.arazzo.yaml");
    assert_eq!(text.matches("x-callboard-weak").count() as u64, count("weak"), "{text}");
    project.run(&["check"]).await.exits(0);
}
