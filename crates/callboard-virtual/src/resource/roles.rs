//! Reads collections and roles off the operations of a service.

use std::collections::HashMap;

use callboard_model::api::{ParameterLocation, StatusPattern};
use callboard_model::{Method, NodeRef, Operation, Schema, Service};

use super::identity::{is_plural, key_property, singular};
use super::shape::{array_property, envelope, list_envelope};
use super::{Collection, CollectionId, Role};

/// All collections, and the role of each operation by its index.
pub(crate) fn infer(service: &Service) -> (Vec<Collection>, Vec<Role>) {
    let mut model = Model::new(service);
    model.collections_of_keys();
    model.collections_of_lists();
    for id in 0..model.collections.len() {
        model.describe(id);
    }
    let roles = service.operations.iter().map(|operation| model.role(operation)).collect();
    (model.collections, roles)
}

struct Model<'a> {
    service: &'a Service,
    collections: Vec<Collection>,
    by_path: HashMap<String, CollectionId>,
    /// Usable operations by path.
    operations: HashMap<&'a str, Vec<&'a Operation>>,
    /// Usable operations whose path is this one and a key.
    of_items: HashMap<&'a str, Vec<&'a Operation>>,
}

/// `/orders/{id}` is `/orders` and the name of the key; `None` where the last segment is anything but one parameter.
pub(crate) fn split_key(path: &str) -> Option<(&str, &str)> {
    let (parent, last) = path.rsplit_once('/')?;
    let name = last.strip_prefix('{')?.strip_suffix('}')?;
    (!name.contains(['{', '}'])).then_some((parent, name))
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn parameters_in(path: &str) -> usize {
    path.matches('{').count()
}

impl<'a> Model<'a> {
    fn new(service: &'a Service) -> Self {
        let mut operations: HashMap<&str, Vec<&Operation>> = HashMap::new();
        let mut of_items: HashMap<&str, Vec<&Operation>> = HashMap::new();
        for operation in service.operations.iter().filter(|operation| operation.unusable.is_none()) {
            let path: &str = &operation.key.path;
            operations.entry(path).or_default().push(operation);
            if let Some((parent, _)) = split_key(path) {
                of_items.entry(parent).or_default().push(operation);
            }
        }
        Self { service, collections: Vec::new(), by_path: HashMap::new(), operations, of_items }
    }

    fn add(&mut self, path: &str, is_single: bool) -> CollectionId {
        if let Some(id) = self.by_path.get(path) {
            return *id;
        }
        let id = self.collections.len();
        self.by_path.insert(path.to_owned(), id);
        self.collections.push(Collection {
            path: path.to_owned(),
            home: path.to_owned(),
            depth: parameters_in(path),
            ancestors: Vec::new(),
            entity: None,
            key_parameter: None,
            key_property: None,
            is_single,
            can_create: false,
            can_list: false,
        });
        id
    }

    fn at(&self, method: &Method, path: &str) -> Option<&'a Operation> {
        self.operations.get(path)?.iter().find(|operation| operation.key.method == *method).copied()
    }

    fn collections_of_keys(&mut self) {
        for operation in &self.service.operations {
            if let Some((parent, _)) = split_key(&operation.key.path) {
                self.add(parent, false);
            }
        }
    }

    /// Paths without a key: lists, places to create, and single resources.
    fn collections_of_lists(&mut self) {
        for operation in &self.service.operations {
            let path: &str = &operation.key.path;
            if split_key(path).is_some() || self.by_path.contains_key(path) {
                continue;
            }
            if let Some(id) = self.homeless_namesake(path) {
                path.clone_into(&mut self.collections[id].home);
                self.by_path.insert(path.to_owned(), id);
                continue;
            }
            let reads = self.at(&Method::Get, path);
            let is_list = reads.and_then(|op| self.success_schema(op)).is_some_and(|schema| self.is_list(&schema, path));
            let is_view = is_list && self.view_of(path).is_some();
            let creates = self.at(&Method::Post, path).is_some();
            let writes = [Method::Put, Method::Patch].iter().any(|method| self.at(method, path).is_some());
            if is_list && !is_view || (reads.is_none() && creates && self.makes_entities(path)) {
                self.add(path, false);
            } else if reads.is_some() && !is_list && (writes || (creates && self.at(&Method::Delete, path).is_some())) {
                self.add(path, true);
            }
        }
    }

    /// The collection of `/silence/{id}` seen from `/silences`, where nothing stands at `/silence`.
    fn homeless_namesake(&self, path: &str) -> Option<CollectionId> {
        let (prefix, last) = path.rsplit_once('/')?;
        if !is_plural(last) {
            return None;
        }
        let namesake = format!("{prefix}/{}", singular(last));
        let id = *self.by_path.get(&namesake)?;
        let is_free = !self.operations.contains_key(namesake.as_str());
        (is_free && self.collections[id].home == namesake).then_some(id)
    }

    /// A collection of which the path is another reading (`/pet/findByStatus`): same entities, and a prefix of the path.
    fn view_of(&self, path: &str) -> Option<CollectionId> {
        let items = self.list_items(&self.success_schema(self.at(&Method::Get, path)?)?, path)?;
        let node = items.resolved().node().clone();
        let (prefix, _) = path.rsplit_once('/')?;
        let id = *self.by_path.get(prefix)?;
        (self.entity_of(id).as_ref() == Some(&node)).then_some(id)
    }

    /// `POST /payments/{id}/refunds` makes refunds: a plural, and not the schema of what stands before it.
    fn makes_entities(&self, path: &str) -> bool {
        let Some(schema) = self.at(&Method::Post, path).and_then(|op| self.success_schema(op)) else { return false };
        let above = path.rsplit_once('/').and_then(|(item, _)| split_key(item)).and_then(|(parent, _)| self.by_path.get(parent));
        let is_other = above.is_none_or(|id| self.entity_of(*id).as_ref() != Some(schema.resolved().node()));
        is_plural(last_segment(path)) && is_other && schema.allows_type("object") && !schema.all_properties().is_empty()
    }

    fn success_schema(&self, operation: &Operation) -> Option<Schema<'a>> {
        let is_success = |status: StatusPattern| matches!(status, StatusPattern::Exact(200..=299) | StatusPattern::Class(2));
        let answers = operation.responses.iter().filter(|response| is_success(response.status));
        let all = answers.chain(operation.responses.iter().filter(|response| response.status == StatusPattern::Default));
        let node = all
            .filter_map(|response| response.preferred())
            .filter(|media| media.is_json())
            .find_map(|media| media.schema.clone())?;
        self.service.schema(&node)
    }

    fn is_list(&self, schema: &Schema<'a>, path: &str) -> bool {
        schema.types() == ["array"] || self.list_items(schema, path).is_some_and(|items| items.types() == ["object"])
    }

    /// The schema of an entity in a listing.
    fn list_items(&self, schema: &Schema<'a>, path: &str) -> Option<Schema<'a>> {
        if schema.types() == ["array"] {
            return schema.items();
        }
        let last = last_segment(path);
        let property = array_property(schema, last)?;
        // An object that happens to hold an array is no listing, unless it is called one.
        let is_called_so = is_plural(last) || normalised_is(last, &property);
        is_called_so.then(|| schema.property(&property)?.items()).flatten()
    }

    fn describe(&mut self, id: CollectionId) {
        let path = self.collections[id].path.clone();
        let key = self.of_items.get(path.as_str()).and_then(|operations| operations.first()).and_then(|op| {
            let (_, name) = split_key(&op.key.path)?;
            Some((name.to_owned(), op.parameter(ParameterLocation::Path, name).and_then(|p| p.schema.clone())))
        });
        let item_path = key.as_ref().map(|(name, _)| format!("{path}/{{{name}}}"));
        let entity = self.entity_of(id);
        let singular = self.collections[id].singular();
        let schema = entity.as_ref().and_then(|node| self.service.schema(node));
        let parameter = key.as_ref().map_or("id", |(name, _)| name.as_str());
        let is_single = self.collections[id].is_single;
        let property = schema.filter(|_| !is_single).and_then(|schema| key_property(&schema, parameter, &singular));
        let makes = |path: &str| [Method::Post, Method::Put].iter().any(|method| self.at(method, path).is_some());
        let home = self.collections[id].home.clone();
        let can_create = makes(&home) || item_path.as_deref().is_some_and(makes);
        let can_list = self.at(&Method::Get, &home).is_some();
        let ancestors = self.ancestors(&path);
        let collection = &mut self.collections[id];
        collection.key_parameter = key;
        collection.entity = entity;
        collection.key_property = property;
        collection.can_create = can_create;
        collection.can_list = can_list;
        collection.ancestors = ancestors;
    }

    /// The collections that a path leads through, outermost first.
    fn ancestors(&self, path: &str) -> Vec<CollectionId> {
        let mut found = Vec::new();
        let mut rest = path;
        while let Some((before, _)) = rest.rsplit_once('/') {
            if let Some(id) = split_key(before).and_then(|(parent, _)| self.by_path.get(parent)) {
                found.push(*id);
            }
            rest = before;
        }
        found.reverse();
        found
    }

    /// The node of the schema of an entity: of what is read, made, replaced, listed, or sent.
    fn entity_of(&self, id: CollectionId) -> Option<NodeRef> {
        let collection = &self.collections[id];
        let singular = collection.singular();
        let (path, home) = (&collection.path, &collection.home);
        let source = if collection.is_single { &self.operations } else { &self.of_items };
        let items: &[&Operation] = source.get(path.as_str()).map(Vec::as_slice).unwrap_or_default();
        let of = |method: Method| items.iter().find(|op| op.key.method == method).copied();
        let candidates = [of(Method::Get), self.at(&Method::Post, home), of(Method::Put), of(Method::Patch), of(Method::Post)];
        let answered = candidates.into_iter().flatten().filter_map(|op| self.success_schema(op));
        let whole = answered
            .filter(|schema| !schema.all_properties().is_empty())
            .map(|schema| unwrapped(schema, &singular, collection.plural()));
        let listed = || {
            let schema = self.success_schema(self.at(&Method::Get, home)?)?;
            self.list_items(&schema, home).filter(|items| !items.all_properties().is_empty())
        };
        let sent = || {
            let operation = self.at(&Method::Post, home).or(of(Method::Put)).or(of(Method::Post))?;
            let media = operation.request_body.as_ref()?.preferred()?;
            self.service.schema(media.schema.as_ref()?).map(|schema| unwrapped(schema, &singular, collection.plural()))
        };
        let found = whole.into_iter().next().or_else(listed).or_else(sent)?;
        Some(found.resolved().node().clone())
    }

    fn role(&self, operation: &Operation) -> Role {
        let path: &str = &operation.key.path;
        if operation.unusable.is_some() {
            return Role::Other(Vec::new());
        }
        if let Some(id) = self.by_path.get(path).filter(|id| self.collections[**id].is_single) {
            return self.single_role(operation, *id);
        }
        if let Some((parent, _)) = split_key(path)
            && let Some(id) = self.by_path.get(parent)
        {
            return self.item_role(operation, *id, path);
        }
        if let Some(id) = self.by_path.get(path) {
            return self.collection_role(operation, *id);
        }
        self.loose_role(operation, path)
    }

    fn single_role(&self, operation: &Operation, id: CollectionId) -> Role {
        match operation.key.method {
            Method::Get | Method::Head => Role::Read(id),
            Method::Put => Role::Replace(id),
            Method::Patch => Role::Update(id),
            Method::Post => Role::CreateAt(id),
            Method::Delete => Role::Remove(id),
            _ => self.other(&operation.key.path),
        }
    }

    fn item_role(&self, operation: &Operation, id: CollectionId, path: &str) -> Role {
        match operation.key.method {
            Method::Get | Method::Head => Role::Read(id),
            Method::Put => Role::Replace(id),
            Method::Patch => Role::Update(id),
            Method::Delete => Role::Remove(id),
            // Where entities are made elsewhere, posting to one changes it.
            Method::Post
                if self.at(&Method::Post, &self.collections[id].home).is_some() || self.at(&Method::Put, path).is_some() =>
            {
                Role::Update(id)
            }
            Method::Post => Role::CreateAt(id),
            _ => self.other(path),
        }
    }

    fn collection_role(&self, operation: &Operation, id: CollectionId) -> Role {
        let sends_many = || {
            let media = operation.request_body.as_ref().and_then(|body| body.preferred());
            let schema = media.and_then(|media| self.service.schema(media.schema.as_ref()?));
            schema.is_some_and(|schema| schema.types() == ["array"])
        };
        match operation.key.method {
            Method::Get => Role::List(id),
            Method::Post if sends_many() => Role::CreateMany(id),
            Method::Post => Role::Create(id),
            Method::Put | Method::Patch if self.collections[id].key_property.is_some() && !sends_many() => {
                Role::ReplaceByBody(id)
            }
            _ => self.other(&operation.key.path),
        }
    }

    /// Paths that are no collection: other readings, actions, bulk creation.
    fn loose_role(&self, operation: &Operation, path: &str) -> Role {
        if operation.key.method == Method::Get
            && let Some(id) = self.view_of(path)
        {
            return Role::List(id);
        }
        let (before, last) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(operation.key.method, Method::Post | Method::Put | Method::Patch)
            && let Some(id) = split_key(before).and_then(|(parent, _)| self.by_path.get(parent))
            && self.is_about(operation, *id)
        {
            return Role::Act(*id, last.to_owned());
        }
        if operation.key.method == Method::Post
            && let Some(id) = self.by_path.get(before)
            && self.sends_entities(operation, *id)
        {
            return Role::CreateMany(*id);
        }
        self.other(path)
    }

    /// Whether an action answers with the entity, or with nothing.
    fn is_about(&self, operation: &Operation, id: CollectionId) -> bool {
        match self.success_schema(operation) {
            None => true,
            Some(schema) => {
                let inner = unwrapped(schema, &self.collections[id].singular(), self.collections[id].plural());
                self.collections[id].entity.as_ref() == Some(inner.resolved().node())
            }
        }
    }

    fn sends_entities(&self, operation: &Operation, id: CollectionId) -> bool {
        let media = operation.request_body.as_ref().and_then(|body| body.preferred());
        let items = media.and_then(|media| self.service.schema(media.schema.as_ref()?)).and_then(|schema| schema.items());
        items.is_some_and(|items| self.collections[id].entity.as_ref() == Some(items.resolved().node()))
    }

    fn other(&self, path: &str) -> Role {
        Role::Other(self.ancestors(path))
    }
}

fn unwrapped<'a>(schema: Schema<'a>, singular: &str, plural: &str) -> Schema<'a> {
    if let Some(items) = list_envelope(&schema, plural, None).and_then(|property| schema.property(&property)?.items()) {
        return items;
    }
    match envelope(&schema, singular) {
        Some(property) => schema.property(&property).unwrap_or(schema),
        None => schema,
    }
}

fn normalised_is(a: &str, b: &str) -> bool {
    super::same_name(a, b)
}
