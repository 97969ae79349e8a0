//! Inputs that want the identity of a resource: parameters of the path by where they stand, others and fields of bodies by their names,
//! the objects around them, and what their descriptions say.

use std::collections::HashMap;
use std::sync::Arc;

use callboard_model::Method;
use callboard_model::api::{Parameter, ParameterLocation};
use callboard_model::map::{Input, Signal};

use crate::described;
use crate::entities::{EntityId, Nouns, Numbered};
use crate::path::{self, Segment};
use crate::shape::{Kind, Place, Shapes};
use crate::typing::{Need, OperationTypes, Signs, Typed, evidence};
use crate::words::{singular, split_identifier};

/// Reads inputs. Each request schema is read once.
pub(crate) struct Needs<'a> {
    nouns: &'a Nouns,
    signs: Signs<'a>,
    /// References in a body, with the number of their place; by the address of the list of places.
    bodies: HashMap<*const Vec<Place>, References>,
}

/// References in a body, each with the number of its place.
type References = Arc<Vec<(usize, Typed)>>;

impl<'a> Needs<'a> {
    pub(crate) fn new(signs: Signs<'a>) -> Self {
        Self { nouns: signs.nouns, signs, bodies: HashMap::new() }
    }

    /// The needs of one operation.
    pub(crate) fn of(&mut self, numbered: &Numbered<'_>, shapes: &mut Shapes, types: &OperationTypes) -> Vec<Need> {
        let segments = path::segments(&numbered.operation.key.path);
        let parameters = numbered.operation.parameters.iter();
        let mut needs: Vec<Need> =
            parameters.filter_map(|parameter| self.parameter(numbered, parameter, (&segments, types.subject), shapes)).collect();
        needs.extend(self.body(numbered, types));
        for need in &mut needs {
            if let Some((entity, reasons)) = self.signs.meant(numbered.service_number, need.entity, &need.reasons) {
                (need.entity, need.reasons) = (entity, reasons);
            }
        }
        needs
    }

    fn parameter(
        &self,
        numbered: &Numbered<'_>,
        parameter: &Parameter,
        (segments, subject): (&[Segment], Option<EntityId>),
        shapes: &mut Shapes,
    ) -> Option<Need> {
        let service = numbered.service_number;
        let words = split_identifier(&parameter.name);
        let is_path = parameter.location == ParameterLocation::Path;
        if !is_path && !self.may_be_key(parameter, &words, service) {
            return None;
        }
        let shape = parameter.schema.as_ref().and_then(|node| shapes.at(numbered.service, node)).map(|(_, shape)| shape);
        let (kind, format) = shape.as_ref().map_or((Kind::Any, None), |s| (s.kind, s.format.clone()));
        if shape.as_ref().is_some_and(|s| !s.options.is_empty()) || kind == Kind::Boolean {
            return None;
        }
        let found = if is_path {
            let named = self.named_in_path(parameter.description.as_deref(), &words);
            named.or_else(|| self.in_path(segments, &parameter.name, service, kind == Kind::Text))
        } else {
            self.by_name(&parameter.name, service)
                .or_else(|| self.of_subject(parameter, &words, subject))
                .or_else(|| self.token(parameter, &words, service))
                .or_else(|| self.resource_name(&parameter.name, &words, kind, service))
                .or_else(|| self.by_description(parameter.description.as_deref(), kind))
                .or_else(|| self.explained(&parameter.name, kind, service))
        }?;
        let input = Input::Parameter(parameter.location, parameter.name.clone());
        let Typed { entity, score, reasons } = found;
        Some(Need { input, entity, hard: parameter.required, score, kind, format, reasons })
    }

    /// A first look at a parameter outside the path, before its schema is read.
    fn may_be_key(&self, parameter: &Parameter, words: &[String], service: usize) -> bool {
        by_name(self.nouns, &parameter.name, service).is_some()
            || is_resource(self.nouns, words, service)
            || is_of_subject(words)
            || parameter.location == ParameterLocation::Header
            || parameter.description.as_deref().is_some_and(described::speaks_of_key)
            || self.signs.explained.meaning(service, &parameter.name).is_some()
    }

    /// A filter `id` or `parent_id` of what the path is about.
    fn of_subject(&self, parameter: &Parameter, words: &[String], subject: Option<EntityId>) -> Option<Typed> {
        let entity = subject.filter(|_| parameter.location == ParameterLocation::Query && is_of_subject(words))?;
        let reason = evidence(Signal::PathTyping, 0.8, format!("`{}` of what the path is about", parameter.name));
        self.uses(Signal::PathTyping).then(|| Typed::new(entity, 0.8, [reason]))
    }

    /// `X-Subject-Token`: a header that carries a resource of that name.
    fn token(&self, parameter: &Parameter, words: &[String], service: usize) -> Option<Typed> {
        let is_header = parameter.location == ParameterLocation::Header && self.uses(Signal::Name);
        token(self.nouns, &parameter.name, words, service).filter(|_| is_header)
    }

    /// A name that the service explains elsewhere.
    fn explained(&self, name: &str, kind: Kind, service: usize) -> Option<Typed> {
        let is_key = matches!(kind, Kind::Text | Kind::Integer | Kind::Any);
        let entity = self.signs.explained.meaning(service, name).filter(|_| is_key)?;
        Some(Typed::new(entity, 0.75, [evidence(Signal::Text, 0.75, format!("what `{name}` is described as elsewhere"))]))
    }

    fn uses(&self, signal: Signal) -> bool {
        self.signs.uses(signal)
    }

    /// `{x}` behind `customers` is a customer's key, whatever it is called; a name of its own says more.
    fn in_path(&self, segments: &[Segment], name: &str, service: usize, is_text: bool) -> Option<Typed> {
        let words = split_identifier(name);
        let at = segments.iter().position(|segment| matches!(segment, Segment::Parameter(p) if p == name))?;
        let before = path::noun_before(segments, at);
        let named = self.uses(Signal::Name).then(|| resource_called(self.nouns, &words)).flatten();
        if path::is_measure_in_path(&words, &before, is_text) && !words.is_empty() {
            return named
                .map(|entity| Typed::new(entity, 0.8, [evidence(Signal::Name, 0.8, format!("`{name}` is a resource's name"))]));
        }
        let by_path =
            (!before.is_empty() && self.uses(Signal::PathTyping)).then(|| self.nouns.exact(&before.join(" "))).flatten();
        let (noun, has_suffix) = path::without_key_suffix(&words);
        let by_name =
            (self.uses(Signal::Name) && (has_suffix || noun == before)).then(|| self.nouns.find(noun, service)).flatten();
        let says_path =
            |weight| evidence(Signal::PathTyping, weight, format!("`{{{name}}}` stands behind `{}`", before.join(" ")));
        let says_name = |weight| evidence(Signal::Name, weight, format!("`{name}` names it"));
        match (by_name, by_path) {
            (Some((a, sure)), Some(b)) if a == b => Some(Typed::new(a, 1.0, [says_path(0.9), says_name(sure)])),
            (Some((a, sure)), _) if sure >= 0.8 => Some(Typed::new(a, 0.95 * sure, [says_name(sure)])),
            (_, Some(b)) if noun.is_empty() || !has_suffix || before.is_empty() => Some(Typed::new(b, 0.9, [says_path(0.9)])),
            (Some((a, sure)), _) => Some(Typed::new(a, 0.9 * sure, [says_name(sure)])),
            (None, Some(b)) => Some(Typed::new(b, 0.85, [says_path(0.85)])),
            (None, None) => self.key_name(name, &words).or_else(|| Some(Typed::new(named?, 0.85, [says_name(0.85)]))),
        }
    }

    /// A parameter or field outside the path: its name has to say it.
    fn by_name(&self, name: &str, service: usize) -> Option<Typed> {
        if !self.uses(Signal::Name) {
            return None;
        }
        by_name(self.nouns, name, service)
    }

    fn key_name(&self, name: &str, words: &[String]) -> Option<Typed> {
        if !self.uses(Signal::Name) {
            return None;
        }
        key_name(self.nouns, name, words)
    }

    /// `The id of the customer who gets it`.
    fn by_description(&self, description: Option<&str>, kind: Kind) -> Option<Typed> {
        let is_key = matches!(kind, Kind::Text | Kind::Integer | Kind::Any);
        let description = description.filter(|_| is_key && self.uses(Signal::Text))?;
        described::keys_of(description).into_iter().find_map(|found| self.described(found))
    }

    fn described(&self, (noun, words): (String, String)) -> Option<Typed> {
        let entity = self.nouns.exact(&singular(&noun))?;
        Some(Typed::new(entity, 0.85, [evidence(Signal::Text, 0.85, format!("its description: \"{words}\""))]))
    }

    /// `{owner}` that is described as the name of a user.
    fn named_in_path(&self, description: Option<&str>, words: &[String]) -> Option<Typed> {
        let is_plain = path::without_key_suffix(words).1 || words.last().is_none_or(|last| last == "name");
        let found = described::name_of(description.filter(|_| !is_plain && self.uses(Signal::Text))?)?;
        self.described(found)
    }

    fn body(&mut self, numbered: &Numbered<'_>, types: &OperationTypes) -> Vec<Need> {
        let references = self.references(&types.request, numbered.service_number);
        let required = numbered.operation.request_body.as_ref().is_some_and(|body| body.required);
        let is_patch = numbered.operation.key.method == Method::Patch;
        let mut needs = Vec::new();
        for (at, typed) in references.iter() {
            let place = &types.request[*at];
            // The key of the very thing that is created is not a reference, unless the service means another one's.
            let is_own =
                Some(typed.entity) == types.subject && self.signs.same.meant(numbered.service_number, typed.entity).is_none();
            if is_own && place.parent == Some(0) && (!is_patch || is_renamed(numbered, place)) {
                continue;
            }
            needs.push(Need {
                input: Input::Body(place.pointer.clone()),
                entity: typed.entity,
                hard: place.required && required,
                score: typed.score,
                kind: place.shape.kind,
                format: place.shape.format.clone(),
                reasons: typed.reasons.clone(),
            });
        }
        needs
    }

    /// `project.parent_id` is a project again.
    fn parent(&self, place: &Place, words: &[String], places: &[Place], service: usize) -> Option<Typed> {
        if words.first().is_none_or(|first| first != "parent") || words.len() > 2 || !self.uses(Signal::Name) {
            return None;
        }
        let holder = &places[place.parent?];
        let (entity, sure) = self.nouns.find(&split_identifier(&holder.name), service)?;
        Some(Typed::new(entity, 0.9 * sure, [evidence(Signal::Name, sure, format!("`{}` of `{}`", place.name, holder.name))]))
    }

    /// What a field of an answer refers to, when it is not the key of the object that holds it.
    pub(crate) fn in_answer(&self, place: &Place, places: &[Place], service: usize) -> Option<Typed> {
        if let Some(found) = self.by_name(&place.name, service) {
            return Some(found);
        }
        let words = split_identifier(&place.name);
        if let Some(found) = self.parent(place, &words, places, service) {
            return Some(found);
        }
        if path::without_key_suffix(&words).0.is_empty() {
            return None;
        }
        if says_address(place) {
            return None;
        }
        // `username` in an answer is a user's.
        let named = place.name.strip_suffix("name").and_then(|noun| self.nouns.exact(noun)).filter(|_| self.uses(Signal::Name));
        if let Some(entity) = named {
            return Some(Typed::new(entity, 0.7, [evidence(Signal::Name, 0.7, format!("`{}` names it", place.name))]));
        }
        self.resource_name(&place.name, &words, place.shape.kind, service)
            .or_else(|| self.by_description(place.shape.description.as_deref(), place.shape.kind))
            .or_else(|| self.explained(&place.name, place.shape.kind, service))
    }

    fn references(&mut self, places: &Arc<Vec<Place>>, service: usize) -> References {
        let key = Arc::as_ptr(places);
        if let Some(known) = self.bodies.get(&key) {
            return known.clone();
        }
        let found: Vec<(usize, Typed)> = places
            .iter()
            .enumerate()
            .filter(|(_, place)| may_refer(place))
            .filter_map(|(at, place)| Some((at, self.in_body(place, places, service)?)))
            .collect();
        let found = Arc::new(found);
        self.bodies.insert(key, found.clone());
        found
    }

    /// A field of a body: its own name, or the object that it is the key of (`customer.id`), or a list of names.
    fn in_body(&self, place: &Place, places: &[Place], service: usize) -> Option<Typed> {
        if let Some(found) = self.by_name(&place.name, service) {
            return Some(found);
        }
        let words = split_identifier(&place.name);
        if let Some(found) = self.parent(place, &words, places, service) {
            return Some(found);
        }
        let (noun, has_suffix) = path::without_key_suffix(&words);
        if has_suffix && noun.is_empty() && self.uses(Signal::Name) {
            let parent = &places[place.parent?];
            let (entity, sure) = self.nouns.find(&split_identifier(&parent.name), service)?;
            let reason = evidence(Signal::Name, sure, format!("`{}` of `{}`", place.name, parent.name));
            return Some(Typed::new(entity, 0.85 * sure, [reason]));
        }
        if let Some(found) = self.by_description(place.shape.description.as_deref(), place.shape.kind) {
            return Some(found);
        }
        if says_address(place) {
            return None;
        }
        self.resource_name(&place.name, &words, place.shape.kind, service)
            .or_else(|| self.explained(&place.name, place.shape.kind, service))
    }

    /// `customer: "…"`, `users: ["ada"]`: a scalar named like a resource.
    fn resource_name(&self, name: &str, words: &[String], kind: Kind, service: usize) -> Option<Typed> {
        const VALUES: &[&str] = &["tag", "label", "option", "property", "attribute", "feature", "parameter", "category"];
        let is_value = words.last().is_none_or(|last| VALUES.contains(&singular(last).as_str()));
        if !matches!(kind, Kind::Text | Kind::Integer) || !self.uses(Signal::Name) {
            return None;
        }
        if words.len() > 1
            && let Some(found) = self.key_name(name, words)
        {
            return Some(found);
        }
        if path::is_measure(words) {
            let entity = kept_here(self.nouns, words, service)?;
            return Some(Typed::new(
                entity,
                0.65,
                [evidence(Signal::Name, 0.65, format!("`{name}` is a resource of its service"))],
            ));
        }
        if is_value {
            return None;
        }
        if let Some(entity) = resource(self.nouns, words, service) {
            return Some(Typed::new(entity, 0.7, [evidence(Signal::Name, 0.7, format!("`{name}` is a resource's name"))]));
        }
        let entity = self.nouns.by_natural_key(service, words)?;
        Some(Typed::new(entity, 0.7, [evidence(Signal::Name, 0.7, format!("`{name}` is what its key is called here"))]))
    }
}

/// Whether a field says that it holds an address: that is no key.
fn says_address(place: &Place) -> bool {
    let says = |text: &str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word.eq_ignore_ascii_case("url"));
    place.shape.format.as_deref() == Some("uri") || place.shape.description.as_deref().is_some_and(says)
}

/// Whether a place of a request can hold a reference at all.
fn may_refer(place: &Place) -> bool {
    let shape = &place.shape;
    let is_value = shape.kind.is_scalar() && shape.kind != Kind::Boolean && shape.options.is_empty();
    is_value && !shape.read_only && !place.name.is_empty()
}

/// `customerId` where some service has customers; `trackingNumber` where that alone is a resource's key.
fn by_name(nouns: &Nouns, name: &str, service: usize) -> Option<Typed> {
    let words = split_identifier(name);
    let (noun, has_suffix) = path::without_key_suffix(&words);
    if !has_suffix {
        return None;
    }
    // OAuth 2 calls a program a client (RFC 6749 section 2.2), whatever a client is elsewhere.
    let is_noun = !noun.is_empty() && !path::is_measure(&words) && name != "client_id";
    let by_noun = is_noun.then(|| nouns.find(noun, service)).flatten();
    match by_noun {
        Some((entity, sure)) => {
            Some(Typed::new(entity, 0.95 * sure, [evidence(Signal::Name, sure, format!("`{name}` names it"))]))
        }
        None => key_name(nouns, name, &words),
    }
}

/// A name that only one resource's key has.
fn key_name(nouns: &Nouns, name: &str, words: &[String]) -> Option<Typed> {
    let entity = nouns.by_key_name(words)?;
    Some(Typed::new(entity, 0.9, [evidence(Signal::Name, 0.9, format!("`{name}` is the name of its key"))]))
}

/// `{owner_name}` and `{Type}` where owners and types are resources.
fn resource_called(nouns: &Nouns, words: &[String]) -> Option<EntityId> {
    let noun = match words.split_last() {
        Some((last, rest)) if last == "name" && !rest.is_empty() => rest,
        _ => words,
    };
    nouns.exact(&words_singular(noun))
}

/// The resource that has exactly this name, or a word for it.
fn resource(nouns: &Nouns, words: &[String], service: usize) -> Option<EntityId> {
    nouns.exact(&words_singular(words)).or_else(|| nouns.synonym(&singular(words.last()?), service).map(|(id, _)| id))
}

fn is_resource(nouns: &Nouns, words: &[String], service: usize) -> bool {
    let known = if path::is_measure(words) { kept_here(nouns, words, service) } else { resource(nouns, words, service) };
    known.is_some() || words.len() > 1 && nouns.by_key_name(words).is_some()
}

/// A word that mostly describes, such as `type` or `region`, as the resource that the service itself keeps under it.
fn kept_here(nouns: &Nouns, words: &[String], service: usize) -> Option<EntityId> {
    const THINGS: &[&str] = &["type", "version", "region", "zone", "level", "period", "currency", "language", "locale"];
    const WHICH: &[&str] = &["latest", "current", "last", "default", "active", "previous"];
    let word = match words {
        [word] => word,
        [which, word] if WHICH.contains(&which.as_str()) => word,
        _ => return None,
    };
    let entity = nouns.exact(word).filter(|_| THINGS.contains(&word.as_str()))?;
    let claim = nouns.entities[entity].claims.get(&service).copied().unwrap_or_default();
    (claim >= 2.0).then_some(entity)
}

/// `id` and `parent_id`: keys of whatever is spoken of.
fn is_of_subject(words: &[String]) -> bool {
    const KEYS: &[&str] = &["id", "ids", "uuid", "guid", "uid", "sid", "identifier"];
    match words {
        [only] => KEYS.contains(&only.as_str()) || only == "parent",
        [first, last] => first == "parent" && KEYS.contains(&last.as_str()),
        _ => false,
    }
}

/// The resource that a header such as `X-Subject-Token` carries.
pub(crate) fn token(nouns: &Nouns, name: &str, words: &[String], service: usize) -> Option<Typed> {
    let noun = words.strip_prefix(&["x".to_owned()]).unwrap_or(words);
    noun.last().filter(|last| *last == "token")?;
    let (entity, sure) = nouns.find(noun, service)?;
    Some(Typed::new(entity, 0.9 * sure, [evidence(Signal::Name, sure, format!("the header `{name}` names it"))]))
}

/// Whether an operation renames what its path names: the body's key is a new one.
pub(crate) fn renames(numbered: &Numbered<'_>) -> bool {
    let operation = numbered.operation;
    let texts = [&operation.summary, &operation.id];
    let stems = |text: &String| crate::words::stems(text);
    operation.key.method == Method::Patch
        && texts.into_iter().flatten().flat_map(stems).any(|stem| matches!(stem.as_str(), "renam" | "move"))
}

fn is_renamed(numbered: &Numbered<'_>, place: &Place) -> bool {
    renames(numbered) && path::segments(&numbered.operation.key.path).contains(&Segment::Parameter(place.name.clone()))
}

fn words_singular(words: &[String]) -> String {
    let mut words = words.to_vec();
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words.join(" ")
}
