//! What is written and read besides the model's own types ([`callboard_model::evidence`], results).

use std::collections::HashMap;

use callboard_model::names::{RunId, TestName};
use callboard_model::run::{ScenarioResult, Summary};
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
