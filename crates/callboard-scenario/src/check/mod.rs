//! The tree against the definitions: everything that can be known before a request is sent.
//!
//! Findings about what a step *sends* (a literal that does not fit its schema, a missing parameter) are notes only where the step
//! expects to be refused (`$statusCode == 400` and its like): a scenario may send nonsense on purpose.

mod body;
mod calls;
mod exchange;
mod expressions;
mod flow;
mod jsonpath;
mod loops;
mod parameters;
mod references;
mod sources;
pub mod status;
mod target;

use callboard_model::document::Dialect;
use callboard_model::{
    Code, Diagnostic, Document, DocumentId, Documents, NodeRef, Operation, Pointer, Schema, Service, Severity, System,
};

use crate::ast::{ScenarioFile, Step, Workflow};
use crate::place;

/// Everything that can be known about a scenario file before a request is sent. `document` is the one it was parsed from.
///
/// Sources are matched with services as [`crate::resolve::service`] says. Workflows of imported files (sources of type `arazzo`) are not
/// followed: only the name of the source is checked. See [`check_within`].
pub fn check(file: &ScenarioFile, document: &Document, system: &System) -> Vec<Diagnostic> {
    check_within(file, document, system, &Surroundings::default())
}

/// What is known about a project besides its definitions.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The scenario files that sources of type `arazzo` may mean, each with its path or URL. A workflow of a file that is not among them
    /// is an error. `None` where nothing is known about other files.
    pub imports: Option<Imports<'a>>,
    /// Whether the project accepts a status of an operation although the definition does not name it.
    pub accepts: &'a dyn Fn(&Operation, u16) -> bool,
    /// Whether the environment sends this header with every request to the service.
    pub sends: &'a dyn Fn(&Service, &str) -> bool,
}

impl Default for Surroundings<'_> {
    fn default() -> Self {
        Self { imports: None, accepts: &|_, _| false, sends: &|_, _| false }
    }
}

/// As [`check`], with what else is known about the project.
pub fn check_within(file: &ScenarioFile, document: &Document, system: &System, around: &Surroundings<'_>) -> Vec<Diagnostic> {
    let mut own = Documents::new(Dialect::JsonSchema202012);
    own.add(Document::synthetic(document.origin().clone(), document.value().clone()));
    let mut checker = Checker { file, document, system, own: &own, around: *around, found: Vec::new() };
    checker.sources();
    for workflow in &file.workflows {
        checker.workflow(workflow);
    }
    checker.workflow_cycles();
    in_order(checker.found)
}

/// By place, errors first, without repetition.
fn in_order(mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    found.sort_by_key(|d| (d.span.as_ref().map(|s| (s.line, s.column)), d.severity));
    found.dedup();
    found
}

/// Scenario files by path or URL.
pub type Imports<'c> = &'c [(&'c str, &'c ScenarioFile)];

struct Checker<'c> {
    file: &'c ScenarioFile,
    document: &'c Document,
    system: &'c System,
    /// The scenario file itself, as documents in which the schemas of inputs are found.
    own: &'c Documents,
    around: Surroundings<'c>,
    found: Vec<Diagnostic>,
}

/// A step with what is known about it.
#[derive(Clone, Copy)]
struct Place<'c> {
    workflow: &'c Workflow,
    step: &'c Step,
    /// Its place in the order of execution; teardown steps come after all others.
    index: usize,
    operation: Option<(&'c Service, &'c Operation)>,
}

impl<'c> Checker<'c> {
    fn workflow(&mut self, workflow: &'c Workflow) {
        self.workflow_dependencies(workflow);
        for (index, step) in workflow.steps.iter().chain(&workflow.finally).enumerate() {
            let operation = self.target(step);
            let place = Place { workflow, step, index, operation };
            if let Some((service, operation)) = operation {
                self.parameters(place, service, operation);
                self.body(place, service, operation);
                self.statuses(place, operation);
            } else {
                self.call(place);
            }
            self.step_expressions(place);
            self.actions(place);
            self.step_dependencies(place);
        }
        self.workflow_outputs(workflow);
        self.loops(workflow);
    }

    fn report(&mut self, severity: Severity, code: Code, at: &Pointer, message: String, help: Option<String>) {
        let span = self.document.span(at);
        self.found.push(Diagnostic { severity, ..Diagnostic::error(code, span, message) }.with_optional_help(help));
    }

    fn error(&mut self, code: Code, at: &Pointer, message: impl Into<String>, help: Option<String>) {
        self.report(Severity::Error, code, at, message.into(), help);
    }

    fn warning(&mut self, code: Code, at: &Pointer, message: impl Into<String>, help: Option<String>) {
        self.report(Severity::Warning, code, at, message.into(), help);
    }

    /// As [`Self::report`], at the key.
    fn report_key(&mut self, severity: Severity, code: Code, at: &Pointer, message: String, help: Option<String>) {
        let span = self.document.key_span(at);
        self.found.push(Diagnostic { severity, ..Diagnostic::error(code, span, message) }.with_optional_help(help));
    }

    /// Reports something about a part of a scalar.
    fn report_within(&mut self, severity: Severity, code: Code, spot: &Spot, message: String, help: Option<String>) {
        let span = place::within(self.document, &spot.at, spot.offset, spot.length);
        self.found.push(Diagnostic { severity, ..Diagnostic::error(code, span, message) }.with_optional_help(help));
    }

    fn error_within(&mut self, code: Code, spot: &Spot, message: impl Into<String>, help: Option<String>) {
        self.report_within(Severity::Error, code, spot, message.into(), help);
    }

    /// The schema of a workflow's inputs.
    fn inputs(&self, workflow: &Workflow) -> Option<Schema<'c>> {
        Schema::at(self.own, &NodeRef::new(DocumentId(0), workflow.pointer.join("inputs")))
    }
}

/// A part of a scalar.
#[derive(Clone, Debug)]
struct Spot {
    at: Pointer,
    offset: usize,
    length: usize,
}

impl Place<'_> {
    /// How bad it is when the step sends something that does not fit: not at all where it expects to be refused.
    fn severity_of_sent(&self) -> Severity {
        if status::expects_refusal(self.step) { Severity::Note } else { Severity::Error }
    }
}
