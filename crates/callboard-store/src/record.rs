//! What is written and read: records of this crate, apart from the model's types, so that stored bytes have one owner.

use std::collections::HashMap;

use callboard_model::names::{RunId, TestName};
use callboard_model::run::{ScenarioResult, Summary, Verdict};
use callboard_model::{OperationKey, ServiceName};

/// What the store should know of a run besides its events.
#[derive(Clone, Debug, Default)]
pub struct RunContext {
    /// The environment's name, where one was chosen.
    pub environment: Option<String>,
    /// The services that virtual ones stood in for.
    pub virtual_services: Vec<ServiceName>,
    /// A fingerprint of each test as it was when it ran: evidence holds as long as it stays the same.
    pub fingerprints: HashMap<TestName, String>,
    /// The commit that was tested, where it is known.
    pub commit: Option<String>,
}

/// A test that was seen to reach an operation. The last time counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The test.
    pub test: TestName,
    /// The operation.
    pub operation: OperationKey,
    /// Whether a virtual service answered. Such a sighting says nothing about the real one's code.
    pub is_virtual: bool,
    /// In which run.
    pub run: RunId,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
}

/// A sighting to write that stands in no step's result: a call that another service made, as a trace or a virtual service's journal
/// tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The test on whose behalf it was made.
    pub test: TestName,
    /// The operation.
    pub operation: OperationKey,
    /// Whether a virtual service answered.
    pub is_virtual: bool,
}

/// One service was seen to call another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who calls.
    pub caller: ServiceName,
    /// Who is called.
    pub callee: ServiceName,
    /// How it is known.
    pub source: EdgeSource,
    /// When it was last seen, in milliseconds since the Unix epoch.
    pub at: u64,
}

/// How a call between services is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeSource {
    /// A trace shows it.
    Trace,
    /// The journal of a virtual service shows it.
    Journal,
}

impl EdgeSource {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Journal => "journal",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        if text == "trace" { Self::Trace } else { Self::Journal }
    }
}

/// What is known of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRecord {
    /// The test.
    pub test: TestName,
    /// How it ended last.
    pub verdict: Verdict,
    /// In which run.
    pub run: RunId,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// How long it took then, in microseconds.
    pub duration: u64,
    /// The run in which it last passed.
    pub passed: Option<Passed>,
}

/// The last time that a test passed: the run whose sightings are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The run.
    pub run: RunId,
    /// When, in milliseconds since the Unix epoch.
    pub at: u64,
    /// The test's fingerprint at that time, where the run gave one.
    pub fingerprint: Option<String>,
    /// The commit that was tested, where it is known.
    pub commit: Option<String>,
}

/// One line in the list of runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// When it began, in milliseconds since the Unix epoch.
    pub started: u64,
    /// When it ended; absent when it never did, or still goes on.
    pub finished: Option<u64>,
    /// The environment's name.
    pub environment: Option<String>,
    /// The seed.
    pub seed: u64,
    /// Counts over the scenarios that are kept.
    pub summary: Summary,
}

/// A run as it was kept.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its line in the list.
    pub summary: RunSummary,
    /// The scenarios whose details are kept, in the order in which they were given.
    pub scenarios: Vec<ScenarioResult>,
    /// How many scenarios have no details any more: old runs keep verdicts and durations alone.
    pub without_details: usize,
}
