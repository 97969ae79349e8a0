//! Places that give the identity of a resource: keys of objects in answers, references in answers, keys that the caller chooses, and
//! addresses in headers.

use std::collections::HashMap;
use std::sync::Arc;

use callboard_model::Method;
use callboard_model::api::{ParameterLocation, ResponseHeader};
use callboard_model::map::{Input, Output, Signal};

use crate::described;
use crate::entities::{EntityId, Nouns, Numbered};
use crate::keys::key_of;
use crate::needs::{Needs, renames, token};
use crate::path::{self, Segment};
use crate::profiles::Profiles;
use crate::shape::{Kind, Place};
use crate::typing::{Need, OperationTypes, Reasons, Signs, Typed, Yield, evidence};
use crate::words::{singular, split_identifier, stem, stems};

/// Outputs kept of one operation, best first.
const PER_OPERATION: usize = 32;
/// Weaker outputs are not kept.
const MIN_SCORE: f64 = 0.2;

/// What an answer of a schema yields, by the places read of it and the resource of the path.
type BodyCache = HashMap<(*const Vec<Place>, Option<EntityId>), Arc<Vec<Yield>>>;

/// Reads outputs. Each answer's schema is read once for each resource that a path with it is about.
pub(crate) struct Yields<'a> {
    nouns: &'a Nouns,
    needs: Needs<'a>,
    profiles: Profiles,
    signs: Signs<'a>,
    bodies: BodyCache,
}

impl<'a> Yields<'a> {
    pub(crate) fn new(signs: Signs<'a>, profiles: Profiles) -> Self {
        Self { nouns: signs.nouns, needs: Needs::new(signs), profiles, signs, bodies: HashMap::new() }
    }

    /// The yields of one operation, whose needs are known.
    pub(crate) fn of(&mut self, numbered: &Numbered<'_>, types: &OperationTypes) -> Vec<Yield> {
        let in_body = self.in_body(&types.response, types.subject, numbered.service_number);
        let is_write = !numbered.operation.key.method.is_safe();
        let mut yields: Vec<Yield> = Vec::new();
        let other = other_than_named(numbered);
        let own = |found: &&Yield| !is_own(found, &types.needs, &in_body, other.as_deref());
        for found in in_body.iter().filter(own) {
            let mut found = found.clone();
            // What a write answers in a list was there before: it is no source of new references.
            if is_write && found.nesting > 0 && (found.is_reference || Some(found.entity) != types.subject) {
                found.score *= 0.4;
            }
            yields.push(found);
        }
        yields.extend(self.made_by_name(numbered, types));
        yields.extend(self.tokens(numbered));
        yields.extend(self.chosen_kinds(numbered, &yields));
        yields.extend(self.chosen_key(numbered, &types.needs));
        yields.extend(self.location(numbered, types.subject, &yields));
        yields.retain(|found| found.score >= MIN_SCORE);
        if yields.len() > PER_OPERATION {
            yields.sort_by(|a, b| a.nesting.cmp(&b.nesting).then(b.score.total_cmp(&a.score)));
            yields.truncate(PER_OPERATION);
        }
        yields
    }

    fn uses(&self, signal: Signal) -> bool {
        self.signs.uses(signal)
    }

    fn in_body(&mut self, places: &Arc<Vec<Place>>, subject: Option<EntityId>, service: usize) -> Arc<Vec<Yield>> {
        let key = (Arc::as_ptr(places), subject);
        if let Some(known) = self.bodies.get(&key) {
            return known.clone();
        }
        let mut yields = self.keys_of_objects(places, subject, service);
        for found in self.references(places, service) {
            if !yields.iter().any(|y| y.output == found.output && y.entity == found.entity) {
                yields.push(found);
            }
        }
        for found in &mut yields {
            if let Some((entity, reasons)) = self.signs.meant(service, found.entity, &found.reasons) {
                (found.entity, found.reasons) = (entity, reasons);
            }
        }
        let yields = Arc::new(yields);
        self.bodies.insert(key, yields.clone());
        yields
    }

    /// Each object that is a resource yields its key.
    fn keys_of_objects(&mut self, places: &[Place], subject: Option<EntityId>, service: usize) -> Vec<Yield> {
        let mut yields = Vec::new();
        let mut typed: Vec<Option<Typed>> = Vec::with_capacity(places.len());
        for (at, place) in places.iter().enumerate() {
            if place.shape.kind != Kind::Object {
                typed.push(None);
                continue;
            }
            let found = self.object(places, at, subject, service, &typed);
            if let Some(found) = &found {
                yields.extend(self.key(places, at, found, service));
            }
            if place.shape.is_choice && self.uses(Signal::SchemaShape) {
                self.choices(places, at, service, &mut yields);
            }
            typed.push(found);
        }
        yields
    }

    fn key(&self, places: &[Place], at: usize, typed: &Typed, service: usize) -> Option<Yield> {
        let key = &places[key_of(places, at, &self.nouns.entities[typed.entity], service)?];
        Some(Yield {
            output: Output::Body(key.pointer.clone()),
            entity: typed.entity,
            score: typed.score,
            nesting: places[at].nesting,
            is_reference: places[at].nesting > 0 && !is_item(&places[at]),
            kind: key.shape.kind,
            format: key.shape.format.clone(),
            reasons: typed.reasons.clone(),
        })
    }

    /// An object of several kinds (`oneOf`) may be any of them.
    fn choices(&mut self, places: &[Place], at: usize, service: usize, yields: &mut Vec<Yield>) {
        for (entity, sim) in self.profiles.all_like(&places[at].shape, 0.25) {
            let reason = evidence(Signal::SchemaShape, sim, "one of its kinds has the fields of the resource".to_owned());
            let Some(found) = self.key(places, at, &Typed::new(entity, 0.7, [reason]), service) else { continue };
            if !yields.iter().any(|y| y.entity == entity && y.output == found.output) {
                yields.push(found);
            }
        }
    }

    /// What an object is, by the name of its schema, by the path, by the name of the field that holds it, or by its fields.
    fn object(
        &mut self,
        places: &[Place],
        at: usize,
        subject: Option<EntityId>,
        service: usize,
        typed: &[Option<Typed>],
    ) -> Option<Typed> {
        let place = &places[at];
        let mut offers: Vec<Typed> = Vec::new();
        if let Some(name) = place.reference.as_ref().filter(|_| self.uses(Signal::Text))
            && let Some((entity, sure)) = self.nouns.find(&reference_words(name), service)
        {
            offers.push(Typed::new(entity, 0.95 * sure, [evidence(Signal::Text, 0.9, format!("the schema is called `{name}`"))]));
        }
        if let Some(entity) = subject.filter(|_| self.uses(Signal::PathTyping) && is_of_the_subject(places, at, typed)) {
            let noun = &self.nouns.entities[entity].noun;
            offers.push(Typed::new(entity, 0.95, [evidence(Signal::PathTyping, 0.9, format!("the path is about `{noun}`"))]));
        }
        if !place.name.is_empty()
            && self.uses(Signal::Name)
            && let Some((entity, sure)) = self.nouns.find(&split_identifier(&place.name), service)
        {
            let reason = evidence(Signal::Name, 0.85, format!("`{}` names it", place.name));
            offers.push(Typed::new(entity, 0.85 * sure, [reason]));
        }
        self.weigh(place, offers)
    }

    /// The best offer, once what is known of each resource's own fields has spoken for or against it.
    fn weigh(&mut self, place: &Place, offers: Vec<Typed>) -> Option<Typed> {
        let mut best: Option<Typed> = None;
        for mut offer in offers {
            let likeness = self.profiles.likeness(&place.shape, offer.entity);
            offer.score *= likeness.map_or(1.0, |sim| 0.3 + 0.7 * (sim / 0.4).min(1.0));
            if best.as_ref().is_some_and(|known| known.score >= offer.score) {
                continue;
            }
            if let Some(sim) = likeness.filter(|sim| *sim >= 0.4) {
                offer.reasons = offer.reasons.iter().cloned().chain([looks_like(sim)]).collect();
            }
            best = Some(offer);
        }
        if let Some((entity, sim)) = self.profiles.most_like(&place.shape).filter(|(_, sim)| *sim >= 0.45) {
            let score = 0.4 + 0.55 * sim;
            if best.as_ref().is_none_or(|known| score > known.score) {
                best = Some(Typed::new(entity, score, [looks_like(sim)]));
            }
        }
        best
    }

    /// Fields such as `customerId` in an answer.
    fn references(&self, places: &[Place], service: usize) -> Vec<Yield> {
        let is_value = |place: &&Place| {
            let shape = &place.shape;
            shape.kind.is_scalar() && shape.kind != Kind::Boolean && shape.options.is_empty()
        };
        let of = |place: &Place| {
            let found = self.needs.in_answer(place, places, service)?;
            Some(Yield {
                output: Output::Body(place.pointer.clone()),
                entity: found.entity,
                score: 0.9 * found.score,
                nesting: place.nesting,
                is_reference: true,
                kind: place.shape.kind,
                format: place.shape.format.clone(),
                reasons: found.reasons,
            })
        };
        places.iter().filter(is_value).filter_map(of).collect()
    }

    /// `POST /register`, "Register a new user": the answer's key is a user's, though the path does not say so.
    fn made_by_name(&self, numbered: &Numbered<'_>, types: &OperationTypes) -> Option<Yield> {
        let operation = numbered.operation;
        let is_act = operation.key.method == Method::Post && types.subject.is_none() && self.uses(Signal::Text);
        let texts = [&operation.summary, &operation.description, &operation.id].into_iter().flatten();
        let noun = texts.filter(|_| is_act).find_map(|text| described::makes(text))?;
        let words: Vec<String> = noun.split(' ').map(str::to_owned).collect();
        let (entity, sure) = self.nouns.find(&words, numbered.service_number)?;
        types.response.first()?;
        let key = key_of(&types.response, 0, &self.nouns.entities[entity], numbered.service_number)?;
        let key = &types.response[key];
        let reason = evidence(Signal::Text, sure, format!("its text says that it makes one: `{noun}`"));
        Some(Yield {
            output: Output::Body(key.pointer.clone()),
            entity,
            score: 0.5 + 0.4 * sure,
            nesting: 0,
            is_reference: false,
            kind: key.shape.kind,
            format: key.shape.format.clone(),
            reasons: [reason].into(),
        })
    }

    /// `X-Subject-Token` of an answer.
    fn tokens(&self, numbered: &Numbered<'_>) -> Vec<Yield> {
        let headers = numbered.operation.success_response().map(|response| response.headers.as_slice()).unwrap_or_default();
        let of = |header: &ResponseHeader| {
            let typed = token(self.nouns, &header.name, &split_identifier(&header.name), numbered.service_number)?;
            Some(Yield {
                output: Output::Header(header.name.clone()),
                entity: typed.entity,
                score: typed.score,
                nesting: 0,
                is_reference: false,
                kind: Kind::Text,
                format: None,
                reasons: typed.reasons,
            })
        };
        headers.iter().filter(|_| self.uses(Signal::Name)).filter_map(of).collect()
    }

    /// `GET /trending/{kind}`, where `kind` is one of several resources: what holds the key of one may hold that of the others.
    fn chosen_kinds(&self, numbered: &Numbered<'_>, known: &[Yield]) -> Vec<Yield> {
        let kinds = if self.uses(Signal::Text) { self.kinds(numbered) } else { Vec::new() };
        let holds_one = |found: &&Yield| found.score >= 0.5 && kinds.contains(&found.entity);
        let as_each = |found: &Yield| {
            let others = kinds.iter().filter(|kind| !known.iter().any(|y| y.entity == **kind && y.output == found.output));
            let reason = evidence(Signal::Text, 0.7, "the caller chooses this kind in the path".to_owned());
            others
                .map(|kind| Yield { entity: *kind, score: 0.7, reasons: [reason.clone()].into(), ..found.clone() })
                .collect::<Vec<_>>()
        };
        if kinds.len() < 2 { Vec::new() } else { known.iter().filter(holds_one).take(4).flat_map(as_each).collect() }
    }

    /// Resources that the values of an enumerated parameter of the path name.
    fn kinds(&self, numbered: &Numbered<'_>) -> Vec<EntityId> {
        let parameters = numbered.operation.parameters.iter().filter(|p| p.location == ParameterLocation::Path);
        let schemas = parameters.filter_map(|p| p.schema.as_ref()).filter_map(|node| numbered.service.schema(node));
        let values = schemas.filter_map(|schema| schema.enumeration()).flatten().filter_map(|value| value.as_str());
        values.take(32).filter_map(|value| self.nouns.exact(&singular(&value.to_lowercase()))).collect()
    }

    /// `PUT /users/{name}`: the caller chooses the key.
    fn chosen_key(&self, numbered: &Numbered<'_>, needs: &[Need]) -> Option<Yield> {
        let operation = numbered.operation;
        let segments = path::segments(&operation.key.path);
        let Some(Segment::Parameter(name)) = segments.last().filter(|_| self.uses(Signal::PathTyping)) else { return None };
        let need = needs.iter().find(|need| need.input == Input::Parameter(ParameterLocation::Path, name.clone()))?;
        let server_makes = matches!(need.kind, Kind::Integer | Kind::Number) || need.format.as_deref() == Some("uuid");
        let score = match operation.key.method {
            Method::Post if !server_makes && makes_new(numbered) && !is_place(numbered, name) => 0.9,
            Method::Put
                if !server_makes
                    && !self.nouns.is_made(numbered.service_number, need.entity)
                    && is_created_by_put(numbered, &segments) =>
            {
                0.8
            }
            _ => return None,
        };
        let reasons: Reasons = [evidence(Signal::PathTyping, score, format!("the caller chooses `{{{name}}}`"))].into();
        let output = Output::Request(need.input.clone());
        Some(Yield {
            output,
            entity: need.entity,
            score,
            nesting: 0,
            is_reference: false,
            kind: need.kind,
            format: need.format.clone(),
            reasons,
        })
    }

    /// A created resource's address in `Location`.
    fn location(&self, numbered: &Numbered<'_>, subject: Option<EntityId>, yields: &[Yield]) -> Option<Yield> {
        let entity = subject.filter(|_| self.uses(Signal::Text))?;
        if numbered.operation.key.method != Method::Post || yields.iter().any(|y| y.entity == entity) {
            return None;
        }
        let response = numbered.operation.success_response()?;
        let header = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("location"))?;
        let reason = evidence(Signal::Text, 0.5, "the answer's `Location` is its address".to_owned());
        Some(Yield {
            output: Output::Header(header.name.clone()),
            entity,
            score: 0.5,
            nesting: 0,
            is_reference: false,
            kind: Kind::Text,
            format: Some("uri".to_owned()),
            reasons: [reason].into(),
        })
    }
}

/// Whether it stands in a list or map itself, not in an object in one.
fn is_item(place: &Place) -> bool {
    place.pointer.segments().last().is_some_and(|segment| segment == "*")
}

fn looks_like(sim: f64) -> callboard_model::map::Evidence {
    evidence(Signal::SchemaShape, sim, "its fields are those of the resource".to_owned())
}

/// Whether it is the very resource that the path names: its key, or items that refer to it.
///
/// Behind a role such as `{owner}` stands one of several: where an answer mentions the resource twice, the nearer one is another. `other`
/// is a parameter that an answer does not repeat.
fn is_own(found: &Yield, needs: &[Need], all: &[Yield], other: Option<&str>) -> bool {
    let named: Vec<&str> =
        needs.iter().filter(|need| need.entity == found.entity).filter_map(|need| in_path(&need.input)).collect();
    let Output::Body(place) = &found.output else { return false };
    let is_parent = place.segments().last().is_some_and(|segment| segment.starts_with("parent"));
    let is_other = other.is_some_and(|name| place.segments().last().is_some_and(|segment| segment == name));
    if named.is_empty() || is_parent || is_other || (found.nesting > 0 && !found.is_reference) {
        return false;
    }
    let is_nearer = all.iter().any(|other| other.entity == found.entity && depth(other) > depth(found));
    !(named.iter().all(|name| is_role(name)) && is_nearer)
}

fn depth(found: &Yield) -> usize {
    match &found.output {
        Output::Body(place) => place.segments().count(),
        _ => 0,
    }
}

/// The last parameter of a path, where the answer is about something else: a new name, or what was put there.
fn other_than_named(numbered: &Numbered<'_>) -> Option<String> {
    let Some(Segment::Parameter(name)) = path::segments(&numbered.operation.key.path).pop() else { return None };
    (renames(numbered) || is_place(numbered, &name)).then_some(name)
}

/// Whether the key of a POST says where to put what is made (`create a file in the given path`).
fn is_place(numbered: &Numbered<'_>, name: &str) -> bool {
    let operation = numbered.operation;
    let word = split_identifier(name).pop().unwrap_or_default();
    operation.key.method == Method::Post && operation.summary.as_deref().is_some_and(|text| described::puts_into(text, &word))
}

fn in_path(input: &Input) -> Option<&str> {
    match input {
        Input::Parameter(ParameterLocation::Path, name) => Some(name),
        _ => None,
    }
}

/// `{owner}` says what part the resource plays, `{name}` and `{user_id}` say which one it is.
fn is_role(name: &str) -> bool {
    let words = split_identifier(name);
    !path::without_key_suffix(&words).1 && words.last().is_some_and(|last| last != "name")
}

/// Whether a POST to a key makes the resource: its text says so, or it has none and nothing else makes it.
fn makes_new(numbered: &Numbered<'_>) -> bool {
    let operation = numbered.operation;
    let texts = [&operation.summary, &operation.id];
    if texts.iter().any(|text| text.is_some()) {
        let stems: Vec<String> = texts.iter().filter_map(|text| text.as_deref()).flat_map(stems).collect();
        return ["create", "add", "register", "new", "make", "insert", "start"].iter().any(|verb| stems.contains(&stem(verb)));
    }
    let collection = operation.key.path.trim_end_matches('/').rsplit_once('/').map_or("", |(head, _)| head);
    numbered.service.operation_at(&Method::Post, collection).is_none()
}

/// Keys of one operation that the caller makes up. What saves or replaces may also name what exists.
pub(crate) fn made_up(numbered: &Numbered<'_>, yields: &[Yield]) -> Vec<Input> {
    let operation = numbered.operation;
    let says = |verbs: &[&str]| {
        operation.summary.as_deref().is_some_and(|text| {
            let stems = stems(text);
            verbs.iter().any(|verb| stems.contains(&stem(verb)))
        })
    };
    let may_exist = says(&["save", "update", "replace", "upload", "set", "store", "start"]);
    let is_new = operation.key.method == Method::Post || says(&["create", "add", "register"]);
    let chosen = yields.iter().filter_map(|found| match &found.output {
        Output::Request(input) => Some(input.clone()),
        _ => None,
    });
    chosen.filter(|_| is_new && !may_exist).collect()
}

/// A PUT by key creates where nothing else does: no POST to the collection.
fn is_created_by_put(numbered: &Numbered<'_>, segments: &[Segment]) -> bool {
    let says_so = |text: &Option<String>| {
        text.as_deref().is_some_and(|text| {
            let stems = stems(text);
            ["create", "save", "upload", "store", "add"].iter().any(|verb| stems.contains(&stem(verb)))
        })
    };
    let operation = numbered.operation;
    if segments.len() < 2 {
        return false;
    }
    if says_so(&operation.summary) {
        return true;
    }
    let collection = operation.key.path.trim_end_matches('/').rsplit_once('/').map_or("", |(head, _)| head);
    operation.responses.iter().any(|r| r.status.to_string() == "201")
        && numbered.service.operation_at(&Method::Post, collection).is_none()
}

/// Whether an object is what the path is about: the root, items of a root list, or the one list of an envelope.
fn is_of_the_subject(places: &[Place], index: usize, typed: &[Option<Typed>]) -> bool {
    const ENVELOPES: &[&str] = &[
        "results", "items", "data", "content", "contents", "value", "values", "records", "entries", "list", "rows", "result",
        "response", "payload", "embedded",
    ];
    let mut at = places[index].parent;
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

/// `CustomerResponse`, `NewOrderDto`: the noun in a schema's name.
fn reference_words(name: &str) -> Vec<String> {
    const DECORATION: &[&str] = &[
        "response", "request", "dto", "model", "schema", "new", "create", "created", "update", "list", "resource", "object",
        "view", "out", "in", "base", "full", "read", "result", "entity", "details", "detail", "summary",
    ];
    split_identifier(name).into_iter().filter(|word| !DECORATION.contains(&word.as_str())).collect()
}
