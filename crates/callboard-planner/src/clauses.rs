//! Clauses: the parts of a sentence that each ask for one thing.

use callboard_model::StatusPattern;

use crate::aims::{self, Aim};
use crate::bare;
use crate::lexicon::NOUN_OR_VERB;
use crate::participle::base_of;
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
    /// Behind `the`, `her` and the like: something that is known already.
    pub(crate) definite: bool,
    /// Behind `a` or `an`: one of many.
    pub(crate) indefinite: bool,
    /// Behind `specific`, `selected` and the like: one that the caller names.
    pub(crate) specific: bool,
    /// Before the verb, or behind `for` or `into`: who acts or gets something, not what is made.
    pub(crate) beside: bool,
    /// Behind `not` or `never`.
    pub(crate) negated: bool,
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
    /// `the second payment`, `again`: what was done before is done once more.
    pub(crate) repeats: bool,
    /// `for an unknown customer`: the noun.
    pub(crate) unknown: Option<String>,
    /// Words that carry meaning and that no step can stand for: `more than is in stock`, `without an address`.
    pub(crate) unsaid: Vec<String>,
    /// `an empty cart`: nothing is put in.
    pub(crate) empty: bool,
    /// `pay and cancel the order`: the object is that of the verb behind.
    pub(crate) shares: bool,
    /// `how many`: a count is asked for, not the things.
    pub(crate) counts: bool,
    /// `and compare`.
    pub(crate) compare: bool,
    /// What it is about beyond an operation of its own.
    pub(crate) aim: Aim,
    /// `within five minutes`, in seconds.
    pub(crate) within: Option<u64>,
    /// `using its ID`: the key is given from outside.
    pub(crate) has_key: bool,
    /// Positions of `and`, commas and the like: nouns on both sides may be different things.
    pub(crate) joints: Vec<usize>,
    /// A position behind `by` or `with`: what follows acts.
    pub(crate) agents: Vec<usize>,
}

/// Splits a sentence into clauses.
pub(crate) fn split(sentence: &Sentence, vocabulary: &Vocabulary) -> Vec<Clause> {
    let tokens = &sentence.tokens;
    let mut groups: Vec<bare::Group> = vec![(Vec::new(), false)];
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
            && let Some((group, ends)) = groups.last_mut().filter(|(group, _)| has_content(group))
        {
            let is_end = |token: &Token| matches!(token, Token::Punctuation('.' | '?' | '!' | ';'));
            *ends = group.last().into_iter().chain(&tokens[i..start]).any(is_end);
            groups.push((Vec::new(), true));
            i = start;
            continue;
        }
        if let Some((group, _)) = groups.last_mut() {
            group.push(tokens[i].clone());
        }
        i += 1;
    }
    let groups = bare::completed(&groups, vocabulary);
    let groups = groups.into_iter().flat_map(|group| distribute(group, vocabulary));
    let groups = with_refusals(groups, vocabulary);
    let mut clauses: Vec<Clause> = Vec::new();
    let mut pending: Option<Vec<Token>> = None;
    for mut group in groups {
        if let Some(mut before) = pending.take() {
            before.append(&mut group);
            group = before;
        }
        let mut clause = clause_of(&group, vocabulary);
        let follows_deed = clauses.iter().any(|before| before.mode == Mode::Do && before.act.is_some_and(|act| act != Act::Read));
        if !clauses.is_empty() && states_outcome(&group, &clause) || follows_deed && looks_at(&group, &mut clause, vocabulary) {
            clause.mode = Mode::Check;
        }
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

/// `… and check the total`: a look at what was spoken of before, where the words name nothing else.
fn looks_at(group: &[Token], clause: &mut Clause, vocabulary: &Vocabulary) -> bool {
    let mut words = group.iter().skip_while(|token| is_word(token, &["and", "then"]));
    let opens = words.next().is_some_and(|token| is_word(token, &["check", "checks"]))
        && words.next().is_some_and(|token| is_word(token, &["the", "its", "her", "his", "their"]));
    let said: Vec<&ContentWord> = clause.words.iter().filter(|word| !word.is_verb).collect();
    let names_thing = said.iter().any(|word| vocabulary.is_noun(&word.text));
    if !opens || clause.mode != Mode::Do || clause.outcome.is_some() || names_thing || said.len() > 2 {
        return false;
    }
    clause.words.retain(|word| !word.is_verb);
    clause.act = None;
    if clause.pronouns.is_empty() {
        clause.pronouns.push(Pronoun::Thing);
    }
    true
}

/// `…; the parcel is shipped`: what holds after what was done before.
fn states_outcome(group: &[Token], clause: &Clause) -> bool {
    let opens = group.iter().find(|token| !is_word(token, &["and", "then", "so"]));
    let is_known = opens.is_some_and(|token| is_word(token, &["the", "its", "her", "his", "their"]));
    let is_state = |pair: &[Token]| {
        is_word(&pair[0], &["is", "are", "was", "were", "been"])
            && matches!(&pair[1], Token::Word(word) if word.lower.ends_with("ed") || base_of(&word.lower).is_some())
    };
    let is_plain = clause.mode == Mode::Do && clause.act.is_none() && clause.outcome.is_none() && clause.aim == Aim::Plain;
    is_known && is_plain && group.windows(2).any(is_state)
}

/// `pay it: it is refused`, `pay it: the payment is refused`: the refusal belongs to what was tried before it.
fn with_refusals(groups: impl Iterator<Item = Vec<Token>>, vocabulary: &Vocabulary) -> Vec<Vec<Token>> {
    let mut merged: Vec<Vec<Token>> = Vec::new();
    for group in groups {
        match merged.last_mut() {
            Some(before) if is_refusal_of(&group, before, vocabulary) => {
                before.extend(group.into_iter().skip_while(|token| !is_word(token, &["is", "are", "fails", "answers"])));
            }
            _ => merged.push(group),
        }
    }
    merged
}

/// Comparisons and lacks: a plan has no form for them.
fn unsaid(group: &[Token]) -> Vec<String> {
    let compares = group.windows(2).filter(|pair| is_word(&pair[1], &["than"]));
    let compared = compares.filter_map(|pair| match &pair[0] {
        Token::Word(word) if matches!(word.lower.as_str(), "more" | "less" | "fewer") => Some(format!("{} than", word.lower)),
        _ => None,
    });
    let lacks = group.iter().filter(|token| is_word(token, &["without"])).map(|_| "without".to_owned());
    compared.chain(lacks).collect()
}

/// Whether a group only says that what the group before it does is refused.
fn is_refusal_of(group: &[Token], before: &[Token], vocabulary: &Vocabulary) -> bool {
    const REFUSED: &[&str] = &["refused", "rejected", "denied", "declined", "forbidden", "fails"];
    let words: Vec<&Word> =
        group.iter().filter_map(|token| if let Token::Word(word) = token { Some(word) } else { None }).collect();
    let names_all = words.len() + group.iter().filter(|token| matches!(token, Token::Punctuation(_))).count() == group.len();
    let lower: Vec<&str> = words.iter().map(|word| word.lower.as_str()).collect();
    let lower = without_look(&lower);
    let words = &words[words.len() - lower.len()..];
    let is_deed = |noun: &Word| {
        before.iter().any(|token| {
            matches!(token, Token::Word(verb) if vocabulary.act(&verb.lower).is_some_and(|act| act != Act::Read)
                && vocabulary.lexicon.are_similar(&verb.stem, &noun.stem))
        })
    };
    let repeats = before.iter().any(|token| is_word(token, &["twice", "again"]));
    match lower {
        ["it", "answers", ..] => names_all,
        ["it" | "this" | "that", "is", state] | ["it" | "this" | "that", state] => names_all && REFUSED.contains(state),
        ["the", _, "is", state] | ["the", _, state] => names_all && !repeats && REFUSED.contains(state) && is_deed(words[1]),
        _ => false,
    }
}

/// What is said behind `check that`, `see that`, `make sure`: all of it without such words.
fn without_look<'w>(words: &'w [&'w str]) -> &'w [&'w str] {
    const LOOKS: &[&str] = &["check", "verify", "confirm", "expect", "assert", "ensure", "see", "checks", "sees", "verifies"];
    match words {
        ["make", "sure", "that", rest @ ..] | ["make", "sure", rest @ ..] => rest,
        [look, "that", rest @ ..] if LOOKS.contains(look) => rest,
        _ => words,
    }
}

/// `read the payment and the order` reads twice, `add an address and a card` adds twice: one clause for each noun, when there is nothing but nouns.
fn distribute(group: Vec<Token>, vocabulary: &Vocabulary) -> Vec<Vec<Token>> {
    let is_reading =
        |token: &Token| matches!(token, Token::Word(word) if matches!(act_of_word(&word.lower), Some(Act::Read | Act::Create)));
    let is_joint = |token: &Token| matches!(token, Token::Punctuation(_)) || is_word(token, &["and"]);
    let Some(verb) = group.first().filter(|token| is_reading(token)).cloned() else { return vec![group] };
    let nouns: Vec<&[Token]> = group[1..].split(is_joint).filter(|part| !part.is_empty()).collect();
    if nouns.len() < 2 || !nouns.iter().all(|part| is_bare_noun(part, vocabulary)) {
        return vec![group];
    }
    nouns.into_iter().map(|part| std::iter::once(verb.clone()).chain(part.iter().cloned()).collect()).collect()
}

/// An article, at most one word between, and a resource's noun.
fn is_bare_noun(part: &[Token], vocabulary: &Vocabulary) -> bool {
    let words: Vec<&Word> =
        part.iter().filter_map(|token| if let Token::Word(word) = token { Some(word) } else { None }).collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
    words.len() == part.len()
        && (2..=3).contains(&words.len())
        && opens_object(&first.lower)
        && words[1..].iter().all(|word| !is_stop(&word.lower))
        && vocabulary.is_noun(&last.lower)
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
    if let Some(start) = statement_start(tokens, i + 1) {
        return Some(start);
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

/// `it is not found`, `the second payment is refused`: a statement of an outcome opens a clause of its own.
fn statement_start(tokens: &[Token], from: usize) -> Option<usize> {
    const SUBJECTS: &[&str] = &["it", "they", "she", "he", "this", "the", "a", "an", "another", "her", "his", "its", "that"];
    let is_joint = |token: &Token| matches!(token, Token::Word(word) if matches!(word.lower.as_str(), "and" | "then" | "but"));
    let start = (from..tokens.len()).find(|at| !is_joint(&tokens[*at]))?;
    let Token::Word(subject) = &tokens[start] else { return None };
    let is_subject = SUBJECTS.contains(&subject.lower.as_str());
    let end = (start..tokens.len()).find(|at| matches!(tokens[*at], Token::Punctuation(_))).unwrap_or(tokens.len());
    let states = (start + 1..end.min(start + 6)).any(|at| outcome_at(tokens, at).is_some());
    (is_subject && states).then_some(start)
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
    if is_unheard_verb(tokens, at, word, vocabulary) {
        return true;
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

/// A word that nobody knows, with an article behind it, where a clause may start: `and unflag a transaction`.
fn is_unheard_verb(tokens: &[Token], at: usize, word: &Word, vocabulary: &Vocabulary) -> bool {
    const ARTICLES: &[&str] = &["the", "a", "an", "any", "all", "its", "their", "my", "our"];
    let lower = word.lower.as_str();
    let is_plain =
        lower.len() > 3 && singular(lower) == lower && !lower.ends_with("ly") && lower.chars().all(|c| c.is_ascii_alphabetic());
    is_plain && !is_stop(lower) && !vocabulary.is_noun(lower) && tokens.get(at + 1).is_some_and(|next| is_word(next, ARTICLES))
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
        repeats: false,
        unknown: None,
        unsaid: unsaid(group),
        empty: false,
        shares: bare::is_shared(group),
        counts: false,
        compare: false,
        aim: Aim::Plain,
        within: None,
        has_key: false,
        agents: Vec::new(),
        joints: Vec::new(),
    };
    let mut used = vec![false; group.len()];
    outcome(group, &mut clause, &mut used);
    mode(group, &mut clause, &mut used);
    aims::read(group, &mut clause, &mut used);
    clause.repeats = clause.outcome.is_some() && group.iter().any(|token| is_word(token, &["second", "third", "again", "twice"]));
    clause.counts = group.windows(2).any(|pair| {
        is_word(&pair[0], &["how"]) && is_word(&pair[1], &["many", "much"])
            || is_word(&pair[0], &["number"]) && is_word(&pair[1], &["of"])
    });
    clause.unknown = unknown(group, &clause, &mut used);
    clause.empty = group.windows(2).enumerate().any(|(at, pair)| {
        let is_one = at > 0 && is_word(&group[at - 1], &["a", "an", "the", "her", "his"]) && is_word(&pair[0], &["empty"]);
        let is_empty = is_one && matches!(&pair[1], Token::Word(noun) if vocabulary.is_noun(&noun.lower));
        used[at] |= is_empty;
        is_empty
    });
    let verb = verb_behind_subject(group, vocabulary);
    let mut purpose = false;
    for (position, token) in group.iter().enumerate() {
        match token {
            Token::Literal(number) => clause.literals.push((position, *number)),
            Token::Word(word) if !used[position] => {
                purpose |= opens_purpose(group, position, vocabulary);
                take_word(group, position, word, (purpose, verb == Some(position)), &mut clause, vocabulary);
            }
            Token::Punctuation(',') => purpose = false,
            _ => {}
        }
        if matches!(token, Token::Punctuation(',')) || is_word(token, &["and", "including", "plus"]) {
            clause.joints.push(position);
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

/// What is provided to the one who asks: `provide the price`, as opposed to `provide feedback`.
const TOLD: &[&str] = &["me", "us", "the", "insights", "insight", "information", "details", "data"];

fn take_word(
    group: &[Token],
    position: usize,
    word: &Word,
    (purpose, acts): (bool, bool),
    clause: &mut Clause,
    vocabulary: &Vocabulary,
) {
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
    let act = vocabulary.act(&word.lower);
    let is_first = clause.words.is_empty() && clause.literals.is_empty() || acts;
    const DETERMINERS: &[&str] = &["the", "a", "an", "its", "her", "his", "their", "another"];
    let is_noun = position > 0 && is_word(&group[position - 1], DETERMINERS) && vocabulary.is_noun(lower);
    let is_verb = is_first && !is_noun && (act.is_some() || vocabulary.verbs.contains(&word.stem)) && !lower.ends_with("ed");
    if is_verb && clause.act.is_none() {
        let is_told = lower == "provide" && group.get(position + 1).is_some_and(|next| is_word(next, TOLD));
        clause.act = if is_told { Some(Act::Read) } else { act.or(Some(Act::Perform)) };
    }
    if is_stop(lower) && !is_verb && !is_sum(group, position) || matches!(lower, "id" | "ids" | "identifier" | "identifiers") {
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
        definite: !is_verb && is_definite(group, position),
        indefinite: !is_verb && position > 0 && is_word(&group[position - 1], &["a", "an"]),
        specific: !is_verb && is_specific(group, position),
        beside: !is_verb && is_for(group, position),
        negated: group[..position]
            .iter()
            .rev()
            .take(2)
            .any(|token| is_word(token, &["not", "never", "isn't", "wasn't", "aren't"])),
    });
    if acts && is_verb {
        for subject in clause.words.iter_mut().filter(|word| !word.is_verb) {
            subject.beside = true;
        }
    }
}

pub(crate) fn is_word(token: &Token, words: &[&str]) -> bool {
    matches!(token, Token::Word(word) if words.contains(&word.lower.as_str()))
}

/// Whether a definite article stands before the noun, or one word further off.
fn is_definite(group: &[Token], position: usize) -> bool {
    const DEFINITE: &[&str] = &["the", "her", "his", "its", "their", "that", "this", "my"];
    const OPEN: &[&str] = &["a", "an", "another", "new", "second", "third", "other"];
    let back = |n: usize| position.checked_sub(n).and_then(|at| group.get(at));
    match back(1) {
        Some(token) if is_word(token, DEFINITE) => true,
        Some(token) if is_word(token, OPEN) => false,
        _ => back(2).is_some_and(|token| is_word(token, DEFINITE)),
    }
}

/// `the total`, as opposed to `the total number of`.
fn is_sum(group: &[Token], position: usize) -> bool {
    let has_article = position.checked_sub(1).is_some_and(|at| is_word(&group[at], &["the", "its", "their", "a"]));
    let ends = group.get(position + 1).is_none_or(|next| match next {
        Token::Word(next) => matches!(next.lower.as_str(), "is" | "and" | "of" | "in" | "for"),
        _ => true,
    });
    has_article && ends && is_word(&group[position], &["total"])
}

/// Whether the noun's phrase says that it is a certain one, which the caller knows.
fn is_specific(group: &[Token], position: usize) -> bool {
    const SPECIFIC: &[&str] = &["specific", "particular", "certain", "selected", "given", "specified", "chosen"];
    let phrase = group[..position].iter().rev().take(3);
    phrase
        .take_while(|token| matches!(token, Token::Word(word) if !is_preposition(&word.lower)))
        .any(|token| is_word(token, SPECIFIC))
}

fn is_preposition(lower: &str) -> bool {
    matches!(lower, "of" | "for" | "in" | "on" | "at" | "to" | "from" | "with" | "by" | "about" | "into" | "and" | "or")
}

/// Whether `for` or `into` stands before the noun and its article.
fn is_for(group: &[Token], position: usize) -> bool {
    let before = group[..position].iter().rev().take(3);
    before.take_while(|token| matches!(token, Token::Word(_))).any(|token| is_word(token, &["for", "into", "onto"]))
}

/// The verb behind its subject: `a customer buys a teapot`, `she cannot order`.
fn verb_behind_subject(group: &[Token], vocabulary: &Vocabulary) -> Option<usize> {
    let word = |at: usize| match group.get(at) {
        Some(Token::Word(word)) => Some(word),
        _ => None,
    };
    let behind_modal = (1..group.len()).find(|at| {
        let modal = word(at - 1).is_some_and(|w| matches!(w.lower.as_str(), "cannot" | "can't" | "can" | "may" | "must" | "be"));
        let negated = word(at - 1).is_some_and(|w| w.lower == "not") && *at > 1 && word(at - 2).is_some();
        (modal || negated) && word(*at).is_some_and(|w| vocabulary.act(&w.lower).is_some())
    });
    let opens = word(0).is_some_and(|w| matches!(w.lower.as_str(), "a" | "an" | "the" | "another" | "one"));
    let third_person = || {
        (2..group.len().min(4)).find(|at| {
            let is_object = match group.get(at + 1) {
                Some(Token::Word(next)) => opens_object(&next.lower),
                Some(Token::Literal(_)) => true,
                _ => false,
            };
            let is_form = |w: &Word| singular(&w.lower) != w.lower && act_of_word(&w.lower).is_some();
            is_object && word(*at).is_some_and(is_form)
        })
    };
    behind_modal.or_else(|| if opens { third_person() } else { None })
}

/// The noun behind `unknown`, where the clause expects a refusal.
fn unknown(group: &[Token], clause: &Clause, used: &mut [bool]) -> Option<String> {
    const UNKNOWN: &[&str] =
        &["unknown", "nonexistent", "inexistent", "non-existent", "missing", "invalid", "wrong", "nonexisting"];
    clause.outcome.as_ref()?;
    let at = group.iter().position(|token| is_word(token, UNKNOWN))?;
    let Some(Token::Word(noun)) = group.get(at + 1) else { return None };
    used[at] = true;
    Some(noun.lower.clone())
}

/// The phrase that stands at a place and the statuses that it means; none for any refusal.
fn outcome_at(group: &[Token], start: usize) -> Option<(&'static [&'static str], &'static [u16])> {
    type Phrase = (&'static [&'static str], &'static [u16]);
    const PHRASES: &[Phrase] = &[
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
        (&["is", "declined"], &[]),
        (&["not", "possible"], &[]),
        (&["is", "impossible"], &[]),
        (&["may", "not"], &[]),
        (&["must", "not"], &[]),
        (&["can", "not"], &[]),
        (&["cannot"], &[]),
        (&["can't"], &[]),
        (&["bad", "request"], &[400, 422]),
        (&["payment", "required"], &[402]),
        (&["precondition", "failed"], &[412]),
        (&["unprocessable"], &[422]),
        (&["is", "invalid"], &[400, 422]),
    ];
    let is_there =
        |phrase: &&Phrase| phrase.0.iter().enumerate().all(|(i, word)| group.get(start + i).is_some_and(|t| is_word(t, &[word])));
    PHRASES.iter().find(is_there).copied()
}

/// Words that say how it should end.
fn outcome(group: &[Token], clause: &mut Clause, used: &mut [bool]) {
    let Some((start, (phrase, statuses))) = (0..group.len()).find_map(|at| Some((at, outcome_at(group, at)?))) else { return };
    for mark in used.iter_mut().skip(start).take(phrase.len()) {
        *mark = true;
    }
    clause.gone |= phrase[0] == "gone";
    clause.outcome = Some(if statuses.is_empty() {
        vec![StatusPattern::Class(4)]
    } else {
        statuses.iter().map(|status| StatusPattern::Exact(*status)).collect()
    });
}

/// `it is not found`: said of something, without a verb that does anything.
fn is_seen(group: &[Token], clause: &Clause) -> bool {
    let not_found = [StatusPattern::Exact(404)];
    let starts_with_subject = group.first().is_some_and(|t| is_word(t, &["it", "they", "she", "he", "this", "the", "that"]));
    clause.outcome.as_deref() == Some(&not_found) && starts_with_subject
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
    } else if checks || (clause.gone && first > 0) || is_seen(group, clause) {
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
