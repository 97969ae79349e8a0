//! The operations that a model may choose from: a line each.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::map::{Input, Output};
use callboard_model::{Operation, Service};

use super::clean;
use super::reading::Reading;
use crate::bind::is_sent_by_the_environment;
use crate::chains;
use crate::index::OpId;
use crate::pointers::concrete_pointer;
use crate::shape::{Kind, Place};

/// Systems with at most so many operations are shown whole.
const WHOLE: usize = 150;
/// Never more operations than this are shown.
const MOST: usize = 180;
/// The best chains of each clause whose operations are shown.
const CHAINS: usize = 50;
/// Services that are shown whole as far as there is room.
const SERVICES: usize = 2;
/// Inputs and outputs named per operation.
const PLACES: usize = 14;
/// Characters of a summary.
const SUMMARY: usize = 90;
/// Values of an enumeration.
const OPTIONS: usize = 6;

/// The operations, by the names under which the model knows them.
pub(crate) struct Candidates {
    ids: BTreeMap<String, OpId>,
    names: BTreeMap<OpId, String>,
}

impl Candidates {
    /// Chooses operations: those of `always`, of the best chains, and of the services that match best.
    pub(crate) fn of(reading: &Reading<'_, '_>, always: impl IntoIterator<Item = OpId>) -> Self {
        let mut chosen: BTreeSet<OpId> = always.into_iter().collect();
        let usable: Vec<OpId> = (0..reading.index().ops.len()).filter(|op| reading.index().ops[*op].usable).collect();
        if usable.len() <= WHOLE {
            chosen.extend(usable);
        } else {
            chosen.extend(of_chains(reading));
            chosen.extend(of_services(reading, &usable, MOST.saturating_sub(chosen.len())));
        }
        let mut candidates = Self { ids: BTreeMap::new(), names: BTreeMap::new() };
        chosen.into_iter().take(MOST).for_each(|op| candidates.add(reading, op));
        candidates
    }

    fn add(&mut self, reading: &Reading<'_, '_>, op: OpId) {
        let (service, operation) = reading.operation(op);
        let mut id = id(service, operation, op);
        if self.ids.contains_key(&id) {
            id = format!("{id}#{op}");
        }
        self.names.insert(op, id.clone());
        self.ids.insert(id, op);
    }

    /// The operation of a name.
    pub(crate) fn op(&self, id: &str) -> Option<OpId> {
        self.ids.get(id).copied()
    }

    /// The name of an operation.
    pub(crate) fn id(&self, op: OpId) -> Option<&str> {
        self.names.get(&op).map(String::as_str)
    }

    /// All names, in the order of the definitions.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.names.values().map(String::as_str).collect()
    }

    /// The catalogue, a line for each operation.
    pub(crate) fn catalogue(&self, reading: &Reading<'_, '_>) -> String {
        self.names.iter().map(|(op, id)| line(reading, *op, id)).collect::<Vec<_>>().join("\n")
    }
}

/// `orders.placeOrder`, or `orders.GET:/orders/{id}`, or a number where neither can be written down.
fn id(service: &Service, operation: &Operation, op: OpId) -> String {
    let name = operation.id.clone().unwrap_or_else(|| format!("{}:{}", operation.key.method, operation.key.path));
    let whole = format!("{}.{name}", service.name);
    if clean::is_plain(&whole) && whole.len() <= 100 { whole } else { format!("operation-{op}") }
}

fn of_chains(reading: &Reading<'_, '_>) -> BTreeSet<OpId> {
    let known = chains::Known::default();
    reading.views().iter().flat_map(|view| chains::chains(view, &known, CHAINS)).flat_map(|chain| chain.ops).collect()
}

/// Operations of the services that stand for the sentence best, best first.
fn of_services(reading: &Reading<'_, '_>, usable: &[OpId], room: usize) -> Vec<OpId> {
    let relevance = |op: OpId| reading.views().iter().map(|view| view.rel(op)).fold(f64::MIN, f64::max);
    let mut rated: Vec<(f64, OpId)> = usable.iter().map(|op| (relevance(*op), *op)).collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut services: Vec<usize> = Vec::new();
    for (_, op) in &rated {
        let service = reading.index().ops[*op].service;
        if services.len() < SERVICES && !services.contains(&service) {
            services.push(service);
        }
    }
    rated.into_iter().map(|(_, op)| op).filter(|op| services.contains(&reading.index().ops[*op].service)).take(room).collect()
}

fn line(reading: &Reading<'_, '_>, op: OpId, id: &str) -> String {
    let (_, operation) = reading.operation(op);
    let path = clean::line(&operation.key.path, 120);
    let summary = clean::line(operation.summary.as_deref().or(operation.description.as_deref()).unwrap_or_default(), SUMMARY);
    let takes = inputs(reading, op).into_iter().map(|(_, shown)| shown).take(PLACES).collect::<Vec<_>>().join(", ");
    let gives = outputs(reading, op).join(", ");
    format!("{id} | {} {path} | {summary} | takes {takes} | gives {gives}", operation.key.method)
}

/// The inputs that a model may bind, as they are shown; required ones first.
pub(crate) fn inputs(reading: &Reading<'_, '_>, op: OpId) -> Vec<(Input, String)> {
    let (service, operation) = reading.operation(op);
    let types = &reading.index().typing.operations[op];
    let mut found: Vec<(bool, Input, String)> = Vec::new();
    for parameter in operation.parameters.iter().filter(|parameter| !is_sent_by_the_environment(parameter)) {
        let input = Input::Parameter(parameter.location, parameter.name.clone());
        let schema = parameter.schema.as_ref().and_then(|node| service.schema(node));
        let kind = schema.as_ref().and_then(|schema| schema.types().first().copied()).unwrap_or("any").to_owned();
        let options = schema.and_then(|schema| schema.enumeration()).unwrap_or_default().into_iter().cloned().collect::<Vec<_>>();
        found.push((parameter.required, input, format!("{kind}{}", enumeration(&options))));
    }
    for place in types.request.iter().filter(|place| is_writable(place)) {
        let Some(pointer) = concrete_pointer(&place.pointer, &types.request) else { continue };
        let kind = format!("{}{}", word(place.shape.kind), enumeration(&place.shape.options));
        found.push((place.required, Input::Body(pointer), kind));
    }
    found.retain(|(_, input, _)| clean::is_plain(&input.to_string()));
    found.sort_by_key(|(required, ..)| !required);
    let noun = |input: &Input| {
        let need = types.needs.iter().find(|need| same_input(&need.input, input));
        need.map(|need| format!(" of {}", clean::line(&reading.index().typing.entities[need.entity].display(), 40)))
            .unwrap_or_default()
    };
    let shown = |(required, input, kind): (bool, Input, String)| {
        let mark = if required { "*" } else { "" };
        let shown = format!("{input}{mark}:{kind}{}", noun(&input));
        (input, shown)
    };
    found.into_iter().map(shown).collect()
}

/// Whether two inputs are one, items of lists taken as alike.
pub(crate) fn same_input(a: &Input, b: &Input) -> bool {
    match (a, b) {
        (Input::Body(a), Input::Body(b)) => crate::pointers::generic(a) == crate::pointers::generic(b),
        _ => a == b,
    }
}

fn is_writable(place: &Place) -> bool {
    place.shape.kind.is_scalar() && !place.shape.read_only && !place.pointer.is_root()
}

/// Places that a later step may take a value from: identities first.
fn outputs(reading: &Reading<'_, '_>, op: OpId) -> Vec<String> {
    let types = &reading.index().typing.operations[op];
    let places = &types.response;
    let mut shown: Vec<String> = Vec::new();
    let mut add = |output: Output, kind: String| {
        let text = output.to_string();
        let is_new = !shown
            .iter()
            .any(|known| known.split([':', ' ']).next() == Some(text.as_str()) || known.starts_with(&format!("{text}:")));
        if is_new && shown.len() < PLACES && clean::is_plain(&text) {
            shown.push(format!("{text}:{kind}"));
        }
    };
    for found in types.yields.iter().filter(|found| found.score >= 0.4) {
        let noun = clean::line(&reading.index().typing.entities[found.entity].display(), 40);
        let output = match &found.output {
            Output::Body(pointer) => concrete_pointer(pointer, places).map(Output::Body),
            other => Some(other.clone()),
        };
        if let Some(output) = output {
            add(output, format!("{} of {noun}", word(found.kind)));
        }
    }
    for place in places.iter().filter(|place| place.shape.kind.is_scalar() && !place.shape.write_only && place.nesting <= 1) {
        if let Some(pointer) = concrete_pointer(&place.pointer, places) {
            add(Output::Body(pointer), word(place.shape.kind).to_owned());
        }
    }
    shown
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Object | Kind::Map => "object",
        Kind::Array => "array",
        Kind::Text => "string",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Any => "any",
    }
}

fn enumeration(options: &[serde_json::Value]) -> String {
    let texts: Vec<String> = options.iter().take(OPTIONS).map(|value| clean::line(&value.to_string(), 30)).collect();
    if texts.is_empty() { String::new() } else { format!("({})", texts.join("|")) }
}
