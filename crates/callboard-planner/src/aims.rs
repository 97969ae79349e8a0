//! Aims: clauses that say more than which operation they want, and which operations can serve them.

use callboard_model::api::ParameterLocation;
use callboard_model::map::Input;
use callboard_model::{Method, StatusPattern};

use crate::clauses::{Clause, Mode, is_word};
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::score::View;
use crate::sentence::{Token, number_word};
use crate::words::split_identifier;

/// What a clause is about beyond an operation of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// Nothing more.
    Plain,
    /// `join the user to the group`: two resources become related.
    Join,
    /// `impersonate the user`: what follows is done with the rights of somebody who was made here.
    ActAs,
    /// `the user is in the group`, or is not.
    Holds(bool),
    /// `the kitchen is unchanged`: as it was before.
    Unchanged,
    /// `the payments breaks down`: what calls this service fails.
    Breaks,
}

/// Reads the aim of a clause, and how long it may take.
pub(crate) fn read(group: &[Token], clause: &mut Clause, used: &mut [bool]) {
    clause.within = within(group, used);
    let at = |phrase: &[&str]| {
        let is_there =
            |at: &usize| phrase.iter().enumerate().all(|(i, word)| group.get(at + i).is_some_and(|t| is_word(t, &[word])));
        (0..group.len()).find(is_there)
    };
    let mut take = |start: usize, count: usize| used.iter_mut().skip(start).take(count).for_each(|mark| *mark = true);
    if let Some(start) = at(&["breaks", "down"]) {
        take(start, 2);
        clause.outcome = Some(vec![StatusPattern::Class(4), StatusPattern::Class(5)]);
        clause.aim = Aim::Breaks;
    } else if let Some(start) = at(&["impersonate"]) {
        take(start, 1);
        clause.aim = Aim::ActAs;
    } else if let (Some(start), Some(_)) = (at(&["join"]), at(&["to"])) {
        take(start, 1);
        clause.aim = Aim::Join;
    } else if clause.mode == Mode::Check {
        read_state(clause, &at, &mut take);
    }
}

/// What is checked of something: that it is as it was, or what it holds.
fn read_state(clause: &mut Clause, at: &dyn Fn(&[&str]) -> Option<usize>, take: &mut dyn FnMut(usize, usize)) {
    const SAME: &[&[&str]] = &[&["unchanged"], &["the", "same"]];
    const LACKS: &[&[&str]] = &[&["not", "in"], &["gone", "from"], &["not", "have"], &["not", "contain"], &["not", "list"]];
    const HOLDS: &[&[&str]] = &[&["is", "in", "the"], &["are", "in", "the"], &["is", "in", "it"], &["are", "in", "it"]];
    let found = |phrases: &[&'static [&'static str]]| phrases.iter().find_map(|phrase| Some((at(phrase)?, phrase.len())));
    if let Some((start, count)) = found(SAME) {
        take(start, count);
        clause.aim = Aim::Unchanged;
    } else if let Some((start, count)) = found(LACKS) {
        take(start, count);
        clause.aim = Aim::Holds(false);
        (clause.gone, clause.outcome) = (false, None);
    } else if found(HOLDS).is_some() {
        clause.aim = Aim::Holds(true);
    }
}

/// `within five minutes`, `in 30 seconds`: in seconds.
fn within(group: &[Token], used: &mut [bool]) -> Option<u64> {
    let start = group.iter().position(|token| is_word(token, &["within"]))?;
    let (Some(Token::Word(count)), Some(Token::Word(unit))) = (group.get(start + 1), group.get(start + 2)) else { return None };
    let count = number_word(&count.lower).or_else(|| (count.lower == "a" || count.lower == "an").then_some(1))?;
    let seconds = match unit.lower.trim_end_matches('s') {
        "second" => 1,
        "minute" => 60,
        "hour" => 3600,
        _ => return None,
    };
    used.iter_mut().skip(start).take(3).for_each(|mark| *mark = true);
    Some(u64::try_from(count).ok()? * seconds)
}

impl Aim {
    /// Whether an operation can serve the aim of a clause.
    pub(crate) fn fits(self, view: &View<'_, '_>, op: OpId) -> bool {
        let method = &view.index.ops[op].method;
        match self {
            Self::Plain => true,
            Self::Join => joins(view, op),
            Self::ActAs => *method == Method::Post && gives_token(view.index, op),
            Self::Holds(_) => method.is_safe() && !(view.stems.contains("list") && view.index.ops[op].ends_in_parameter),
            Self::Unchanged => method.is_safe() && view.index.typing.operations[op].needs.iter().all(|need| !need.hard),
            Self::Breaks => !method.is_safe() && !view.services.contains(&view.index.ops[op].service),
        }
    }
}

/// Whether an operation relates the resources that the clause names: it takes a key of each.
fn joins(view: &View<'_, '_>, op: OpId) -> bool {
    let named: Vec<Vec<EntityId>> = view
        .clause
        .words
        .iter()
        .filter(|word| !word.is_verb)
        .map(|word| view.index.entities_of(&word.text))
        .filter(|entities| !entities.is_empty())
        .collect();
    let needs = &view.index.typing.operations[op].needs;
    let takes = |entities: &Vec<EntityId>| needs.iter().any(|need| entities.contains(&need.entity) && is_told(&need.input));
    let method = &view.index.ops[op].method;
    named.len() >= 2 && named.iter().all(takes) && matches!(method, Method::Put | Method::Post)
}

fn is_told(input: &Input) -> bool {
    matches!(input, Input::Body(_) | Input::Parameter(ParameterLocation::Path, _))
}

/// Whether an answer carries a token for its caller: a header or a field at the top that is called so.
pub(crate) fn gives_token(index: &Index<'_>, op: OpId) -> bool {
    let is_token = |name: &str| split_identifier(name).last().is_some_and(|last| last == "token");
    let places = &index.typing.operations[op].response;
    let in_body = places.iter().any(|place| place.parent == Some(0) && place.shape.kind.is_scalar() && is_token(&place.name));
    in_body || token_header(index, op).is_some()
}

/// The header of an answer in which a token stands.
pub(crate) fn token_header(index: &Index<'_>, op: OpId) -> Option<String> {
    let (_, operation) = index.system.operations().nth(op)?;
    let is_token = |name: &str| split_identifier(name).last().is_some_and(|last| last == "token");
    operation.success_response()?.headers.iter().find(|header| is_token(&header.name)).map(|header| header.name.clone())
}
