//! Steps that nothing leads to, and steps that lead to each other for ever.

use std::collections::HashSet;

use super::Checker;
use crate::ast::{Action, ActionKind, ActionTarget, Step, Workflow};
use crate::codes;

impl<'c> Checker<'c> {
    pub(super) fn loops(&mut self, workflow: &'c Workflow) {
        self.unreachable(workflow);
        self.endless(workflow);
    }

    fn unreachable(&mut self, workflow: &'c Workflow) {
        // An action that leads to a step that is not there was reported; what it hides is not known.
        if workflow.steps.iter().any(|step| leads_nowhere(workflow, step)) {
            return;
        }
        let mut reached = HashSet::new();
        let mut waiting = vec![0];
        while let Some(index) = waiting.pop() {
            let Some(step) = workflow.steps.get(index) else {
                continue;
            };
            if reached.insert(index) {
                waiting.extend(exits(workflow, step, index));
                waiting.extend(workflow.failure_actions_of(step).into_iter().filter_map(|a| target_of(workflow, a)));
            }
        }
        let lost = (0..workflow.steps.len()).find(|index| !reached.contains(index));
        // The first one is enough: those behind it are lost for the same reason.
        if let Some(step) = lost.and_then(|index| workflow.steps.get(index)) {
            let message = format!("nothing leads to the step `{}`", step.id);
            let help = Some("every way before it ends, or goes somewhere else".to_owned());
            self.error(codes::UNREACHABLE_STEP, &step.pointer.join("stepId"), message, help);
        }
    }

    /// A circle of steps in which every step always leads to the next one.
    fn endless(&mut self, workflow: &'c Workflow) {
        let next = |index: usize| {
            let step = workflow.steps.get(index)?;
            match exits(workflow, step, index)[..] {
                [only] => Some(only),
                _ => None,
            }
        };
        for start in 0..workflow.steps.len() {
            let mut path = vec![start];
            while let Some(following) = path.last().and_then(|last| next(*last)) {
                if following == start {
                    self.endless_loop(workflow, &path);
                    return;
                }
                if path.contains(&following) || following >= workflow.steps.len() {
                    break;
                }
                path.push(following);
            }
        }
    }

    fn endless_loop(&mut self, workflow: &'c Workflow, path: &[usize]) {
        let names: Vec<&str> = path.iter().chain(&path[..1]).map(|index| workflow.steps[*index].id.as_str()).collect();
        let message = format!("these steps follow each other without end: {}", names.join(" → "));
        let help = Some("give the `goto` a criterion, or poll with `x-callboard-until`".to_owned());
        let last = path.iter().rev().map(|index| &workflow.steps[*index]).find(|step| !step.on_success.is_empty());
        let at = last.map_or_else(|| workflow.pointer.clone(), |step| step.on_success[0].pointer.clone());
        self.error(codes::ENDLESS_LOOP, &at, message, help);
    }
}

/// The steps that a step may lead to when it succeeds; one behind the last where the workflow ends.
fn exits(workflow: &Workflow, step: &Step, index: usize) -> Vec<usize> {
    let actions = workflow.success_actions_of(step);
    let always = actions.iter().position(|action| action.criteria.is_empty());
    let tried = &actions[..always.map_or(actions.len(), |at| at + 1)];
    let mut steps: Vec<usize> = Vec::new();
    for action in tried {
        match target_of(workflow, action) {
            Some(target) => steps.push(target),
            // An end, or a way into another workflow: a place behind the last step.
            None => steps.push(workflow.steps.len()),
        }
    }
    if always.is_none() {
        steps.push(index + 1);
    }
    steps
}

fn leads_nowhere(workflow: &Workflow, step: &Step) -> bool {
    let names_step = |action: &&Action| {
        matches!(
            action.kind,
            ActionKind::Goto(ActionTarget::Step(_)) | ActionKind::Retry { first: Some(ActionTarget::Step(_)), .. }
        )
    };
    let mut actions = workflow.success_actions_of(step);
    actions.extend(workflow.failure_actions_of(step));
    actions.into_iter().filter(names_step).any(|action| target_of(workflow, action).is_none())
}

fn target_of(workflow: &Workflow, action: &Action) -> Option<usize> {
    match &action.kind {
        ActionKind::Goto(ActionTarget::Step(step)) | ActionKind::Retry { first: Some(ActionTarget::Step(step)), .. } => {
            workflow.step_index(step)
        }
        _ => None,
    }
}
