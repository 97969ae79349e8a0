//! Reading back.

use callboard_model::evidence::{Answered, Edge, EdgeSource, Observed, Passed, TestHistory};
use callboard_model::names::{RunId, TestName};
use callboard_model::run::{ScenarioResult, Summary, Verdict};
use callboard_model::{Method, OperationKey, ServiceName};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::record::{RunRecord, RunSummary};
use crate::store::Store;

impl Store {
    /// All tests that ever ran, by name.
    pub async fn tests(&mut self) -> Result<Vec<TestHistory>, StoreError> {
        let rows = sqlx::query("SELECT * FROM tests ORDER BY test").fetch_all(&mut self.connection).await;
        self.all(rows, test)
    }

    /// All that was seen, by test and operation.
    pub async fn observed(&mut self) -> Result<Vec<Observed>, StoreError> {
        let query = sqlx::query("SELECT * FROM observed ORDER BY test, service, path, method, is_virtual");
        let rows = query.fetch_all(&mut self.connection).await;
        self.all(rows, observed)
    }

    /// The answers of steps that passed, in the runs that are still known, each once.
    pub async fn answered(&mut self) -> Result<Vec<Answered>, StoreError> {
        let query = sqlx::query(
            "SELECT DISTINCT service, method, path, status FROM steps \
             WHERE verdict = 'passed' AND service IS NOT NULL AND status IS NOT NULL ORDER BY service, path, method, status",
        );
        let rows = query.fetch_all(&mut self.connection).await;
        self.all(rows, answered)
    }

    /// All calls between services that are known, by name.
    pub async fn edges(&mut self) -> Result<Vec<Edge>, StoreError> {
        let rows = sqlx::query("SELECT * FROM edges ORDER BY caller, callee, source").fetch_all(&mut self.connection).await;
        self.all(rows, edge)
    }

    /// The latest runs, newest first.
    pub async fn runs(&mut self, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        let query = sqlx::query("SELECT * FROM runs ORDER BY started DESC, run DESC LIMIT ?").bind(limit);
        let rows = query.fetch_all(&mut self.connection).await;
        let mut runs = self.all(rows, run)?;
        for run in &mut runs {
            run.summary = self.summary(&run.run).await?;
        }
        Ok(runs)
    }

    /// One run by its id, or by the beginning of it where only one run begins so.
    pub async fn run(&mut self, id: &str) -> Result<Option<RunRecord>, StoreError> {
        let query =
            sqlx::query("SELECT * FROM runs WHERE run = ?1 OR substr(run, 1, length(?1)) = ?1 ORDER BY run = ?1 DESC LIMIT 2")
                .bind(id);
        let rows = query.fetch_all(&mut self.connection).await;
        let found = self.all(rows, run)?;
        match found.as_slice() {
            [only] => self.details(only.clone()).await.map(Some),
            [first, _] if first.run.as_str() == id => self.details(first.clone()).await.map(Some),
            _ => Ok(None),
        }
    }

    async fn details(&mut self, mut summary: RunSummary) -> Result<RunRecord, StoreError> {
        let query = sqlx::query("SELECT details FROM results WHERE run = ? ORDER BY ordinal").bind(summary.run.as_str());
        let rows = query.fetch_all(&mut self.connection).await;
        let texts = self.all(rows, |row| row.try_get::<Option<String>, _>("details"))?;
        // Details of a version that wrote them in another way count as gone; verdicts and durations stand in columns of their own.
        let scenarios: Vec<ScenarioResult> = texts.iter().flatten().filter_map(|text| serde_json::from_str(text).ok()).collect();
        summary.summary = self.summary(&summary.run).await?;
        Ok(RunRecord { without_details: texts.len() - scenarios.len(), summary, scenarios })
    }

    async fn summary(&mut self, run: &RunId) -> Result<Summary, StoreError> {
        let query =
            sqlx::query("SELECT verdict, count(*) AS n, sum(accepted) AS accepted FROM results WHERE run = ? GROUP BY verdict");
        let rows = query.bind(run.as_str()).fetch_all(&mut self.connection).await;
        let counts = self.all(rows, |row| Ok((verdict(row)?, count(row, "n")?, count(row, "accepted")?)))?;
        Ok(counts.into_iter().fold(Summary::default(), add))
    }

    pub(crate) fn all<T>(
        &self,
        rows: Result<Vec<SqliteRow>, sqlx::Error>,
        read: impl Fn(&SqliteRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = rows.and_then(|rows| rows.iter().map(read).collect());
        rows.map_err(|error| StoreError::reading(&self.path, error))
    }
}

fn add(mut summary: Summary, (verdict, n, accepted): (Verdict, usize, usize)) -> Summary {
    let place = match verdict {
        Verdict::Passed => &mut summary.passed,
        Verdict::Failed => &mut summary.failed,
        Verdict::Flaky => &mut summary.flaky,
        Verdict::Inconclusive => &mut summary.inconclusive,
        Verdict::NotRun => &mut summary.not_run,
    };
    *place += n;
    summary.accepted_mismatches += accepted;
    summary
}

fn test(row: &SqliteRow) -> Result<TestHistory, sqlx::Error> {
    let passed = match row.try_get::<Option<String>, _>("passed_run")? {
        Some(run) => Some(Passed {
            run: RunId::new(run),
            at: unsigned(row, "passed_at")?,
            fingerprint: row.try_get("passed_fingerprint")?,
            commit: row.try_get("passed_commit")?,
        }),
        None => None,
    };
    Ok(TestHistory {
        test: TestName::new(row.try_get::<&str, _>("test")?),
        verdict: verdict(row)?,
        run: RunId::new(row.try_get::<&str, _>("run")?),
        at: unsigned(row, "at")?,
        duration: unsigned(row, "duration")?,
        passed,
    })
}

fn observed(row: &SqliteRow) -> Result<Observed, sqlx::Error> {
    let method = Method::parse(row.try_get("method")?);
    Ok(Observed {
        test: TestName::new(row.try_get::<&str, _>("test")?),
        operation: OperationKey::new(row.try_get::<&str, _>("service")?, method, row.try_get::<&str, _>("path")?),
        is_virtual: row.try_get("is_virtual")?,
        run: RunId::new(row.try_get::<&str, _>("run")?),
        at: unsigned(row, "at")?,
    })
}

fn answered(row: &SqliteRow) -> Result<Answered, sqlx::Error> {
    let method = Method::parse(row.try_get("method")?);
    Ok(Answered {
        operation: OperationKey::new(row.try_get::<&str, _>("service")?, method, row.try_get::<&str, _>("path")?),
        status: row.try_get("status")?,
    })
}

fn edge(row: &SqliteRow) -> Result<Edge, sqlx::Error> {
    Ok(Edge {
        caller: ServiceName::new(row.try_get::<&str, _>("caller")?),
        callee: ServiceName::new(row.try_get::<&str, _>("callee")?),
        source: source(row)?,
        at: unsigned(row, "at")?,
    })
}

fn run(row: &SqliteRow) -> Result<RunSummary, sqlx::Error> {
    let finished: Option<i64> = row.try_get("finished")?;
    Ok(RunSummary {
        run: RunId::new(row.try_get::<&str, _>("run")?),
        started: unsigned(row, "started")?,
        finished: finished.map(i64::unsigned_abs),
        environment: row.try_get("environment")?,
        seed: row.try_get::<&str, _>("seed")?.parse().unwrap_or_default(),
        summary: Summary::default(),
    })
}

/// A word that this version does not know teaches nothing, so it is read as inconclusive: such a test is selected again.
pub(crate) fn verdict(row: &SqliteRow) -> Result<Verdict, sqlx::Error> {
    Ok(match row.try_get::<&str, _>("verdict")? {
        "passed" => Verdict::Passed,
        "failed" => Verdict::Failed,
        "flaky" => Verdict::Flaky,
        "notRun" => Verdict::NotRun,
        _ => Verdict::Inconclusive,
    })
}

/// A source that this version does not know is no proof that the caller's calls are all known.
fn source(row: &SqliteRow) -> Result<EdgeSource, sqlx::Error> {
    Ok(match row.try_get::<&str, _>("source")? {
        "trace" => EdgeSource::Trace,
        _ => EdgeSource::Journal,
    })
}

fn count(row: &SqliteRow, column: &str) -> Result<usize, sqlx::Error> {
    Ok(usize::try_from(row.try_get::<i64, _>(column)?).unwrap_or_default())
}

fn unsigned(row: &SqliteRow, column: &str) -> Result<u64, sqlx::Error> {
    Ok(row.try_get::<i64, _>(column)?.unsigned_abs())
}
