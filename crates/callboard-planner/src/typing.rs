//! Which field of which operation carries the identity of which resource.
//!
//! A parameter behind a collection's name is that resource's key, whatever it is called; a field `customerId` is a customer's key where
//! some service has customers; an object that looks like what GET-by-id returns is that resource. Everything is looked up by entity, never
//! compared in pairs, and each schema is read once however many operations use it, so the work grows with the size of the definitions and
//! not with its square.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use callboard_model::map::{Evidence, Input, Output, Signal, SystemMap};
use callboard_model::{Method, Operation, OperationKey, Service, System};

use crate::entities::{EntityId, Nouns, Numbered, numbered, numbered_of, ranges};
use crate::explained::Explained;
use crate::needs::Needs;
use crate::parallel;
use crate::profiles::Profiles;
use crate::sameness::Sameness;
use crate::shape::{Kind, Place, Shapes};
use crate::words::split_identifier;
use crate::yields::{Yields, made_up};

/// Reasons that several fields share.
pub(crate) type Reasons = Arc<[Evidence]>;

/// The signs that may be used.
pub(crate) type Signals = BTreeSet<Signal>;

/// All signs that definitions give.
pub(crate) fn all_signals() -> Signals {
    use Signal::{Name, OpenApiLink, PathTyping, SchemaShape, Text, TypeAndFormat};
    [PathTyping, Name, TypeAndFormat, SchemaShape, Text, OpenApiLink].into()
}

/// What fields are read with.
#[derive(Clone, Copy)]
pub(crate) struct Signs<'a> {
    pub(crate) nouns: &'a Nouns,
    pub(crate) signals: &'a Signals,
    pub(crate) same: &'a Sameness,
    pub(crate) explained: &'a Explained,
}

impl Signs<'_> {
    /// Whether a sign may be used.
    pub(crate) fn uses(&self, signal: Signal) -> bool {
        self.signals.contains(&signal)
    }

    /// What a service means by a resource, added to the reasons where that is another one.
    pub(crate) fn meant(&self, service: usize, entity: EntityId, reasons: &Reasons) -> Option<(EntityId, Reasons)> {
        let (meant, because) = self.same.meant(service, entity)?;
        Some((*meant, reasons.iter().chain([because]).cloned().collect()))
    }
}

/// What a name, path or object was taken for.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) entity: EntityId,
    pub(crate) score: f64,
    pub(crate) reasons: Reasons,
}

impl Typed {
    pub(crate) fn new(entity: EntityId, score: f64, reasons: impl Into<Reasons>) -> Self {
        Self { entity, score, reasons: reasons.into() }
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
    pub(crate) reasons: Reasons,
}

/// A place that gives the identity of a resource.
#[derive(Clone, Debug)]
pub(crate) struct Yield {
    pub(crate) output: Output,
    pub(crate) entity: EntityId,
    pub(crate) score: f64,
    pub(crate) nesting: u8,
    /// Whether it is a field that refers to the resource, not the key of the resource itself.
    pub(crate) is_reference: bool,
    pub(crate) kind: Kind,
    pub(crate) format: Option<String>,
    pub(crate) reasons: Reasons,
}

/// What one operation takes and gives.
#[derive(Debug, Default)]
pub(crate) struct OperationTypes {
    pub(crate) needs: Vec<Need>,
    pub(crate) yields: Vec<Yield>,
    /// Keys that the caller makes up: they name nothing that exists.
    pub(crate) makes: Vec<Input>,
    /// The resource that its path is about.
    pub(crate) subject: Option<EntityId>,
    /// Places of the request body.
    pub(crate) request: Arc<Vec<Place>>,
    /// Whether the answer is not documented but taken from that of the read by key.
    pub(crate) is_borrowed: bool,
    /// Places of the successful answer.
    pub(crate) response: Arc<Vec<Place>>,
}

/// Everything that the definitions say about identities.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    nouns: Nouns,
    /// By operation, in the order of `System::operations`.
    pub(crate) operations: Vec<OperationTypes>,
    /// Yields by entity: operation and number of the yield, best first.
    pub(crate) producers: HashMap<EntityId, Vec<(usize, usize)>>,
    /// The operations among them, each once.
    pub(crate) producing: HashMap<EntityId, Vec<usize>>,
    /// Flows that the user rejected: from an output of one operation into an input of another.
    rejected: HashSet<(usize, Output, usize, Input)>,
}

impl std::ops::Deref for Typing {
    type Target = Nouns;

    /// The resources that the fields are typed with.
    fn deref(&self) -> &Nouns {
        &self.nouns
    }
}

impl Typing {
    /// Reads a system. `aliases` is the project's glossary, word to entity.
    pub(crate) fn of(system: &System, aliases: &BTreeMap<String, String>, signals: &Signals) -> Self {
        let mut nouns = Nouns::of(system, aliases);
        let (shapes, operations) = bodies(system);
        if signals.contains(&Signal::Name) {
            for words in foreign(system, &operations) {
                nouns.add_foreign(&words);
            }
        }
        let profiles =
            if signals.contains(&Signal::SchemaShape) { Profiles::of(system, &nouns, &operations) } else { Profiles::default() };
        let same = Sameness::of(system, &nouns, &operations, signals);
        let explained =
            if signals.contains(&Signal::Text) { Explained::of(system, &nouns, &operations) } else { Explained::default() };
        let signs = Signs { nouns: &nouns, signals, same: &same, explained: &explained };
        let operations = typed(system, signs, &profiles, shapes, &operations);
        let mut typing = Self { nouns, operations, ..Self::default() };
        typing.sort_producers();
        typing
    }

    fn sort_producers(&mut self) {
        let mut producers: HashMap<EntityId, Vec<(usize, usize)>> = HashMap::new();
        for (index, types) in self.operations.iter().enumerate() {
            for (number, found) in types.yields.iter().enumerate() {
                producers.entry(found.entity).or_default().push((index, number));
            }
        }
        let score = |&(op, number): &(usize, usize)| self.operations[op].yields[number].score;
        for list in producers.values_mut() {
            list.sort_by(|a, b| score(b).total_cmp(&score(a)).then(a.cmp(b)));
        }
        let once = |list: &Vec<(usize, usize)>| {
            let mut ops: Vec<usize> = list.iter().map(|(op, _)| *op).collect();
            ops.sort_unstable();
            ops.dedup();
            ops
        };
        self.producing = producers.iter().map(|(entity, list)| (*entity, once(list))).collect();
        self.producers = producers;
    }

    /// Takes what the user said about links: confirmed ones become needs and yields, rejected ones are never used.
    pub(crate) fn take(&mut self, map: &SystemMap, system: &System) {
        let by_key = by_key(system);
        let at = |key: &OperationKey| by_key.get(key).copied();
        for link in &map.rejected {
            if let (Some(from), Some(to)) = (at(&link.from.operation), at(&link.to.operation)) {
                self.rejected.insert((from, link.from.output.clone(), to, link.to.input.clone()));
            }
        }
        for link in map.links.iter().filter(|link| link.is_confirmed()) {
            if let (Some(from), Some(to)) = (at(&link.from.operation), at(&link.to.operation)) {
                self.confirm((from, &link.from.output), (to, &link.to.input));
            }
        }
        self.sort_producers();
    }

    fn confirm(&mut self, (from, output): (usize, &Output), (to, input): (usize, &Input)) {
        let given = self.operations[from].yields.iter().position(|y| y.output == *output);
        let wanted = self.operations[to].needs.iter().position(|n| n.input == *input);
        let entity = given.map(|at| self.operations[from].yields[at].entity);
        let Some(entity) = entity.or_else(|| wanted.map(|at| self.operations[to].needs[at].entity)) else { return };
        let reasons: Reasons = [evidence(Signal::Confirmed, 1.0, "confirmed in callboard.toml".to_owned())].into();
        let same = self.operations[from].yields.iter_mut().find(|y| y.output == *output && y.entity == entity);
        match same {
            Some(known) => known.score = 1.0,
            None => self.operations[from].yields.push(Yield {
                output: output.clone(),
                entity,
                score: 1.0,
                nesting: 0,
                is_reference: false,
                kind: Kind::Any,
                format: None,
                reasons: reasons.clone(),
            }),
        }
        let need = Need { input: input.clone(), entity, hard: true, score: 1.0, kind: Kind::Any, format: None, reasons };
        match wanted {
            Some(at) => (self.operations[to].needs[at].entity, self.operations[to].needs[at].score) = (entity, 1.0),
            None => self.operations[to].needs.push(need),
        }
    }

    /// Whether the user rejected that a value flows this way.
    pub(crate) fn is_rejected(&self, from: usize, output: &Output, to: usize, input: &Input) -> bool {
        !self.rejected.is_empty() && self.rejected.contains(&(from, output.clone(), to, input.clone()))
    }
}

/// Reads the fields of all operations whose bodies are known.
fn typed(
    system: &System,
    signs: Signs<'_>,
    profiles: &Profiles,
    shapes: Vec<Shapes>,
    operations: &[OperationTypes],
) -> Vec<OperationTypes> {
    let ranges = ranges(system);
    let shapes: Vec<Mutex<Shapes>> = shapes.into_iter().map(Mutex::new).collect();
    let read = parallel::map(ranges.len(), |service| {
        let mut shapes = shapes[service].lock().unwrap_or_else(PoisonError::into_inner);
        let mut needs = Needs::new(signs);
        let mut yields = Yields::new(signs, profiles.clone());
        let of = |(numbered, known): (Numbered<'_>, &OperationTypes)| {
            let mut types = OperationTypes {
                request: known.request.clone(),
                response: known.response.clone(),
                is_borrowed: known.is_borrowed,
                subject: signs.nouns.subject(&numbered),
                ..OperationTypes::default()
            };
            types.needs = needs.of(&numbered, &mut shapes, &types);
            types.yields = yields.of(&numbered, &types);
            types.makes = made_up(&numbered, &types.yields);
            types
        };
        numbered_of(system, service).zip(&operations[ranges[service].clone()]).map(of).collect::<Vec<_>>()
    });
    read.into_iter().flatten().collect()
}

/// The places of all bodies; operations share those of a schema that they share.
fn bodies(system: &System) -> (Vec<Shapes>, Vec<OperationTypes>) {
    let services = system.services();
    let read = parallel::map(services.len(), |number| {
        let mut shapes = Shapes::of(number);
        let service = &services[number];
        let mut operations: Vec<_> = service.operations.iter().map(|o| bodies_of(service, o, &mut shapes)).collect();
        borrow_answers(service, &mut operations);
        (shapes, operations)
    });
    let (shapes, operations): (Vec<Shapes>, Vec<Vec<OperationTypes>>) = read.into_iter().unzip();
    (shapes, operations.into_iter().flatten().collect())
}

fn bodies_of(service: &Service, operation: &Operation, shapes: &mut Shapes) -> OperationTypes {
    let body = operation.request_body.as_ref().and_then(|body| body.preferred()).and_then(|media| media.schema.as_ref());
    let answer = operation.success_response().and_then(|response| response.preferred()).and_then(|media| media.schema.as_ref());
    let mut places = |node| shapes.places(service, node);
    OperationTypes {
        request: body.map(&mut places).unwrap_or_default(),
        response: answer.map(&mut places).unwrap_or_default(),
        ..OperationTypes::default()
    }
}

/// A `POST` that documents no more than that it answers with an object answers with what it made, as reading that by its key shows it.
fn borrow_answers(service: &Service, types: &mut [OperationTypes]) {
    let is_bare = |places: &[Place]| matches!(places, [root] if matches!(root.shape.kind, Kind::Object | Kind::Map));
    let mut readers: HashMap<&str, usize> = HashMap::new();
    for (at, operation) in service.operations.iter().enumerate().filter(|(_, o)| o.key.method == Method::Get) {
        if let Some((collection, _)) =
            operation.key.path.trim_end_matches('/').rsplit_once('/').filter(|(_, key)| key.starts_with('{'))
        {
            readers.entry(collection).or_insert(at);
        }
    }
    for (at, operation) in service.operations.iter().enumerate().filter(|(_, o)| o.key.method == Method::Post) {
        let reader = readers.get(operation.key.path.trim_end_matches('/')).filter(|_| is_bare(&types[at].response));
        if let Some(reader) = reader {
            types[at].response = types[*reader].response.clone();
            types[at].is_borrowed = true;
        }
    }
}

/// Nouns of keys such as `contactId` that operations both give and take: resources of a system that is not described here.
fn foreign(system: &System, operations: &[OperationTypes]) -> BTreeSet<Vec<String>> {
    let noun = |name: &str| -> Option<Vec<String>> {
        let words = split_identifier(name);
        let (last, rest) = words.split_last()?;
        let is_key = matches!(last.as_str(), "id" | "ids" | "uuid" | "sid") && !rest.is_empty();
        is_key.then(|| rest.to_vec())
    };
    let mut seen: HashSet<(*const Vec<Place>, bool)> = HashSet::new();
    let (mut given, mut taken) = (BTreeSet::new(), BTreeSet::new());
    for (numbered, types) in numbered(system).zip(operations) {
        taken.extend(numbered.operation.parameters.iter().filter_map(|parameter| noun(&parameter.name)));
        for (places, names, is_input) in [(&types.request, &mut taken, true), (&types.response, &mut given, false)] {
            if seen.insert((Arc::as_ptr(places), is_input)) {
                names.extend(places.iter().filter(|place| place.shape.kind.is_scalar()).filter_map(|place| noun(&place.name)));
            }
        }
    }
    given.intersection(&taken).cloned().collect()
}

/// A reason.
pub(crate) fn evidence(signal: Signal, weight: f64, detail: String) -> Evidence {
    Evidence { signal, weight, detail }
}

/// Operations by their keys.
pub(crate) fn by_key(system: &System) -> HashMap<OperationKey, usize> {
    system.operations().enumerate().map(|(i, (_, operation))| (operation.key.clone(), i)).collect()
}
