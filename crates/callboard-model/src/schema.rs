//! A view of a schema where it stands: references are followed on demand, unknown keywords stay reachable.

use serde_json::{Map, Value};

use crate::document::{Dialect, Documents, NodeRef};
use crate::pointer::Pointer;

/// How many references, or levels of `allOf`, are followed before a schema counts as endless.
const MAX_HOPS: usize = 32;

/// A schema at its place. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema<'a> {
    documents: &'a Documents,
    node: NodeRef,
    value: &'a Value,
}

/// Where a pointer into an instance leads, seen from a schema.
#[derive(Clone, Debug)]
pub enum Descent<'a> {
    /// The schema of that place.
    Found(Schema<'a>),
    /// The schema allows it without describing it (open object, no schema).
    Open,
    /// The schema describes that level, and this is not in it.
    Missing {
        /// The pointer up to and including the name that is not there.
        at: Pointer,
        /// The names that are.
        known: Vec<String>,
    },
}

impl<'a> Schema<'a> {
    /// The schema at an address; `None` when nothing stands there.
    pub fn at(documents: &'a Documents, node: &NodeRef) -> Option<Self> {
        Some(Self { documents, node: node.clone(), value: documents.value(node)? })
    }

    /// The documents that it is part of.
    pub fn documents(&self) -> &'a Documents {
        self.documents
    }

    /// Its address.
    pub fn node(&self) -> &NodeRef {
        &self.node
    }

    /// The raw value: an object, or `true`/`false`.
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// A keyword of this very object; references are not followed.
    pub fn keyword(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name)
    }

    fn object(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// The `$ref` (or `$dynamicRef`) of this very object.
    pub fn reference(&self) -> Option<&'a str> {
        self.keyword("$ref").or_else(|| self.keyword("$dynamicRef")).and_then(Value::as_str)
    }

    /// The last name of its reference, such as `Customer`.
    pub fn reference_name(&self) -> Option<String> {
        let reference = self.reference()?;
        let (location, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let text = if fragment.is_empty() { location } else { fragment };
        let name = text.rsplit('/').next()?;
        let name = name.split('.').next().unwrap_or(name);
        (!name.is_empty()).then(|| name.replace("~1", "/").replace("~0", "~"))
    }

    /// Follows references to the schema that they mean. A reference that leads nowhere, or in a circle, yields the schema itself.
    #[must_use]
    pub fn resolved(&self) -> Schema<'a> {
        let mut current = self.clone();
        for _ in 0..MAX_HOPS {
            let Some(next) = current.follow() else {
                return current;
            };
            current = next;
        }
        current
    }

    /// One step along a reference.
    pub fn follow(&self) -> Option<Schema<'a>> {
        let node = self.documents.resolve(self.node.document, self.reference()?).ok()?;
        Schema::at(self.documents, &node)
    }

    /// The schema under a keyword, such as `items` or `not`.
    pub fn child(&self, keyword: &str) -> Option<Schema<'a>> {
        let value = self.value.get(keyword)?;
        Some(Schema { documents: self.documents, node: self.node.join(keyword), value })
    }

    /// The schemas of a list keyword, such as `allOf` or `prefixItems`.
    pub fn children(&self, keyword: &str) -> Vec<Schema<'a>> {
        let Some(list) = self.value.get(keyword).and_then(Value::as_array) else { return Vec::new() };
        let node = self.node.join(keyword);
        let child = |(i, value)| Schema { documents: self.documents, node: node.join(format!("{i}")), value };
        list.iter().enumerate().map(child).collect()
    }

    /// This schema, resolved, and everything that `allOf` adds to it, each resolved; without repetition.
    pub fn parts(&self) -> Vec<Schema<'a>> {
        let mut parts: Vec<Schema<'a>> = Vec::new();
        let mut waiting = vec![self.clone()];
        while let Some(schema) = waiting.pop() {
            let schema = schema.with_siblings_resolved(&mut waiting);
            if parts.len() >= MAX_HOPS * 4 || parts.iter().any(|p| p.node == schema.node) {
                continue;
            }
            waiting.extend(schema.children("allOf").into_iter().rev());
            parts.push(schema);
        }
        parts
    }

    /// Resolves; where the dialect lets keywords stand beside a reference, both count.
    fn with_siblings_resolved(self, waiting: &mut Vec<Schema<'a>>) -> Schema<'a> {
        if self.documents.dialect() == Dialect::JsonSchema202012
            && self.object().is_some_and(|map| map.len() > 1)
            && let Some(target) = self.follow()
        {
            waiting.push(target);
            return self;
        }
        if self.reference().is_some() { self.resolved() } else { self }
    }

    /// The types that an instance may have, from `type`, or from what the keywords suggest; empty when anything goes. Without `null`.
    pub fn types(&self) -> Vec<&'a str> {
        for part in self.parts() {
            let types: Vec<&str> = match part.keyword("type") {
                Some(Value::String(name)) => vec![name.as_str()],
                Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            return types.into_iter().filter(|name| *name != "null").collect();
        }
        let has = |keywords: &[&str]| self.parts().iter().any(|part| keywords.iter().any(|k| part.keyword(k).is_some()));
        if has(&["properties", "additionalProperties", "patternProperties"]) {
            vec!["object"]
        } else if has(&["items", "prefixItems"]) {
            vec!["array"]
        } else {
            Vec::new()
        }
    }

    /// Whether an instance may be of this type.
    pub fn allows_type(&self, name: &str) -> bool {
        let types = self.types();
        types.is_empty() || types.contains(&name) || (name == "integer" && types.contains(&"number"))
    }

    /// Whether `null` is allowed: by type, `nullable`, `x-nullable` or `enum`.
    pub fn is_nullable(&self) -> bool {
        self.parts().iter().any(|part| {
            let says = |keyword: &str| part.keyword(keyword).and_then(Value::as_bool) == Some(true);
            let typed = match part.keyword("type") {
                Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
                Some(Value::String(name)) => name == "null",
                _ => false,
            };
            typed || says("nullable") || says("x-nullable")
        })
    }

    /// A keyword of the schema or of whatever it refers to or adds by `allOf`; the nearest counts.
    pub fn lookup(&self, keyword: &str) -> Option<&'a Value> {
        self.parts().into_iter().find_map(|part| part.keyword(keyword))
    }

    /// `format`.
    pub fn format(&self) -> Option<&'a str> {
        self.lookup("format").and_then(Value::as_str)
    }

    /// `description`.
    pub fn description(&self) -> Option<&'a str> {
        self.keyword("description").or_else(|| self.lookup("description")).and_then(Value::as_str)
    }

    /// The values of `enum` or `const`.
    pub fn enumeration(&self) -> Option<Vec<&'a Value>> {
        if let Some(value) = self.lookup("const") {
            return Some(vec![value]);
        }
        self.lookup("enum").and_then(Value::as_array).map(|values| values.iter().collect())
    }

    /// Example values: `example`, `examples`, `default`.
    pub fn examples(&self) -> Vec<&'a Value> {
        let mut found = Vec::new();
        for part in self.parts() {
            found.extend(part.keyword("example"));
            match part.keyword("examples") {
                Some(Value::Array(values)) => found.extend(values),
                Some(Value::Object(named)) => found.extend(named.values().filter_map(|v| v.get("value"))),
                _ => {}
            }
            found.extend(part.keyword("default"));
        }
        found
    }

    /// Whether the value is only ever sent by the service.
    pub fn is_read_only(&self) -> bool {
        self.lookup("readOnly").and_then(Value::as_bool) == Some(true)
    }

    /// Whether the value is only ever sent by the caller.
    pub fn is_write_only(&self) -> bool {
        self.lookup("writeOnly").and_then(Value::as_bool) == Some(true)
    }

    /// Names that must be there.
    pub fn required(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for part in self.parts() {
            let list = part.keyword("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            for name in list.iter().filter_map(Value::as_str) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// The options of `oneOf` or `anyOf`, resolved; empty when there are none.
    pub fn options(&self) -> Vec<Schema<'a>> {
        let of = |part: &Schema<'a>| {
            let mut options = part.children("oneOf");
            options.extend(part.children("anyOf"));
            options
        };
        self.parts().iter().flat_map(of).collect()
    }

    /// Properties by name, those of `allOf` included, in order. Schemas are not resolved.
    pub fn properties(&self) -> Vec<(&'a str, Schema<'a>)> {
        let mut found: Vec<(&'a str, Schema<'a>)> = Vec::new();
        for part in self.parts() {
            let Some(map) = part.keyword("properties").and_then(Value::as_object) else {
                continue;
            };
            let node = part.node.join("properties");
            for (name, value) in map {
                if !found.iter().any(|(known, _)| known == name) {
                    found.push((name, Schema { documents: self.documents, node: node.join(name), value }));
                }
            }
        }
        found
    }

    /// As [`Self::properties`], with those of each option of `oneOf` and `anyOf` behind them.
    pub fn all_properties(&self) -> Vec<(&'a str, Schema<'a>)> {
        let mut found = self.properties();
        for option in self.options() {
            for (name, schema) in option.properties() {
                if !found.iter().any(|(known, _)| *known == name) {
                    found.push((name, schema));
                }
            }
        }
        found
    }

    /// A property by name, wherever the schema describes it.
    pub fn property(&self, name: &str) -> Option<Schema<'a>> {
        for part in self.parts() {
            if let Some(value) = part.keyword("properties").and_then(|p| p.get(name)) {
                return Some(Schema { documents: self.documents, node: part.node.join("properties").join(name), value });
            }
        }
        self.options().iter().find_map(|option| {
            let found = option.properties().into_iter().find(|(known, _)| *known == name);
            found.map(|(_, schema)| schema)
        })
    }

    /// The schema of the items of an array.
    pub fn items(&self) -> Option<Schema<'a>> {
        self.parts()
            .iter()
            .find_map(|part| part.child("items").filter(|items| items.value.is_object() || items.value.is_boolean()))
    }

    /// The schema of properties without a name of their own (`additionalProperties` as an object).
    pub fn additional_properties(&self) -> Option<Schema<'a>> {
        self.parts().iter().find_map(|part| part.child("additionalProperties").filter(|schema| schema.value.is_object()))
    }

    /// Whether names that the schema does not describe are refused.
    pub fn is_closed(&self) -> bool {
        self.parts().iter().any(|part| {
            let says_no = |keyword: &str| part.keyword(keyword) == Some(&Value::Bool(false));
            says_no("additionalProperties") || says_no("unevaluatedProperties")
        })
    }

    /// Follows a pointer into an instance (`/items/0/id`; `*` or `-` for any item).
    pub fn descend(&self, pointer: &Pointer) -> Descent<'a> {
        let mut current = self.clone();
        let mut walked = Pointer::root();
        for segment in pointer.segments() {
            walked.push(&segment);
            match current.step(&segment) {
                Step::To(next) => current = next,
                Step::Open => return Descent::Open,
                Step::Missing(known) => return Descent::Missing { at: walked, known },
            }
        }
        Descent::Found(current)
    }

    fn step(&self, segment: &str) -> Step<'a> {
        if let Some(property) = self.property(segment) {
            return Step::To(property);
        }
        let is_index = segment == "*" || segment == "-" || segment.parse::<usize>().is_ok();
        if is_index && let Some(items) = self.items() {
            return Step::To(items);
        }
        if let Some(schema) = self.additional_properties() {
            return Step::To(schema);
        }
        let options = self.options();
        if let Some(step) = options.iter().map(|option| option.step(segment)).find(|step| matches!(step, Step::To(_))) {
            return step;
        }
        let types = self.types();
        let is_scalar = !types.is_empty() && !types.contains(&"object") && !types.contains(&"array");
        let known: Vec<String> = self.all_properties().into_iter().map(|(name, _)| name.to_owned()).collect();
        let describes_object = !known.is_empty() && !types.contains(&"array");
        let is_array_only = types == ["array"] && !is_index;
        let has_patterns = self.lookup("patternProperties").is_some();
        // JSON Schema lets an object hold more than it describes; a scenario that relies on it still is most likely a slip.
        if (is_scalar && options.is_empty()) || is_array_only || (describes_object && !has_patterns && !self.says_open()) {
            Step::Missing(known)
        } else {
            Step::Open
        }
    }

    /// Whether `additionalProperties: true` is written out.
    fn says_open(&self) -> bool {
        self.parts().iter().any(|part| part.keyword("additionalProperties") == Some(&Value::Bool(true)))
    }
}

enum Step<'a> {
    To(Schema<'a>),
    Open,
    Missing(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Document;

    fn documents(text: &str) -> Documents {
        let mut documents = Documents::new(Dialect::OpenApi30);
        documents.add(Document::parse("a.yaml", text.as_bytes()).expect("well-formed"));
        documents
    }

    fn schema<'a>(documents: &'a Documents, name: &str) -> Schema<'a> {
        Schema::at(documents, &NodeRef::new(crate::DocumentId(0), Pointer::of([name]))).expect("it is there")
    }

    #[test]
    fn properties_of_all_parts_count() {
        let docs = documents(
            "Base: {type: object, required: [id], properties: {id: {type: string}}}\n\
             Order: {allOf: [{$ref: '#/Base'}, {properties: {total: {type: number}}, required: [total]}]}\n",
        );
        let order = schema(&docs, "Order");
        let names: Vec<_> = order.properties().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["id", "total"]);
        assert_eq!(order.required(), ["id", "total"]);
        assert_eq!(order.types(), ["object"]);
    }

    #[test]
    fn a_recursive_schema_ends() {
        let docs = documents("A: {$ref: '#/B'}\nB: {$ref: '#/A'}\nT: {allOf: [{$ref: '#/T'}], properties: {t: {$ref: '#/T'}}}\n");
        assert!(schema(&docs, "A").types().is_empty());
        let deep = Pointer::of(["t"; 40]);
        assert!(matches!(schema(&docs, "T").descend(&deep), Descent::Found(_)));
    }

    #[test]
    fn a_pointer_into_an_instance_finds_its_schema_or_says_what_is_known() {
        let docs = documents(
            "Cart: {type: object, properties: {items: {type: array, items: {type: object, properties: {sku: {type: string}}}}, meta: {type: object}}}\n",
        );
        let cart = schema(&docs, "Cart");
        let descend = |text: &str| cart.descend(&Pointer::parse(text).expect("a pointer"));
        assert!(matches!(descend("/items/0/sku"), Descent::Found(s) if s.types() == ["string"]));
        assert!(matches!(descend("/meta/x"), Descent::Open));
        assert!(matches!(descend("/items/0/skuu"), Descent::Missing { known, .. } if known == ["sku"]));
        assert!(matches!(descend("/items/0/sku/x"), Descent::Missing { .. }));
    }
}
