//! What is wrong with a finished plan, whoever made it: the same measure for the model's and for the embedded one.

use callboard_model::plan::{Plan, PlannedStep};

use super::candidates::same_input;
use super::producers::is_made_up;
use super::reading::Reading;
use crate::beam::Step;
use crate::chains;
use crate::entities::EntityId;

/// A plan with what is wrong with it and how well it fits.
#[derive(Clone, Debug, Default)]
pub struct Rated {
    /// The plan.
    pub plan: Plan,
    /// What is wrong with it, as sentences. A dry run may add to them.
    pub violations: Vec<String>,
    /// How well its operations stand for the sentence: comparable between plans of one sentence.
    pub score: f64,
}

/// Something wrong, with the resource that is missing where it is one.
pub(crate) struct Fault {
    pub(crate) text: String,
    pub(crate) missing: Option<EntityId>,
}

/// Clauses without a step, words and values that nothing used, identities that nothing gives.
pub(crate) fn faults(reading: &Reading<'_, '_>, chosen: &[Step], plan: &Plan) -> Vec<Fault> {
    let plain = |text: String| Fault { text, missing: None };
    let has_step = |number: usize| chosen.iter().any(|step| step.clause == number);
    let mut faults: Vec<Fault> = (0..reading.clauses.len())
        .filter(|number| !has_step(*number))
        .map(|number| plain(format!("clause {number} ({}) has no step", reading.clause_text(number))))
        .collect();
    faults.extend(plan.unmatched.iter().map(|word| plain(format!("`{word}` of the sentence is not used"))));
    for (number, step) in plan.steps.iter().enumerate() {
        faults.extend(unfounded(reading, number, step));
    }
    faults
}

/// Identities that a step made up although they must exist.
fn unfounded(reading: &Reading<'_, '_>, number: usize, step: &PlannedStep) -> Vec<Fault> {
    let Some(op) = reading.op_of(&step.operation) else { return Vec::new() };
    let index = reading.index();
    let types = &index.typing.operations[op];
    let made_up = |need: &&crate::typing::Need| {
        need.hard
            && !chains::is_chosen(index, op, need)
            && step.bindings.iter().any(|binding| same_input(&binding.input, &need.input) && is_made_up(binding))
    };
    let fault = |need: &crate::typing::Need| {
        let noun = index.typing.entities[need.entity].display();
        Fault {
            text: format!("step {number}: {} wants an existing {noun}, and no step gives one", need.input),
            missing: Some(need.entity),
        }
    };
    types.needs.iter().filter(made_up).map(fault).collect()
}
