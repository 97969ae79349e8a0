//! Which tests a change concerns, each with its reasons. The rule above all others: **unknown selects**.
//!
//! A test is deselected only when all of this is known: every changed file's meaning; what the test calls; which services those call,
//! and so on; that the test passed as it stands. Whatever is missing selects, and an [`Escalation`] names what was missing.
//!
//! | changed | selects |
//! | --- | --- |
//! | `callboard.toml`, a file that nobody owns | everything |
//! | a file that nobody owns and that is text for people ([`classify::is_for_people`]) | nothing |
//! | code of a service | tests that reach the service, by their own calls or through other services |
//! | overlay of a virtual service | the same tests |
//! | definition, by meaning | tests that call a changed operation; where the service or its stand-in may read the file, also tests that reach the service through others |
//! | definition, in words only | nothing |
//! | scenario file | its own tests, and those that call its workflows |
//! | nothing | tests that are new, changed, never passed, or did not pass last time |
//!
//! **Who calls whom.** Tests see the outside of a system; a change in `payments` matters to a test that only calls `orders` when `orders`
//! calls `payments`. A service's calls are known when the project declares them (`calls = ["payments"]`, complete by declaration; `[]` for
//! none) or when it sends traces. The journal of a virtual service adds calls and completes nothing. A service whose calls are not known
//! may call any other one, so every test that reaches it is selected.
//!
//! **Virtual services.** A run in which a virtual `payments` answered says nothing about the code of the real one. Such a test is
//! selected when `payments` changes, because it depends on it; a note says when no test has met the real one.
//!
//! **Limits.** Effects that bypass calls are not seen: data that two services share in one database, messages through a broker, time.
//! Name such a dependency in `calls`. A change in a definition that comes from a URL is not in the repository's changes; a note says so.
//! Code that a build makes of a definition counts as that definition: check the made code in, or own the definition's folder, where
//! other services' calls depend on it. Calls that a traced service makes only where no test has led it yet are not known.

pub mod classify;
mod explain;
mod json;
mod reach;
mod select;

use std::collections::BTreeMap;

use callboard_definition::OperationChange;
use callboard_model::evidence::{Edge, Observed, TestHistory};
use callboard_model::names::TestName;
use callboard_model::{OperationKey, ServiceName};

use crate::ownership::Ownership;
use crate::usage::TestUse;

pub use self::explain::explain;
pub use self::json::json;

/// A file that differs from the base. Paths are relative to the project's folder, with `/`; see [`crate::ownership::from_project`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileChange {
    /// It is new.
    Added(String),
    /// Its content changed.
    Modified(String),
    /// It is gone.
    Deleted(String),
    /// It moved, changed or not.
    Renamed {
        /// The old path.
        from: String,
        /// The new path.
        to: String,
    },
}

impl FileChange {
    /// The paths that it concerns: a move concerns both.
    pub fn paths(&self) -> Vec<&str> {
        match self {
            Self::Added(path) | Self::Modified(path) | Self::Deleted(path) => vec![path],
            Self::Renamed { from, to } => vec![from, to],
        }
    }
}

/// What became of a service's definition since the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum DefinitionChange {
    /// The same by meaning, whatever the text says.
    #[default]
    Same,
    /// These operations changed.
    Operations(Vec<ChangedOperation>),
    /// One of the two versions could not be read, so anything may have changed.
    Unknown(String),
}

/// An operation that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedOperation {
    /// Its keys, old and new.
    pub keys: Vec<OperationKey>,
    /// What changed, in words.
    pub what: String,
}

impl From<&OperationChange> for ChangedOperation {
    fn from(change: &OperationChange) -> Self {
        let mut keys: Vec<OperationKey> = change.old.iter().chain(&change.new).cloned().collect();
        keys.dedup();
        let what = match (&change.old, &change.new, change.details.first()) {
            (None, ..) => "added".to_owned(),
            (_, None, _) => "removed".to_owned(),
            (.., Some(detail)) if change.details.len() > 1 => {
                format!("{} and {} more differences", detail.what, change.details.len() - 1)
            }
            (.., Some(detail)) => detail.what.clone(),
            (.., None) => "changed".to_owned(),
        };
        Self { keys, what }
    }
}

/// What is known of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its name.
    pub name: ServiceName,
    /// The files of its definition, those that it refers to included; empty where it comes from a URL.
    pub definition: Vec<String>,
    /// What became of the definition.
    pub change: DefinitionChange,
    /// The files that shape its virtual service (`virtual/NAME.yaml`).
    pub overlays: Vec<String>,
    /// The services that it calls, as the project declares; `None` where it does not say.
    pub calls: Option<Vec<ServiceName>>,
    /// Whether any environment or argument stands in for it.
    pub may_be_virtual: bool,
}

/// What earlier runs taught.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// Which test reached which operation.
    pub observed: Vec<Observed>,
    /// Which service was seen to call which.
    pub edges: Vec<Edge>,
    /// How each test ended.
    pub tests: Vec<TestHistory>,
    /// Why there is none, where the store could not be read.
    pub missing: Option<String>,
}

/// Everything that a selection is made of.
#[derive(Clone, Copy, Debug)]
pub struct ImpactInput<'a> {
    /// Files that differ from the base.
    pub changes: &'a [FileChange],
    /// The services of the project.
    pub services: &'a [ServiceFacts],
    /// Who owns which files.
    pub ownership: &'a Ownership,
    /// The tests of the project.
    pub tests: &'a [TestUse],
    /// What earlier runs taught.
    pub evidence: &'a Evidence,
}

/// The tests that a change concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// Tests that must run, in the order of the project.
    pub selected: Vec<Selected>,
    /// Tests that need not, in the order of the project. They are never reported as passed.
    pub deselected: Vec<TestName>,
    /// What was not known, and what was selected for it.
    pub escalations: Vec<Escalation>,
    /// Changed files that select nothing, each with the reason.
    pub ignored: Vec<Ignored>,
    /// What a person should know besides.
    pub notes: Vec<String>,
}

impl Impact {
    /// Whether everything was selected because something was not known (exit code 20).
    pub fn is_everything_because_unknown(&self) -> bool {
        !self.escalations.is_empty() && self.deselected.is_empty() && !self.selected.is_empty()
    }

    /// The reasons of a test, where it is selected.
    pub fn reasons(&self, test: &TestName) -> Option<&[Reason]> {
        self.selected.iter().find(|selected| selected.test == *test).map(|selected| selected.reasons.as_slice())
    }
}

/// A test that must run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The test.
    pub test: TestName,
    /// Why; at least one.
    pub reasons: Vec<Reason>,
}

/// Why a test must run: from what changed to the test, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The kind, for programs.
    pub kind: ReasonKind,
    /// What changed or is missing: a file, a service's operation, the test.
    pub item: String,
    /// The whole chain, a sentence.
    pub text: String,
}

/// Kinds of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReasonKind {
    /// Code of a service changed.
    Code,
    /// The definition of a service changed.
    Definition,
    /// The overlay of a virtual service changed.
    Overlay,
    /// The test itself changed.
    Scenario,
    /// The project's settings changed.
    Settings,
    /// Something changed whose effect is not known.
    Unknown,
    /// No run is known in which the test passed.
    NoEvidence,
    /// The test did not pass last time.
    NotPassed,
    /// The test is not what it was when it passed.
    Stale,
    /// What the test calls cannot be told.
    Unresolved,
}

impl ReasonKind {
    /// The word in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Definition => "definition",
            Self::Overlay => "overlay",
            Self::Scenario => "scenario",
            Self::Settings => "settings",
            Self::Unknown => "unknown",
            Self::NoEvidence => "noEvidence",
            Self::NotPassed => "notPassed",
            Self::Stale => "stale",
            Self::Unresolved => "unresolved",
        }
    }
}

/// Something that was not known, so that more was selected than may be needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Escalation {
    /// The file or service that it is about.
    pub item: String,
    /// What was selected: `everything`, or which tests.
    pub to: String,
    /// What was not known.
    pub cause: String,
    /// What would help next time.
    pub help: Option<String>,
}

/// A changed file that selects nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The file.
    pub path: String,
    /// Why.
    pub why: String,
}

/// Selects the tests that a change concerns.
pub fn impact(input: &ImpactInput<'_>) -> Impact {
    select::select(input)
}

/// The history of each test.
fn histories(evidence: &Evidence) -> BTreeMap<&TestName, &TestHistory> {
    evidence.tests.iter().map(|history| (&history.test, history)).collect()
}

/// `a`, `b` and `c`.
fn names<'a>(services: impl IntoIterator<Item = &'a ServiceName>) -> String {
    let quoted: Vec<String> = services.into_iter().map(|service| format!("`{service}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// The day of a time, UTC.
fn day(at: u64) -> String {
    crate::report::words::time(at).chars().take(10).collect()
}

#[cfg(test)]
mod tests;
