//! Representations of entities: made of what was sent, and shown by the schemas of responses.

use callboard_model::{NodeRef, Pointer, Schema};
use callboard_schema::{Direction, Fill, Hints, parameter};
use serde_json::{Map, Value};

use crate::resource::{CollectionId, same_name, singular};
use crate::state::{Ground, hash, joined};
use crate::world::Entity;

impl Ground {
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
        let key_of_path = key.filter(|_| !collection.is_single);
        let described = collection.entity.as_ref().and_then(|node| Some((node, self.judges.schema(node)?)));
        let Some((node, schema)) = described else { return bare(sent, key_of_path) };
        if schema.all_properties().is_empty()
            && !schema.is_closed()
            && schema.allows_type("object")
            && collection.key_property.is_none()
        {
            return bare(sent, key_of_path);
        }
        let mut own = sent.clone();
        if let (Some(name), Some(key)) = (&collection.key_property, key_of_path) {
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

    /// Properties named like the parameters of the path, or like what they lead to (`user`, `userId`), carry their values.
    fn pin_parents(
        &self,
        id: CollectionId,
        keys: &[String],
        schema: &Schema<'_>,
        own: &Map<String, Value>,
        pins: &mut Vec<(Pointer, Value)>,
    ) {
        let collection = &self.collections[id];
        let properties = schema.all_properties();
        let is_free = |name: &str| !own.contains_key(name) && collection.key_property.as_deref() != Some(name);
        for (names, key) in parents(&collection.path).into_iter().zip(keys) {
            let find = |wanted: &String| properties.iter().find(|(property, _)| is_free(property) && same_name(property, wanted));
            let Some((property, child)) = names.iter().find_map(find) else { continue };
            let value = parameter::coerce(Some(child), key);
            if self.judges.is_valid(child.node(), Direction::Response, &value) {
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
                let mut pins = self.pins(&resolved, entity.value.as_object().unwrap_or(&empty));
                pins.extend(self.key_pin(id, entity, &resolved));
                self.judges.make(node, seed, &Hints { pins, ..Hints::default() })
            }
        }
    }

    /// `{"silenceID": …}`: the key under the name that the path gives it.
    fn key_pin(&self, id: CollectionId, entity: &Entity, schema: &Schema<'_>) -> Option<(Pointer, Value)> {
        let (parameter, _) = self.collections[id].key_parameter.as_ref()?;
        let own = self.collections[id].key_property.as_deref();
        let (name, child) =
            schema.all_properties().into_iter().find(|(name, _)| same_name(name, parameter) && Some(*name) != own)?;
        let value = parameter::coerce(Some(&child), &entity.key);
        let fits = self.judges.is_valid(child.node(), Direction::Response, &value);
        fits.then(|| (Pointer::root().join(name), value))
    }

    /// Whether another schema describes all that the entity has, and allows it.
    fn is_shown_whole(&self, schema: &Schema<'_>, entity: &Entity) -> bool {
        let known = schema.all_properties();
        let is_known = |name: &String| known.iter().any(|(property, _)| property == name);
        entity.value.as_object().is_some_and(|map| !map.is_empty() && map.keys().all(is_known))
            && self.judges.is_valid(schema.node(), Direction::Response, &entity.value)
    }
}

/// An entity that no schema describes: what was sent, and its key.
fn bare(sent: &Map<String, Value>, key: Option<&str>) -> Value {
    let mut own = sent.clone();
    if let Some(key) = key {
        own.entry("id").or_insert_with(|| Value::from(key));
    }
    Value::Object(own)
}

/// For each parameter of a path: the names under which an entity below it may carry its value.
fn parents(path: &str) -> Vec<Vec<String>> {
    let mut before = "";
    let mut found = Vec::new();
    for segment in path.split('/') {
        match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(parameter) => {
                let what = singular(before);
                found.push(vec![parameter.to_owned(), format!("{what}id"), what]);
            }
            None => before = segment,
        }
    }
    found
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
