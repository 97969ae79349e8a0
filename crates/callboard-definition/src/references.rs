//! Finds the references in a raw tree. Only places where a reference means something count: not examples, defaults, enumerated values
//! and extensions, but properties that happen to bear such names.

use callboard_model::Pointer;
use serde_json::{Map, Value};

/// Keys whose children are named things, so that a child called `default` or `x-id` is no keyword.
const NAME_MAPS: &[&str] = &[
    "properties",
    "patternProperties",
    "dependentSchemas",
    "$defs",
    "definitions",
    "schemas",
    "parameters",
    "responses",
    "headers",
    "requestBodies",
    "securitySchemes",
    "securityDefinitions",
    "links",
    "callbacks",
    "pathItems",
    "mediaTypes",
    "content",
    "paths",
    "webhooks",
];

/// How much depends on a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// What uses it cannot be understood without it.
    Required,
    /// An example, a callback, a link or a discriminator: the operation itself is clear without it.
    Optional,
}

/// A reference at its place.
#[derive(Debug)]
pub(crate) struct Reference<'v, 'p> {
    pub(crate) text: &'v str,
    pub(crate) need: Need,
    path: &'p [Step<'v>],
}

impl Reference<'_, '_> {
    /// The object that holds the reference; for links and discriminators the text itself.
    pub(crate) fn pointer(&self) -> Pointer {
        let mut pointer = Pointer::root();
        for step in self.path {
            match step {
                Step::Key(key) => pointer.push(key),
                Step::Index(index) => pointer.push(&index.to_string()),
            }
        }
        pointer
    }
}

#[derive(Clone, Copy, Debug)]
enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

/// Calls `found` for each reference of a tree, in order.
pub(crate) fn visit<'v>(root: &'v Value, found: &mut dyn FnMut(&Reference<'v, '_>)) {
    Visitor { path: Vec::new(), found }.value(root, Need::Required);
}

struct Visitor<'v, 'f> {
    path: Vec<Step<'v>>,
    found: &'f mut dyn FnMut(&Reference<'v, '_>),
}

impl<'v> Visitor<'v, '_> {
    fn value(&mut self, value: &'v Value, need: Need) {
        match value {
            Value::Object(map) => self.object(map, need),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.step(Step::Index(index), |this| this.value(item, need));
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, step: Step<'v>, inside: impl FnOnce(&mut Self)) {
        self.path.push(step);
        inside(self);
        self.path.pop();
    }

    fn report(&mut self, text: &'v str, need: Need) {
        (self.found)(&Reference { text, need, path: &self.path });
    }

    fn object(&mut self, map: &'v Map<String, Value>, need: Need) {
        for (key, value) in map {
            match (key.as_str(), value) {
                ("$ref" | "$dynamicRef", Value::String(text)) => self.report(text, need),
                ("operationRef", Value::String(text)) => self.step(Step::Key(key), |this| this.report(text, Need::Optional)),
                ("discriminator", Value::Object(discriminator)) => self.step(Step::Key(key), |this| this.mapping(discriminator)),
                ("examples", Value::Object(examples)) => self.step(Step::Key(key), |this| this.examples(examples)),
                ("example" | "examples" | "default" | "enum" | "const", _) => {}
                (extension, _) if extension.starts_with("x-") => {}
                ("callbacks" | "links", Value::Object(names)) => {
                    self.step(Step::Key(key), |this| this.names(names, Need::Optional));
                }
                (name, Value::Object(names)) if NAME_MAPS.contains(&name) => {
                    self.step(Step::Key(key), |this| this.names(names, need));
                }
                _ => self.step(Step::Key(key), |this| this.value(value, need)),
            }
        }
    }

    /// A map of named things; the map as a whole may be a reference, too.
    fn names(&mut self, names: &'v Map<String, Value>, need: Need) {
        for (name, value) in names {
            match value {
                Value::String(text) if name == "$ref" => self.report(text, need),
                _ => self.step(Step::Key(name), |this| this.value(value, need)),
            }
        }
    }

    /// Example objects may be references; their values are none of ours.
    fn examples(&mut self, examples: &'v Map<String, Value>) {
        for (name, example) in examples {
            if let Some(text) = example.get("$ref").and_then(Value::as_str) {
                self.step(Step::Key(name), |this| this.report(text, Need::Optional));
            }
        }
    }

    /// The values of a discriminator's mapping are names of schemas or references; a file or a pointer is a reference.
    fn mapping(&mut self, discriminator: &'v Map<String, Value>) {
        let Some(Value::Object(mapping)) = discriminator.get("mapping") else {
            return;
        };
        self.step(Step::Key("mapping"), |this| {
            for (name, value) in mapping {
                if let Some(text) = value.as_str().filter(|text| is_reference(text)) {
                    this.step(Step::Key(name), |this| this.report(text, Need::Optional));
                }
            }
        });
    }
}

fn is_reference(text: &str) -> bool {
    text.contains(['#', '/']) || [".json", ".yaml", ".yml"].iter().any(|end| text.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(value: &Value) -> Vec<String> {
        let mut list = Vec::new();
        visit(value, &mut |r| {
            list.push(format!("{}{} -> {}", r.pointer(), if r.need == Need::Optional { "?" } else { "" }, r.text));
        });
        list
    }

    #[test]
    fn references_are_found_with_their_places() {
        let value = json!({"paths": {"$ref": "p.yaml"}, "a": [{"$ref": "#/b"}]});
        assert_eq!(found(&value), ["/paths -> p.yaml", "/a/0 -> #/b"]);
    }

    #[test]
    fn examples_and_defaults_hold_no_references() {
        let value = json!({
            "example": {"$ref": "1"}, "default": {"$ref": "2"}, "enum": [{"$ref": "3"}], "x-a": {"$ref": "4"},
            "examples": {"one": {"value": {"$ref": "5"}}, "two": {"$ref": "6"}},
        });
        assert_eq!(found(&value), ["/examples/two? -> 6"]);
    }

    #[test]
    fn names_that_look_like_keywords_are_names() {
        let value = json!({
            "properties": {"default": {"$ref": "1"}, "x-a": {"$ref": "2"}, "properties": {"default": {"$ref": "no"}}},
            "responses": {"default": {"$ref": "3"}},
        });
        assert_eq!(found(&value), ["/properties/default -> 1", "/properties/x-a -> 2", "/responses/default -> 3"]);
    }

    #[test]
    fn a_property_called_ref_is_no_reference() {
        assert!(found(&json!({"properties": {"$ref": {"type": "string"}}})).is_empty());
    }

    #[test]
    fn links_and_discriminators_are_optional() {
        let value = json!({
            "links": {"next": {"operationRef": "b.yaml#/paths/~1x/get"}},
            "discriminator": {"mapping": {"dog": "Dog", "cat": "cat.yaml"}},
        });
        assert_eq!(
            found(&value),
            ["/links/next/operationRef? -> b.yaml#/paths/~1x/get", "/discriminator/mapping/cat? -> cat.yaml"]
        );
    }
}
