//! Fingerprints of schemas with everything that they refer to: equal fingerprints mean equal schemas.
//!
//! The fingerprint of a schema is that of its keywords, and a reference counts as what it refers to, so that it does not matter whether
//! a part is written in place or elsewhere, nor under which name. Schemas that refer to each other in a circle are found as strongly
//! connected components (Tarjan 1972); they are told apart by a few rounds in which each takes in what its neighbours were in the round
//! before, and each of them takes in all of them, so that a change anywhere in the circle changes all.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use callboard_model::document::Dialect;
use callboard_model::{DocumentId, Documents, NodeRef};
use serde_json::{Map, Value};

use crate::references::{self, Need};

/// Rounds in which the members of a circle are told apart.
const ROUNDS: usize = 3;

/// Keywords that say nothing about which values are valid.
const SILENT: &[&str] = &[
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "externalDocs",
    "$comment",
    "deprecated",
    "$schema",
    "$id",
    "$anchor",
];

/// Keywords whose children are named schemas.
const NAME_MAPS: &[&str] = &["properties", "patternProperties", "dependentSchemas", "$defs", "definitions"];

/// Keywords whose lists have no order.
const UNORDERED: &[&str] = &["required", "enum", "allOf", "anyOf", "oneOf"];

/// The schemas of one definition with their fingerprints, worked out on demand.
pub(crate) struct Fingerprints<'a> {
    documents: &'a Documents,
    by_node: HashMap<NodeRef, usize>,
    by_text: HashMap<(DocumentId, &'a str), Option<usize>>,
    units: Vec<Unit<'a>>,
    /// How many units Tarjan's walk has met.
    met: u32,
}

/// A schema that is referred to, or asked for.
struct Unit<'a> {
    document: DocumentId,
    value: &'a Value,
    order: Option<u32>,
    low: u32,
    is_open: bool,
    hash: u64,
}

/// A unit on the way down, with the units that it refers to.
struct Visit {
    unit: usize,
    targets: Vec<usize>,
    next: usize,
}

impl<'a> Fingerprints<'a> {
    pub(crate) fn new(documents: &'a Documents) -> Self {
        Self { documents, by_node: HashMap::new(), by_text: HashMap::new(), units: Vec::new(), met: 0 }
    }

    /// The fingerprint of the schema at a node; `None` where nothing stands there.
    pub(crate) fn of(&mut self, node: &NodeRef) -> Option<u64> {
        let unit = self.unit(node)?;
        if self.units[unit].order.is_none() {
            self.walk(unit);
        }
        Some(self.units[unit].hash)
    }

    fn unit(&mut self, node: &NodeRef) -> Option<usize> {
        if let Some(unit) = self.by_node.get(node) {
            return Some(*unit);
        }
        let value = self.documents.value(node)?;
        self.units.push(Unit { document: node.document, value, order: None, low: 0, is_open: false, hash: 0 });
        self.by_node.insert(node.clone(), self.units.len() - 1);
        Some(self.units.len() - 1)
    }

    /// The units that a unit refers to.
    fn targets(&mut self, unit: usize) -> Vec<usize> {
        let Unit { document, value, .. } = self.units[unit];
        let mut texts = Vec::new();
        references::visit(value, &mut |reference| {
            if reference.need == Need::Required {
                texts.push(reference.text);
            }
        });
        texts.into_iter().filter_map(|text| self.target(document, text)).collect()
    }

    fn target(&mut self, document: DocumentId, text: &'a str) -> Option<usize> {
        if let Some(known) = self.by_text.get(&(document, text)) {
            return *known;
        }
        let unit = self.documents.resolve(document, text).ok().and_then(|node| self.unit(&node));
        self.by_text.insert((document, text), unit);
        unit
    }

    /// Tarjan's algorithm without recursion: chains of references may be long.
    fn walk(&mut self, start: usize) {
        let mut open: Vec<usize> = Vec::new();
        let mut path = vec![self.enter(start, &mut open)];
        while let Some(visit) = path.last_mut() {
            if let Some(target) = visit.targets.get(visit.next).copied() {
                visit.next += 1;
                let unit = visit.unit;
                match self.units[target].order {
                    None => path.push(self.enter(target, &mut open)),
                    Some(order) if self.units[target].is_open => self.units[unit].low = self.units[unit].low.min(order),
                    Some(_) => {}
                }
            } else {
                let Visit { unit, targets, .. } = path.pop().expect("it was just looked at");
                self.leave(unit, &targets, &mut open);
                if let Some(parent) = path.last() {
                    self.units[parent.unit].low = self.units[parent.unit].low.min(self.units[unit].low);
                }
            }
        }
    }

    fn enter(&mut self, unit: usize, open: &mut Vec<usize>) -> Visit {
        let targets = self.targets(unit);
        let order = self.met;
        self.met += 1;
        open.push(unit);
        let entry = &mut self.units[unit];
        (entry.order, entry.low, entry.is_open) = (Some(order), order, true);
        Visit { unit, targets, next: 0 }
    }

    fn leave(&mut self, unit: usize, targets: &[usize], open: &mut Vec<usize>) {
        if Some(self.units[unit].low) != self.units[unit].order {
            return;
        }
        let at = open.iter().rposition(|other| *other == unit).expect("an open unit is on the stack");
        let members = open.split_off(at);
        for member in &members {
            self.units[*member].is_open = false;
        }
        if members.len() > 1 || targets.contains(&unit) {
            self.finish_circle(&members);
        } else {
            self.units[unit].hash = self.evaluate(unit);
        }
    }

    fn finish_circle(&mut self, members: &[usize]) {
        for _ in 0..ROUNDS {
            let next: Vec<u64> = members.iter().map(|member| self.evaluate(*member)).collect();
            self.set(members, next);
        }
        let mut all: Vec<u64> = members.iter().map(|member| self.units[*member].hash).collect();
        all.sort_unstable();
        let next = members.iter().map(|member| hash_of(&(self.units[*member].hash, &all))).collect();
        self.set(members, next);
    }

    fn set(&mut self, members: &[usize], hashes: Vec<u64>) {
        for (member, hash) in members.iter().zip(hashes) {
            self.units[*member].hash = hash;
        }
    }

    /// The fingerprint of a unit, given those of the units that it refers to.
    fn evaluate(&self, unit: usize) -> u64 {
        let Unit { document, value, .. } = self.units[unit];
        self.schema(document, value)
    }

    fn schema(&self, document: DocumentId, value: &Value) -> u64 {
        match value {
            Value::Object(map) => self.object(document, map),
            Value::Array(items) => hash_of(&items.iter().map(|item| self.schema(document, item)).collect::<Vec<_>>()),
            other => plain(other),
        }
    }

    fn object(&self, document: DocumentId, map: &Map<String, Value>) -> u64 {
        let target = ["$ref", "$dynamicRef"].iter().find_map(|key| map.get(*key)).and_then(Value::as_str);
        let target = target.map(|text| self.referenced(document, text));
        let are_siblings_ignored = self.documents.dialect() != Dialect::JsonSchema202012;
        if let Some(target) = target.filter(|_| are_siblings_ignored) {
            return target;
        }
        let mut parts: Vec<(&str, u64)> = map
            .iter()
            .filter(|(key, value)| counts(map, key, value))
            .map(|(key, value)| (key.as_str(), self.keyword(document, key, value)))
            .collect();
        parts.extend(types(map).map(|types| ("type", types)));
        match target {
            Some(target) if parts.is_empty() => return target,
            Some(target) => parts.push(("$ref", target)),
            None => {}
        }
        parts.sort_unstable();
        hash_of(&parts)
    }

    fn referenced(&self, document: DocumentId, text: &str) -> u64 {
        match self.by_text.get(&(document, text)) {
            Some(Some(unit)) => self.units[*unit].hash,
            _ => hash_of(&("unresolved", text)),
        }
    }

    fn keyword(&self, document: DocumentId, key: &str, value: &Value) -> u64 {
        match value {
            Value::Object(names) if NAME_MAPS.contains(&key) => {
                let mut parts: Vec<(&str, u64)> =
                    names.iter().map(|(name, v)| (name.as_str(), self.schema(document, v))).collect();
                parts.sort_unstable();
                hash_of(&parts)
            }
            Value::Array(items) if UNORDERED.contains(&key) => {
                let mut parts: Vec<u64> = items.iter().map(|item| self.schema(document, item)).collect();
                parts.sort_unstable();
                hash_of(&parts)
            }
            value if matches!(key, "default" | "const" | "enum" | "discriminator") => plain(value),
            value => self.schema(document, value),
        }
    }
}

/// Whether a keyword says something about the valid values. What a Swagger parameter says as a parameter is compared elsewhere.
fn counts(map: &Map<String, Value>, key: &str, value: &Value) -> bool {
    let is_parameter = map.get("in").is_some_and(Value::is_string) && map.get("name").is_some_and(Value::is_string);
    let is_of_parameter = matches!(key, "in" | "name" | "collectionFormat" | "allowEmptyValue");
    // References and types are counted on their own.
    let is_elsewhere = matches!(key, "$ref" | "$dynamicRef" | "type" | "nullable");
    let is_silent = SILENT.contains(&key) || is_elsewhere || key.starts_with("x-");
    let says_nothing = match (key, value) {
        ("required", Value::Bool(_)) => true,
        ("required", Value::Array(names)) => names.is_empty(),
        ("readOnly" | "writeOnly" | "uniqueItems", value) => *value == Value::Bool(false),
        _ => false,
    };
    !(is_silent || says_nothing || is_parameter && is_of_parameter)
}

/// The types, however the dialect says that `null` is one of them.
fn types(map: &Map<String, Value>) -> Option<u64> {
    let mut types: Vec<&str> = match map.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let says = |key: &str| map.get(key) == Some(&Value::Bool(true));
    if says("nullable") || says("x-nullable") {
        types.push("null");
    }
    types.sort_unstable();
    types.dedup();
    (!types.is_empty()).then(|| hash_of(&types))
}

/// A value that is no schema: the order of keys does not count, `1.0` is `1`.
fn plain(value: &Value) -> u64 {
    match value {
        Value::Object(map) => {
            let mut parts: Vec<(&str, u64)> = map.iter().map(|(key, value)| (key.as_str(), plain(value))).collect();
            parts.sort_unstable();
            hash_of(&parts)
        }
        Value::Array(items) => hash_of(&items.iter().map(plain).collect::<Vec<_>>()),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 => hash_of(&("number", format!("{float:.0}"))),
            _ => hash_of(&("number", number.to_string())),
        },
        Value::String(text) => hash_of(&("text", text)),
        Value::Bool(bool) => hash_of(&("bool", bool)),
        Value::Null => hash_of(&"null"),
    }
}

fn hash_of<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use callboard_model::{Document, Pointer};

    use super::*;

    fn fingerprint(text: &str) -> u64 {
        let mut documents = Documents::new(Dialect::OpenApi30);
        let id = documents.add(Document::parse("a.yaml", text.as_bytes()).expect("well-formed"));
        Fingerprints::new(&documents).of(&NodeRef::new(id, Pointer::of(["A"]))).expect("it is there")
    }

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(fingerprint(a), fingerprint(b), "{a}\n{b}");
    }

    #[track_caller]
    fn different(a: &str, b: &str) {
        assert_ne!(fingerprint(a), fingerprint(b), "{a}\n{b}");
    }

    #[test]
    fn order_and_words_do_not_count() {
        same("A: {type: object, description: x, required: [a, b]}", "A: {required: [b, a], type: object, example: 1}");
        different("A: {type: object, required: [a]}", "A: {type: object, required: [a, b]}");
    }

    #[test]
    fn null_is_a_type_in_every_dialect() {
        same("A: {type: string, nullable: true}", "A: {type: [string, 'null']}");
        same("A: {type: string, x-nullable: true}", "A: {type: ['null', string]}");
        same("A: {type: string, nullable: false}", "A: {type: [string]}");
        different("A: {type: string}", "A: {type: [string, 'null']}");
    }

    #[test]
    fn a_property_called_description_counts() {
        different("A: {properties: {description: {type: string}}}", "A: {properties: {}}");
    }

    #[test]
    fn a_part_in_place_is_as_good_as_one_elsewhere() {
        same("A: {items: {$ref: '#/B'}}\nB: {type: string}", "A: {items: {type: string}}");
        same(
            "A: {items: {$ref: '#/B'}}\nB: {type: string}",
            "A: {items: {$ref: '#/Other'}}\nOther: {$ref: '#/C'}\nC: {type: string}",
        );
    }

    #[test]
    fn a_change_far_away_counts() {
        let chain = |kind: &str| format!("A: {{items: {{$ref: '#/B'}}}}\nB: {{items: {{$ref: '#/C'}}}}\nC: {{type: {kind}}}");
        different(&chain("string"), &chain("integer"));
    }

    #[test]
    fn a_change_anywhere_in_a_circle_counts() {
        let circle = |kind: &str| {
            let mut text = String::new();
            for i in 0..9 {
                text.push_str(&format!("N{i}: {{properties: {{next: {{$ref: '#/N{}'}}}}}}\n", i + 1));
            }
            format!("{text}N9: {{properties: {{next: {{$ref: '#/A'}}, v: {{type: {kind}}}}}}}\nA: {{$ref: '#/N0'}}")
        };
        different(&circle("string"), &circle("integer"));
        same(&circle("string"), &circle("string"));
    }

    #[test]
    fn circles_end() {
        fingerprint("A: {$ref: '#/A'}");
        fingerprint("A: {$ref: '#/B'}\nB: {$ref: '#/A'}");
        fingerprint("A: {$ref: '#/nowhere'}");
        let mut chain = String::from("A: {$ref: '#/N0'}\n");
        for i in 0..5_000 {
            chain.push_str(&format!("N{i}: {{items: {{$ref: '#/N{}'}}}}\n", i + 1));
        }
        fingerprint(&chain);
    }
}
