//! What resources there are: the nouns of all paths, who owns each, and by which words fields and sentences mean it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use callboard_model::api::ParameterLocation;
use callboard_model::{Method, Operation, Service, System};

use crate::keys::key_tail;
use crate::path::{self, Segment};
use crate::words::{singular, split_identifier};

/// An entity by number.
pub(crate) type EntityId = usize;

/// A resource.
#[derive(Debug)]
pub(crate) struct EntityInfo {
    /// Singular words, joined by blanks.
    pub(crate) noun: String,
    /// Services with how much speaks for each as its owner.
    pub(crate) claims: BTreeMap<usize, f64>,
    /// Names of its key parameter, by service.
    pub(crate) keys: BTreeMap<usize, Vec<String>>,
    pub(crate) aliases: Vec<String>,
}

impl EntityInfo {
    /// The service that owns it, by number.
    pub(crate) fn owner(&self) -> Option<usize> {
        let mut best: Option<(usize, f64)> = None;
        for (service, claim) in &self.claims {
            if *claim >= 2.0 && best.is_none_or(|(_, b)| *claim > b) {
                best = Some((*service, *claim));
            }
        }
        best.map(|(service, _)| service)
    }

    /// `OrderItem`.
    pub(crate) fn display(&self) -> String {
        let capital = |word: &str| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
        };
        self.noun.split(' ').map(capital).collect()
    }
}

/// An operation with the number of its service.
pub(crate) struct Numbered<'a> {
    pub(crate) service_number: usize,
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
}

/// All operations in order, with the numbers of their services.
pub(crate) fn numbered(system: &System) -> impl Iterator<Item = Numbered<'_>> {
    system.services().iter().enumerate().flat_map(|(service_number, service)| {
        service.operations.iter().map(move |operation| Numbered { service_number, service, operation })
    })
}

/// The numbers of each service's operations.
pub(crate) fn ranges(system: &System) -> Vec<Range<usize>> {
    let mut next = 0;
    let mut range = |service: &Service| {
        let start = next;
        next += service.operations.len();
        start..next
    };
    system.services().iter().map(&mut range).collect()
}

/// The operations of one service.
pub(crate) fn numbered_of(system: &System, service_number: usize) -> impl Iterator<Item = Numbered<'_>> {
    let service = &system.services()[service_number];
    service.operations.iter().map(move |operation| Numbered { service_number, service, operation })
}

/// The resources of a system by the words that mean them.
#[derive(Debug, Default)]
pub(crate) struct Nouns {
    pub(crate) entities: Vec<EntityInfo>,
    by_noun: BTreeMap<String, EntityId>,
    by_last_word: HashMap<String, Vec<EntityId>>,
    /// Entities by the whole name of their key, where the name says more than `id`: `tracking number`, `sku`.
    by_key: HashMap<String, Vec<EntityId>>,
    /// As `by_key`, for names such as `path` or `email` that only say something within one service.
    by_natural_key: HashMap<(usize, String), Vec<EntityId>>,
    /// Services with the entities that a POST to their collection makes.
    made: BTreeSet<(usize, EntityId)>,
}

impl Nouns {
    /// Reads the paths of a system. `aliases` is the project's glossary, word to entity.
    pub(crate) fn of(system: &System, aliases: &BTreeMap<String, String>) -> Self {
        let mut nouns = Self::default();
        for numbered in numbered(system) {
            nouns.collect(&numbered);
        }
        for (word, entity) in aliases {
            nouns.alias(word, entity);
        }
        nouns
    }

    fn entity_or_new(&mut self, words: &[String]) -> EntityId {
        let noun = words.join(" ");
        if let Some(id) = self.by_noun.get(&noun) {
            return *id;
        }
        let id = self.entities.len();
        self.entities.push(EntityInfo {
            noun: noun.clone(),
            claims: BTreeMap::new(),
            keys: BTreeMap::new(),
            aliases: Vec::new(),
        });
        self.by_noun.insert(noun, id);
        if let Some(last) = words.last() {
            self.by_last_word.entry(last.clone()).or_default().push(id);
        }
        id
    }

    /// Adds the nouns of one path.
    fn collect(&mut self, numbered: &Numbered<'_>) {
        let Numbered { service_number, operation, .. } = numbered;
        let segments = path::segments(&operation.key.path);
        for (i, segment) in segments.iter().enumerate() {
            let Segment::Parameter(name) = segment else { continue };
            let words = split_identifier(name);
            let noun = path::noun_before(&segments, i);
            if noun.is_empty()
                || path::is_measure_in_path(&words, &noun, is_text(numbered, name)) && !words.is_empty()
                || is_enumerated(numbered, name)
            {
                continue;
            }
            let id = self.entity_or_new(&noun);
            let is_last = i + 1 == segments.len();
            let claim = match (is_last, &operation.key.method) {
                (true, Method::Get) => 2.0,
                (true, Method::Post | Method::Put) => 1.5,
                (true, _) => 1.0,
                (false, _) => 0.2,
            };
            let entity = &mut self.entities[id];
            *entity.claims.entry(*service_number).or_default() += claim;
            let keys = entity.keys.entry(*service_number).or_default();
            let tail = if words.last() == noun.last() { words.join(" ") } else { key_tail(&words, &noun) };
            if !keys.contains(&tail) {
                keys.push(tail);
            }
            if is_natural(&words, &noun) {
                let known = self.by_natural_key.entry((*service_number, words.join(" "))).or_default();
                if !known.contains(&id) {
                    known.push(id);
                }
            }
            if is_distinctive(&words, &noun) {
                let known = self.by_key.entry(words.join(" ")).or_default();
                if !known.contains(&id) {
                    known.push(id);
                }
            }
        }
        if operation.key.method == Method::Post
            && let Some(Segment::Fixed(last)) = segments.last()
            && singular(last) != *last
        {
            let noun = path::noun(last);
            if !noun.is_empty() {
                let id = self.entity_or_new(&noun);
                *self.entities[id].claims.entry(*service_number).or_default() += 2.0;
                self.made.insert((*service_number, id));
            }
        }
    }

    fn alias(&mut self, word: &str, entity: &str) {
        let mut words = split_identifier(entity);
        if let Some(last) = words.last_mut() {
            *last = singular(last);
        }
        if words.is_empty() {
            return;
        }
        let id = self.entity_or_new(&words);
        let mut alias = split_identifier(word);
        if let Some(last) = alias.last_mut() {
            *last = singular(last);
        }
        self.by_noun.insert(alias.join(" "), id);
        self.entities[id].aliases.push(word.to_owned());
    }

    /// The entity of a noun's words (last one singular), with how sure the name makes it.
    pub(crate) fn find(&self, words: &[String], service: usize) -> Option<(EntityId, f64)> {
        if words.is_empty() {
            return None;
        }
        let mut words = words.to_vec();
        if let Some(last) = words.last_mut() {
            *last = singular(last);
        }
        if let Some(id) = self.by_noun.get(&words.join(" ")) {
            return Some((*id, 1.0));
        }
        let last = words.last()?.clone();
        if words.len() > 1
            && let Some(id) = self.by_noun.get(&last)
        {
            return Some((*id, 0.8));
        }
        if let Some([only]) = self.by_last_word.get(&last).map(Vec::as_slice) {
            return Some((*only, 0.8));
        }
        self.similar(&last, service)
    }

    /// `cust` for customer, `client` for customer: where exactly one entity fits.
    fn similar(&self, word: &str, service: usize) -> Option<(EntityId, f64)> {
        if word.len() >= 4 {
            let from = self.by_noun.range(word.to_owned()..).take_while(|(noun, _)| noun.starts_with(word));
            let mut starts = from.filter(|(noun, _)| !noun.contains(' '));
            if let (Some((_, id)), None) = (starts.next(), starts.next()) {
                return Some((*id, 0.7));
            }
        }
        self.synonym(word, service)
    }

    pub(crate) fn synonym(&self, word: &str, service: usize) -> Option<(EntityId, f64)> {
        const TABLE: &[&str] =
            &["customer client buyer shopper account user", "product item article sku", "cart basket", "movie film"];
        let row = TABLE.iter().find(|row| row.split(' ').any(|w| w == word))?;
        let known: Vec<EntityId> = row.split(' ').filter_map(|w| self.by_noun.get(w).copied()).collect();
        let owned = known.iter().copied().find(|id| self.entities[*id].owner().is_some_and(|owner| owner != service));
        owned.or(known.first().copied()).map(|id| (id, 0.6))
    }

    /// Adds the resource of a key that belongs to none of the known ones.
    pub(crate) fn add_foreign(&mut self, words: &[String]) {
        const TECHNICAL: &[&str] = &[
            "request",
            "correlation",
            "trace",
            "span",
            "client",
            "operation",
            "external",
            "parent",
            "object",
            "unique",
            "tenant",
            "transaction",
            "page",
            "next",
            "previous",
        ];
        let is_technical = words.last().is_none_or(|last| TECHNICAL.contains(&last.as_str()));
        if !is_technical && self.find(words, usize::MAX).is_none() {
            let mut words = words.to_vec();
            if let Some(last) = words.last_mut() {
                *last = singular(last);
            }
            self.entity_or_new(&words);
        }
    }

    /// Whether a service makes such a resource by a POST to its collection.
    pub(crate) fn is_made(&self, service: usize, entity: EntityId) -> bool {
        self.made.contains(&(service, entity))
    }

    /// The entity whose key alone has this name.
    pub(crate) fn by_key_name(&self, words: &[String]) -> Option<EntityId> {
        match self.by_key.get(&words.join(" ")).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    /// The entity whose key alone has this name within a service, though the name says little by itself.
    pub(crate) fn by_natural_key(&self, service: usize, words: &[String]) -> Option<EntityId> {
        match self.by_natural_key.get(&(service, words.join(" "))).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        }
    }

    /// The entity of a noun as it stands: singular words joined by blanks.
    pub(crate) fn exact(&self, noun: &str) -> Option<EntityId> {
        self.by_noun.get(noun).copied()
    }

    /// The entity of a noun in text.
    pub(crate) fn by_word(&self, word: &str) -> Option<EntityId> {
        let one = singular(word);
        self.by_noun.get(&one).copied().or_else(|| match self.by_last_word.get(&one).map(Vec::as_slice) {
            Some([only]) => Some(*only),
            _ => None,
        })
    }

    /// The entity that an operation's path is about: the noun of its last fixed segment that is one.
    pub(crate) fn subject(&self, numbered: &Numbered<'_>) -> Option<EntityId> {
        let segments = path::segments(&numbered.operation.key.path);
        let named = segments.iter().rev().find_map(|segment| match segment {
            Segment::Fixed(text) => self.by_noun.get(&path::noun(text).join(" ")).copied(),
            Segment::Parameter(_) => None,
        });
        named.or_else(|| self.registered(numbered, &segments))
    }

    /// `POST /register`, which says that it registers a user: the resource is not in the path, but in what is said of it.
    fn registered(&self, numbered: &Numbered<'_>, segments: &[Segment]) -> Option<EntityId> {
        let Numbered { service_number, operation, .. } = numbered;
        let says = |verb: &str| matches!(verb, "register" | "signup" | "registration" | "enrol" | "enroll");
        let [Segment::Fixed(only)] = segments else { return None };
        if operation.key.method != Method::Post || !says(&split_identifier(only).concat()) {
            return None;
        }
        let texts = [operation.summary.as_deref(), operation.description.as_deref(), operation.id.as_deref()];
        let words = texts.into_iter().flatten().flat_map(split_identifier);
        words.map(|word| singular(&word)).find_map(|word| {
            self.exact(&word)
                .or_else(|| self.synonym(&word, usize::MAX).map(|(id, _)| id))
                .filter(|id| self.entities[*id].claims.contains_key(service_number))
        })
    }
}

/// Whether a key is known by a property of the thing: `{path}`, `{email}`.
fn is_natural(words: &[String], noun: &[String]) -> bool {
    const PLAIN: &[&str] = &["name", "value", "item", "object", "resource", "entity", "title", "owner", "group", "kind", "state"];
    let [word] = words else { return false };
    !path::without_key_suffix(words).1
        && !path::is_measure(words)
        && !PLAIN.contains(&word.as_str())
        && noun.last() != Some(&singular(word))
}

/// Whether a key's name says by itself whose key it is: `trackingNumber`, `sku` and `schemaVersion` of a version do, `id` and `customerId`
/// do not.
fn is_distinctive(words: &[String], noun: &[String]) -> bool {
    const PLAIN: &[&str] =
        &["id", "ids", "uuid", "guid", "ref", "key", "identifier", "uri", "url", "href", "slug", "uid", "code", "number", "sid"];
    if words.len() > 1 && words.last() == noun.last() {
        return true;
    }
    let (rest, has_suffix) = path::without_key_suffix(words);
    let is_plain = rest.is_empty() && words.last().is_none_or(|last| PLAIN.contains(&last.as_str()));
    has_suffix && !is_plain && key_tail(words, noun) == words.join(" ")
}

/// Whether a path parameter is text, as far as the definition says.
fn is_text(numbered: &Numbered<'_>, name: &str) -> bool {
    let parameter = numbered.operation.parameter(ParameterLocation::Path, name);
    let schema = parameter.and_then(|p| p.schema.as_ref()).and_then(|node| numbered.service.schema(node));
    schema.is_some_and(|schema| schema.types().first() == Some(&"string"))
}

fn is_enumerated(numbered: &Numbered<'_>, name: &str) -> bool {
    let parameter = numbered.operation.parameter(ParameterLocation::Path, name);
    let schema = parameter.and_then(|p| p.schema.as_ref()).and_then(|node| numbered.service.schema(node));
    schema.is_some_and(|schema| schema.enumeration().is_some())
}
