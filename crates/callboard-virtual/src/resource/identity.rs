//! What tells entities apart: the property that the parameter of the path stands for.

use callboard_model::Schema;

/// A name without case and separators.
pub(crate) fn normalised(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether two names differ only in case and separators.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    normalised(a) == normalised(b)
}

/// The singular by the common endings.
pub(crate) fn singular(name: &str) -> String {
    let lower = name.to_lowercase();
    if let Some(stem) = lower.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    if ["sses", "xes", "ches", "shes"].iter().any(|ending| lower.ends_with(ending)) {
        return lower[..lower.len() - 2].to_owned();
    }
    let is_plural = lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("us") && lower.len() > 2;
    if is_plural { lower[..lower.len() - 1].to_owned() } else { lower }
}

/// Whether a word is a plural by its ending.
pub(super) fn is_plural(name: &str) -> bool {
    singular(name) != name.to_lowercase()
}

/// The property of an entity that a key parameter carries. `entity` is what it is called (`pet`).
pub(super) fn key_property(schema: &Schema<'_>, parameter: &str, entity: &str) -> Option<String> {
    let properties: Vec<&str> = schema.all_properties().into_iter().map(|(name, _)| name).collect();
    let find = |wanted: &str| properties.iter().find(|name| normalised(name) == wanted).map(|name| (*name).to_owned());
    let parameter = normalised(parameter);
    let entity = normalised(entity);
    const KEYS: [&str; 12] = ["id", "uuid", "guid", "key", "username", "name", "slug", "code", "number", "sku", "ref", "handle"];
    let exact = find(&parameter);
    let by_ending = || {
        KEYS.iter().filter(|key| parameter.ends_with(*key)).find_map(|key| find(key).or_else(|| find(&format!("{entity}{key}"))))
    };
    let by_entity = || ["id", "uuid"].iter().find_map(|key| find(key).or_else(|| find(&format!("{entity}{key}"))));
    exact.or_else(by_ending).or_else(by_entity).or_else(|| find("name").filter(|_| parameter == entity))
}

#[cfg(test)]
mod tests {
    use callboard_model::{Document, DocumentId, Documents, NodeRef, Pointer};

    use super::*;

    #[test]
    fn the_key_is_found_under_its_usual_names() {
        let table = [
            ("id", "id", "order", Some("id")),
            ("id", "petId", "pet", Some("id")),
            ("orderId,id", "orderId", "order", Some("orderId")),
            ("order_id", "orderId", "order", Some("order_id")),
            ("name,admin", "name", "user", Some("name")),
            ("name,admin", "user", "user", Some("name")),
            ("sku,title", "sku", "product", Some("sku")),
            ("productId,title", "id", "product", Some("productId")),
            ("title", "id", "product", None),
        ];
        for (properties, parameter, entity, expected) in table {
            let map: serde_json::Map<String, serde_json::Value> =
                properties.split(',').map(|name| (name.to_owned(), serde_json::json!({}))).collect();
            let mut documents = Documents::default();
            documents.add(Document::synthetic("a", serde_json::json!({"properties": map})));
            let schema = Schema::at(&documents, &NodeRef::new(DocumentId(0), Pointer::root())).expect("it is there");
            assert_eq!(key_property(&schema, parameter, entity).as_deref(), expected, "{properties} {parameter}");
        }
    }
}
