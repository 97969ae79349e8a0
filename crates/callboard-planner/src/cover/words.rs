//! Names of scenarios: they say what is tested.

use super::world::World;
use crate::index::OpId;

/// `register a customer`: the summary of an operation, or its id in words, or method and path.
pub(crate) fn phrase(world: &World<'_, '_>, op: OpId) -> String {
    let operation = world.operation(op);
    let summary =
        operation.summary.as_deref().map(str::trim).filter(|text| !text.is_empty() && text.len() <= 70 && !text.contains('\n'));
    match (summary, &operation.id) {
        (Some(text), _) => small(text.trim_end_matches('.')),
        (None, Some(id)) => crate::words::split_identifier(id).join(" "),
        (None, None) => format!("{} {}", operation.key.method, operation.key.path),
    }
}

/// The first letter small, unless a word of capitals begins.
fn small(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(chars).collect(),
        _ => text.to_owned(),
    }
}

/// `a cart`, `an order`.
pub(crate) fn one(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// A title as a workflow id: `orders-pay-an-order`.
pub(crate) fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.to_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.chars().take(80).collect::<String>().trim_matches('-').to_owned()
}
