//! What resources there are, and which field of which operation carries the identity of one.
//!
//! A parameter behind a collection's name is that resource's key, whatever it is called; a field `customerId` is a customer's key where
//! some service has customers; an object that looks like what GET-by-id returns is that resource. Everything is looked up by entity, never
//! compared in pairs, so the work grows with the size of the definitions and not with its square.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use callboard_model::api::ParameterLocation;
use callboard_model::map::{Evidence, Input, Output, Signal};
use callboard_model::{Method, Operation, OperationKey, Service, ServiceName, System};

use regex::Regex;

use crate::path::{self, Segment};
use crate::profiles::Profiles;
use crate::shape::{Kind, Place, Shapes};
use crate::words::{singular, split_identifier, stem};

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

/// An input that wants the identity of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    pub(crate) input: Input,
    pub(crate) entity: EntityId,
    pub(crate) hard: bool,
    pub(crate) score: f64,
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    pub(crate) evidence: Vec<Evidence>,
}

/// A place that gives the identity of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Yield {
    pub(crate) output: Output,
    pub(crate) entity: EntityId,
    pub(crate) score: f64,
    pub(crate) nesting: u8,
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    pub(crate) evidence: Vec<Evidence>,
}

/// What one operation takes and gives.
#[derive(Debug, Default)]
pub(crate) struct OperationTypes {
    pub(crate) needs: Vec<Need>,
    pub(crate) yields: Vec<Yield>,
    /// The resource that its path is about.
    pub(crate) subject: Option<EntityId>,
    /// Places of the request body.
    pub(crate) request: Vec<Place>,
    /// Places of the successful answer.
    pub(crate) response: Vec<Place>,
}

/// Everything that the definitions say about identities.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    pub(crate) entities: Vec<EntityInfo>,
    by_noun: BTreeMap<String, EntityId>,
    by_last_word: HashMap<String, Vec<EntityId>>,
    /// By operation, in the order of `System::operations`.
    pub(crate) operations: Vec<OperationTypes>,
    /// Yields by entity: operation and number of the yield.
    pub(crate) producers: HashMap<EntityId, Vec<(usize, usize)>>,
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

impl Typing {
    /// Reads a system. `aliases` is the project's glossary, word to entity.
    pub(crate) fn of(system: &System, aliases: &BTreeMap<String, String>) -> Self {
        let mut typing = Self::default();
        for numbered in numbered(system) {
            typing.collect(&numbered);
        }
        for (word, entity) in aliases {
            typing.alias(word, entity);
        }
        let mut shapes: Vec<Shapes> = system.services().iter().map(|_| Shapes::default()).collect();
        for Numbered { service_number, service, operation } in numbered(system) {
            let shapes = &mut shapes[service_number];
            let body = operation.request_body.as_ref().and_then(|body| body.preferred()).and_then(|media| media.schema.as_ref());
            let answer =
                operation.success_response().and_then(|response| response.preferred()).and_then(|media| media.schema.as_ref());
            typing.operations.push(OperationTypes {
                request: body.map(|node| shapes.places(service, node)).unwrap_or_default(),
                response: answer.map(|node| shapes.places(service, node)).unwrap_or_default(),
                ..OperationTypes::default()
            });
        }
        let profiles = Profiles::of(system, &typing);
        for (index, numbered) in numbered(system).enumerate() {
            let subject = typing.subject(&numbered);
            let needs = typing.needs(&numbered, &mut shapes[numbered.service_number], index, subject);
            let yields = typing.yields(&numbered, index, subject, &needs, &profiles);
            for (number, found) in yields.iter().enumerate() {
                typing.producers.entry(found.entity).or_default().push((index, number));
            }
            let types = &mut typing.operations[index];
            (types.subject, types.needs, types.yields) = (subject, needs, yields);
        }
        for (entity, producers) in &mut typing.producers {
            let _ = entity;
            let operations = &typing.operations;
            let score = |&(op, y): &(usize, usize)| operations[op].yields[y].score;
            producers.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        }
        typing
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
                || path::is_measure_in_path(&words, is_text(numbered, name)) && !words.is_empty()
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
            let tail = key_tail(&words, &noun);
            if !keys.contains(&tail) {
                keys.push(tail);
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

    /// `The id of the customer who gets it`.
    fn type_description(&self, description: Option<&str>, kind: Kind) -> Option<(EntityId, f64, Vec<Evidence>)> {
        let description = description.filter(|_| matches!(kind, Kind::Text | Kind::Integer | Kind::Any))?;
        for found in KEY_OF.captures_iter(description) {
            let noun = found.get(1).or_else(|| found.get(2)).map_or("", |m| m.as_str()).to_lowercase();
            if let Some(id) = self.by_noun.get(&singular(&noun)) {
                return Some((*id, 0.85, vec![evidence(Signal::Text, 0.85, format!("its description: \"{}\"", &found[0]))]));
            }
        }
        None
    }

    fn synonym(&self, word: &str, service: usize) -> Option<(EntityId, f64)> {
        const TABLE: &[&str] =
            &["customer client buyer shopper account user", "product item article sku", "cart basket", "movie film"];
        let row = TABLE.iter().find(|row| row.split(' ').any(|w| w == word))?;
        let known: Vec<EntityId> = row.split(' ').filter_map(|w| self.by_noun.get(w).copied()).collect();
        let owned = known.iter().copied().find(|id| self.entities[*id].owner().is_some_and(|owner| owner != service));
        owned.or(known.first().copied()).map(|id| (id, 0.6))
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
    fn subject(&self, numbered: &Numbered<'_>) -> Option<EntityId> {
        let segments = path::segments(&numbered.operation.key.path);
        segments.iter().rev().find_map(|segment| match segment {
            Segment::Fixed(text) => self.by_noun.get(&path::noun(text).join(" ")).copied(),
            Segment::Parameter(_) => None,
        })
    }

    fn needs(&self, numbered: &Numbered<'_>, shapes: &mut Shapes, index: usize, subject: Option<EntityId>) -> Vec<Need> {
        let mut needs = Vec::new();
        let segments = path::segments(&numbered.operation.key.path);
        for parameter in &numbered.operation.parameters {
            let shape = parameter.schema.as_ref().and_then(|node| shapes.at(numbered.service, node)).map(|(_, shape)| shape);
            let (kind, format) = shape.as_ref().map_or((Kind::Any, None), |s| (s.kind, s.format.clone()));
            if shape.as_ref().is_some_and(|s| !s.options.is_empty()) || kind == Kind::Boolean {
                continue;
            }
            let typed = if parameter.location == ParameterLocation::Path {
                self.type_path(&segments, &parameter.name, numbered.service_number, kind == Kind::Text)
            } else {
                let described = || self.type_description(parameter.description.as_deref(), kind);
                self.type_name(&parameter.name, numbered.service_number).or_else(described)
            };
            let Some((entity, score, evidence)) = typed else { continue };
            let input = Input::Parameter(parameter.location, parameter.name.clone());
            needs.push(Need { input, entity, hard: parameter.required, score, kind, format, evidence });
        }
        needs.extend(self.body_needs(numbered, index, subject));
        needs
    }

    fn body_needs(&self, numbered: &Numbered<'_>, index: usize, subject: Option<EntityId>) -> Vec<Need> {
        let required = numbered.operation.request_body.as_ref().is_some_and(|body| body.required);
        let mut needs = Vec::new();
        for place in &self.operations[index].request {
            let shape = &place.shape;
            if !shape.kind.is_scalar()
                || shape.kind == Kind::Boolean
                || shape.read_only
                || !shape.options.is_empty()
                || place.name.is_empty()
            {
                continue;
            }
            let Some((entity, score, evidence)) =
                self.type_place(place, &self.operations[index].request, numbered.service_number)
            else {
                continue;
            };
            // The key of the very thing that is created is not a reference.
            if Some(entity) == subject && place.parent == Some(0) && numbered.operation.key.method != Method::Patch {
                continue;
            }
            let input = Input::Body(place.pointer.clone());
            needs.push(Need {
                input,
                entity,
                hard: place.required && required,
                score,
                kind: shape.kind,
                format: shape.format.clone(),
                evidence,
            });
        }
        needs
    }

    fn type_path(
        &self,
        segments: &[Segment],
        name: &str,
        service: usize,
        is_text: bool,
    ) -> Option<(EntityId, f64, Vec<Evidence>)> {
        let words = split_identifier(name);
        let at = segments.iter().position(|segment| matches!(segment, Segment::Parameter(p) if p == name))?;
        let before = path::noun_before(segments, at);
        let by_path = (!before.is_empty()).then(|| self.by_noun.get(&before.join(" ")).copied()).flatten();
        if path::is_measure_in_path(&words, is_text) && !words.is_empty() {
            return None;
        }
        let (noun, has_suffix) = path::without_key_suffix(&words);
        let by_name = self.find(noun, service).filter(|_| has_suffix || Some(noun) == Some(&before));
        let says_path =
            |weight| evidence(Signal::PathTyping, weight, format!("`{{{name}}}` stands behind `{}`", before.join(" ")));
        let says_name = |weight| evidence(Signal::Name, weight, format!("`{name}` names it"));
        match (by_name, by_path) {
            (Some((a, sure)), Some(b)) if a == b => Some((a, 1.0, vec![says_path(0.9), says_name(sure)])),
            (Some((a, sure)), _) if sure >= 0.8 => Some((a, 0.95 * sure, vec![says_name(sure)])),
            (_, Some(b)) if noun.is_empty() || !has_suffix || before.is_empty() => Some((b, 0.9, vec![says_path(0.9)])),
            (Some((a, sure)), _) => Some((a, 0.9 * sure, vec![says_name(sure)])),
            (None, Some(b)) => Some((b, 0.85, vec![says_path(0.85)])),
            (None, None) => None,
        }
    }

    /// A parameter or field outside the path: its name has to say it.
    fn type_name(&self, name: &str, service: usize) -> Option<(EntityId, f64, Vec<Evidence>)> {
        let words = split_identifier(name);
        let (noun, has_suffix) = path::without_key_suffix(&words);
        if noun.is_empty() || path::is_measure(&words) {
            return None;
        }
        let (entity, sure) = self.find(noun, service)?;
        if !has_suffix {
            return None;
        }
        let score = 0.95 * sure;
        Some((entity, score, vec![evidence(Signal::Name, sure, format!("`{name}` names it"))]))
    }

    /// A field of a body: its own name, or the object that it is the key of (`customer.id`), or a list of names.
    fn type_place(&self, place: &Place, places: &[Place], service: usize) -> Option<(EntityId, f64, Vec<Evidence>)> {
        let words = split_identifier(&place.name);
        if let Some(found) = self.type_name(&place.name, service) {
            return Some(found);
        }
        let (noun, has_suffix) = path::without_key_suffix(&words);
        if has_suffix && noun.is_empty() {
            let parent = &places[place.parent?];
            let (entity, sure) = self.find(&split_identifier(&parent.name), service)?;
            return Some((
                entity,
                0.85 * sure,
                vec![evidence(Signal::Name, sure, format!("`{}` of `{}`", place.name, parent.name))],
            ));
        }
        if let Some(found) = self.type_description(place.shape.description.as_deref(), place.shape.kind) {
            return Some(found);
        }
        // `customer: "…"`, `users: ["ada"]`: a scalar named like a resource.
        let id = self
            .by_noun
            .get(&words_singular(&words))
            .copied()
            .or_else(|| self.synonym(words.last()?, service).map(|(id, _)| id))?;
        let is_reference = matches!(place.shape.kind, Kind::Text | Kind::Integer) && !path::is_measure(&words);
        is_reference.then(|| (id, 0.7, vec![evidence(Signal::Name, 0.7, format!("`{}` is a resource's name", place.name))]))
    }

    fn yields(
        &self,
        numbered: &Numbered<'_>,
        index: usize,
        subject: Option<EntityId>,
        needs: &[Need],
        profiles: &Profiles,
    ) -> Vec<Yield> {
        let mut yields = Vec::new();
        let places = &self.operations[index].response;
        let mut typed: Vec<Option<(EntityId, f64, Vec<Evidence>)>> = Vec::with_capacity(places.len());
        for (i, place) in places.iter().enumerate() {
            let found = if place.shape.kind == Kind::Object {
                self.type_object(numbered, places, i, subject, profiles, &typed)
            } else {
                None
            };
            if let Some((entity, score, evidence)) = &found
                && let Some((key, shape_kind, format)) = self.key_of(place, places, i, *entity, numbered.service_number)
            {
                let is_own = place.nesting == 0 && needs.iter().any(|need| need.entity == *entity && is_in_path(&need.input));
                if !is_own {
                    let output = Output::Body(place.pointer.join(&key));
                    let (score, nesting) = (*score, place.nesting);
                    yields.push(Yield {
                        output,
                        entity: *entity,
                        score,
                        nesting,
                        kind: shape_kind,
                        format,
                        evidence: evidence.clone(),
                    });
                }
            }
            if place.shape.is_choice && place.shape.kind == Kind::Object {
                self.choices(numbered, places, i, profiles, &mut yields);
            }
            typed.push(found);
        }
        yields.extend(self.scalar_yields(numbered, places, needs));
        yields.extend(self.chosen_key(numbered, needs));
        yields.extend(self.location(numbered, subject, &yields));
        yields.retain(|found| found.score >= 0.2);
        yields
    }

    /// An object of several kinds (`oneOf`) may be any of them.
    fn choices(&self, numbered: &Numbered<'_>, places: &[Place], index: usize, profiles: &Profiles, yields: &mut Vec<Yield>) {
        let place = &places[index];
        for (entity, sim) in profiles.all_like(place, 0.25) {
            let Some((key, kind, format)) = self.key_of(place, places, index, entity, numbered.service_number) else { continue };
            let output = Output::Body(place.pointer.join(&key));
            if !yields.iter().any(|y| y.entity == entity && y.output == output) {
                let because =
                    vec![evidence(Signal::SchemaShape, sim, "one of its kinds has the fields of the resource".to_owned())];
                yields.push(Yield { output, entity, score: 0.7, nesting: place.nesting, kind, format, evidence: because });
            }
        }
    }

    /// Fields such as `customerId` in an answer.
    fn scalar_yields(&self, numbered: &Numbered<'_>, places: &[Place], needs: &[Need]) -> Vec<Yield> {
        let mut yields = Vec::new();
        for place in places.iter().filter(|place| place.shape.kind.is_scalar() && place.shape.options.is_empty()) {
            let Some((entity, score, evidence)) = self.type_name(&place.name, numbered.service_number) else { continue };
            let is_own = place.nesting == 0 && needs.iter().any(|need| need.entity == entity && is_in_path(&need.input));
            if is_own || place.shape.kind == Kind::Boolean {
                continue;
            }
            let (kind, format) = (place.shape.kind, place.shape.format.clone());
            // What a write answers in a list was there before: it is no source of new references.
            let score = if place.nesting > 0 && !numbered.operation.key.method.is_safe() { 0.4 * score } else { score };
            yields.push(Yield {
                output: Output::Body(place.pointer.clone()),
                entity,
                score: 0.9 * score,
                nesting: place.nesting,
                kind,
                format,
                evidence,
            });
        }
        yields
    }

    /// `PUT /users/{name}`: the caller chooses the key.
    fn chosen_key(&self, numbered: &Numbered<'_>, needs: &[Need]) -> Option<Yield> {
        let operation = numbered.operation;
        let segments = path::segments(&operation.key.path);
        let Some(Segment::Parameter(name)) = segments.last() else { return None };
        let need = needs.iter().find(|need| need.input == Input::Parameter(ParameterLocation::Path, name.clone()))?;
        let server_makes = matches!(need.kind, Kind::Integer | Kind::Number) || need.format.as_deref() == Some("uuid");
        let score = match operation.key.method {
            Method::Post => 0.9,
            Method::Put if !server_makes && self.is_created_by_put(numbered, &segments) => 0.8,
            _ => return None,
        };
        let evidence = vec![evidence(Signal::PathTyping, score, format!("the caller chooses `{{{name}}}`"))];
        let output = Output::Request(need.input.clone());
        Some(Yield { output, entity: need.entity, score, nesting: 0, kind: need.kind, format: need.format.clone(), evidence })
    }

    /// A PUT by key creates where nothing else does: no POST to the collection.
    fn is_created_by_put(&self, numbered: &Numbered<'_>, segments: &[Segment]) -> bool {
        let says_so = |text: &Option<String>| {
            text.as_deref().is_some_and(|text| {
                let stems = crate::words::stems(text);
                ["create", "save", "upload", "store", "add"].iter().any(|verb| stems.contains(&stem(verb)))
            })
        };
        let operation = numbered.operation;
        let collection = operation.key.path.trim_end_matches('/').rsplit_once('/').map_or("", |(head, _)| head);
        let has_post = numbered.service.operation_at(&Method::Post, collection).is_some();
        segments.len() >= 2
            && (says_so(&operation.summary) || (!has_post && operation.responses.iter().any(|r| r.status.to_string() == "201")))
    }

    /// A created resource's address in `Location`.
    fn location(&self, numbered: &Numbered<'_>, subject: Option<EntityId>, yields: &[Yield]) -> Option<Yield> {
        let entity = subject?;
        if numbered.operation.key.method != Method::Post || yields.iter().any(|y| y.entity == entity) {
            return None;
        }
        let response = numbered.operation.success_response()?;
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("location"))?;
        let evidence = vec![evidence(Signal::Text, 0.5, "the answer's `Location` is its address".to_owned())];
        Some(Yield {
            output: Output::Header(header.name.clone()),
            entity,
            score: 0.5,
            nesting: 0,
            kind: Kind::Text,
            format: Some("uri".to_owned()),
            evidence,
        })
    }

    fn type_object(
        &self,
        numbered: &Numbered<'_>,
        places: &[Place],
        index: usize,
        subject: Option<EntityId>,
        profiles: &Profiles,
        typed: &[Option<(EntityId, f64, Vec<Evidence>)>],
    ) -> Option<(EntityId, f64, Vec<Evidence>)> {
        let place = &places[index];
        let mut best: Option<(EntityId, f64, Vec<Evidence>)> = None;
        let mut offer = |entity: EntityId, score: f64, because: Evidence| {
            // What is known of the resource's own fields speaks for or against a name.
            let likeness = profiles.likeness(place, entity);
            let factor = likeness.map_or(1.0, |sim| 0.3 + 0.7 * (sim / 0.4).min(1.0));
            let score = score * factor;
            if best.as_ref().is_none_or(|(_, b, _)| score > *b) {
                let mut evidence_list = vec![because];
                if let Some(sim) = likeness.filter(|sim| *sim >= 0.4) {
                    evidence_list.push(evidence(Signal::SchemaShape, sim, "its fields are those of the resource".to_owned()));
                }
                best = Some((entity, score, evidence_list));
            }
        };
        if let Some(name) = &place.reference
            && let Some((entity, sure)) = self.find(&reference_words(name), numbered.service_number)
        {
            offer(entity, 0.95 * sure, evidence(Signal::Text, 0.9, format!("the schema is called `{name}`")));
        }
        if let Some(entity) = subject.filter(|_| is_of_the_subject(places, index, typed)) {
            offer(entity, 0.95, evidence(Signal::PathTyping, 0.9, format!("`{}` is about it", numbered.operation.key.path)));
        }
        if !place.name.is_empty()
            && let Some((entity, sure)) = self.find(&split_identifier(&place.name), numbered.service_number)
        {
            offer(entity, 0.85 * sure, evidence(Signal::Name, 0.85, format!("`{}` names it", place.name)));
        }
        if let Some((entity, sim)) = profiles.most_like(place) {
            let because = evidence(Signal::SchemaShape, sim, "its fields are those of the resource".to_owned());
            let score = 0.4 + 0.55 * sim;
            if sim >= 0.45 && best.as_ref().is_none_or(|(_, known, _)| score > *known) {
                best = Some((entity, score, vec![because]));
            }
        }
        best
    }

    /// The name of an object's key, when it has one.
    fn key_of(
        &self,
        place: &Place,
        places: &[Place],
        index: usize,
        entity: EntityId,
        service: usize,
    ) -> Option<(String, Kind, Option<String>)> {
        let info = &self.entities[entity];
        let noun: Vec<String> = info.noun.split(' ').map(str::to_owned).collect();
        let mut wanted: Vec<String> = Vec::new();
        for keys in info.keys.get(&service).into_iter().chain(info.keys.values()) {
            wanted.extend(keys.iter().cloned());
        }
        wanted.extend(["id", "uuid", "guid", "uid", "identifier", "key"].map(str::to_owned));
        let scalar = |name: &str| {
            place.shape.fields.iter().position(|field| {
                let words = split_identifier(&field.name);
                words.join(" ") == name || key_tail(&words, &noun) == name && words.len() > 1
            })
        };
        for name in wanted {
            let Some(at) = scalar(&name) else { continue };
            let field = &place.shape.fields[at].name;
            let child = places.iter().find(|p| p.parent == Some(index) && p.name == *field && p.nesting == place.nesting);
            match child {
                Some(child) if child.shape.kind.is_scalar() => {
                    return Some((field.clone(), child.shape.kind, child.shape.format.clone()));
                }
                _ => {}
            }
        }
        None
    }
}

/// Whether an object is what the path is about: the root, items of a root list, or the one list of an envelope.
fn is_of_the_subject(places: &[Place], index: usize, typed: &[Option<(EntityId, f64, Vec<Evidence>)>]) -> bool {
    const ENVELOPES: &[&str] = &[
        "results", "items", "data", "content", "contents", "value", "values", "records", "entries", "list", "rows", "result",
        "response", "payload", "embedded",
    ];
    let place = &places[index];
    let mut at = place.parent;
    let mut child = index;
    while let Some(parent) = at {
        let above = &places[parent];
        if above.shape.kind == Kind::Map {
            return false;
        }
        let name = places[child].name.to_lowercase();
        let is_item = above.shape.kind == Kind::Array;
        let is_enveloped = ENVELOPES.contains(&name.trim_start_matches('_'));
        if !is_item && !is_enveloped {
            return false;
        }
        let above_has_key = typed.get(parent).is_some_and(Option::is_some) && above.shape.fields.iter().any(|f| f.name == "id");
        if above_has_key {
            return false;
        }
        child = parent;
        at = above.parent;
    }
    true
}

static KEY_OF: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:id|identifier|uuid|sku|code|key)s? of (?:an? |the |this |some |each |one )?([a-z]+)|\b([a-z]+)(?:'s)? (?:id|identifier|uuid)\b")
        .expect("the pattern is valid")
});

/// Whether a path parameter is text, as far as the definition says.
fn is_text(numbered: &Numbered<'_>, name: &str) -> bool {
    let parameter = numbered.operation.parameter(ParameterLocation::Path, name);
    let schema = parameter.and_then(|p| p.schema.as_ref()).and_then(|node| numbered.service.schema(node));
    schema.is_some_and(|schema| schema.types().first() == Some(&"string"))
}

fn is_in_path(input: &Input) -> bool {
    matches!(input, Input::Parameter(ParameterLocation::Path, _))
}

fn is_enumerated(numbered: &Numbered<'_>, name: &str) -> bool {
    let parameter = numbered.operation.parameter(ParameterLocation::Path, name);
    let schema = parameter.and_then(|p| p.schema.as_ref()).and_then(|node| numbered.service.schema(node));
    schema.is_some_and(|schema| schema.enumeration().is_some())
}

/// What is left of a key's name without the noun: `movie_id` of a movie is `id`, `name` stays, `order` of an order is `id`.
fn key_tail(words: &[String], noun: &[String]) -> String {
    let is_noun = |word: &String| noun.contains(&singular(word)) || noun.concat() == *word;
    let rest: Vec<&str> = words.iter().filter(|word| !is_noun(word)).map(String::as_str).collect();
    if rest.is_empty() { "id".to_owned() } else { rest.join(" ") }
}

fn words_singular(words: &[String]) -> String {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.join(" ")
}

/// `CustomerResponse`, `NewOrderDto`: the noun in a schema's name.
fn reference_words(name: &str) -> Vec<String> {
    const DECORATION: &[&str] = &[
        "response", "request", "dto", "model", "schema", "new", "create", "created", "update", "list", "resource", "object",
        "view", "out", "in", "base", "full", "read", "result", "entity", "details", "detail", "summary",
    ];
    split_identifier(name).into_iter().filter(|word| !DECORATION.contains(&word.as_str())).collect()
}

pub(crate) fn evidence(signal: Signal, weight: f64, detail: String) -> Evidence {
    Evidence { signal, weight, detail }
}

/// How well two kinds of scalar fit, 0 to 1.
pub(crate) fn fit(a: (Kind, Option<&str>), b: (Kind, Option<&str>)) -> f64 {
    let numeric = |kind: Kind| matches!(kind, Kind::Integer | Kind::Number);
    if a.0 == Kind::Any || b.0 == Kind::Any {
        return 0.9;
    }
    let is_uuid = |format: Option<&str>| format.is_some_and(|f| f.eq_ignore_ascii_case("uuid"));
    match (numeric(a.0), numeric(b.0)) {
        (true, true) => 1.0,
        (false, false) if a.1.is_some() && b.1.is_some() && is_uuid(a.1) != is_uuid(b.1) => 0.5,
        (false, false) => 1.0,
        _ => 0.4,
    }
}

/// A service's name by number.
pub(crate) fn service_name(system: &System, number: usize) -> ServiceName {
    system.services()[number].name.clone()
}

/// The key of an operation, and an index by it.
pub(crate) fn by_key(system: &System) -> HashMap<OperationKey, usize> {
    system.operations().enumerate().map(|(i, (_, operation))| (operation.key.clone(), i)).collect()
}
