//! Whatever is wrong with what the user gives: a clear message, the right exit code, no panic.

use std::net::TcpListener;

use callboard_testkit::{Reply, TestServer};

use crate::orders;
use crate::project::{Project, in_time, workspace};

#[tokio::test]
async fn each_bad_definition_ends_as_its_table_says() {
    let folder = workspace("testdata/bad");
    let table = std::fs::read_to_string(folder.join("README.md")).expect("the table is there");
    let rows: Vec<Vec<&str>> =
        table.lines().filter(|line| line.starts_with("| `")).map(|line| line.split('|').map(str::trim).collect()).collect();
    let named: Vec<&str> = rows.iter().map(|row| row[1].trim_matches('`')).collect();
    for entry in std::fs::read_dir(&folder).expect("a readable folder") {
        let name = entry.expect("a readable folder").file_name().into_string().expect("a plain name");
        assert!(
            name == "README.md" || name.starts_with('.') || named.contains(&name.as_str()),
            "{name} has no row in testdata/bad/README.md"
        );
    }
    assert!(rows.len() >= 30, "only {} rows", rows.len());
    for row in rows {
        let (file, exit, code) = (row[1].trim_matches('`'), row[2].parse().expect("an exit code"), row[3]);
        let project = Project::empty();
        project.write(file, std::fs::read(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}")));
        let outcome = project.run(&["check", "--definition", &format!("small={file}")]).await;
        outcome.exits(exit);
        if code == "-" {
            assert!(!outcome.stderr.contains("error["), "{outcome}");
        } else {
            outcome.says(&[&format!("[{code}]"), file]);
        }
    }
}

#[tokio::test]
async fn a_missing_scenario_file_names_the_nearest_one() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    for command in ["run", "check"] {
        let outcome = project.run(&[command, "scenarios/order.arazzo.yaml"]).await;
        outcome.exits(2).says(&["scenarios/order.arazzo.yaml", "no such file", "did you mean `scenarios/orders.arazzo.yaml`?"]);
    }
}

#[tokio::test]
async fn a_missing_definition_file_is_named() {
    let project = Project::empty();
    for command in ["check", "map"] {
        let outcome = project.run(&[command, "--definition", "orders=specs/orders.yaml"]).await;
        outcome.exits(2).says(&["[unreadable-document]", "specs/orders.yaml", "no such file"]);
    }
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    std::fs::remove_file(project.path("orders.yaml")).expect("it was there");
    project.run(&["run"]).await.exits(2).says(&["orders.yaml", "no such file", "nothing was run"]);
}

#[tokio::test]
async fn a_definition_url_that_answers_404_says_so() {
    let server = TestServer::start(|_| Reply::status(404)).await;
    let url = server.url("/openapi.json");
    let outcome = Project::empty().run(&["map", "--definition", &format!("orders={url}")]).await;
    outcome.exits(2).says(&["[unreadable-document]", &url, "404"]);
    let outcome = Project::empty().run(&["init", &server.url("")]).await;
    outcome.exits(3).says(&["[unreachable-definition]", "404"]);
}

#[tokio::test]
async fn a_definition_url_that_never_answers_ends_by_itself() {
    let server = TestServer::start(|_| Reply::Hang).await;
    let url = server.url("/openapi.json");
    let outcome = Project::empty().run(&["check", "--definition", &format!("orders={url}")]).await;
    outcome.exits(2).says(&["[unreadable-document]", &url, "10 s"]);
}

#[tokio::test]
async fn a_login_page_in_the_place_of_a_definition_is_called_a_web_page() {
    let page = "<!DOCTYPE html><html><body>Please log in</body></html>";
    let server = TestServer::start(move |_| Reply::with_type(200, "text/html", page)).await;
    let url = server.url("/openapi.json");
    let outcome = Project::empty().run(&["check", "--definition", &format!("orders={url}")]).await;
    outcome.exits(2).says(&["[not-a-definition]", &url, "HTML"]);
}

#[tokio::test]
async fn a_definition_url_that_nobody_serves_says_so() {
    let url = format!("http://{}/openapi.json", callboard_testkit::refusing_address());
    let outcome = Project::empty().run(&["check", "--definition", &format!("orders={url}")]).await;
    outcome.exits(2).says(&["[unreadable-document]", &url, "refused"]);
}

#[tokio::test]
async fn a_document_of_a_hundred_megabytes_is_refused() {
    let project = Project::empty();
    let mut text = String::from("openapi: 3.0.3\ninfo: {title: Big, version: '1'}\npaths: {}\nx-big:\n");
    text.push_str(&"  - twenty characters it is\n".repeat(100_000_000 / 28 + 1));
    project.write("big.yaml", text);
    let outcome = project.run(&["check", "--definition", "big=big.yaml"]).await;
    outcome.exits(2).says(&["big.yaml", "[document-over-budget]"]);
}

#[tokio::test]
async fn a_port_in_use_means_that_the_environment_is_not_ready() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("a bound socket").port().to_string();
    let project = orders::project(&format!("http://127.0.0.1:{port}"), &["buy"]);
    let outcome = project.run(&["virtual", "up", "orders", "--port", &port]).await;
    outcome.exits(3).says(&["[port]", &port, "orders"]);
    let outcome = project.run(&["run", "--virtual", "orders"]).await;
    outcome.exits(3).says(&["[port]", &port, "is `orders` up after all?"]);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_costs_a_warning_and_nothing_else() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    project.write(".callboard", "a file where a folder should be");
    let outcome = project.run(&["run", "--json"]).await;
    outcome.exits(0).says(&["warning[store]", "store.db", "1 result"]);
    assert_eq!(outcome.json()["summary"]["passed"], 1);
}

#[tokio::test]
async fn a_damaged_store_costs_a_warning_and_is_left_as_it_is() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let garbage = "this is no database ".repeat(1000);
    project.write(".callboard/store.db", &garbage);
    let outcome = project.run(&["run", "--json"]).await;
    outcome.exits(0).says(&["warning[store]", "store.db"]);
    assert_eq!(outcome.json()["summary"]["passed"], 1);
    assert_eq!(project.read(".callboard/store.db"), garbage, "what is no store of ours is not overwritten");
    project.run(&["gaps"]).await.exits(0);
}

/// A limit on the size of files is how a test fills a disk for one process.
#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_costs_a_warning_and_leaves_the_exit_code_of_the_run() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let binary = env!("CARGO_BIN_EXE_callboard");
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{binary}' run");
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", &script]).current_dir(project.path("")).kill_on_drop(true);
    let output = command.output().await.expect("a shell is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("warning[store]") && stderr.contains("1 passed"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_behind_stdout_is_told() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let script = format!("exec '{}' map --json > /dev/full", env!("CARGO_BIN_EXE_callboard"));
    let mut shell = tokio::process::Command::new("sh");
    shell.args(["-c", &script]).current_dir(project.path("")).kill_on_drop(true);
    let output = in_time(shell.output()).await.expect("a shell is there");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_ne!(output.status.code(), Some(0), "{stderr}");
    assert!(stderr.contains("error[") && !stderr.contains("panicked"), "{stderr}");
}

#[tokio::test]
async fn a_report_that_cannot_be_written_stops_the_run_before_it_begins() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    for option in ["--junit", "--html", "--json"] {
        let outcome = project.run(&["run", option, "missing/folder/report"]).await;
        outcome.exits(2).says(&["missing/folder/report", "failed to write"]);
    }
    assert!(server.lines().is_empty(), "nothing is sent: {:?}", server.lines());
}

/// `--json` may stand alone, so a scenario behind it is an easy slip.
#[tokio::test]
async fn a_report_never_replaces_a_scenario() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let before = project.read("scenarios/orders.arazzo.yaml");
    let outcome = project.run(&["run", "--json", "scenarios/orders.arazzo.yaml"]).await;
    assert_eq!(project.read("scenarios/orders.arazzo.yaml"), before, "the scenario is gone\n{outcome}");
    outcome.exits(2).says(&["scenarios/orders.arazzo.yaml"]);
}

#[tokio::test]
async fn unknown_options_and_commands_are_refused_with_a_suggestion() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    project.run(&["run", "--vritual", "orders"]).await.exits(2).says(&["--vritual", "--virtual"]);
    project.run(&["chekc"]).await.exits(2).says(&["chekc", "check"]);
    project.run(&[]).await.exits(2).says(&["Usage"]);
    project.run(&["run", "--shard", "5/4"]).await.exits(2).says(&["5/4", "I/N"]);
    project.run(&["run", "--timeout=-1"]).await.exits(2).says(&["--timeout"]);
    project.run(&["run", "--jobs", "0"]).await.exits(2).says(&["--jobs"]);
    project.run(&["run", "--impacted"]).await.exits(2).says(&["--base"]);
}

#[tokio::test]
async fn servers_and_stand_ins_name_services_that_exist() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    project.run(&["run", "--server", "orders"]).await.exits(2).says(&["--server orders", "NAME=URL"]);
    project.run(&["run", "--server", "order=http://h"]).await.exits(2).says(&["`order`", "did you mean `orders`?"]);
    project.run(&["run", "--virtual", "ordres"]).await.exits(2).says(&["`ordres`", "did you mean `orders`?"]);
    project.run(&["virtual", "up", "ordres"]).await.exits(2).says(&["`ordres`", "did you mean `orders`?"]);
    let outcome = project.run(&["run", "--server", "orders=127.0.0.1:7003"]).await;
    outcome.exits(2).says(&["no http or https URL", "http://127.0.0.1:7003"]);
    project.run(&["run", "--server", "orders=http://"]).await.exits(2).says(&["error"]);
    project.run(&["run", "--server", "orders=http://h:99999"]).await.exits(2).says(&["error"]);
}

#[tokio::test]
async fn an_unknown_environment_names_the_known_ones() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    project.run(&["run", "--env", "lokal"]).await.exits(2).says(&["`lokal`", "`local`"]);
    project.run(&["plan", "--env", "lokal", "create an order"]).await.exits(2).says(&["`lokal`", "`local`"]);
}

#[tokio::test]
async fn a_variable_that_is_not_set_is_named() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let settings = project.read("callboard.toml") + "headers = { Authorization = \"Bearer ${ORDERS_TOKEN}\" }\n";
    project.write("callboard.toml", settings);
    let outcome = project.run(&["run"]).await;
    outcome.says(&["`ORDERS_TOKEN`", "export ORDERS_TOKEN="]);
    assert!([2, 3].contains(&outcome.code), "{outcome}");
}

#[tokio::test]
async fn a_used_service_without_a_place_is_told_before_the_run() {
    let project = Project::with(&[
        ("callboard.toml", "[services.orders]\ndefinition = \"orders.yaml\"\n"),
        ("orders.yaml", orders::DEFINITION),
        ("scenarios/orders.arazzo.yaml", &orders::scenario(&["buy"])),
    ]);
    project.run(&["run"]).await.exits(2).says(&["`orders`", "--server orders=", "--virtual orders"]);
}

#[tokio::test]
async fn mistakes_in_the_settings_are_shown_at_their_place() {
    let cases = [
        ("[services.orders]\ndefinitoin = \"orders.yaml\"\n", "callboard.toml:2:1", "did you mean `definition`?"),
        ("[service.orders]\ndefinition = \"orders.yaml\"\n", "callboard.toml:1:2", "did you mean `services`?"),
        ("[services.orders]\ndefinition = 3\n", "callboard.toml:2:14", "string"),
        ("[services.orders\n", "callboard.toml:1:17", "error[invalid-settings]"),
        (
            "[services.orders]\ndefinition = \"orders.yaml\"\n[environments.local.services.order]\nvirtual = true\n",
            "callboard.toml:3:",
            "did you mean `orders`?",
        ),
        (
            "[services.orders]\ndefinition = \"orders.yaml\"\n[[accept]]\nservice = \"order\"\nreason = \"known\"\n",
            "callboard.toml:4:11",
            "did you mean `orders`?",
        ),
        (
            "[services.orders]\ndefinition = \"orders.yaml\"\n[[accept]]\nservice = \"orders\"\noperation = \"getOder\"\nstatus = 400\nreason = \"known\"\n",
            "callboard.toml:5:13",
            "did you mean `getOrder`?",
        ),
        ("[project]\nenvironment = \"prod\"\n[environments.local.values]\na = 1\n", "callboard.toml:2:15", "`local`"),
        ("[project]\nscenarios = [\"[\"]\n", "scenarios", "error[invalid-settings]"),
    ];
    for (text, place, help) in cases {
        let project = orders::project("http://127.0.0.1:1", &["buy"]);
        project.write("callboard.toml", text);
        let outcome = project.run(&["check"]).await;
        outcome.exits(2).says(&["invalid-settings", place, help]);
    }
}

#[tokio::test]
async fn a_scenario_file_that_is_no_arazzo_is_refused() {
    let server = orders::server().await;
    let cases = [
        ("hello: world\n", "[not-arazzo]"),
        ("", "[not-arazzo]"),
        ("- a\n", "[not-arazzo]"),
        ("arazzo: [\n", "[invalid-document]"),
        ("arazzo: 9.9.9\ninfo: {title: a, version: '1'}\nsourceDescriptions: []\nworkflows: []\n", "[unsupported-version]"),
    ];
    for (text, code) in cases {
        let project = orders::project(&server.url(""), &["buy"]);
        project.write("scenarios/other.arazzo.yaml", text);
        for command in ["check", "run"] {
            project.run(&[command]).await.exits(2).says(&[code, "scenarios/other.arazzo.yaml"]);
        }
    }
    assert!(server.lines().is_empty(), "nothing is sent: {:?}", server.lines());
}

#[tokio::test]
async fn an_empty_folder_says_what_to_do() {
    let project = Project::empty();
    project.run(&["check"]).await.exits(2).says(&["nothing to check", "callboard init"]);
    project.run(&["map"]).await.exits(2).says(&["no service is known", "callboard init"]);
    project.run(&["plan", "create an order"]).await.exits(2).says(&["no service is known", "callboard init"]);
    project.run(&["virtual", "up"]).await.exits(2).says(&["no service is known", "callboard init"]);
    project.run(&["init"]).await.exits(2).says(&["no service definition was found"]);
    project.run(&["run"]).await.exits(2).says(&["no scenario file"]);
    project.run(&["gaps"]).await.exits(2).says(&["callboard init"]);
    project.run(&["-C", "nowhere", "run"]).await.exits(2).says(&["`nowhere` is not a folder"]);
}

#[tokio::test]
async fn nothing_that_is_there_is_overwritten_unasked() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let settings = project.read("callboard.toml");
    project.run(&["init"]).await.exits(2).says(&["is there already", "--force"]);
    assert_eq!(project.read("callboard.toml"), settings);
    let scenario = project.read("scenarios/orders.arazzo.yaml");
    let outcome = project.run(&["generate", "create an order", "-o", "scenarios/orders.arazzo.yaml"]).await;
    outcome.exits(2).says(&["is there already", "--force"]);
    assert_eq!(project.read("scenarios/orders.arazzo.yaml"), scenario);
}

#[tokio::test]
async fn a_sentence_that_no_operation_fits_is_refused() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    for command in ["plan", "generate"] {
        project.run(&[command, "xyzzy"]).await.exits(2).says(&["no operation fits"]);
        project.run(&[command, ""]).await.exits(2).says(&["no operation fits"]);
    }
}
