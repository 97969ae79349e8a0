//! How much two operations look alike, by what their definitions say: words of ids and summaries, paths, parameters and the names in
//! bodies. Signs that neither has do not count.

use std::collections::BTreeSet;

use callboard_model::api::MediaType;
use callboard_model::{Operation, Service};

use crate::template;

/// Words that ids use for the same thing.
const SYNONYMS: [&[&str]; 5] = [
    &["get", "read", "fetch", "retrieve", "show", "find", "lookup", "view"],
    &["create", "add", "new", "post", "insert"],
    &["delete", "remove", "destroy"],
    &["update", "edit", "modify", "change", "put", "patch", "replace"],
    &["list", "search", "query", "all"],
];

/// A sign with its weight: how much it says, how much it matters.
type Sign = (f64, f64);

/// The words of a name or a sentence, small, without plural `s`; words for the same thing are one: `fetchOrders` is `get` and `order`.
pub fn words(text: &str) -> BTreeSet<String> {
    split(text).into_iter().map(|word| canonical(&word)).collect()
}

fn split(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut was_small = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            was_small = false;
            words.push(String::new());
            continue;
        }
        if words.is_empty() || (c.is_uppercase() && was_small) {
            words.push(String::new());
        }
        was_small = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn canonical(word: &str) -> String {
    let single = if word.len() > 3 && !word.ends_with("ss") { word.strip_suffix('s').unwrap_or(word) } else { word };
    let class = SYNONYMS.iter().find(|class| class.contains(&single));
    class.map_or(single, |class| class[0]).to_owned()
}

/// What two sets share, 0 to 1 (Jaccard); 0 for two empty ones.
pub fn overlap<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    let all = a.union(b).count();
    if all == 0 { 0.0 } else { a.intersection(b).count() as f64 / all as f64 }
}

/// How much two names mean the same, 0 to 1: by words, by spelling, and as abbreviations (`qty` of `quantity`).
pub fn of_names(a: &str, b: &str) -> f64 {
    let spelled = callboard_model::suggest::similarity(a, b);
    let shortened = if is_short_for(a, b) || is_short_for(b, a) { 0.8 } else { 0.0 };
    overlap(&words(a), &words(b)).max(spelled * 0.9).max(shortened)
}

/// Whether all letters of a short name stand in a longer one in order, beginning with its first.
fn is_short_for(short: &str, long: &str) -> bool {
    let (short, long) = (short.to_lowercase(), long.to_lowercase());
    let mut rest = long.chars();
    short.len() >= 2
        && short.len() < long.len()
        && short.chars().next() == long.chars().next()
        && short.chars().all(|wanted| rest.any(|c| c == wanted))
}

/// How much two operations look alike, 0 to 1. `is_same` says whether two schemas mean the same.
pub(crate) fn of_operations(
    (old_service, old): (&Service, &Operation),
    (new_service, new): (&Service, &Operation),
    is_same: &mut dyn FnMut(&MediaType, &MediaType) -> bool,
) -> f64 {
    let mut signs: Vec<Sign> = vec![(f64::from(u8::from(old.key.method == new.key.method)), 0.15), (paths(old, new), 0.25)];
    if let (Some(a), Some(b)) = (&old.id, &new.id) {
        signs.push((overlap(&words(a), &words(b)), 0.15));
    }
    if let (Some(a), Some(b)) = (&old.summary, &new.summary) {
        signs.push((overlap(&words(a), &words(b)), 0.1));
    }
    let answer = |operation: &'_ Operation| operation.success_response().and_then(|response| response.preferred().cloned());
    signs.extend(contents((old_service, answer(old)), (new_service, answer(new)), is_same).map(|sign| (sign, 0.25)));
    let body = |operation: &Operation| operation.request_body.as_ref().and_then(|body| body.preferred().cloned());
    signs.extend(contents((old_service, body(old)), (new_service, body(new)), is_same).map(|sign| (sign, 0.2)));
    let names = |operation: &Operation| operation.parameters.iter().map(|p| p.name.to_lowercase()).collect::<BTreeSet<_>>();
    if !old.parameters.is_empty() || !new.parameters.is_empty() {
        signs.push((overlap(&names(old), &names(new)), 0.1));
    }
    let weight: f64 = signs.iter().map(|(_, weight)| weight).sum();
    let sum: f64 = signs.iter().map(|(sign, weight)| sign * weight).sum();
    let kinds = [(old_service, answer(old)), (new_service, answer(new))].map(|(service, media)| kind(service, media.as_ref()));
    // One that lists does not stand for one that reads one.
    let is_same_kind = kinds[0] == kinds[1] || kinds.iter().any(Option::is_none);
    sum / weight * kinship(old, new) * if is_same_kind { 1.0 } else { 0.7 }
}

/// Whether an answer is a list, where that is known.
fn kind(service: &Service, media: Option<&MediaType>) -> Option<bool> {
    let types = service.schema(media?.schema.as_ref()?)?.types();
    (!types.is_empty()).then(|| types == ["array"])
}

/// An operation that reads never stands for one that changes, and one that deletes for no other, however alike they look.
fn kinship(old: &Operation, new: &Operation) -> f64 {
    let deletes = |operation: &Operation| operation.key.method.as_str() == "DELETE";
    if old.key.method.is_safe() != new.key.method.is_safe() || deletes(old) != deletes(new) { 0.6 } else { 1.0 }
}

/// How alike two path templates are: the fixed names in order, and how many placeholders.
fn paths(old: &Operation, new: &Operation) -> f64 {
    let fixed = |path: &str| -> BTreeSet<String> {
        let names = path.split('/').filter(|part| !part.is_empty() && !part.contains('{') && !is_version(part));
        names.map(|part| canonical(&part.to_lowercase())).collect()
    };
    let (a, b) = (template::placeholders(&old.key.path).len(), template::placeholders(&new.key.path).len());
    0.8 * overlap(&fixed(&old.key.path), &fixed(&new.key.path)) + 0.2 * f64::from(u8::from(a == b))
}

/// `v2`, `api`: parts of a path that say nothing about what it is the path of.
fn is_version(part: &str) -> bool {
    let digits = part.strip_prefix('v').unwrap_or("");
    part == "api" || (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

fn contents(
    (old_service, old): (&Service, Option<MediaType>),
    (new_service, new): (&Service, Option<MediaType>),
    is_same: &mut dyn FnMut(&MediaType, &MediaType) -> bool,
) -> Option<f64> {
    let (old, new) = match (old, new) {
        (Some(old), Some(new)) => (old, new),
        (None, None) => return None,
        _ => return Some(0.0),
    };
    if is_same(&old, &new) {
        return Some(1.0);
    }
    Some(0.8 * overlap(&field_names(old_service, &old), &field_names(new_service, &new)))
}

/// The names in a body: of the object, or of the items of a list.
fn field_names(service: &Service, media: &MediaType) -> BTreeSet<String> {
    let Some(schema) = media.schema.as_ref().and_then(|node| service.schema(node)) else {
        return BTreeSet::new();
    };
    let schema = schema.items().filter(|_| schema.types() == ["array"]).unwrap_or(schema);
    schema.all_properties().into_iter().map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_any_spelling_have_the_same_words() {
        let expected: BTreeSet<String> = ["get", "order"].map(str::to_owned).into();
        for id in ["getOrder", "fetch_orders", "read-order", "retrieveOrders", "get Order"] {
            assert_eq!(words(id), expected, "{id}");
        }
    }

    #[test]
    fn names_mean_the_same_by_words_spelling_or_as_abbreviations() {
        assert!(of_names("qty", "quantity") > 0.7);
        assert!(of_names("orderId", "order_id") > 0.9);
        assert!(of_names("customerId", "X-Customer-Id") > 0.6);
        assert!(of_names("total", "colour") < 0.4);
    }
}
