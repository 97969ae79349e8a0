//! Walks a schema and makes a value.

use std::collections::HashSet;

use callboard_model::{NodeRef, Pointer, Schema};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value};

use super::facts::Facts;
use super::{Fill, Hints, names, number, text};
use crate::validate::Direction;

/// The source of chance of one place.
pub(crate) type Dice = Xoshiro256PlusPlus;

/// From here on nothing optional is filled in.
const MAX_DEPTH: usize = 5;
/// From here on even required values are cut: the schema cannot be met.
const CUT_DEPTH: usize = 14;
/// A value with more nodes gets nothing optional any more.
const MAX_NODES: usize = 1500;

/// Makes one value.
pub(super) struct Generator<'h> {
    direction: Direction,
    seed: u64,
    hints: &'h Hints,
    plain: &'h HashSet<Pointer>,
    nodes: usize,
    open: Vec<NodeRef>,
}

/// A place in the value.
pub(super) struct Place {
    pub(super) pointer: Pointer,
    /// The names on the way, the own one last.
    pub(super) names: Vec<String>,
    depth: usize,
}

impl Place {
    fn name(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    fn property(&self, name: &str) -> Self {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        Self { pointer: self.pointer.join(name), names, depth: self.depth + 1 }
    }

    fn item(&self, index: usize) -> Self {
        let mut names = self.names.clone();
        if let Some(last) = names.last_mut() {
            *last = names::singular(last);
        }
        Self { pointer: self.pointer.join(index.to_string()), names, depth: self.depth + 1 }
    }
}

impl<'h> Generator<'h> {
    pub(super) fn new(direction: Direction, seed: u64, hints: &'h Hints, plain: &'h HashSet<Pointer>) -> Self {
        Self { direction, seed, hints, plain, nodes: 0, open: Vec::new() }
    }

    /// The whole value.
    pub(super) fn root(&mut self, schema: &Schema<'_>) -> Value {
        let name = self.hints.name.clone().or_else(|| schema.reference_name()).unwrap_or_default();
        self.value(std::slice::from_ref(schema), &Place { pointer: Pointer::root(), names: vec![name], depth: 0 })
    }

    /// Chance at a place: the same for the same seed, whatever happens elsewhere.
    fn dice(&self, place: &Place) -> Dice {
        let hash = place.pointer.as_str().bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ self.seed.rotate_left(17), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Dice::seed_from_u64(hash ^ self.seed)
    }

    fn pin(&self, pointer: &Pointer) -> Option<&Value> {
        self.hints.pins.iter().find(|(at, _)| at == pointer).map(|(_, value)| value)
    }

    fn is_pinned_below(&self, pointer: &Pointer) -> bool {
        self.hints.pins.iter().any(|(at, _)| at.as_str().strip_prefix(pointer.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }

    /// One value that all given schemas describe.
    fn value(&mut self, schemas: &[Schema<'_>], place: &Place) -> Value {
        if let Some(value) = self.pin(&place.pointer) {
            return value.clone();
        }
        let Some((schema, others)) = schemas.split_first() else { return text::words(&mut self.dice(place)) };
        self.nodes += 1;
        let mut dice = self.dice(place);
        let node = schema.resolved().node().clone();
        let open = &self.open;
        let depth = place.depth;
        let facts = Facts::of(schema, &mut |options| choose(options, open, depth, &mut dice)).with(others);
        if facts.is_null_only() && facts.types().is_empty() {
            return Value::Null;
        }
        if let Some(allowed) = facts.allowed() {
            let real: Vec<&Value> = allowed.iter().filter(|value| !value.is_null()).copied().collect();
            let list = if real.is_empty() { allowed } else { real };
            return if list.is_empty() { Value::Null } else { list[dice.random_range(0..list.len())].clone() };
        }
        if let Some(example) = self.example(&facts, place, &mut dice) {
            return example.clone();
        }
        self.open.push(node);
        let value = self.typed(&facts, place, &mut dice);
        self.open.pop();
        value
    }

    fn example<'a>(&self, facts: &Facts<'a>, place: &Place, dice: &mut Dice) -> Option<&'a Value> {
        if self.hints.ignore_examples || self.plain.contains(&place.pointer) || self.is_pinned_below(&place.pointer) {
            return None;
        }
        let types = facts.types();
        let fits = |value: &&Value| !value.is_null() && (types.is_empty() || types.iter().any(|name| is_of_type(value, name)));
        let examples: Vec<&Value> = facts.examples().into_iter().filter(fits).collect();
        let first = examples.first()?;
        // Examples of whole objects make all entities alike; keys must differ.
        let chance = if first.is_object() || first.is_array() { 0.3 } else { 0.7 };
        let is_key = names::is_identifier(place.name()) && !first.is_object();
        (!is_key && dice.random_bool(chance)).then(|| examples[dice.random_range(0..examples.len())])
    }

    fn typed(&mut self, facts: &Facts<'_>, place: &Place, dice: &mut Dice) -> Value {
        match self.choose_type(facts) {
            _ if place.depth > CUT_DEPTH && facts.is_nullable() => Value::Null,
            "object" => Value::Object(self.object(facts, place, dice)),
            "array" => Value::Array(self.array(facts, place, dice)),
            "integer" => number::integer(facts, place.name(), self.plain.contains(&place.pointer), dice),
            "number" => number::decimal(facts, place.name(), self.plain.contains(&place.pointer), dice),
            "boolean" => Value::Bool(names::flag(place.name()).unwrap_or_else(|| dice.random_bool(0.5))),
            _ => Value::String(text::string(facts, place, self.plain.contains(&place.pointer), self.hints.now, dice)),
        }
    }

    fn choose_type<'a>(&self, facts: &Facts<'a>) -> &'a str {
        if let Some(name) = facts.types().first() {
            return name;
        }
        let guesses: [(&[&str], &str); 4] = [
            (&["properties", "additionalProperties", "patternProperties", "required", "minProperties"], "object"),
            (&["items", "prefixItems", "minItems", "maxItems", "contains"], "array"),
            (&["pattern", "minLength", "maxLength"], "string"),
            (&["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"], "number"),
        ];
        guesses.into_iter().find(|(keywords, _)| facts.has(keywords)).map_or("string", |(_, name)| name)
    }

    fn object(&mut self, facts: &Facts<'_>, place: &Place, dice: &mut Dice) -> Map<String, Value> {
        let properties = facts.properties();
        let required = facts.required();
        let least = as_count(facts.largest("minProperties"), 0);
        let most = as_count(facts.smallest("maxProperties"), usize::MAX);
        let mut out = Map::new();
        for (name, schemas) in &properties {
            let inner = place.property(name);
            let is_required = required.contains(name) || facts.forced.iter().any(|(forced, _)| forced == name);
            if self.is_hidden(schemas) && self.pin(&inner.pointer).is_none() && !self.is_pinned_below(&inner.pointer) {
                continue;
            }
            let room = out.len() + required.len() < most || is_required;
            if room && (is_required || self.wants(schemas, &inner)) && place.depth <= CUT_DEPTH {
                let value = self.property(facts, name, schemas, &inner);
                out.insert((*name).to_owned(), value);
            }
        }
        self.undescribed(facts, &required, place, &mut out);
        self.more(facts, least, most, place, dice, &mut out);
        out
    }

    fn property(&mut self, facts: &Facts<'_>, name: &str, schemas: &[Schema<'_>], place: &Place) -> Value {
        if let Some(value) = self.pin(&place.pointer) {
            return value.clone();
        }
        match facts.forced.iter().find(|(forced, _)| forced == name) {
            Some((_, value)) => value.clone(),
            None => self.value(schemas, place),
        }
    }

    /// Whether a property is sent only the other way.
    fn is_hidden(&self, schemas: &[Schema<'_>]) -> bool {
        schemas.iter().any(|schema| match self.direction {
            Direction::Request => schema.is_read_only(),
            Direction::Response => schema.is_write_only(),
        })
    }

    /// Whether an optional property is filled in.
    fn wants(&self, schemas: &[Schema<'_>], place: &Place) -> bool {
        if self.pin(&place.pointer).is_some() || self.is_pinned_below(&place.pointer) {
            return true;
        }
        let repeats = || schemas.iter().any(|schema| self.repeats(schema));
        let is_false = || schemas.iter().any(|schema| *schema.value() == Value::Bool(false));
        if self.hints.fill == Fill::Minimal || place.depth > MAX_DEPTH || self.nodes > MAX_NODES || repeats() || is_false() {
            return false;
        }
        let is_deprecated = schemas.iter().any(|schema| schema.keyword("deprecated") == Some(&Value::Bool(true)));
        let chance = match place.depth {
            _ if self.hints.fill == Fill::Full => 1.0,
            _ if is_deprecated => 0.0,
            0..=2 => 0.9,
            3 => 0.6,
            4 => 0.3,
            _ => 0.1,
        };
        // Drawn apart from the value, so that the value is the same whether it was sure or lucky to be there.
        Dice::seed_from_u64(self.dice(place).random::<u64>() ^ 0x5bd1).random_bool(chance)
    }

    /// Whether a schema, or the items of it, is being filled in already further up.
    fn repeats(&self, schema: &Schema<'_>) -> bool {
        let resolved = schema.resolved();
        let is_open = |schema: &Schema<'_>| self.open.contains(schema.node());
        is_open(&resolved)
            || schema.items().is_some_and(|items| is_open(&items.resolved()))
            || schema.additional_properties().is_some_and(|values| is_open(&values.resolved()))
            || resolved.children("allOf").iter().any(|part| is_open(&part.resolved()))
    }

    /// Required names, decisive ones and pinned ones that no schema describes.
    fn undescribed(&mut self, facts: &Facts<'_>, required: &[&str], place: &Place, out: &mut Map<String, Value>) {
        let described: Vec<&str> = facts.properties().into_iter().map(|(name, _)| name).collect();
        let pinned: Vec<String> = self
            .hints
            .pins
            .iter()
            .filter_map(|(at, _)| at.as_str().strip_prefix(place.pointer.as_str()))
            .filter_map(|rest| Pointer::parse(rest)?.segments().next())
            .collect();
        let names = required.iter().map(|name| (*name).to_owned()).chain(facts.forced.iter().map(|(name, _)| name.clone()));
        for name in names.chain(pinned) {
            if out.contains_key(&name) || described.contains(&name.as_str()) {
                continue;
            }
            let inner = place.property(&name);
            let schemas = facts.schemas("additionalProperties");
            let value = self.property(facts, &name, &schemas, &inner);
            out.insert(name, value);
        }
    }

    /// Free properties of a map, and as many as the schema asks for.
    fn more(
        &mut self,
        facts: &Facts<'_>,
        least: usize,
        most: usize,
        place: &Place,
        dice: &mut Dice,
        out: &mut Map<String, Value>,
    ) {
        let values = facts.schemas("additionalProperties");
        let is_map = !values.is_empty() && facts.properties().is_empty() && self.hints.fill != Fill::Minimal;
        let is_endless = values.iter().any(|schema| self.repeats(schema)) || place.depth > MAX_DEPTH;
        let wanted = if is_map && !is_endless { dice.random_range(1..=2) } else { 0 };
        let wanted = wanted.max(least).min(most);
        let patterns = facts.all("patternProperties").filter_map(Value::as_object).flat_map(Map::keys).next();
        let key_schema = facts.schemas("propertyNames");
        for ordinal in 0..wanted.saturating_mul(4) {
            if out.len() >= wanted {
                break;
            }
            let key_place = place.property(&format!("key{ordinal}"));
            let key = match (key_schema.first(), patterns) {
                (Some(schema), _) => {
                    let is_text = |value: Value| value.as_str().map(str::to_owned);
                    is_text(self.value(std::slice::from_ref(schema), &key_place))
                }
                (None, Some(pattern)) => super::pattern::sample(pattern, 0, usize::MAX, dice),
                (None, None) => None,
            };
            let key = key.unwrap_or_else(|| names::word(dice).to_owned());
            let inner = place.property(&key);
            let described = facts.schemas("patternProperties").into_iter().find_map(|map| map.child(patterns?));
            let schemas = described.map_or_else(|| values.clone(), |schema| vec![schema]);
            if !out.contains_key(&key) {
                let value = self.value(&schemas, &inner);
                out.insert(key, value);
            }
        }
    }

    fn array(&mut self, facts: &Facts<'_>, place: &Place, dice: &mut Dice) -> Vec<Value> {
        let mut prefix = facts.list("prefixItems");
        if prefix.is_empty() && facts.all("items").any(Value::is_array) {
            prefix = facts.list("items");
        }
        let items = facts.schemas("items");
        let least = as_count(facts.largest("minItems"), 0).min(1000);
        let most = as_count(facts.smallest("maxItems"), usize::MAX);
        let count = self.count(facts, &items, least, most, place, dice).max(prefix.len().min(most)).max(self.pinned_items(place));
        let is_unique = facts.all("uniqueItems").any(|flag| flag == true);
        let contains = facts.schemas("contains");
        let mut out: Vec<Value> = Vec::with_capacity(count);
        let mut index = 0;
        while out.len() < count && index < count.saturating_mul(8) {
            let schemas = match prefix.get(index) {
                Some(schema) => vec![schema.clone()],
                None => items.iter().chain(contains.iter()).cloned().collect(),
            };
            let value = self.value(&schemas, &place.item(index));
            index += 1;
            if !is_unique || !out.contains(&value) {
                out.push(value);
            }
        }
        out
    }

    fn count(&self, facts: &Facts<'_>, items: &[Schema<'_>], least: usize, most: usize, place: &Place, dice: &mut Dice) -> usize {
        let is_endless = items.iter().any(|schema| self.repeats(schema));
        let needs_one = usize::from(facts.has(&["contains"]));
        if is_endless || self.hints.fill == Fill::Minimal || place.depth > MAX_DEPTH || self.nodes > MAX_NODES {
            return least.max(needs_one);
        }
        let typical = if items.is_empty() && !facts.has(&["contains"]) { 0 } else { dice.random_range(1..=2) };
        typical.max(least).max(needs_one).min(most)
    }

    /// How many items the pins below this array need.
    fn pinned_items(&self, place: &Place) -> usize {
        let below = self.hints.pins.iter().filter_map(|(at, _)| at.as_str().strip_prefix(place.pointer.as_str()));
        below
            .filter_map(|rest| rest.strip_prefix('/')?.split('/').next()?.parse::<usize>().ok())
            .map(|i| i + 1)
            .max()
            .unwrap_or(0)
    }
}

fn as_count(number: Option<f64>, otherwise: usize) -> usize {
    number.map_or(otherwise, |n| n.max(0.0) as usize)
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        _ => false,
    }
}

/// An alternative: not `null`, not one that is being filled in already, and simple ones deep down.
fn choose(options: &[Schema<'_>], open: &[NodeRef], depth: usize, dice: &mut Dice) -> usize {
    let is_null = |o: &Schema<'_>| o.types().is_empty() && o.is_nullable() && o.keyword("type").is_some();
    let is_open = |o: &Schema<'_>| open.contains(o.resolved().node());
    let is_scalar = |o: &Schema<'_>| o.types().iter().any(|name| !matches!(*name, "object" | "array"));
    let all: Vec<usize> = (0..options.len()).collect();
    let fresh: Vec<usize> = all.iter().copied().filter(|i| !is_null(&options[*i]) && !is_open(&options[*i])).collect();
    let simple: Vec<usize> = fresh.iter().copied().filter(|i| is_scalar(&options[*i])).collect();
    let null: Vec<usize> = all.iter().copied().filter(|i| is_null(&options[*i])).collect();
    let pool = match () {
        () if depth > MAX_DEPTH && !simple.is_empty() => simple,
        () if !fresh.is_empty() => fresh,
        () if !null.is_empty() => null,
        () => all,
    };
    pool[dice.random_range(0..pool.len())]
}
