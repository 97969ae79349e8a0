//! Steps and actions that call workflows.

use callboard_model::schema::Descent;
use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Pointer, Schema, Severity};
use callboard_schema::{Direction, Validator};

use super::{Checker, Imports, Place};
use crate::ast::{
    Action, ActionKind, ActionTarget, Parameter, ScenarioFile, SourceDescription, SourceKind, StepTarget, Workflow,
    WorkflowReference,
};
use crate::{codes, resolve};

impl<'c> Checker<'c> {
    /// A step that calls a workflow.
    pub(super) fn call(&mut self, place: Place<'c>) {
        let StepTarget::Workflow(reference) = &place.step.target else {
            return;
        };
        let called = self.called_workflow(reference);
        for parameter in place.step.parameters.iter().filter(|p| p.location.is_some()) {
            let message = format!("`{}` is an input of a workflow and has no `in`", parameter.name);
            let at = parameter.pointer.join("in");
            self.error(codes::UNEXPECTED_LOCATION, &at, message, Some("remove `in`".to_owned()));
        }
        if let Some(body) = &place.step.request_body {
            let help = Some("pass inputs as `parameters`".to_owned());
            self.error(codes::UNEXPECTED_BODY, &body.pointer, "a step that calls a workflow sends no request", help);
        }
        if let Some(until) = &place.step.until {
            let help = Some("put it on the step inside the workflow that asks".to_owned());
            let message = "only a step that calls an operation can poll".to_owned();
            self.report_key(Severity::Error, codes::UNSUPPORTED, &until.pointer, message, help);
        }
        if place.step.timeout.is_some() {
            let message = "`timeout` has no effect on a step that calls a workflow".to_owned();
            let at = place.step.pointer.join("timeout");
            self.report_key(Severity::Warning, codes::IGNORED_FIELD, &at, message, Some("set it on the steps inside".to_owned()));
        }
        if let Some(called) = called {
            let given = place.workflow.parameters_of(place.step);
            self.inputs_of(called, &given, &place.step.pointer);
        }
    }

    /// The workflow of this file that a reference means; what is wrong with the reference is reported.
    pub(super) fn called_workflow(&mut self, reference: &WorkflowReference) -> Option<&'c Workflow> {
        if let Some(source) = &reference.source {
            let known = self.known_source(source, &reference.pointer)?;
            if known.kind() != SourceKind::Arazzo {
                let message = format!("`{source}` is a definition and has no workflows");
                let help = Some("call an operation of it with `operationId`".to_owned());
                self.error(codes::UNKNOWN_WORKFLOW, &reference.pointer, message, help);
            } else if let Some(imports) = self.around.imports {
                self.imported_workflow(known, reference, imports);
            }
            return None;
        }
        let found = self.file.workflow(&reference.workflow);
        if found.is_none() {
            self.unknown_workflow(&reference.workflow, &reference.pointer);
        }
        found
    }

    /// A workflow of another file.
    fn imported_workflow(&mut self, source: &SourceDescription, reference: &WorkflowReference, imports: Imports<'_>) {
        let origin = resolve::origin(source, self.file, self.document.origin());
        let is_it = |(place, file): &&(&str, &ScenarioFile)| *place == origin || file.self_uri.as_ref() == Some(&source.url);
        let Some((_, file)) = imports.iter().find(is_it) else {
            let message = format!("the scenario file `{origin}` was not read");
            self.error(codes::UNKNOWN_SOURCE, &reference.pointer, message, None);
            return;
        };
        if file.workflow(&reference.workflow).is_none() {
            let names: Vec<&str> = file.workflows.iter().map(|workflow| workflow.id.as_str()).collect();
            let help = did_you_mean_or_list(&reference.workflow, names);
            let message = format!("`{}` has no workflow `{}`", source.name, reference.workflow);
            self.error(codes::UNKNOWN_WORKFLOW, &reference.pointer, message, help);
        }
    }

    fn unknown_workflow(&mut self, name: &str, at: &Pointer) {
        let help = self.similar_workflow(name);
        self.error(codes::UNKNOWN_WORKFLOW, at, format!("there is no workflow `{name}`"), help);
    }

    pub(super) fn similar_workflow(&self, name: &str) -> Option<String> {
        let names: Vec<&str> = self.file.workflows.iter().map(|workflow| workflow.id.as_str()).collect();
        did_you_mean_or_list(name, names)
    }

    /// Inputs that are given to a workflow: known, complete, of the right type.
    fn inputs_of(&mut self, called: &'c Workflow, given: &[&Parameter], at: &Pointer) {
        let schema = self.inputs(called);
        for parameter in given {
            self.input(called, schema.as_ref(), parameter);
        }
        let required = schema.as_ref().map(Schema::required).unwrap_or_default();
        for name in required {
            let has_default = schema.as_ref().and_then(|s| s.property(name)).is_some_and(|p| p.lookup("default").is_some());
            if !has_default && !given.iter().any(|parameter| parameter.name == name) {
                let message = format!("the workflow `{}` needs the input `{name}`", called.id);
                let help = Some(format!("add `{{name: {name}, value: …}}` to `parameters`"));
                self.error(codes::MISSING_INPUT, at, message, help);
            }
        }
    }

    fn input(&mut self, called: &Workflow, schema: Option<&Schema<'_>>, parameter: &Parameter) {
        let at = parameter.pointer.join("name");
        let Some(schema) = schema else {
            self.error(codes::UNKNOWN_INPUT, &at, format!("the workflow `{}` declares no inputs", called.id), None);
            return;
        };
        match schema.descend(&Pointer::of([&parameter.name])) {
            Descent::Missing { known, .. } => {
                let help = did_you_mean_or_list(&parameter.name, known.iter().map(String::as_str));
                let message = format!("the workflow `{}` has no input `{}`", called.id, parameter.name);
                self.error(codes::UNKNOWN_INPUT, &at, message, help);
            }
            Descent::Found(input) => self.input_value(&input, parameter),
            Descent::Open => {}
        }
    }

    fn input_value(&mut self, schema: &Schema<'_>, parameter: &Parameter) {
        let (Some(value), Ok(validator)) = (parameter.value.as_literal(), Validator::compile(schema, Direction::Request)) else {
            return;
        };
        if let Some(violation) = validator.validate(value).into_iter().next() {
            let message = format!(
                "this is no value for the input `{}`: {} expected, not {}",
                parameter.name, violation.expected, violation.actual
            );
            self.error(codes::INVALID_PARAMETER, &parameter.pointer.join("value"), message, None);
        }
    }

    /// Where the actions of a step, and those of its workflow, lead.
    pub(super) fn actions(&mut self, place: Place<'c>) {
        for action in place.step.on_success.iter().chain(&place.step.on_failure) {
            self.action(place.workflow, action);
        }
        if place.index == 0 {
            for action in place.workflow.success_actions.iter().chain(&place.workflow.failure_actions) {
                self.action(place.workflow, action);
            }
        }
    }

    fn action(&mut self, workflow: &'c Workflow, action: &'c Action) {
        let target = match &action.kind {
            ActionKind::Goto(target) | ActionKind::Retry { first: Some(target), .. } => target,
            ActionKind::End | ActionKind::Retry { first: None, .. } => return,
        };
        match target {
            ActionTarget::Step(step) if workflow.step(step).is_none() => {
                let at = action.pointer.join("stepId");
                self.unknown_step(workflow, step, &at);
            }
            ActionTarget::Step(_) => {}
            ActionTarget::Workflow(reference) => {
                if let Some(called) = self.called_workflow(reference) {
                    let given: Vec<&Parameter> = action.parameters.iter().collect();
                    self.inputs_of(called, &given, &action.pointer);
                }
            }
        }
    }

    pub(super) fn unknown_step(&mut self, workflow: &Workflow, step: &str, at: &Pointer) {
        let help = self.similar_step(workflow, step);
        self.error(codes::UNKNOWN_STEP, at, format!("the workflow has no step `{step}`"), help);
    }

    /// "Did you mean", or the workflow that has a step of this name.
    pub(super) fn similar_step(&self, workflow: &Workflow, step: &str) -> Option<String> {
        if let Some(other) = self.file.workflows.iter().find(|other| other.id != workflow.id && other.step(step).is_some()) {
            return Some(format!("the workflow `{}` has one, which cannot be reached from here", other.id));
        }
        let names: Vec<&str> = workflow.steps.iter().chain(&workflow.finally).map(|step| step.id.as_str()).collect();
        did_you_mean_or_list(step, names)
    }
}
