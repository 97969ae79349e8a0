//! The defects that the operations of a scenario can have, one step at a time.

use callboard_model::run::{ScenarioResult, StepResult};
use callboard_model::{Method, OperationKey};
use callboard_scenario::ScenarioFile;
use callboard_virtual::{Defect, Mutation};

/// A scenario that runs with a defect.
#[derive(Clone, Debug)]
pub(super) struct Struck {
    pub(super) scenario: usize,
    pub(super) mutation: Mutation,
}

/// All defects of all steps of a scenario that ran.
pub(super) fn of(scenario: usize, file: &ScenarioFile, result: &ScenarioResult) -> Vec<Struck> {
    let Some(workflow) = file.workflows.first() else { return Vec::new() };
    let mut earlier: Vec<&OperationKey> = Vec::new();
    let mut found = Vec::new();
    for step in &result.steps {
        let Some(operation) = &step.operation else { continue };
        let after = earlier.iter().filter(|known| **known == operation).count() as u64;
        earlier.push(operation);
        // Without a criterion there is nothing to rate here, but what is lost here shows in steps behind it.
        let is_checked = workflow.step(&step.step).is_some_and(|step| !step.success_criteria.is_empty());
        let defects = possible(&operation.method, is_refused(step)).iter().filter(|defect| is_checked || changes_state(**defect));
        found.extend(defects.map(|defect| {
            let mutation = Mutation { operation: operation.clone(), after, defect: *defect };
            Struck { scenario, mutation }
        }));
    }
    found
}

fn is_refused(step: &StepResult) -> bool {
    let last = step.attempts.last().and_then(|attempt| attempt.response.as_ref());
    last.is_some_and(|response| response.status >= 400)
}

fn changes_state(defect: Defect) -> bool {
    matches!(defect, Defect::CreationLost | Defect::ChangeLost | Defect::RemovalIgnored | Defect::RefusalMissing)
}

fn possible(method: &Method, is_refused: bool) -> &'static [Defect] {
    use Defect::{
        ChangeLost, CreationLost, FieldsDropped, FiltersIgnored, ItemMissing, ItemRepeated, NumbersOff, OtherRead, OtherStatus,
        RefusalMissing, RemovalIgnored, TextsChanged,
    };
    match method {
        _ if is_refused => &[OtherStatus, RefusalMissing],
        Method::Get | Method::Head | Method::Query => {
            &[OtherStatus, FieldsDropped, NumbersOff, TextsChanged, OtherRead, ItemMissing, ItemRepeated, FiltersIgnored]
        }
        Method::Delete => &[OtherStatus, NumbersOff, TextsChanged, RemovalIgnored],
        _ => &[OtherStatus, FieldsDropped, NumbersOff, TextsChanged, ItemRepeated, CreationLost, ChangeLost],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_defect_can_strike_somewhere() {
        let all: Vec<Defect> = [Method::Get, Method::Post, Method::Delete]
            .iter()
            .flat_map(|method| [true, false].map(|refused| possible(method, refused)))
            .flatten()
            .copied()
            .collect();
        assert!(Defect::ALL.iter().all(|defect| all.contains(defect)));
    }
}
