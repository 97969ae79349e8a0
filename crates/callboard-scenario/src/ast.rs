//! The tree of a scenario file: what Arazzo 1.0.1 and 1.1.0 say, with everything that can be compiled once compiled once.
//!
//! Each node keeps the [`Pointer`] of its place, so `document.span(&node.pointer)` leads back to the text. Nodes that were built
//! by a program have the root there until the file is written and parsed again. Reusable objects (`reference: $components.…`)
//! are resolved; the node remembers where it came from.

use std::time::Duration;

use callboard_model::Pointer;
use callboard_model::api::{Method, ParameterLocation};
use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::criterion::Criterion;
use crate::selector::Selector;
use crate::template::Template;

/// The version that a document declares, as far as it matters for its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// Arazzo 1.0.x.
    #[default]
    V1_0,
    /// Arazzo 1.1.x.
    V1_1,
}

/// A scenario file (Arazzo "Arazzo Specification Object").
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioFile {
    /// The version that decides what the document means.
    pub version: Version,
    /// `arazzo` as it stands there, such as `1.0.1`.
    pub arazzo: String,
    /// `$self` (1.1): the document's own URI; base of relative references, value of `$self` expressions.
    pub self_uri: Option<String>,
    /// `info`.
    pub info: Info,
    /// `sourceDescriptions`.
    pub sources: Vec<SourceDescription>,
    /// `workflows`.
    pub workflows: Vec<Workflow>,
    /// `components`.
    pub components: Components,
    /// `x-…` of the document.
    pub extensions: Map<String, Value>,
    /// Written as `# …` lines at the top; not read back.
    pub comment: Option<String>,
}

impl ScenarioFile {
    /// A workflow of this file by id.
    pub fn workflow(&self, id: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|workflow| workflow.id == id)
    }

    /// A source description by name.
    pub fn source(&self, name: &str) -> Option<&SourceDescription> {
        self.sources.iter().find(|source| source.name == name)
    }
}

/// `info`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Info {
    /// `title`.
    pub title: String,
    /// `summary`.
    pub summary: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `version` of the scenario file, not of Arazzo.
    pub version: String,
    /// `x-…`.
    pub extensions: Map<String, Value>,
}

/// What a source description describes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// An OpenAPI or Swagger definition; assumed where the file says nothing.
    #[default]
    OpenApi,
    /// Another scenario file.
    Arazzo,
    /// An AsyncAPI definition (1.1); steps on it are not supported.
    AsyncApi,
}

/// One of `sourceDescriptions`.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceDescription {
    /// `name`: what expressions call it.
    pub name: String,
    /// `url`: relative to the document.
    pub url: String,
    /// `type`; absent where the file leaves it out.
    pub kind: Option<SourceKind>,
    /// `x-…`, Redocly's `x-serverUrl` included.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

impl SourceDescription {
    /// The type, OpenAPI where nothing is said.
    pub fn kind(&self) -> SourceKind {
        self.kind.unwrap_or_default()
    }
}

/// `components`: what reusable objects refer to. Uses are already resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Components {
    /// JSON Schemas by name.
    pub inputs: IndexMap<String, Value>,
    /// Parameters by name.
    pub parameters: IndexMap<String, Parameter>,
    /// Success actions by name.
    pub success_actions: IndexMap<String, Action>,
    /// Failure actions by name.
    pub failure_actions: IndexMap<String, Action>,
    /// `x-…`.
    pub extensions: Map<String, Value>,
}

/// A workflow.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Workflow {
    /// `workflowId`.
    pub id: String,
    /// `summary`.
    pub summary: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `inputs`: a JSON Schema 2020-12, as it stands there (`$ref`s into `#/components/inputs/…` included).
    pub inputs: Option<Value>,
    /// `dependsOn`: workflows that must be over before.
    pub depends_on: Vec<WorkflowReference>,
    /// `steps`.
    pub steps: Vec<Step>,
    /// `successActions`: for each step that has none of the same name. Already merged by [`Workflow::success_actions_of`].
    pub success_actions: Vec<Action>,
    /// `failureActions`, likewise.
    pub failure_actions: Vec<Action>,
    /// `outputs`: an expression or selector each.
    pub outputs: IndexMap<String, Template>,
    /// `parameters`: for each step that does not set the same one itself.
    pub parameters: Vec<Parameter>,
    /// `x-callboard-finally`: steps that always run at the end, with the outputs captured so far.
    pub finally: Vec<Step>,
    /// Other `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
    /// Written as `# …` lines before it; not read back.
    pub comment: Option<String>,
}

impl Workflow {
    /// A step of this workflow by id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }

    /// The place of a step in `steps`.
    pub fn step_index(&self, id: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.id == id)
    }

    /// The parameters that a step sends: its own, and those of the workflow that it does not override (same name and place). Those of
    /// the workflow with an `in` go to operations only, those without one to called workflows only.
    pub fn parameters_of<'a>(&'a self, step: &'a Step) -> Vec<&'a Parameter> {
        let calls_workflow = matches!(step.target, StepTarget::Workflow(_));
        let is_own = |p: &Parameter| step.parameters.iter().any(|own| own.name == p.name && own.location == p.location);
        let applies = |p: &&Parameter| p.location.is_none() == calls_workflow && !is_own(p);
        self.parameters.iter().filter(applies).chain(&step.parameters).collect()
    }

    /// The success actions of a step in the order in which they are tried: its own, then those of the workflow that it does not
    /// override by name.
    pub fn success_actions_of<'a>(&'a self, step: &'a Step) -> Vec<&'a Action> {
        merged(&step.on_success, &self.success_actions)
    }

    /// The failure actions of a step, likewise.
    pub fn failure_actions_of<'a>(&'a self, step: &'a Step) -> Vec<&'a Action> {
        merged(&step.on_failure, &self.failure_actions)
    }
}

fn merged<'a>(own: &'a [Action], inherited: &'a [Action]) -> Vec<&'a Action> {
    let is_own = |action: &Action| own.iter().any(|o| o.name == action.name);
    own.iter().chain(inherited.iter().filter(|action| !is_own(action))).collect()
}

/// A workflow, as a step, an action or `dependsOn` names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkflowReference {
    /// The source description (of type `arazzo`) that it is in; absent for a workflow of this file.
    pub source: Option<String>,
    /// `workflowId`.
    pub workflow: String,
    /// Where the reference stands.
    pub pointer: Pointer,
}

/// A step that another one waits for (1.1 `dependsOn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReference {
    /// The workflow that it is in; absent for a step of the same workflow.
    pub workflow: Option<WorkflowReference>,
    /// `stepId`.
    pub step: String,
    /// Where the reference stands.
    pub pointer: Pointer,
}

/// A step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// `stepId`.
    pub id: String,
    /// `description`.
    pub description: Option<String>,
    /// What it calls.
    pub target: StepTarget,
    /// `parameters` of its own; see [`Workflow::parameters_of`].
    pub parameters: Vec<Parameter>,
    /// `requestBody`.
    pub request_body: Option<RequestBody>,
    /// `successCriteria`: all must hold. Without any, success is what the definition calls success.
    pub success_criteria: Vec<Criterion>,
    /// `onSuccess` of its own; see [`Workflow::success_actions_of`].
    pub on_success: Vec<Action>,
    /// `onFailure` of its own; see [`Workflow::failure_actions_of`].
    pub on_failure: Vec<Action>,
    /// `outputs`: an expression or selector each.
    pub outputs: IndexMap<String, Template>,
    /// `timeout` (1.1, milliseconds).
    pub timeout: Option<Duration>,
    /// `dependsOn` (1.1): steps that must be over before.
    pub depends_on: Vec<StepReference>,
    /// `x-callboard-until`: the request is repeated until this holds.
    pub until: Option<Until>,
    /// Other `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
    /// Written as `# …` lines before it; not read back.
    pub comment: Option<String>,
}

/// What a step calls. [`crate::resolve::operation`] finds the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum StepTarget {
    /// `operationId`: plain, or `$sourceDescriptions.NAME.ID`.
    Operation {
        /// The source description, where it is named.
        source: Option<String>,
        /// The operation's id.
        id: String,
    },
    /// `operationPath`: `{$sourceDescriptions.NAME.url}#/paths/~1x/get`.
    OperationPath {
        /// The source description.
        source: String,
        /// The method.
        method: Method,
        /// The path template.
        path: String,
    },
    /// `workflowId`.
    Workflow(WorkflowReference),
    /// Nothing that can run: an AsyncAPI channel, Redocly's `x-operation`, or a mistake. `check` reports it; a runner must refuse it.
    Unusable {
        /// Why, in words.
        why: String,
    },
}

impl Default for StepTarget {
    fn default() -> Self {
        Self::Unusable { why: "the step calls nothing".to_owned() }
    }
}

/// The component that a reusable object took its content from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Its name under `components.parameters`, `.successActions` or `.failureActions`.
    pub component: String,
    /// Whether the reusable object sets a `value` of its own (parameters only).
    pub overrides_value: bool,
    /// Whether it is a failure action.
    pub is_failure: bool,
}

/// A parameter, of a request or of a called workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// `name`: of the parameter, or of the input of the called workflow.
    pub name: String,
    /// `in`; absent for inputs of a called workflow.
    pub location: Option<ParameterLocation>,
    /// `value`.
    pub value: Template,
    /// The component that it comes from.
    pub reuse: Option<Reuse>,
    /// `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

impl Parameter {
    /// A parameter of a request.
    pub fn new(location: ParameterLocation, name: impl Into<String>, value: Template) -> Self {
        Self { name: name.into(), location: Some(location), value, reuse: None, extensions: Map::new(), pointer: Pointer::root() }
    }

    /// An input of a called workflow.
    pub fn input(name: impl Into<String>, value: Template) -> Self {
        Self { location: None, ..Self::new(ParameterLocation::Query, name, value) }
    }
}

/// `requestBody`. [`RequestBody::evaluate`] yields the value to send.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestBody {
    /// `contentType`; absent means what the definition says.
    pub content_type: Option<String>,
    /// `payload`.
    pub payload: Option<Template>,
    /// `replacements`, applied to the payload in order.
    pub replacements: Vec<Replacement>,
    /// `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

/// A value that is set in a payload.
#[derive(Clone, Debug, PartialEq)]
pub struct Replacement {
    /// `target` as it stands there.
    pub target: String,
    /// The target, compiled.
    pub selector: Selector,
    /// Whether `targetSelectorType` (1.1) is written out.
    pub names_type: bool,
    /// `value`.
    pub value: Template,
    /// `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

/// What happens after a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// `name`.
    pub name: String,
    /// `type` with what belongs to it.
    pub kind: ActionKind,
    /// `parameters` (1.1) of the workflow that it leads to.
    pub parameters: Vec<Parameter>,
    /// `criteria`: all must hold for the action to be taken; none means always.
    pub criteria: Vec<Criterion>,
    /// The component that it comes from.
    pub reuse: Option<Reuse>,
    /// `x-…`.
    pub extensions: Map<String, Value>,
    /// Where it stands.
    pub pointer: Pointer,
}

impl Action {
    /// An action that is always taken.
    pub fn new(name: impl Into<String>, kind: ActionKind) -> Self {
        Self {
            name: name.into(),
            kind,
            parameters: Vec::new(),
            criteria: Vec::new(),
            reuse: None,
            extensions: Map::new(),
            pointer: Pointer::root(),
        }
    }
}

/// `type` of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum ActionKind {
    /// `end`: the workflow ends.
    End,
    /// `goto`: goes on there and does not come back.
    Goto(ActionTarget),
    /// `retry` (failure actions only).
    Retry {
        /// `retryAfter`: the pause before each attempt; a `Retry-After` header overrules it.
        after: Option<Duration>,
        /// `retryLimit`: further attempts; one where nothing is said.
        limit: u32,
        /// What is executed before the step is tried again.
        first: Option<ActionTarget>,
    },
}

/// Where an action leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionTarget {
    /// A step of the same workflow.
    Step(String),
    /// A workflow.
    Workflow(WorkflowReference),
}

/// `x-callboard-until`: a poll. It is not a retry, so it says nothing about flakiness.
#[derive(Clone, Debug, PartialEq)]
pub struct Until {
    /// All must hold.
    pub criteria: Vec<Criterion>,
    /// How long to wait in all; 60 seconds where nothing is said.
    pub timeout: Duration,
    /// The pause between two requests; 1 second where nothing is said.
    pub interval: Duration,
    /// Where it stands.
    pub pointer: Pointer,
}

impl Until {
    /// The time that a poll may take where the file says nothing.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
    /// The pause between two requests where the file says nothing.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_secs(1);

    /// A poll with the usual times.
    pub fn new(criteria: Vec<Criterion>) -> Self {
        Self { criteria, timeout: Self::DEFAULT_TIMEOUT, interval: Self::DEFAULT_INTERVAL, pointer: Pointer::root() }
    }
}
