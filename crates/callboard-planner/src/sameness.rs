//! Resources that one service names and another one keeps: a member of an image is a project, an item of a cart is what the catalogue
//! sells.
//!
//! A service that only refers to a thing may have a collection for the references (`/carts/{id}/items/{itemId}`). Their keys are then
//! keys of the thing itself. Two signs say so: a text of the service (`a member is usually a project`), or that whoever adds the
//! reference has to name it by a key, while another service reads one by key and calls it by the same word.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use callboard_model::map::{Evidence, Signal};
use callboard_model::{Method, System};

use crate::described;
use crate::entities::{EntityId, Nouns, Numbered, numbered};
use crate::keys::key_tail;
use crate::path::{self, Segment};
use crate::shape::Place;
use crate::typing::{OperationTypes, Signals, evidence};
use crate::words::{singular, split_identifier};

/// What a service means by some of its resources.
#[derive(Debug, Default)]
pub(crate) struct Sameness {
    meant: HashMap<(usize, EntityId), (EntityId, Evidence)>,
}

impl Sameness {
    /// Reads a system whose bodies are known.
    pub(crate) fn of(system: &System, nouns: &Nouns, operations: &[OperationTypes], signals: &Signals) -> Self {
        let mut same = Self::default();
        if signals.contains(&Signal::Text) {
            same.said(system, nouns, operations);
            same.named(system, nouns, operations);
        }
        same
    }

    /// The resource that a service means by one of its own, with the reason.
    pub(crate) fn meant(&self, service: usize, entity: EntityId) -> Option<&(EntityId, Evidence)> {
        self.meant.get(&(service, entity))
    }

    /// What descriptions of keys say: `member_id: a member is usually a project`.
    fn said(&mut self, system: &System, nouns: &Nouns, operations: &[OperationTypes]) {
        let mut seen: BTreeSet<*const Vec<Place>> = BTreeSet::new();
        for (numbered, types) in numbered(system).zip(operations) {
            for parameter in &numbered.operation.parameters {
                self.say(nouns, numbered.service_number, &parameter.name, parameter.description.as_deref());
            }
            for places in [&types.request, &types.response] {
                if seen.insert(Arc::as_ptr(places)) {
                    for place in places.iter() {
                        self.say(nouns, numbered.service_number, &place.name, place.shape.description.as_deref());
                    }
                }
            }
        }
    }

    fn say(&mut self, nouns: &Nouns, service: usize, name: &str, text: Option<&str>) {
        for (thing, kind, words) in text.map(described::is_a).unwrap_or_default() {
            let field = split_identifier(name);
            let (noun, is_key) = path::without_key_suffix(&field);
            if !is_key || noun.last().is_none_or(|last| *last != thing) {
                continue;
            }
            let found = (nouns.exact(&thing), nouns.exact(&singular(&kind)));
            if let (Some(thing), Some(kind)) = found
                && thing != kind
            {
                let reason = evidence(Signal::Text, 0.8, format!("a description of `{name}`: \"{words}\""));
                self.meant.entry((service, thing)).or_insert((kind, reason));
            }
        }
    }

    /// Things that are added by a key which another service gives.
    fn named(&mut self, system: &System, nouns: &Nouns, operations: &[OperationTypes]) {
        let read = read_elsewhere(system, nouns);
        let is_read: BTreeSet<EntityId> = numbered(system).filter_map(|numbered| read_by_key(&numbered, nouns)).collect();
        for (numbered, types) in numbered(system).zip(operations) {
            let Some(entity) = nouns.subject(&numbered).filter(|entity| !is_read.contains(entity)) else { continue };
            let Some((owner, by)) = read.get(&nouns.entities[entity].noun) else { continue };
            if numbered.operation.key.method == Method::Post
                && owner.0 != numbered.service_number
                && names_it(types, nouns, entity)
            {
                let reason = evidence(Signal::Text, 0.7, format!("whoever adds one names it by a key; {by} reads one"));
                self.meant.entry((numbered.service_number, entity)).or_insert((owner.1, reason));
            }
        }
    }
}

/// A service and a resource of it.
type Owned = (usize, EntityId);

/// Resources that are read by key, by the word that the operation's text has for them where it is not the word of the path; only words
/// that mean one.
fn read_elsewhere(system: &System, nouns: &Nouns) -> BTreeMap<String, (Owned, String)> {
    let mut found: BTreeMap<String, Vec<(Owned, String)>> = BTreeMap::new();
    for numbered in numbered(system) {
        let Some(entity) = read_by_key(&numbered, nouns) else { continue };
        let operation = numbered.operation;
        for text in [operation.summary.as_deref(), operation.id.as_deref()].into_iter().flatten() {
            let Some(word) = described::reads(text).map(|word| singular(&word)) else { continue };
            if word != nouns.entities[entity].noun {
                found.entry(word).or_default().push(((numbered.service_number, entity), operation.key.to_string()));
                break;
            }
        }
    }
    found.into_iter().filter_map(|(word, mut owners)| (owners.len() == 1).then(|| Some((word, owners.pop()?)))?).collect()
}

/// The resource whose key ends the path of a GET.
fn read_by_key(numbered: &Numbered<'_>, nouns: &Nouns) -> Option<EntityId> {
    let operation = numbered.operation;
    let segments = path::segments(&operation.key.path);
    let ends_in_key = matches!(segments.last(), Some(Segment::Parameter(_))) && operation.key.method == Method::Get;
    if ends_in_key { nouns.subject(numbered) } else { None }
}

/// Whether a request has to hold the key of the thing that it adds.
fn names_it(types: &OperationTypes, nouns: &Nouns, entity: EntityId) -> bool {
    let noun: Vec<String> = nouns.entities[entity].noun.split(' ').map(str::to_owned).collect();
    types.request.iter().any(|place| {
        let words = split_identifier(&place.name);
        place.parent == Some(0)
            && place.required
            && words.len() > 1
            && path::without_key_suffix(&words).1
            && key_tail(&words, &noun) == "id"
    })
}
