//! Mistakes in scenarios, found before anything is sent.

use std::path::Path;

use callboard_testkit::{Reply, TestServer};

use crate::orders;
use crate::project::{Project, workspace};

const SERVICES: [&str; 3] = ["customers", "orders", "payments"];

/// All files with one mistake, and the definitions that they are written for; the services answer at `server`.
fn mistakes(server: &str) -> Project {
    let project = Project::empty();
    project.copy(&workspace("crates/callboard-scenario/tests/mistakes"), "mistakes");
    let service = |name: &str| {
        format!(
            "[services.{name}]\ndefinition = \"mistakes/definitions/{name}.yaml\"\n\
             [environments.local.services.{name}]\nserver = \"{server}\"\n"
        )
    };
    // A table of a section may follow that of another one.
    project.write("callboard.toml", SERVICES.map(service).concat());
    project
}

fn files(project: &Project) -> Vec<String> {
    let entries = std::fs::read_dir(project.path("mistakes")).expect("a readable folder");
    let names = entries.map(|entry| entry.expect("a readable folder").file_name().to_string_lossy().into_owned());
    let mut files: Vec<_> = names.filter(|name| name.ends_with(".arazzo.yaml")).map(|name| format!("mistakes/{name}")).collect();
    files.sort();
    files
}

/// The first line of a file: `# expect: CODE LINE:COLUMN help=TEXT`.
fn expectation(text: &str) -> (String, u64, u64, Option<String>) {
    let line = text.lines().next().and_then(|line| line.strip_prefix("# expect: ")).expect("the first line is an expectation");
    let (line, help) = line.split_once(" help=").map_or((line, None), |(line, help)| (line, Some(help.to_owned())));
    let (code, place) = line.trim().split_once(' ').expect("a code and a place");
    let (row, column) = place.split_once(':').expect("a line and a column");
    (code.to_owned(), row.parse().expect("a number"), column.parse().expect("a number"), help)
}

#[tokio::test]
async fn each_mistake_is_told_in_the_documented_shape() {
    let project = mistakes("http://127.0.0.1:1");
    let files = files(&project);
    assert!(files.len() >= 30, "only {} files", files.len());
    for file in &files {
        let (code, line, column, help) = expectation(&project.read(file));
        let outcome = project.run(&["check", file, "--json"]).await;
        let json = outcome.exits(2).json();
        assert_eq!(json["version"], 1);
        let diagnostics = json["diagnostics"].as_array().expect("a list");
        let errors: Vec<_> = diagnostics.iter().filter(|d| d["severity"] == "error").collect();
        assert_eq!(errors.len(), 1, "{outcome}");
        let error = errors[0];
        assert_eq!((&error["file"], &error["code"]), (&file.as_str().into(), &code.into()), "{outcome}");
        assert_eq!((error["line"].as_u64(), error["column"].as_u64()), (Some(line), Some(column)), "{outcome}");
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{outcome}");
        if let Some(help) = help {
            assert!(error["help"].as_str().is_some_and(|text| text.contains(&help)), "no {help:?} in\n{outcome}");
        }
    }
}

#[tokio::test]
async fn a_file_with_a_mistake_sends_no_request() {
    let server = TestServer::start(|_| Reply::status(200)).await;
    let project = mistakes(&server.url(""));
    for file in files(&project) {
        project.run(&["run", &file]).await.exits(2).says(&["nothing was run", Path::new(&file).to_str().expect("a plain name")]);
    }
    // One wrong file among right ones stops all of them.
    project.write("orders.yaml", orders::DEFINITION);
    project.write("scenarios/orders.arazzo.yaml", orders::scenario(&["buy"]));
    project.run(&["run"]).await.exits(2).says(&["nothing was run"]);
    assert!(server.lines().is_empty(), "sent: {:?}", server.lines());
}

#[tokio::test]
async fn a_right_project_has_no_problem() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let outcome = project.run(&["check"]).await;
    outcome.exits(0).says(&["1 scenario in 1 file, 1 service with 3 operations: no problem"]);
    assert_eq!(outcome.stdout, "", "talk goes to stderr");
    let json = project.run(&["check", "--json"]).await.exits(0).json();
    assert_eq!(json, serde_json::json!({"version": 1, "diagnostics": []}));
}

#[tokio::test]
async fn a_diagnostic_shows_the_line_and_a_way_out() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let text = project.read("scenarios/orders.arazzo.yaml").replacen("operationId: getOrder", "operationId: getOder", 1);
    project.write("scenarios/orders.arazzo.yaml", text);
    let outcome = project.run(&["check"]).await;
    insta::assert_snapshot!(outcome.exits(2).stderr, @r"
    error[unknown-operation]: no source has an operation `getOder`
      --> scenarios/orders.arazzo.yaml:13:22
       |
    13 |         operationId: getOder
       |                      ^^^^^^^
       |
       = help: did you mean `getOrder`?
    1 scenario in 1 file, 1 service with 3 operations: 1 error
    ");
}

#[tokio::test]
async fn a_project_is_found_from_a_folder_below_it_and_by_option() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let mut command = project.command(&["check"]);
    let output = command.current_dir(project.path("scenarios")).output().await.expect("the binary starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("1 scenario in 1 file, 1 service"), "{stderr}");
    let elsewhere = Project::empty();
    let folder = project.path("").to_string_lossy().into_owned();
    elsewhere.run(&["-C", &folder, "check"]).await.exits(0).says(&["1 scenario in 1 file, 1 service"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_linked_scenario_file_counts() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    std::os::unix::fs::symlink("orders.arazzo.yaml", project.path("scenarios/linked.arazzo.yaml")).expect("a link");
    project.run(&["check"]).await.exits(0).says(&["2 scenarios in 2 files"]);
}

#[tokio::test]
async fn parts_of_schemas_that_cannot_be_judged_are_noted_once_for_each_definition() {
    let schema = "{type: object, properties: {a: {type: string, pattern: '('}, b: {type: string, pattern: '['}}}";
    let answer = format!("responses: {{'200': {{description: ok, content: {{application/json: {{schema: {schema}}}}}}}}}");
    let definition =
        format!("openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths:\n  /a:\n    get: {{operationId: getA, {answer}}}\n");
    let project = Project::with(&[("callboard.toml", "[services.t]\ndefinition = \"t.yaml\"\n"), ("t.yaml", &definition)]);
    let check = project.run(&["check"]).await;
    check.exits(0);
    assert_eq!(check.stderr.matches("unjudged-schema").count(), 1, "{check}");
    assert!(check.stderr.contains("2 parts of the schemas of `t` cannot be judged"), "{check}");
}
