//! Clauses: the parts of a sentence that each ask for one thing.

use callboard_model::StatusPattern;

use crate::lexicon::NOUN_OR_VERB;
use crate::sentence::{Sentence, Token, Vocabulary, Word, number_word};
use crate::words::{Act, act_of_word, is_stop, singular};

/// What a clause wants of its operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To do it.
    Do,
    /// To look and judge.
    Check,
    /// To look until something holds.
    Wait,
}

/// A content word of a clause.
#[derive(Clone, Debug)]
pub(crate) struct ContentWord {
    pub(crate) text: String,
    pub(crate) stem: String,
    /// 1 for words of the clause itself, less for purposes and what pronouns stand for.
    pub(crate) factor: f64,
    /// Position in the clause, literals counted.
    pub(crate) position: usize,
    pub(crate) possessive: bool,
    pub(crate) is_verb: bool,
}

/// Who or what a pronoun stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pronoun {
    Thing,
    Person,
}

/// One clause.
#[derive(Clone, Debug)]
pub(crate) struct Clause {
    pub(crate) words: Vec<ContentWord>,
    /// Literals with their positions.
    pub(crate) literals: Vec<(usize, usize)>,
    /// Numbers that ordinals and number words give (`third`), with the stem of the word behind.
    pub(crate) ordinals: Vec<(i64, String)>,
    pub(crate) act: Option<Act>,
    pub(crate) pronouns: Vec<Pronoun>,
    pub(crate) mode: Mode,
    /// `is refused`, `not found`.
    pub(crate) outcome: Option<Vec<StatusPattern>>,
    /// `is gone`.
    pub(crate) gone: bool,
    /// `and compare`.
    pub(crate) compare: bool,
    /// `using its ID`: the key is given from outside.
    pub(crate) has_key: bool,
    /// A position behind `by` or `with`: what follows acts.
    pub(crate) agents: Vec<usize>,
}

/// Splits a sentence into clauses.
pub(crate) fn split(sentence: &Sentence, vocabulary: &Vocabulary) -> Vec<Clause> {
    let tokens = &sentence.tokens;
    let mut groups: Vec<Vec<Token>> = vec![Vec::new()];
    let mut i = 0;
    // Behind `by retrieving …` each further gerund opens a clause, too.
    let mut gerunds = false;
    while i < tokens.len() {
        gerunds = match &tokens[i] {
            Token::Punctuation('.' | '?' | '!' | ';') => false,
            Token::Word(word) if matches!(word.lower.as_str(), "by" | "while" | "including" | "through") => true,
            _ => gerunds,
        };
        if let Some(start) = clause_start(tokens, i, gerunds, vocabulary)
            && groups.last().is_some_and(|group| has_content(group))
        {
            groups.push(Vec::new());
            i = start;
            continue;
        }
        if let Some(group) = groups.last_mut() {
            group.push(tokens[i].clone());
        }
        i += 1;
    }
    let mut clauses: Vec<Clause> = Vec::new();
    let mut pending: Option<Vec<Token>> = None;
    for mut group in groups {
        if let Some(mut before) = pending.take() {
            before.append(&mut group);
            group = before;
        }
        let clause = clause_of(&group, vocabulary);
        if is_comparison(&clause)
            && let Some(previous) = clauses.last_mut()
        {
            previous.compare = true;
            continue;
        }
        let bare = clause.words.iter().all(|word| word.is_verb) && clause.literals.is_empty() && clause.pronouns.is_empty();
        if bare && clause.mode == Mode::Do && clause.outcome.is_none() {
            pending = Some(group);
            continue;
        }
        clauses.push(clause);
    }
    if let Some(group) = pending {
        clauses.push(clause_of(&group, vocabulary));
    }
    clauses
}

fn is_comparison(clause: &Clause) -> bool {
    let compares = clause.words.first().is_some_and(|word| word.is_verb && word.stem == "compar");
    compares
        && clause.literals.is_empty()
        && clause.words.iter().skip(1).all(|w| matches!(w.stem.as_str(), "content" | "same" | "valu" | "result"))
}

fn has_content(group: &[Token]) -> bool {
    group.iter().any(|token| match token {
        Token::Literal(_) => true,
        Token::Word(word) => !is_stop(&word.lower) || act_of_word(&word.lower).is_some(),
        Token::Punctuation(_) => false,
    })
}

/// Where a new clause starts, when a boundary stands at `i`.
fn clause_start(tokens: &[Token], i: usize, gerunds: bool, vocabulary: &Vocabulary) -> Option<usize> {
    let is_stop_mark = matches!(&tokens[i], Token::Punctuation('.' | '?' | '!' | ';'));
    let is_boundary = match &tokens[i] {
        Token::Punctuation(c) => ",;.:?!".contains(*c),
        Token::Word(word) => {
            matches!(word.lower.as_str(), "and" | "then" | "while" | "before" | "after" | "plus" | "finally" | "afterwards")
                || (word.lower == "by" && matches!(tokens.get(i + 1), Some(Token::Word(next)) if next.lower.ends_with("ing")))
        }
        Token::Literal(_) => false,
    };
    if !is_boundary {
        return None;
    }
    let mut at = i + 1;
    let mut gerund =
        gerunds || matches!(&tokens[i], Token::Word(word) if matches!(word.lower.as_str(), "while" | "before" | "after" | "by"));
    while let Some(token) = tokens.get(at) {
        match token {
            Token::Word(word) if is_lead_in(&word.lower) => {
                gerund |= word.lower == "by" || word.lower == "while";
                at += 1;
            }
            Token::Punctuation(',') => at += 1,
            _ => break,
        }
    }
    if at >= tokens.len() {
        return None;
    }
    if is_stop_mark {
        return Some(at);
    }
    let Token::Word(word) = &tokens[at] else { return None };
    is_verb_here(tokens, at, word, gerund, vocabulary).then_some(at)
}

/// Words between a boundary and its verb.
fn is_lead_in(lower: &str) -> bool {
    const LEAD_IN: &[&str] = &[
        "and",
        "then",
        "also",
        "finally",
        "to",
        "please",
        "next",
        "i",
        "we",
        "they",
        "she",
        "he",
        "you",
        "it",
        "need",
        "would",
        "like",
        "can",
        "should",
        "could",
        "must",
        "will",
        "by",
        "lastly",
        "both",
        "either",
        "now",
        "first",
        "second",
        "third",
        "once",
        "afterward",
        "afterwards",
        "again",
        "while",
        "require",
        "wish",
        "requires",
        "after",
        "that",
        "or",
        "even",
        "later",
        "last",
        "there",
        "all",
        "this",
    ];
    LEAD_IN.contains(&lower) && lower != "all" && lower != "this"
        || (lower.ends_with("ly") && lower.len() > 4 && !matches!(lower, "supply" | "apply" | "reply" | "family" | "assembly"))
}

fn is_verb_here(tokens: &[Token], at: usize, word: &Word, gerund: bool, vocabulary: &Vocabulary) -> bool {
    let lower = word.lower.as_str();
    if lower.ends_with("ing") {
        return gerund && vocabulary.is_verb(lower);
    }
    if lower.ends_with("ed") && lower != "need" && lower != "feed" || lower.ends_with("tion") {
        return false;
    }
    if !vocabulary.is_verb(lower) || (is_stop(lower) && act_of_word(&word.lower).is_none()) {
        return false;
    }
    let base = singular(lower);
    let is_base = base == lower;
    let is_ambiguous = NOUN_OR_VERB.split_whitespace().any(|known| known == base)
        || act_of_word(&word.lower).is_none()
        || vocabulary.nouns.contains(&word.stem);
    let follower = tokens.get(at + 1);
    match follower {
        Some(Token::Word(next)) if opens_object(&next.lower) => true,
        Some(Token::Literal(_)) => is_base || !is_ambiguous,
        Some(Token::Word(next))
            if matches!(
                next.lower.as_str(),
                "and" | "or" | "of" | "for" | "in" | "with" | "is" | "are" | "to" | "from" | "as"
            ) =>
        {
            !is_ambiguous
        }
        Some(Token::Word(_)) => is_base || !is_ambiguous,
        _ => !is_ambiguous,
    }
}

/// A determiner or pronoun: what follows a verb and never a noun.
fn opens_object(lower: &str) -> bool {
    const OPENERS: &[&str] = &[
        "the",
        "a",
        "an",
        "all",
        "any",
        "my",
        "our",
        "your",
        "its",
        "their",
        "her",
        "his",
        "it",
        "them",
        "this",
        "that",
        "these",
        "those",
        "each",
        "every",
        "new",
        "some",
        "specific",
        "another",
        "two",
        "three",
        "existing",
        "detailed",
        "available",
        "current",
        "what",
        "which",
        "how",
        "whether",
        "if",
        "him",
        "one",
        "both",
        "again",
        "us",
        "me",
    ];
    OPENERS.contains(&lower)
}

/// Reads one clause.
fn clause_of(group: &[Token], vocabulary: &Vocabulary) -> Clause {
    let mut clause = Clause {
        words: Vec::new(),
        literals: Vec::new(),
        ordinals: Vec::new(),
        act: None,
        pronouns: Vec::new(),
        mode: Mode::Do,
        outcome: None,
        gone: false,
        compare: false,
        has_key: false,
        agents: Vec::new(),
    };
    let mut used = vec![false; group.len()];
    outcome(group, &mut clause, &mut used);
    mode(group, &mut clause, &mut used);
    let mut purpose = false;
    for (position, token) in group.iter().enumerate() {
        match token {
            Token::Literal(number) => clause.literals.push((position, *number)),
            Token::Word(word) if !used[position] => {
                purpose |= opens_purpose(group, position, vocabulary);
                take_word(group, position, word, purpose, &mut clause, vocabulary);
            }
            Token::Punctuation(',') => purpose = false,
            _ => {}
        }
    }
    clause
}

/// `to ensure compliance`, `for planning`: why something is wanted, not what.
fn opens_purpose(group: &[Token], position: usize, vocabulary: &Vocabulary) -> bool {
    let (Token::Word(word), Some(Token::Word(next))) = (&group[position], group.get(position + 1)) else { return false };
    if position < 2 {
        return false;
    }
    match word.lower.as_str() {
        "to" => {
            vocabulary.is_verb(&next.lower)
                || is_stop(&next.lower) && act_of_word(&next.lower).is_some()
                || next.lower == "ensure"
        }
        "for" => next.lower.ends_with("ing") && vocabulary.is_verb(&next.lower),
        "so" | "because" | "ensuring" => true,
        _ => false,
    }
}

fn take_word(group: &[Token], position: usize, word: &Word, purpose: bool, clause: &mut Clause, vocabulary: &Vocabulary) {
    let lower = word.lower.as_str();
    match lower {
        "it" | "its" | "them" | "one" => clause.pronouns.push(Pronoun::Thing),
        "her" | "his" | "him" | "she" | "he" | "hers" => clause.pronouns.push(Pronoun::Person),
        "their" | "they" => clause.pronouns.push(Pronoun::Person),
        "by" | "with" => clause.agents.push(position + 1),
        "id" | "ids" | "identifier" | "identifiers" | "uuid" => clause.has_key = true,
        _ => {}
    }
    if let Some(number) = number_word(lower) {
        let behind = group[position + 1..].iter().find_map(|t| match t {
            Token::Word(next) if !is_stop(&next.lower) => Some(next.stem.clone()),
            _ => None,
        });
        clause.ordinals.push((number, behind.unwrap_or_default()));
    }
    let act = act_of_word(&word.lower);
    let is_first = clause.words.is_empty() && clause.literals.is_empty();
    let is_verb = is_first && (act.is_some() || vocabulary.verbs.contains(&word.stem)) && !lower.ends_with("ed");
    if is_verb && clause.act.is_none() {
        clause.act = act.or(Some(Act::Perform));
    }
    if is_stop(lower) && !is_verb || matches!(lower, "id" | "ids" | "identifier" | "identifiers") {
        return;
    }
    if number_word(lower).is_some() {
        return;
    }
    if is_stop(lower) && clause.act.is_some_and(|act| act == Act::Read) && crate::words::is_bare_read(&word.stem) {
        // A verb of reading alone: it was noted above and says nothing more.
        return;
    }
    let factor = if purpose { 0.4 } else { 1.0 };
    clause.words.push(ContentWord {
        text: word.text.clone(),
        stem: word.stem.clone(),
        factor,
        position,
        possessive: word.possessive,
        is_verb,
    });
}

/// Words that say how it should end.
fn outcome(group: &[Token], clause: &mut Clause, used: &mut [bool]) {
    const PHRASES: &[(&[&str], &[u16])] = &[
        (&["not", "found"], &[404]),
        (&["cannot", "be", "found"], &[404]),
        (&["404"], &[404]),
        (&["not", "there"], &[404]),
        (&["not", "exist"], &[404]),
        (&["gone"], &[404, 410]),
        (&["is", "forbidden"], &[403]),
        (&["not", "allowed"], &[403, 405]),
        (&["unauthorized"], &[401]),
        (&["unauthorised"], &[401]),
        (&["a", "conflict"], &[409]),
        (&["conflicts"], &[409]),
        (&["is", "refused"], &[]),
        (&["are", "refused"], &[]),
        (&["refused"], &[]),
        (&["is", "rejected"], &[]),
        (&["rejected"], &[]),
        (&["is", "denied"], &[]),
        (&["denied"], &[]),
        (&["should", "fail"], &[]),
        (&["must", "fail"], &[]),
        (&["fails"], &[]),
        (&["can", "not"], &[]),
        (&["cannot"], &[]),
        (&["can't"], &[]),
        (&["bad", "request"], &[400, 422]),
        (&["is", "invalid"], &[400, 422]),
    ];
    let lower = |at: usize| match group.get(at) {
        Some(Token::Word(word)) => word.lower.as_str(),
        _ => "",
    };
    for start in 0..group.len() {
        for (phrase, statuses) in PHRASES {
            if !phrase.iter().enumerate().all(|(i, word)| lower(start + i) == *word) {
                continue;
            }
            for mark in used.iter_mut().skip(start).take(phrase.len()) {
                *mark = true;
            }
            clause.gone |= phrase[0] == "gone";
            let patterns = if statuses.is_empty() {
                vec![StatusPattern::Class(4)]
            } else {
                statuses.iter().map(|status| StatusPattern::Exact(*status)).collect()
            };
            clause.outcome.get_or_insert(patterns);
            return;
        }
    }
}

/// `check that`, `wait until`, `expect`.
fn mode(group: &[Token], clause: &mut Clause, used: &mut [bool]) {
    let lower = |at: usize| match group.get(at) {
        Some(Token::Word(word)) => word.lower.as_str(),
        _ => "",
    };
    let Some(first) = group
        .iter()
        .position(|token| matches!(token, Token::Word(word) if !is_stop(&word.lower) || act_of_word(&word.lower).is_some()))
    else {
        return;
    };
    let waits = matches!(lower(first), "wait" | "waits" | "poll" | "polls");
    let checks = matches!(
        lower(first),
        "check"
            | "checks"
            | "verify"
            | "verifies"
            | "make"
            | "confirm"
            | "expect"
            | "expects"
            | "assert"
            | "ensure"
            | "see"
            | "sees"
    ) && (["that", "whether", "if", "sure"].contains(&lower(first + 1))
        || lower(first).starts_with("expect")
        || lower(first).starts_with("assert"));
    if waits {
        clause.mode = Mode::Wait;
    } else if checks || (clause.gone && first > 0) {
        clause.mode = Mode::Check;
    } else {
        return;
    }
    if waits || checks {
        used[first] = true;
        if lower(first + 1) == "sure" {
            used[first + 1] = true;
        }
    }
}
