//! Workflows and references to them.

use callboard_model::Pointer;
use indexmap::IndexMap;
use serde_json::Value;

use super::Reader;
use super::action::Kind;
use super::fields::Fields;
use crate::ast::{StepReference, Workflow, WorkflowReference};
use crate::codes;
use crate::expression::{Expression, Reference, SyntaxError};
use crate::template::Template;

impl<'d> Reader<'d> {
    pub(super) fn workflows(&mut self, fields: &Fields<'d>) -> Vec<Workflow> {
        let items = self.filled_list(fields, "workflows");
        let workflows: Vec<_> = items.into_iter().filter_map(|(at, item)| self.workflow(item, &at)).collect();
        let names = workflows.iter().map(|w| (w.id.clone(), w.pointer.join("workflowId")));
        self.refuse_duplicates(codes::DUPLICATE_WORKFLOW, "workflow", names);
        workflows
    }

    fn workflow(&mut self, value: &'d Value, at: &Pointer) -> Option<Workflow> {
        const KNOWN: [&str; 10] = [
            "workflowId",
            "summary",
            "description",
            "inputs",
            "dependsOn",
            "steps",
            "successActions",
            "failureActions",
            "outputs",
            "parameters",
        ];
        let fields = self.fields(value, at, "a workflow", &KNOWN, &[])?;
        if let Some(inputs) = fields.get("inputs") {
            self.schema(inputs, &at.join("inputs"));
        }
        let workflow = Workflow {
            id: self.id(&fields, "workflowId"),
            summary: self.owned(&fields, "summary"),
            description: self.owned(&fields, "description"),
            inputs: fields.get("inputs").cloned(),
            depends_on: self.workflow_references(&fields, "dependsOn"),
            steps: self.steps(&fields, "steps"),
            success_actions: self.actions(&fields, "successActions", Kind::Success),
            failure_actions: self.actions(&fields, "failureActions", Kind::Failure),
            outputs: self.outputs(&fields),
            parameters: self.parameters(&fields),
            finally: if fields.has(FINALLY) { self.steps(&fields, FINALLY) } else { Vec::new() },
            extensions: fields.extensions(),
            pointer: at.clone(),
            comment: None,
        };
        let steps = workflow.steps.iter().chain(&workflow.finally);
        let names: Vec<_> = steps.map(|s| (s.id.clone(), s.pointer.join("stepId"))).collect();
        self.refuse_duplicates(codes::DUPLICATE_STEP, "step", names);
        Some(workflow)
    }

    fn workflow_references(&mut self, fields: &Fields<'d>, key: &str) -> Vec<WorkflowReference> {
        let items = self.list(fields, key);
        items.into_iter().filter_map(|(at, item)| self.workflow_reference(item, &at)).collect()
    }

    /// `workflowId` or `$sourceDescriptions.NAME.workflowId`.
    pub(super) fn workflow_reference(&mut self, value: &Value, at: &Pointer) -> Option<WorkflowReference> {
        let Some(text) = value.as_str() else {
            self.wrong_type(at, "a workflow", "named by a string", value);
            return None;
        };
        if !text.starts_with('$') {
            return Some(WorkflowReference { source: None, workflow: text.to_owned(), pointer: at.clone() });
        }
        let (source, workflow) = self.source_reference(text, at, "a workflowId")?;
        Some(WorkflowReference { source: Some(source), workflow, pointer: at.clone() })
    }

    /// `$sourceDescriptions.NAME.REST`, and no other expression.
    pub(super) fn source_reference(&mut self, text: &str, at: &Pointer, what: &str) -> Option<(String, String)> {
        let expression = self.expression(text, at)?;
        if let Reference::Source { source, rest } = expression.reference() {
            return Some((source.clone(), rest.clone()));
        }
        let help = format!("write `$sourceDescriptions.NAME.ID`, or {what} alone");
        self.error(codes::BAD_EXPRESSION, at, format!("`{text}` does not name {what}"), Some(help));
        None
    }

    /// `stepId`, `$workflows.W.steps.S` or `$sourceDescriptions.NAME.W.steps.S`.
    pub(super) fn step_reference(&mut self, value: &Value, at: &Pointer) -> Option<StepReference> {
        let Some(text) = value.as_str() else {
            self.wrong_type(at, "a step", "named by a string", value);
            return None;
        };
        if !text.starts_with('$') {
            return Some(StepReference { workflow: None, step: text.to_owned(), pointer: at.clone() });
        }
        let found = qualified_step(text);
        if found.is_none() {
            let help = "write the stepId alone, or `$workflows.WORKFLOW.steps.STEP`".to_owned();
            let error = SyntaxError::new(0, text.chars().count(), format!("`{text}` does not name a step"));
            self.syntax(codes::BAD_EXPRESSION, at, error.with_help(Some(help)));
        }
        let (source, workflow, step) = found?;
        let workflow = WorkflowReference { source, workflow, pointer: at.clone() };
        Some(StepReference { workflow: Some(workflow), step, pointer: at.clone() })
    }

    /// `outputs`: an expression or a Selector Object each.
    pub(super) fn outputs(&mut self, fields: &Fields<'d>) -> IndexMap<String, Template> {
        let members = self.map(fields, "outputs");
        members.into_iter().map(|(name, at, value)| (name.clone(), self.output(value, &at))).collect()
    }

    /// A mistake keeps its name, so that those who use it are not told that there is no such output.
    fn output(&mut self, value: &Value, at: &Pointer) -> Template {
        let before = self.diagnostics.len();
        let template = self.template(value, at);
        let is_reported = self.diagnostics.len() > before;
        if is_reported || matches!(template, Template::Expression(_) | Template::Selector(_) | Template::Text(_)) {
            return template;
        }
        let help = match value {
            Value::String(text) if Expression::parse(&format!("${text}")).is_ok() => format!("write `${text}`"),
            Value::Object(_) => "a Selector Object needs `arazzo: 1.1.0`, `context`, `selector` and `type`".to_owned(),
            _ => "write `$response.body#/id`, for instance".to_owned(),
        };
        self.error(codes::BAD_EXPRESSION, at, "an output must be an expression", Some(help));
        template
    }
}

/// The extension for steps that always run at the end.
pub(crate) const FINALLY: &str = "x-callboard-finally";

fn qualified_step(text: &str) -> Option<(Option<String>, String, String)> {
    let split = |rest: &str| {
        let (workflow, step) = rest.split_once(".steps.")?;
        (!workflow.is_empty() && !step.is_empty()).then(|| (workflow.to_owned(), step.to_owned()))
    };
    if let Some(rest) = text.strip_prefix("$workflows.") {
        return split(rest).map(|(workflow, step)| (None, workflow, step));
    }
    let (source, rest) = text.strip_prefix("$sourceDescriptions.")?.split_once('.')?;
    split(rest).map(|(workflow, step)| (Some(source.to_owned()), workflow, step))
}
