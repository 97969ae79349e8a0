//! What all scenarios of a run share.

use std::collections::HashSet;

use crate::acceptance::Acceptances;
use crate::client::Client;
use crate::options::RunOptions;
use crate::secrets::Masker;
use crate::target::Target;
use crate::validators::Validators;

/// What all scenarios of a run share.
pub(crate) struct Shared {
    pub(crate) options: RunOptions,
    pub(crate) client: Client,
    pub(crate) validators: Validators,
    pub(crate) acceptances: Acceptances,
    pub(crate) masker: Masker,
    /// Names of outputs that become credentials of a later request: their values are secrets from the moment they are known.
    pub(crate) credential_outputs: HashSet<String>,
}

impl Shared {
    pub(crate) fn new(mut options: RunOptions) -> Self {
        Self {
            client: Client::new(),
            validators: Validators::default(),
            acceptances: Acceptances::new(std::mem::take(&mut options.acceptances)),
            masker: Masker::new(&options.secrets),
            credential_outputs: options.targets.values().flat_map(Target::credential_outputs).collect(),
            options,
        }
    }
}
