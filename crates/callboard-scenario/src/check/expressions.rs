//! Runtime expressions in a workflow: when each one is evaluated, and whether what it refers to can exist at that moment.

use callboard_model::Pointer;

use super::{Checker, Place, Spot};
use crate::ast::{Action, Step, StepTarget, Workflow};
use crate::codes;
use crate::criterion::{Criterion, Test};
use crate::expression::{Expression, Reference};
use crate::template::{Occurrence, Template};

/// When an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// Before the request is sent.
    Before,
    /// When the answer is there.
    Answered,
    /// As [`Self::Answered`], on any answer, success or not.
    AnyAnswer,
    /// When the step's outputs are there.
    Done,
}

impl<'c> Checker<'c> {
    pub(super) fn step_expressions(&mut self, place: Place<'c>) {
        let step = place.step;
        for parameter in &step.parameters {
            self.template(place, &parameter.value, &parameter.pointer.join("value"), Moment::Before);
        }
        if let Some(body) = &step.request_body {
            if let Some(payload) = &body.payload {
                self.template(place, payload, &body.pointer.join("payload"), Moment::Before);
            }
            for replacement in &body.replacements {
                self.template(place, &replacement.value, &replacement.pointer.join("value"), Moment::Before);
            }
        }
        self.criteria(place, &step.success_criteria, Moment::Answered);
        if let Some(until) = &step.until {
            self.criteria(place, &until.criteria, Moment::Answered);
        }
        for (name, output) in &step.outputs {
            self.template(place, output, &step.pointer.join("outputs").join(name), Moment::Answered);
        }
        self.action_expressions(place, &step.on_success, Moment::Done);
        self.action_expressions(place, &step.on_failure, Moment::AnyAnswer);
    }

    fn action_expressions(&mut self, place: Place<'c>, actions: &'c [Action], moment: Moment) {
        for action in actions {
            self.criteria(place, &action.criteria, moment);
            for parameter in &action.parameters {
                self.template(place, &parameter.value, &parameter.pointer.join("value"), moment);
            }
        }
    }

    fn criteria(&mut self, place: Place<'c>, criteria: &'c [Criterion], moment: Moment) {
        for criterion in criteria {
            let expressions = criterion.expressions();
            if expressions.is_empty() && !matches!(criterion.test, Test::Unusable(_)) {
                let message = format!("`{}` does not depend on anything", criterion.condition);
                self.warning(codes::CONSTANT_CONDITION, &criterion.pointer.join("condition"), message, None);
            }
            self.jsonpath_criterion(place, criterion, moment);
            for (field, offset, expression) in expressions {
                let spot = spot(criterion.pointer.join(field), offset, expression);
                self.expression(place, expression, &spot, moment);
            }
        }
    }

    fn template(&mut self, place: Place<'c>, template: &'c Template, at: &Pointer, moment: Moment) {
        if let Template::Selector(selector) = template {
            self.jsonpath_selector(place, selector, at, moment);
        }
        for Occurrence { at: inner, offset, expression } in template.expressions() {
            self.expression(place, expression, &spot(at.concat(&inner), offset, expression), moment);
        }
    }

    fn expression(&mut self, place: Place<'c>, expression: &'c Expression, spot: &Spot, moment: Moment) {
        match expression.reference() {
            Reference::Url | Reference::Method | Reference::StatusCode => {
                self.is_in_time(place, expression, spot, moment);
            }
            Reference::Response(part) => {
                if self.is_in_time(place, expression, spot, moment) {
                    self.response(place, part, expression, spot, moment);
                }
            }
            Reference::Request(part) => {
                if self.is_in_time(place, expression, spot, moment) {
                    self.request(place, part, expression, spot);
                }
            }
            Reference::Message(_) => {
                let help = Some("`$response` holds the answer to an HTTP request".to_owned());
                self.error_within(codes::MISPLACED_EXPRESSION, spot, "`$message` belongs to AsyncAPI steps", help);
            }
            Reference::Input(name) => self.input_reference(place.workflow, name, expression, spot),
            Reference::Output(name) => self.output_reference(place, name, expression, spot, moment),
            Reference::StepOutput { step, output } => self.step_output(place, (step, output), expression, spot, moment),
            other => self.elsewhere(place.workflow, other, expression, spot),
        }
    }

    /// References that mean the same wherever they stand.
    fn elsewhere(&mut self, workflow: &'c Workflow, reference: &'c Reference, expression: &'c Expression, spot: &Spot) {
        match reference {
            Reference::Workflow { workflow: id, field, name } => {
                self.workflow_reference(workflow, id, *field, name, expression, spot);
            }
            Reference::Source { source, rest } => self.source_reference(source, rest, spot),
            Reference::Component { kind, name } => self.component_reference(kind, name, spot),
            Reference::SelfUri if self.file.self_uri.is_none() => {
                let help = Some("add `$self` at the top of the document (Arazzo 1.1)".to_owned());
                self.error_within(codes::MISPLACED_EXPRESSION, spot, "the document has no `$self`", help);
            }
            _ => {}
        }
    }

    /// Whether request and answer exist at that moment.
    fn is_in_time(&mut self, place: Place<'c>, expression: &Expression, spot: &Spot, moment: Moment) -> bool {
        if matches!(place.step.target, StepTarget::Workflow(_)) {
            let help = Some("outputs of the called workflow are `$outputs.NAME` here".to_owned());
            let message = format!("`{expression}`: a step that calls a workflow has no request and no answer");
            self.error_within(codes::MISPLACED_EXPRESSION, spot, message, help);
            return false;
        }
        let is_known_before = matches!(expression.reference(), Reference::Url | Reference::Method);
        if moment == Moment::Before && !is_known_before {
            let message = format!("`{expression}` does not exist before the request is sent");
            let help = Some("take it from an earlier step: `$steps.STEP.outputs.NAME`".to_owned());
            self.error_within(codes::MISPLACED_EXPRESSION, spot, message, help);
            return false;
        }
        true
    }

    /// Outputs and parameters of a workflow: no request belongs to the former.
    pub(super) fn workflow_outputs(&mut self, workflow: &'c Workflow) {
        for (name, output) in &workflow.outputs {
            let at = workflow.pointer.join("outputs").join(name);
            for Occurrence { at: inner, offset, expression } in output.expressions() {
                self.workflow_output(workflow, expression, &spot(at.concat(&inner), offset, expression));
            }
        }
        self.inherited(workflow);
    }

    /// Parameters and actions of a workflow stand for those of its steps, so they are judged as if they stood in the last one that
    /// sends a request.
    fn inherited(&mut self, workflow: &'c Workflow) {
        let mut steps = workflow.steps.iter().enumerate().rev();
        let calls_operation = |step: &Step| !matches!(step.target, StepTarget::Workflow(_));
        let last = steps.clone().find(|(_, step)| calls_operation(step)).or_else(|| steps.next());
        let Some((index, step)) = last else {
            return;
        };
        let place = Place { workflow, step, index, operation: None };
        for parameter in &workflow.parameters {
            self.template(place, &parameter.value, &parameter.pointer.join("value"), Moment::Before);
        }
        self.action_expressions(place, &workflow.success_actions, Moment::Done);
        self.action_expressions(place, &workflow.failure_actions, Moment::AnyAnswer);
    }

    fn workflow_output(&mut self, workflow: &'c Workflow, expression: &'c Expression, spot: &Spot) {
        match expression.reference() {
            Reference::StepOutput { step, output } => {
                let Some(producer) = workflow.steps.iter().chain(&workflow.finally).find(|s| s.id == *step) else {
                    let help = self.similar_step(workflow, step);
                    self.error_within(codes::UNKNOWN_STEP, spot, format!("the workflow has no step `{step}`"), help);
                    return;
                };
                self.produced((producer, output), expression, spot);
            }
            Reference::Input(name) => self.input_reference(workflow, name, expression, spot),
            Reference::Output(name) => {
                let known: Vec<&str> = workflow.outputs.keys().map(String::as_str).collect();
                self.known_output(&known, name, expression, spot, &format!("the workflow `{}`", workflow.id));
            }
            Reference::Url
            | Reference::Method
            | Reference::StatusCode
            | Reference::Request(_)
            | Reference::Response(_)
            | Reference::Message(_) => {
                let message = format!("`{expression}` belongs to one request, which a workflow's output has not");
                let help = Some("make it an output of a step: `$steps.STEP.outputs.NAME`".to_owned());
                self.error_within(codes::MISPLACED_EXPRESSION, spot, message, help);
            }
            other => self.elsewhere(workflow, other, expression, spot),
        }
    }
}

fn spot(at: Pointer, offset: usize, expression: &Expression) -> Spot {
    Spot { at, offset, length: expression.text().chars().count() }
}
