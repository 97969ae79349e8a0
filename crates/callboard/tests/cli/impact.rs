//! `callboard impact` and `run --impacted`: from a change to the tests that must run.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::project::{Project, texts};
use crate::shop::RunningShop;

/// The shop's project in a git repository, with one green run in its store.
async fn committed(shop: &RunningShop) -> Project {
    let project = shop.project();
    project.write("README.md", "# The shop\n");
    project.commit();
    let outcome = project.run(&["run"]).await;
    outcome.exits(0);
    project
}

async fn impact(project: &Project) -> Value {
    project.run(&["impact", "--base", "HEAD", "--json"]).await.exits(0).json()
}

fn selected(impact: &Value) -> BTreeSet<String> {
    texts(&impact["selected"], "test").into_iter().collect()
}

fn deselected(impact: &Value) -> BTreeSet<String> {
    impact["deselected"].as_array().expect("a list").iter().map(|test| test.as_str().expect("a text").to_owned()).collect()
}

fn append(project: &Project, path: &str, text: &str) {
    project.write(path, project.read(path) + text);
}

#[tokio::test]
async fn no_change_selects_nothing() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let impact = impact(&project).await;
    assert_eq!(impact["version"], 1);
    assert_eq!(selected(&impact), BTreeSet::new(), "{impact:#}");
    assert!(deselected(&impact).len() >= 15);
    project.run(&["impact", "--base", "HEAD", "--exit-code"]).await.exits(10);
}

#[tokio::test]
async fn nothing_to_run_is_reported_too() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let report = project.run(&["run", "--impacted", "--base", "HEAD", "--json"]).await.exits(0).json();
    assert_eq!(report["summary"]["passed"], 0);
    assert!(texts(&report["deselected"], "test").len() >= 15, "{report}");
}

#[tokio::test]
async fn a_change_of_shipping_selects_the_tests_that_reach_shipping_and_says_why() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    append(&project, "services/shipping/src/shipping.rs", "// changed\n");
    let impact = impact(&project).await;
    let chosen = selected(&impact);
    assert!(chosen.contains("scenarios/shipment.arazzo.yaml#tracking"), "{impact:#}");
    assert!(chosen.contains("scenarios/buy.arazzo.yaml#buy"));
    for test in deselected(&impact) {
        let is_apart = ["catalog", "customers", "cart"].iter().any(|file| test.starts_with(&format!("scenarios/{file}.")));
        assert!(is_apart || !chosen.contains(&test), "{test}");
    }
    assert!(deselected(&impact).iter().any(|test| test.starts_with("scenarios/catalog.")), "{impact:#}");
    assert!(!chosen.iter().any(|test| test.starts_with("scenarios/catalog.")), "{chosen:?}");
    for test in impact["selected"].as_array().expect("a list") {
        let reasons = texts(&test["reasons"], "text");
        assert!(reasons.iter().any(|reason| reason.contains("shipping")), "{test:#}");
    }
    project.run(&["impact", "--base", "HEAD", "--exit-code"]).await.exits(0);
    // The same by the run, which reports the others as deselected, not as passed.
    let report = project.run(&["run", "--impacted", "--base", "HEAD", "--json"]).await.exits(0).json();
    assert_eq!(texts(&report["scenarios"], "name").into_iter().collect::<BTreeSet<_>>(), chosen);
    assert_eq!(texts(&report["deselected"], "test").into_iter().collect::<BTreeSet<_>>(), deselected(&impact));
    assert_eq!(report["summary"]["passed"].as_u64(), Some(chosen.len() as u64));
    assert_eq!(report["summary"]["deselected"].as_u64(), Some(deselected(&impact).len() as u64));
}

#[tokio::test]
async fn text_for_people_selects_nothing() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    append(&project, "README.md", "More.\n");
    let impact = impact(&project).await;
    assert_eq!(selected(&impact), BTreeSet::new(), "{impact:#}");
    assert_eq!(texts(&impact["ignored"], "path"), ["README.md"]);
}

#[tokio::test]
async fn a_file_that_nobody_owns_selects_everything_and_says_so() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let all = deselected(&impact(&project).await);
    // Untracked counts.
    project.write("deploy/network.hcl", "x = 1\n");
    let impact = impact(&project).await;
    assert_eq!(selected(&impact), all);
    assert!(impact.to_string().contains("deploy/network.hcl"));
    assert!(impact["escalations"].as_array().is_some_and(|list| !list.is_empty()), "{impact:#}");
    project.run(&["impact", "--base", "HEAD", "--exit-code"]).await.exits(20);
}

#[tokio::test]
async fn other_words_in_a_definition_select_nothing() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let path = "services/shipping/openapi.yaml";
    let text = project.read(path);
    let line = text.lines().find(|line| line.trim_start().starts_with("summary: ")).expect("there is a summary");
    project.write(path, text.replacen(line, &format!("{line} indeed"), 1));
    let impact = impact(&project).await;
    assert_eq!(selected(&impact), BTreeSet::new(), "{impact:#}");
}

#[tokio::test]
async fn a_changed_operation_selects_the_tests_that_call_it() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let path = "services/catalog/openapi.yaml";
    let text = project.read(path);
    let at = text.find("operationId: getProduct\n").expect("the catalog has getProduct");
    let line_start = text[..at].rfind('\n').map_or(0, |place| place + 1);
    let indent = &text[line_start..at];
    let before = &text[..line_start];
    let rest = &text[line_start..];
    let parameter = "{name: currency, in: query, required: true, schema: {type: string}}";
    let changed = match rest.split_once(&format!("\n{indent}parameters:\n")) {
        Some((head, tail)) if !head.contains("operationId: ") || head.matches("operationId: ").count() == 1 => {
            format!("{before}{head}\n{indent}parameters:\n{indent}  - {parameter}\n{tail}")
        }
        _ => format!("{before}{indent}parameters: [{parameter}]\n{rest}"),
    };
    project.write(path, changed);
    project.run(&["map", "--json"]).await.exits(0);
    let impact = impact(&project).await;
    assert!(!selected(&impact).is_empty(), "{impact:#}");
    assert!(selected(&impact).iter().any(|test| test.starts_with("scenarios/catalog.")), "{impact:#}");
    assert!(deselected(&impact).iter().any(|test| test.starts_with("scenarios/customers.")), "{impact:#}");
    assert!(impact.to_string().contains("/products/{"), "the operation is named: {impact:#}");
}

#[tokio::test]
async fn a_changed_scenario_selects_itself_and_without_a_store_everything_runs() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    append(&project, "scenarios/stock.arazzo.yaml", "# changed\n");
    let changed = selected(&impact(&project).await);
    assert!(changed.iter().all(|test| test.starts_with("scenarios/stock.")), "{changed:?}");
    std::fs::remove_dir_all(project.path(".callboard")).expect("there is a store");
    let impact = impact(&project).await;
    assert_eq!(deselected(&impact), BTreeSet::new(), "missing evidence selects: {impact:#}");
}

#[tokio::test]
async fn committed_staged_and_unstaged_changes_count() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    append(&project, "services/shipping/src/shipping.rs", "// changed\n");
    let unstaged = selected(&impact(&project).await);
    assert!(!unstaged.is_empty());
    project.git(&["add", "--all"]);
    assert_eq!(selected(&impact(&project).await), unstaged);
    project.commit();
    assert_eq!(selected(&impact(&project).await), BTreeSet::new(), "nothing since HEAD");
    let since = project.run(&["impact", "--base", "HEAD~1", "--json"]).await.exits(0).json();
    assert_eq!(selected(&since), unstaged);
}

#[tokio::test]
async fn an_explanation_tells_why_a_test_is_selected_or_not() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    append(&project, "services/shipping/src/shipping.rs", "// changed\n");
    let explain = async |test: &str| project.run(&["impact", "--base", "HEAD", "--explain", test]).await;
    let yes = explain("scenarios/shipment.arazzo.yaml#tracking").await;
    assert!(yes.exits(0).stdout.contains("shipping"), "{yes}");
    let test = deselected(&impact(&project).await).into_iter().next().expect("one is deselected");
    assert!(!explain(&test).await.exits(0).stdout.is_empty());
    explain("scenarios/shipment.arazzo.yaml#trackin").await.exits(2).says(&["#tracking"]);
}

#[tokio::test]
async fn a_project_in_a_folder_of_its_repository_sees_files_outside_of_it() {
    let shop = RunningShop::start().await;
    let repository = Project::empty();
    let inner = shop.project();
    repository.copy(&inner.path(""), "shop");
    repository.write("README.md", "# All\n");
    repository.write("deploy/network.hcl", "x = 1\n");
    repository.commit();
    let run = async |arguments: &[&str]| repository.run(&[&["-C", "shop"], arguments].concat()).await;
    run(&["run"]).await.exits(0);
    let question = ["impact", "--base", "HEAD", "--json"];
    assert_eq!(selected(&run(&question).await.exits(0).json()), BTreeSet::new());
    repository.write("shop/services/shipping/src/shipping.rs", "// changed\n");
    let shipping = run(&question).await.exits(0).json();
    assert!(!selected(&shipping).is_empty() && !deselected(&shipping).is_empty(), "{shipping:#}");
    repository.write("README.md", "# Everything\n");
    assert_eq!(selected(&run(&question).await.exits(0).json()), selected(&shipping));
    repository.write("deploy/network.hcl", "x = 2\n");
    let all = run(&question).await.exits(0).json();
    assert_eq!(deselected(&all), BTreeSet::new(), "{all:#}");
    assert!(all["escalations"].to_string().contains("deploy/network.hcl"), "{all:#}");
}

#[tokio::test]
async fn a_removed_or_renamed_file_of_a_service_counts() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    project.git(&["mv", "services/shipping/src/shipping.rs", "services/shipping/src/parcels.rs"]);
    let renamed = selected(&impact(&project).await);
    assert!(renamed.contains("scenarios/shipment.arazzo.yaml#tracking"), "{renamed:?}");
    std::fs::remove_file(project.path("services/shipping/src/parcels.rs")).expect("it was there");
    assert_eq!(selected(&impact(&project).await), renamed);
}

#[tokio::test]
async fn a_test_that_failed_last_time_is_selected_without_any_change() {
    let shop = RunningShop::start().await;
    let project = committed(&shop).await;
    let nowhere = format!("catalog=http://{}", callboard_testkit::refusing_address());
    let test = "scenarios/catalog.arazzo.yaml";
    assert_ne!(project.run(&["run", test, "--server", &nowhere]).await.code, 0);
    let again = selected(&impact(&project).await);
    assert!(!again.is_empty() && again.iter().all(|name| name.starts_with(test)), "{again:?}");
    project.run(&["run", test]).await.exits(0);
    assert_eq!(selected(&impact(&project).await), BTreeSet::new());
}

#[tokio::test]
async fn what_git_does_not_know_is_refused() {
    let project = Project::with(callboard_shop::files());
    project.run(&["impact", "--base", "main"]).await.exits(2).says(&["error[git]", "git repository"]);
    project.commit();
    project.run(&["impact", "--base", "no-such-branch"]).await.exits(2).says(&["`no-such-branch`", "git branch --all"]);
    project.run(&["impact", "--base=--output=x"]).await.exits(2).says(&["is not a revision"]);
    project.run(&["run", "--impacted", "--base", "no-such-branch"]).await.exits(2).says(&["`no-such-branch`"]);
}
