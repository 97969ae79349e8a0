//! Schemas that apply themselves to the very same value (`Pet: oneOf [Cat]`, `Cat: allOf [Pet]`) would be judged without end.
//!
//! Such circles are cut where they close: the value was judged by that schema already.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// Cuts circles in a root schema and its definitions.
pub(crate) fn cut(mut root: Value, defs: &mut Map<String, Value>, notes: &mut Vec<String>) -> Value {
    let mut cutter = Cutter { defs, open: Vec::new(), done: HashSet::new(), notes };
    cutter.walk(&mut root);
    let names: Vec<String> = cutter.defs.keys().cloned().collect();
    for name in names {
        cutter.enter(&name);
    }
    root
}

struct Cutter<'a> {
    defs: &'a mut Map<String, Value>,
    open: Vec<String>,
    done: HashSet<String>,
    notes: &'a mut Vec<String>,
}

impl Cutter<'_> {
    fn enter(&mut self, name: &str) {
        if self.done.contains(name) || self.open.iter().any(|open| open == name) {
            return;
        }
        let Some(mut schema) = self.defs.get_mut(name).map(Value::take) else { return };
        self.open.push(name.to_owned());
        self.walk(&mut schema);
        self.open.pop();
        self.done.insert(name.to_owned());
        self.defs.insert(name.to_owned(), schema);
    }

    /// Visits what applies to the same value. Whether the schema closes a circle and has to go.
    fn walk(&mut self, schema: &mut Value) -> bool {
        let Some(map) = schema.as_object_mut() else { return false };
        if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix("#/$defs/")).map(str::to_owned) {
            if self.open.contains(&name) {
                self.notes.push(format!("`{name}` applies itself to the same value; the circle is cut"));
                map.remove("$ref");
                if map.is_empty() {
                    return true;
                }
            } else {
                self.enter(&name);
            }
        }
        self.walk_all_of(map);
        for keyword in ["anyOf", "oneOf"] {
            // An alternative that is always true would make the others meaningless, or the choice ambiguous.
            let closes = map.get_mut(keyword).and_then(Value::as_array_mut).is_some_and(|list| {
                let closed: Vec<bool> = list.iter_mut().map(|child| self.walk(child)).collect();
                closed.contains(&true)
            });
            if closes {
                map.remove(keyword);
            }
        }
        for keyword in ["not", "if", "then", "else"] {
            if map.get_mut(keyword).is_some_and(|child| self.walk(child)) {
                map.remove(keyword);
            }
        }
        if let Some(named) = map.get_mut("dependentSchemas").and_then(Value::as_object_mut) {
            for child in named.values_mut() {
                self.walk(child);
            }
        }
        false
    }

    fn walk_all_of(&mut self, map: &mut Map<String, Value>) {
        if let Some(list) = map.get_mut("allOf").and_then(Value::as_array_mut) {
            for child in list.iter_mut() {
                self.walk(child);
            }
        }
    }
}
