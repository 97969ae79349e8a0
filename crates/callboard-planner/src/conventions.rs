//! Values of which a definition's text says what comes of them: `A card whose number ends in 0002 is always declined`.
//!
//! Where a clause speaks of such a thing in such a state (`a declined card`), the field takes that value.

use std::sync::LazyLock;

use callboard_model::plan::BindingSource;
use callboard_model::{Pointer, Schema};
use callboard_schema::{Direction, Hints, synthesise};
use regex::Regex;
use serde_json::Value;

use crate::beam::Step;
use crate::bind::{Binder, SEED, capital};
use crate::pointers::concrete_pointer;
use crate::shape::{Kind, Place};
use crate::words::stem;

/// A rule of a text: things whose field has a value are in a state.
#[derive(Debug, PartialEq, Eq)]
struct Convention {
    thing: String,
    field: String,
    how: How,
    value: String,
    state: String,
}

/// How a value is part of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Ends,
    Starts,
    Is,
}

static FIRST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)\b(\w+)\s+(?:whose|with\s+an?)\s+(\w+)\s+(?:that\s+)?(ends?\s+(?:in|with|on)|ending\s+(?:in|with|on)|starts?\s+with|starting\s+with|is|of)\s+[`'"]?([\w-]+)[`'"]?\s+(?:(?:is|are|has|have|was|will\s+be|be|always|never)\s+)+(\w+)"#,
    )
    .expect("the pattern is valid")
});

static FURTHER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)^[,;]?\s*(?:and\s+)?(?:one|those)\s+(?:that|which|whose\s+\w+)\s+(ends?\s+(?:in|with|on)|starts?\s+with|is)\s+[`'"]?([\w-]+)[`'"]?\s+(?:(?:is|are|has|have|was|will\s+be|be|always|never)\s+)+(\w+)"#,
    )
    .expect("the pattern is valid")
});

/// The rules that a text states.
fn conventions(text: &str) -> Vec<Convention> {
    let mut found = Vec::new();
    for first in FIRST.captures_iter(text) {
        let rule = |how: &str, value: &str, state: &str| Convention {
            thing: stem(&first[1].to_lowercase()),
            field: first[2].to_lowercase(),
            how: how_of(how),
            value: value.to_owned(),
            state: stem(&state.to_lowercase()),
        };
        found.push(rule(&first[3], &first[4], &first[5]));
        let mut rest = &text[first.get(0).map_or(0, |whole| whole.end())..];
        while let Some(next) = FURTHER.captures(rest) {
            found.push(rule(&next[1], &next[2], &next[3]));
            rest = &rest[next.get(0).map_or(0, |whole| whole.end())..];
        }
    }
    found
}

fn how_of(text: &str) -> How {
    match text.to_lowercase() {
        text if text.starts_with("end") => How::Ends,
        text if text.starts_with("start") => How::Starts,
        _ => How::Is,
    }
}

impl Convention {
    /// Whether a field is the one of which the rule speaks: `card/number`, or `cardNumber`.
    fn is_of(&self, place: &Place, places: &[Place]) -> bool {
        let name = place.name.to_lowercase();
        let parent = place.parent.and_then(|at| places.get(at)).map(|parent| stem(&parent.name.to_lowercase()));
        place.shape.kind == Kind::Text && (name == self.field && parent.as_deref() == Some(self.thing.as_str()))
            || name.replace(['_', '-'], "") == format!("{}{}", self.thing, self.field)
    }

    /// A made-up value, changed so that the rule holds of it.
    fn applied(&self, made: &str) -> String {
        let keep = made.chars().count().saturating_sub(self.value.chars().count());
        match self.how {
            How::Ends => made.chars().take(keep).chain(self.value.chars()).collect(),
            How::Starts => self.value.chars().chain(made.chars().skip(self.value.chars().count())).collect(),
            How::Is => self.value.clone(),
        }
    }
}

impl Binder<'_, '_> {
    /// Fields of a step's body that have to have a certain value for what its clause says of them.
    pub(crate) fn by_convention(&self, step: &Step, places: &[Place]) -> Vec<(Pointer, BindingSource)> {
        let Some(view) = self.view(step).filter(|view| step.is_target && view.clause.outcome.is_some()) else {
            return Vec::new();
        };
        let texts = self.index.system.services().iter().filter_map(|service| service.description.as_deref());
        let rules: Vec<Convention> =
            texts.flat_map(conventions).filter(|rule| view.says(&rule.thing) && view.says(&rule.state)).collect();
        let (service, _) = self.operations[step.op];
        let pin = |place: &Place| {
            let rule = rules.iter().find(|rule| rule.is_of(place, places))?;
            let schema: Schema<'_> = service.schema(&place.node)?;
            let made = synthesise(&schema, Direction::Request, SEED, &Hints::named(place.name.clone()));
            let value = Value::from(rule.applied(made.as_str()?));
            let name = format!("{}{}{}", rule.state, capital(&rule.thing), capital(&rule.field));
            Some((concrete_pointer(&place.pointer, places)?, BindingSource::Generated { name, value }))
        };
        places.iter().filter_map(pin).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_say_which_values_have_which_effect() {
        let found = conventions("A card whose number ends in 0002 is always declined, one that ends in 0069 has always expired.");
        let told: Vec<(&str, &str, &str)> =
            found.iter().map(|rule| (rule.field.as_str(), rule.value.as_str(), rule.state.as_str())).collect();
        assert_eq!(told, [("number", "0002", "declin"), ("number", "0069", "expir")]);
        assert_eq!(found[0].applied("4242424242424242"), "4242424242420002");
        assert!(conventions("Charges cards and gives money back. Amounts are in cents.").is_empty());
    }
}
