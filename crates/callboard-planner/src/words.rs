//! Words: identifiers and sentences taken apart, brought to a common form, and grouped by meaning.
//!
//! Knows English and the English of APIs. Knows nothing of services or schemas.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

use crate::lexicon::{GROUPS, READ_VERBS, STOP, VERBS};

/// What a verb asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Act {
    /// To look, without a change.
    Read,
    /// To make something new.
    Create,
    /// To change something that exists.
    Update,
    /// To take something away, or to end it.
    Delete,
    /// To have something done.
    Perform,
}

/// Splits an identifier (`customerId`, `order_items`, `HTTPServer`, `top-10`) into lower-case words.
pub fn split_identifier(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            flush(&mut word, &mut words);
            continue;
        }
        if i > 0 && starts_word(&chars, i) {
            flush(&mut word, &mut words);
        }
        word.extend(c.to_lowercase());
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    if !word.is_empty() {
        words.push(std::mem::take(word));
    }
}

fn starts_word(chars: &[char], i: usize) -> bool {
    let (before, here) = (chars[i - 1], chars[i]);
    if here.is_uppercase() {
        // `customerId`; in `HTTPServer` the last capital belongs to the word behind it, but not in the plural `IDs`.
        let next_is_lower = chars.get(i + 1).is_some_and(|c| c.is_lowercase());
        let is_plural = chars.get(i + 1) == Some(&'s') && chars.get(i + 2).is_none_or(|c| !c.is_lowercase());
        return before.is_lowercase() || before.is_numeric() || (before.is_uppercase() && next_is_lower && !is_plural);
    }
    here.is_numeric() && before.is_alphabetic() && before != 'v'
}

const IRREGULAR: &[(&str, &str)] = &[
    ("people", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("indices", "index"),
    ("indexes", "index"),
    ("vertices", "vertex"),
    ("matrices", "matrix"),
    ("analyses", "analysis"),
    ("criteria", "criterion"),
    ("movies", "movie"),
    ("cookies", "cookie"),
    ("calories", "calorie"),
    ("ties", "tie"),
    ("series", "series"),
    ("species", "species"),
    ("news", "news"),
    ("leaves", "leaf"),
    ("shelves", "shelf"),
    ("statuses", "status"),
    ("aliases", "alias"),
    ("buses", "bus"),
    ("databases", "database"),
];

/// The singular of a lower-case word.
pub fn singular(word: &str) -> String {
    if let Some((_, one)) = IRREGULAR.iter().find(|(many, _)| *many == word) {
        return (*one).to_owned();
    }
    let cut = |n: usize| word[..word.len() - n].to_owned();
    if word.len() > 4 && word.ends_with("ies") {
        return format!("{}y", cut(3));
    }
    let sibilant = ["sses", "xes", "ches", "shes", "zes"].iter().any(|end| word.ends_with(end));
    if sibilant && word.len() > 4 {
        return cut(2);
    }
    let keeps = ["ss", "us", "is", "as"].iter().any(|end| word.ends_with(end));
    if word.len() > 2 && word.ends_with('s') && !keeps && word.is_ascii() { cut(1) } else { word.to_owned() }
}

static STEMMER: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

thread_local! {
    /// Stems that were asked for before: a large system asks for the same few thousand words a million times.
    static KNOWN_STEMS: RefCell<HashMap<String, String>> = RefCell::default();
}

/// Stems remembered at most.
const MOST_STEMS: usize = 50_000;

/// The common form of a word: singular, then stemmed.
pub fn stem(word: &str) -> String {
    KNOWN_STEMS.with_borrow_mut(|known| {
        if let Some(stem) = known.get(word) {
            return stem.clone();
        }
        if known.len() >= MOST_STEMS {
            known.clear();
        }
        let stem = STEMMER.stem(&singular(word)).into_owned();
        known.insert(word.to_owned(), stem.clone());
        stem
    })
}

/// The stems of an identifier's or a text's words.
pub fn stems(text: &str) -> Vec<String> {
    split_identifier(text).iter().map(|word| stem(word)).collect()
}

static STOP_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| STOP.split_whitespace().collect());

/// Whether a lower-case word carries no meaning of its own for choosing an operation.
pub fn is_stop(word: &str) -> bool {
    STOP_WORDS.contains(word) || word.len() < 2
}

static VERB_ACTS: LazyLock<HashMap<String, Act>> = LazyLock::new(|| {
    let mut acts = HashMap::new();
    for (act, words) in VERBS {
        for word in words.split_whitespace() {
            acts.entry(stem(word)).or_insert(*act);
        }
    }
    acts
});

/// What the verb with this stem asks for, when it is one that we know.
pub fn act_of(stem: &str) -> Option<Act> {
    VERB_ACTS.get(stem).copied()
}

static VERB_FORMS: LazyLock<HashMap<String, Act>> = LazyLock::new(|| {
    let mut forms = HashMap::new();
    for (act, words) in VERBS {
        for form in words.split_whitespace().flat_map(inflections) {
            forms.entry(form).or_insert(*act);
        }
    }
    forms
});

/// The forms that a regular verb takes in a sentence.
fn inflections(verb: &str) -> Vec<String> {
    let short = verb.strip_suffix('e').unwrap_or(verb);
    let doubled = verb.chars().last().map(|last| format!("{verb}{last}")).unwrap_or_default();
    let y = verb.strip_suffix('y').map(|stem| format!("{stem}ies"));
    let mut forms = vec![
        verb.to_owned(),
        format!("{verb}s"),
        format!("{verb}es"),
        format!("{short}ing"),
        format!("{doubled}ing"),
        format!("{short}ed"),
    ];
    forms.extend(y);
    forms
}

/// What a word of a sentence asks for, when it is a form of a verb that we know (`performance` is none of `perform`).
pub fn act_of_word(lower: &str) -> Option<Act> {
    VERB_FORMS.get(lower).copied()
}

static READ_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| READ_VERBS.split_whitespace().map(stem).collect());

/// Whether the stem is a verb of reading that says nothing about what is read (`get`, `retrieve`, `show`).
pub fn is_bare_read(stem: &str) -> bool {
    READ_STEMS.contains(stem)
}

/// Groups of words with a similar meaning: the built-in ones and a project's own.
#[derive(Clone, Debug, Default)]
pub struct Lexicon {
    groups: HashMap<String, Vec<u16>>,
    members: Vec<Vec<String>>,
}

static BUILT_IN: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon::default();
    for group in GROUPS {
        lexicon.add(group.split_whitespace());
    }
    lexicon
});

impl Lexicon {
    /// The built-in groups with a project's glossary (word to entity) behind them.
    pub fn new(aliases: &BTreeMap<String, String>) -> Self {
        let mut lexicon = BUILT_IN.clone();
        for (word, entity) in aliases {
            let words: Vec<String> = split_identifier(word).into_iter().chain(split_identifier(entity)).collect();
            lexicon.add(words.iter().map(String::as_str));
        }
        lexicon
    }

    /// Built-in groups only.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    fn add<'a>(&mut self, words: impl Iterator<Item = &'a str>) {
        let id = u16::try_from(self.members.len()).unwrap_or(u16::MAX);
        let mut stems: Vec<String> = words.map(stem).collect();
        stems.dedup();
        for stem in &stems {
            self.groups.entry(stem.clone()).or_default().push(id);
        }
        self.members.push(stems);
    }

    /// Stems with a similar meaning, without the stem itself.
    pub fn similar<'a>(&'a self, stem: &str) -> Vec<&'a str> {
        let ids = self.groups.get(stem).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<&str> = Vec::new();
        for member in ids.iter().flat_map(|id| &self.members[usize::from(*id)]) {
            if member != stem && !found.contains(&member.as_str()) {
                found.push(member);
            }
        }
        found
    }

    /// Whether two stems mean something similar.
    pub fn are_similar(&self, a: &str, b: &str) -> bool {
        let groups = |stem: &str| self.groups.get(stem).map(Vec::as_slice).unwrap_or_default();
        a == b || groups(a).iter().any(|group| groups(b).contains(group))
    }
}

const PERSONS: &str = "person people user customer client member author artist owner employee worker staff patient doctor student \
     teacher actor director driver guest contact account profile manager agent buyer seller candidate applicant individual borrower";

static PERSON_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| PERSONS.split_whitespace().map(stem).collect());

/// Whether the stem names something that acts and has a name of its own.
pub fn is_person_like(stem: &str) -> bool {
    PERSON_STEMS.contains(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_fall_into_words() {
        for (text, words) in [
            ("customerId", "customer id"),
            ("order_items", "order items"),
            ("HTTPServer", "http server"),
            ("itemIDs", "item ids"),
            ("top-10", "top 10"),
            ("get-user", "get user"),
            ("v2Users", "v2 users"),
        ] {
            assert_eq!(split_identifier(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn plurals_lose_their_ending() {
        for (many, one) in
            [("movies", "movie"), ("addresses", "address"), ("categories", "category"), ("status", "status"), ("boxes", "box")]
        {
            assert_eq!(singular(many), one);
        }
    }

    #[test]
    fn a_glossary_adds_to_the_lexicon() {
        let aliases = BTreeMap::from([("punter".to_owned(), "Customer".to_owned())]);
        let lexicon = Lexicon::new(&aliases);
        assert!(lexicon.are_similar(&stem("punters"), &stem("customer")));
        assert!(!Lexicon::built_in().are_similar(&stem("punter"), &stem("customer")));
    }
}
