//! Verbs that stand alone: `order a teapot, pay and check that it is sent` pays what was ordered.
//!
//! A verb without an object means what the clause before speaks of, or, in front of another verb, that one's object. Where neither is
//! plain (`create and configure a server`) it stays with what follows.

use crate::clauses::is_word;
use crate::sentence::{Token, Vocabulary, Word};
use crate::words::{Act, is_stop, stem};

/// A part of a sentence, and whether it ends where a sentence may end.
pub(crate) type Group = (Vec<Token>, bool);

/// Behind an object that another verb lends: only an operation that is called by the verb is meant.
const SHARED: Token = Token::Punctuation('&');

/// Whether the object of a part is that of the verb behind it.
pub(crate) fn is_shared(group: &[Token]) -> bool {
    matches!(group.last(), Some(Token::Punctuation('&')))
}

/// Gives verbs that stand alone their object.
pub(crate) fn completed(groups: &[Group], vocabulary: &Vocabulary) -> Vec<Vec<Token>> {
    let mut out: Vec<Vec<Token>> = Vec::with_capacity(groups.len());
    for at in 0..groups.len() {
        let (group, ends) = &groups[at];
        let mut group = group.clone();
        if at > 0 && is_bare_deed(&group, vocabulary) && out.iter().any(|before| has_object(before)) {
            group.extend(object(*ends, groups.get(at + 1).map(|(next, _)| next.as_slice())));
        }
        out.push(group);
    }
    out
}

/// What a verb alone is about; nothing where it shares what follows.
fn object(ends: bool, next: Option<&[Token]>) -> Vec<Token> {
    let it = || vec![Token::Word(Word { text: "it".to_owned(), lower: "it".to_owned(), stem: stem("it"), possessive: false })];
    let Some(next) = next.filter(|_| !ends) else { return it() };
    const DEFINITE: &[&str] = &["the", "it", "her", "his", "its", "them", "their", "this", "that"];
    const LOOKS: &[&str] = &["check", "verify", "make", "confirm", "expect", "assert", "ensure", "see", "wait", "poll"];
    const PREPOSITIONS: &[&str] = &["with", "by", "for", "from", "to", "in", "at", "as", "until", "that", "whether"];
    let is_look = next.iter().find(|token| is_content(token)).is_some_and(|token| is_word(token, LOOKS));
    let follower = next.get(1);
    let is_without_object = follower.is_none_or(|token| is_word(token, PREPOSITIONS));
    if is_look || is_without_object || next.first().is_some_and(|token| is_word(token, DEFINITE)) {
        it()
    } else if follower.is_some_and(|token| is_word(token, DEFINITE)) {
        next[1..].iter().cloned().chain([SHARED]).collect()
    } else {
        Vec::new()
    }
}

/// Whether a part is nothing but a verb that some operation is called by, and that does something.
fn is_bare_deed(group: &[Token], vocabulary: &Vocabulary) -> bool {
    let mut content = group.iter().filter(|token| is_content(token));
    let (Some(Token::Word(verb)), None) = (content.next(), content.next()) else { return false };
    let speaks_of_it = group.iter().any(|token| is_word(token, &["it", "them", "her", "him", "one", "that", "until"]));
    !speaks_of_it
        && vocabulary.act(&verb.lower).is_some_and(|act| act != Act::Read)
        && vocabulary.verbs.contains(&verb.stem)
        && !vocabulary.nouns.contains(&verb.stem)
}

fn is_content(token: &Token) -> bool {
    match token {
        Token::Word(word) => !is_stop(&word.lower) || matches!(word.lower.as_str(), "ensure" | "make"),
        Token::Literal(_) => true,
        Token::Punctuation(_) => false,
    }
}

/// Whether there is anything in a part that could be meant.
fn has_object(group: &[Token]) -> bool {
    group.iter().filter(|token| is_content(token)).count() > 1
}
