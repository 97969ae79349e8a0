//! Runs against real servers: verdicts, exit codes, reports, interruption, secrets.

use std::path::Path;

use callboard_testkit::{Received, Reply, TestServer};
use serde_json::{Value, json};

use crate::orders;
use crate::project::{Outcome, Project, in_time, texts};
use crate::xml;

fn names(report: &Value) -> Vec<String> {
    texts(&report["scenarios"], "name")
}

/// Lines that come out the same each time: volatile parts replaced.
fn steady(text: &str, address: &str) -> String {
    let mut lines = Vec::new();
    for line in text.replace(address, "http://SERVER").lines() {
        let words = line.split(' ').collect::<Vec<_>>();
        let mut out: Vec<String> = Vec::new();
        for (index, word) in words.iter().enumerate() {
            let is_duration = words.get(index + 1).is_some_and(|next| ["ms", "s", "µs"].contains(next));
            let is_number = word.parse::<f64>().is_ok();
            out.push(if is_duration && is_number { "TIME".to_owned() } else { (*word).to_owned() });
        }
        let line = out.join(" ").replace("TIME ms", "TIME").replace("TIME µs", "TIME").replace("TIME s", "TIME");
        let line = match line.split_once("traceparent: ") {
            Some((before, after)) => format!("{before}traceparent: TRACE{}", &after[after.find('\'').unwrap_or(0)..]),
            None => line,
        };
        lines.push(line);
    }
    lines.join("\n")
}

#[tokio::test]
async fn a_passing_run_ends_with_0_and_says_so_on_stderr() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let outcome = project.run(&["run"]).await;
    outcome.exits(0).says(&["1 scenario", "1 passed", "seed 1"]);
    assert_eq!(outcome.stdout, "", "stdout is for data");
    assert_eq!(server.lines(), ["POST /orders", "GET /orders/7", "GET /orders/7", "DELETE /orders/7"]);
}

fn wrong_item(request: &Received) -> Reply {
    match request.method.as_str() {
        "GET" => Reply::json(200, &json!({"id": 7, "item": "kettle"})),
        _ => orders::answer(request),
    }
}

#[tokio::test]
async fn a_failing_run_ends_with_1_and_tells_all_that_is_needed() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let outcome = project.run(&["run"]).await;
    outcome.exits(1);
    assert_eq!(outcome.stdout, "");
    insta::assert_snapshot!(steady(&outcome.stderr, &server.url("")), @r#"
    FAILED scenarios/orders.arazzo.yaml#buy TIME

      step read  scenarios/orders.arazzo.yaml:12:9
        GET /orders/{id} of orders
        ✗ $response.body#/item == 'teapot'  line 17
          expected  "teapot"
          actual    "kettle"
        answer    200 OK, 24 bytes in TIME
            {
              "id": 7,
          >   "item": "kettle"
            }
        repeat    curl -sS -i http://SERVER/orders/7 -H 'accept: application/json' -H 'traceparent: TRACE' -H 'baggage: callboard.test=scenarios%2Forders.arazzo.yaml%23buy'

      not run: step read-again

    1 scenario: 0 passed, 1 failed in TIME (seed 1)
    run it again: callboard run --seed 1
    "#);
    assert_eq!(server.lines(), ["POST /orders", "GET /orders/7", "DELETE /orders/7"], "teardown runs, read-again does not");
}

#[tokio::test]
async fn steps_after_a_failed_one_are_not_run_rather_than_passed() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let report = project.run(&["run", "--json", "-"]).await.exits(1).json();
    assert_eq!(texts(&report["scenarios"][0]["steps"], "verdict"), ["passed", "failed", "notRun"]);
    assert_eq!(texts(&report["scenarios"][0]["teardown"], "verdict"), ["passed"]);
    assert_eq!(report["summary"]["failed"], 1);
    assert_eq!(report["summary"]["ok"], false);
}

#[tokio::test]
async fn an_answer_that_breaks_the_definition_fails_although_all_criteria_hold() {
    let server = TestServer::start(|request| match request.method.as_str() {
        "GET" => Reply::json(200, &json!({"id": "seven", "item": "teapot"})),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    project.run(&["run"]).await.exits(1).says(&["/id"]);
}

#[tokio::test]
async fn a_known_deviation_is_accepted_counted_and_a_stale_one_is_told() {
    let server = TestServer::start(|request| match request.method.as_str() {
        "GET" => Reply::json(200, &json!({"id": "seven", "item": "teapot"})),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    let accept = "[[accept]]\nservice = \"orders\"\noperation = \"getOrder\"\npointer = \"/id\"\nreason = \"old clients\"\n\
                  [[accept]]\nservice = \"orders\"\nstatus = 418\nreason = \"was a teapot\"\n";
    project.write("callboard.toml", project.read("callboard.toml") + accept);
    let outcome = project.run(&["run", "--json"]).await;
    let report = outcome.exits(0).json();
    assert_eq!(report["summary"]["acceptedMismatches"], 2, "{outcome}");
    assert_eq!(report["acceptedMismatches"][0]["reason"], "old clients");
    assert_eq!(report["staleAcceptances"].as_array().map(Vec::len), Some(1), "{outcome}");
    outcome.says(&["was a teapot"]);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_no_failed_test() {
    let address = format!("http://{}", callboard_testkit::refusing_address());
    let project = orders::project(&address, &["buy"]);
    let outcome = project.run(&["run", "--json"]).await;
    let report = outcome.exits(3).says(&["environment not ready", "orders", &address]).json();
    assert_eq!(report["summary"]["inconclusive"], 1);
    assert_eq!(report["summary"]["failed"], 0);
    assert_eq!(report["notReady"][0]["service"], "orders");
}

#[tokio::test]
async fn the_json_report_has_the_documented_shape_and_nothing_beside_it() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let report = project.run(&["run", "--json", "-"]).await.exits(0).json();
    assert_eq!(report["version"], 1);
    for count in ["passed", "failed", "flaky", "inconclusive", "notRun"] {
        assert!(report["summary"][count].is_u64(), "summary.{count} is no number: {report}");
    }
    let scenario = &report["scenarios"][0];
    assert_eq!(scenario["name"], "scenarios/orders.arazzo.yaml#buy");
    assert_eq!(scenario["verdict"], "passed");
    assert_eq!(texts(&scenario["steps"], "step"), ["make", "read", "read-again"]);
    assert_eq!(texts(&scenario["steps"], "verdict"), ["passed"; 3]);
    let again = project.run(&["run", "--json", "report.json"]).await;
    assert_eq!(again.exits(0).stdout, "", "a report in a file leaves stdout alone");
    let file: Value = serde_json::from_str(&project.read("report.json")).expect("the file is JSON");
    assert_eq!(names(&file), names(&report));
}

#[tokio::test]
async fn the_junit_report_is_xml_with_a_case_for_each_scenario() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy", "buy-again"]);
    project.run(&["run", "--junit", "report.xml"]).await.exits(1);
    let elements = xml::elements(&project.read("report.xml"));
    assert_eq!(elements[0], "testsuites");
    assert_eq!(elements.iter().filter(|name| *name == "testcase").count(), 2);
    assert_eq!(elements.iter().filter(|name| *name == "failure").count(), 2);
}

#[tokio::test]
async fn the_html_report_is_one_file_that_needs_nothing_else() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy"]);
    project.run(&["run", "--html", "report.html"]).await.exits(1);
    let html = project.read("report.html");
    assert!(html.starts_with("<!") && html.contains("read-again") && html.contains("kettle"));
    for reference in ["src=\"http", "href=\"http", "src='http", "@import", "url(http", "<link rel=\"stylesheet\"", "<script src"]
    {
        assert!(!html.contains(reference), "the report refers to the outside: {reference}");
    }
}

#[tokio::test]
async fn a_filter_chooses_by_a_part_of_the_name() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy", "sell", "buy-more"]);
    let report = project.run(&["run", "--json", "--filter", "#buy"]).await.exits(0).json();
    assert_eq!(names(&report), ["scenarios/orders.arazzo.yaml#buy", "scenarios/orders.arazzo.yaml#buy-more"]);
    project.run(&["run", "--filter", "steal"]).await.exits(2).says(&["`steal`"]);
}

#[tokio::test]
async fn shards_cover_every_scenario_exactly_once() {
    let server = orders::server().await;
    let ids = ["a", "b", "c", "d", "e"];
    let project = orders::project(&server.url(""), &ids);
    for count in [1, 2, 3, 5] {
        let mut seen = Vec::new();
        for index in 1..=count {
            let report = project.run(&["run", "--json", "--shard", &format!("{index}/{count}")]).await.exits(0).json();
            seen.extend(names(&report));
        }
        seen.sort();
        assert_eq!(seen, ids.map(|id| format!("scenarios/orders.arazzo.yaml#{id}")), "of {count}");
    }
}

#[tokio::test]
async fn shards_that_are_empty_still_report() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let outcome = project.run(&["run", "--shard", "2/2", "--json", "--junit", "report.xml"]).await;
    let report = outcome.exits(0).says(&["nothing"]).json();
    assert_eq!(names(&report), Vec::<String>::new());
    assert_eq!(xml::elements(&project.read("report.xml"))[0], "testsuites");
}

#[tokio::test]
async fn a_file_that_is_named_twice_runs_once() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let arguments = ["run", "scenarios/orders.arazzo.yaml", "./scenarios/orders.arazzo.yaml", "scenarios", "--json"];
    let report = project.run(&arguments).await.exits(0).json();
    assert_eq!(names(&report), ["scenarios/orders.arazzo.yaml#buy"]);
}

#[tokio::test]
async fn the_order_of_the_report_does_not_depend_on_the_number_of_jobs() {
    let server = orders::server().await;
    let ids: Vec<String> = (0..20).map(|n| format!("w{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let project = orders::project(&server.url(""), &ids);
    let one = project.run(&["run", "--json", "--jobs", "1"]).await.exits(0).json();
    let eight = project.run(&["run", "--json", "--jobs", "8"]).await.exits(0).json();
    assert_eq!(names(&one), names(&eight));
    assert_eq!(names(&one).len(), 20);
}

#[tokio::test]
async fn the_seed_is_told_with_the_command_that_repeats_the_run() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let outcome = project.run(&["run", "--json", "--seed", "42"]).await;
    let report = outcome.exits(1).says(&["seed 42", "callboard run", "--seed 42"]).json();
    assert_eq!(report["seed"], 42);
    assert!(report["replay"].as_str().is_some_and(|line| line.contains("--seed 42")), "{outcome}");
}

fn hangs_on_read(request: &Received) -> Reply {
    if request.method == "GET" { Reply::Hang } else { orders::answer(request) }
}

#[tokio::test]
async fn a_service_that_hangs_fails_the_step_in_time() {
    let server = TestServer::start(hangs_on_read).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let outcome = project.run(&["run", "--timeout", "0.3"]).await;
    outcome.exits(1).says(&["0.3 s"]);
    assert_eq!(server.lines().last().map(String::as_str), Some("DELETE /orders/7"), "teardown runs");
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_keeps_what_is_finished_and_tears_down() {
    // The first scenario passes, the second one hangs on its read.
    let server = TestServer::start(|request| match request.header("baggage") {
        Some(test) if test.contains("second") => hangs_on_read(request),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["first", "second", "third"]);
    let running = project.start(&["run", "--jobs", "1", "--json", "report.json", "--junit", "report.xml"]);
    in_time(server.wait_for_requests(6)).await;
    running.signal("INT");
    let outcome = running.end().await;
    outcome.exits(130).says(&["1 passed"]);
    assert_eq!(server.lines()[6..], ["DELETE /orders/7"], "the order of the second scenario is removed, the third never begins");
    let report: Value = serde_json::from_str(&project.read("report.json")).expect("the report is written");
    assert_eq!(report["interrupted"], true);
    assert_eq!(texts(&report["scenarios"], "verdict")[0], "passed");
    assert_ne!(texts(&report["scenarios"], "verdict")[1], "passed");
    assert_eq!(texts(&report["scenarios"], "verdict")[2], "notRun");
    assert!(xml::elements(&project.read("report.xml")).contains(&"testcase".to_owned()));
    let mut store = callboard_store::Store::open_to_read(&project.path(".callboard/store.db")).await.expect("the store is there");
    let runs = store.runs(9).await.expect("readable");
    assert_eq!(runs.len(), 1);
    let stored = store.run(runs[0].run.as_str()).await.expect("readable").expect("the run is kept");
    assert!(stored.scenarios.iter().any(|result| result.name.as_str().ends_with("#first")), "what was finished is kept");
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_ctrl_c_ends_at_once() {
    let server = TestServer::start(|request| match request.method.as_str() {
        "GET" | "DELETE" => Reply::Hang,
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    let running = project.start(&["run"]);
    in_time(server.wait_for_requests(2)).await;
    running.signal("INT");
    in_time(server.wait_for_requests(3)).await;
    assert_eq!(server.lines()[2], "DELETE /orders/7", "teardown began");
    running.signal("INT");
    running.end().await.exits(130);
}

#[cfg(unix)]
#[tokio::test]
async fn a_termination_is_as_clean_as_ctrl_c() {
    let server = TestServer::start(hangs_on_read).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let running = project.start(&["run", "--json", "report.json"]);
    in_time(server.wait_for_requests(2)).await;
    running.signal("TERM");
    let outcome = running.end().await;
    assert!([130, 143].contains(&outcome.code), "{outcome}");
    assert_eq!(server.lines().last().map(String::as_str), Some("DELETE /orders/7"), "teardown runs");
    let report: Value = serde_json::from_str(&project.read("report.json")).expect("the report is written");
    assert_eq!(report["interrupted"], true);
}

/// A reader that goes away, or a full disk, says nothing about the system under test.
#[cfg(unix)]
#[tokio::test]
async fn a_report_that_nobody_reads_does_not_turn_a_failure_green() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let mut running = project.command(&["run", "--json", "-"]).spawn().expect("the binary starts");
    drop(running.stdout.take());
    let status = in_time(running.wait()).await.expect("it ends");
    assert_eq!(status.code(), Some(1), "a failed test stays one");
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let mut command = project.command(&["run", "--json", "-"]);
        let status = in_time(command.stdout(full).status()).await.expect("it ends");
        assert_ne!(status.code(), Some(0), "a failed test stays one");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_reader_that_goes_away_ends_other_commands_quietly() {
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let mut running = project.command(&["map", "--json"]).spawn().expect("the binary starts");
    drop(running.stdout.take());
    let output = in_time(running.wait_with_output()).await.expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[tokio::test]
async fn teardown_leaves_out_what_was_never_made() {
    let server = TestServer::start(|_| Reply::status(500)).await;
    let project = orders::project(&server.url(""), &["buy"]);
    let report = project.run(&["run", "--json"]).await.exits(1).json();
    assert_eq!(server.lines(), ["POST /orders"], "there is nothing to remove");
    assert_eq!(texts(&report["scenarios"][0]["teardown"], "verdict"), ["notRun"]);
}

#[tokio::test]
async fn a_teardown_that_fails_fails_the_scenario() {
    let server = TestServer::start(|request| match request.method.as_str() {
        "DELETE" => Reply::status(500),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    let report = project.run(&["run", "--json"]).await.exits(1).says(&["teardown"]).json();
    assert_eq!(texts(&report["scenarios"][0]["steps"], "verdict"), ["passed"; 3]);
    assert_eq!(texts(&report["scenarios"][0]["teardown"], "verdict"), ["failed"]);
}

/// Two workflows of which one needs the other: order, and what is not run.
#[tokio::test]
async fn a_scenario_that_depends_on_a_failed_one_is_not_run() {
    let server = TestServer::start(wrong_item).await;
    let project = orders::project(&server.url(""), &[]);
    let text =
        orders::scenario(&["first", "second"]).replace("workflowId: second\n", "workflowId: second\n    dependsOn: [first]\n");
    project.write("scenarios/orders.arazzo.yaml", text);
    let report = project.run(&["run", "--json"]).await.exits(1).json();
    let verdicts = texts(&report["scenarios"], "verdict");
    assert_eq!(verdicts[0], "failed");
    assert!(["notRun", "inconclusive"].contains(&verdicts[1].as_str()), "{report:#}");
    assert_eq!(report["summary"]["passed"], 0);
}

#[tokio::test]
async fn a_status_that_no_definition_knows_is_a_failure() {
    let server = TestServer::start(|request| match request.method.as_str() {
        "GET" => Reply::json(203, &json!({"id": 7, "item": "teapot"})),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    let text = project.read("scenarios/orders.arazzo.yaml").replace("$statusCode == 200", "$statusCode >= 200");
    project.write("scenarios/orders.arazzo.yaml", text);
    project.run(&["run"]).await.exits(1).says(&["203"]);
}

#[tokio::test]
async fn what_is_no_http_and_what_breaks_off_is_a_failure_with_a_reason() {
    let replies = [Reply::Raw("not http at all\r\n\r\n".into()), Reply::Reset, Reply::Close, Reply::stall(200, "{\"id\": 7")];
    for reply in replies {
        let shown = format!("{reply:?}");
        let server = TestServer::start(move |request| match request.method.as_str() {
            "GET" => reply.clone(),
            _ => orders::answer(request),
        })
        .await;
        let project = orders::project(&server.url(""), &["buy"]);
        let outcome = project.run(&["run", "--timeout", "0.5", "--json"]).await;
        assert_eq!(outcome.code, 1, "{shown}\n{outcome}");
        let report = outcome.json();
        assert_eq!(texts(&report["scenarios"][0]["steps"], "verdict"), ["passed", "failed", "notRun"], "{shown}");
        let attempt = &report["scenarios"][0]["steps"][1]["attempts"][0];
        assert!(!attempt["transportError"].is_null() && attempt["response"].is_null(), "{shown}: {attempt:#}");
    }
}

const SECRET: &str = "s3cr3t-token/with+odd=signs";

/// All files below a folder whose bytes hold the text.
fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if std::fs::read(&path).expect("readable").windows(text.len()).any(|bytes| bytes == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    found
}

async fn run_with_secret(project: &Project) -> Outcome {
    let variables = [("ORDERS_TOKEN", SECRET)];
    let arguments = ["run", "--json", "-", "--html", "out/report.html", "--junit", "out/report.xml"];
    project.run_with(&variables, &arguments).await
}

#[tokio::test]
async fn secrets_are_sent_and_never_shown() {
    // A service that tells everybody what it was given.
    let server = TestServer::start(|request| {
        let told = request.header("authorization").unwrap_or_default().to_owned();
        match request.method.as_str() {
            "GET" => Reply::json(200, &json!({"id": 7, "item": told})).header("x-echo", &told),
            _ => orders::answer(request),
        }
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    let settings = project.read("callboard.toml") + "headers = { Authorization = \"Bearer ${ORDERS_TOKEN}\" }\n";
    project.write("callboard.toml", settings);
    std::fs::create_dir(project.path("out")).expect("a folder");
    let outcome = run_with_secret(&project).await;
    outcome.exits(1);
    assert!(server.received().iter().all(|r| r.header("authorization") == Some(&format!("Bearer {SECRET}"))));
    let encoded: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    for secret in [SECRET, encoded.as_str()] {
        assert!(!outcome.stdout.contains(secret) && !outcome.stderr.contains(secret), "shown:\n{outcome}");
        assert_eq!(files_with(&project.path(""), secret), Vec::<String>::new());
    }
    assert!(project.path(".callboard/store.db").is_file(), "the store was written");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = TestServer::start(|request| match request.path.as_str() {
        "/login" => Reply::json(200, &json!({"id": 7, "item": "teapot"})),
        _ if request.method == "GET" => Reply::status(302).header("location", "/login"),
        _ => orders::answer(request),
    })
    .await;
    let project = orders::project(&server.url(""), &["buy"]);
    project.run(&["run"]).await.exits(1).says(&["302"]);
    assert!(!server.lines().iter().any(|line| line.contains("/login")), "{:?}", server.lines());
}

#[tokio::test]
async fn every_request_carries_the_test_and_a_trace() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy", "sell"]);
    project.run(&["run", "--jobs", "1"]).await.exits(0);
    let received = server.received();
    let trace = |request: &Received| request.header("traceparent").expect("a traceparent").to_owned();
    let traces: Vec<String> = received.iter().map(|r| trace(r)[3..35].to_owned()).collect();
    assert!(traces[..4].iter().all(|trace| *trace == traces[0]), "one trace for each scenario: {traces:?}");
    assert_ne!(traces[0], traces[4]);
    let spans: std::collections::BTreeSet<_> = received.iter().map(|r| trace(r)[36..52].to_owned()).collect();
    assert_eq!(spans.len(), 8, "one span for each request");
    assert_eq!(received[0].header("baggage"), Some("callboard.test=scenarios%2Forders.arazzo.yaml%23buy"));
    assert_eq!(received[7].header("baggage"), Some("callboard.test=scenarios%2Forders.arazzo.yaml%23sell"));
}

#[tokio::test]
async fn a_server_on_the_command_line_replaces_that_of_the_settings() {
    let server = orders::server().await;
    let project = orders::project("http://127.0.0.1:1", &["buy"]);
    let option = format!("orders={}", server.url(""));
    project.run(&["run", "--server", &option]).await.exits(0);
    project.run(&["run", "--virtual", "orders"]).await.exits(0);
    assert_eq!(server.lines().len(), 4, "the virtual run does not reach the server");
}

#[tokio::test]
async fn a_run_that_keeps_nothing_leaves_no_folder() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    project.run(&["run", "--no-store"]).await.exits(0);
    assert!(!project.path(".callboard").exists());
}

#[tokio::test]
async fn a_scenario_beside_its_definition_runs_without_settings() {
    let server = orders::server().await;
    let project =
        Project::with(&[("orders.yaml", orders::DEFINITION), ("scenarios/orders.arazzo.yaml", &orders::scenario(&["buy"]))]);
    let option = format!("orders={}", server.url(""));
    project.run(&["run", "scenarios/orders.arazzo.yaml", "--server", &option]).await.exits(0);
}

#[tokio::test]
async fn a_quiet_run_says_nothing_when_all_is_well() {
    let server = orders::server().await;
    let project = orders::project(&server.url(""), &["buy"]);
    let outcome = project.run(&["run", "--quiet"]).await;
    assert_eq!((outcome.exits(0).stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}
