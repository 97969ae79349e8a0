//! Schemas flattened to places: what a body holds, by pointer, under a budget.
//!
//! Definitions share schemas and nest them without end. Each schema is looked at once, and a walk stops after
//! [`MAX_PLACES`] places or [`MAX_DEPTH`] levels, nearest first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use callboard_model::{NodeRef, Pointer, Schema, Service};
use serde_json::Value;

use crate::words::split_identifier;

/// Places kept of one body.
const MAX_PLACES: usize = 160;
/// Levels of one body.
const MAX_DEPTH: usize = 6;
/// Properties kept of one object.
const MAX_FIELDS: usize = 60;

/// What kind of value stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Map,
    Array,
    Text,
    Integer,
    Number,
    Boolean,
    Any,
}

impl Kind {
    pub(crate) fn is_scalar(self) -> bool {
        matches!(self, Self::Text | Self::Integer | Self::Number | Self::Boolean | Self::Any)
    }
}

/// A schema, looked at once.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Which one it is, among all of the system.
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    pub(crate) options: Vec<Value>,
    pub(crate) description: Option<String>,
    pub(crate) nullable: bool,
    pub(crate) read_only: bool,
    pub(crate) write_only: bool,
    pub(crate) fields: Vec<Field>,
    /// Whether it is one of several (`oneOf`, `anyOf`).
    pub(crate) is_choice: bool,
    /// Items of an array, values of a map.
    pub(crate) item: Option<(NodeRef, Option<String>)>,
}

/// A property of an object.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// The words of the name.
    pub(crate) words: Vec<String>,
    pub(crate) node: NodeRef,
    pub(crate) reference: Option<String>,
    pub(crate) required: bool,
}

/// A place in a body.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Where; `*` for items and values of maps.
    pub(crate) pointer: Pointer,
    /// The property's name; for items the name of their list.
    pub(crate) name: String,
    /// The name by which a schema refers to it.
    pub(crate) reference: Option<String>,
    pub(crate) shape: Arc<Shape>,
    /// Resolved address of the schema.
    pub(crate) node: Arc<NodeRef>,
    /// Lists and maps around it.
    pub(crate) nesting: u8,
    /// Whether it must be there, all the way down.
    pub(crate) required: bool,
    /// The object that holds it.
    pub(crate) parent: Option<usize>,
}

/// A shape with the resolved address of its schema.
type Known = (Arc<NodeRef>, Arc<Shape>);

/// Shapes and bodies of one service.
#[derive(Default)]
pub(crate) struct Shapes {
    known: HashMap<NodeRef, Known>,
    bodies: HashMap<NodeRef, Arc<Vec<Place>>>,
    next: u64,
}

impl Shapes {
    /// Those of a service by its number: shapes of all services have numbers of their own.
    pub(crate) fn of(service: usize) -> Self {
        Self { next: (service as u64) << 32, ..Self::default() }
    }

    /// The shape at an address, which is resolved first.
    pub(crate) fn at(&mut self, service: &Service, node: &NodeRef) -> Option<Known> {
        if let Some(found) = self.known.get(node) {
            return Some(found.clone());
        }
        let schema = service.schema(node)?;
        if schema.reference().is_none() {
            return Some(self.add(&schema));
        }
        let target = schema.resolved();
        let found = match self.known.get(target.node()) {
            Some(found) => found.clone(),
            None => self.add(&target),
        };
        self.known.insert(node.clone(), found.clone());
        Some(found)
    }

    fn add(&mut self, schema: &Schema<'_>) -> Known {
        let found = (Arc::new(schema.node().clone()), Arc::new(shape_of(schema, self.next)));
        self.next += 1;
        self.known.insert(schema.node().clone(), found.clone());
        found
    }

    /// The places of a body, nearest first. Bodies that refer to the same schema share them.
    pub(crate) fn places(&mut self, service: &Service, node: &NodeRef) -> Arc<Vec<Place>> {
        let schema = service.schema(node);
        let target = schema.as_ref().and_then(Schema::follow).map_or_else(|| node.clone(), |target| target.node().clone());
        if let Some(known) = self.bodies.get(&target) {
            return known.clone();
        }
        let reference = schema.and_then(|schema| schema.reference_name());
        let places = Arc::new(self.walk(service, Seed::root(node, reference)));
        self.bodies.insert(target, places.clone());
        places
    }

    fn walk(&mut self, service: &Service, root: Seed) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        let mut waiting = VecDeque::from([root]);
        while let Some(seed) = waiting.pop_front() {
            if places.len() >= MAX_PLACES {
                break;
            }
            let Some((node, shape)) = self.at(service, &seed.node) else { continue };
            let index = places.len();
            if seed.depth < MAX_DEPTH && index + waiting.len() < MAX_PLACES && !is_within(&places, seed.parent, &shape) {
                seed.children(index, &shape, &mut waiting);
            }
            let Seed { pointer, name, reference, nesting, required, parent, .. } = seed;
            places.push(Place { pointer, name, reference, shape, node, nesting, required, parent });
        }
        places
    }
}

/// Whether a schema already surrounds the place: recursion adds nothing new.
fn is_within(places: &[Place], mut parent: Option<usize>, shape: &Shape) -> bool {
    while let Some(at) = parent {
        if places[at].shape.number == shape.number {
            return true;
        }
        parent = places[at].parent;
    }
    false
}

struct Seed {
    node: NodeRef,
    pointer: Pointer,
    name: String,
    reference: Option<String>,
    nesting: u8,
    required: bool,
    parent: Option<usize>,
    depth: usize,
}

impl Seed {
    fn root(node: &NodeRef, reference: Option<String>) -> Self {
        Self {
            node: node.clone(),
            pointer: Pointer::root(),
            name: String::new(),
            reference,
            nesting: 0,
            required: true,
            parent: None,
            depth: 0,
        }
    }

    fn children(&self, index: usize, shape: &Shape, waiting: &mut VecDeque<Seed>) {
        for field in &shape.fields {
            waiting.push_back(Seed {
                node: field.node.clone(),
                pointer: self.pointer.join(&field.name),
                name: field.name.clone(),
                reference: field.reference.clone(),
                nesting: self.nesting,
                required: self.required && field.required,
                parent: Some(index),
                depth: self.depth + 1,
            });
        }
        if let Some((node, reference)) = &shape.item {
            waiting.push_back(Seed {
                node: node.clone(),
                pointer: self.pointer.join("*"),
                name: self.name.clone(),
                reference: reference.clone(),
                nesting: self.nesting.saturating_add(1),
                required: self.required,
                parent: Some(index),
                depth: self.depth + 1,
            });
        }
    }
}

fn shape_of(schema: &Schema<'_>, number: u64) -> Shape {
    let properties = schema.all_properties();
    let required = schema.required();
    let items = schema.items();
    let values = if properties.is_empty() && items.is_none() { schema.additional_properties() } else { None };
    let kind = kind_of(schema, !properties.is_empty(), items.is_some(), values.is_some());
    let parts = schema.parts();
    let fields = properties
        .into_iter()
        .take(MAX_FIELDS)
        .map(|(name, property)| (name, fullest(&parts, name).unwrap_or(property)))
        .map(|(name, property)| Field {
            name: name.to_owned(),
            words: split_identifier(name),
            node: property.node().clone(),
            reference: property.reference_name(),
            required: required.contains(&name),
        })
        .collect();
    let item = items.or(values).map(|item| (item.node().clone(), item.reference_name()));
    let options = schema.enumeration().map(|values| values.into_iter().cloned().collect()).unwrap_or_default();
    Shape {
        number,
        kind,
        format: schema.format().map(str::to_owned),
        options,
        description: schema.description().map(|text| text.chars().take(400).collect()),
        nullable: schema.is_nullable(),
        read_only: schema.is_read_only(),
        write_only: schema.is_write_only(),
        fields,
        is_choice: schema.options().len() > 1,
        item,
    }
}

/// Where several parts of an `allOf` describe a property, the one that says most of what is in it.
fn fullest<'a>(parts: &[Schema<'a>], name: &str) -> Option<Schema<'a>> {
    if parts.len() < 2 {
        return None;
    }
    let says_more = |schema: &Schema<'_>| {
        let has_content = |value: &Value| value.get("$ref").is_some() || value.get("properties").is_some();
        has_content(schema.value()) || schema.keyword("items").is_some_and(has_content)
    };
    let found = parts.iter().filter_map(|part| part.child("properties")?.child(name));
    let mut found = found.filter(says_more);
    found.next()
}

fn kind_of(schema: &Schema<'_>, has_properties: bool, has_items: bool, has_values: bool) -> Kind {
    if has_items {
        return Kind::Array;
    }
    if has_properties {
        return Kind::Object;
    }
    if has_values {
        return Kind::Map;
    }
    match schema.types().first().copied() {
        Some("object") => Kind::Object,
        Some("array") => Kind::Array,
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        _ => Kind::Any,
    }
}
