//! What happens after a step: retries, goto, end, polls, teardown, workflows that are called or depended on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::world::{execute, failures, only, options, run_against, verdicts, well_behaved};
use callboard_model::run::{AttemptKind, CheckKind, Verdict};
use callboard_testkit::{Received, Reply, TestServer};
use serde_json::json;

const DELETE: &str =
    "{stepId: gone, operationId: $sourceDescriptions.customers.deleteCustomer, parameters: [{name: id, in: path, value: c1}]}";

fn read(id: &str, more: &str) -> String {
    format!(
        "
  - stepId: {id}
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{{name: id, in: path, value: {id}}}]{more}"
    )
}

fn workflow(steps: &str) -> String {
    format!("\n- workflowId: w\n  steps:{steps}\n")
}

fn ada() -> Reply {
    Reply::json(200, &json!({"id": "c1", "name": "Ada"}))
}

/// Answers 404 so many times before a customer is there.
fn after(misses: usize) -> impl Fn(&Received) -> Reply + Send + Sync {
    let seen = AtomicUsize::new(0);
    move |_| if seen.fetch_add(1, Ordering::Relaxed) < misses { Reply::status(404) } else { ada() }
}

#[tokio::test]
async fn a_retry_is_one_more_attempt_unless_more_are_asked_for() {
    let retry =
        |limit: &str| workflow(&read("a", &format!("\n    onFailure: [{{name: again, type: retry, retryAfter: 0.01{limit}}}]")));
    let (finished, _server) = run_against(&retry(""), after(1)).await;
    let step = &only(&finished).steps[0];
    assert_eq!((only(&finished).verdict, step.attempts.len()), (Verdict::Passed, 2));
    assert_eq!(step.attempts[1].kind, AttemptKind::Retry);
    let (finished, server) = run_against(&retry(""), after(2)).await;
    assert_eq!((only(&finished).verdict, server.received().len()), (Verdict::Failed, 2));
    let (finished, server) = run_against(&retry(", retryLimit: 3"), after(3)).await;
    assert_eq!((only(&finished).verdict, server.received().len()), (Verdict::Passed, 4));
}

#[tokio::test]
async fn retry_after_of_the_answer_overrules_the_file() {
    let scenario = workflow(&read("a", "\n    onFailure: [{name: again, type: retry, retryAfter: 3600}]"));
    let seen = AtomicUsize::new(0);
    let (finished, _server) = run_against(&scenario, move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::status(404).header("retry-after", "0"),
        _ => ada(),
    })
    .await;
    assert_eq!(only(&finished).verdict, Verdict::Passed);
}

#[tokio::test]
async fn the_first_failure_action_whose_criteria_hold_is_taken() {
    let actions = "
    onFailure:
    - {name: other, type: end, criteria: [{condition: $statusCode == 500}]}
    - {name: missing, type: goto, stepId: c, criteria: [{condition: $statusCode == 404}]}
    - {name: never, type: end}";
    let scenario = workflow(&format!("{}{}{}", read("a", actions), read("b", ""), read("c", "")));
    let (finished, server) =
        run_against(&scenario, |request| if request.path == "/customers/a" { Reply::status(404) } else { ada() }).await;
    let result = only(&finished);
    assert_eq!((result.verdict, verdicts(&result.steps).as_str()), (Verdict::Passed, "a failed, c passed, b not run"));
    assert_eq!(result.steps[0].reason.as_deref(), Some("handled by the failure action `missing`, which goes on with `c`"));
    assert_eq!(server.lines(), ["GET /customers/a", "GET /customers/c"]);
}

#[tokio::test]
async fn no_action_makes_up_for_a_mismatch_with_the_definition() {
    let scenario = workflow(&format!("{}{}", read("a", "\n    onFailure: [{name: x, type: goto, stepId: b}]"), read("b", "")));
    let (finished, server) = run_against(&scenario, |_| Reply::status(418)).await;
    assert_eq!(verdicts(&only(&finished).steps), "a failed, b not run");
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn success_actions_end_or_jump_and_what_they_skip_is_not_run() {
    let scenario = workflow(&format!("{}{}", read("a", "\n    onSuccess: [{name: done, type: end}]"), read("b", "")));
    let (finished, server) = run_against(&scenario, |_| ada()).await;
    let result = only(&finished);
    assert_eq!((result.verdict, verdicts(&result.steps).as_str()), (Verdict::Passed, "a passed, b not run"));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_success_action_whose_criteria_cannot_be_evaluated_fails_the_step_and_says_so() {
    let actions = |more: &str| {
        // Neither is there: that they are equal cannot be said.
        let criteria = format!("[{{condition: '$response.body#/old == $response.body#/new'}}{more}]");
        let action = format!("\n    onSuccess: [{{name: moved, type: goto, stepId: c, criteria: {criteria}}}]");
        workflow(&format!("{}{}{}", read("a", &action), read("b", ""), read("c", "")))
    };
    let (finished, server) = run_against(&actions(""), |_| ada()).await;
    let result = only(&finished);
    assert_eq!((result.verdict, verdicts(&result.steps).as_str()), (Verdict::Failed, "a failed, b not run, c not run"));
    assert_eq!(result.steps[0].reason.as_deref(), Some("whether the success action `moved` is to be taken cannot be told"));
    assert_eq!(failures(&result.steps[0]).len(), 1);
    assert_eq!(server.received().len(), 1);
    // Where another criterion says no, the action is not taken whatever this one says.
    let (finished, _server) = run_against(&actions(", {condition: $statusCode == 404}"), |_| ada()).await;
    assert_eq!(verdicts(&only(&finished).steps), "a passed, b passed, c passed");
}

#[tokio::test]
async fn a_failure_for_a_service_behind_says_whom_to_look_at() {
    for (status, words) in [(502, "a service behind it"), (503, "is not ready"), (504, "did not answer in time")] {
        let (finished, _server) = run_against(&workflow(&read("a", "")), move |_| Reply::status(status)).await;
        let step = &only(&finished).steps[0];
        let reason = step.reason.as_deref().unwrap_or_default();
        assert_eq!(step.verdict, Verdict::Failed);
        assert!(reason.starts_with(&status.to_string()) && reason.contains(words) && reason.contains("`customers`"), "{reason}");
    }
    let (finished, _server) = run_against(&workflow(&read("a", "")), |_| Reply::status(500)).await;
    assert_eq!(only(&finished).steps[0].reason, None);
}

#[tokio::test]
async fn an_endless_goto_ends() {
    let scenario = workflow(&read("a", "\n    onSuccess: [{name: x, type: goto, stepId: a}]"));
    let (finished, _server) = run_against(&scenario, |_| ada()).await;
    let result = only(&finished);
    assert_eq!(result.verdict, Verdict::Failed);
    assert!(result.reason.as_ref().is_some_and(|reason| reason.contains("circle")), "{:?}", result.reason);
}

#[tokio::test]
async fn a_poll_waits_until_its_condition_holds() {
    let until = "\n    x-callboard-until: {criteria: [{condition: $statusCode == 200}], timeout: 10, interval: 0.01}";
    let (finished, _server) = run_against(&workflow(&read("a", until)), after(3)).await;
    let step = &only(&finished).steps[0];
    assert_eq!((step.verdict, step.attempts.len()), (Verdict::Passed, 4));
    assert!(step.attempts[1..].iter().all(|attempt| attempt.kind == AttemptKind::Poll));
}

#[tokio::test]
async fn a_poll_that_is_never_satisfied_shows_the_last_values() {
    let until = "
    successCriteria: [{condition: $statusCode < 500}]
    x-callboard-until: {criteria: [{condition: $statusCode == 200}], timeout: 0.1, interval: 0.02}";
    let (finished, _server) = run_against(&workflow(&read("a", until)), |_| Reply::status(404)).await;
    let step = &only(&finished).steps[0];
    assert_eq!(step.verdict, Verdict::Failed);
    assert_eq!(failures(step), ["Until: expected 200, got 404"]);
    assert!(step.attempts.len() > 1);
}

#[tokio::test]
async fn a_hanging_service_cannot_hold_a_poll_beyond_its_time() {
    let until = "\n    x-callboard-until: {criteria: [{condition: $statusCode == 200}], timeout: 0.2, interval: 0.02}";
    let server = TestServer::start(|_| Reply::Hang).await;
    let mut options = options(&workflow(&read("a", until)), &server.url(""));
    options.limits.response = Duration::from_secs(600);
    let finished = execute(options).await;
    let step = &only(&finished).steps[0];
    assert!(step.checks.iter().any(|check| check.kind == CheckKind::Transport && check.outcome.is_failure()));
    assert!(step.duration < 5_000_000);
}

fn with_teardown(step: &str, teardown: &str) -> String {
    format!(
        "
- workflowId: w
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {{payload: {{name: Ada}}}}
    outputs: {{id: $response.body#/id}}{step}
  x-callboard-finally:
  - stepId: delete
    operationId: $sourceDescriptions.customers.deleteCustomer
    parameters: [{{name: id, in: path, value: $steps.create.outputs.id}}]{teardown}
"
    )
}

#[tokio::test]
async fn teardown_runs_after_a_failure_with_what_was_captured() {
    let scenario = with_teardown(&read("a", ""), "");
    let (finished, server) = run_against(&scenario, |request| match request.method.as_str() {
        "GET" => Reply::status(404),
        _ => well_behaved(request),
    })
    .await;
    let result = only(&finished);
    assert_eq!(verdicts(&result.steps), "create passed, a failed");
    assert_eq!((result.verdict, verdicts(&result.teardown).as_str()), (Verdict::Failed, "delete passed"));
    assert_eq!(server.lines(), ["POST /customers", "GET /customers/a", "DELETE /customers/c%201"]);
}

#[tokio::test]
async fn a_failed_teardown_fails_the_scenario_and_is_reported_apart() {
    let (finished, _server) = run_against(&with_teardown("", ""), |request| match request.method.as_str() {
        "DELETE" => Reply::status(404),
        _ => well_behaved(request),
    })
    .await;
    let result = only(&finished);
    assert_eq!((verdicts(&result.steps), verdicts(&result.teardown)), ("create passed".into(), "delete failed".into()));
    assert_eq!((result.verdict, result.reason.as_deref()), (Verdict::Failed, Some("the teardown failed at `delete`")));
}

#[tokio::test]
async fn teardown_of_what_is_gone_needs_no_documented_status_when_the_step_allows_it() {
    let gone = |request: &Received| match request.method.as_str() {
        "DELETE" => Reply::status(410),
        _ => well_behaved(request),
    };
    let allowed = with_teardown("", "\n    successCriteria: [{condition: $statusCode == 204 || $statusCode == 410}]");
    let (finished, _server) = run_against(&allowed, gone).await;
    assert_eq!((only(&finished).verdict, verdicts(&only(&finished).teardown).as_str()), (Verdict::Passed, "delete passed"));
    let (finished, _server) = run_against(&with_teardown("", ""), gone).await;
    assert_eq!(verdicts(&only(&finished).teardown), "delete failed");
}

#[tokio::test]
async fn teardown_without_anything_to_undo_is_not_run() {
    let (finished, server) = run_against(&with_teardown("", ""), |_| Reply::status(422)).await;
    let result = only(&finished);
    assert_eq!((result.verdict, verdicts(&result.teardown).as_str()), (Verdict::Failed, "delete not run"));
    assert!(result.teardown[0].reason.as_ref().is_some_and(|reason| reason.starts_with("nothing to undo: ")));
    assert_eq!(server.lines(), ["POST /customers"]);
}

#[tokio::test]
async fn a_teardown_that_asks_for_a_value_which_nobody_has_is_a_mistake() {
    let scenario = with_teardown("", "").replace("$steps.create.outputs.id", "$steps.create.outputs.idd");
    let (finished, _server) = run_against(&scenario, well_behaved).await;
    let result = only(&finished);
    assert_eq!((result.verdict, verdicts(&result.teardown).as_str()), (Verdict::Failed, "delete failed"));
}

#[tokio::test]
async fn a_poll_without_criteria_still_wants_success() {
    let until = "\n    x-callboard-until: {criteria: [{condition: $statusCode == 404}], timeout: 1, interval: 0.01}";
    let mut source = crate::world::source(&workflow(&read("a", until)));
    let server = TestServer::start(|_| Reply::status(404)).await;
    let mut options = options(&workflow(&read("a", until)), &server.url(""));
    assert_eq!(execute(options.clone()).await.summary.passed, 1);
    let file = &mut std::sync::Arc::get_mut(&mut source).expect("not shared yet").file;
    file.workflows[0].steps[0].until.as_mut().expect("a poll").criteria.clear();
    options.scenarios[0].source = source;
    assert_eq!(execute(options).await.summary.failed, 1);
}

const CALLS: &str = "
- workflowId: outer
  steps:
  - stepId: call
    workflowId: inner
    parameters: [{name: name, value: Bob}]
    outputs: {id: $outputs.id}
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{name: id, in: path, value: $steps.call.outputs.id}]
- workflowId: inner
  inputs: {type: object, required: [name], properties: {name: {type: string}}}
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {payload: {name: $inputs.name}}
    outputs: {id: $response.body#/id}
  outputs: {id: $steps.create.outputs.id}
";

#[tokio::test]
async fn a_called_workflow_takes_inputs_and_yields_outputs() {
    let server = TestServer::start(well_behaved).await;
    let mut options = options(CALLS, &server.url(""));
    options.scenarios.truncate(1);
    let finished = execute(options).await;
    let result = only(&finished);
    assert_eq!(verdicts(&result.steps), "call passed, read passed");
    assert_eq!(verdicts(&result.steps[0].nested), "create passed");
    assert_eq!(server.lines(), ["POST /customers", "GET /customers/c%201"]);
    assert_eq!(server.received()[0].json(), json!({"name": "Bob"}));
}

#[tokio::test]
async fn a_called_workflow_that_fails_fails_its_caller() {
    let server = TestServer::start(|_| Reply::status(422)).await;
    let mut options = options(CALLS, &server.url(""));
    options.scenarios.truncate(1);
    let finished = execute(options).await;
    assert_eq!(verdicts(&only(&finished).steps), "call failed, read not run");
    assert_eq!(verdicts(&only(&finished).steps[0].nested), "create failed");
}

#[tokio::test]
async fn no_action_makes_up_for_a_mismatch_inside_a_called_workflow() {
    let handled = CALLS
        .replace("    outputs: {id: $outputs.id}", "    onFailure: [{name: x, type: goto, stepId: read}]")
        .replace("value: $steps.call.outputs.id", "value: c1");
    let run = async |reply: fn(&Received) -> Reply| {
        let server = TestServer::start(reply).await;
        let mut options = options(&handled, &server.url(""));
        options.scenarios.truncate(1);
        let finished = execute(options).await;
        verdicts(&only(&finished).steps)
    };
    let refused = |request: &Received| if request.method == "POST" { Reply::status(422) } else { ada() };
    assert_eq!(run(refused).await, "call failed, read passed");
    let undocumented = |request: &Received| if request.method == "POST" { Reply::status(418) } else { ada() };
    assert_eq!(run(undocumented).await, "call failed, read not run");
}

#[tokio::test]
async fn what_a_retry_runs_first_has_to_pass() {
    let again = "\n    onFailure: [{name: again, type: retry, stepId: b, retryAfter: 0.01}]";
    let handled = "\n    onFailure: [{name: on, type: goto, stepId: c}]";
    let scenario = workflow(&format!("{}{}{}", read("a", again), read("b", handled), read("c", "")));
    let (finished, server) =
        run_against(&scenario, |request| if request.path == "/customers/c" { ada() } else { Reply::status(404) }).await;
    let result = only(&finished);
    assert_eq!(result.verdict, Verdict::Failed);
    assert_eq!(server.lines(), ["GET /customers/a", "GET /customers/b"]);
}

#[tokio::test]
async fn teardown_that_does_not_get_its_turn_is_no_pass() {
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = cancel.clone();
    let server = TestServer::start(move |request| {
        if request.method == "POST" {
            stop.cancel();
            return Reply::Hang;
        }
        well_behaved(request)
    })
    .await;
    let create = |id: &str| {
        format!(
            "\n  - {{stepId: {id}, operationId: $sourceDescriptions.customers.createCustomer, requestBody: {{payload: {{name: B}}}}}}"
        )
    };
    let scenario = format!("{}\n  x-callboard-finally:{}{}", workflow(&read("a", "")).trim_end(), create("more"), create("last"));
    let mut options = options(&scenario, &server.url(""));
    options.grace = Duration::ZERO;
    let (events, mut receiver) = tokio::sync::mpsc::channel(64);
    let drained = tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    let finished = callboard_runner::run(options, events, cancel).await;
    drained.await.expect("no panic");
    assert_eq!(verdicts(&only(&finished).teardown), "more inconclusive, last inconclusive");
    assert_eq!(only(&finished).verdict, Verdict::Failed);
}

#[tokio::test]
async fn a_called_workflow_is_torn_down_although_the_run_was_stopped() {
    let cancel = tokio_util::sync::CancellationToken::new();
    let stop = cancel.clone();
    let server = TestServer::start(move |request| {
        if request.method == "GET" {
            stop.cancel();
            return Reply::Hang;
        }
        well_behaved(request)
    })
    .await;
    let inner = with_teardown(&read("a", ""), "").replace("workflowId: w", "workflowId: inner");
    let mut options =
        options(&format!("\n- workflowId: outer\n  steps:\n  - {{stepId: call, workflowId: inner}}{inner}"), &server.url(""));
    options.scenarios.truncate(1);
    let (events, mut receiver) = tokio::sync::mpsc::channel(64);
    let drained = tokio::spawn(async move { while receiver.recv().await.is_some() {} });
    let finished = callboard_runner::run(options, events, cancel).await;
    drained.await.expect("no panic");
    assert_eq!(only(&finished).verdict, Verdict::Inconclusive);
    assert_eq!(verdicts(&only(&finished).steps[0].nested), "create passed, a inconclusive, delete passed");
    assert_eq!(server.lines(), ["POST /customers", "GET /customers/a", "DELETE /customers/c%201"]);
}

fn dependent() -> String {
    format!(
        "
- workflowId: second
  dependsOn: [first]
  steps:
  - stepId: read
    operationId: $sourceDescriptions.customers.getCustomer
    parameters: [{{name: id, in: path, value: $workflows.first.outputs.id}}]
- workflowId: first
  steps:
  - stepId: create
    operationId: $sourceDescriptions.customers.createCustomer
    requestBody: {{payload: {{name: Ada}}}}
    outputs: {{id: $response.body#/id}}
  outputs: {{id: $steps.create.outputs.id}}
- workflowId: circle
  dependsOn: [round]
  steps: [{DELETE}]
- workflowId: round
  dependsOn: [circle]
  steps: [{DELETE}]
"
    )
}

#[tokio::test]
async fn a_scenario_waits_for_the_one_it_depends_on() {
    let (finished, server) = run_against(&dependent(), well_behaved).await;
    let outcome: Vec<_> = finished.results.iter().map(|r| (r.workflow.as_str(), r.verdict)).collect();
    assert_eq!(
        outcome,
        [("second", Verdict::Passed), ("first", Verdict::Passed), ("circle", Verdict::NotRun), ("round", Verdict::NotRun)]
    );
    assert_eq!(server.lines(), ["POST /customers", "GET /customers/c%201"]);
    assert_eq!(finished.results[2].reason.as_deref(), Some("its dependencies go in a circle"));
}

#[tokio::test]
async fn a_failed_dependency_makes_its_dependent_not_run() {
    let (finished, _server) = run_against(&dependent(), |_| Reply::status(422)).await;
    let second = &finished.results[0];
    let reason = "it depends on t.arazzo.yaml#first, which is failed";
    assert_eq!((second.verdict, second.reason.as_deref()), (Verdict::NotRun, Some(reason)));
}

#[tokio::test]
async fn a_dependency_that_is_not_selected_runs_first_inside_the_scenario() {
    let server = TestServer::start(well_behaved).await;
    let mut options = options(&dependent(), &server.url(""));
    options.scenarios.truncate(1);
    let finished = execute(options).await;
    assert_eq!(verdicts(&only(&finished).steps), "first passed, read passed");
}
