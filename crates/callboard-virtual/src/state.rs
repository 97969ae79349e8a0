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

use callboard_model::api::ParameterLocation;
use callboard_model::{NodeRef, Pointer, Schema, Service};
use callboard_schema::{Direction, Fill, Hints, parameter, synthesise};
use serde_json::{Map, Value, json};

use crate::judges::Judges;
use crate::resource::{Collection, CollectionId, same_name};
use crate::world::{Entity, Known, ShelfKey, World};

/// How many entities a collection has from the start.
const SEEDED: u64 = 3;
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
    keys: RwLock<HashMap<CollectionId, Arc<Vec<String>>>>,
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
fn joined(keys: &[String]) -> String {
    keys.join("\u{1f}")
}

impl Ground {
    pub(crate) fn new(index: usize, service: Arc<Service>, collections: Vec<Collection>, seed: u64, strict_keys: bool) -> Self {
        let seed = seed ^ hash(&[service.name.as_str()]);
        let judges = Judges::new(service.clone());
        Self { index, service, collections, judges, seed, strict_keys, seeded: RwLock::default(), keys: RwLock::default() }
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

    fn key_schemas(&self, id: CollectionId) -> impl Iterator<Item = Schema<'_>> {
        let collection = &self.collections[id];
        let property = collection.entity.as_ref().zip(collection.key_property.as_ref());
        let of_property = property.and_then(|(node, name)| self.judges.schema(node)?.property(name));
        let of_parameter = collection.key_parameter.as_ref().and_then(|(_, node)| self.judges.schema(node.as_ref()?));
        of_property.into_iter().chain(of_parameter)
    }

    fn has_integer_keys(&self, id: CollectionId) -> bool {
        self.key_schemas(id).any(|schema| matches!(schema.types().first(), Some(&"integer" | &"number")))
    }

    /// The keys that exist from the start.
    pub(crate) fn seeded_keys(&self, id: CollectionId) -> Arc<Vec<String>> {
        if let Some(keys) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return keys.clone();
        }
        let keys = Arc::new(self.make_keys(id));
        self.keys.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(keys).clone()
    }

    fn make_keys(&self, id: CollectionId) -> Vec<String> {
        if self.collections[id].is_single {
            return vec![String::new()];
        }
        let mut keys: Vec<String> = Vec::new();
        let enumerated = self.key_schemas(id).find_map(|schema| schema.enumeration());
        if let Some(values) = enumerated {
            keys.extend(values.into_iter().filter_map(key_text));
            return keys;
        }
        for ordinal in 1..=SEEDED {
            let key = key_text(&self.new_key(id, ordinal, &|known| keys.iter().any(|key| key == known))).unwrap_or_default();
            keys.push(key);
        }
        keys.extend(self.documented_keys(id));
        keys
    }

    /// Examples of the key's parameter.
    fn documented_keys(&self, id: CollectionId) -> Vec<String> {
        let Some((name, _)) = &self.collections[id].key_parameter else { return Vec::new() };
        let parameters =
            self.service.operations.iter().filter(|op| {
                crate::resource::split_key(&op.key.path).is_some_and(|(parent, _)| parent == self.collections[id].path)
            });
        let mut found: Vec<String> = Vec::new();
        for parameter in parameters.filter_map(|op| op.parameter(ParameterLocation::Path, name)) {
            let raw = self.service.documents.value(&parameter.node);
            let own = raw.into_iter().flat_map(|raw| [raw.get("example"), raw.get("x-example")]).flatten();
            let named = raw
                .and_then(|raw| raw.get("examples")?.as_object())
                .into_iter()
                .flat_map(|map| map.values().filter_map(|v| v.get("value")));
            let of_schema = parameter.schema.as_ref().and_then(|node| self.judges.schema(node)).map(|schema| schema.examples());
            let texts = own.chain(named).chain(of_schema.into_iter().flatten()).filter_map(key_text);
            found.extend(texts.collect::<Vec<_>>());
        }
        found.dedup();
        found
    }

    /// A key that is not taken.
    fn new_key(&self, id: CollectionId, ordinal: u64, is_taken: &dyn Fn(&str) -> bool) -> Value {
        let collection = &self.collections[id];
        let name = collection.key_property.clone().unwrap_or_else(|| "id".to_owned());
        if self.has_integer_keys(id) {
            let mut number = ordinal;
            while is_taken(&number.to_string()) {
                number += 1;
            }
            return json!(number);
        }
        let schema = self.key_schemas(id).next();
        let hints =
            Hints { ignore_examples: true, ..Hints::named(if name == "name" { collection.singular() + "Name" } else { name }) };
        for attempt in 0..50_u64 {
            let seed = self.seed
                ^ hash(&[&collection.path, "key"])
                ^ (ordinal << 8).wrapping_add(attempt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let value = match &schema {
                Some(schema) => synthesise(schema, Direction::Response, seed, &hints),
                None => json!(format!("{}-{ordinal:04}", collection.singular())),
            };
            let text = key_text(&value).filter(|text| !text.is_empty() && !text.contains('/'));
            if text.is_some_and(|text| !is_taken(&text)) {
                return value;
            }
        }
        json!(format!("{}-{ordinal:04}", collection.singular()))
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
                let ordinal = shelf.made + if self.has_integer_keys(id) { LAZY_BELOW.unsigned_abs() } else { SEEDED };
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
        sent.get(name).filter(|_| !is_read_only).and_then(key_text).filter(|key| !key.is_empty())
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

    /// An entity's representation: what was sent, its key and its parents stay; the rest is made. `is_new`: the service's own fields
    /// begin with their defaults.
    pub(crate) fn assemble(
        &self,
        id: CollectionId,
        keys: &[String],
        key: Option<&str>,
        sent: &Map<String, Value>,
        is_new: bool,
    ) -> Value {
        let collection = &self.collections[id];
        let Some(node) = &collection.entity else { return Value::Object(sent.clone()) };
        let Some(schema) = self.judges.schema(node) else { return Value::Object(sent.clone()) };
        let mut own = sent.clone();
        if let (Some(name), Some(key)) = (&collection.key_property, key.filter(|_| !collection.is_single)) {
            own.insert(name.clone(), parameter::coerce(schema.property(name).as_ref(), key));
        }
        let mut pins = self.pins(&schema, &own);
        self.pin_parents(id, keys, &schema, &own, &mut pins);
        if is_new {
            pin_defaults(&schema, &own, &mut pins);
        }
        let key = key.unwrap_or_default();
        let parents = joined(&keys[..collection.depth.min(keys.len())]);
        let hints = Hints { pins, name: Some(collection.singular()), ..Hints::default() };
        let seed = self.seed ^ hash(&[&collection.path, &parents, key]);
        self.judges.make(node, seed, &hints).unwrap_or_else(|| Value::Object(sent.clone()))
    }

    /// Properties that the schema describes and whose values it allows.
    pub(crate) fn pins(&self, schema: &Schema<'_>, values: &Map<String, Value>) -> Vec<(Pointer, Value)> {
        let is_bare = schema.all_properties().is_empty() && !schema.is_closed();
        let fits = |name: &str, value: &Value| match schema.property(name) {
            Some(property) => !property.is_write_only() && self.judges.is_valid(property.node(), Direction::Response, value),
            None => is_bare,
        };
        let kept = values.iter().filter(|(name, value)| fits(name, value));
        kept.map(|(name, value)| (Pointer::root().join(name), value.clone())).collect()
    }

    /// Properties named like the parameters of the path carry their values.
    fn pin_parents(
        &self,
        id: CollectionId,
        keys: &[String],
        schema: &Schema<'_>,
        own: &Map<String, Value>,
        pins: &mut Vec<(Pointer, Value)>,
    ) {
        let path = &self.collections[id].path;
        let names = path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
        for (name, key) in names.zip(keys) {
            let found = schema.all_properties().into_iter().find(|(property, _)| same_name(property, name));
            let Some((property, child)) = found.filter(|(property, _)| !own.contains_key(*property)) else { continue };
            let value = parameter::coerce(Some(&child), key);
            let is_key = self.collections[id].key_property.as_deref() == Some(property);
            if !is_key && self.judges.is_valid(child.node(), Direction::Response, &value) {
                pins.push((Pointer::root().join(property), value));
            }
        }
    }

    /// The representation by another schema: the entity itself where that is the same, otherwise made around what both have.
    pub(crate) fn shown(&self, id: CollectionId, entity: &Entity, node: &NodeRef, wrapper: Option<&str>) -> Option<Value> {
        let schema = self.judges.schema(node)?;
        let seed = self.seed ^ hash(&[&self.collections[id].path, &entity.key, "shown"]);
        if let Some(property) = wrapper {
            let inner = schema.property(property)?;
            let value = self.shown(id, entity, inner.resolved().node(), None)?;
            let hints = Hints { pins: vec![(Pointer::root().join(property), value)], fill: Fill::Minimal, ..Hints::default() };
            return self.judges.make(node, seed, &hints);
        }
        let resolved = schema.resolved();
        if self.collections[id].entity.as_ref() == Some(resolved.node()) || self.is_shown_whole(&resolved, entity) {
            return Some(entity.value.clone());
        }
        match resolved.types().first() {
            Some(&"array") => {
                let items = resolved.items()?;
                let item = self.shown(id, entity, items.resolved().node(), None)?;
                Some(Value::Array(vec![item]))
            }
            Some(&("string" | "integer" | "number")) => {
                let key = parameter::coerce(Some(&resolved), &entity.key);
                if self.judges.is_valid(resolved.node(), Direction::Response, &key) {
                    Some(key)
                } else {
                    self.judges.make(node, seed, &Hints::default())
                }
            }
            _ => {
                let empty = Map::new();
                let pins = self.pins(&resolved, entity.value.as_object().unwrap_or(&empty));
                self.judges.make(node, seed, &Hints { pins, ..Hints::default() })
            }
        }
    }

    /// Whether another schema describes all that the entity has, and allows it.
    fn is_shown_whole(&self, schema: &Schema<'_>, entity: &Entity) -> bool {
        let known = schema.all_properties();
        let is_known = |name: &String| known.iter().any(|(property, _)| property == name);
        entity.value.as_object().is_some_and(|map| !map.is_empty() && map.keys().all(is_known))
            && self.judges.is_valid(schema.node(), Direction::Response, &entity.value)
    }
}

/// A new entity's own fields: the schema's default, and the first value of a status.
fn pin_defaults(schema: &Schema<'_>, sent: &Map<String, Value>, pins: &mut Vec<(Pointer, Value)>) {
    for (name, property) in schema.properties() {
        if sent.contains_key(name) || pins.iter().any(|(at, _)| at.last().as_deref() == Some(name)) {
            continue;
        }
        let is_status = ["status", "state", "phase"].iter().any(|status| same_name(status, name));
        let first = || property.enumeration().and_then(|values| values.into_iter().find(|value| !value.is_null()));
        let default = property.lookup("default").filter(|value| !value.is_null());
        if let Some(value) = default.or_else(|| first().filter(|_| is_status)) {
            pins.push((Pointer::root().join(name), value.clone()));
        }
    }
}
