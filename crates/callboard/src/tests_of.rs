//! Which workflows of a suite are tests.
//!
//! A workflow that others call and that cannot begin by itself is a part of theirs. One that nobody calls and that cannot begin is a
//! mistake: nothing would ever run it.

use callboard_model::{Code, Diagnostic};
use callboard_runner::Scenario;
use callboard_scenario::ast::{Action, ActionKind, ActionTarget, StepTarget, Workflow, WorkflowReference};
use serde_json::{Map, Value};

use crate::project::ScenarioDocument;
use crate::settings::Settings;

/// A workflow has an input without a value.
const MISSING_INPUT: Code = Code("missing-input");

/// The tests of scenario files, with the values of the environment that they declare as inputs.
pub(crate) fn tests(documents: &[ScenarioDocument], values: &Map<String, Value>) -> Vec<Scenario> {
    let called = called_workflows(documents);
    let mut tests = all_workflows(documents, values);
    tests.retain(|scenario| !called.contains(&scenario.workflow) || scenario.check_inputs().is_ok());
    tests
}

/// Workflows that nobody calls and that cannot begin.
pub(crate) fn unstartable(documents: &[ScenarioDocument], settings: &Settings) -> Vec<Diagnostic> {
    let called = called_workflows(documents);
    let values = settings.all_values();
    let alone = all_workflows(documents, &values).into_iter().filter(|scenario| !called.contains(&scenario.workflow));
    alone.filter_map(|scenario| Some(diagnostic(&scenario, &scenario.check_inputs().err()?))).collect()
}

fn diagnostic(scenario: &Scenario, why: &str) -> Diagnostic {
    let place = scenario.workflow().map(|workflow| workflow.pointer.join("inputs")).unwrap_or_default();
    let help = "give it a `default` in `inputs`, or a value of that name in `[environments.NAME.values]` of callboard.toml";
    Diagnostic::error(MISSING_INPUT, scenario.source.document.span(&place), why).with_help(help)
}

fn all_workflows(documents: &[ScenarioDocument], values: &Map<String, Value>) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    for document in documents {
        let Some(source) = &document.source else { continue };
        for workflow in &source.file.workflows {
            let name = document.test_name(&workflow.id);
            let mut scenario = Scenario { name, source: source.clone(), workflow: workflow.id.clone(), inputs: Map::new() };
            let declared = scenario.declared_inputs();
            let given = declared.into_iter().filter_map(|name| Some((name.clone(), values.get(&name)?.clone())));
            scenario.inputs = given.collect();
            scenarios.push(scenario);
        }
    }
    scenarios
}

/// The ids of all workflows that steps, actions and dependencies name, wherever they are.
fn called_workflows(documents: &[ScenarioDocument]) -> Vec<String> {
    let workflows = documents.iter().filter_map(|document| document.source.as_ref()).flat_map(|source| &source.file.workflows);
    workflows.flat_map(references).map(|reference| reference.workflow.clone()).collect()
}

fn references(workflow: &Workflow) -> Vec<&WorkflowReference> {
    let steps = || workflow.steps.iter().chain(&workflow.finally);
    let called = steps().filter_map(|step| match &step.target {
        StepTarget::Workflow(reference) => Some(reference),
        _ => None,
    });
    let actions = steps().flat_map(|step| step.on_success.iter().chain(&step.on_failure));
    let actions = actions.chain(&workflow.success_actions).chain(&workflow.failure_actions).filter_map(target);
    called.chain(actions).collect()
}

fn target(action: &Action) -> Option<&WorkflowReference> {
    match &action.kind {
        ActionKind::Goto(ActionTarget::Workflow(reference))
        | ActionKind::Retry { first: Some(ActionTarget::Workflow(reference)), .. } => Some(reference),
        _ => None,
    }
}
