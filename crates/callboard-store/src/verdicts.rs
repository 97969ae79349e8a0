//! How often each test had which verdict: what the kept runs say about tests that cannot make up their mind.

use std::collections::BTreeMap;

use callboard_model::names::TestName;
use callboard_model::run::Verdict;
use sqlx::Row as _;

use crate::error::StoreError;
use crate::read::verdict;
use crate::store::Store;

/// The verdicts of a test in the runs that are kept, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestVerdicts {
    /// The test.
    pub test: TestName,
    /// One verdict for each run in which it was.
    pub verdicts: Vec<Verdict>,
}

impl TestVerdicts {
    /// How often it had this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.verdicts.iter().filter(|one| **one == verdict).count()
    }

    /// How often it passed after it had failed, or failed after it had passed. Runs that taught nothing are left out.
    pub fn changes(&self) -> usize {
        let taught: Vec<bool> = self.verdicts.iter().filter_map(|verdict| is_pass(*verdict)).collect();
        taught.windows(2).filter(|pair| pair[0] != pair[1]).count()
    }
}

fn is_pass(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Passed | Verdict::Flaky => Some(true),
        Verdict::Failed => Some(false),
        Verdict::Inconclusive | Verdict::NotRun => None,
    }
}

impl Store {
    /// The verdicts of all tests in the latest `runs` runs, by name of the test.
    pub async fn verdicts(&mut self, runs: u32) -> Result<Vec<TestVerdicts>, StoreError> {
        let query = "SELECT test, verdict FROM results WHERE run IN (SELECT run FROM runs ORDER BY started DESC, run DESC LIMIT ?) \
                     ORDER BY started, run, ordinal";
        let rows = sqlx::query(query).bind(runs).fetch_all(&mut self.connection).await;
        let rows = self.all(rows, |row| Ok((row.try_get::<String, _>("test")?, verdict(row)?)))?;
        let mut tests: BTreeMap<String, Vec<Verdict>> = BTreeMap::new();
        for (test, verdict) in rows {
            tests.entry(test).or_default().push(verdict);
        }
        Ok(tests.into_iter().map(|(test, verdicts)| TestVerdicts { test: TestName::new(test), verdicts }).collect())
    }
}
