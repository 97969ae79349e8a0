//! Which alternative a discriminator means (OpenAPI 3.x "Discriminator Object").

use callboard_model::Schema;
use serde_json::Value;

/// How a discriminator chooses.
pub(crate) struct Choices {
    /// The property that decides.
    pub(crate) property: String,
    /// The values that choose an alternative, and its index in `oneOf` or `anyOf`.
    pub(crate) values: Vec<(Vec<Value>, usize)>,
}

/// How the discriminator of a schema chooses among the alternatives of a keyword.
///
/// Values come from `mapping`, from what the alternative itself allows for the property (`enum`, `const`), and from the name of the
/// alternative's schema, in this order. A value belongs to the first alternative that claims it. `None` where no discriminator stands.
pub(crate) fn choices(schema: &Schema<'_>, keyword: &str) -> Option<Choices> {
    let discriminator = schema.keyword("discriminator")?;
    // Swagger 2.0 has the name alone; there is no `oneOf` beside it then, but documents mix.
    let property = discriminator.as_str().or_else(|| discriminator.get("propertyName")?.as_str())?;
    let mapping = discriminator.get("mapping").and_then(Value::as_object);
    let options = schema.children(keyword);
    let mut taken: Vec<Value> = mapping.into_iter().flat_map(|map| map.keys().cloned().map(Value::from)).collect();
    let mut found: Vec<(Vec<Value>, usize)> = options.iter().enumerate().map(|(i, o)| (mapped(schema, o, mapping), i)).collect();
    for (values, index) in &mut found {
        for value in own_values(&options[*index], property) {
            if !taken.contains(&value) {
                taken.push(value.clone());
                values.push(value);
            }
        }
    }
    for (values, index) in &mut found {
        let name = options[*index].reference_name().map(Value::from);
        if let Some(name) = name.filter(|name| !taken.contains(name)) {
            taken.push(name.clone());
            values.push(name);
        }
    }
    found.retain(|(values, _)| !values.is_empty());
    (!found.is_empty()).then(|| Choices { property: property.to_owned(), values: found })
}

fn mapped(schema: &Schema<'_>, option: &Schema<'_>, mapping: Option<&serde_json::Map<String, Value>>) -> Vec<Value> {
    let Some(target) = option.follow() else { return Vec::new() };
    let document = schema.node().document;
    let means = |reference: &Value| {
        let Some(text) = reference.as_str() else { return false };
        let is_name = || option.reference_name().as_deref() == Some(text);
        schema.documents().resolve(document, text).is_ok_and(|node| node == *target.node()) || is_name()
    };
    mapping
        .into_iter()
        .flatten()
        .filter(|(_, reference)| means(reference))
        .map(|(value, _)| Value::from(value.as_str()))
        .collect()
}

fn own_values(option: &Schema<'_>, property: &str) -> Vec<Value> {
    let values = option.property(property).and_then(|p| p.enumeration()).unwrap_or_default();
    values.into_iter().filter(|value| value.is_string()).cloned().collect()
}
