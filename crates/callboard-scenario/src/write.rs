//! Tree to text: deterministic YAML, fields in the order of the specification, comments before workflows and steps.

use std::time::Duration;

use callboard_model::api::ParameterLocation;
use indexmap::IndexMap;
use serde_json::{Map, Number, Value};

use crate::ast::{
    Action, ActionKind, ActionTarget, Components, Parameter, Replacement, RequestBody, Reuse, ScenarioFile, SourceDescription,
    SourceKind, Step, StepReference, StepTarget, Until, Workflow, WorkflowReference,
};
use crate::criterion::Criterion;
use crate::selector::Selector;
use crate::template::Template;
use crate::yaml::{Node, to_text};

/// A scenario file as YAML text: deterministic, block style. Reading it back yields the same tree, comments apart.
pub fn write(file: &ScenarioFile) -> String {
    let mut fields = Fields::default();
    fields.text("arazzo", &file.arazzo);
    fields.optional_text("$self", file.self_uri.as_deref());
    fields.node("info", info(file));
    fields.node("sourceDescriptions", Node::list(file.sources.iter().map(source)));
    fields.node("workflows", Node::List(file.workflows.iter().map(|w| (w.comment.clone(), workflow(w))).collect()));
    fields.filled("components", components(&file.components));
    fields.extensions(&file.extensions);
    to_text(file.comment.as_deref(), &fields.done())
}

/// The entries of an object in the making.
#[derive(Default)]
struct Fields(Vec<(String, Node)>);

impl Fields {
    fn node(&mut self, key: &str, node: Node) {
        self.0.push((key.to_owned(), node));
    }

    /// Leaves out what is empty.
    fn filled(&mut self, key: &str, node: Node) {
        let is_empty = match &node {
            Node::Map(entries) => entries.is_empty(),
            Node::List(items) => items.is_empty(),
            Node::Value(_) => false,
        };
        if !is_empty {
            self.node(key, node);
        }
    }

    fn text(&mut self, key: &str, text: &str) {
        self.node(key, Node::from(text));
    }

    fn optional_text(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(key, text);
        }
    }

    fn value(&mut self, key: &str, value: &Value) {
        self.node(key, Node::from(value));
    }

    fn number(&mut self, key: &str, number: f64) {
        self.value(key, &plain_number(number));
    }

    fn extensions(&mut self, extensions: &Map<String, Value>) {
        extensions.iter().for_each(|(key, value)| self.value(key, value));
    }

    fn done(self) -> Node {
        Node::Map(self.0)
    }
}

/// A number without a needless `.0`.
fn plain_number(number: f64) -> Value {
    let whole = number.fract() == 0.0 && (0.0..1e15).contains(&number);
    if whole {
        return format!("{number:.0}").parse::<u64>().map_or(Value::Null, Value::from);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

fn info(file: &ScenarioFile) -> Node {
    let mut fields = Fields::default();
    fields.text("title", &file.info.title);
    fields.optional_text("summary", file.info.summary.as_deref());
    fields.optional_text("description", file.info.description.as_deref());
    fields.text("version", &file.info.version);
    fields.extensions(&file.info.extensions);
    fields.done()
}

fn source(source: &SourceDescription) -> Node {
    let mut fields = Fields::default();
    fields.text("name", &source.name);
    fields.text("url", &source.url);
    let kind = source.kind.map(|kind| match kind {
        SourceKind::OpenApi => "openapi",
        SourceKind::Arazzo => "arazzo",
        SourceKind::AsyncApi => "asyncapi",
    });
    fields.optional_text("type", kind);
    fields.extensions(&source.extensions);
    fields.done()
}

fn components(components: &Components) -> Node {
    let named = |entries: Vec<(&String, Node)>| Node::Map(entries.into_iter().map(|(k, v)| (k.clone(), v)).collect());
    let mut fields = Fields::default();
    fields.filled("inputs", named(components.inputs.iter().map(|(k, v)| (k, Node::from(v))).collect()));
    fields.filled("parameters", named(components.parameters.iter().map(|(k, p)| (k, parameter(p))).collect()));
    fields.filled("successActions", named(components.success_actions.iter().map(|(k, a)| (k, action(a))).collect()));
    fields.filled("failureActions", named(components.failure_actions.iter().map(|(k, a)| (k, action(a))).collect()));
    fields.extensions(&components.extensions);
    fields.done()
}

fn workflow(workflow: &Workflow) -> Node {
    let mut fields = Fields::default();
    fields.text("workflowId", &workflow.id);
    fields.optional_text("summary", workflow.summary.as_deref());
    fields.optional_text("description", workflow.description.as_deref());
    if let Some(inputs) = &workflow.inputs {
        fields.value("inputs", inputs);
    }
    fields.filled("dependsOn", Node::list(workflow.depends_on.iter().map(|r| Node::from(&*workflow_text(r)))));
    fields.filled("parameters", Node::list(workflow.parameters.iter().map(parameter)));
    fields.node("steps", steps(&workflow.steps));
    fields.filled("successActions", Node::list(workflow.success_actions.iter().map(action)));
    fields.filled("failureActions", Node::list(workflow.failure_actions.iter().map(action)));
    fields.filled("x-callboard-finally", steps(&workflow.finally));
    fields.filled("outputs", outputs(&workflow.outputs));
    fields.extensions(&workflow.extensions);
    fields.done()
}

fn steps(steps: &[Step]) -> Node {
    Node::List(steps.iter().map(|s| (s.comment.clone(), step(s))).collect())
}

fn step(step: &Step) -> Node {
    let mut fields = Fields::default();
    fields.text("stepId", &step.id);
    fields.optional_text("description", step.description.as_deref());
    target(&mut fields, &step.target);
    fields.filled("dependsOn", Node::list(step.depends_on.iter().map(|r| Node::from(&*step_text(r)))));
    fields.filled("parameters", Node::list(step.parameters.iter().map(parameter)));
    if let Some(body) = &step.request_body {
        fields.node("requestBody", request_body(body));
    }
    if let Some(timeout) = step.timeout {
        fields.number("timeout", seconds(timeout) * 1000.0);
    }
    if let Some(poll) = &step.until {
        fields.node("x-callboard-until", until(poll));
    }
    fields.filled("successCriteria", Node::list(step.success_criteria.iter().map(criterion)));
    fields.filled("onSuccess", Node::list(step.on_success.iter().map(action)));
    fields.filled("onFailure", Node::list(step.on_failure.iter().map(action)));
    fields.filled("outputs", outputs(&step.outputs));
    fields.extensions(&step.extensions);
    fields.done()
}

fn target(fields: &mut Fields, target: &StepTarget) {
    match target {
        StepTarget::Operation { source: None, id } => fields.text("operationId", id),
        StepTarget::Operation { source: Some(source), id } => {
            fields.text("operationId", &format!("$sourceDescriptions.{source}.{id}"));
        }
        StepTarget::OperationPath { source, method, path } => {
            let path = path.replace('~', "~0").replace('/', "~1");
            let method = method.as_str().to_ascii_lowercase();
            fields.text("operationPath", &format!("{{$sourceDescriptions.{source}.url}}#/paths/{path}/{method}"));
        }
        StepTarget::Workflow(reference) => fields.text("workflowId", &workflow_text(reference)),
        StepTarget::Unusable { .. } => {}
    }
}

fn workflow_text(reference: &WorkflowReference) -> String {
    match &reference.source {
        Some(source) => format!("$sourceDescriptions.{source}.{}", reference.workflow),
        None => reference.workflow.clone(),
    }
}

fn step_text(reference: &StepReference) -> String {
    match &reference.workflow {
        None => reference.step.clone(),
        Some(WorkflowReference { source: None, workflow, .. }) => format!("$workflows.{workflow}.steps.{}", reference.step),
        Some(qualified) => format!("{}.steps.{}", workflow_text(qualified), reference.step),
    }
}

fn reused(reuse: &Reuse, kind: &str) -> Fields {
    let mut fields = Fields::default();
    fields.text("reference", &format!("$components.{kind}.{}", reuse.component));
    fields
}

fn parameter(parameter: &Parameter) -> Node {
    if let Some(reuse) = &parameter.reuse {
        let mut fields = reused(reuse, "parameters");
        if reuse.overrides_value {
            fields.value("value", &parameter.value.to_value());
        }
        return fields.done();
    }
    let mut fields = Fields::default();
    fields.text("name", &parameter.name);
    fields.optional_text("in", parameter.location.map(ParameterLocation::as_str));
    fields.value("value", &parameter.value.to_value());
    fields.extensions(&parameter.extensions);
    fields.done()
}

fn request_body(body: &RequestBody) -> Node {
    let mut fields = Fields::default();
    fields.optional_text("contentType", body.content_type.as_deref());
    if let Some(payload) = &body.payload {
        fields.value("payload", &payload.to_value());
    }
    fields.filled("replacements", Node::list(body.replacements.iter().map(replacement)));
    fields.extensions(&body.extensions);
    fields.done()
}

fn replacement(replacement: &Replacement) -> Node {
    let mut fields = Fields::default();
    fields.text("target", &replacement.target);
    if replacement.names_type {
        let kind = match replacement.selector {
            Selector::Pointer(_) => "jsonpointer",
            Selector::JsonPath(_) => "jsonpath",
            Selector::XPath => "xpath",
        };
        fields.text("targetSelectorType", kind);
    }
    fields.value("value", &replacement.value.to_value());
    fields.extensions(&replacement.extensions);
    fields.done()
}

fn criterion(criterion: &Criterion) -> Node {
    let mut fields = Fields::default();
    fields.optional_text("context", criterion.context.as_ref().map(|context| context.text()));
    fields.text("condition", &criterion.condition);
    if let Some(kind) = &criterion.kind {
        fields.value("type", kind);
    }
    fields.extensions(&criterion.extensions);
    fields.done()
}

fn action(action: &Action) -> Node {
    if let Some(reuse) = &action.reuse {
        let kind = if reuse.is_failure { "failureActions" } else { "successActions" };
        return reused(reuse, kind).done();
    }
    let mut fields = Fields::default();
    fields.text("name", &action.name);
    match &action.kind {
        ActionKind::End => fields.text("type", "end"),
        ActionKind::Goto(target) => {
            fields.text("type", "goto");
            action_target(&mut fields, target);
        }
        ActionKind::Retry { after, limit, first } => {
            fields.text("type", "retry");
            if let Some(first) = first {
                action_target(&mut fields, first);
            }
            if let Some(after) = after {
                fields.number("retryAfter", seconds(*after));
            }
            fields.value("retryLimit", &Value::from(*limit));
        }
    }
    fields.filled("parameters", Node::list(action.parameters.iter().map(parameter)));
    fields.filled("criteria", Node::list(action.criteria.iter().map(criterion)));
    fields.extensions(&action.extensions);
    fields.done()
}

fn action_target(fields: &mut Fields, target: &ActionTarget) {
    match target {
        ActionTarget::Step(step) => fields.text("stepId", step),
        ActionTarget::Workflow(reference) => fields.text("workflowId", &workflow_text(reference)),
    }
}

fn until(until: &Until) -> Node {
    let mut fields = Fields::default();
    fields.node("criteria", Node::list(until.criteria.iter().map(criterion)));
    fields.number("timeout", seconds(until.timeout));
    fields.number("interval", seconds(until.interval));
    fields.done()
}

fn outputs(outputs: &IndexMap<String, Template>) -> Node {
    Node::Map(outputs.iter().map(|(name, template)| (name.clone(), Node::from(&template.to_value()))).collect())
}
