//! The store on a real disk: what is kept, by whom, and what happens when it cannot be.

use std::path::Path;
use std::sync::Arc;

use callboard_model::evidence::{Edge, EdgeSource};
use callboard_model::names::{RunId, TestName};
use callboard_model::run::{RunEvent, RunFinished, RunStarted, ScenarioResult, StepResult, Verdict};
use callboard_model::{Method, OperationKey};
use callboard_store::{Recorder, RunContext, Sighting, Store, StoreError};
use sqlx::{Connection as _, Executor as _};

fn started(run: &str, at: u64) -> RunStarted {
    RunStarted { run: RunId::new(run), at, seed: u64::MAX, scenarios: Vec::new(), deselected: Vec::new() }
}

fn scenario(test: &str, verdict: Verdict, at: u64, operations: &[OperationKey]) -> ScenarioResult {
    ScenarioResult {
        name: TestName::new(test),
        file: "a.arazzo.yaml".to_owned(),
        workflow: test.to_owned(),
        summary: None,
        verdict,
        reason: None,
        steps: operations.iter().map(|operation| step(operation, at)).collect(),
        teardown: Vec::new(),
        outputs: indexmap(),
        started: at,
        duration: 1_500,
        seed: 7,
        trace: "t".to_owned(),
    }
}

fn step(operation: &OperationKey, at: u64) -> StepResult {
    let request = serde_json::json!({"method": "GET", "url": "http://127.0.0.1:1/", "headers": [], "body": null});
    let attempt =
        serde_json::json!({"kind": "first", "request": request, "response": null, "transport_error": "refused", "duration": 3});
    StepResult {
        step: "s".to_owned(),
        description: None,
        operation: Some(operation.clone()),
        verdict: Verdict::Passed,
        reason: None,
        attempts: vec![serde_json::from_value(attempt).expect("an attempt")],
        checks: Vec::new(),
        outputs: indexmap(),
        nested: Vec::new(),
        span: None,
        started: at,
        duration: 900,
    }
}

fn indexmap<K, V>() -> indexmap::IndexMap<K, V> {
    indexmap::IndexMap::new()
}

fn orders() -> OperationKey {
    OperationKey::new("orders", Method::Post, "/orders")
}

fn payments() -> OperationKey {
    OperationKey::new("payments", Method::Post, "/payments")
}

fn context() -> RunContext {
    RunContext {
        environment: Some("local".to_owned()),
        virtual_services: vec!["payments".into()],
        fingerprints: [(TestName::new("buy"), "f1".to_owned())].into(),
        commit: Some("c1".to_owned()),
    }
}

async fn keep(path: &Path, run: &str, at: u64, scenarios: &[ScenarioResult]) -> callboard_store::Recorded {
    let recorder = Recorder::start(path.to_owned(), context());
    recorder.record(RunEvent::RunStarted(started(run, at)));
    for (i, result) in scenarios.iter().enumerate() {
        recorder.record(RunEvent::ScenarioFinished { scenario: i, result: Arc::new(result.clone()) });
    }
    recorder.record(RunEvent::RunFinished(RunFinished { at: at + 5, ..RunFinished::default() }));
    recorder.finish().await
}

#[tokio::test]
async fn a_run_is_read_back_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(".callboard").join("store.db");
    let buy = scenario("buy", Verdict::Passed, 11, &[orders(), payments()]);
    let kept = keep(&path, "run-1", 10, &[buy.clone(), scenario("browse", Verdict::Failed, 12, &[orders()])]).await;
    assert!(kept.problem.is_none(), "{:?}", kept.problem);
    assert_eq!((kept.kept, kept.lost), (2, 0));

    let mut store = Store::open_to_read(&path).await.expect("it opens");
    let run = store.run("run").await.expect("readable").expect("a beginning is enough");
    assert_eq!(run.summary.seed, u64::MAX);
    assert_eq!((run.summary.summary.passed, run.summary.summary.failed), (1, 1));
    assert_eq!(run.summary.finished, Some(15));
    assert_eq!(serde_json::to_value(&run.scenarios[0]).expect("JSON"), serde_json::to_value(&buy).expect("JSON"));

    let tests = store.tests().await.expect("readable");
    let of_buy = tests.iter().find(|test| test.test.as_str() == "buy").expect("it ran");
    let passed = of_buy.passed.as_ref().expect("it passed");
    assert_eq!((passed.fingerprint.as_deref(), passed.commit.as_deref()), (Some("f1"), Some("c1")));
    assert_eq!(
        tests.iter().find(|test| test.test.as_str() == "browse").map(|test| (test.verdict, &test.passed)),
        Some((Verdict::Failed, &None))
    );

    let seen = store.observed().await.expect("readable");
    let of_payments: Vec<_> = seen.iter().filter(|o| o.operation == payments()).collect();
    assert!(matches!(of_payments[..], [seen] if seen.is_virtual && seen.test.as_str() == "buy"), "{seen:?}");
    assert_eq!(seen.len(), 3);
}

#[tokio::test]
async fn a_later_failure_keeps_the_last_pass_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    keep(&path, "run-1", 10, &[scenario("buy", Verdict::Passed, 11, &[orders()])]).await;
    keep(&path, "run-2", 20, &[scenario("buy", Verdict::Failed, 21, &[])]).await;
    let mut store = Store::open_to_read(&path).await.expect("it opens");
    let tests = store.tests().await.expect("readable");
    assert_eq!(tests[0].verdict, Verdict::Failed);
    assert_eq!(tests[0].passed.as_ref().map(|p| p.run.as_str()), Some("run-1"));
    assert_eq!(
        store.runs(10).await.expect("readable").iter().map(|r| r.run.as_str().to_owned()).collect::<Vec<_>>(),
        ["run-2", "run-1"]
    );
}

#[tokio::test]
async fn a_test_that_changes_its_mind_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let runs = [Verdict::Passed, Verdict::Failed, Verdict::Inconclusive, Verdict::Flaky, Verdict::Passed];
    for (number, verdict) in runs.into_iter().enumerate() {
        let at = number as u64 + 1;
        let results = [scenario("odd", verdict, at, &[orders()]), scenario("even", Verdict::Passed, at, &[orders()])];
        keep(&path, &format!("r{at}"), at, &results).await;
    }
    let mut store = Store::open_to_read(&path).await.expect("it is there");
    let tests = store.verdicts(10).await.expect("readable");
    assert_eq!(tests.iter().map(|test| test.test.as_str()).collect::<Vec<_>>(), ["even", "odd"]);
    assert_eq!((tests[0].changes(), tests[1].changes()), (0, 2));
    assert_eq!((tests[1].count(Verdict::Failed), tests[1].count(Verdict::Flaky)), (1, 1));
    assert_eq!(tests[1].verdicts, runs);
    assert_eq!(store.verdicts(2).await.expect("readable")[1].verdicts, [Verdict::Flaky, Verdict::Passed]);
}

#[tokio::test]
async fn a_crash_keeps_every_finished_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut store = Store::open(&path).await.expect("it opens");
    store.begin_run(&started("run-1", 10), &context()).await.expect("kept");
    store
        .add_scenario(&started("run-1", 10), &context(), 0, &scenario("buy", Verdict::Passed, 11, &[orders()]))
        .await
        .expect("kept");
    drop(store);

    let mut store = Store::open_to_read(&path).await.expect("it opens");
    let run = store.run("run-1").await.expect("readable").expect("it began");
    assert_eq!(run.summary.finished, None);
    assert_eq!(run.scenarios.len(), 1);
}

#[tokio::test]
async fn several_writers_wait_for_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let runs = (0..6).map(|i| {
        let path = path.clone();
        tokio::spawn(async move {
            let scenarios: Vec<_> = (0..10).map(|n| scenario(&format!("t{n}"), Verdict::Passed, 11, &[orders()])).collect();
            keep(&path, &format!("run-{i}"), 10, &scenarios).await
        })
    });
    for run in runs.collect::<Vec<_>>() {
        let kept = run.await.expect("no panic");
        assert!(kept.problem.is_none(), "{:?}", kept.problem);
        assert_eq!(kept.kept, 10);
    }
    let mut store = Store::open_to_read(&path).await.expect("it opens");
    assert_eq!(store.runs(99).await.expect("readable").len(), 6);
}

#[tokio::test]
async fn sightings_and_edges_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let recorder = Recorder::start(path.clone(), context());
    recorder.record(RunEvent::RunStarted(started("run-1", 10)));
    recorder.record_sightings(vec![Sighting { test: "buy".into(), operation: payments(), is_virtual: true }]);
    let edge = Edge { caller: "orders".into(), callee: "payments".into(), source: EdgeSource::Journal, at: 12 };
    recorder.record_edges(vec![edge.clone()]);
    assert!(recorder.finish().await.problem.is_none());
    let mut store = Store::open_to_read(&path).await.expect("it opens");
    assert_eq!(store.edges().await.expect("readable"), [edge]);
    assert_eq!(store.observed().await.expect("readable").len(), 1);
}

#[tokio::test]
async fn a_full_store_is_reported_and_what_was_kept_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    keep(&path, "run-1", 10, &[scenario("buy", Verdict::Passed, 11, &[orders()])]).await;
    let mut store = Store::open(&path).await.expect("it opens");
    store.limit_pages(40).await.expect("a limit");
    let mut big = scenario("big", Verdict::Passed, 12, &[orders()]);
    big.reason = Some("x".repeat(1 << 20));
    store.begin_run(&started("run-2", 20), &context()).await.expect("small enough");
    let error = store.add_scenario(&started("run-2", 20), &context(), 0, &big).await.expect_err("no room");
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    let small = scenario("small", Verdict::Passed, 13, &[]);
    store.add_scenario(&started("run-2", 20), &context(), 1, &small).await.expect("there is room for this");
    drop(store);
    let mut store = Store::open_to_read(&path).await.expect("it opens");
    assert_eq!(store.run("run-1").await.expect("readable").expect("kept").scenarios.len(), 1);
    assert_eq!(store.run("run-2").await.expect("readable").expect("kept").scenarios.len(), 1);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_loses_nothing_but_the_memory_of_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("written");
    let kept = keep(&file.join("store.db"), "run-1", 10, &[scenario("buy", Verdict::Passed, 11, &[])]).await;
    assert_eq!((kept.kept, kept.lost), (0, 1));
    let error = kept.problem.expect("a problem");
    assert!(matches!(error, StoreError::NotWritable { .. }), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_read_only_folder_can_be_read_but_not_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    keep(&path, "run-1", 10, &[scenario("buy", Verdict::Passed, 11, &[])]).await;
    let set = |mode: u32| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).expect("permissions");
    set(0o555);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("permissions");
    if std::fs::write(folder.path().join("probe"), "").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let read = match Store::open_to_read(&path).await {
        Ok(mut store) => store.runs(9).await,
        Err(error) => Err(error),
    };
    let kept = keep(&path, "run-2", 20, &[scenario("buy", Verdict::Passed, 21, &[])]).await;
    let missing = keep(&folder.path().join("new").join("store.db"), "run-2", 20, &[]).await;
    set(0o755);
    assert_eq!(read.expect("readable").len(), 1);
    assert!(matches!(kept.problem, Some(StoreError::NotWritable { .. })), "{kept:?}");
    assert!(matches!(missing.problem, Some(StoreError::NotWritable { .. })), "{missing:?}");
}

#[tokio::test]
async fn a_newer_format_is_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    keep(&path, "run-1", 10, &[]).await;
    execute(&path, "PRAGMA user_version = 9000").await;
    let before = std::fs::read(&path).expect("there");
    for opened in [Store::open(&path).await, Store::open_to_read(&path).await] {
        let error = opened.expect_err("too new");
        assert!(matches!(error, StoreError::NewerFormat { found: 9000, .. }), "{error:?}");
    }
    assert!(std::fs::read(&path).expect("there") == before, "the file changed");
}

#[tokio::test]
async fn something_else_in_its_place_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().join("text.db");
    std::fs::write(&text, "not a database, but long enough to look at: ".repeat(200)).expect("written");
    let foreign = folder.path().join("foreign.db");
    std::fs::write(&foreign, "").expect("written");
    execute(&foreign, "CREATE TABLE theirs (x)").await;
    for path in [&text, &foreign] {
        let before = std::fs::read(path).expect("there");
        let error = Store::open(path).await.expect_err("not ours");
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
        assert!(std::fs::read(path).expect("there") == before, "{} changed", path.display());
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_is_missing_and_an_empty_file_becomes_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    assert!(matches!(Store::open_to_read(&path).await, Err(StoreError::Missing { .. })));
    assert!(!path.exists());
    std::fs::write(&path, "").expect("written");
    let mut store = Store::open_to_read(&path).await.expect("an older format is brought up to date");
    assert!(store.tests().await.expect("readable").is_empty());
}

#[tokio::test]
async fn old_runs_lose_their_details_and_older_ones_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    for i in 0..4 {
        keep(&path, &format!("run-{i}"), 10 * i, &[scenario("buy", Verdict::Passed, 10 * i, &[orders()])]).await;
    }
    let mut store = Store::open(&path).await.expect("it opens");
    store.prune(1, 2).await.expect("pruned");
    assert!(store.run("run-1").await.expect("readable").is_none());
    let older = store.run("run-2").await.expect("readable").expect("kept");
    assert_eq!((older.scenarios.len(), older.without_details, older.summary.summary.passed), (0, 1, 1));
    assert_eq!(store.run("run-3").await.expect("readable").expect("kept").scenarios.len(), 1);
    assert_eq!(store.observed().await.expect("readable").len(), 1);
}

async fn execute(path: &Path, sql: &'static str) {
    let url = format!("sqlite://{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("it opens");
    connection.execute(sql).await.expect("it runs");
    connection.close().await.expect("it closes");
}

#[tokio::test]
async fn steps_can_be_asked_for_with_sql() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let mut buy = scenario("buy", Verdict::Passed, 11, &[orders(), payments()]);
    buy.steps[1].operation = None;
    buy.steps[1].verdict = Verdict::NotRun;
    keep(&path, "run-1", 10, &[buy]).await;
    let url = format!("sqlite://{}", path.display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("it opens");
    let query = "SELECT position || ' ' || step || ' ' || coalesce(method || ' ' || path, '-') || ' ' || verdict || ' ' || duration FROM steps";
    let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut connection).await.expect("readable");
    assert_eq!(rows, ["0 s POST /orders passed 900", "1 s - notRun 900"]);
}
