//! Names that a service explains once and uses often: where one `reference` is described as the id of an order, the others of this service
//! are too.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use callboard_model::System;

use crate::described;
use crate::entities::{EntityId, Nouns, Numbered, numbered_of, ranges};
use crate::parallel;
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
    services: Vec<Names>,
}

/// What the descriptions of one service say about each name.
type Names = HashMap<String, BTreeSet<EntityId>>;

impl Explained {
    /// Reads the descriptions of a system whose bodies are known.
    pub(crate) fn of(system: &System, nouns: &Nouns, operations: &[OperationTypes]) -> Self {
        let ranges = ranges(system);
        let read = |service: usize| names_of(nouns, numbered_of(system, service).zip(&operations[ranges[service].clone()]));
        Self { services: parallel::map(ranges.len(), read) }
    }

    /// What a name stands for in a service, where its texts agree.
    pub(crate) fn meaning(&self, service: usize, name: &str) -> Option<EntityId> {
        let known = self.services.get(service)?.get(&name.to_lowercase())?;
        if known.len() == 1 { known.first().copied() } else { None }
    }
}

fn names_of<'a>(nouns: &Nouns, operations: impl Iterator<Item = (Numbered<'a>, &'a OperationTypes)>) -> Names {
    let mut names = Names::new();
    let mut seen: HashSet<*const Vec<Place>> = HashSet::new();
    for (numbered, types) in operations {
        for parameter in &numbered.operation.parameters {
            learn(&mut names, nouns, &parameter.name, parameter.description.as_deref());
        }
        for places in [&types.request, &types.response] {
            if seen.insert(Arc::as_ptr(places)) {
                for place in places.iter().filter(|place| matches!(place.shape.kind, Kind::Text | Kind::Integer)) {
                    learn(&mut names, nouns, &place.name, place.shape.description.as_deref());
                }
            }
        }
    }
    names
}

fn learn(names: &mut Names, nouns: &Nouns, name: &str, text: Option<&str>) {
    let lower = name.to_lowercase();
    if lower.is_empty() || PLAIN.contains(&lower.as_str()) {
        return;
    }
    let found = text.map(described::keys_of).unwrap_or_default();
    if let Some(entity) = found.into_iter().find_map(|(noun, _)| nouns.exact(&singular(&noun))) {
        names.entry(lower).or_default().insert(entity);
    }
}
