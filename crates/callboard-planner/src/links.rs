//! From typed fields to the system map: which output of which operation serves as which input of another one, and why.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use callboard_model::api::{ParameterLocation, ResponseLink};
use callboard_model::map::{Consumer, Entity, Evidence, Input, Link, Output, Producer, Signal, SystemMap};
use callboard_model::{Method, Operation, OperationKey, Pointer, System};

use crate::entities::{EntityId, EntityInfo, numbered};
use crate::keys::fit;
use crate::typing::{Need, Signals, Typing, Yield, all_signals, by_key, evidence};

/// Links kept for one input, best first; fewer where a system has very many inputs.
const PER_INPUT: usize = 40;
const LEAST_PER_INPUT: usize = 4;
/// Links that a map aims to stay below.
const IN_ALL: usize = 240_000;
/// Producers looked at for one input and one service.
const LOOKED_AT: usize = 96;
/// Weaker links are not kept.
const MIN_SCORE: f64 = 0.35;

/// What a user says about links and names.
#[derive(Clone, Debug, Default)]
pub struct MapOptions {
    /// The project's glossary: a word to the entity that it means.
    pub aliases: BTreeMap<String, String>,
    /// Links that the user confirmed: they score 1.
    pub confirmed: Vec<LinkPattern>,
    /// Links that the user rejected: they never appear.
    pub rejected: Vec<LinkPattern>,
}

/// Names links: all between two operations, or those of one output or input.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkPattern {
    /// The operation that yields the value.
    pub from: OperationKey,
    /// The place in what it yields; any when absent.
    pub output: Option<Output>,
    /// The operation that needs the value.
    pub to: OperationKey,
    /// The place in what it takes; any when absent.
    pub input: Option<Input>,
}

impl LinkPattern {
    /// Whether a link is meant.
    pub fn matches(&self, from: &Producer, to: &Consumer) -> bool {
        self.from == from.operation
            && self.to == to.operation
            && self.output.as_ref().is_none_or(|output| *output == from.output)
            && self.input.as_ref().is_none_or(|input| *input == to.input)
    }
}

/// Reads several services as one system: entities, and links between operations, each with its evidence.
///
/// Pure and deterministic. The work grows with the size of the definitions, not with its square.
pub fn map(system: &System, options: &MapOptions) -> SystemMap {
    map_with(system, options, &all_signals())
}

/// As [`map`], from some of the signs alone: what measurements compare.
pub fn map_with(system: &System, options: &MapOptions, signals: &BTreeSet<Signal>) -> SystemMap {
    let typing = Typing::of(system, &options.aliases, signals);
    map_of(system, &typing, options, signals)
}

/// A system with its map and everything that the map was made from: read once, used by many plans.
pub struct MappedSystem<'a> {
    /// The system.
    pub system: &'a System,
    /// Its map.
    pub map: SystemMap,
    pub(crate) typing: Arc<Typing>,
}

impl<'a> MappedSystem<'a> {
    /// Reads a system. Confirmed links count as certain for a planner, rejected ones are never used by it.
    pub fn new(system: &'a System, options: &MapOptions) -> Self {
        let signals = all_signals();
        let mut typing = Typing::of(system, &options.aliases, &signals);
        let map = map_of(system, &typing, options, &signals);
        typing.take(&map, system);
        Self { system, map, typing: Arc::new(typing) }
    }
}

/// What definitions say about identities, with what the user said about single links; the other links are not spelled out.
pub(crate) fn typing_for_plans(system: &System, options: &MapOptions) -> Typing {
    let signals = all_signals();
    let mut typing = Typing::of(system, &options.aliases, &signals);
    let said: HashSet<&OperationKey> = options.confirmed.iter().chain(&options.rejected).map(|pattern| &pattern.to).collect();
    if !said.is_empty() {
        let linker = Linker::new(system, &typing, options, &signals);
        let map = linker.map(|index| said.contains(&linker.operations[index].1.key));
        typing.take(&map, system);
    }
    typing
}

fn map_of(system: &System, typing: &Typing, options: &MapOptions, signals: &Signals) -> SystemMap {
    SystemMap { entities: entities(system, typing), ..Linker::new(system, typing, options, signals).map(|_| true) }
}

fn entities(system: &System, typing: &Typing) -> Vec<Entity> {
    let of = |info: &EntityInfo| Entity {
        name: info.display(),
        owner: info.owner().map(|owner| system.services()[owner].name.clone()),
        aliases: info.aliases.clone(),
    };
    typing.entities.iter().map(of).collect()
}

struct Linker<'a> {
    typing: &'a Typing,
    options: &'a MapOptions,
    signals: &'a Signals,
    per_input: usize,
    operations: Vec<(usize, &'a Operation)>,
    /// Producers by entity and service, best first.
    by_service: HashMap<(EntityId, usize), Vec<(usize, usize)>>,
    services: HashMap<EntityId, Vec<usize>>,
    /// OpenAPI links by target.
    stated: HashMap<usize, Vec<(usize, &'a ResponseLink)>>,
}

impl<'a> Linker<'a> {
    fn new(system: &'a System, typing: &'a Typing, options: &'a MapOptions, signals: &'a Signals) -> Self {
        let operations: Vec<(usize, &Operation)> = numbered(system).map(|n| (n.service_number, n.operation)).collect();
        let mut by_service: HashMap<(EntityId, usize), Vec<(usize, usize)>> = HashMap::new();
        let mut services: HashMap<EntityId, Vec<usize>> = HashMap::new();
        for (entity, producers) in &typing.producers {
            for &(op, number) in producers {
                let list = by_service.entry((*entity, operations[op].0)).or_default();
                if list.len() < LOOKED_AT {
                    list.push((op, number));
                }
                let known = services.entry(*entity).or_default();
                if !known.contains(&operations[op].0) {
                    known.push(operations[op].0);
                }
            }
        }
        for known in services.values_mut() {
            known.sort_unstable();
        }
        let index = by_key(system);
        let mut stated: HashMap<usize, Vec<(usize, &ResponseLink)>> = HashMap::new();
        for (from, (_, operation)) in operations.iter().enumerate() {
            let stated_here = operation.responses.iter().flat_map(|response| &response.links);
            for link in stated_here.filter(|_| signals.contains(&Signal::OpenApiLink)) {
                if let Some(to) = link.target.as_ref().and_then(|target| index.get(target)) {
                    stated.entry(*to).or_default().push((from, link));
                }
            }
        }
        let inputs: usize = typing.operations.iter().map(|types| types.needs.len()).sum();
        let per_input = (IN_ALL / inputs.max(1)).clamp(LEAST_PER_INPUT, PER_INPUT);
        Self { typing, options, signals, per_input, operations, by_service, services, stated }
    }

    /// The links into the operations that are wanted, and those that only the user knows of.
    fn map(&self, is_wanted: impl Fn(usize) -> bool) -> SystemMap {
        let mut map = SystemMap::default();
        for index in (0..self.operations.len()).filter(|index| is_wanted(*index)) {
            map.links.extend(self.links_to_operation(index, &mut map.rejected));
        }
        map.links.extend(self.confirmed_only(&map.links));
        map
    }

    /// All links into one operation; what the user rejected goes to `rejected`.
    fn links_to_operation(&self, index: usize, rejected: &mut Vec<Link>) -> Vec<Link> {
        let mut links = Vec::new();
        let is_made_up = |need: &&Need| self.typing.operations[index].makes.contains(&need.input);
        for need in self.typing.operations[index].needs.iter().filter(|need| !is_made_up(need)) {
            let rated = self.rated(index, need);
            let mut kept = 0;
            for rating in rated {
                let link = self.link(&rating, index, need);
                if self.is_rejected(&link.from, &link.to) {
                    rejected.push(link);
                } else if kept < self.per_input || link.is_confirmed() {
                    kept += 1;
                    links.push(link);
                }
            }
        }
        for link in self.stated_links(index) {
            match links.iter_mut().find(|known| known.from == link.from && known.to == link.to) {
                Some(known) => {
                    known.score = known.score.max(link.score);
                    known.evidence.extend(link.evidence);
                }
                None if self.is_rejected(&link.from, &link.to) => rejected.push(link),
                None => links.push(link),
            }
        }
        links
    }

    /// The best outputs for an input. All of them where the user said something about this operation.
    fn rated(&self, index: usize, need: &Need) -> Vec<Rating> {
        let home = self.operations[index].0;
        let owner = self.typing.entities[need.entity].owner();
        let mut rated = Vec::new();
        for &service in self.services.get(&need.entity).into_iter().flatten() {
            let nearness = self.nearness(home, service, owner, need.entity);
            for &(op, number) in self.by_service.get(&(need.entity, service)).into_iter().flatten() {
                let rating = self.rating((op, number), need, nearness);
                if op != index && rating.score >= MIN_SCORE {
                    rated.push(rating);
                }
            }
        }
        rated.sort_by(|a, b| b.score.total_cmp(&a.score));
        let key = &self.operations[index].1.key;
        if !self.options.confirmed.iter().chain(&self.options.rejected).any(|pattern| pattern.to == *key) {
            rated.truncate(self.per_input);
        }
        rated
    }

    fn rating(&self, (op, number): (usize, usize), need: &Need, nearness: f64) -> Rating {
        let output = &self.typing.operations[op].yields[number];
        let fits = if self.signals.contains(&Signal::TypeAndFormat) { fits(output, need) } else { 1.0 };
        let removes = self.operations[op].1.key.method == Method::Delete;
        // What is only guessed of an answer is good enough to plan with, and no fact of the map.
        let is_guess = self.typing.operations[op].is_borrowed && matches!(output.output, Output::Body(_));
        let score = need.score * output.score * fits * nearness * if removes || is_guess { 0.3 } else { 1.0 };
        Rating { op, number, fits, score: score.min(1.0) }
    }

    /// Two services that each keep resources of their own under one name mean different things. A service that keeps none means those of
    /// the owner.
    fn nearness(&self, home: usize, service: usize, owner: Option<usize>, entity: EntityId) -> f64 {
        let keeps = |service: &usize| self.typing.entities[entity].claims.get(service).is_some_and(|claim| *claim >= 3.0);
        match (keeps(&home), keeps(&service)) {
            _ if home == service => 1.0,
            (true, true) => 0.3,
            (false, true) if owner != Some(service) => 0.5,
            _ => 0.95,
        }
    }

    fn link(&self, rating: &Rating, to: usize, need: &Need) -> Link {
        let output = &self.typing.operations[rating.op].yields[rating.number];
        let producer = Producer { operation: self.operations[rating.op].1.key.clone(), output: output.output.clone() };
        let consumer = Consumer { operation: self.operations[to].1.key.clone(), input: need.input.clone() };
        let mut reasons: Vec<Evidence> = need.reasons.iter().chain(output.reasons.iter()).cloned().collect();
        let weight = if rating.fits >= 0.9 { 0.2 } else { rating.fits - 1.0 };
        reasons.push(evidence(Signal::TypeAndFormat, weight, format!("{:?} into {:?}", output.kind, need.kind)));
        let mut score = rating.score;
        if self.options.confirmed.iter().any(|pattern| pattern.matches(&producer, &consumer)) {
            score = 1.0;
            reasons.push(confirmed());
        }
        let entity = self.typing.entities[need.entity].display();
        Link { from: producer, to: consumer, entity, score, evidence: reasons }
    }

    fn is_rejected(&self, from: &Producer, to: &Consumer) -> bool {
        self.options.rejected.iter().any(|pattern| pattern.matches(from, to))
    }

    fn stated_links(&self, to: usize) -> Vec<Link> {
        let mut links = Vec::new();
        for &(from, link) in self.stated.get(&to).into_iter().flatten() {
            for (name, value) in &link.parameters {
                let Some(output) = value.as_str().and_then(output_of) else { continue };
                let Some(input) = self.input_named(to, name) else { continue };
                let producer = Producer { operation: self.operations[from].1.key.clone(), output };
                let consumer = Consumer { operation: self.operations[to].1.key.clone(), input: input.clone() };
                let need = self.typing.operations[to].needs.iter().find(|need| need.input == input);
                let entity = need.map(|need| self.typing.entities[need.entity].display()).unwrap_or_default();
                let because = vec![evidence(Signal::OpenApiLink, 1.0, format!("the definition's link `{}`", link.name))];
                links.push(Link { from: producer, to: consumer, entity, score: 0.98, evidence: because });
            }
        }
        links
    }

    /// A link's parameter, plain or with its place.
    fn input_named(&self, operation: usize, name: &str) -> Option<Input> {
        let known = &self.operations[operation].1.parameters;
        if let Some(Input::Parameter(location, name)) = Input::parse(name)
            && known.iter().any(|p| p.location == location && p.name == name)
        {
            return Some(Input::Parameter(location, name));
        }
        known.iter().find(|p| p.name == name).map(|p| Input::Parameter(p.location, p.name.clone()))
    }

    /// Links that only the user knows of.
    fn confirmed_only(&self, links: &[Link]) -> Vec<Link> {
        let known: HashSet<(&Producer, &Consumer)> = links.iter().map(|link| (&link.from, &link.to)).collect();
        let exists = |key: &OperationKey| self.operations.iter().any(|(_, operation)| operation.key == *key);
        let mut added = Vec::new();
        for pattern in &self.options.confirmed {
            let (Some(output), Some(input)) = (&pattern.output, &pattern.input) else { continue };
            let from = Producer { operation: pattern.from.clone(), output: output.clone() };
            let to = Consumer { operation: pattern.to.clone(), input: input.clone() };
            if !known.contains(&(&from, &to)) && exists(&from.operation) && exists(&to.operation) {
                added.push(Link { from, to, entity: String::new(), score: 1.0, evidence: vec![confirmed()] });
            }
        }
        added
    }
}

/// An output, by operation and number, and how well it serves an input.
struct Rating {
    op: usize,
    number: usize,
    fits: f64,
    score: f64,
}

fn fits(output: &Yield, need: &Need) -> f64 {
    fit((output.kind, output.format.as_deref()), (need.kind, need.format.as_deref()))
}

fn confirmed() -> Evidence {
    evidence(Signal::Confirmed, 1.0, "confirmed in callboard.toml".to_owned())
}

/// The output that a runtime expression of an OpenAPI link means.
fn output_of(expression: &str) -> Option<Output> {
    if let Some(pointer) = expression.strip_prefix("$response.body#") {
        return Pointer::parse(pointer).map(Output::Body);
    }
    if let Some(header) = expression.strip_prefix("$response.header.") {
        return Some(Output::Header(header.to_owned()));
    }
    let rest = expression.strip_prefix("$request.")?;
    let (place, name) = rest.split_once('.')?;
    let location = match place {
        "path" => ParameterLocation::Path,
        "query" => ParameterLocation::Query,
        "header" => ParameterLocation::Header,
        _ => return None,
    };
    Some(Output::Request(Input::Parameter(location, name.to_owned())))
}
