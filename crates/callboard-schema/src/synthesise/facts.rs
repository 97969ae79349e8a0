//! What a schema and all that it adds to itself (`$ref`, `allOf`, the chosen alternatives) say together.

use callboard_model::Schema;
use serde_json::Value;

use crate::discriminator::{self, Choices};

/// Deeper nesting of alternatives in alternatives is left to chance.
const MAX_CHOICES: usize = 12;

/// The merged view of a schema, with one alternative of each `oneOf` and `anyOf` chosen.
pub(crate) struct Facts<'a> {
    parts: Vec<Schema<'a>>,
    /// Properties that decide between alternatives, with the value of the chosen one.
    pub(crate) forced: Vec<(String, Value)>,
}

impl<'a> Facts<'a> {
    /// Merges. `choose` picks among alternatives.
    pub(crate) fn of(schema: &Schema<'a>, choose: &mut dyn FnMut(&[Schema<'a>]) -> usize) -> Self {
        let mut facts = Self { parts: schema.parts(), forced: Vec::new() };
        facts.inherited_discriminator(schema);
        let mut at = 0;
        let mut choices = 0;
        while at < facts.parts.len() && choices < MAX_CHOICES {
            let part = facts.parts[at].clone();
            at += 1;
            for keyword in ["oneOf", "anyOf"] {
                let options = part.children(keyword);
                if options.is_empty() {
                    continue;
                }
                choices += 1;
                let chosen = choose(&options).min(options.len() - 1);
                facts.force(&part, keyword, chosen);
                facts.add(&options[chosen]);
            }
        }
        facts
    }

    fn add(&mut self, option: &Schema<'a>) {
        for part in option.parts() {
            if !self.parts.iter().any(|known| known.node() == part.node()) {
                self.parts.push(part);
            }
        }
    }

    fn force(&mut self, part: &Schema<'a>, keyword: &str, chosen: usize) {
        let Some(Choices { property, values: choices }) = discriminator::choices(part, keyword) else { return };
        if let Some(value) =
            choices.into_iter().find(|(_, index)| *index == chosen).and_then(|(values, _)| values.into_iter().next())
        {
            self.forced.push((property, value));
        }
    }

    /// A base schema names the property that says which of its heirs a value is: the mapped name, or that of the schema.
    fn inherited_discriminator(&mut self, schema: &Schema<'a>) {
        let own = schema.resolved();
        let Some(name) = own.node().pointer.last().filter(|_| own.node().pointer.parent().is_some_and(|p| !p.is_root())) else {
            return;
        };
        for part in &self.parts {
            let Some(discriminator) = part.keyword("discriminator") else { continue };
            if part.keyword("oneOf").is_some() || part.keyword("anyOf").is_some() {
                continue;
            }
            let property = discriminator.as_str().or_else(|| discriminator.get("propertyName")?.as_str());
            let mapped = discriminator.get("mapping").and_then(Value::as_object).and_then(|mapping| {
                let means = |reference: &Value| reference.as_str().is_some_and(|r| r.rsplit('/').next() == Some(name.as_str()));
                mapping.iter().find(|(_, reference)| means(reference)).map(|(value, _)| value.clone())
            });
            let has_enum = property.and_then(|p| schema.property(p)).is_some_and(|p| p.enumeration().is_some());
            if let Some(property) = property.filter(|_| mapped.is_some() || !has_enum) {
                self.forced.push((property.to_owned(), Value::from(mapped.unwrap_or_else(|| name.clone()))));
            }
        }
    }

    /// The values of a keyword in all parts.
    pub(crate) fn all<'s>(&'s self, keyword: &'s str) -> impl Iterator<Item = &'a Value> + 's {
        self.parts.iter().filter_map(move |part| part.keyword(keyword))
    }

    /// Whether any part has one of these keywords.
    pub(crate) fn has(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.all(keyword).next().is_some())
    }

    /// The first text of a keyword.
    pub(crate) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.all(keyword).find_map(Value::as_str)
    }

    /// The schemas of a keyword in all parts.
    pub(crate) fn schemas(&self, keyword: &str) -> Vec<Schema<'a>> {
        self.parts.iter().filter_map(|part| part.child(keyword)).filter(|child| child.value().is_object()).collect()
    }

    /// The schemas of a list keyword, of the first part that has it.
    pub(crate) fn list(&self, keyword: &str) -> Vec<Schema<'a>> {
        self.parts.iter().map(|part| part.children(keyword)).find(|list| !list.is_empty()).unwrap_or_default()
    }

    /// The largest value of a lower bound, or of any number keyword.
    pub(crate) fn largest(&self, keyword: &str) -> Option<f64> {
        self.numbers(keyword).reduce(f64::max)
    }

    /// The smallest value of an upper bound.
    pub(crate) fn smallest(&self, keyword: &str) -> Option<f64> {
        self.numbers(keyword).reduce(f64::min)
    }

    fn numbers<'s>(&'s self, keyword: &'s str) -> impl Iterator<Item = f64> + 's {
        self.all(keyword).filter_map(|value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok()))
    }

    /// The types that all parts allow, without `null`; empty when nothing is said.
    pub(crate) fn types(&self) -> Vec<&'a str> {
        let mut types: Option<Vec<&str>> = None;
        for value in self.all("type") {
            let names: Vec<&str> = match value {
                Value::String(name) => vec![name.as_str()],
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                _ => continue,
            };
            let names: Vec<&str> = names.into_iter().filter(|name| *name != "null").collect();
            types = Some(match types {
                Some(known) => both(&known, &names),
                None => names,
            });
        }
        types.unwrap_or_default()
    }

    /// Whether only `null` is allowed.
    pub(crate) fn is_null_only(&self) -> bool {
        self.all("type").any(|value| {
            value == "null" || value.as_array().is_some_and(|names| !names.is_empty() && names.iter().all(|name| name == "null"))
        })
    }

    /// Whether `null` is allowed.
    pub(crate) fn is_nullable(&self) -> bool {
        self.parts.iter().any(Schema::is_nullable)
    }

    /// The values that all `enum` and `const` allow.
    pub(crate) fn allowed(&self) -> Option<Vec<&'a Value>> {
        if let Some(value) = self.all("const").next() {
            return Some(vec![value]);
        }
        let mut lists = self.all("enum").filter_map(Value::as_array);
        let mut allowed: Vec<&Value> = lists.next()?.iter().collect();
        for list in lists {
            allowed.retain(|value| list.contains(value));
        }
        Some(allowed)
    }

    /// Required names.
    pub(crate) fn required(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.all("required").filter_map(Value::as_array).flatten().filter_map(Value::as_str) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Properties by name, with all schemas that describe each.
    pub(crate) fn properties(&self) -> Vec<(&'a str, Vec<Schema<'a>>)> {
        let mut found: Vec<(&str, Vec<Schema<'a>>)> = Vec::new();
        for part in &self.parts {
            let Some(children) = part.child("properties") else { continue };
            let Some(map) = children.value().as_object() else { continue };
            for name in map.keys() {
                let Some(child) = children.child(name) else { continue };
                match found.iter_mut().find(|(known, _)| known == name) {
                    Some((_, schemas)) => schemas.push(child),
                    None => found.push((name, vec![child])),
                }
            }
        }
        found
    }

    /// Merges further schemas that describe the same value.
    pub(crate) fn with(mut self, others: &[Schema<'a>]) -> Self {
        for other in others {
            self.add(other);
        }
        self
    }

    /// Examples of the document for this value, defaults last.
    pub(crate) fn examples(&self) -> Vec<&'a Value> {
        let mut found: Vec<&Value> = self.all("example").chain(self.all("x-example")).collect();
        for value in self.all("examples") {
            match value {
                Value::Array(values) => found.extend(values),
                Value::Object(named) => found.extend(named.values().filter_map(|v| v.get("value"))),
                _ => {}
            }
        }
        found.extend(self.all("default"));
        found
    }
}

fn both<'a>(a: &[&'a str], b: &[&'a str]) -> Vec<&'a str> {
    let in_b = |name: &&&str| b.contains(*name) || (**name == "integer" && b.contains(&"number"));
    let mut types: Vec<&str> = a.iter().filter(in_b).copied().collect();
    if types.is_empty() && a.contains(&"number") && b.contains(&"integer") {
        types.push("integer");
    }
    types
}
