//! What happens in a run: events while it goes on, results when it is over.
//!
//! Reporters, the store and the terminal listen to the same events. Times are milliseconds since the Unix epoch, durations are
//! microseconds.

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::Span;
use crate::names::{OperationKey, RunId, ServiceName, TestName};

/// One thing that happened. Scenarios are counted from 0 in the order in which they were given.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The run begins.
    RunStarted(RunStarted),
    /// A scenario begins.
    ScenarioStarted {
        /// Which one.
        scenario: usize,
        /// When.
        at: u64,
    },
    /// A step begins.
    StepStarted {
        /// Of which scenario.
        scenario: usize,
        /// Its id.
        step: Arc<str>,
    },
    /// A step is over.
    StepFinished {
        /// Of which scenario.
        scenario: usize,
        /// What it learned.
        result: Arc<StepResult>,
    },
    /// A scenario is over.
    ScenarioFinished {
        /// Which one.
        scenario: usize,
        /// What it learned, all steps included.
        result: Arc<ScenarioResult>,
    },
    /// The run is over.
    RunFinished(RunFinished),
}

/// The beginning of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunStarted {
    /// Its id.
    pub run: RunId,
    /// When it began.
    pub at: u64,
    /// The seed of all generated values.
    pub seed: u64,
    /// The scenarios that will run.
    pub scenarios: Vec<TestName>,
    /// Tests that were deselected, with the reason; never counted as passed.
    pub deselected: Vec<TestName>,
}

/// The end of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunFinished {
    /// When it ended.
    pub at: u64,
    /// Counts.
    pub summary: Summary,
    /// Services that did not answer before the run began.
    pub not_ready: Vec<NotReady>,
    /// Whether it was stopped before all was done.
    pub interrupted: bool,
    /// Acceptances of the project that matched nothing although their operation was called: each one as a sentence to show as a warning.
    #[serde(default)]
    pub stale_acceptances: Vec<String>,
    /// The scenarios' results in the order in which they were given. Whoever writes them down takes them from here or from the events.
    #[serde(skip)]
    pub results: Vec<Arc<ScenarioResult>>,
}

/// A service that the scenarios need and that does not answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NotReady {
    /// The service.
    pub service: ServiceName,
    /// Where it should be.
    pub server: String,
    /// What happened instead.
    pub reason: String,
}

/// How many scenarios ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// All checks held.
    pub passed: usize,
    /// A check did not hold.
    pub failed: usize,
    /// Held on a further attempt.
    pub flaky: usize,
    /// Nothing was learned about the system.
    pub inconclusive: usize,
    /// Never began.
    pub not_run: usize,
    /// Definition mismatches that the project accepts, over all scenarios.
    pub accepted_mismatches: usize,
}

impl Summary {
    /// Adds one scenario.
    pub fn count(&mut self, result: &ScenarioResult) {
        match result.verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed => self.failed += 1,
            Verdict::Flaky => self.flaky += 1,
            Verdict::Inconclusive => self.inconclusive += 1,
            Verdict::NotRun => self.not_run += 1,
        }
        self.accepted_mismatches +=
            result.all_steps().flat_map(|step| &step.checks).filter(|check| check.outcome.is_accepted()).count();
    }
}

/// What a scenario or a step says about the system. The three kinds "held", "did not hold" and "was not asked" never mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// All checks held.
    Passed,
    /// A check did not hold, or could not be evaluated.
    Failed,
    /// Held on a further attempt.
    Flaky,
    /// Nothing was learned: the environment was not ready, or the run was stopped.
    Inconclusive,
    /// Never began.
    NotRun,
}

impl Verdict {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Flaky => "flaky",
            Self::Inconclusive => "inconclusive",
            Self::NotRun => "not run",
        }
    }
}

/// What a scenario learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScenarioResult {
    /// The test: file and workflow, and the row of a data table.
    pub name: TestName,
    /// The file it comes from.
    pub file: String,
    /// `workflowId`.
    pub workflow: String,
    /// `summary`, where there is one.
    pub summary: Option<String>,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, when it neither passed nor failed by a check.
    pub reason: Option<String>,
    /// Steps in the order in which they ran; those that were not run at the end.
    pub steps: Vec<StepResult>,
    /// Teardown steps (`x-callboard-finally`), reported apart.
    pub teardown: Vec<StepResult>,
    /// Workflow outputs.
    pub outputs: IndexMap<String, Value>,
    /// When it began.
    pub started: u64,
    /// How long it took, in microseconds.
    pub duration: u64,
    /// The seed of its generated values.
    pub seed: u64,
    /// The trace id of its requests, in hex.
    pub trace: String,
}

impl ScenarioResult {
    /// All steps, teardown and called workflows included.
    pub fn all_steps(&self) -> impl Iterator<Item = &StepResult> {
        self.steps.iter().chain(&self.teardown).flat_map(StepResult::with_nested)
    }
}

/// What a step learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    /// `stepId`.
    pub step: String,
    /// `description`, where there is one.
    pub description: Option<String>,
    /// The operation that it calls; absent when it calls a workflow.
    pub operation: Option<OperationKey>,
    /// The outcome.
    pub verdict: Verdict,
    /// Why, when no check tells.
    pub reason: Option<String>,
    /// Requests that were sent, in order: retries and polls included.
    pub attempts: Vec<Attempt>,
    /// Checks on the last attempt.
    pub checks: Vec<CheckResult>,
    /// Outputs.
    pub outputs: IndexMap<String, Value>,
    /// Steps of a workflow that it calls.
    pub nested: Vec<StepResult>,
    /// Where it stands in its file.
    pub span: Option<Span>,
    /// When it began.
    pub started: u64,
    /// How long it took, in microseconds.
    pub duration: u64,
}

impl StepResult {
    /// This step and those of workflows that it calls.
    pub fn with_nested(&self) -> Box<dyn Iterator<Item = &StepResult> + '_> {
        Box::new(std::iter::once(self).chain(self.nested.iter().flat_map(StepResult::with_nested)))
    }

    /// Whether something is wrong in it, or in a workflow that it calls, besides what the scenario asks for.
    pub fn has_defect(&self) -> bool {
        self.with_nested().any(|step| step.checks.iter().any(CheckResult::is_defect))
    }

    /// The checks that did not hold and are not accepted.
    pub fn failures(&self) -> impl Iterator<Item = &CheckResult> {
        self.checks.iter().filter(|check| check.outcome.is_failure())
    }
}

/// Why a request was sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AttemptKind {
    /// The first one.
    First,
    /// A failure action asked for it.
    Retry,
    /// Its condition did not hold yet (`x-callboard-until`); says nothing about flakiness.
    Poll,
}

/// One request and what came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Why it was sent.
    pub kind: AttemptKind,
    /// What was sent, secrets masked.
    pub request: RequestRecord,
    /// What came back.
    pub response: Option<ResponseRecord>,
    /// What went wrong on the way, when nothing came back.
    pub transport_error: Option<String>,
    /// How long it took, in microseconds.
    pub duration: u64,
}

/// A request as it was sent, secrets masked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestRecord {
    /// The method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it is text.
    pub body: Option<String>,
}

/// A response as it came, secrets masked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResponseRecord {
    /// The status.
    pub status: u16,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it is text; shortened when long.
    pub body: Option<String>,
    /// Its length in bytes.
    pub size: u64,
}

/// One check and its outcome.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckResult {
    /// What was checked.
    pub kind: CheckKind,
    /// In words, or the condition as it stands in the file.
    pub condition: String,
    /// Whether it held.
    pub outcome: CheckOutcome,
    /// Where it stands in the file.
    pub span: Option<Span>,
}

/// Kinds of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckKind {
    /// A success criterion of the step.
    Criterion,
    /// `x-callboard-until` held in time.
    Until,
    /// The status is one that the definition documents.
    DocumentedStatus,
    /// The status means success; checked when a step has no criterion of its own.
    Success,
    /// The media type is one that the definition documents.
    ContentType,
    /// The body fits its schema.
    ResponseSchema,
    /// A documented header is there and fits its schema.
    ResponseHeader,
    /// The request fits the definition.
    RequestSchema,
    /// An output could be taken.
    Output,
    /// An answer came in time.
    Transport,
}

impl CheckKind {
    /// Whether the check compares with the definition rather than with what the scenario asks for.
    pub fn is_definition_check(self) -> bool {
        matches!(
            self,
            Self::DocumentedStatus | Self::ContentType | Self::ResponseSchema | Self::ResponseHeader | Self::RequestSchema
        )
    }
}

/// Whether a check held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub enum CheckOutcome {
    /// It held.
    Held,
    /// It did not hold.
    Failed {
        /// What was expected.
        expected: String,
        /// What was there.
        actual: String,
        /// Where, such as `/items/0/quantity`.
        at: Option<String>,
    },
    /// It could not be evaluated, which fails.
    Unevaluable {
        /// Why.
        why: String,
    },
    /// It did not hold, and the project accepts that (`[[accept]]` in `callboard.toml`).
    Accepted {
        /// What did not hold.
        mismatch: String,
        /// Where, such as `/last_activity`.
        at: Option<String>,
        /// The project's reason.
        reason: String,
    },
}

impl CheckResult {
    /// Whether it failed for a reason that no failure action of a scenario makes good: a mismatch with the definition, an output that
    /// is not there, a request that cannot be built. A criterion that does not hold, or an answer that does not come, is none.
    pub fn is_defect(&self) -> bool {
        match self.kind {
            CheckKind::Transport => matches!(self.outcome, CheckOutcome::Unevaluable { .. }),
            kind => self.outcome.is_failure() && (kind.is_definition_check() || kind == CheckKind::Output),
        }
    }
}

impl CheckOutcome {
    /// Whether it makes its step fail.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Unevaluable { .. })
    }

    /// Whether it is a mismatch that the project accepts.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. })
    }
}
