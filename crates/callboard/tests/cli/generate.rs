//! `callboard generate`: a sentence becomes a file that passes our own check and runs.

use crate::plan::SENTENCE;
use crate::project::Project;
use crate::shop::RunningShop;

#[tokio::test]
async fn what_is_written_passes_the_check_and_runs_green_against_the_shop() {
    let shop = RunningShop::start().await;
    let project = shop.project();
    let outcome = project.run(&["generate", SENTENCE, "-o", "scenarios/made.arazzo.yaml"]).await;
    outcome.exits(0).says(&["scenarios/made.arazzo.yaml", "next: callboard run scenarios/made.arazzo.yaml"]);
    assert_eq!(outcome.stdout, "");
    project.run(&["check", "scenarios/made.arazzo.yaml"]).await.exits(0);
    let report = project.run(&["run", "scenarios/made.arazzo.yaml", "--json"]).await.exits(0).json();
    assert_eq!(report["summary"]["passed"], 1);
}

#[tokio::test]
async fn without_a_file_the_scenario_is_data_and_the_same_each_time() {
    let project = Project::with(callboard_shop::files());
    let outcome = project.run(&["generate", SENTENCE]).await;
    assert!(outcome.exits(0).stdout.starts_with("arazzo: 1.0"), "{outcome}");
    assert_eq!(outcome.stdout, project.run(&["generate", SENTENCE]).await.stdout);
}

#[tokio::test]
async fn strict_refuses_a_sentence_with_words_left_over() {
    let project = Project::with(callboard_shop::files());
    let sentence = "Register a customer and juggle with seven flaming torches";
    project.run(&["generate", sentence]).await.exits(0).says(&["not used"]);
    let outcome = project.run(&["generate", sentence, "--strict", "-o", "a.arazzo.yaml"]).await;
    outcome.exits(2).says(&["left over"]);
    assert!(!project.path("a.arazzo.yaml").exists(), "nothing is written");
}
