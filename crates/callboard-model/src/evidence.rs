//! What earlier runs taught: which test reached which operation, which service calls which, how each test ended.
//!
//! The store keeps it, impact and gaps judge by it. Times are milliseconds since the Unix epoch, durations are microseconds.

use crate::names::{OperationKey, RunId, ServiceName, TestName};
use crate::run::Verdict;

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
    /// When.
    pub at: u64,
}

/// An answer that a step got and wanted: the step passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The operation.
    pub operation: OperationKey,
    /// The status of the answer.
    pub status: u16,
}

/// One service calls another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Who calls.
    pub caller: ServiceName,
    /// Who is called.
    pub callee: ServiceName,
    /// How it is known.
    pub source: EdgeSource,
    /// When it was last seen.
    pub at: u64,
}

/// How a call between services is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeSource {
    /// A trace shows it. A service that sends traces shows all its calls, so what it does not show it does not call.
    Trace,
    /// The journal of a virtual service shows it. It tells nothing about the caller's other calls.
    Journal,
}

/// What is known of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestHistory {
    /// The test.
    pub test: TestName,
    /// How it ended last.
    pub verdict: Verdict,
    /// In which run.
    pub run: RunId,
    /// When.
    pub at: u64,
    /// How long it took then.
    pub duration: u64,
    /// The last time that it passed.
    pub passed: Option<Passed>,
}

/// The last time that a test passed: the run whose sightings are complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The run.
    pub run: RunId,
    /// When.
    pub at: u64,
    /// The test's fingerprint at that time, where the run gave one.
    pub fingerprint: Option<String>,
    /// The commit that was tested, where it is known.
    pub commit: Option<String>,
}
