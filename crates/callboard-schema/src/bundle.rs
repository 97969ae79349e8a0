//! A schema and everything it refers to, as one JSON Schema 2020-12 document.
//!
//! References become `#/$defs/…`, nothing is inlined, and only what is reachable is taken along. Dialects are translated on the way;
//! keywords that judge nothing are left out. What cannot be said in 2020-12 is dropped with a note rather than refused.

use std::collections::{HashMap, VecDeque};

use callboard_model::document::{Dialect, Documents};
use callboard_model::{NodeRef, Schema};
use serde_json::{Map, Value, json};

use crate::discriminator::Choices;
use crate::keyword::{Kind, TYPES, bound, count, is_expected_gap, is_usable_pattern, kind, required};
use crate::validate::{CompileError, Direction};
use crate::{cycle, format};

/// A bundled schema.
pub(crate) struct Bundle {
    /// The JSON Schema document.
    pub(crate) schema: Value,
    /// The nodes behind `$defs`, by name.
    pub(crate) sources: HashMap<String, NodeRef>,
    /// What was dropped, and where.
    pub(crate) notes: Vec<String>,
}

/// Bundles a schema.
pub(crate) fn bundle(schema: &Schema<'_>, direction: Direction) -> Result<Bundle, CompileError> {
    let mut bundler = Bundler {
        documents: schema.documents(),
        direction,
        names: HashMap::new(),
        sources: HashMap::new(),
        waiting: VecDeque::new(),
        notes: Vec::new(),
    };
    let root = bundler.translate(schema, &[])?;
    let mut defs = Map::new();
    while let Some((name, node)) = bundler.waiting.pop_front() {
        let target = Schema::at(bundler.documents, &node).ok_or_else(|| CompileError::new(&node, "nothing stands there"))?;
        let translated = bundler.translate(&target, &[])?;
        defs.insert(name, translated);
    }
    let root = cycle::cut(root, &mut defs, &mut bundler.notes);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": defs,
        "allOf": [root],
    });
    Ok(Bundle { schema, sources: bundler.sources, notes: bundler.notes })
}

struct Bundler<'a> {
    documents: &'a Documents,
    direction: Direction,
    names: HashMap<NodeRef, String>,
    sources: HashMap<String, NodeRef>,
    waiting: VecDeque<(String, NodeRef)>,
    notes: Vec<String>,
}

impl<'a> Bundler<'a> {
    /// Translates one schema. `read_only` are the read-only properties of the schemas around it (`allOf`).
    fn translate(&mut self, schema: &Schema<'a>, read_only: &[String]) -> Result<Value, CompileError> {
        let map = match schema.value() {
            Value::Bool(flag) => return Ok(Value::Bool(*flag)),
            Value::Object(map) => map,
            _ => return Err(CompileError::new(schema.node(), "a schema is an object or a boolean")),
        };
        let mut out = Map::new();
        let reference = match schema.reference() {
            Some(reference) => Some(self.reference(schema, reference)?),
            None => None,
        };
        if let Some(target) = &reference {
            out.insert("$ref".to_owned(), Value::String(target.clone()));
        }
        if reference.is_none() || self.documents.dialect() == Dialect::JsonSchema202012 {
            let hidden = self.hidden_names(schema, read_only);
            for (keyword, value) in map {
                self.keyword(schema, keyword, value, &hidden, &mut out)?;
            }
            self.numeric_format(schema, &mut out);
            self.discriminator(schema, &mut out)?;
        }
        Ok(self.nullable(map, out))
    }

    fn reference(&mut self, schema: &Schema<'a>, reference: &str) -> Result<String, CompileError> {
        let node = self
            .documents
            .resolve(schema.node().document, reference)
            .map_err(|error| CompileError::new(schema.node(), format!("the reference `{reference}` leads nowhere: {error}")))?;
        Ok(format!("#/$defs/{}", self.name(node)))
    }

    /// The name of a node under `$defs`; a new one is queued.
    fn name(&mut self, node: NodeRef) -> String {
        if let Some(name) = self.names.get(&node) {
            return name.clone();
        }
        let last = node.pointer.last().unwrap_or_default();
        let stem: String = last.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let stem = if stem.is_empty() { "schema".to_owned() } else { stem };
        let mut name = stem.clone();
        let mut ordinal = 1;
        while self.sources.contains_key(&name) {
            ordinal += 1;
            name = format!("{stem}_{ordinal}");
        }
        self.names.insert(node.clone(), name.clone());
        self.sources.insert(name.clone(), node.clone());
        self.waiting.push_back((name.clone(), node));
        name
    }

    /// Properties that need not be there in this direction: sent only the other way.
    fn hidden_names(&self, schema: &Schema<'a>, outer: &[String]) -> Vec<String> {
        let mut names = outer.to_vec();
        for (name, property) in schema.all_properties() {
            let is_hidden = match self.direction {
                Direction::Request => property.is_read_only(),
                Direction::Response => property.is_write_only(),
            };
            if is_hidden {
                names.push(name.to_owned());
            }
        }
        names
    }

    fn keyword(
        &mut self,
        schema: &Schema<'a>,
        keyword: &str,
        value: &'a Value,
        hidden: &[String],
        out: &mut Map<String, Value>,
    ) -> Result<(), CompileError> {
        match keyword {
            "type" => self.types(schema, value, out),
            "required" => required(value, hidden, out),
            "enum" => {
                if let Some(values) = value.as_array().filter(|values| !values.is_empty()) {
                    out.insert("enum".to_owned(), Value::Array(values.clone()));
                }
            }
            "format" => {
                if let Some(name) = value.as_str().filter(|name| format::ASSERTED.contains(name)) {
                    out.insert("format".to_owned(), Value::from(name));
                }
            }
            "pattern" => self.pattern(schema, value, out),
            "patternProperties" => self.pattern_properties(schema, out)?,
            "items" => self.items(schema, value, out)?,
            "additionalItems" if schema.keyword("items").is_some_and(Value::is_array) => {
                if let Some(child) = schema.child("additionalItems").filter(|c| c.value().is_object() || c.value().is_boolean()) {
                    let translated = self.translate(&child, &[])?;
                    out.insert("items".to_owned(), translated);
                }
            }
            "dependentRequired" if value.is_object() => {
                out.insert(keyword.to_owned(), value.clone());
            }
            _ => self.plain(schema, keyword, value, hidden, out)?,
        }
        Ok(())
    }

    fn plain(
        &mut self,
        schema: &Schema<'a>,
        keyword: &str,
        value: &'a Value,
        hidden: &[String],
        out: &mut Map<String, Value>,
    ) -> Result<(), CompileError> {
        let Some(kind) = kind(keyword) else { return Ok(()) };
        let translated = match kind {
            Kind::Schema => match schema.child(keyword).filter(|child| child.value().is_object() || child.value().is_boolean()) {
                Some(child) => Some(self.translate(&child, &[])?),
                None => None,
            },
            Kind::Schemas => {
                let children = schema.children(keyword);
                let around: &[String] = if keyword == "allOf" { hidden } else { &[] };
                let list = children.iter().map(|child| self.translate(child, around)).collect::<Result<Vec<_>, _>>()?;
                (!list.is_empty()).then_some(Value::Array(list))
            }
            Kind::NamedSchemas => self.named(schema, keyword)?,
            Kind::Number => bound(schema, keyword, value),
            Kind::Count => count(value),
            Kind::Flag => value.as_bool().map(Value::Bool),
            Kind::Value => Some(value.clone()),
        };
        match translated {
            Some(translated) => {
                out.insert(keyword.to_owned(), translated);
            }
            None if is_expected_gap(keyword, value) => {}
            None => self.note(schema, &format!("`{keyword}` has a value that means nothing there")),
        }
        Ok(())
    }

    fn named(&mut self, schema: &Schema<'a>, keyword: &str) -> Result<Option<Value>, CompileError> {
        let Some(children) = schema.child(keyword) else { return Ok(None) };
        let Some(map) = children.value().as_object() else { return Ok(None) };
        let mut out = Map::new();
        for name in map.keys() {
            let Some(child) = children.child(name) else { continue };
            // A property that is no schema at all (`null`, a text) judges nothing.
            if child.value().is_object() || child.value().is_boolean() {
                out.insert(name.clone(), self.translate(&child, &[])?);
            } else {
                self.note(&child, "a property is described by something that is no schema");
            }
        }
        Ok(Some(Value::Object(out)))
    }

    fn types(&mut self, schema: &Schema<'a>, value: &Value, out: &mut Map<String, Value>) {
        let names: Vec<&str> = match value {
            Value::String(name) => vec![name.as_str()],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        // `file` (Swagger 2.0) is whatever the media type says.
        if names.contains(&"file") {
            return;
        }
        let mut known: Vec<&str> = names.into_iter().filter(|name| TYPES.contains(name)).collect();
        known.sort_unstable();
        known.dedup();
        match known[..] {
            [] => self.note(schema, "`type` names no type of JSON Schema"),
            [one] => {
                out.insert("type".to_owned(), Value::from(one));
            }
            _ => {
                out.insert("type".to_owned(), Value::from(known));
            }
        }
    }

    fn pattern(&mut self, schema: &Schema<'a>, value: &Value, out: &mut Map<String, Value>) {
        let Some(pattern) = value.as_str() else { return };
        if is_usable_pattern(pattern) {
            out.insert("pattern".to_owned(), Value::from(pattern));
        } else {
            self.note(schema, &format!("the pattern `{pattern}` cannot be evaluated"));
        }
    }

    fn pattern_properties(&mut self, schema: &Schema<'a>, out: &mut Map<String, Value>) -> Result<(), CompileError> {
        let Some(Value::Object(map)) = self.named(schema, "patternProperties")? else { return Ok(()) };
        let (usable, dropped): (Map<_, _>, Map<_, _>) = map.into_iter().partition(|(pattern, _)| is_usable_pattern(pattern));
        for (pattern, _) in dropped {
            self.note(schema, &format!("the pattern `{pattern}` cannot be evaluated"));
        }
        out.insert("patternProperties".to_owned(), Value::Object(usable));
        Ok(())
    }

    /// `items`; a list of schemas (before 2020-12) is `prefixItems` today.
    fn items(&mut self, schema: &Schema<'a>, value: &Value, out: &mut Map<String, Value>) -> Result<(), CompileError> {
        let translated = match value {
            Value::Array(list) if list.is_empty() => return Ok(()),
            Value::Array(_) => {
                let children = schema.children("items");
                let list = children.iter().map(|child| self.translate(child, &[])).collect::<Result<Vec<_>, _>>()?;
                out.insert("prefixItems".to_owned(), Value::Array(list));
                return Ok(());
            }
            Value::Object(_) | Value::Bool(_) => schema.child("items"),
            _ => None,
        };
        if let Some(child) = translated {
            let items = self.translate(&child, &[])?;
            out.insert("items".to_owned(), items);
        }
        Ok(())
    }

    /// `int32` and `int64` are bounds.
    fn numeric_format(&self, schema: &Schema<'a>, out: &mut Map<String, Value>) {
        let (min, max) = match schema.keyword("format").and_then(Value::as_str) {
            Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
            Some("int64") => {
                if out.get("type").is_some_and(|types| types == "integer") {
                    out.insert(format::INT64.to_owned(), Value::Bool(true));
                }
                return;
            }
            _ => return,
        };
        if !out.contains_key("minimum") && !out.contains_key("exclusiveMinimum") {
            out.insert("minimum".to_owned(), Value::from(min));
        }
        if !out.contains_key("maximum") && !out.contains_key("exclusiveMaximum") {
            out.insert("maximum".to_owned(), Value::from(max));
        }
    }

    /// A discriminator chooses the alternative; `oneOf` as it stands judges only values that it does not know.
    fn discriminator(&mut self, schema: &Schema<'a>, out: &mut Map<String, Value>) -> Result<(), CompileError> {
        for keyword in ["oneOf", "anyOf"] {
            let choices = crate::discriminator::choices(schema, keyword);
            let (Some(Choices { property, values: choices }), Some(options)) =
                (choices, out.get(keyword).and_then(Value::as_array))
            else {
                continue;
            };
            let mut rest = json!({ keyword: options });
            for (values, index) in choices.into_iter().rev() {
                let Some(option) = out.get(keyword).and_then(|list| list.get(index)) else { continue };
                let is_chosen = json!({"type": "object", "properties": {&property: {"enum": values}}, "required": [&property]});
                rest = json!({"if": is_chosen, "then": option, "else": rest});
            }
            out.remove(keyword);
            match out.entry("allOf").or_insert_with(|| json!([])) {
                Value::Array(list) => list.push(rest),
                other => *other = json!([rest]),
            }
        }
        Ok(())
    }

    /// `nullable` and `x-nullable`, in every dialect: documents of 3.1 use it as well.
    fn nullable(&self, map: &Map<String, Value>, mut out: Map<String, Value>) -> Value {
        let says = |keyword: &str| map.get(keyword).and_then(Value::as_bool) == Some(true);
        if !says("nullable") && !says("x-nullable") {
            return Value::Object(out);
        }
        let is_composed =
            ["$ref", "allOf", "anyOf", "oneOf", "not", "const", "if"].iter().any(|keyword| out.contains_key(*keyword));
        if is_composed {
            return json!({"anyOf": [{"type": "null"}, out]});
        }
        match out.get_mut("type") {
            Some(Value::String(name)) if name != "null" => {
                let both = json!([name, "null"]);
                out.insert("type".to_owned(), both);
            }
            Some(Value::Array(names)) if !names.iter().any(|name| name == "null") => names.push(Value::from("null")),
            _ => {}
        }
        if let Some(Value::Array(values)) = out.get_mut("enum")
            && !values.contains(&Value::Null)
        {
            values.push(Value::Null);
        }
        Value::Object(out)
    }

    fn note(&mut self, schema: &Schema<'a>, what: &str) {
        self.notes.push(format!("{}: {what}", schema.node().pointer));
    }
}
