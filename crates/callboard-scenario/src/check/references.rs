//! References to what is declared elsewhere: inputs, outputs, steps, workflows, sources, components.

use std::borrow::Cow;

use callboard_model::schema::Descent;
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list};
use callboard_model::{Pointer, Severity};

use super::exchange::{Missing, missing_in_answer};
use super::expressions::Moment;
use super::{Checker, Place, Spot};
use crate::ast::{SourceKind, Step, StepTarget, Workflow};
use crate::codes;
use crate::expression::{Expression, MessagePart, Reference, WorkflowField};
use crate::template::Template;

impl<'c> Checker<'c> {
    pub(super) fn input_reference(&mut self, workflow: &'c Workflow, name: &str, expression: &Expression, spot: &Spot) {
        let Some(schema) = self.inputs(workflow) else {
            let message = format!("the workflow `{}` declares no inputs", workflow.id);
            let help = Some(format!("add `inputs: {{type: object, properties: {{{name}: {{type: string}}}}}}`"));
            self.error_within(codes::UNKNOWN_INPUT, spot, message, help);
            return;
        };
        let missing = match resolve_name(expression, |name| schema.descend(&Pointer::of([name]))) {
            Descent::Missing { at, known } => Some(Missing { at, known }),
            _ => None,
        };
        let Some(missing) = missing else {
            return;
        };
        if missing.at.segments().count() > 1 {
            self.missing_property(Some(missing), "the input", expression, spot);
            return;
        }
        let help = did_you_mean_or_list(name, missing.known.iter().map(String::as_str));
        let message = format!("the workflow `{}` has no input `{name}`", workflow.id);
        self.error_within(codes::UNKNOWN_INPUT, spot, message, help);
    }

    /// `$outputs.NAME` in a step is an output of the workflow that it calls: those of its own workflow exist only when all steps are over.
    pub(super) fn output_reference(
        &mut self,
        place: Place<'c>,
        name: &str,
        expression: &Expression,
        spot: &Spot,
        moment: Moment,
    ) {
        let called = match &place.step.target {
            StepTarget::Workflow(reference) if moment != Moment::Before => reference,
            _ => {
                let message = format!("`{expression}` does not exist here: outputs of a workflow are set at its end");
                let help = Some("use `$steps.STEP.outputs.NAME`".to_owned());
                self.error_within(codes::MISPLACED_EXPRESSION, spot, message, help);
                return;
            }
        };
        // A workflow of another file is not known here; one that is not there was reported.
        let own = called.source.is_none().then(|| self.file.workflow(&called.workflow)).flatten();
        if let Some(workflow) = own {
            let known: Vec<&str> = workflow.outputs.keys().map(String::as_str).collect();
            self.known_output(&known, name, expression, spot, &format!("the workflow `{}`", workflow.id));
        }
    }

    pub(super) fn known_output(&mut self, known: &[&str], name: &str, expression: &Expression, spot: &Spot, owner: &str) -> bool {
        let is_known =
            known.contains(&name) || expression.reference().splits().iter().any(|(shorter, _)| known.contains(&name_of(shorter)));
        if !is_known {
            let help = did_you_mean_or_list(name, known.iter().copied());
            let help = help.or_else(|| Some("it has no `outputs`".to_owned()));
            self.error_within(codes::UNKNOWN_OUTPUT, spot, format!("{owner} has no output `{name}`"), help);
        }
        is_known
    }

    pub(super) fn step_output(
        &mut self,
        place: Place<'c>,
        (step, output): (&str, &str),
        expression: &'c Expression,
        spot: &Spot,
        moment: Moment,
    ) {
        let workflow = place.workflow;
        let found = workflow.steps.iter().chain(&workflow.finally).enumerate().find(|(_, s)| s.id == step);
        let Some((index, producer)) = found else {
            let help = self.similar_step(workflow, step);
            self.error_within(codes::UNKNOWN_STEP, spot, format!("the workflow has no step `{step}`"), help);
            return;
        };
        let waits = place.step.depends_on.iter().any(|r| r.workflow.is_none() && r.step == step);
        let is_own_and_done = index == place.index && matches!(moment, Moment::Done);
        if index >= place.index && !waits && !is_own_and_done {
            self.forward(place, step, index, spot);
        }
        self.produced((producer, output), expression, spot);
    }

    /// The outputs of a step. One that calls a workflow and declares none has those of the workflow; `None` where they are not known.
    fn outputs_of(&self, step: &'c Step) -> Option<Vec<&'c str>> {
        let outputs = match &step.target {
            StepTarget::Workflow(called) if step.outputs.is_empty() => {
                let own = called.source.is_none().then(|| self.file.workflow(&called.workflow)).flatten();
                &own?.outputs
            }
            _ => &step.outputs,
        };
        Some(outputs.keys().map(String::as_str).collect())
    }

    /// An output that its step declares, and a place in it that its schema has.
    pub(super) fn produced(&mut self, (producer, output): (&'c Step, &str), expression: &'c Expression, spot: &Spot) {
        let Some(known) = self.outputs_of(producer) else {
            return;
        };
        let owner = format!("the step `{}`", producer.id);
        if !self.known_output(&known, output, expression, spot, &owner) {
            return;
        }
        let (name, rest) = split_output(expression, &known);
        let Some(Template::Expression(source)) = producer.outputs.get(name.as_ref()) else {
            return;
        };
        let rest = rest.concat(expression.pointer());
        if rest.is_root() || !matches!(source.reference(), Reference::Response(MessagePart::Body)) {
            return;
        }
        let target = crate::resolve::operation(&producer.target, self.file, self.document.origin(), self.system);
        let Some((service, operation)) = target else {
            return;
        };
        let whole = source.pointer().concat(&rest);
        let missing = missing_in_answer(service, operation, producer, &whole, Moment::Answered);
        // A mistake in the output itself is reported where it stands.
        let missing = missing.filter(|missing| missing.at.as_str().len() > source.pointer().as_str().len());
        self.missing_property(missing, &format!("the answer of `{}`", operation.label()), expression, spot);
    }

    pub(super) fn forward(&mut self, place: Place<'c>, step: &str, index: usize, spot: &Spot) {
        let message = if index == place.index {
            format!("the step `{step}` has no outputs yet")
        } else {
            format!("the step `{step}` comes after this one")
        };
        let help = if index == place.index {
            "use `$response` for the answer of this step".to_owned()
        } else {
            format!("move `{step}` before `{}`", place.step.id)
        };
        // Where steps jump, a later one may have run before.
        let jumps = place.workflow.steps.iter().any(|s| !s.on_success.is_empty() || !s.on_failure.is_empty());
        let severity = if jumps && index != place.index { Severity::Warning } else { Severity::Error };
        self.report_within(severity, codes::FORWARD_REFERENCE, spot, message, Some(help));
    }

    pub(super) fn workflow_reference(
        &mut self,
        from: &'c Workflow,
        id: &str,
        field: WorkflowField,
        name: &str,
        expression: &Expression,
        spot: &Spot,
    ) {
        let Some(workflow) = self.file.workflow(id) else {
            let help = self.similar_workflow(id);
            self.error_within(codes::UNKNOWN_WORKFLOW, spot, format!("there is no workflow `{id}`"), help);
            return;
        };
        match field {
            WorkflowField::Inputs => self.input_reference(workflow, name, expression, spot),
            WorkflowField::Outputs => {
                let known: Vec<&str> = workflow.outputs.keys().map(String::as_str).collect();
                self.known_output(&known, name, expression, spot, &format!("the workflow `{id}`"));
            }
        }
        let calls = from.steps.iter().any(|s| matches!(&s.target, StepTarget::Workflow(r) if r.workflow == *id));
        let is_there = id == from.id || calls || from.depends_on.iter().any(|r| r.workflow == *id);
        if !is_there {
            let help = Some(format!("add `dependsOn: [{id}]` to the workflow"));
            let message = format!("nothing says that the workflow `{id}` runs before this one");
            self.report_within(Severity::Warning, codes::FORWARD_REFERENCE, spot, message, help);
        }
    }

    pub(super) fn source_reference(&mut self, name: &str, rest: &str, spot: &Spot) {
        let Some(source) = self.file.source(name) else {
            let names: Vec<&str> = self.file.sources.iter().map(|source| source.name.as_str()).collect();
            let help = did_you_mean_or_list(name, names);
            self.error_within(codes::UNKNOWN_SOURCE, spot, format!("there is no source description `{name}`"), help);
            return;
        };
        let service = crate::resolve::service(source, self.file, self.document.origin(), self.system);
        let is_operation = service.is_some_and(|service| service.operation_by_id(rest).is_some());
        let is_field = matches!(rest, "url" | "type" | "name");
        if !is_operation && !is_field && source.kind() == SourceKind::OpenApi && service.is_some() {
            let message = format!("`{name}` has no operation and no field `{rest}`");
            self.error_within(codes::UNKNOWN_OPERATION, spot, message, did_you_mean(rest, ["url", "type"]));
        }
    }

    pub(super) fn component_reference(&mut self, kind: &str, name: &str, spot: &Spot) {
        let components = &self.file.components;
        let known: Vec<&str> = match kind {
            "parameters" => components.parameters.keys().map(String::as_str).collect(),
            "successActions" => components.success_actions.keys().map(String::as_str).collect(),
            "failureActions" => components.failure_actions.keys().map(String::as_str).collect(),
            _ => components.inputs.keys().map(String::as_str).collect(),
        };
        if !known.contains(&name) {
            let help = did_you_mean_or_list(name, known);
            self.error_within(codes::UNKNOWN_COMPONENT, spot, format!("`components.{kind}` has no `{name}`"), help);
        }
    }
}

/// The name of an input or output; empty for other references.
fn name_of(reference: &Reference) -> &str {
    reference.name().unwrap_or_default()
}

/// The declared output that an expression means, and the rest of a dotted name.
fn split_output<'e>(expression: &'e Expression, known: &[&str]) -> (Cow<'e, str>, Pointer) {
    let whole = name_of(expression.reference());
    if known.contains(&whole) {
        return (Cow::Borrowed(whole), Pointer::root());
    }
    let splits = expression.reference().splits();
    let found = splits.into_iter().find(|(shorter, _)| known.contains(&name_of(shorter)));
    found.map_or((Cow::Borrowed(whole), Pointer::root()), |(shorter, rest)| (Cow::Owned(name_of(&shorter).to_owned()), rest))
}

/// Where the name of an input leads, dotted names included, with the pointer of the expression behind it.
fn resolve_name<'s>(expression: &Expression, find: impl Fn(&str) -> Descent<'s>) -> Descent<'s> {
    let whole = find(name_of(expression.reference()));
    let (found, rest) = match whole {
        Descent::Missing { .. } => {
            let splits = expression.reference().splits();
            let hit = splits
                .into_iter()
                .map(|(shorter, rest)| (find(name_of(&shorter)), rest))
                .find(|(d, _)| !matches!(d, Descent::Missing { .. }));
            hit.unwrap_or((whole, Pointer::root()))
        }
        other => (other, Pointer::root()),
    };
    match found {
        Descent::Found(schema) => match schema.descend(&rest.concat(expression.pointer())) {
            Descent::Missing { at, known } => Descent::Missing { at: Pointer::of(["input"]).concat(&at), known },
            other => other,
        },
        other => other,
    }
}
