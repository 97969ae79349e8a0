//! Keys of entities: which exist from the start, and new ones.

use std::sync::{Arc, PoisonError};

use callboard_model::Schema;
use callboard_model::api::ParameterLocation;
use callboard_schema::{Direction, Hints, synthesise};
use serde_json::{Value, json};

use crate::resource::CollectionId;
use crate::state::{Ground, SEEDED, hash, key_text};

impl Ground {
    /// The schemas of the key: of the property, of the parameter.
    pub(crate) fn key_schemas(&self, id: CollectionId) -> impl Iterator<Item = Schema<'_>> {
        let collection = &self.collections[id];
        let property = collection.entity.as_ref().zip(collection.key_property.as_ref());
        let of_property = property.and_then(|(node, name)| self.judges.schema(node)?.property(name));
        let of_parameter = collection.key_parameter.as_ref().and_then(|(_, node)| self.judges.schema(node.as_ref()?));
        of_property.into_iter().chain(of_parameter)
    }

    pub(crate) fn has_integer_keys(&self, id: CollectionId) -> bool {
        self.key_schemas(id).any(|schema| matches!(schema.types().first(), Some(&"integer" | &"number")))
    }

    /// The keys that exist from the start.
    pub(crate) fn seeded_keys(&self, id: CollectionId) -> Arc<Vec<String>> {
        if let Some(keys) = self.kept_keys.read().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return keys.clone();
        }
        let keys = Arc::new(self.make_keys(id));
        self.kept_keys.write().unwrap_or_else(PoisonError::into_inner).entry(id).or_insert(keys).clone()
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
    pub(crate) fn new_key(&self, id: CollectionId, ordinal: u64, is_taken: &dyn Fn(&str) -> bool) -> Value {
        let collection = &self.collections[id];
        let name = collection.key_property.clone().unwrap_or_else(|| "id".to_owned());
        if self.has_integer_keys(id) {
            let mut number = ordinal;
            while is_taken(&number.to_string()) {
                number += 1;
            }
            return json!(number);
        }
        // A key has to fit the entity and the path: the one that asks for more decides.
        let is_narrow =
            |schema: &Schema<'_>| ["format", "pattern", "maxLength", "minLength"].iter().any(|k| schema.lookup(k).is_some());
        let schema = self.key_schemas(id).find(is_narrow).or_else(|| self.key_schemas(id).next());
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
}
