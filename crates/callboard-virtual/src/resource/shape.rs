//! Where the entity, or the array of entities, stands in a body.

use callboard_model::{NodeRef, Schema};

use super::identity::{normalised, same_name};

/// The property that wraps the entity: `{"order": {…}}` or `{"data": {…}}`. `None` when the body is the entity.
pub(crate) fn envelope(schema: &Schema<'_>, singular: &str) -> Option<String> {
    let properties = schema.properties();
    if properties
        .iter()
        .any(|(name, _)| matches!(normalised(name).as_str(), "id" | "uuid") || normalised(name) == format!("{singular}id"))
    {
        return None;
    }
    let is_object = |schema: &Schema<'_>| {
        let resolved = schema.resolved();
        resolved.types() == ["object"] || !resolved.options().is_empty()
    };
    let named = properties.iter().find(|(name, child)| same_name(name, singular) && is_object(child));
    let usual = || {
        let is_usual = |name: &str| matches!(normalised(name).as_str(), "data" | "result" | "item" | "resource");
        properties.iter().find(|(name, child)| is_usual(name) && is_object(child) && properties.len() <= 4)
    };
    named.filter(|_| properties.len() <= 4).or_else(usual).map(|(name, _)| (*name).to_owned())
}

/// The property that wraps entities in an array, where a body for one has room for several: `{"Invoices": [{…}]}`. It is named like
/// the collection, or its items are the entity.
pub(crate) fn list_envelope(schema: &Schema<'_>, collection: &str, entity: Option<&NodeRef>) -> Option<String> {
    let arrays = schema.properties().into_iter().filter(|(_, child)| child.types() == ["array"]);
    let mut objects =
        arrays.filter_map(|(name, child)| Some((name, child.items()?))).filter(|(_, items)| items.types() == ["object"]);
    let is_it = |(name, items): &(&str, Schema<'_>)| same_name(name, collection) || entity == Some(items.resolved().node());
    objects.find(is_it).map(|(name, _)| name.to_owned())
}

/// The property that holds the array of a listing: `{"items": […], "total": 3}`. `None` when there is none.
pub(crate) fn array_property(schema: &Schema<'_>, collection: &str) -> Option<String> {
    let arrays: Vec<(&str, Schema<'_>)> =
        schema.all_properties().into_iter().filter(|(_, child)| child.types() == ["array"]).collect();
    let by_name =
        |wanted: &dyn Fn(&str) -> bool| arrays.iter().find(|(name, _)| wanted(name)).map(|(name, _)| (*name).to_owned());
    const USUAL: [&str; 10] =
        ["items", "data", "results", "content", "value", "values", "entries", "records", "list", "elements"];
    by_name(&|name| same_name(name, collection))
        .or_else(|| by_name(&|name| USUAL.contains(&normalised(name).as_str())))
        .or_else(|| by_name(&|_| arrays.len() == 1))
}
