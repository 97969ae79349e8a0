//! Runtime expressions: does what they refer to exist, and can it exist at that moment.

use std::borrow::Cow;

use callboard_model::api::ParameterLocation;
use callboard_model::schema::Descent;
use callboard_model::suggest::{did_you_mean, did_you_mean_or_list};
use callboard_model::{Operation, Pointer, Schema, Service, Severity};
use serde_json::Value;

use super::{Checker, Place, Spot, status};
use crate::ast::{Action, SourceKind, Step, StepTarget, Workflow};
use crate::codes;
use crate::criterion::Criterion;
use crate::expression::{Expression, MessagePart, Reference, WorkflowField};
use crate::template::{Occurrence, Template};

/// When an expression is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
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
            if expressions.is_empty() && !matches!(criterion.test, crate::criterion::Test::Unusable(_)) {
                let message = format!("`{}` does not depend on anything", criterion.condition);
                self.warning(codes::CONSTANT_CONDITION, &criterion.pointer.join("condition"), message, None);
            }
            for (field, offset, expression) in expressions {
                let spot = spot(criterion.pointer.join(field), offset, expression);
                self.expression(place, expression, &spot, moment);
            }
        }
    }

    fn template(&mut self, place: Place<'c>, template: &'c Template, at: &Pointer, moment: Moment) {
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

    fn response(&mut self, place: Place<'c>, part: &MessagePart, expression: &Expression, spot: &Spot, moment: Moment) {
        let Some((service, operation)) = place.operation else {
            return;
        };
        match part {
            MessagePart::Body => {
                let missing = missing_in_answer(service, operation, place.step, expression.pointer(), moment);
                self.missing_property(missing, &format!("the answer of `{}`", operation.label()), expression, spot);
            }
            MessagePart::Header(name) => {
                let headers = operation.responses.iter().flat_map(|response| &response.headers);
                let known: Vec<&str> = headers.map(|header| header.name.as_str()).collect();
                let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(name));
                if let Some(help) = did_you_mean(name, known).filter(|_| !is_known) {
                    let message = format!("`{}` does not document a header `{name}`", operation.label());
                    self.report_within(Severity::Warning, codes::UNKNOWN_PROPERTY, spot, message, Some(help));
                }
            }
            _ => {}
        }
    }

    fn missing_property(&mut self, missing: Option<Missing>, what: &str, expression: &Expression, spot: &Spot) {
        let Some(Missing { at, known }) = missing else {
            return;
        };
        let name = at.last().unwrap_or_default();
        let parent = at.parent().filter(|parent| !parent.is_root());
        let place = parent.map_or_else(String::new, |parent| format!(" at `{parent}`"));
        let message = format!("`{expression}`: {what} has no `{name}`{place}");
        let help = did_you_mean_or_list(&name, known.iter().map(String::as_str));
        self.error_within(codes::UNKNOWN_PROPERTY, spot, message, help);
    }

    fn request(&mut self, place: Place<'c>, part: &MessagePart, expression: &Expression, spot: &Spot) {
        let sent = |location: ParameterLocation, name: &str| {
            place.workflow.parameters_of(place.step).iter().any(|p| p.location == Some(location) && p.name == *name)
        };
        let missing = match part {
            MessagePart::Query(name) if !sent(ParameterLocation::Query, name) => ("query", name),
            MessagePart::Path(name) if !sent(ParameterLocation::Path, name) => ("path", name),
            MessagePart::Body => {
                let payload = place.step.request_body.as_ref().and_then(|body| body.payload.as_ref());
                let missing = missing_in_payload(payload, expression.pointer());
                self.missing_property(missing, "the request body of this step", expression, spot);
                return;
            }
            _ => return,
        };
        let (location, name) = missing;
        let names: Vec<&str> = place.workflow.parameters_of(place.step).into_iter().map(|p| p.name.as_str()).collect();
        let help = did_you_mean_or_list(name, names);
        let message = format!("this step sends no {location} parameter `{name}`");
        self.error_within(codes::UNKNOWN_PARAMETER, spot, message, help);
    }

    fn input_reference(&mut self, workflow: &'c Workflow, name: &str, expression: &Expression, spot: &Spot) {
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
    fn output_reference(&mut self, place: Place<'c>, name: &str, expression: &Expression, spot: &Spot, moment: Moment) {
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

    fn known_output(&mut self, known: &[&str], name: &str, expression: &Expression, spot: &Spot, owner: &str) -> bool {
        let is_known = known.contains(&name)
            || expression.reference().splits().iter().any(|(shorter, _)| known.iter().any(|k| names(shorter, k)));
        if !is_known {
            let help = did_you_mean_or_list(name, known.iter().copied());
            let help = help.or_else(|| Some("it has no `outputs`".to_owned()));
            self.error_within(codes::UNKNOWN_OUTPUT, spot, format!("{owner} has no output `{name}`"), help);
        }
        is_known
    }

    fn step_output(
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

    /// An output that its step declares, and a place in it that its schema has.
    fn produced(&mut self, (producer, output): (&'c Step, &str), expression: &'c Expression, spot: &Spot) {
        let known: Vec<&str> = producer.outputs.keys().map(String::as_str).collect();
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

    fn forward(&mut self, place: Place<'c>, step: &str, index: usize, spot: &Spot) {
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

    fn workflow_reference(
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

    fn source_reference(&mut self, name: &str, rest: &str, spot: &Spot) {
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

    fn component_reference(&mut self, kind: &str, name: &str, spot: &Spot) {
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

    /// Outputs and parameters of a workflow: no request belongs to the former.
    pub(super) fn workflow_outputs(&mut self, workflow: &'c Workflow) {
        for (name, output) in &workflow.outputs {
            let at = workflow.pointer.join("outputs").join(name);
            for Occurrence { at: inner, offset, expression } in output.expressions() {
                self.workflow_output(workflow, expression, &spot(at.concat(&inner), offset, expression));
            }
        }
        // The parameters of a workflow stand for those of its steps, so they are judged as if they stood in the last one.
        if let Some((index, step)) = workflow.steps.iter().enumerate().next_back() {
            let place = Place { workflow, step, index, operation: None };
            for parameter in &workflow.parameters {
                self.template(place, &parameter.value, &parameter.pointer.join("value"), Moment::Before);
            }
        }
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

/// A place that a schema does not have, with the names that it has there.
struct Missing {
    at: Pointer,
    known: Vec<String>,
}

fn names(reference: &Reference, name: &str) -> bool {
    match reference {
        Reference::Input(own)
        | Reference::Output(own)
        | Reference::StepOutput { output: own, .. }
        | Reference::Workflow { name: own, .. } => own == name,
        _ => false,
    }
}

fn name_of(reference: &Reference) -> &str {
    match reference {
        Reference::Input(own)
        | Reference::Output(own)
        | Reference::StepOutput { output: own, .. }
        | Reference::Workflow { name: own, .. } => own,
        _ => "",
    }
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

/// The place of a pointer that no documented answer has. Where one answer has it, or has no schema, nothing is missing.
fn missing_in_answer(
    service: &Service,
    operation: &Operation,
    step: &Step,
    pointer: &Pointer,
    moment: Moment,
) -> Option<Missing> {
    if pointer.is_root() {
        return None;
    }
    let statuses = status::expected(step);
    let responses: Vec<_> = if moment == Moment::AnyAnswer {
        operation.responses.iter().collect()
    } else if statuses.is_empty() {
        operation.success_response().into_iter().collect()
    } else {
        statuses.iter().filter_map(|status| operation.response(*status)).collect()
    };
    let mut missing = None;
    for response in responses {
        let media = response.preferred().filter(|media| media.is_json())?;
        let schema: Schema<'_> = media.schema.as_ref().and_then(|node| service.schema(node))?;
        match schema.descend(pointer) {
            Descent::Missing { at, known } => missing = missing.or(Some(Missing { at, known })),
            _ => return None,
        }
    }
    missing
}

/// The place of a pointer that the payload of a request surely does not have.
fn missing_in_payload(payload: Option<&Template>, pointer: &Pointer) -> Option<Missing> {
    let mut current = Cow::Borrowed(payload?);
    let mut at = Pointer::root();
    for segment in pointer.segments() {
        at.push(&segment);
        let next = match current.as_ref() {
            Template::Object(fields) => match fields.get(&segment) {
                Some(field) => field.clone(),
                None => return Some(Missing { at, known: fields.keys().cloned().collect() }),
            },
            Template::Literal(Value::Object(fields)) => match fields.get(&segment) {
                Some(field) => Template::Literal(field.clone()),
                None => return Some(Missing { at, known: fields.keys().cloned().collect() }),
            },
            _ => return None,
        };
        current = Cow::Owned(next);
    }
    None
}
