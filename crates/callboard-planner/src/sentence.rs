//! A sentence as tokens: words with their stems, punctuation and literals.

use std::collections::{HashMap, HashSet};

use crate::entities::EntityId;
use crate::lexicon::PHRASES;
use crate::literals::{self, Literal};
use crate::participle::{base_of, without_relative_clause};
use crate::refusals;
use crate::statements;
use crate::words::{Act, Lexicon, act_of, act_of_word, is_person_like, is_stop, stem};

/// What a system's definitions know of words.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    /// Stems of paths, names of operations and summaries.
    pub(crate) terms: HashSet<String>,
    /// Stems of resource nouns.
    pub(crate) nouns: HashSet<String>,
    /// Stems of the first words of operations' names and summaries.
    pub(crate) verbs: HashSet<String>,
    /// What those of them ask for that only this system knows as verbs (`Forget a customer` is a `DELETE`).
    pub(crate) acts: HashMap<String, Act>,
    /// Words that examples give as names, with what they are names of (`Teapot` is a product).
    pub(crate) instances: HashMap<String, EntityId>,
    pub(crate) lexicon: Lexicon,
}

impl Vocabulary {
    /// Adds what another service's definition knows of words; what is known already stays.
    pub(crate) fn learn(&mut self, other: Self) {
        self.terms.extend(other.terms);
        self.nouns.extend(other.nouns);
        self.verbs.extend(other.verbs);
        for (verb, act) in other.acts {
            self.acts.entry(verb).or_insert(act);
        }
        for (word, entity) in other.instances {
            self.instances.entry(word).or_insert(entity);
        }
    }

    pub(crate) fn is_term(&self, stem: &str) -> bool {
        self.terms.contains(stem)
    }

    /// Whether a word names a resource, by itself or by a synonym.
    pub(crate) fn is_noun(&self, word: &str) -> bool {
        let stem = stem(word);
        !is_stop(word)
            && (self.nouns.contains(&stem)
                || is_person_like(&stem) && act_of(&stem).is_none()
                || self.lexicon.similar(&stem).iter().any(|s| self.nouns.contains(*s)))
    }

    pub(crate) fn is_verb(&self, word: &str) -> bool {
        act_of_word(word).is_some() || self.verbs.contains(&stem(word)) && !word.ends_with("ance") && !word.ends_with("tion")
    }

    /// What a verb asks for: by the English of APIs, or by the method of the operation that is called so.
    pub(crate) fn act(&self, word: &str) -> Option<Act> {
        act_of_word(word).or_else(|| self.acts.get(&stem(word)).copied())
    }

    /// What a word is the name of, where examples say so and it has no other meaning.
    pub(crate) fn instance(&self, word: &str) -> Option<EntityId> {
        let stem = stem(word);
        let has_meaning = self.is_term(&stem) || self.is_noun(word) || is_stop(word) || self.act(word).is_some();
        self.instances.get(&stem).copied().filter(|_| !has_meaning)
    }

    /// Whether the word means something to us, so that it is no name.
    pub(crate) fn explains(&self, word: &str) -> bool {
        let stem = stem(word);
        self.is_term(&stem)
            || act_of(&stem).is_some()
            || self.is_noun(word)
            || !self.lexicon.similar(&stem).is_empty()
            || number_word(word).is_some()
            || (word.ends_with("ly") && word.len() > 4)
    }
}

/// A token of the text as it stands.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) text: String,
    pub(crate) lower: String,
    pub(crate) capital: bool,
    pub(crate) quoted: bool,
    pub(crate) possessive: bool,
    pub(crate) starts_sentence: bool,
}

impl Raw {
    pub(crate) fn is_punctuation(&self) -> bool {
        !self.quoted && !self.text.chars().any(char::is_alphanumeric)
    }
}

/// A token with its meaning.
#[derive(Clone, Debug)]
pub(crate) enum Token {
    Word(Word),
    Punctuation(char),
    Literal(usize),
}

/// A word.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) lower: String,
    pub(crate) stem: String,
    pub(crate) possessive: bool,
}

/// A sentence, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    pub(crate) tokens: Vec<Token>,
    pub(crate) literals: Vec<Literal>,
}

impl Sentence {
    pub(crate) fn parse(text: &str, vocabulary: &Vocabulary) -> Self {
        let text: String = text.chars().take(8000).collect();
        let raw =
            raw_tokens(&normalise(&without_relative_clause(&statements::told(&refusals::told(&text, vocabulary), vocabulary))));
        let literals = literals::find(&raw, vocabulary);
        let mut tokens = Vec::new();
        let mut i = 0;
        while i < raw.len() {
            if let Some(number) = literals.iter().position(|literal| literal.span.0 == i) {
                tokens.push(Token::Literal(number));
                i = literals[number].span.1 + 1;
                continue;
            }
            push_token(&raw[i], &mut tokens);
            i += 1;
        }
        Self { tokens, literals }
    }
}

fn push_token(raw: &Raw, tokens: &mut Vec<Token>) {
    if raw.is_punctuation() {
        tokens.push(Token::Punctuation(raw.text.chars().next().unwrap_or(',')));
        return;
    }
    let parts: Vec<&str> = raw.lower.split(['-', '/']).filter(|part| !part.is_empty()).collect();
    let count = parts.len();
    for (i, part) in parts.into_iter().enumerate() {
        let possessive = raw.possessive && i + 1 == count;
        let is_passive = matches!(tokens.last(), Some(Token::Word(before)) if before.lower == "be");
        let part = if is_passive { base_of(part).unwrap_or_else(|| part.to_owned()) } else { part.to_owned() };
        tokens.push(Token::Word(Word { text: part.clone(), stem: stem(&part), lower: part, possessive }));
    }
}

/// Writes phrasal verbs as one word. Quoted text stays: phrases are only looked for outside of quotes.
fn normalise(text: &str) -> String {
    let mut pieces: Vec<String> = Vec::new();
    for (i, piece) in text.split('"').enumerate() {
        if i % 2 == 1 {
            pieces.push(piece.to_owned());
            continue;
        }
        let mut piece = piece.to_owned();
        for (phrase, word) in PHRASES {
            piece = replace_phrase(&piece, phrase, word);
        }
        pieces.push(piece);
    }
    pieces.join("\"")
}

fn replace_phrase(text: &str, phrase: &str, word: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in lower.match_indices(phrase) {
        let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        if at < from || !is_edge(lower[..at].chars().next_back()) || !is_edge(lower[at + phrase.len()..].chars().next()) {
            continue;
        }
        out.push_str(&text[from..at]);
        out.push_str(word);
        from = at + phrase.len();
    }
    out.push_str(&text[from..]);
    out
}

fn raw_tokens(text: &str) -> Vec<Raw> {
    let chars: Vec<char> = text.replace(['“', '”'], "\"").replace('’', "'").chars().collect();
    let mut tokens: Vec<Raw> = Vec::new();
    let mut i = 0;
    let mut starts_sentence = true;
    while i < chars.len() {
        let c = chars[i];
        if c.is_whitespace() {
            i += 1;
            continue;
        }
        if let Some(close) = closing_quote(&chars, i) {
            let text: String = chars[i + 1..close].iter().collect();
            let possessive = chars.get(close + 1) == Some(&'\'') && chars.get(close + 2) == Some(&'s');
            tokens.push(Raw { lower: text.to_lowercase(), text, capital: false, quoted: true, possessive, starts_sentence });
            i = close + if possessive { 3 } else { 1 };
            starts_sentence = false;
            continue;
        }
        let end = (i..chars.len()).find(|&at| chars[at].is_whitespace() || chars[at] == '"').unwrap_or(chars.len()).max(i + 1);
        push_raw(&chars[i..end].iter().collect::<String>(), &mut tokens, &mut starts_sentence);
        i = end;
    }
    tokens
}

/// The end of quoted text that opens here.
fn closing_quote(chars: &[char], i: usize) -> Option<usize> {
    let quote = chars[i];
    let opens = match quote {
        '"' | '`' => true,
        '\'' => i == 0 || chars[i - 1].is_whitespace() || chars[i - 1] == '(',
        _ => false,
    };
    let is_close = |at: usize| chars[at] == quote && (quote != '\'' || chars.get(at + 1).is_none_or(|c| !c.is_alphanumeric()));
    opens.then(|| (i + 1..chars.len()).find(|&at| is_close(at)))?.filter(|close| *close > i + 1)
}

/// One blank-separated piece: leading and trailing punctuation become tokens of their own.
fn push_raw(piece: &str, tokens: &mut Vec<Raw>, starts_sentence: &mut bool) {
    let keeps = |c: char| c.is_alphanumeric() || "$€£#/@_".contains(c);
    let core_start = piece.find(keeps).unwrap_or(piece.len());
    let core_end = piece
        .rfind(|c: char| c.is_alphanumeric() || "%_/".contains(c))
        .map_or(core_start, |at| at + piece[at..].chars().next().map_or(1, char::len_utf8));
    if core_start >= core_end {
        push_marks(piece, tokens, starts_sentence);
        return;
    }
    push_marks(&piece[..core_start], tokens, starts_sentence);
    let core = &piece[core_start..core_end];
    let (core, possessive) = match core.strip_suffix("'s").or_else(|| core.strip_suffix("'S")) {
        Some(rest)
            if !matches!(rest.to_lowercase().as_str(), "it" | "that" | "what" | "who" | "there" | "let" | "he" | "she") =>
        {
            (rest, true)
        }
        _ => (core, piece[core_end..].starts_with('\'') && core.ends_with('s')),
    };
    let capital = core.chars().next().is_some_and(char::is_uppercase);
    tokens.push(Raw {
        text: core.to_owned(),
        lower: core.to_lowercase(),
        capital,
        quoted: false,
        possessive,
        starts_sentence: *starts_sentence,
    });
    *starts_sentence = false;
    push_marks(&piece[core_end..], tokens, starts_sentence);
}

/// Punctuation marks, each a token; one that ends a sentence says so to the next word.
fn push_marks(text: &str, tokens: &mut Vec<Raw>, starts_sentence: &mut bool) {
    for c in text.chars().filter(|c| ",;.:?!()&".contains(*c)) {
        tokens.push(Raw {
            text: c.to_string(),
            lower: c.to_string(),
            capital: false,
            quoted: false,
            possessive: false,
            starts_sentence: false,
        });
        *starts_sentence |= ".?!".contains(c);
    }
}

/// `third` is 3, `two` is 2.
pub(crate) fn number_word(word: &str) -> Option<i64> {
    const WORDS: &[&[&str]] = &[
        &["one", "first", "1st", "once"],
        &["two", "second", "2nd", "twice"],
        &["three", "third", "3rd"],
        &["four", "fourth", "4th"],
        &["five", "fifth", "5th"],
        &["six", "sixth", "6th"],
        &["seven", "seventh", "7th"],
        &["eight", "eighth", "8th"],
        &["nine", "ninth", "9th"],
        &["ten", "tenth", "10th"],
    ];
    WORDS.iter().position(|row| row.contains(&word)).and_then(|at| i64::try_from(at + 1).ok())
}
