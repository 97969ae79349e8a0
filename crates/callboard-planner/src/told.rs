//! Values that a clause tells: numbers, counts, and options that it names.

use callboard_model::Operation;
use callboard_model::Schema;
use callboard_model::api::ParameterLocation;
use serde_json::Value;

use crate::beam::Step;
use crate::bind::Binder;
use crate::shape::{Kind, Place};
use crate::words::{split_identifier, stem};

impl Binder<'_, '_> {
    /// A number that the clause gives for a parameter such as `season_number`.
    pub(crate) fn ordinal(
        &self,
        step: &Step,
        name: &str,
        schema: Option<&Schema<'_>>,
        location: ParameterLocation,
    ) -> Option<Value> {
        let view = self.view(step)?;
        let numeric = schema.is_some_and(|s| s.types().iter().any(|t| matches!(*t, "integer" | "number")));
        let stems: Vec<String> = split_identifier(name).iter().map(|word| stem(word)).collect();
        if !numeric || (location != ParameterLocation::Path && !is_quantity(&stems)) {
            return None;
        }
        let behind = |(number, behind): &(i64, String)| {
            (stems.contains(behind) || (is_quantity(&stems) && *number > 1)).then_some(*number)
        };
        view.clause.ordinals.iter().find_map(behind).map(Value::from)
    }

    /// The enumerated value that the clause names, and whether it does; else the first.
    pub(crate) fn option(&self, step: &Step, schema: &Schema<'_>) -> Option<(Value, bool)> {
        let options = schema.enumeration()?;
        let view = self.view(step)?;
        let named = options.iter().find(|value| value.as_str().is_some_and(|text| view.says(&stem(&text.to_lowercase()))));
        let similar = || {
            options.iter().find(|value| {
                value.as_str().is_some_and(|text| {
                    view.stems
                        .iter()
                        .any(|s| view.says(s) && self.index.vocabulary.lexicon.are_similar(s, &stem(&text.to_lowercase())))
                })
            })
        };
        match named.or_else(similar) {
            Some(value) => Some(((*value).clone(), true)),
            None => options.first().map(|value| ((*value).clone(), false)),
        }
    }

    pub(crate) fn quantity(&self, step: &Step, place: &Place) -> Option<Value> {
        let stems: Vec<String> = split_identifier(&place.name).iter().map(|word| stem(word)).collect();
        let view = self.view(step)?;
        if !is_quantity(&stems) || !matches!(place.shape.kind, Kind::Integer | Kind::Number) {
            return None;
        }
        view.clause.ordinals.iter().find(|(number, _)| *number > 1).map(|(number, _)| Value::from(*number))
    }

    /// An enumerated value that the clause itself names.
    pub(crate) fn named_option(&self, step: &Step, place: &Place) -> Option<Value> {
        let view = self.view(step)?;
        place
            .shape
            .options
            .iter()
            .find(|value| value.as_str().is_some_and(|text| view.says(&stem(&text.to_lowercase()))))
            .cloned()
    }

    /// `Path dtype ('notebook', 'file', 'directory')`: an option that the clause or the operation names; `text` where text is sent.
    pub(crate) fn described_option(&self, step: &Step, place: &Place, operation: &Operation) -> Option<Value> {
        let description = place.shape.description.as_deref()?;
        let options: Vec<&str> =
            description.split('\'').skip(1).step_by(2).filter(|o| !o.is_empty() && o.len() <= 24 && !o.contains(' ')).collect();
        if options.len() < 2 {
            return None;
        }
        let view = self.view(step)?;
        let summary = operation.summary.as_deref().map(crate::words::stems).unwrap_or_default();
        let named = options.iter().find(|o| view.stems.contains(&stem(o)));
        let by_summary = || options.iter().find(|o| summary.contains(&stem(o)));
        let text = || options.iter().find(|o| **o == "text");
        named.or_else(by_summary).or_else(text).map(|option| Value::from(*option))
    }
}

fn is_quantity(stems: &[String]) -> bool {
    stems.last().is_some_and(|last| matches!(last.as_str(), "quantiti" | "qty" | "count" | "unit" | "piec" | "copi"))
}
