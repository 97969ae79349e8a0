//! What a run says, in the forms that people and programs read: text, JSON, JUnit XML and one HTML file.
//!
//! Each form is a pure function of a [`RunReport`]. None of them decides anything: verdicts, counts and acceptances come from the
//! runner as they are. Whatever came from a system under test is shown as data: control characters made visible, markup escaped.

pub mod clean;
pub mod curl;
pub mod excerpt;
pub mod html;
pub mod json;
pub mod junit;
pub mod text;
pub mod words;

use callboard_model::names::TestName;
use callboard_model::run::{CheckOutcome, RunFinished, RunStarted, ScenarioResult, StepResult};
use callboard_model::{OperationKey, ServiceName};

pub use self::curl::curl;
pub use self::html::{HtmlError, html};
pub use self::json::json;
pub use self::junit::{JunitError, junit};
pub use self::text::text;

/// A run with everything that its reports show.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// How the run began.
    pub started: RunStarted,
    /// How it ended, with the scenarios' results.
    pub finished: RunFinished,
    /// Tests that were deselected, each with the reason in words.
    pub deselected: Vec<Deselected>,
    /// The environment's name in `callboard.toml`, where one was chosen.
    pub environment: Option<String>,
    /// The services of the run: where they were, and whether they were virtual.
    pub services: Vec<ReportService>,
    /// One command that runs the same again.
    pub replay: Option<String>,
    /// The version of the program, for the foot of a report.
    pub tool: String,
}

/// A test that did not run because nothing that changed concerns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deselected {
    /// The test.
    pub test: TestName,
    /// Why, in words.
    pub reason: String,
}

/// A service as the run met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportService {
    /// Its name.
    pub name: ServiceName,
    /// Its base URL, secrets masked.
    pub server: String,
    /// Whether a virtual service stood in for it.
    pub is_virtual: bool,
}

impl RunReport {
    /// A report of a run, with nothing known about it but its events.
    pub fn new(started: RunStarted, finished: RunFinished) -> Self {
        let reason = "not selected for this run";
        let deselected =
            started.deselected.iter().map(|test| Deselected { test: test.clone(), reason: reason.to_owned() }).collect();
        Self {
            started,
            finished,
            deselected,
            environment: None,
            services: Vec::new(),
            replay: None,
            tool: format!("callboard {}", env!("CARGO_PKG_VERSION")),
        }
    }

    /// The scenarios in the order in which they were given.
    pub fn scenarios(&self) -> impl Iterator<Item = &ScenarioResult> {
        self.finished.results.iter().map(|result| &**result)
    }

    /// How long the run took, in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.finished.at.saturating_sub(self.started.at)
    }

    /// Whether all that was asked for was learned and held: what exit code 0 means.
    pub fn is_green(&self) -> bool {
        let summary = &self.finished.summary;
        let held = summary.failed == 0 && summary.inconclusive == 0 && summary.not_run == 0;
        held && self.finished.not_ready.is_empty() && !self.finished.interrupted
    }

    /// The definition mismatches that the project accepts, in order.
    pub fn accepted(&self) -> Vec<AcceptedMismatch<'_>> {
        self.scenarios().flat_map(|scenario| scenario.all_steps().flat_map(move |step| accepted_in(scenario, step))).collect()
    }
}

/// A definition mismatch that the project accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedMismatch<'a> {
    /// In which test.
    pub test: &'a TestName,
    /// At which step.
    pub step: &'a str,
    /// Of which operation.
    pub operation: Option<&'a OperationKey>,
    /// What did not hold.
    pub mismatch: &'a str,
    /// Where in the answer.
    pub at: Option<&'a str>,
    /// The project's reason.
    pub reason: &'a str,
}

fn accepted_in<'a>(scenario: &'a ScenarioResult, step: &'a StepResult) -> impl Iterator<Item = AcceptedMismatch<'a>> {
    step.checks.iter().filter_map(move |check| match &check.outcome {
        CheckOutcome::Accepted { mismatch, at, reason } => Some(AcceptedMismatch {
            test: &scenario.name,
            step: &step.step,
            operation: step.operation.as_ref(),
            mismatch,
            at: at.as_deref(),
            reason,
        }),
        _ => None,
    })
}

#[cfg(test)]
pub(crate) mod samples;
