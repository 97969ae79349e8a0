//! What resources look like: the field names of the objects that GET-by-id returns, and how much another object resembles them.

use std::collections::{BTreeSet, HashMap};

use callboard_model::{Method, NodeRef, System};

use crate::entities::{EntityId, Typing, numbered};
use crate::path::{self, Segment};
use crate::shape::Place;

/// Fields in more profiles than this say nothing about which resource it is.
const COMMON: usize = 64;

/// Field sets by entity.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    fields: HashMap<EntityId, BTreeSet<String>>,
    by_field: HashMap<String, Vec<EntityId>>,
    cache: std::cell::RefCell<HashMap<(usize, NodeRef), Option<(EntityId, f64)>>>,
}

impl Profiles {
    pub(crate) fn of(system: &System, typing: &Typing) -> Self {
        let mut profiles = Self::default();
        for (index, numbered) in numbered(system).enumerate() {
            let operation = numbered.operation;
            let segments = path::segments(&operation.key.path);
            let is_by_key = operation.key.method == Method::Get && matches!(segments.last(), Some(Segment::Parameter(_)));
            let Some(root) = typing.operations[index].response.first().filter(|_| is_by_key) else { continue };
            let noun = path::noun_before(&segments, segments.len() - 1);
            let Some((entity, sure)) = typing.find(&noun, numbered.service_number) else { continue };
            let names: BTreeSet<String> = field_names(root);
            if sure >= 1.0 && names.len() >= 2 {
                profiles.fields.entry(entity).or_default().extend(names);
            }
        }
        for (entity, names) in &profiles.fields {
            for name in names {
                profiles.by_field.entry(name.clone()).or_default().push(*entity);
            }
        }
        for entities in profiles.by_field.values_mut() {
            entities.sort_unstable();
        }
        profiles
    }

    fn weight(&self, field: &str) -> f64 {
        let known = self.by_field.get(field).map_or(0, Vec::len);
        if known == 0 { 0.3 } else { 1.0 / (known as f64).sqrt() }
    }

    /// How much an object's fields are those of an entity, 0 to 1; `None` when the entity's fields are not known.
    pub(crate) fn likeness(&self, place: &Place, entity: EntityId) -> Option<f64> {
        let profile = self.fields.get(&entity)?;
        let names = field_names(place);
        Some(self.cosine(&names, profile))
    }

    fn cosine(&self, names: &BTreeSet<String>, profile: &BTreeSet<String>) -> f64 {
        let square = |set: &BTreeSet<String>| set.iter().map(|f| self.weight(f).powi(2)).sum::<f64>();
        let shared: f64 = names.intersection(profile).map(|f| self.weight(f).powi(2)).sum();
        let smaller = square(names).min(square(profile));
        let product = (square(names) * square(profile)).sqrt();
        if product <= 0.0 {
            return 0.0;
        }
        // A shortened object still is one: containment counts as much as likeness. Single common fields do not.
        let reliable = (names.intersection(profile).count() as f64 / 3.0).min(1.0);
        (0.5 * shared / product + 0.5 * shared / smaller) * reliable
    }

    /// All entities whose fields an object of several kinds has, best first.
    pub(crate) fn all_like(&self, place: &Place, least: f64) -> Vec<(EntityId, f64)> {
        let names = field_names(place);
        let mut found: Vec<(EntityId, f64)> =
            self.fields.iter().map(|(entity, profile)| (*entity, self.cosine(&names, profile))).collect();
        found.retain(|(_, sim)| *sim >= least);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(3);
        found
    }

    /// The entity whose fields an object shares most.
    pub(crate) fn most_like(&self, place: &Place) -> Option<(EntityId, f64)> {
        let names = field_names(place);
        if names.len() < 3 {
            return None;
        }
        let key = (names.len(), place.node.clone());
        if let Some(found) = self.cache.borrow().get(&key) {
            return *found;
        }
        let rare = |field: &&String| self.by_field.get(*field).is_some_and(|entities| entities.len() <= COMMON);
        let mut candidates: Vec<EntityId> = names.iter().filter(rare).flat_map(|f| self.by_field[f].iter().copied()).collect();
        candidates.sort_unstable();
        candidates.dedup();
        candidates.truncate(256);
        let mut best: Option<(EntityId, f64)> = None;
        for entity in candidates {
            let sim = self.cosine(&names, &self.fields[&entity]);
            if best.is_none_or(|(_, b)| sim > b) {
                best = Some((entity, sim));
            }
        }
        self.cache.borrow_mut().insert(key, best);
        best
    }
}

/// Names of an object's fields, lower case.
fn field_names(place: &Place) -> BTreeSet<String> {
    place.shape.fields.iter().map(|field| field.name.to_lowercase()).collect()
}
