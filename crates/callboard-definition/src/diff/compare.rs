//! Two versions of one operation.

use std::collections::BTreeSet;

use callboard_model::api::{
    MediaType, Parameter, ParameterLocation, RequestBody, Response, ResponseHeader, SecurityKind, SecurityRequirement,
};
use callboard_model::{NodeRef, Operation, Service, StatusPattern};

use super::Detail;
use super::fingerprint::Fingerprints;
use super::schema::{Comparison, Direction, MAX_PAIRS_IN_ALL};
use crate::template;

/// Both services with the fingerprints of their schemas.
pub(crate) struct Sides<'a> {
    old: &'a Service,
    new: &'a Service,
    old_prints: Fingerprints<'a>,
    new_prints: Fingerprints<'a>,
    /// How many pairs of schemas may still be looked at to put differences into words.
    left: usize,
}

/// Collects the differences of one operation.
#[derive(Default)]
struct Details(Vec<Detail>);

impl Details {
    fn breaking(&mut self, what: String) {
        self.add(Detail { what, is_breaking: true });
    }

    fn harmless(&mut self, what: String) {
        self.add(Detail { what, is_breaking: false });
    }

    /// Media types often share one schema: its differences are told once.
    fn add(&mut self, detail: Detail) {
        if !self.0.contains(&detail) {
            self.0.push(detail);
        }
    }
}

impl<'a> Sides<'a> {
    pub(crate) fn new(old: &'a Service, new: &'a Service) -> Self {
        let (old_prints, new_prints) = (Fingerprints::new(&old.documents), Fingerprints::new(&new.documents));
        Self { old, new, old_prints, new_prints, left: MAX_PAIRS_IN_ALL }
    }

    /// What is different; empty when the operation means what it meant.
    pub(crate) fn operation(&mut self, old: &Operation, new: &Operation) -> Vec<Detail> {
        let mut details = Details::default();
        self.address(&mut details, old, new);
        self.parameters(&mut details, old, new);
        self.body(&mut details, old.request_body.as_ref(), new.request_body.as_ref());
        self.responses(&mut details, &old.responses, &new.responses);
        self.security(&mut details, old, new);
        details.0
    }

    fn address(&self, details: &mut Details, old: &Operation, new: &Operation) {
        if template::shape(&old.key.path) != template::shape(&new.key.path) {
            details.breaking(format!("the path changed from `{}` to `{}`", old.key.path, new.key.path));
        }
        let (before, after) = (self.old.base_path(), self.new.base_path());
        if before != after {
            details.breaking(format!("the base path changed from `{before}` to `{after}`"));
        }
        if old.id != new.id {
            let name = |id: &Option<String>| id.as_ref().map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
            details.harmless(format!("the operationId changed from {} to {}", name(&old.id), name(&new.id)));
        }
        match (&old.unusable, &new.unusable) {
            (None, Some(why)) => details.breaking(format!("it cannot be used any more: {why}")),
            (Some(_), None) => details.harmless("it can be used now".to_owned()),
            _ => {}
        }
    }

    fn schemas(
        &mut self,
        details: &mut Details,
        place: String,
        direction: Direction,
        old: Option<&NodeRef>,
        new: Option<&NodeRef>,
    ) {
        let old = old.and_then(|node| self.old.schema(node));
        let new = new.and_then(|node| self.new.schema(node));
        match (old, new) {
            (Some(old), Some(new)) => {
                let mut comparison = Comparison {
                    old: &mut self.old_prints,
                    new: &mut self.new_prints,
                    direction,
                    place,
                    details: Vec::new(),
                    left: &mut self.left,
                };
                comparison.compare(&old, &new);
                comparison.details.into_iter().for_each(|detail| details.add(detail));
            }
            (None, Some(_)) if direction == Direction::Response => details.harmless(format!("{place}: it has a schema now")),
            (None, Some(_)) => details.breaking(format!("{place}: it has a schema now")),
            (Some(_), None) => details.breaking(format!("{place}: it has no schema any more")),
            (None, None) => {}
        }
    }

    fn parameters(&mut self, details: &mut Details, old: &Operation, new: &Operation) {
        for before in &old.parameters {
            let place = format!("{} parameter `{}`", before.location, before.name);
            match counterpart(before, old, new) {
                Some(after) => self.parameter(details, &place, before, after),
                // Where the path changed, its parameters say no more than that.
                None if before.location == ParameterLocation::Path => {}
                None => details.breaking(format!("{place} was removed")),
            }
        }
        let is_new = |p: &&Parameter| p.location != ParameterLocation::Path && counterpart(p, new, old).is_none();
        for added in new.parameters.iter().filter(is_new) {
            let place = format!("{} parameter `{}`", added.location, added.name);
            if added.required {
                details.breaking(format!("{place} was added, required"));
            } else {
                details.harmless(format!("{place} was added"));
            }
        }
    }

    fn parameter(&mut self, details: &mut Details, place: &str, old: &Parameter, new: &Parameter) {
        match (old.required, new.required) {
            (false, true) => details.breaking(format!("{place} is required now")),
            (true, false) => details.harmless(format!("{place} is no longer required")),
            _ => {}
        }
        if self.is_written_otherwise(old, new) {
            details.breaking(format!("{place} is written in another style"));
        }
        if old.media_type != new.media_type {
            details.breaking(format!("{place} has another media type"));
        }
        self.schemas(details, place.to_owned(), Direction::Request, old.schema.as_ref(), new.schema.as_ref());
    }

    /// Whether the same value looks different on the wire. For a single value `explode` says nothing.
    fn is_written_otherwise(&self, old: &Parameter, new: &Parameter) -> bool {
        let is_single = |service: &Service, parameter: &Parameter| {
            let types = parameter.schema.as_ref().and_then(|node| service.schema(node)).map(|schema| schema.types());
            types.is_some_and(|types| !types.is_empty() && types.iter().all(|name| !matches!(*name, "array" | "object")))
        };
        let explodes = old.explode != new.explode && !(is_single(self.old, old) && is_single(self.new, new));
        explodes || (old.style, old.allow_reserved) != (new.style, new.allow_reserved)
    }

    fn body(&mut self, details: &mut Details, old: Option<&RequestBody>, new: Option<&RequestBody>) {
        match (old, new) {
            (None, Some(new)) if new.required => details.breaking("a request body was added, required".to_owned()),
            (None, Some(_)) => details.harmless("a request body was added".to_owned()),
            (Some(_), None) => details.breaking("the request body was removed".to_owned()),
            (Some(old), Some(new)) => {
                match (old.required, new.required) {
                    (false, true) => details.breaking("the request body is required now".to_owned()),
                    (true, false) => details.harmless("the request body is no longer required".to_owned()),
                    _ => {}
                }
                self.content(details, "request body", Direction::Request, &old.content, &new.content);
            }
            (None, None) => {}
        }
    }

    fn content(&mut self, details: &mut Details, place: &str, direction: Direction, old: &[MediaType], new: &[MediaType]) {
        for before in old {
            let Some(after) = counterpart_media(before, new) else {
                details.breaking(format!("{place}: the media type `{}` was removed", before.name));
                continue;
            };
            if !before.matches(&after.name) || !after.matches(&before.name) {
                let is_wider = after.matches(&before.name);
                let what = format!("{place}: the media type changed from `{}` to `{}`", before.name, after.name);
                details.add(Detail { what, is_breaking: is_wider == (direction == Direction::Response) });
            }
            self.schemas(details, place.to_owned(), direction, before.schema.as_ref(), after.schema.as_ref());
        }
        for added in new.iter().filter(|media| counterpart_media(media, old).is_none()) {
            details.harmless(format!("{place}: the media type `{}` was added", added.name));
        }
    }

    fn responses(&mut self, details: &mut Details, old: &[Response], new: &[Response]) {
        let find = |list: &[Response], status: StatusPattern| list.iter().position(|response| response.status == status);
        for before in old {
            let place = format!("response {}", before.status);
            match find(new, before.status).map(|at| &new[at]) {
                Some(after) => {
                    self.content(details, &place, Direction::Response, &before.content, &after.content);
                    self.headers(details, &place, &before.headers, &after.headers);
                }
                None if is_success(before.status) => details.breaking(format!("{place} was removed")),
                None => details.harmless(format!("{place} was removed")),
            }
        }
        for added in new.iter().filter(|response| find(old, response.status).is_none()) {
            details.harmless(format!("response {} was added", added.status));
        }
    }

    fn headers(&mut self, details: &mut Details, place: &str, old: &[ResponseHeader], new: &[ResponseHeader]) {
        let find = |list: &[ResponseHeader], name: &str| list.iter().position(|header| header.name.eq_ignore_ascii_case(name));
        for before in old {
            let place = format!("{place}, header `{}`", before.name);
            let Some(after) = find(new, &before.name).map(|at| &new[at]) else {
                details.breaking(format!("{place} was removed"));
                continue;
            };
            match (before.required, after.required) {
                (true, false) => details.breaking(format!("{place} is no longer required")),
                (false, true) => details.harmless(format!("{place} is required now")),
                _ => {}
            }
            self.schemas(details, place, Direction::Response, before.schema.as_ref(), after.schema.as_ref());
        }
        for added in new.iter().filter(|header| find(old, &header.name).is_none()) {
            details.harmless(format!("{place}, header `{}` was added", added.name));
        }
    }

    fn security(&self, details: &mut Details, old: &Operation, new: &Operation) {
        let (before, after) = (alternatives(&old.security), alternatives(&new.security));
        if before != after {
            let is_breaking = !before.is_subset(&after);
            details
                .0
                .push(Detail { what: format!("security changed from {} to {}", words(&before), words(&after)), is_breaking });
        }
        for name in before.union(&after).flatten().map(|(name, _)| name.as_str()).collect::<BTreeSet<_>>() {
            let kind = |service: &'a Service| service.security_schemes.iter().find(|scheme| scheme.name == name).map(|s| &s.kind);
            let (before, after): (Option<&SecurityKind>, Option<&SecurityKind>) = (kind(self.old), kind(self.new));
            if before.is_some() && after.is_some() && before != after {
                details.breaking(format!("the security scheme `{name}` changed"));
            }
        }
    }
}

/// The same parameter of the other version: by place and name, in the path by position.
fn counterpart<'p>(parameter: &Parameter, own: &Operation, other: &'p Operation) -> Option<&'p Parameter> {
    if parameter.location != ParameterLocation::Path {
        return other.parameter(parameter.location, &parameter.name);
    }
    if template::shape(&own.key.path) != template::shape(&other.key.path) {
        return other.parameter(parameter.location, &parameter.name);
    }
    let position = template::placeholders(&own.key.path).iter().position(|name| *name == parameter.name)?;
    let name = *template::placeholders(&other.key.path).get(position)?;
    other.parameter(ParameterLocation::Path, name)
}

/// The media type of the same name; else one that differs in parameters only (`; charset=utf-8`); else one that includes it or is
/// included. Versions of an API may stand in parameters, so the whole name counts first.
fn counterpart_media<'m>(media: &MediaType, others: &'m [MediaType]) -> Option<&'m MediaType> {
    let is_same_name = |other: &&MediaType| media.name.eq_ignore_ascii_case(&other.name);
    let is_same = |other: &&MediaType| media.matches(&other.name) && other.matches(&media.name);
    let is_related = |other: &&MediaType| media.matches(&other.name) || other.matches(&media.name);
    let find = |is_it: &dyn Fn(&&MediaType) -> bool| others.iter().find(is_it);
    find(&is_same_name).or_else(|| find(&is_same)).or_else(|| find(&is_related))
}

fn is_success(status: StatusPattern) -> bool {
    matches!(status, StatusPattern::Exact(200..=299) | StatusPattern::Class(2) | StatusPattern::Default)
}

type Alternative = BTreeSet<(String, Vec<String>)>;

/// The alternatives without order; no requirement at all is one that is always satisfied.
fn alternatives(requirements: &[SecurityRequirement]) -> BTreeSet<Alternative> {
    let sorted = |scopes: &[String]| {
        let mut scopes = scopes.to_vec();
        scopes.sort_unstable();
        scopes
    };
    let one = |requirement: &SecurityRequirement| {
        requirement.schemes.iter().map(|(name, scopes)| (name.clone(), sorted(scopes))).collect()
    };
    if requirements.is_empty() { [Alternative::new()].into() } else { requirements.iter().map(one).collect() }
}

fn words(alternatives: &BTreeSet<Alternative>) -> String {
    let one = |alternative: &Alternative| {
        let schemes: Vec<String> = alternative
            .iter()
            .map(
                |(name, scopes)| {
                    if scopes.is_empty() { format!("`{name}`") } else { format!("`{name}` ({})", scopes.join(", ")) }
                },
            )
            .collect();
        if schemes.is_empty() { "none".to_owned() } else { schemes.join(" and ") }
    };
    alternatives.iter().map(one).collect::<Vec<_>>().join(" or ")
}
