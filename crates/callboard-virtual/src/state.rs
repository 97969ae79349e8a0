//! The entities of one service in one world.
//!
//! Which entities are there before anybody changed anything:
//! - three seeded ones per collection (and per parent), so that lists are not empty; examples of the key in the definition count too;
//! - every integer key below 1000, made when it is asked for (`GET /pet/42` of an untouched world answers);
//! - any key at all, where the definition gives a caller no way to learn one (nothing to create, nothing to list), or does not document
//!   404 for the operation;
//! - with [`crate::Behaviour::strict_keys`] the seeded ones alone.
//!
//! Keys that were removed stay gone. Everything that is made follows from the seed, the collection, the parents and the key.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use callboard_model::Service;
use callboard_schema::{Direction, parameter};
use serde_json::{Map, Value};

use crate::judges::Judges;
use crate::resource::{Collection, CollectionId};
use crate::world::{Entity, Known, ShelfKey, World};

/// How many entities a collection has from the start.
pub(crate) const SEEDED: u64 = 3;
/// Integer keys below this exist from the start; made ones begin above.
const LAZY_BELOW: i64 = 1000;

/// The unchanging side: what is there from the start, made on demand and kept.
pub(crate) struct Ground {
    pub(crate) index: usize,
    pub(crate) service: Arc<Service>,
    pub(crate) collections: Vec<Collection>,
    pub(crate) judges: Judges,
    pub(crate) seed: u64,
    pub(crate) strict_keys: bool,
    seeded: RwLock<HashMap<(CollectionId, String, String), Arc<Entity>>>,
    pub(crate) kept_keys: RwLock<HashMap<CollectionId, Arc<Vec<String>>>>,
}

/// More made entities than this are not kept between requests; they are made again, the same.
const MAX_KEPT: usize = 50_000;

/// A hash that is the same on every machine and in every version.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| fold(part.bytes().fold(hash, fold), 0xff))
}

/// A key as it stands in a path.
pub(crate) fn key_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Joins the keys of parents; a separator that no decoded segment of a path needs.
pub(crate) fn joined(keys: &[String]) -> String {
    keys.join("\u{1f}")
}

impl Ground {
    pub(crate) fn new(index: usize, service: Arc<Service>, collections: Vec<Collection>, seed: u64, strict_keys: bool) -> Self {
        let seed = seed ^ hash(&[service.name.as_str()]);
        let judges = Judges::new(service.clone());
        Self { index, service, collections, judges, seed, strict_keys, seeded: RwLock::default(), kept_keys: RwLock::default() }
    }

    fn shelf(&self, id: CollectionId, keys: &[String]) -> ShelfKey {
        let depth = self.collections[id].depth.min(keys.len());
        (self.index, id, joined(&keys[..depth]))
    }

    /// The key of the entity among the values of the path.
    pub(crate) fn key<'k>(&self, id: CollectionId, keys: &'k [String]) -> &'k str {
        if self.collections[id].is_single { "" } else { keys.get(self.collections[id].depth).map_or("", String::as_str) }
    }

    /// The entity that the values of a path lead to. `is_open`: whether an unknown key counts as one that exists.
    pub(crate) fn find(&self, world: &World, id: CollectionId, keys: &[String], is_open: bool) -> Option<Arc<Entity>> {
        let key = self.key(id, keys);
        match world.look(&self.shelf(id, keys), key) {
            Known::Present(entity) => Some(entity),
            Known::Gone => None,
            Known::Untouched => self.exists_from_start(id, key, is_open).then(|| self.seeded_entity(id, keys, key)),
        }
    }

    /// The first collection on the way whose entity is not there.
    pub(crate) fn missing_ancestor(
        &self,
        world: &World,
        ancestors: &[CollectionId],
        keys: &[String],
        is_open: bool,
    ) -> Option<CollectionId> {
        ancestors.iter().copied().find(|id| {
            let known = world.look(&self.shelf(*id, keys), self.key(*id, keys));
            match known {
                Known::Present(_) => false,
                Known::Gone => true,
                Known::Untouched => !self.exists_from_start(*id, self.key(*id, keys), is_open),
            }
        })
    }

    fn exists_from_start(&self, id: CollectionId, key: &str, is_open: bool) -> bool {
        let collection = &self.collections[id];
        if collection.is_single || self.seeded_keys(id).iter().any(|known| known == key) {
            return true;
        }
        if self.strict_keys {
            return false;
        }
        let is_small = key.parse::<i64>().is_ok_and(|n| (0..LAZY_BELOW).contains(&n)) && self.has_integer_keys(id);
        let is_unlearnable = !collection.can_create && !collection.can_list;
        is_open || is_small || is_unlearnable
    }

    /// An entity as it is from the start.
    fn seeded_entity(&self, id: CollectionId, keys: &[String], key: &str) -> Arc<Entity> {
        let depth = self.collections[id].depth.min(keys.len());
        let parents = joined(&keys[..depth]);
        let cache_key = (id, parents, key.to_owned());
        if let Some(entity) = self.seeded.read().unwrap_or_else(PoisonError::into_inner).get(&cache_key) {
            return entity.clone();
        }
        let value = self.assemble(id, keys, Some(key), &Map::new(), false);
        let entity = Entity::new(key.to_owned(), value);
        let mut seeded = self.seeded.write().unwrap_or_else(PoisonError::into_inner);
        if seeded.len() < MAX_KEPT {
            seeded.insert(cache_key, entity.clone());
        }
        entity
    }

    /// All entities of a collection, those from the start first.
    pub(crate) fn list(&self, world: &World, id: CollectionId, keys: &[String]) -> Vec<Arc<Entity>> {
        let (changed, gone) = world.changes(&self.shelf(id, keys));
        let seeded = self.seeded_keys(id);
        let seeded = seeded.iter().filter(|key| !gone.contains(*key)).map(|key| {
            changed.iter().find(|entity| entity.key == **key).cloned().unwrap_or_else(|| self.seeded_entity(id, keys, key))
        });
        let mut all: Vec<Arc<Entity>> = seeded.collect();
        for entity in changed {
            if !all.iter().any(|known| known.key == entity.key) {
                all.push(entity);
            }
        }
        all
    }

    /// Makes an entity of what was sent. The key is the one in the path, the one in the body, or a new one.
    pub(crate) fn create(&self, world: &World, id: CollectionId, keys: &[String], sent: &Map<String, Value>) -> Arc<Entity> {
        let collection = &self.collections[id];
        let given = keys.get(collection.depth).cloned().filter(|_| !collection.is_single);
        let chosen = given.or_else(|| self.key_in(id, sent));
        let shelf = self.shelf(id, keys);
        let seeded = self.seeded_keys(id);
        let key = match chosen {
            _ if collection.is_single => String::new(),
            Some(key) => key,
            None => world.change(&shelf, |shelf| {
                shelf.made += 1;
                let above = LAZY_BELOW.unsigned_abs();
                // Some definitions allow small keys alone.
                let begins_above = self.has_integer_keys(id) && self.fits_path(id, &(above + shelf.made).to_string());
                let ordinal = shelf.made + if begins_above { above } else { SEEDED };
                let is_taken =
                    |key: &str| shelf.present.contains_key(key) || shelf.gone.contains(key) || seeded.iter().any(|k| k == key);
                key_text(&self.new_key(id, ordinal, &is_taken)).unwrap_or_default()
            }),
        };
        let entity = Entity::new(key.clone(), self.assemble(id, keys, Some(&key), sent, true));
        self.put(world, id, keys, entity.clone());
        entity
    }

    /// The key that the caller chose in the body, where the schema lets it.
    pub(crate) fn key_in(&self, id: CollectionId, sent: &Map<String, Value>) -> Option<String> {
        let name = self.collections[id].key_property.as_ref()?;
        let is_read_only = self.key_schemas(id).next().is_some_and(|schema| schema.is_read_only());
        sent.get(name).filter(|_| !is_read_only).and_then(key_text).filter(|key| !key.is_empty() && self.fits_path(id, key))
    }

    /// Whether a key can stand in the path of its entity.
    fn fits_path(&self, id: CollectionId, key: &str) -> bool {
        let node = self.collections[id].key_parameter.as_ref().and_then(|(_, node)| node.as_ref());
        node.is_none_or(|node| {
            let value = parameter::coerce(self.judges.schema(node).as_ref(), key);
            self.judges.is_valid(node, Direction::Request, &value)
        })
    }

    /// Whether an entity was made or seeded, not only taken for one that exists.
    pub(crate) fn is_kept(&self, world: &World, id: CollectionId, keys: &[String]) -> bool {
        let key = self.key(id, keys);
        match world.look(&self.shelf(id, keys), key) {
            Known::Present(_) => true,
            Known::Gone => false,
            Known::Untouched => self.seeded_keys(id).iter().any(|known| known == key),
        }
    }

    /// Puts an entity into a world, in the place of the one with its key.
    pub(crate) fn put(&self, world: &World, id: CollectionId, keys: &[String], entity: Arc<Entity>) {
        world.change(&self.shelf(id, keys), |shelf| {
            shelf.gone.remove(&entity.key);
            shelf.present.insert(entity.key.clone(), entity);
        });
    }

    /// Removes one.
    pub(crate) fn remove(&self, world: &World, id: CollectionId, keys: &[String]) {
        let key = self.key(id, keys).to_owned();
        world.change(&self.shelf(id, keys), |shelf| {
            shelf.present.shift_remove(&key);
            shelf.gone.insert(key);
        });
    }
}
