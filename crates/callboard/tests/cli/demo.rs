//! `callboard demo`: the whole job, nothing to install.

use crate::project::Project;

#[tokio::test]
async fn the_demo_tells_its_story_on_one_page_and_leaves_a_report() {
    let project = Project::empty();
    let outcome = project.run(&["demo"]).await;
    outcome.exits(0);
    let lines = outcome.stdout.lines().count();
    assert!(lines < 60, "{lines} lines\n{outcome}");
    for text in ["payments is down", "shipping", "passed", "deselected"] {
        assert!(outcome.stdout.contains(text), "no {text:?} in\n{outcome}");
    }
    let report = outcome.stdout.lines().map(str::trim).find(|line| line.ends_with("report.html")).expect("the report is named");
    let html = std::fs::read_to_string(report).unwrap_or_else(|error| panic!("{report}: {error}"));
    assert!(html.starts_with("<!"));
}

#[tokio::test]
async fn a_kept_demo_is_a_project() {
    let project = Project::empty();
    project.run(&["demo", "--keep", "kept"]).await.exits(0);
    project.run(&["-C", "kept", "check"]).await.exits(0);
    project.run(&["demo", "--keep", "kept"]).await.exits(2).says(&["holds a project already"]);
}
