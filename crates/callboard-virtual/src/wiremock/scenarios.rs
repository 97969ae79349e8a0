//! The states of scenarios.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::snapshot::Snapshot;
use super::stub::{Scenario, Stub};

/// The state of a scenario that nothing has happened in.
pub(crate) const STARTED: &str = "Started";

/// States by scenario; one that is not listed is `Started`.
#[derive(Debug, Default)]
pub(crate) struct Scenarios {
    states: Mutex<HashMap<String, String>>,
}

impl Scenarios {
    /// Whether a stub may answer now; if so, the state changes as it says, at once.
    pub(crate) fn pass(&self, scenario: &Scenario) -> bool {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.get(&scenario.name).map_or(STARTED, String::as_str);
        if scenario.required.as_deref().is_some_and(|required| required != state) {
            return false;
        }
        if let Some(next) = &scenario.next {
            states.insert(scenario.name.clone(), next.clone());
        }
        true
    }

    /// The state of a scenario.
    pub(crate) fn state(&self, name: &str) -> String {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(name).map_or_else(|| STARTED.to_owned(), Clone::clone)
    }

    /// All back to `Started`.
    pub(crate) fn reset(&self) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Sets the state of one.
    pub(crate) fn set(&self, name: &str, state: &str) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), state.to_owned());
    }

    /// The scenarios that stubs name, as the admin API shows them.
    pub(crate) fn to_json(&self, snapshot: &Snapshot) -> Value {
        let mut names: Vec<&str> = snapshot.stubs.iter().filter_map(|stub| Some(stub.scenario.as_ref()?.name.as_str())).collect();
        names.sort_unstable();
        names.dedup();
        let show = |name: &&str| {
            let stubs: Vec<&Value> = stubs_of(snapshot, name).map(|stub| &stub.source).collect();
            json!({"id": name, "name": name, "state": self.state(name), "possibleStates": possible_states(snapshot, name), "mappings": stubs})
        };
        names.iter().map(show).collect()
    }
}

fn stubs_of<'s>(snapshot: &'s Snapshot, name: &str) -> impl Iterator<Item = &'s Stub> {
    snapshot
        .stubs
        .iter()
        .map(AsRef::as_ref)
        .filter(move |stub| stub.scenario.as_ref().is_some_and(|scenario| scenario.name == name))
}

/// The states that the stubs of a scenario name.
pub(crate) fn possible_states(snapshot: &Snapshot, name: &str) -> Vec<String> {
    let scenarios = stubs_of(snapshot, name).filter_map(|stub| stub.scenario.as_ref());
    let mut states: Vec<String> =
        scenarios.flat_map(|scenario| [&scenario.required, &scenario.next]).flatten().cloned().collect();
    states.sort();
    states.dedup();
    states
}
