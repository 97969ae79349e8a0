//! What a run is given: scenarios, the system, and the environment.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use callboard_model::document::join_reference;
use callboard_model::names::TestName;
use callboard_model::{Document, RunId, ServiceName, System};
use callboard_scenario::ScenarioFile;
use callboard_scenario::ast::{Workflow, WorkflowReference};
use serde_json::{Map, Value};

use crate::acceptance::Acceptance;
use crate::client::Limits;
use crate::inputs;
use crate::secrets::Secret;
use crate::target::Target;

/// A scenario file with the text it came from.
#[derive(Debug)]
pub struct SourceFile {
    /// The text, for places in messages. Its origin is the file as the user named it.
    pub document: Document,
    /// The tree.
    pub file: ScenarioFile,
}

impl SourceFile {
    /// The path or URL of the file.
    pub fn origin(&self) -> &str {
        self.document.origin()
    }
}

/// One test: a workflow of a file, with its inputs.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `FILE#workflowId`, and the row of a data table.
    pub name: TestName,
    /// The file.
    pub source: Arc<SourceFile>,
    /// `workflowId`.
    pub workflow: String,
    /// Inputs; those that are missing take the defaults of the workflow's schema.
    pub inputs: Map<String, Value>,
}

impl Scenario {
    /// The workflow.
    pub fn workflow(&self) -> Option<&Workflow> {
        self.source.file.workflow(&self.workflow)
    }

    /// The names of the inputs that the workflow declares.
    pub fn declared_inputs(&self) -> Vec<String> {
        self.workflow().map(|workflow| inputs::declared(&self.source.file, workflow)).unwrap_or_default()
    }

    /// Whether the workflow can begin with its inputs, completed by defaults.
    ///
    /// # Errors
    /// What is missing or does not fit, in one sentence.
    pub fn check_inputs(&self) -> Result<(), String> {
        let workflow = self.workflow().ok_or_else(|| format!("there is no workflow `{}`", self.workflow))?;
        inputs::complete(&self.source.file, workflow, &self.inputs).map(|_| ())
    }
}

/// Everything that a run needs to know.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// The id of the run.
    pub run: RunId,
    /// The seed of generated values; only noted down here.
    pub seed: u64,
    /// The services.
    pub system: Arc<System>,
    /// The tests, in the order of the report.
    pub scenarios: Vec<Scenario>,
    /// Other scenario files that sources of type `arazzo` may mean.
    pub library: Vec<Arc<SourceFile>>,
    /// Tests that were deselected; only passed on to the reports.
    pub deselected: Vec<TestName>,
    /// Where each service answers. A scenario that needs another one is not run.
    pub targets: HashMap<ServiceName, Target>,
    /// The environment's named values.
    pub values: Map<String, Value>,
    /// Values that must not be shown.
    pub secrets: Vec<Secret>,
    /// Known deviations from the definitions.
    pub acceptances: Vec<Acceptance>,
    /// Scenarios at the same time; 0 means [`default_jobs`].
    pub jobs: usize,
    /// How long services may take to accept a connection before the run begins. One that refuses is asked again until then.
    pub ready_timeout: Duration,
    /// Bounds on each request.
    pub limits: Limits,
    /// How long teardown may go on after the run was stopped.
    pub grace: Duration,
}

impl RunOptions {
    /// How long teardown may go on after a run was stopped, where nothing else is said.
    pub const GRACE: Duration = Duration::from_secs(5);

    /// A run of scenarios against a system, with everything else at its default: no targets, 2 s to become ready, 5 s of grace.
    pub fn new(run: RunId, system: Arc<System>, scenarios: Vec<Scenario>) -> Self {
        Self {
            run,
            seed: 0,
            system,
            scenarios,
            library: Vec::new(),
            deselected: Vec::new(),
            targets: HashMap::new(),
            values: Map::new(),
            secrets: Vec::new(),
            acceptances: Vec::new(),
            jobs: 0,
            ready_timeout: Duration::from_secs(2),
            limits: Limits::default(),
            grace: Self::GRACE,
        }
    }

    /// The workflow that a reference in a file means.
    pub(crate) fn find_workflow<'r>(
        &'r self,
        from: &'r SourceFile,
        reference: &WorkflowReference,
    ) -> Option<(&'r SourceFile, &'r Workflow)> {
        let source = match &reference.source {
            None => from,
            Some(name) => self.find_file(from, &from.file.source(name)?.url)?,
        };
        Some((source, source.file.workflow(&reference.workflow)?))
    }

    fn find_file<'r>(&'r self, from: &SourceFile, url: &str) -> Option<&'r SourceFile> {
        let origin = join_reference(from.origin(), url);
        let own = from.file.self_uri.as_ref().map(|own| join_reference(own, url));
        let is_it = |source: &&Arc<SourceFile>| {
            source.origin() == origin || own.as_deref().is_some_and(|own| source.file.self_uri.as_deref() == Some(own))
        };
        let scenarios = self.scenarios.iter().map(|scenario| &scenario.source);
        self.library.iter().chain(scenarios).find(is_it).map(|source| &**source)
    }
}

/// How many scenarios run at the same time where nothing is said: four for each core, since they mostly wait for answers.
pub fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(4, std::num::NonZero::get) * 4
}
