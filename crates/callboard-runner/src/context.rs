//! Where the values of a scenario's expressions come from: inputs, outputs of steps and workflows, and the last exchange.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use callboard_model::api::ParameterLocation;
use callboard_scenario::ast::Workflow;
use callboard_scenario::expression::{Context, MessagePart, Reference, Unavailable, WorkflowField};
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::client::Answer;
use crate::conformance::AnswerBody;
use crate::options::SourceFile;

/// A workflow while it runs.
pub(crate) struct Frame<'r> {
    pub(crate) source: &'r SourceFile,
    pub(crate) workflow: &'r Workflow,
    pub(crate) inputs: Map<String, Value>,
    /// Outputs of the steps that ran so far.
    pub(crate) steps: HashMap<&'r str, Map<String, Value>>,
    /// The steps that passed.
    pub(crate) passed: HashSet<&'r str>,
    /// Workflows that are over: those it depends on and those it called.
    pub(crate) workflows: Vec<Finished>,
    /// How many workflows called each other up to this one.
    pub(crate) depth: usize,
    /// Whether its steps are over and `x-callboard-finally` runs.
    pub(crate) in_teardown: bool,
}

/// A workflow that is over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finished {
    /// The source description that it was called from; absent for a workflow of the same file.
    pub(crate) source: Option<String>,
    pub(crate) workflow: String,
    pub(crate) inputs: Map<String, Value>,
    pub(crate) outputs: Map<String, Value>,
}

/// A request and its answer.
pub(crate) struct Exchange {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) request_headers: HeaderMap,
    pub(crate) parameters: Vec<(ParameterLocation, String, Value)>,
    pub(crate) request_body: Option<Value>,
    pub(crate) answer: Answer,
    pub(crate) body: AnswerBody,
}

/// What expressions see at a moment.
#[derive(Clone, Copy)]
pub(crate) struct View<'v, 'r> {
    pub(crate) frame: &'v Frame<'r>,
    /// The exchange of the current step.
    pub(crate) exchange: Option<&'v Exchange>,
    /// The outputs that `$outputs` means: of the workflow that the current step called.
    pub(crate) outputs: Option<&'v Map<String, Value>>,
}

impl<'r> Frame<'r> {
    pub(crate) fn new(source: &'r SourceFile, workflow: &'r Workflow, inputs: Map<String, Value>, depth: usize) -> Self {
        Self {
            source,
            workflow,
            inputs,
            steps: HashMap::new(),
            passed: HashSet::new(),
            workflows: Vec::new(),
            depth,
            in_teardown: false,
        }
    }

    /// What can be seen before a request is sent.
    pub(crate) fn view(&self) -> View<'_, 'r> {
        View { frame: self, exchange: None, outputs: None }
    }
}

type Found<'c> = Result<Option<Cow<'c, Value>>, Unavailable>;

impl Context for View<'_, '_> {
    fn value(&self, reference: &Reference) -> Found<'_> {
        let frame = self.frame;
        Ok(match reference {
            Reference::Url => Some(Cow::Owned(self.exchange("$url")?.url.as_str().into())),
            Reference::Method => Some(Cow::Owned(self.exchange("$method")?.method.as_str().into())),
            Reference::StatusCode => Some(Cow::Owned(self.exchange("$statusCode")?.answer.code().into())),
            Reference::SelfUri => frame.source.file.self_uri.as_deref().map(|uri| Cow::Owned(uri.into())),
            Reference::Request(part) => return self.exchange("$request")?.request_part(part),
            Reference::Response(part) => return self.exchange("$response")?.response_part(part),
            Reference::Message(_) => return Err(Unavailable::new("$message", "messages of AsyncAPI are not supported")),
            Reference::Input(name) => frame.inputs.get(name).map(Cow::Borrowed),
            Reference::Output(name) => self.outputs.and_then(|outputs| outputs.get(name)).map(Cow::Borrowed),
            Reference::StepOutput { step, output } => {
                let outputs = frame.steps.get(step.as_str());
                let outputs = outputs.ok_or_else(|| not_run(format!("$steps.{step}.outputs.{output}"), "step", step))?;
                outputs.get(output).map(Cow::Borrowed)
            }
            Reference::Workflow { workflow, field, name } => {
                // The latest one: a workflow may be called several times.
                let over = frame.workflows.iter().rev().find(|over| over.workflow == *workflow);
                let over = over.ok_or_else(|| not_run(format!("$workflows.{workflow}"), "workflow", workflow))?;
                let values = match field {
                    WorkflowField::Inputs => &over.inputs,
                    WorkflowField::Outputs => &over.outputs,
                };
                values.get(name).map(Cow::Borrowed)
            }
            Reference::Source { source, rest } => {
                let source = frame.source.file.source(source);
                let url = source.filter(|_| rest == "url").map(|source| source.url.as_str());
                url.map(|url| Cow::Owned(url.into()))
            }
            Reference::Component { .. } => None,
        })
    }
}

fn not_run(expression: String, kind: &str, name: &str) -> Unavailable {
    Unavailable::new(expression, format!("the {kind} `{name}` did not run"))
}

impl View<'_, '_> {
    fn exchange(&self, expression: &str) -> Result<&Exchange, Unavailable> {
        self.exchange.ok_or_else(|| Unavailable::new(expression, "there is no answer here"))
    }
}

impl Exchange {
    fn request_part(&self, part: &MessagePart) -> Found<'_> {
        let parameter = |wanted: ParameterLocation, name: &str| {
            let found = self.parameters.iter().find(|(location, known, _)| *location == wanted && known == name);
            found.map(|(_, _, value)| Cow::Borrowed(value))
        };
        Ok(match part {
            MessagePart::Header(name) => header(&self.request_headers, name),
            MessagePart::Query(name) => parameter(ParameterLocation::Query, name),
            MessagePart::Path(name) => parameter(ParameterLocation::Path, name),
            MessagePart::Body => match &self.request_body {
                Some(body) => Some(Cow::Borrowed(body)),
                None => return Err(Unavailable::new("$request.body", "the request had no body")),
            },
            MessagePart::Payload => None,
        })
    }

    fn response_part(&self, part: &MessagePart) -> Found<'_> {
        Ok(match part {
            MessagePart::Header(name) => header(&self.answer.headers, name),
            MessagePart::Body => Some(self.body.value().map_err(|why| Unavailable::new("$response.body", why))?),
            MessagePart::Query(_) | MessagePart::Path(_) | MessagePart::Payload => None,
        })
    }
}

fn header(headers: &HeaderMap, name: &str) -> Option<Cow<'static, Value>> {
    headers.get(name).map(|value| Cow::Owned(String::from_utf8_lossy(value.as_bytes()).into()))
}
