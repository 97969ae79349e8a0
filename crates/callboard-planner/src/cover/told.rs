//! Values that a definition tells in its own words: "a card whose number ends in 0002 is always declined".
//!
//! A sentence of a description that shares a word with the description of a refusal, names a text field of a request and holds a number
//! or a quoted text may be about a value that leads there. Whether it is, only a running system can say.

use std::sync::LazyLock;

use callboard_model::StatusPattern;
use callboard_model::map::Input;
use callboard_model::plan::{BindingSource, Expectation};
use regex::Regex;
use serde_json::Value;

use super::refusals::{draft, exactly, refused};
use super::world::World;
use super::{Candidate, Kind, words};
use crate::index::OpId;
use crate::pointers::generic;
use crate::shape::Place;
use crate::words::{split_identifier, stem, stems};

static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[`'\u{22}]([^`'\u{22}\s]{2,40})[`'\u{22}]|\b([0-9]{3,})\b").expect("the pattern is valid"));

/// So many told values of one operation are tried.
const MOST: usize = 4;

/// Refusals for values that descriptions tell.
pub(crate) fn told(world: &World<'_, '_>, op: OpId) -> Vec<Candidate> {
    let refusals = world.operation(op).responses.iter().filter_map(|response| match response.status {
        StatusPattern::Exact(status @ 402..=499) if status != 404 => Some((status, response.description.as_deref()?)),
        _ => None,
    });
    let mut found = Vec::new();
    for (status, description) in refusals {
        let wanted: Vec<String> = stems(description);
        for sentence in sentences(world)
            .into_iter()
            .filter(|sentence| stems(sentence).iter().any(|stem| wanted.contains(stem) && is_telling(stem)))
        {
            found.extend(of_sentence(world, op, status, &sentence));
        }
    }
    found.truncate(MOST);
    found
}

/// Words such as "card" are in every sentence about cards: only what ends like a deed tells something.
fn is_telling(stem: &str) -> bool {
    const PLAIN: &[&str] = &["request", "definit", "servic", "answer", "state", "order", "card", "payment", "product"];
    stem.len() >= 5 && !PLAIN.contains(&stem)
}

/// The sentences of all descriptions of services and operations.
fn sentences(world: &World<'_, '_>) -> Vec<String> {
    let services = world.index.system.services().iter().filter_map(|service| service.description.clone());
    let operations = world.operations.iter().filter_map(|(_, operation)| operation.description.clone());
    let texts: Vec<String> = services.chain(operations).collect();
    texts.iter().flat_map(|text| text.split(['.', '\n'])).filter(|part| TOKEN.is_match(part)).map(str::to_owned).collect()
}

fn of_sentence(world: &World<'_, '_>, op: OpId, status: u16, sentence: &str) -> Vec<Candidate> {
    let said = stems(sentence);
    let is_named = |place: &&Place| {
        let last = split_identifier(&place.name).last().map(|word| stem(word));
        place.shape.kind == crate::shape::Kind::Text && last.is_some_and(|last| said.contains(&last))
    };
    let mut found = Vec::new();
    for place in world.types(op).request.iter().filter(is_named) {
        for token in TOKEN.captures_iter(sentence).filter_map(|found| found.get(1).or(found.get(2))) {
            found.extend(candidate(world, op, status, place, token.as_str(), sentence.trim()));
        }
    }
    found
}

fn candidate(world: &World<'_, '_>, op: OpId, status: u16, place: &Place, token: &str, sentence: &str) -> Option<Candidate> {
    let title = format!("{}: {} is refused for a {} with {token}", world.service(op).name, words::phrase(world, op), place.name);
    let schema = world.service(op).schema(&place.node)?;
    let validator = world.validator(op, &schema)?;
    let mut draft = draft(world, &title);
    let expect: Expectation = exactly(status);
    let focus = refused(&mut draft, op, expect, format!("\"{sentence}\""), |_, bindings| {
        let wanted =
            bindings.iter_mut().find(|binding| matches!(&binding.input, Input::Body(at) if generic(at) == place.pointer))?;
        let BindingSource::Generated { value: Value::String(known), .. } = &wanted.source else { return None };
        let value = with_token(known, token).into_iter().map(Value::from).find(|value| validator.is_valid(value))?;
        wanted.source = BindingSource::Literal(value);
        Some(())
    })?;
    Some(Candidate { is_guess: true, focus, ..Candidate::of(&draft, title, Kind::Refusal, world.operation(op)) })
}

/// The token itself, or a value that ends or begins with it.
fn with_token(known: &str, token: &str) -> Vec<String> {
    let characters: Vec<char> = known.chars().collect();
    let count = token.chars().count().min(characters.len());
    let begin: String = characters[..characters.len() - count].iter().collect();
    let end: String = characters[count..].iter().collect();
    vec![token.to_owned(), format!("{begin}{token}"), format!("{token}{end}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_put_where_a_value_may_have_it() {
        assert_eq!(with_token("4242424242424242", "0002"), ["0002", "4242424242420002", "0002424242424242"]);
        assert_eq!(with_token("ab", "0002"), ["0002", "0002", "0002"]);
    }
}
