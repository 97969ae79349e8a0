//! What resources look like: the field names of the objects that GET-by-id returns, and how much another object resembles them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callboard_model::{Method, System};

use crate::entities::{EntityId, Nouns, numbered};
use crate::path::{self, Segment};
use crate::shape::{Kind, Place, Shape};
use crate::typing::OperationTypes;

/// Fields in more profiles than this say nothing about which resource it is.
const COMMON: usize = 64;
/// Resources compared with one object.
const CANDIDATES: usize = 256;
/// The weight of a field that no resource has.
const UNKNOWN: f64 = 0.3;

/// Field sets by entity, with what was found out about shapes. A copy shares the first and begins anew with the second.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    known: Arc<Known>,
    /// What is known of shapes, by their numbers.
    names: HashMap<u64, Arc<Names>>,
    nearest: HashMap<u64, Option<(EntityId, f64)>>,
}

impl Clone for Profiles {
    fn clone(&self) -> Self {
        Self { known: self.known.clone(), ..Self::default() }
    }
}

/// Field sets by entity. Fields are numbered.
#[derive(Debug, Default)]
struct Known {
    fields: BTreeMap<EntityId, Names>,
    numbers: HashMap<String, usize>,
    /// By field: the entities that have it, and its weight squared.
    by_field: Vec<(Vec<EntityId>, f64)>,
}

/// The names of an object's fields: those that some resource has, by number, and the weight of all.
#[derive(Debug, Default)]
struct Names {
    known: BTreeSet<usize>,
    count: usize,
    square: f64,
}

/// The object that an answer holds, without an envelope of one field around it.
fn unwrapped(places: &[Place]) -> Option<&Place> {
    let root = places.first()?;
    let inner = places.get(1).filter(|inner| root.shape.fields.len() == 1 && inner.shape.kind == Kind::Object);
    Some(inner.unwrap_or(root))
}

impl Known {
    fn of(system: &System, nouns: &Nouns, operations: &[OperationTypes]) -> Self {
        let mut profiles = Self::default();
        for (numbered, types) in numbered(system).zip(operations) {
            let segments = path::segments(&numbered.operation.key.path);
            let is_by_key =
                numbered.operation.key.method == Method::Get && matches!(segments.last(), Some(Segment::Parameter(_)));
            let Some(root) = unwrapped(&types.response).filter(|root| is_by_key && root.shape.fields.len() >= 2) else {
                continue;
            };
            let noun = path::noun_before(&segments, segments.len() - 1);
            match nouns.find(&noun, numbered.service_number) {
                Some((entity, sure)) if sure >= 1.0 => profiles.learn(entity, &root.shape),
                _ => {}
            }
        }
        profiles.weigh();
        profiles
    }

    fn learn(&mut self, entity: EntityId, shape: &Shape) {
        for field in &shape.fields {
            let next = self.numbers.len();
            let number = *self.numbers.entry(field.name.to_lowercase()).or_insert(next);
            self.fields.entry(entity).or_default().known.insert(number);
        }
    }

    /// A field that few resources have says more.
    fn weigh(&mut self) {
        self.by_field = vec![(Vec::new(), 0.0); self.numbers.len()];
        for (entity, names) in &self.fields {
            for number in &names.known {
                self.by_field[*number].0.push(*entity);
            }
        }
        for (entities, weight) in &mut self.by_field {
            *weight = 1.0 / entities.len().max(1) as f64;
        }
        for names in self.fields.values_mut() {
            names.count = names.known.len();
            names.square = names.known.iter().map(|number| self.by_field[*number].1).sum();
        }
    }

    /// Entities that have one of the rarer fields.
    fn candidates(&self, names: &Names) -> BTreeSet<EntityId> {
        let owners = names.known.iter().map(|number| &self.by_field[*number].0).filter(|owners| owners.len() <= COMMON);
        let all: BTreeSet<EntityId> = owners.flatten().copied().collect();
        all.into_iter().take(CANDIDATES).collect()
    }

    fn cosine(&self, names: &Names, profile: &Names) -> f64 {
        let (few, many) = if names.known.len() < profile.known.len() { (names, profile) } else { (profile, names) };
        let (mut shared, mut count) = (0.0, 0);
        for number in few.known.iter().filter(|number| many.known.contains(number)) {
            shared += self.by_field[*number].1;
            count += 1;
        }
        let product = (names.square * profile.square).sqrt();
        if product <= 0.0 {
            return 0.0;
        }
        // A shortened object still is one: containment counts as much as likeness. Single common fields do not.
        let reliable = (f64::from(count) / 3.0).min(1.0);
        (0.5 * shared / product + 0.5 * shared / names.square.min(profile.square)) * reliable
    }
}

impl Profiles {
    /// Reads what operations that read a resource by its key answer with.
    pub(crate) fn of(system: &System, nouns: &Nouns, operations: &[OperationTypes]) -> Self {
        Self { known: Arc::new(Known::of(system, nouns, operations)), ..Self::default() }
    }

    fn names(&mut self, shape: &Shape) -> Arc<Names> {
        if let Some(known) = self.names.get(&shape.number) {
            return known.clone();
        }
        let all: BTreeSet<String> = shape.fields.iter().map(|field| field.name.to_lowercase()).collect();
        let mut names = Names { count: all.len(), ..Names::default() };
        for name in &all {
            let number = self.known.numbers.get(name);
            names.square += number.map_or(UNKNOWN * UNKNOWN, |number| self.known.by_field[*number].1);
            names.known.extend(number);
        }
        let names = Arc::new(names);
        self.names.insert(shape.number, names.clone());
        names
    }

    /// How much an object's fields are those of an entity, 0 to 1; `None` when the entity's fields are not known.
    pub(crate) fn likeness(&mut self, shape: &Shape, entity: EntityId) -> Option<f64> {
        if !self.known.fields.contains_key(&entity) || shape.fields.len() < 3 {
            return None;
        }
        let names = self.names(shape);
        self.known.fields.get(&entity).map(|profile| self.known.cosine(&names, profile))
    }

    /// All entities whose fields an object of several kinds has, best first.
    pub(crate) fn all_like(&mut self, shape: &Shape, least: f64) -> Vec<(EntityId, f64)> {
        let names = self.names(shape);
        let mut found: Vec<(EntityId, f64)> = self
            .known
            .candidates(&names)
            .into_iter()
            .map(|entity| (entity, self.known.cosine(&names, &self.known.fields[&entity])))
            .collect();
        found.retain(|(_, sim)| *sim >= least);
        found.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(3);
        found
    }

    /// The entity whose fields an object shares most.
    pub(crate) fn most_like(&mut self, shape: &Shape) -> Option<(EntityId, f64)> {
        if let Some(found) = self.nearest.get(&shape.number) {
            return *found;
        }
        let names = self.names(shape);
        let mut best: Option<(EntityId, f64)> = None;
        if names.count >= 3 {
            for entity in self.known.candidates(&names) {
                let sim = self.known.cosine(&names, &self.known.fields[&entity]);
                if best.is_none_or(|(_, b)| sim > b) {
                    best = Some((entity, sim));
                }
            }
        }
        self.nearest.insert(shape.number, best);
        best
    }
}
