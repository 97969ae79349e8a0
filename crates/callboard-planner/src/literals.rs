//! Literals: what a sentence gives as it is, such as names, numbers, quoted text and files.

use serde_json::{Number, Value};

use crate::entities::EntityId;
use crate::sentence::{Raw, Vocabulary};
use crate::words::{is_stop, stem};

/// What kind of literal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LiteralKind {
    Quoted,
    Name,
    Number,
    /// An address, a file name, a code.
    Identifier,
}

/// A value that the sentence gives.
#[derive(Clone, Debug)]
pub(crate) struct Literal {
    pub(crate) text: String,
    pub(crate) kind: LiteralKind,
    /// First and last raw token.
    pub(crate) span: (usize, usize),
    /// `Ada's`.
    pub(crate) possessive: bool,
    /// `with ID 123`.
    pub(crate) is_key: bool,
    /// What it is a name of, where examples of the definitions say so: something to search for, never a key.
    pub(crate) instance: Option<EntityId>,
}

impl Literal {
    /// The value as JSON.
    pub(crate) fn value(&self) -> Value {
        if self.kind == LiteralKind::Number {
            let text = self.text.trim_start_matches(['$', '€', '£', '#']).trim_end_matches('%').replace(',', "");
            if let Ok(whole) = text.parse::<i64>() {
                return Value::Number(whole.into());
            }
            if let Some(number) = text.parse::<f64>().ok().and_then(Number::from_f64) {
                return Value::Number(number);
            }
        }
        Value::String(self.text.clone())
    }
}

/// Words that tie the parts of a name together (`Lord of the Rings`).
const TIES: &[&str] = &["of", "the", "in", "to", "on", "for", "a", "an", "as", "de", "la", "von", "van", "&", "at"];

/// Finds literals among raw tokens, in order and without overlap.
pub(crate) fn find(raw: &[Raw], vocabulary: &Vocabulary) -> Vec<Literal> {
    let mut found: Vec<Literal> = Vec::new();
    let mut i = 0;
    while i < raw.len() {
        match literal_at(raw, i, vocabulary) {
            Some(literal) => {
                i = literal.span.1 + 1;
                found.push(literal);
            }
            None => i += 1,
        }
    }
    repeat_lower_case_names(raw, &mut found);
    found
}

fn literal_at(raw: &[Raw], i: usize, vocabulary: &Vocabulary) -> Option<Literal> {
    let token = &raw[i];
    if token.quoted {
        return Some(single(token, i, LiteralKind::Quoted, key_before(raw, i)));
    }
    if token.is_punctuation() {
        return None;
    }
    name_at(raw, i, vocabulary)
        .or_else(|| number_at(raw, i))
        .or_else(|| looks_like_identifier(&token.text).then(|| single(token, i, LiteralKind::Identifier, true)))
        .or_else(|| lower_case_name(raw, i, vocabulary))
        .or_else(|| instance_at(raw, i, vocabulary))
}

/// `two teapots`, where an example of a product is called `Teapot`.
fn instance_at(raw: &[Raw], i: usize, vocabulary: &Vocabulary) -> Option<Literal> {
    let instance = vocabulary.instance(&raw[i].lower)?;
    let literal = single(&raw[i], i, LiteralKind::Name, false);
    Some(Literal { text: crate::words::singular(&raw[i].lower), instance: Some(instance), ..literal })
}

fn single(token: &Raw, i: usize, kind: LiteralKind, is_key: bool) -> Literal {
    Literal { text: token.text.clone(), kind, span: (i, i), possessive: token.possessive, is_key, instance: None }
}

fn number_at(raw: &[Raw], i: usize) -> Option<Literal> {
    let text = raw[i].text.trim_start_matches(['$', '€', '£', '#']).trim_end_matches('%');
    let is_number =
        text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_digit() || ".,".contains(c));
    is_number.then(|| single(&raw[i], i, LiteralKind::Number, raw[i].text.starts_with('#') || key_before(raw, i)))
}

/// `ID 123`, `number 7`.
fn key_before(raw: &[Raw], i: usize) -> bool {
    i.checked_sub(1).is_some_and(|before| matches!(raw[before].lower.as_str(), "id" | "identifier" | "uuid" | "key" | "ids"))
}

/// `notes.txt`, `ada@example.org`, `/data`, `SKU-123`.
fn looks_like_identifier(text: &str) -> bool {
    if matches!(text.to_lowercase().as_str(), "e.g" | "i.e" | "etc" | "vs") || text.len() < 3 {
        return false;
    }
    let has_letter = text.chars().any(char::is_alphabetic);
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    let inner_dot = text.trim_matches('.').contains('.') && !text.contains("..");
    let is_path = text.starts_with('/') && text.len() > 1;
    let is_code =
        has_digit && has_letter && text.chars().filter(char::is_ascii_digit).count() >= 2 && !text.to_lowercase().ends_with("th");
    has_letter && (text.contains('@') || text.contains("://") || inner_dot || is_path || is_code)
}

/// A run of capitalised words, with small words between them.
fn name_at(raw: &[Raw], i: usize, vocabulary: &Vocabulary) -> Option<Literal> {
    let opens_with_number = raw[i].text.chars().all(|c| c.is_ascii_digit())
        && raw.get(i + 1).is_some_and(|next| part_of_name(next, vocabulary))
        && !key_before(raw, i);
    if !(opens_with_number || part_of_name(&raw[i], vocabulary)) || (raw[i].starts_sentence && !may_start(raw, i, vocabulary)) {
        return None;
    }
    let mut end = i;
    while !raw[end].possessive {
        match next_part(raw, end, vocabulary) {
            Some(next) => end = next,
            None => break,
        }
    }
    let words: Vec<&str> = raw[i..=end].iter().map(|token| token.text.as_str()).collect();
    let text = words.join(" ").replace(" :", ":");
    if end == i && (is_acronym(&text) || vocabulary.is_term(&stem(&raw[i].lower)) || is_stop(&raw[i].lower)) {
        return None;
    }
    Some(Literal {
        text,
        kind: LiteralKind::Name,
        span: (i, end),
        possessive: raw[end].possessive,
        is_key: key_before(raw, i),
        instance: None,
    })
}

fn is_acronym(text: &str) -> bool {
    text.len() <= 4 && text.chars().all(|c| c.is_uppercase())
}

fn part_of_name(token: &Raw, vocabulary: &Vocabulary) -> bool {
    let is_known =
        || vocabulary.nouns.contains(&stem(&token.lower)) || (is_acronym(&token.text) && vocabulary.is_term(&stem(&token.lower)));
    token.capital
        && !token.is_punctuation()
        && !token.quoted
        && !matches!(token.lower.as_str(), "i" | "id" | "ids" | "api" | "url" | "i'm" | "i'd" | "i've")
        && !is_known()
}

/// At the start of a sentence every word is capitalised: only a run of them is a name, or one before `versus` or `'s`.
fn may_start(raw: &[Raw], i: usize, vocabulary: &Vocabulary) -> bool {
    if is_stop(&raw[i].lower) || vocabulary.is_verb(&raw[i].lower) {
        return false;
    }
    let next = raw.get(i + 1);
    raw[i].possessive
        || next.is_some_and(|n| part_of_name(n, vocabulary) || n.lower == "versus" || n.lower == "vs" || n.text == ":")
}

fn next_part(raw: &[Raw], end: usize, vocabulary: &Vocabulary) -> Option<usize> {
    let is_part = |i: usize| raw.get(i).is_some_and(|token| part_of_name(token, vocabulary));
    let lower = |i: usize| raw.get(i).map_or("", |token| token.lower.as_str());
    if is_part(end + 1) {
        return Some(end + 1);
    }
    // `Avatar: The Way of Water`, `The Fast and the Furious`.
    if lower(end + 1) == ":" && lower(end + 2) == "the" && is_part(end + 2) {
        return Some(end + 2);
    }
    if lower(end + 1) == "and" && lower(end + 2) == "the" && is_part(end + 3) {
        return Some(end + 3);
    }
    let mut at = end + 1;
    while at <= end + 2 && TIES.contains(&lower(at)) {
        at += 1;
    }
    (at > end + 1 && is_part(at)).then_some(at)
}

/// `the user ada`, `a group named team`: a word that nothing else explains, behind a resource's noun.
fn lower_case_name(raw: &[Raw], i: usize, vocabulary: &Vocabulary) -> Option<Literal> {
    let token = &raw[i];
    let before = raw.get(i.checked_sub(1)?)?;
    let follows_name = raw.get(i + 1).is_some_and(|next| part_of_name(next, vocabulary) || next.quoted);
    if follows_name && matches!(token.lower.as_str(), "named" | "called" | "titled" | "name") {
        return None;
    }
    let says_name = matches!(before.lower.as_str(), "named" | "called" | "titled" | "name");
    let is_unknown = !token.capital
        && !is_stop(&token.lower)
        && token.lower.chars().all(|c| c.is_alphanumeric() || "-_".contains(c))
        && !vocabulary.explains(&token.lower);
    const ENDINGS: &[&str] =
        &["tion", "sion", "ment", "ing", "ed", "ity", "ness", "al", "ive", "ance", "ence", "ions", "ents", "ies", "able", "ous"];
    let is_unknown = is_unknown && token.lower.len() <= 14 && !ENDINGS.iter().any(|end| token.lower.ends_with(end));
    let noun_before =
        vocabulary.is_noun(&before.lower) && !before.possessive && crate::words::singular(&before.lower) == before.lower;
    let ends = raw.get(i + 1).is_none_or(|next| next.is_punctuation() || is_stop(&next.lower) || next.lower == "again");
    ((says_name && !is_stop(&token.lower)) || (noun_before && is_unknown && ends))
        .then(|| single(token, i, LiteralKind::Name, true))
}

/// A name that was given once is that name wherever it stands again.
fn repeat_lower_case_names(raw: &[Raw], found: &mut Vec<Literal>) {
    let names: Vec<Literal> = found.iter().filter(|l| l.kind == LiteralKind::Name && l.span.0 == l.span.1).cloned().collect();
    for (i, token) in raw.iter().enumerate() {
        let taken = found.iter().any(|literal| literal.span.0 <= i && i <= literal.span.1);
        if let Some(known) = names.iter().find(|name| name.text == token.text && !taken) {
            found.push(Literal { span: (i, i), possessive: token.possessive, ..known.clone() });
        }
    }
    found.sort_by_key(|literal| literal.span);
}
