//! Listings: filters, pages, and the object around the array.

use std::sync::Arc;

use callboard_model::{NodeRef, Pointer, Schema};
use callboard_schema::{Direction, Fill, Hints};
use serde_json::{Value, json};

use crate::resource::{CollectionId, array_property, normalised, same_name};
use crate::state::{Ground, hash, key_text};
use crate::world::Entity;

/// Those that match: a query parameter named like a property (`known`) filters by it; limit, offset and page cut. With their number
/// before the cut.
pub(crate) fn select(entities: Vec<Arc<Entity>>, known: &[&str], query: &[(&str, &Value)]) -> (Vec<Arc<Entity>>, usize) {
    let filters: Vec<(&str, &Value)> =
        query.iter().filter(|(name, value)| paging(name).is_none() && !is_empty(value)).copied().collect();
    let matching: Vec<Arc<Entity>> = entities
        .into_iter()
        .filter(|entity| filters.iter().all(|(name, wanted)| fits(&entity.value, name, wanted, known)))
        .collect();
    let total = matching.len();
    let number = |kind: Paging| query.iter().find(|(name, _)| paging(name) == Some(kind)).and_then(|(_, value)| value.as_u64());
    let limit = number(Paging::Limit).map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let page = number(Paging::Page).map_or(0, |n| n.saturating_sub(1));
    let skipped_pages = if limit == usize::MAX { 0 } else { usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(limit) };
    let offset = number(Paging::Offset).map_or(0, |n| usize::try_from(n).unwrap_or(usize::MAX)).saturating_add(skipped_pages);
    (matching.into_iter().skip(offset).take(limit).collect(), total)
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paging {
    Limit,
    Offset,
    Page,
}

fn paging(name: &str) -> Option<Paging> {
    match normalised(name).as_str() {
        "limit" | "pagesize" | "perpage" | "size" | "maxresults" | "top" | "first" | "max" => Some(Paging::Limit),
        "offset" | "skip" | "start" | "startat" => Some(Paging::Offset),
        "page" | "pagenumber" => Some(Paging::Page),
        _ => None,
    }
}

/// Whether an entity has the wanted value; true where entities have no such property.
fn fits(entity: &Value, name: &str, wanted: &Value, known: &[&str]) -> bool {
    let Some(map) = entity.as_object() else { return true };
    let Some((_, actual)) = map.iter().find(|(property, _)| same_name(property, name)) else {
        return !known.iter().any(|property| same_name(property, name));
    };
    match wanted {
        Value::Array(options) => options.iter().any(|option| holds(actual, option)),
        option => holds(actual, option),
    }
}

fn holds(actual: &Value, wanted: &Value) -> bool {
    match actual {
        Value::Array(items) => items.iter().any(|item| holds(item, wanted)),
        Value::Object(map) => map.values().any(|value| !value.is_object() && !value.is_array() && holds(value, wanted)),
        scalar => key_text(scalar).is_some() && key_text(scalar) == key_text(wanted),
    }
}

/// The body of a listing by the schema of the response. `None` when the schema has no place for an array.
pub(crate) fn body(ground: &Ground, id: CollectionId, entities: &[Arc<Entity>], total: usize, node: &NodeRef) -> Option<Value> {
    let schema = ground.judges.schema(node)?;
    let resolved = schema.resolved();
    if resolved.types() == ["array"] {
        return array(ground, id, entities, &resolved);
    }
    let last = ground.collections[id].home.rsplit('/').next().unwrap_or_default().to_owned();
    let property = array_property(&resolved, &last)?;
    let items = array(ground, id, entities, &resolved.property(&property)?)?;
    let mut pins = vec![(Pointer::root().join(&property), items)];
    pins.extend(counters(&resolved, total, entities.len()));
    let hints = Hints { pins, fill: Fill::Minimal, ..Hints::default() };
    ground.judges.make(node, ground.seed ^ hash(&[&ground.collections[id].path, "list"]), &hints)
}

fn array(ground: &Ground, id: CollectionId, entities: &[Arc<Entity>], schema: &Schema<'_>) -> Option<Value> {
    let Some(items) = schema.items() else { return Some(entities.iter().map(|entity| entity.value.clone()).collect()) };
    let items = items.resolved();
    let shown = entities.iter().filter_map(|entity| ground.shown(id, entity, items.node(), None));
    let fitting = shown.filter(|item| ground.judges.is_valid(items.node(), Direction::Response, item));
    Some(Value::Array(fitting.collect()))
}

/// `total`, `count` and their kin.
fn counters(schema: &Schema<'_>, total: usize, shown: usize) -> Vec<(Pointer, Value)> {
    let value_of = |name: &str| match normalised(name).as_str() {
        "total" | "totalcount" | "totalitems" | "totalelements" | "totalresults" => Some(json!(total)),
        "count" | "size" | "numberofelements" => Some(json!(shown)),
        "hasmore" | "hasnext" | "more" => Some(json!(shown < total)),
        _ => None,
    };
    let known = schema
        .all_properties()
        .into_iter()
        .filter(|(_, property)| !property.allows_type("object") && !property.allows_type("array"));
    known.filter_map(|(name, _)| Some((Pointer::root().join(name), value_of(name)?))).collect()
}
