//! Literals and the inputs that take them.

use std::collections::BTreeSet;

use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;

use crate::chains::{Partial, is_chosen};
use crate::index::{OpId, TextInput};
use crate::literals::LiteralKind;
use crate::score::View;
use crate::shape::Kind;

/// What the literals add, and the operations that search for one.
pub(crate) fn literal_score(view: &View<'_, '_>, partial: &Partial) -> (f64, Vec<OpId>) {
    let weights = &view.index.weights;
    let mut total = 0.0;
    let mut searched: Vec<OpId> = Vec::new();
    let mut taken: Vec<(OpId, &Input)> = Vec::new();
    for (at, literal) in view.literals.iter().enumerate() {
        if partial.keys.contains(&at) {
            total += weights.literal;
            continue;
        }
        let mut best: Option<(f64, OpId, &Input, bool)> = None;
        for op in &partial.ops {
            for (worth, input, is_query) in takes(view, *op, at) {
                if !taken.contains(&(*op, input)) && best.as_ref().is_none_or(|(b, ..)| worth > *b) {
                    best = Some((worth, *op, input, is_query));
                }
            }
        }
        match best {
            Some((worth, op, input, is_query)) => {
                total += worth;
                taken.push((op, input));
                if is_query {
                    searched.push(op);
                }
            }
            None if literal.is_instance
                && partial.ops.iter().any(|op| crate::fill::takes(view.index, *op, &literal.entities)) =>
            {
                total += weights.literal + weights.literal_type;
            }
            None => total -= weights.unused_literal * if literal.kind == LiteralKind::Number { 0.5 } else { 1.0 },
        }
    }
    total += ordinal_score(view, partial, &taken);
    (total, searched)
}

/// Parameters such as `season_number` want a number of the sentence. A number counts once; one that is made up costs.
fn ordinal_score(view: &View<'_, '_>, partial: &Partial, taken: &[(OpId, &Input)]) -> f64 {
    let weights = &view.index.weights;
    let mut given = BTreeSet::new();
    let mut made_up = 0;
    for op in &partial.ops {
        for text in numbers_in_path(view, *op).filter(|text| !taken.contains(&(*op, &text.input))) {
            match view.clause.ordinals.iter().position(|(_, behind)| text.stems.contains(behind)) {
                Some(ordinal) => _ = given.insert(ordinal),
                None => made_up += 1,
            }
        }
    }
    0.7 * weights.literal * given.len() as f64 - weights.made_up_number * f64::from(made_up)
}

/// Numbers that the path of an operation wants, other than keys.
fn numbers_in_path<'v>(view: &'v View<'_, '_>, op: OpId) -> impl Iterator<Item = &'v TextInput> {
    let needs = &view.index.typing.operations[op].needs;
    view.index.ops[op].texts.iter().filter(move |text| {
        matches!(text.input, Input::Parameter(ParameterLocation::Path, _))
            && matches!(text.kind, Kind::Integer | Kind::Number)
            && !needs.iter().any(|need| need.input == text.input)
    })
}

/// Inputs of an operation that take a literal, with what that is worth.
pub(crate) fn takes<'v>(view: &'v View<'_, '_>, op: OpId, at: usize) -> Vec<(f64, &'v Input, bool)> {
    let literal = &view.literals[at];
    let weights = &view.index.weights;
    let types = &view.index.typing.operations[op];
    let mut found = Vec::new();
    if literal.is_instance && types.subject.is_some_and(|subject| !literal.entities.contains(&subject)) {
        return found;
    }
    for text in &view.index.ops[op].texts {
        let is_need = types.needs.iter().find(|need| need.input == text.input);
        if is_need.is_some_and(|need| !is_chosen(view.index, op, need)) {
            continue;
        }
        let is_path = matches!(text.input, Input::Parameter(ParameterLocation::Path, _));
        let near = literal.before.iter().any(|word| is_about(&text.stems, word));
        let is_number = literal.kind == LiteralKind::Number;
        let numeric = matches!(text.kind, Kind::Integer | Kind::Number);
        if is_number != numeric && !(text.kind == Kind::Any) && !(is_number && near) {
            continue;
        }
        let is_named = text
            .stems
            .iter()
            .any(|s| matches!(s.as_str(), "name" | "titl" | "label" | "subject" | "user" | "usernam" | "usernames"));
        let worth = if text.is_query && !is_number {
            weights.literal + type_score(view, op, at)
        } else if is_path && is_need.is_some() {
            weights.literal
                + if is_need.is_some_and(|need| literal.entities.contains(&need.entity)) { weights.literal_type } else { 0.0 }
        } else if near {
            2.0
        } else if is_named && !is_number {
            1.8
        } else if is_number && !is_path {
            0.3
        } else {
            continue;
        };
        found.push((worth, &text.input, text.is_query));
    }
    found
}

/// Whether an input is about a word: `name` is, `season_number` is about a season, `with_watch_providers` is not about watching.
fn is_about(stems: &[String], word: &String) -> bool {
    let ending = stems.len() == 2 && matches!(stems[1].as_str(), "number" | "id" | "name" | "code");
    stems.last() == Some(word) || (ending && stems.first() == Some(word))
}

/// Whether the operation finds things of the literal's type.
fn type_score(view: &View<'_, '_>, op: OpId, at: usize) -> f64 {
    let literal = &view.literals[at];
    let weight = view.index.weights.literal_type;
    let Some(subject) = view.index.typing.operations[op].subject else { return 0.0 };
    if literal.entities.contains(&subject) {
        return weight;
    }
    if !literal.entities.is_empty() || literal.not.contains(&subject) {
        return -2.0 * weight;
    }
    match (literal.is_person, view.index.is_person(subject)) {
        (true, true) => weight,
        (true, false) => -0.5 * weight,
        _ => 0.0,
    }
}
