//! `dependsOn` of workflows and steps, and workflows that call each other.

use std::collections::{HashMap, HashSet};

use super::{Checker, Place, Spot};
use crate::ast::{ActionKind, ActionTarget, Step, StepTarget, Workflow, WorkflowReference};
use crate::codes;

impl<'c> Checker<'c> {
    pub(super) fn workflow_dependencies(&mut self, workflow: &'c Workflow) {
        for reference in &workflow.depends_on {
            self.called_workflow(reference);
        }
    }

    /// `dependsOn` never triggers a step, and steps run in the order of the file: one that waits for a later one never runs.
    pub(super) fn step_dependencies(&mut self, place: Place<'c>) {
        let in_circle = self.step_cycle(place);
        for reference in &place.step.depends_on {
            let workflow = match &reference.workflow {
                None => Some(place.workflow),
                Some(other) => self.called_workflow(other),
            };
            let Some(workflow) = workflow else {
                continue;
            };
            let found = workflow.steps.iter().chain(&workflow.finally).position(|step| step.id == reference.step);
            match found {
                None => self.unknown_step(workflow, &reference.step, &reference.pointer),
                Some(index) if reference.workflow.is_none() && index > place.index && !in_circle => {
                    let spot = Spot { at: reference.pointer.clone(), offset: 0, length: reference.step.chars().count() };
                    self.forward(place, &reference.step, index, &spot);
                }
                Some(_) => {}
            }
        }
    }

    /// Whether a step waits for itself, directly or through others; reported at the first step of the circle.
    fn step_cycle(&mut self, place: Place<'c>) -> bool {
        let ids = |step: &'c Step| {
            let own = step.depends_on.iter().filter(|r| r.workflow.is_none());
            own.map(|r| r.step.as_str()).collect::<Vec<_>>()
        };
        let graph: HashMap<&str, Vec<&str>> = place.workflow.steps.iter().map(|step| (step.id.as_str(), ids(step))).collect();
        let Some(cycle) = cycle_from(&place.step.id, &graph) else {
            return false;
        };
        let is_first = cycle.iter().filter_map(|id| place.workflow.step_index(id)).min() == Some(place.index);
        if let Some(reference) = place.step.depends_on.first().filter(|_| is_first) {
            let message = format!("these steps wait for each other: {}", cycle.join(" → "));
            self.error(codes::DEPENDENCY_CYCLE, &reference.pointer, message, None);
        }
        true
    }

    /// Workflows that wait for each other, and workflows that call each other.
    pub(super) fn workflow_cycles(&mut self) {
        let waits: HashMap<&str, Vec<&str>> =
            self.file.workflows.iter().map(|w| (w.id.as_str(), w.depends_on.iter().filter_map(local).collect())).collect();
        let calls: HashMap<&str, Vec<&str>> =
            self.file.workflows.iter().map(|w| (w.id.as_str(), calls_of(w).into_iter().map(|(id, _)| id).collect())).collect();
        let mut reported = HashSet::new();
        for workflow in &self.file.workflows {
            if let Some(cycle) = cycle_from(&workflow.id, &waits)
                && reported.insert(sorted(&cycle))
            {
                let message = format!("these workflows wait for each other: {}", cycle.join(" → "));
                self.error(codes::DEPENDENCY_CYCLE, &workflow.pointer.join("dependsOn"), message, None);
            }
        }
        reported.clear();
        for workflow in &self.file.workflows {
            let Some(cycle) = cycle_from(&workflow.id, &calls) else {
                continue;
            };
            if reported.insert(sorted(&cycle))
                && let Some((_, reference)) = calls_of(workflow).into_iter().find(|(id, _)| cycle.get(1) == Some(id))
            {
                let message = format!("these workflows call each other without end: {}", cycle.join(" → "));
                self.error(codes::WORKFLOW_CYCLE, &reference.pointer, message, None);
            }
        }
    }
}

fn local(reference: &WorkflowReference) -> Option<&str> {
    reference.source.is_none().then_some(reference.workflow.as_str())
}

/// The workflows of this file that a workflow calls, or goes to.
fn calls_of(workflow: &Workflow) -> Vec<(&str, &WorkflowReference)> {
    let steps = workflow.steps.iter().chain(&workflow.finally);
    let called = steps.clone().filter_map(|step| match &step.target {
        StepTarget::Workflow(reference) => Some(reference),
        _ => None,
    });
    let retried = steps.flat_map(|step| &step.on_failure).filter_map(|action| match &action.kind {
        ActionKind::Retry { first: Some(ActionTarget::Workflow(reference)), .. } => Some(reference),
        _ => None,
    });
    called.chain(retried).filter_map(|reference| Some((local(reference)?, reference))).collect()
}

/// A way from a node back to itself, the node at both ends.
fn cycle_from<'n>(start: &'n str, graph: &HashMap<&'n str, Vec<&'n str>>) -> Option<Vec<&'n str>> {
    let mut seen = HashSet::new();
    let mut waiting = vec![vec![start]];
    while let Some(path) = waiting.pop() {
        let last = path.last().copied()?;
        for next in graph.get(last).into_iter().flatten() {
            let mut longer = path.clone();
            longer.push(next);
            if *next == start {
                return Some(longer);
            }
            if seen.insert(*next) {
                waiting.push(longer);
            }
        }
    }
    None
}

fn sorted(cycle: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = cycle.iter().skip(1).map(|name| (*name).to_owned()).collect();
    names.sort();
    names
}
