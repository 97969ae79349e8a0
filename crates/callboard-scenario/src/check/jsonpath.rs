//! JSONPath against the schema of an answer: the plain names at its beginning, and a filter that tests less than it seems to.

use callboard_model::schema::Descent;
use callboard_model::{Pointer, Severity};

use super::exchange::{Missing, missing_in_answer};
use super::expressions::Moment;
use super::{Checker, Place, Spot};
use crate::codes;
use crate::criterion::{Criterion, Test};
use crate::expression::{Expression, MessagePart, Reference};
use crate::selector::{Selector, SelectorObject};

impl<'c> Checker<'c> {
    pub(super) fn jsonpath_criterion(&mut self, place: Place<'c>, criterion: &Criterion, moment: Moment) {
        let (Test::JsonPath(_) | Test::DynamicJsonPath(_), Some(context)) = (&criterion.test, &criterion.context) else {
            return;
        };
        let at = criterion.pointer.join("condition");
        self.jsonpath(place, context, &criterion.condition, at.clone(), moment);
        let filters_members = criterion.condition.starts_with("$[?") && !criterion.condition.starts_with("$[?!");
        if filters_members && is_object(place, context) {
            let message = "a filter right behind `$` tests the members of the object, not the object".to_owned();
            let help = Some("name the member: `$.items[?…]`".to_owned());
            self.report(Severity::Warning, codes::CONSTANT_CONDITION, &at, message, help);
        }
    }

    pub(super) fn jsonpath_selector(&mut self, place: Place<'c>, selector: &SelectorObject, at: &Pointer, moment: Moment) {
        if matches!(selector.selector, Selector::JsonPath(_)) {
            self.jsonpath(place, &selector.context, &selector.text, at.join("selector"), moment);
        }
    }

    fn jsonpath(&mut self, place: Place<'c>, context: &Expression, path: &str, at: Pointer, moment: Moment) {
        let Some((service, operation)) = place.operation.filter(|_| is_body(context)) else {
            return;
        };
        let pointer = context.pointer().concat(&beginning(path));
        let missing = missing_in_answer(service, operation, place.step, &pointer, moment);
        // `[*]` goes over the members of an object, too.
        let missing = missing.filter(|Missing { at, .. }| at.last().is_none_or(|name| name != "0"));
        let spot = Spot { at, offset: 0, length: path.chars().count() };
        self.missing_property(missing, &format!("the answer of `{}`", operation.label()), path, &spot);
    }
}

fn is_body(context: &Expression) -> bool {
    matches!(context.reference(), Reference::Response(MessagePart::Body))
}

/// Whether the context is an object for certain.
fn is_object(place: Place<'_>, context: &Expression) -> bool {
    let schema = place.operation.filter(|_| is_body(context)).and_then(|(service, operation)| {
        let media = operation.success_response()?.preferred()?;
        service.schema(media.schema.as_ref()?)
    });
    schema.is_some_and(|schema| match schema.descend(context.pointer()) {
        Descent::Found(inner) => inner.types() == ["object"],
        _ => false,
    })
}

/// The plain names and indexes that a JSONPath begins with, `[*]` as the first item.
fn beginning(path: &str) -> Pointer {
    let mut pointer = Pointer::root();
    let mut rest = path.strip_prefix('$').unwrap_or_default();
    while let Some((segment, after)) = segment(rest) {
        pointer.push(segment);
        rest = after;
    }
    pointer
}

fn segment(rest: &str) -> Option<(&str, &str)> {
    if let Some(dotted) = rest.strip_prefix('.') {
        let end = dotted.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(dotted.len());
        return (end > 0).then(|| dotted.split_at(end));
    }
    let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
    let quoted = |mark: char| inside.strip_prefix(mark).and_then(|inner| inner.strip_suffix(mark));
    if let Some(name) = quoted('\'').or_else(|| quoted('"')) {
        let is_plain = !name.contains(['\\', '\'', '"']);
        return is_plain.then_some((name, after));
    }
    let is_index = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
    if is_index { Some((inside, after)) } else { (inside == "*").then_some(("0", after)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_begins_with_plain_names() {
        assert_eq!(beginning("$.items[*].sku").as_str(), "/items/0/sku");
        assert_eq!(beginning("$['a b'][2].c").as_str(), "/a b/2/c");
        assert_eq!(beginning("$.items[?@.n > 1].sku").as_str(), "/items");
        assert_eq!(beginning("$..sku").as_str(), "");
        assert_eq!(beginning("$[?@.n]").as_str(), "");
        assert_eq!(beginning("$.a[-1]").as_str(), "/a");
    }
}
