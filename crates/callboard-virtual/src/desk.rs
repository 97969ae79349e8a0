//! What operations do, by their roles.

use std::sync::Arc;

use callboard_model::{Operation, Schema};
use callboard_schema::Direction;
use http::header::LOCATION;
use serde_json::{Map, Value};

use crate::answer::{self, Answer, Refusal};
use crate::mutation::Defect;
use crate::reply::Content;
use crate::request::{Incoming, Understood};
use crate::resource::{CollectionId, Role, envelope, list_envelope, normalised};
use crate::state::Ground;
use crate::world::{Entity, World};
use crate::{body, list};

/// What is needed to answer one request.
pub(crate) struct Desk<'a> {
    pub(crate) ground: &'a Ground,
    pub(crate) operation: &'a Operation,
    pub(crate) world: &'a World,
    pub(crate) incoming: &'a Incoming<'a>,
    pub(crate) keys: Vec<String>,
    pub(crate) understood: Understood,
    pub(crate) defect: Option<Defect>,
}

impl Desk<'_> {
    /// Does what the role of the operation says.
    pub(crate) fn perform(&self, role: &Role) -> Answer {
        let ancestors = match role {
            Role::Other(ancestors) => ancestors,
            role => role.collection().map_or(&[][..], |id| &self.ground.collections[id].ancestors),
        };
        if let Some(id) = self.ground.missing_ancestor(self.world, ancestors, &self.keys, self.is_open()) {
            return self.not_there(id);
        }
        match role {
            Role::Create(id) => self.create(*id),
            Role::CreateMany(id) => self.create_many(*id),
            Role::CreateAt(id) => self.create_at(*id),
            Role::Read(id) => self.with_entity(*id, |entity| self.read(*id, entity)),
            Role::List(id) => self.list(*id),
            Role::Replace(id) => self.replace(*id, &self.keys),
            Role::ReplaceByBody(id) => self.replace_by_body(*id),
            Role::Update(id) => self.with_entity(*id, |entity| self.update(*id, &entity)),
            Role::Remove(id) => self.remove(*id),
            Role::Act(id, verb) => self.with_entity(*id, |entity| self.act(*id, &entity, verb)),
            Role::Other(_) => self.made(),
        }
    }

    /// Whether an unknown key is taken for one that exists: the operation documents no 404, so the caller does not expect one.
    fn is_open(&self) -> bool {
        if self.has(Defect::RefusalMissing) {
            return true;
        }
        !self.ground.strict_keys && !answer::documents(self.operation, 404)
    }

    fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn read(&self, id: CollectionId, entity: Arc<Entity>) -> Answer {
        let others = || self.ground.list(self.world, id, &self.keys).into_iter().find(|other| other.key != entity.key);
        let shown = if self.has(Defect::OtherRead) { others() } else { None };
        self.respond(&[200], Content::Entity(id, shown.unwrap_or(entity)), "read")
    }

    fn with_entity(&self, id: CollectionId, then: impl FnOnce(Arc<Entity>) -> Answer) -> Answer {
        match self.ground.find(self.world, id, &self.keys, self.is_open()) {
            Some(entity) => then(entity),
            None => self.not_there(id),
        }
    }

    fn not_there(&self, id: CollectionId) -> Answer {
        let what = self.ground.collections[id].singular();
        let detail = format!("there is no {what} `{}`", self.ground.key(id, &self.keys));
        self.refuse(&[404, 410], 404, &detail)
    }

    fn refuse(&self, wishes: &[u16], otherwise: u16, detail: &str) -> Answer {
        let refusal = Refusal { wishes, otherwise, detail, problems: &[] };
        answer::refuse(self.ground, self.operation, self.incoming.header("accept"), &refusal)
    }

    /// The entity in the body, out of its envelope; the first of several.
    fn sent(&self, id: CollectionId) -> Map<String, Value> {
        let Some(Value::Object(body)) = &self.understood.body else { return Map::new() };
        if let Some(first) = self.several_sent(id).and_then(|list| list.first()?.as_object()) {
            return first.clone();
        }
        let singular = self.ground.collections[id].singular();
        match self.request_schema().and_then(|schema| envelope(&schema, &singular)).and_then(|property| body.get(&property)) {
            Some(Value::Object(inner)) => inner.clone(),
            _ => body.clone(),
        }
    }

    fn request_schema(&self) -> Option<Schema<'_>> {
        let media = self.operation.request_body.as_ref()?.preferred()?;
        self.ground.judges.schema(media.schema.as_ref()?)
    }

    /// The entities in a body with room for several: an array, or one in an envelope.
    fn several_sent(&self, id: CollectionId) -> Option<&Vec<Value>> {
        let body = self.understood.body.as_ref()?;
        if let Value::Array(list) = body {
            return Some(list);
        }
        let collection = &self.ground.collections[id];
        let property = list_envelope(&self.request_schema()?, collection.plural(), collection.entity.as_ref())?;
        body.get(&property)?.as_array()
    }

    fn create(&self, id: CollectionId) -> Answer {
        if self.several_sent(id).is_some() {
            return self.create_many(id);
        }
        let sent = self.sent(id);
        if let Some(keys) = self.many_keys(id, &sent) {
            let empty = Map::new();
            let made = keys.into_iter().map(|key| self.ground.create(self.world, id, &self.keys_with(id, key), &empty));
            let made: Vec<Arc<Entity>> = made.collect();
            let total = made.len();
            return self.respond(&[201, 200, 202], Content::Entities(id, made, total), "made several");
        }
        let chosen = self.ground.key_in(id, &sent).map(|key| self.keys_with(id, key));
        let is_taken = |keys: &Vec<String>| !self.has(Defect::RefusalMissing) && self.ground.is_kept(self.world, id, keys);
        if answer::names(self.operation, 409) && chosen.as_ref().is_some_and(is_taken) {
            let detail = format!("there is a {} with this key already", self.ground.collections[id].singular());
            return self.refuse(&[409], 409, &detail);
        }
        let entity = self.ground.create(self.world, id, &self.keys, &sent);
        if self.has(Defect::CreationLost) {
            self.ground.remove(self.world, id, &self.keys_with(id, entity.key.clone()));
        }
        let at =
            format!("{}/{}", self.incoming.path.trim_end_matches('/'), callboard_schema::parameter::encode(&entity.key, false));
        let is_created = self.respond(&[201, 200, 202], Content::Entity(id, entity), "made");
        if is_created.status == 201 || self.documents_location(is_created.status) {
            is_created.with_header(LOCATION, &at)
        } else {
            is_created
        }
    }

    /// The values of the path with another key.
    fn keys_with(&self, id: CollectionId, key: String) -> Vec<String> {
        let depth = self.ground.collections[id].depth.min(self.keys.len());
        let mut keys = self.keys[..depth].to_vec();
        keys.push(key);
        keys
    }

    /// `{"usernames": ["a", "b"]}` where the answer is an array: one entity for each.
    fn many_keys(&self, id: CollectionId, sent: &Map<String, Value>) -> Option<Vec<String>> {
        let key = normalised(self.ground.collections[id].key_property.as_ref()?);
        let (_, response) = answer::success(self.operation, &[201, 200, 202]);
        let node = response?.preferred()?.schema.as_ref()?;
        let is_array = self.ground.judges.schema(node).is_some_and(|schema| schema.types() == ["array"]);
        let (_, list) =
            sent.iter().find(|(name, value)| value.is_array() && normalised(name).trim_end_matches('s').ends_with(&key))?;
        let keys: Vec<String> = list.as_array()?.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        (is_array && !keys.is_empty()).then_some(keys)
    }

    fn documents_location(&self, status: u16) -> bool {
        self.operation
            .response(status)
            .is_some_and(|response| response.headers.iter().any(|h| h.name.eq_ignore_ascii_case("location")))
    }

    fn create_many(&self, id: CollectionId) -> Answer {
        let sent = self.several_sent(id).into_iter().flatten().filter_map(Value::as_object);
        let made: Vec<Arc<Entity>> = sent.map(|item| self.ground.create(self.world, id, &self.keys, item)).collect();
        let total = made.len();
        self.respond(&[201, 200, 202], Content::Entities(id, made, total), "made several")
    }

    fn create_at(&self, id: CollectionId) -> Answer {
        if answer::names(self.operation, 409)
            && !self.has(Defect::RefusalMissing)
            && !self.ground.collections[id].is_single
            && self.ground.is_kept(self.world, id, &self.keys)
        {
            let detail =
                format!("there is a {} `{}` already", self.ground.collections[id].singular(), self.ground.key(id, &self.keys));
            return self.refuse(&[409], 409, &detail);
        }
        let entity = self.ground.create(self.world, id, &self.keys, &self.sent(id));
        if self.has(Defect::CreationLost) {
            self.ground.remove(self.world, id, &self.keys);
        }
        self.respond(&[201, 200, 202, 204], Content::Entity(id, entity), "made")
    }

    fn list(&self, id: CollectionId) -> Answer {
        let all = self.ground.list(self.world, id, &self.keys);
        let schema = self.ground.collections[id].entity.as_ref().and_then(|node| self.ground.judges.schema(node));
        let known: Vec<&str> = schema.iter().flat_map(|schema| schema.all_properties()).map(|(name, _)| name).collect();
        let asked: Vec<(&str, &Value)> = self.understood.query().filter(|_| !self.has(Defect::FiltersIgnored)).collect();
        let (mut shown, total) = list::select(all, &known, &asked);
        if self.has(Defect::ItemMissing) {
            shown.pop();
        }
        self.respond(&[200], Content::Entities(id, shown, total), "listed")
    }

    fn replace(&self, id: CollectionId, keys: &[String]) -> Answer {
        let old = self.ground.find(self.world, id, keys, self.is_open());
        let may_create = answer::names(self.operation, 201) || !answer::documents(self.operation, 404);
        let Some(old) = old.or_else(|| may_create.then(|| Entity::new(String::new(), Value::Null))) else {
            return self.not_there(id);
        };
        let is_new = old.value.is_null();
        let mut sent = self.sent(id);
        if !is_new {
            self.keep_own(id, &old, &mut sent);
        }
        let key = self.ground.key(id, keys).to_owned();
        let value = self.ground.assemble(id, keys, Some(&key), &sent, is_new);
        let entity = Entity::new(key, value);
        if !self.has(Defect::ChangeLost) {
            self.ground.put(self.world, id, keys, entity.clone());
        }
        let wishes: &[u16] = if is_new { &[201, 200, 204] } else { &[200, 204, 202, 201] };
        self.respond(wishes, Content::Entity(id, entity), if is_new { "made" } else { "replaced" })
    }

    /// What the service itself owns stays when the rest is replaced.
    fn keep_own(&self, id: CollectionId, old: &Entity, sent: &mut Map<String, Value>) {
        let node = self.ground.collections[id].entity.as_ref();
        let Some(schema) = node.and_then(|node| self.ground.judges.schema(node)) else { return };
        let request = self.request_schema();
        for (name, value) in old.value.as_object().into_iter().flatten() {
            let is_own = schema.property(name).is_some_and(|property| property.is_read_only())
                || request
                    .as_ref()
                    .is_some_and(|request| !request.all_properties().is_empty() && request.property(name).is_none());
            if is_own && !sent.contains_key(name) {
                sent.insert(name.clone(), value.clone());
            }
        }
    }

    fn replace_by_body(&self, id: CollectionId) -> Answer {
        let sent = self.sent(id);
        match self.ground.key_in(id, &sent) {
            Some(key) => self.replace(id, &self.keys_with(id, key)),
            None => {
                let entity = self.ground.create(self.world, id, &self.keys, &sent);
                self.respond(&[200, 201, 204], Content::Entity(id, entity), "made: the body names no key")
            }
        }
    }

    fn update(&self, id: CollectionId, old: &Entity) -> Answer {
        let mut value = old.value.clone();
        match &self.understood.body {
            Some(Value::Array(operations)) => {
                if let Err(reason) = body::patch(&mut value, operations) {
                    return self.refuse(&[409, 422, 400], 400, &reason);
                }
            }
            Some(Value::Object(_)) => body::merge(&mut value, &Value::Object(self.sent(id))),
            // Without a body, parameters named like properties change them.
            _ => {
                for (name, wanted) in self.understood.query() {
                    if let Some(slot) = value.get_mut(name) {
                        *slot = wanted.clone();
                    } else if let Some(map) = value.as_object_mut() {
                        map.insert(name.to_owned(), wanted.clone());
                    }
                }
            }
        }
        let entity = self.changed(id, old, value);
        self.respond(&[200, 204, 202, 201], Content::Entity(id, entity), "changed")
    }

    /// Puts a changed value into the world; what the schema does not allow is made to fit.
    fn changed(&self, id: CollectionId, old: &Entity, mut value: Value) -> Arc<Entity> {
        let collection = &self.ground.collections[id];
        if let (Some(name), Some(map)) = (&collection.key_property, value.as_object_mut())
            && let Some(key) = old.value.get(name)
        {
            map.insert(name.clone(), key.clone());
        }
        let is_valid =
            collection.entity.as_ref().is_none_or(|node| self.ground.judges.is_valid(node, Direction::Response, &value));
        if !is_valid {
            let map = value.as_object().cloned().unwrap_or_default();
            value = self.ground.assemble(id, &self.keys, Some(&old.key), &map, false);
        }
        let entity = Entity::new(old.key.clone(), value);
        if !self.has(Defect::ChangeLost) {
            self.ground.put(self.world, id, &self.keys, entity.clone());
        }
        entity
    }

    fn remove(&self, id: CollectionId) -> Answer {
        let is_there = self.ground.find(self.world, id, &self.keys, self.is_open()).is_some();
        if !is_there && !answer::documents(self.operation, 404) {
            // Removing is idempotent, and the definition leaves no other way to say so.
            let entity = Entity::new(self.ground.key(id, &self.keys).to_owned(), Value::Null);
            return self.respond(&[204, 200, 202], Content::Entity(id, entity), "it was removed before");
        }
        self.with_entity(id, |entity| {
            if !self.has(Defect::RemovalIgnored) {
                self.ground.remove(self.world, id, &self.keys);
            }
            self.respond(&[204, 200, 202], Content::Entity(id, entity), "removed")
        })
    }

    /// `cancel` makes a status of `cancelled`; fields of the body that the entity has take their values.
    fn act(&self, id: CollectionId, old: &Entity, verb: &str) -> Answer {
        let mut value = old.value.clone();
        let node = self.ground.collections[id].entity.as_ref();
        if let (Some(schema), Some(map)) = (node.and_then(|node| self.ground.judges.schema(node)), value.as_object_mut()) {
            for (at, sent) in self.ground.pins(&schema, &self.sent(id)) {
                map.insert(at.last().unwrap_or_default(), sent);
            }
            for (name, property) in schema.properties() {
                let is_status =
                    ["status", "state", "phase"].contains(&normalised(name).as_str()) || normalised(name).ends_with("status");
                let options = property.enumeration().unwrap_or_default();
                if let Some(option) =
                    options.into_iter().find(|option| is_status && option.as_str().is_some_and(|o| follows(verb, o)))
                {
                    map.insert(name.to_owned(), option.clone());
                }
            }
        }
        let entity = self.changed(id, old, value);
        self.respond(&[200, 202, 201, 204], Content::Entity(id, entity), "acted")
    }

    fn made(&self) -> Answer {
        let mut known = match &self.understood.body {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        for (_, name, value) in &self.understood.parameters {
            known.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let wishes: &[u16] = if self.incoming.method == "POST" { &[200, 201, 202, 204] } else { &[200, 204, 202, 201] };
        self.respond(wishes, Content::Made(known), "made for this answer")
    }
}

/// Whether a status is what a verb leads to: `cancel` and `CANCELLED`, `pay` and `paid`.
fn follows(verb: &str, status: &str) -> bool {
    const IRREGULAR: [(&str, &str); 8] = [
        ("pay", "paid"),
        ("send", "sent"),
        ("start", "running"),
        ("run", "running"),
        ("hold", "held"),
        ("submit", "pending"),
        ("activate", "active"),
        ("undo", "undone"),
    ];
    let (verb, status) = (normalised(verb), normalised(status));
    let stem = verb.trim_end_matches('e').trim_end_matches('y');
    let is_regular = stem.len() >= 3 && status.starts_with(stem) && status.len() <= stem.len() + 5;
    is_regular || IRREGULAR.iter().any(|(known, leads)| *known == verb && *leads == status)
}

#[cfg(test)]
mod tests {
    use super::follows;

    #[test]
    fn verbs_lead_to_their_status() {
        let table = [
            ("cancel", "CANCELLED", true),
            ("cancel", "canceled", true),
            ("capture", "captured", true),
            ("pay", "paid", true),
            ("ship", "shipped", true),
            ("approve", "approved", true),
            ("cancel", "open", false),
            ("close", "closed", true),
            ("apply", "applied", true),
        ];
        for (verb, status, expected) in table {
            assert_eq!(follows(verb, status), expected, "{verb} {status}");
        }
    }
}
