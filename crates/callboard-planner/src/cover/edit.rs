//! Changes of a candidate on trial: another status is meant, a check or a step goes, what it makes is called otherwise.

use std::sync::Arc;

use callboard_model::plan::{BindingSource, Expectation};
use callboard_model::run::CheckResult;
use callboard_model::{Document, StatusPattern};
use callboard_scenario::Criterion;
use callboard_scenario::ast::{Step, Workflow};
use serde_json::Value;

use super::trial::{Dropped, Trial, told};
use crate::criteria;

impl Trial {
    /// Gives what it makes another name: something of an earlier run was left behind.
    pub fn retag(&mut self) {
        let (old, new) = (self.candidate.tag.clone(), super::data::tag(&self.candidate.tag, 1));
        let text = callboard_scenario::write(&self.file).replace(&old, &new);
        let document = Document::parse(Arc::from("scenario"), text.as_bytes());
        let Some(file) = document.ok().and_then(|document| callboard_scenario::parse(&document).value) else { return };
        self.file = file;
        let plan = &mut self.candidate.plan;
        for binding in plan.steps.iter_mut().chain(&mut plan.teardown).flat_map(|step| &mut step.bindings) {
            if let BindingSource::Generated { value: Value::String(text), .. } = &mut binding.source {
                *text = text.replace(&old, &new);
            }
        }
        self.candidate.tag = new;
    }

    pub(super) fn workflow(&self) -> &Workflow {
        &self.file.workflows[0]
    }

    pub(super) fn step_mut(&mut self, id: &str) -> Option<&mut Step> {
        let workflow = &mut self.file.workflows[0];
        workflow.steps.iter_mut().chain(&mut workflow.finally).find(|step| step.id == id)
    }

    pub(super) fn expect(&mut self, step: &str, status: u16) {
        let pattern = StatusPattern::Exact(status);
        let Ok(criterion) = Criterion::simple(criteria::status(&[pattern])) else { return };
        let plan = &mut self.candidate.plan;
        for planned in plan.steps.iter_mut().chain(&mut plan.teardown).filter(|planned| planned.step == step) {
            planned.expect = Expectation::Status(vec![pattern]);
        }
        if let Some(first) = self.step_mut(step).and_then(|step| step.success_criteria.first_mut()) {
            *first = criterion;
        }
    }

    pub(super) fn drop_check(&mut self, step: &str, check: &CheckResult) {
        let condition = check.condition.clone();
        if let Some(step) = self.step_mut(step) {
            step.success_criteria.retain(|criterion| criterion.condition != condition);
        }
        self.dropped.push(Dropped { what: format!("{step}: {condition}"), because: told(check) });
    }

    pub(super) fn drop_step(&mut self, id: &str, because: String) {
        let workflow = &mut self.file.workflows[0];
        let described =
            workflow.steps.iter().chain(&workflow.finally).find(|step| step.id == id).and_then(|step| step.description.clone());
        workflow.steps.retain(|step| step.id != id);
        workflow.finally.retain(|step| step.id != id);
        self.candidate
            .plan
            .steps
            .iter_mut()
            .filter(|planned| planned.step == id)
            .for_each(|planned| planned.expect = Expectation::Success);
        let what = described.map_or_else(|| format!("step {id}"), |text| format!("step {id} ({text})"));
        self.dropped.push(Dropped { what, because });
    }
}
