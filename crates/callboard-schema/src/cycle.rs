//! Schemas that apply themselves to the very same value (`Pet: oneOf [Cat]`, `Cat: allOf [Pet]`) would be judged without end.
//!
//! Such a circle is cut where it closes: the value was judged by that schema already. Where that is depends on where the judgement
//! began (a `Cat` has to be a `Pet`, and so has a `Pet` that is a `Cat`), so a schema on a circle gets a variant for each way to it.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

/// More variants than any definition needs that was written by hand. Beyond, circles are cut early, with a note.
const MAX_VARIANTS: usize = 2_000;
/// What stands between the name of a schema and the number of its variant; names have none of it.
pub(crate) const VARIANT: char = '@';

/// Cuts circles in a root schema and its definitions. Definitions that nothing refers to are left out.
pub(crate) fn cut(mut root: Value, defs: &mut Map<String, Value>, notes: &mut Vec<String>) -> Value {
    let bodies = std::mem::take(defs);
    let mut edges = HashMap::with_capacity(bodies.len());
    for (name, body) in &bodies {
        let mut applied = Vec::new();
        on_the_same_value(body, &mut applied);
        edges.insert(name.clone(), applied);
    }
    let mut cutter = Cutter { edges, names: HashMap::new(), variants: HashMap::new(), notes };
    cutter.walk(&mut root, &[]);
    let mut waiting = Vec::new();
    references(&root, &mut waiting);
    while let Some(name) = waiting.pop() {
        if defs.contains_key(&name) {
            continue;
        }
        let (def, mut open) = cutter.variants.get(&name).cloned().unwrap_or_else(|| (name.clone(), Vec::new()));
        let Some(mut body) = bodies.get(&def).cloned() else { continue };
        open.push(def);
        cutter.walk(&mut body, &open);
        references(&body, &mut waiting);
        defs.insert(name, body);
    }
    root
}

struct Cutter<'n> {
    /// For each definition those that it applies to the same value.
    edges: HashMap<String, Vec<String>>,
    /// The variants by definition and the schemas that it leads back to.
    names: HashMap<(String, Vec<String>), String>,
    /// The same, by the variant's name.
    variants: HashMap<String, (String, Vec<String>)>,
    notes: &'n mut Vec<String>,
}

impl Cutter<'_> {
    /// Visits what applies to the same value, which `open` judge already. Whether the schema closes a circle and has to go.
    fn walk(&mut self, schema: &mut Value, open: &[String]) -> bool {
        let Some(map) = schema.as_object_mut() else { return false };
        if let Some(name) = map.get("$ref").and_then(definition).map(str::to_owned) {
            match self.target(&name, open) {
                Some(target) => drop(map.insert("$ref".to_owned(), Value::from(format!("{DEFS}{target}")))),
                None => drop(map.remove("$ref")),
            }
            if map.is_empty() {
                return true;
            }
        }
        for child in map.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            self.walk(child, open);
        }
        for keyword in ["anyOf", "oneOf"] {
            // An alternative that is always true would make the others meaningless, or the choice ambiguous.
            let closes = map.get_mut(keyword).and_then(Value::as_array_mut).is_some_and(|list| {
                let closed: Vec<bool> = list.iter_mut().map(|child| self.walk(child, open)).collect();
                closed.contains(&true)
            });
            if closes {
                map.remove(keyword);
            }
        }
        for keyword in ["not", "if", "then", "else"] {
            if map.get_mut(keyword).is_some_and(|child| self.walk(child, open)) {
                map.remove(keyword);
            }
        }
        for child in map.get_mut("dependentSchemas").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            self.walk(child, open);
        }
        false
    }

    /// The definition to refer to in place of another one; `None` where the circle closes.
    fn target(&mut self, name: &str, open: &[String]) -> Option<String> {
        if open.iter().any(|open| open == name) {
            return None;
        }
        let closing = self.leads_back_to(name, open);
        if closing.is_empty() {
            return Some(name.to_owned());
        }
        let key = (name.to_owned(), closing);
        if let Some(variant) = self.names.get(&key) {
            return Some(variant.clone());
        }
        if self.names.len() >= MAX_VARIANTS {
            self.notes
                .push(format!("`{name}` applies itself to the same value in too many ways; it is not judged in all of them"));
            return None;
        }
        let variant = format!("{name}{VARIANT}{}", self.names.len() + 1);
        self.variants.insert(variant.clone(), key.clone());
        self.names.insert(key, variant.clone());
        Some(variant)
    }

    /// Those of the open schemas that a definition applies to the same value once more.
    fn leads_back_to(&self, name: &str, open: &[String]) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::from([name]);
        let mut waiting = vec![name];
        while let Some(at) = waiting.pop() {
            for next in self.edges.get(at).into_iter().flatten() {
                if open.contains(next) {
                    found.insert(next.clone());
                } else if seen.insert(next) {
                    waiting.push(next);
                }
            }
        }
        found.into_iter().collect()
    }
}

const DEFS: &str = "#/$defs/";

fn definition(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix(DEFS)
}

/// The definitions that a schema applies to the value it judges.
fn on_the_same_value(schema: &Value, found: &mut Vec<String>) {
    let Some(map) = schema.as_object() else { return };
    found.extend(map.get("$ref").and_then(definition).map(str::to_owned));
    for keyword in ["allOf", "anyOf", "oneOf"] {
        map.get(keyword).and_then(Value::as_array).into_iter().flatten().for_each(|child| on_the_same_value(child, found));
    }
    for keyword in ["not", "if", "then", "else"] {
        map.get(keyword).into_iter().for_each(|child| on_the_same_value(child, found));
    }
    let dependent = map.get("dependentSchemas").and_then(Value::as_object);
    dependent.into_iter().flat_map(Map::values).for_each(|child| on_the_same_value(child, found));
}

/// All definitions that a schema refers to, wherever.
fn references(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(definition).map(str::to_owned));
            map.values().for_each(|child| references(child, found));
        }
        Value::Array(list) => list.iter().for_each(|child| references(child, found)),
        _ => {}
    }
}
