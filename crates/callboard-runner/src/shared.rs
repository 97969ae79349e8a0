//! What all scenarios of a run share.

use callboard_model::run::{CheckOutcome, CheckResult, StepResult};

use crate::acceptance::Acceptances;
use crate::client::Client;
use crate::options::RunOptions;
use crate::secrets::Masker;
use crate::validators::Validators;

/// What all scenarios of a run share.
pub(crate) struct Shared {
    pub(crate) options: RunOptions,
    pub(crate) client: Client,
    pub(crate) validators: Validators,
    pub(crate) acceptances: Acceptances,
    pub(crate) masker: Masker,
}

impl Shared {
    pub(crate) fn new(mut options: RunOptions) -> Self {
        Self {
            client: Client::new(),
            validators: Validators::default(),
            acceptances: Acceptances::new(std::mem::take(&mut options.acceptances)),
            masker: Masker::new(&options.secrets),
            options,
        }
    }

    /// Takes secrets out of everything that a step's result holds besides its requests and responses, which are masked as they are
    /// recorded.
    pub(crate) fn mask_step(&self, result: &mut StepResult) {
        if self.masker.is_empty() {
            return;
        }
        result.reason.iter_mut().for_each(|reason| self.masker.mask_string(reason));
        result.checks.iter_mut().for_each(|check| self.mask_check(check));
        result.outputs.values_mut().for_each(|value| self.masker.mask_value(value));
    }

    fn mask_check(&self, check: &mut CheckResult) {
        let mask = |text: &mut String| self.masker.mask_string(text);
        mask(&mut check.condition);
        match &mut check.outcome {
            CheckOutcome::Held => {}
            CheckOutcome::Failed { expected, actual, at } => {
                [expected, actual].into_iter().chain(at).for_each(mask);
            }
            CheckOutcome::Unevaluable { why } => mask(why),
            CheckOutcome::Accepted { mismatch, at, reason } => {
                [mismatch, reason].into_iter().chain(at).for_each(mask);
            }
        }
    }
}
