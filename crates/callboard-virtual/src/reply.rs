//! Answers of success: about an entity, several, or made for the occasion; valid by the schema of the response.

use std::sync::Arc;

use bytes::Bytes;
use callboard_model::api::{MediaType, Response};
use callboard_model::{NodeRef, Pointer};
use callboard_schema::{Direction, Hints};
use http::header::LOCATION;
use serde_json::{Map, Value};

use crate::answer::{self, Answer};
use crate::desk::Desk;
use crate::list;
use crate::resource::{CollectionId, envelope, list_envelope};
use crate::state::hash;
use crate::world::Entity;

/// What an answer is about.
pub(crate) enum Content {
    Entity(CollectionId, Arc<Entity>),
    Entities(CollectionId, Vec<Arc<Entity>>, usize),
    /// Made for this response; properties of the same name take these values.
    Made(Map<String, Value>),
}

impl Desk<'_> {
    fn seed(&self) -> u64 {
        self.ground.seed ^ hash(&[self.incoming.method, self.incoming.path, self.incoming.query])
    }

    /// The answer of success: the first wish that is documented, about the content.
    pub(crate) fn respond(&self, wishes: &[u16], content: Content, why: &'static str) -> Answer {
        let (status, response) = answer::success(self.operation, wishes);
        let headers = answer::headers(self.ground, response, self.seed());
        let empty = Answer { headers, ..Answer::empty(status, why) };
        let empty = if (300..400).contains(&status) { empty.with_header(LOCATION, "/") } else { empty };
        let Some(media) = response.and_then(|response| self.media(response)) else { return empty };
        if status == 204 || status == 304 {
            return empty;
        }
        if let Some(json) = self.ready(media, &content) {
            return Answer { headers: empty.headers, ..Answer::json(status, json, why) };
        }
        let value = self.value(media, content);
        let (content_type, body) = answer::encode(media, "item", &value);
        Answer { content_type: Some(content_type), body, ..empty }
    }

    fn media<'r>(&self, response: &'r Response) -> Option<&'r MediaType> {
        answer::negotiate(&response.content, self.incoming.header("accept"))
    }

    /// The text of an entity that is answered as it is kept.
    fn ready(&self, media: &MediaType, content: &Content) -> Option<Bytes> {
        let Content::Entity(id, entity) = content else { return None };
        let node = media.schema.as_ref().filter(|_| media.name == "application/json")?;
        let schema = self.ground.judges.schema(node)?;
        (self.ground.collections[*id].entity.as_ref() == Some(schema.resolved().node())).then(|| entity.json.clone())
    }

    /// The body of an answer: about the content, and valid, or made.
    fn value(&self, media: &MediaType, content: Content) -> Value {
        let Some(node) = &media.schema else { return self.without_schema(media, content) };
        let made = match &content {
            Content::Entity(id, entity) if self.is_listed(*id, node) => {
                list::body(self.ground, *id, std::slice::from_ref(entity), 1, node)
            }
            Content::Entity(id, entity) => {
                let singular = self.ground.collections[*id].singular();
                let wrapper = self.ground.judges.schema(node).and_then(|schema| envelope(&schema, &singular));
                self.ground.shown(*id, entity, node, wrapper.as_deref())
            }
            Content::Entities(id, entities, total) => list::body(self.ground, *id, entities, *total, node),
            Content::Made(known) => self.example(media, known),
        };
        let fits = |value: &Value| self.ground.judges.is_valid(node, Direction::Response, value);
        made.filter(fits).or_else(|| self.around(node, content)).unwrap_or(Value::Null)
    }

    /// Whether the body for one entity has room for several.
    fn is_listed(&self, id: CollectionId, node: &NodeRef) -> bool {
        let collection = &self.ground.collections[id];
        let schema =
            self.ground.judges.schema(node).filter(|schema| collection.entity.as_ref() != Some(schema.resolved().node()));
        schema.and_then(|schema| list_envelope(&schema, collection.plural(), collection.entity.as_ref())).is_some()
    }

    /// A value of the schema with everything that is known and fits.
    fn around(&self, node: &NodeRef, content: Content) -> Option<Value> {
        let known = match content {
            Content::Made(known) => known,
            Content::Entity(_, entity) => entity.value.as_object().cloned().unwrap_or_default(),
            Content::Entities(..) => Map::new(),
        };
        let schema = self.ground.judges.schema(node)?;
        let pins = if schema.allows_type("object") { self.ground.pins(&schema, &known) } else { Vec::new() };
        self.ground.judges.make(node, self.seed(), &Hints { pins, ..Hints::default() })
    }

    /// An example of the document that its own schema allows, with the known values in it.
    fn example(&self, media: &MediaType, known: &Map<String, Value>) -> Option<Value> {
        let node = media.schema.as_ref()?;
        let schema = self.ground.judges.schema(node)?;
        let examples = media.examples.iter().filter_map(|node| self.ground.service.documents.value(node));
        let mut fitting = examples.filter(|value| self.ground.judges.is_valid(node, Direction::Response, value));
        let mut value = fitting.next()?.clone();
        for (at, sent) in self.ground.pins(&schema, known) {
            let name: String = Pointer::last(&at).unwrap_or_default();
            if let Some(slot) = value.as_object_mut().and_then(|map| map.get_mut(&name)) {
                *slot = sent;
            }
        }
        Some(value)
    }

    fn without_schema(&self, media: &MediaType, content: Content) -> Value {
        let example = media.examples.iter().find_map(|node| self.ground.service.documents.value(node));
        match content {
            Content::Entity(_, entity) => entity.value.clone(),
            Content::Entities(_, entities, _) => entities.iter().map(|entity| entity.value.clone()).collect(),
            Content::Made(known) => {
                example.cloned().unwrap_or_else(|| if media.is_json() { Value::Object(known) } else { Value::from("") })
            }
        }
    }
}
