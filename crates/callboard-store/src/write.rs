//! Writing: one transaction for each thing that happened.

use std::collections::BTreeMap;

use callboard_model::OperationKey;
use callboard_model::evidence::{Edge, EdgeSource};
use callboard_model::run::{RunFinished, RunStarted, ScenarioResult, StepResult, Verdict};
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::error::StoreError;
use crate::record::{RunContext, Sighting};
use crate::store::Store;

impl Store {
    /// Keeps the beginning of a run.
    pub async fn begin_run(&mut self, started: &RunStarted, context: &RunContext) -> Result<(), StoreError> {
        let query =
            sqlx::query("INSERT OR REPLACE INTO runs (run, started, seed, environment, commit_id) VALUES (?, ?, ?, ?, ?)")
                .bind(started.run.as_str())
                .bind(signed(started.at))
                .bind(started.seed.to_string())
                .bind(context.environment.as_deref())
                .bind(context.commit.as_deref());
        let done = query.execute(&mut self.connection).await;
        done.map(|_| ()).map_err(|error| self.failed(error))
    }

    /// Keeps a finished scenario: result, steps, what was seen. All of it or nothing.
    pub async fn add_scenario(
        &mut self,
        started: &RunStarted,
        context: &RunContext,
        ordinal: usize,
        result: &ScenarioResult,
    ) -> Result<(), StoreError> {
        let row = Row { run: started.run.as_str(), ordinal: i64::try_from(ordinal).unwrap_or(i64::MAX), context, result };
        let done = write_scenario(&mut self.connection, &row).await;
        done.map_err(|error| self.failed(error))
    }

    /// Keeps calls that no step made itself.
    pub async fn add_sightings(&mut self, started: &RunStarted, sightings: &[Sighting]) -> Result<(), StoreError> {
        let done = write_sightings(&mut self.connection, started, sightings).await;
        done.map_err(|error| self.failed(error))
    }

    /// Keeps which service was seen to call which.
    pub async fn add_edges(&mut self, edges: &[Edge]) -> Result<(), StoreError> {
        let done = write_edges(&mut self.connection, edges).await;
        done.map_err(|error| self.failed(error))
    }

    /// Keeps the end of a run.
    pub async fn end_run(&mut self, started: &RunStarted, finished: &RunFinished) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE runs SET finished = ?, interrupted = ? WHERE run = ?")
            .bind(signed(finished.at))
            .bind(finished.interrupted)
            .bind(started.run.as_str());
        let done = query.execute(&mut self.connection).await;
        done.map(|_| ()).map_err(|error| self.failed(error))
    }

    /// Drops the details of all but the latest `detailed` runs, and all of all but the latest `kept` runs. What is known of tests
    /// and what was seen stays.
    pub async fn prune(&mut self, detailed: u32, kept: u32) -> Result<(), StoreError> {
        let done = prune(&mut self.connection, detailed, kept).await;
        done.map_err(|error| self.failed(error))
    }
}

struct Row<'a> {
    run: &'a str,
    ordinal: i64,
    context: &'a RunContext,
    result: &'a ScenarioResult,
}

/// A statement costs a round trip to the database's thread, so rows travel together as JSON.
async fn write_scenario(connection: &mut SqliteConnection, row: &Row<'_>) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    write_result(&mut transaction, row).await?;
    write_steps(&mut transaction, row).await?;
    write_test(&mut transaction, row).await?;
    let observed: Vec<Value> = seen(row.result)
        .into_iter()
        .map(|(operation, at)| {
            let is_virtual = row.context.virtual_services.contains(&operation.service);
            observed_row(row.result.name.as_str(), operation, is_virtual, at)
        })
        .collect();
    write_observed(&mut transaction, row.run, observed).await?;
    transaction.commit().await
}

async fn write_result(connection: &mut SqliteConnection, row: &Row<'_>) -> Result<(), sqlx::Error> {
    let result = row.result;
    let accepted = result.all_steps().flat_map(|step| &step.checks).filter(|check| check.outcome.is_accepted()).count();
    let details = serde_json::to_string(result).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(row.run)
        .bind(row.ordinal)
        .bind(result.name.as_str())
        .bind(verdict_word(result.verdict))
        .bind(result.reason.as_deref())
        .bind(signed(result.started))
        .bind(signed(result.duration))
        .bind(i64::try_from(accepted).unwrap_or(i64::MAX))
        .bind(details)
        .execute(connection)
        .await
        .map(|_| ())
}

async fn write_steps(connection: &mut SqliteConnection, row: &Row<'_>) -> Result<(), sqlx::Error> {
    let steps: Vec<Value> = row.result.all_steps().map(step_row).collect();
    sqlx::query(INSERT_STEPS)
        .bind(row.run)
        .bind(row.ordinal)
        .bind(Value::from(steps).to_string())
        .execute(connection)
        .await
        .map(|_| ())
}

const INSERT_STEPS: &str = "\
INSERT OR REPLACE INTO steps \
SELECT ?1, ?2, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8 \
FROM json_each(?3)";

fn step_row(step: &StepResult) -> Value {
    let operation = step.operation.as_ref();
    let status = step.attempts.last().and_then(|attempt| attempt.response.as_ref()).map(|response| response.status);
    json!([
        step.step,
        operation.map(|o| o.service.as_str()),
        operation.map(|o| o.method.as_str()),
        operation.map(|o| &*o.path),
        verdict_word(step.verdict),
        status,
        step.attempts.len(),
        signed(step.started),
        signed(step.duration),
    ])
}

/// The last verdict counts, whatever it is; the last pass is kept beside it.
async fn write_test(connection: &mut SqliteConnection, row: &Row<'_>) -> Result<(), sqlx::Error> {
    let result = row.result;
    let is_pass = result.verdict == Verdict::Passed;
    sqlx::query(UPSERT_TEST)
        .bind(result.name.as_str())
        .bind(verdict_word(result.verdict))
        .bind(row.run)
        .bind(signed(result.started))
        .bind(signed(result.duration))
        .bind(is_pass.then_some(row.run))
        .bind(is_pass.then(|| signed(result.started)))
        .bind(row.context.fingerprints.get(&result.name).filter(|_| is_pass))
        .bind(row.context.commit.as_deref().filter(|_| is_pass))
        .execute(connection)
        .await
        .map(|_| ())
}

const UPSERT_TEST: &str = "\
INSERT INTO tests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (test) DO UPDATE SET \
    verdict = excluded.verdict, run = excluded.run, at = excluded.at, duration = excluded.duration, \
    passed_fingerprint = CASE WHEN excluded.passed_run IS NULL THEN passed_fingerprint ELSE excluded.passed_fingerprint END, \
    passed_commit = CASE WHEN excluded.passed_run IS NULL THEN passed_commit ELSE excluded.passed_commit END, \
    passed_at = coalesce(excluded.passed_at, passed_at), \
    passed_run = coalesce(excluded.passed_run, passed_run)";

/// The operations that were called, each with the last time. A request without an answer counts: the test depends on that service
/// all the same.
fn seen(result: &ScenarioResult) -> BTreeMap<&OperationKey, u64> {
    let sent = result.all_steps().filter(|step| !step.attempts.is_empty());
    sent.filter_map(|step| Some((step.operation.as_ref()?, step.started))).collect()
}

async fn write_sightings(
    connection: &mut SqliteConnection,
    started: &RunStarted,
    sightings: &[Sighting],
) -> Result<(), sqlx::Error> {
    let rows = sightings.iter().map(|s| observed_row(s.test.as_str(), &s.operation, s.is_virtual, started.at));
    write_observed(connection, started.run.as_str(), rows.collect()).await
}

async fn write_observed(connection: &mut SqliteConnection, run: &str, rows: Vec<Value>) -> Result<(), sqlx::Error> {
    sqlx::query(INSERT_OBSERVED).bind(run).bind(Value::from(rows).to_string()).execute(connection).await.map(|_| ())
}

const INSERT_OBSERVED: &str = "\
INSERT OR REPLACE INTO observed \
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, ?1, value ->> 5 FROM json_each(?2)";

fn observed_row(test: &str, operation: &OperationKey, is_virtual: bool, at: u64) -> Value {
    json!([test, operation.service.as_str(), operation.method.as_str(), &*operation.path, u8::from(is_virtual), signed(at)])
}

async fn write_edges(connection: &mut SqliteConnection, edges: &[Edge]) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for edge in edges {
        sqlx::query("INSERT OR REPLACE INTO edges VALUES (?, ?, ?, ?)")
            .bind(edge.caller.as_str())
            .bind(edge.callee.as_str())
            .bind(source_word(edge.source))
            .bind(signed(edge.at))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await
}

async fn prune(connection: &mut SqliteConnection, detailed: u32, kept: u32) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("DELETE FROM runs WHERE run NOT IN (SELECT run FROM runs ORDER BY started DESC, run DESC LIMIT ?)")
        .bind(kept)
        .execute(&mut *transaction)
        .await?;
    sqlx::query(
        "UPDATE results SET details = NULL \
         WHERE details IS NOT NULL AND run NOT IN (SELECT run FROM runs ORDER BY started DESC, run DESC LIMIT ?)",
    )
    .bind(detailed)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await
}

/// SQLite has signed integers only; times and durations of ours fit.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

pub(crate) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotRun => "notRun",
        other => other.as_str(),
    }
}

pub(crate) fn source_word(source: EdgeSource) -> &'static str {
    match source {
        EdgeSource::Trace => "trace",
        EdgeSource::Journal => "journal",
    }
}
