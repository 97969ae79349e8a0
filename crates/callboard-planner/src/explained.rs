//! Names that a service explains once and uses often: where one `reference` is described as the id of an order, the others of this service
//! are too.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use callboard_model::System;

use crate::described;
use crate::entities::{EntityId, Nouns, numbered};
use crate::shape::{Kind, Place};
use crate::typing::OperationTypes;
use crate::words::singular;

/// Names that say nothing by themselves, whatever one of them is described as.
const PLAIN: &[&str] = &[
    "id",
    "ids",
    "uuid",
    "key",
    "name",
    "code",
    "value",
    "type",
    "status",
    "number",
    "title",
    "description",
    "url",
    "uri",
    "href",
    "text",
    "data",
    "path",
    "q",
    "query",
    "filter",
    "message",
];

/// What names of fields and parameters stand for, by service.
#[derive(Debug, Default)]
pub(crate) struct Explained {
    known: HashMap<(usize, String), BTreeSet<EntityId>>,
}

impl Explained {
    /// Reads the descriptions of a system whose bodies are known.
    pub(crate) fn of(system: &System, nouns: &Nouns, operations: &[OperationTypes]) -> Self {
        let mut explained = Self::default();
        let mut seen: HashSet<*const Vec<Place>> = HashSet::new();
        for (numbered, types) in numbered(system).zip(operations) {
            let service = numbered.service_number;
            for parameter in &numbered.operation.parameters {
                explained.learn(nouns, service, &parameter.name, parameter.description.as_deref());
            }
            for places in [&types.request, &types.response] {
                if seen.insert(Arc::as_ptr(places)) {
                    for place in places.iter().filter(|place| matches!(place.shape.kind, Kind::Text | Kind::Integer)) {
                        explained.learn(nouns, service, &place.name, place.shape.description.as_deref());
                    }
                }
            }
        }
        explained
    }

    fn learn(&mut self, nouns: &Nouns, service: usize, name: &str, text: Option<&str>) {
        let lower = name.to_lowercase();
        if lower.is_empty() || PLAIN.contains(&lower.as_str()) {
            return;
        }
        let nouns =
            text.map(described::keys_of).unwrap_or_default().into_iter().find_map(|(noun, _)| nouns.exact(&singular(&noun)));
        if let Some(entity) = nouns {
            self.known.entry((service, lower)).or_default().insert(entity);
        }
    }

    /// What a name stands for in a service, where its texts agree.
    pub(crate) fn meaning(&self, service: usize, name: &str) -> Option<EntityId> {
        let known = self.known.get(&(service, name.to_lowercase()))?;
        if known.len() == 1 { known.first().copied() } else { None }
    }
}
