//! What became of the parts of a definition in a newer version: an operation that moved or was renamed, a parameter that has another
//! name or place, a member of a body that is called otherwise or stands elsewhere.
//!
//! [`crate::diff()`] lists what is different; this answers where something went. What is taken for the successor has an equal or compatible
//! schema and a similar name, place or neighbourhood, and no other part fits nearly as well. Everything else is gone, with the parts that
//! come nearest.

use std::cell::RefCell;
use std::collections::HashMap;

use callboard_model::api::{MediaType, Parameter, ParameterLocation};
use callboard_model::{Operation, OperationKey, Pointer, Schema, Service};

use crate::diff::{fingerprint::Fingerprints, pairs};
use crate::{likeness, template};

/// What looks less alike than this is no successor.
const SUCCESSOR: f64 = 0.6;
/// What looks less alike than this is not worth naming.
const WORTH_NAMING: f64 = 0.35;
/// By how much a successor must be better than the next best.
const MARGIN: f64 = 0.08;

/// Two versions of a service.
pub struct Versions<'a> {
    old: &'a Service,
    new: &'a Service,
    counterparts: HashMap<OperationKey, Option<&'a Operation>>,
    prints: RefCell<(Fingerprints<'a>, Fingerprints<'a>)>,
}

/// What became of an operation.
#[derive(Clone, Debug)]
pub enum OperationFate<'a> {
    /// It is still there: by its path or by its id.
    Kept(&'a Operation),
    /// Another one stands for it, with the reasons in words.
    Moved(&'a Operation, String),
    /// It is gone; the operations that come nearest, best first.
    Gone(Vec<&'a Operation>),
}

/// What became of a member of a body, or of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceFate<T> {
    /// It is there, or may be there.
    Kept,
    /// It is elsewhere.
    Moved {
        /// Where it is.
        to: T,
        /// The reasons, in words.
        why: String,
    },
    /// It is gone; the places that come nearest, best first.
    Gone(Vec<T>),
}

impl<'a> Versions<'a> {
    /// Compares two versions; they may have different names.
    pub fn new(old: &'a Service, new: &'a Service) -> Self {
        let counterparts = pairs(old, new).into_iter().map(|(old, new)| (old.key.clone(), new)).collect();
        let prints = RefCell::new((Fingerprints::new(&old.documents), Fingerprints::new(&new.documents)));
        Self { old, new, counterparts, prints }
    }

    /// The older version.
    pub fn old(&self) -> &'a Service {
        self.old
    }

    /// The newer version.
    pub fn new_service(&self) -> &'a Service {
        self.new
    }

    /// What became of an operation of the older version.
    pub fn operation(&self, old: &Operation) -> OperationFate<'a> {
        if let Some(kept) = self.counterparts.get(&old.key).copied().flatten() {
            return OperationFate::Kept(kept);
        }
        let mut ranked: Vec<(f64, &'a Operation)> =
            self.new.operations.iter().map(|new| (self.likeness(old, new), new)).collect();
        ranked.retain(|(score, _)| *score >= WORTH_NAMING);
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let second = ranked.get(1).map_or(0.0, |(score, _)| *score);
        match ranked.first() {
            Some((score, new)) if *score >= SUCCESSOR && score - second >= MARGIN => {
                OperationFate::Moved(new, self.reasons(old, new))
            }
            _ => OperationFate::Gone(ranked.into_iter().take(3).map(|(_, new)| new).collect()),
        }
    }

    fn likeness(&self, old: &Operation, new: &Operation) -> f64 {
        let mut is_same = |a: &MediaType, b: &MediaType| self.is_same_media(a, b);
        let score = likeness::of_operations((self.old, old), (self.new, new), &mut is_same);
        // One that stands for no other of the older version is free to stand for this one.
        let is_taken = self.counterparts.values().flatten().any(|taken| std::ptr::eq(*taken, new));
        if is_taken { score - 0.1 } else { score + 0.1 }
    }

    fn reasons(&self, old: &Operation, new: &Operation) -> String {
        let answer = |operation: &Operation| operation.success_response().and_then(|r| r.preferred().cloned());
        let body = |operation: &Operation| operation.request_body.as_ref().and_then(|body| body.preferred().cloned());
        let same = |a: Option<MediaType>, b: Option<MediaType>| a.zip(b).is_some_and(|(a, b)| self.is_same_media(&a, &b));
        let mut reasons = Vec::new();
        if same(answer(old), answer(new)) {
            reasons.push("the same answer");
        }
        if same(body(old), body(new)) {
            reasons.push("the same body");
        }
        if old.summary.is_some() && old.summary == new.summary {
            reasons.push("the same summary");
        }
        if reasons.is_empty() { "looks most alike".to_owned() } else { format!("has {}", reasons.join(" and ")) }
    }

    fn is_same_media(&self, old: &MediaType, new: &MediaType) -> bool {
        old.schema.as_ref().zip(new.schema.as_ref()).is_some_and(|(old, new)| {
            let mut prints = self.prints.borrow_mut();
            let (old, new) = (prints.0.of(old), prints.1.of(new));
            old.is_some() && old == new
        })
    }

    /// Whether two schemas, one of each version, mean the same.
    pub fn is_same(&self, old: &Schema<'_>, new: &Schema<'_>) -> bool {
        let mut prints = self.prints.borrow_mut();
        let (old, new) = (prints.0.of(old.node()), prints.1.of(new.node()));
        old.is_some() && old == new
    }

    /// What became of a parameter when its operation became `new`.
    pub fn parameter(&self, old: (&Operation, &Parameter), new: &Operation) -> PlaceFate<(ParameterLocation, String)> {
        let (operation, parameter) = old;
        let place = |p: &Parameter| (p.location, p.name.clone());
        if new.parameter(parameter.location, &parameter.name).is_some() {
            return PlaceFate::Kept;
        }
        if let Some(same) = new.parameters.iter().find(|p| p.name.eq_ignore_ascii_case(&parameter.name)) {
            return PlaceFate::Moved { to: place(same), why: format!("it is in the {} now", same.location) };
        }
        if let Some(same) = same_position(operation, parameter, new) {
            return PlaceFate::Moved { to: place(same), why: "it stands at the same place of the path".to_owned() };
        }
        let candidates: Vec<&Parameter> =
            new.parameters.iter().filter(|p| operation.parameter(p.location, &p.name).is_none()).collect();
        let gone = operation.parameters.iter().filter(|p| new.parameter(p.location, &p.name).is_none()).count();
        let is_only = candidates.len() == 1 && gone == 1;
        let ranked = candidates.into_iter().filter_map(|candidate| {
            let schema = |p: &Parameter, service: &'a Service| p.schema.as_ref().and_then(|node| service.schema(node));
            let fit = self.fit(schema(parameter, self.old).as_ref(), schema(candidate, self.new).as_ref())?;
            let name = likeness::of_names(&parameter.name, &candidate.name);
            let here = if candidate.location == parameter.location { 0.1 } else { 0.0 };
            let only = if is_only && fit >= 1.0 { 0.15 } else { 0.0 };
            Some(Ranked { score: 0.5 * fit + 0.35 * name + here + only, to: place(candidate), why: why(fit, name) })
        });
        best(ranked.collect())
    }

    /// What became of the member that the first of `segments` names, in an object that was `old` and is `new`. `to` is relative to the
    /// object, and stands for as many of the segments as `consumed` says.
    pub fn member(&self, old: &Schema<'_>, new: &Schema<'_>, segments: &[String]) -> (PlaceFate<Pointer>, usize) {
        let Some(name) = segments.first() else {
            return (PlaceFate::Kept, 0);
        };
        if let Some(list) = wrapped_list(old, new, name) {
            return (PlaceFate::Moved { to: Pointer::of([&list, name]), why: format!("the list stands in `{list}` now") }, 1);
        }
        let Some(member) = old.property(name) else {
            return (PlaceFate::Gone(Vec::new()), 1);
        };
        if new.property(name).is_some() {
            return (PlaceFate::Kept, 1);
        }
        if let Some(up) = flattened(&member, new, segments) {
            return (PlaceFate::Moved { to: Pointer::of([&up]), why: "it stands one level up now".to_owned() }, 2);
        }
        let mut ranked = self.renamed(old, new, name, &member);
        ranked.extend(self.nested(old, new, name, &member));
        (best(ranked), 1)
    }

    /// The members of the newer object that the older one did not have, as successors of one.
    fn renamed(&self, old: &Schema<'_>, new: &Schema<'_>, name: &str, member: &Schema<'_>) -> Vec<Ranked<Pointer>> {
        let (before, after) = (old.all_properties(), new.all_properties());
        let gone = before.iter().filter(|(name, _)| !after.iter().any(|(other, _)| other == name)).count();
        let added: Vec<_> =
            after.iter().enumerate().filter(|(_, (name, _))| !before.iter().any(|(other, _)| other == name)).collect();
        let is_only = gone == 1 && added.len() == 1;
        let position = before.iter().position(|(known, _)| *known == name);
        let ranked = added.into_iter().filter_map(|(at, (candidate, schema))| {
            let fit = self.fit(Some(member), Some(schema))?;
            let likeness = likeness::of_names(name, candidate);
            let here = if position == Some(at) { 0.1 } else { 0.0 };
            let only = if is_only && fit >= 1.0 { 0.15 } else { 0.0 };
            Some(Ranked {
                score: 0.5 * fit + 0.35 * likeness + here + only,
                to: Pointer::of([candidate]),
                why: why(fit, likeness),
            })
        });
        ranked.collect()
    }

    /// The same member one level further down: `total` in `amounts.total`, `customerId` in `customer.id`, anything in `data`.
    fn nested(&self, old: &Schema<'_>, new: &Schema<'_>, name: &str, member: &Schema<'_>) -> Vec<Ranked<Pointer>> {
        let mut ranked = Vec::new();
        for (outer, schema) in new.all_properties() {
            let before = old.property(outer);
            for (inner, candidate) in schema.resolved().all_properties() {
                let was_there = before.as_ref().is_some_and(|before| before.property(inner).is_some());
                let is_joined = likeness::words(&format!("{outer} {inner}")) == likeness::words(name);
                let Some(fit) = self.fit(Some(member), Some(&candidate)).filter(|_| !was_there && (inner == name || is_joined))
                else {
                    continue;
                };
                let score = 0.6 + 0.3 * fit;
                ranked.push(Ranked { score, to: Pointer::of([outer, inner]), why: format!("it stands in `{outer}` now") });
            }
        }
        ranked
    }

    /// How well one schema can stand for another one: 1 when they mean the same, nothing when no value fits both.
    fn fit(&self, old: Option<&Schema<'_>>, new: Option<&Schema<'_>>) -> Option<f64> {
        let (Some(old), Some(new)) = (old, new) else {
            return Some(0.5);
        };
        if self.is_same(old, new) {
            return Some(1.0);
        }
        let types = old.types();
        (types.is_empty() || new.types().is_empty() || types.iter().any(|name| new.allows_type(name))).then(|| {
            let format = |schema: &Schema<'_>| schema.format().map(str::to_owned);
            if format(old) == format(new) { 0.7 } else { 0.4 }
        })
    }
}

/// A possible successor.
struct Ranked<T> {
    score: f64,
    to: T,
    why: String,
}

/// The one successor, where there is one that is good enough and clearly the best.
fn best<T>(mut ranked: Vec<Ranked<T>>) -> PlaceFate<T> {
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    let second = ranked.get(1).map_or(0.0, |other| other.score);
    let is_clear = ranked.first().is_some_and(|first| first.score >= SUCCESSOR && first.score - second >= MARGIN);
    if is_clear {
        let Ranked { to, why, .. } = ranked.swap_remove(0);
        return PlaceFate::Moved { to, why };
    }
    ranked.retain(|candidate| candidate.score >= WORTH_NAMING);
    PlaceFate::Gone(ranked.into_iter().take(4).map(|candidate| candidate.to).collect())
}

fn why(fit: f64, name: f64) -> String {
    match (fit >= 1.0, name >= 0.5) {
        (true, true) => "same schema, similar name",
        (true, false) => "same schema, at its place",
        (false, true) => "similar name, and the types agree",
        (false, false) => "the types agree",
    }
    .to_owned()
}

/// The path parameter at the same position, where the paths have as many.
fn same_position<'n>(old: &Operation, parameter: &Parameter, new: &'n Operation) -> Option<&'n Parameter> {
    let (before, after) = (template::placeholders(&old.key.path), template::placeholders(&new.key.path));
    let at = before.iter().position(|name| parameter.location == ParameterLocation::Path && *name == parameter.name)?;
    (before.len() == after.len()).then(|| new.parameter(ParameterLocation::Path, after.get(at)?)).flatten()
}

/// The member of an object that holds what was a list by itself.
fn wrapped_list(old: &Schema<'_>, new: &Schema<'_>, segment: &str) -> Option<String> {
    let is_index = segment == "*" || segment.parse::<usize>().is_ok();
    if !is_index || old.types() != ["array"] || new.types() != ["object"] {
        return None;
    }
    let lists: Vec<&str> =
        new.all_properties().into_iter().filter(|(_, s)| s.types() == ["array"]).map(|(name, _)| name).collect();
    if let [only] = lists[..] { Some(only.to_owned()) } else { None }
}

/// `/customer/id` that is `/customerId` now.
fn flattened(member: &Schema<'_>, new: &Schema<'_>, segments: &[String]) -> Option<String> {
    let [outer, inner, ..] = segments else {
        return None;
    };
    member.property(inner)?;
    let wanted = likeness::words(&format!("{outer} {inner}"));
    let found = new.all_properties().into_iter().find(|(name, _)| likeness::words(name) == wanted || name == inner);
    found.map(|(name, _)| name.to_owned())
}
