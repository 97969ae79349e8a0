//! The resources of a service, read off its paths and schemas: what is a collection, what tells its entities apart, and what each
//! operation does to them.
//!
//! `/orders/{id}` makes `/orders` a collection. `/users/{u}/orders/{o}` makes one per user. A path without a key that can be read and
//! written (`/settings`) is a single resource. `POST /orders/{id}/cancel` acts on an order. What fits nowhere has no state.

mod identity;
mod roles;
mod shape;

pub(crate) use identity::{normalised, same_name, singular};
pub(crate) use roles::{infer, split_key};
pub(crate) use shape::{array_property, envelope, list_envelope};

use callboard_model::NodeRef;

/// Which of a service's collections.
pub(crate) type CollectionId = usize;

/// A set of entities, or a single one.
#[derive(Clone, Debug)]
pub(crate) struct Collection {
    /// The path template, such as `/users/{u}/orders`.
    pub(crate) path: String,
    /// Where entities are listed and made: the same path, or its plural (`/silences` beside `/silence/{id}`).
    pub(crate) home: String,
    /// How many parameters that path has: their values tell one parent's entities from another's.
    pub(crate) depth: usize,
    /// The collections whose entities the path goes through, each with its own depth.
    pub(crate) ancestors: Vec<CollectionId>,
    /// The schema of an entity, resolved.
    pub(crate) entity: Option<NodeRef>,
    /// The parameter of the path that carries the key: its name and schema.
    pub(crate) key_parameter: Option<(String, Option<NodeRef>)>,
    /// The property that carries the key.
    pub(crate) key_property: Option<String>,
    /// Whether there is exactly one entity.
    pub(crate) is_single: bool,
    /// Whether a caller can make entities.
    pub(crate) can_create: bool,
    /// Whether a caller can list entities.
    pub(crate) can_list: bool,
}

impl Collection {
    /// The last word of the path where entities are listed, such as `orders`.
    pub(crate) fn plural(&self) -> &str {
        self.home.rsplit('/').next().unwrap_or_default()
    }

    /// What an entity is called, such as `order`.
    pub(crate) fn singular(&self) -> String {
        let last = self.path.split('/').rfind(|segment| !segment.is_empty() && !segment.starts_with('{')).unwrap_or_default();
        singular(last)
    }
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Makes an entity; the service chooses the key unless the body has it.
    Create(CollectionId),
    /// Makes several entities from an array.
    CreateMany(CollectionId),
    /// Makes the entity whose key is in the path.
    CreateAt(CollectionId),
    /// Reads one.
    Read(CollectionId),
    /// Reads those that match.
    List(CollectionId),
    /// Replaces one.
    Replace(CollectionId),
    /// Replaces the one whose key is in the body.
    ReplaceByBody(CollectionId),
    /// Changes parts of one.
    Update(CollectionId),
    /// Removes one.
    Remove(CollectionId),
    /// Does something to one: the word is the last part of the path.
    Act(CollectionId, String),
    /// No state of its own; entities on the way must exist.
    Other(Vec<CollectionId>),
}

impl Role {
    /// The collection, where there is one.
    pub(crate) fn collection(&self) -> Option<CollectionId> {
        match self {
            Self::Create(id)
            | Self::CreateMany(id)
            | Self::CreateAt(id)
            | Self::Read(id)
            | Self::List(id)
            | Self::Replace(id)
            | Self::ReplaceByBody(id)
            | Self::Update(id)
            | Self::Remove(id)
            | Self::Act(id, _) => Some(*id),
            Self::Other(_) => None,
        }
    }
}
