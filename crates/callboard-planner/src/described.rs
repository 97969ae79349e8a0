//! What the texts of a definition say about keys: whose key a field is, what one thing is besides, what an operation makes or reads.
//!
//! Texts are for people, so only a few plain turns of phrase are read, and only nouns that are resources of the system count in the end.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

/// Descriptions that say whose key something is, the clearer ones first: `the id of an order`, `a customer's id`.
static KEY_OF: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let of = r"(?i)\b(?:id|identifier|uuid|sku|code|key)s? of (?:an? |the |this |some |each |one )?([a-z]+)";
    let called = r"(?i)\b([a-z]+)(?:'s)? (?:id|identifier|uuid)\b";
    [pattern(of), pattern(called)]
});

/// An aside: `a project (also called a tenant) ID`.
static ASIDE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*\([^()]*\)"));

/// A description of a parameter of a path that says whose name it is.
static NAME_OF: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:name|username) of (?:an? |the )?([a-z]+)\b"));

/// `A member is usually a project`.
static IS_A: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b([a-z]+) is (?:usually |always |normally |typically |either )?(?:an?|the id of an?) ([a-z]+)")
});

/// `Register a new user`, at the start of a summary.
static MAKES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)^(?:create|add|register|insert|make|sign up|open)s? (?:(?:an?|the|one|new|another) )*([a-z]+(?: [a-z]+)?)")
});

/// `Get an item`: what an operation reads, at the start of a summary.
static READS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:get|read|show|find|fetch|retrieve|return|view)s? (?:an?|the|one|a single) ([a-z]+)\b"));

/// `Create a file in the given path`: the word says where, not what.
static INTO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:in|into|inside|under|within) (?:an?|the|this) (?:specified |given |named )?([a-z]+)"));

/// Nouns whose key a text says that it describes, with the words that say so; the surest first.
pub(crate) fn keys_of(text: &str) -> Vec<(String, String)> {
    let text = without_asides(text);
    let is_noun = |noun: &str| !matches!(noun, "a" | "an" | "the" | "this" | "its" | "unique");
    let captures = KEY_OF.iter().flat_map(|pattern| pattern.captures_iter(&text));
    captures.map(|found| (found[1].to_lowercase(), found[0].to_owned())).filter(|(noun, _)| is_noun(noun)).collect()
}

/// Whether a text speaks of a key at all.
pub(crate) fn speaks_of_key(text: &str) -> bool {
    let text = without_asides(text);
    KEY_OF.iter().any(|pattern| pattern.is_match(&text))
}

/// The noun whose name a text says that it describes, with the words that say so.
pub(crate) fn name_of(text: &str) -> Option<(String, String)> {
    let found = NAME_OF.captures(text)?;
    Some((found[1].to_lowercase(), found[0].to_owned()))
}

/// What a text says that a thing is: `a member is usually a project` gives `member` and `project`, with the words that say so.
pub(crate) fn is_a(text: &str) -> Vec<(String, String, String)> {
    if !text.contains(" is ") {
        return Vec::new();
    }
    let found = IS_A.captures_iter(text);
    found.map(|found| (found[1].to_lowercase(), found[2].to_lowercase(), found[0].to_owned())).collect()
}

/// What a summary says that an operation makes.
pub(crate) fn makes(summary: &str) -> Option<String> {
    Some(MAKES.captures(summary)?[1].to_lowercase())
}

/// What a summary says that an operation reads.
pub(crate) fn reads(summary: &str) -> Option<String> {
    Some(READS.captures(summary)?[1].to_lowercase())
}

/// Whether a summary says that something is put into what a word names.
pub(crate) fn puts_into(summary: &str, word: &str) -> bool {
    INTO.captures_iter(summary).any(|found| found[1].eq_ignore_ascii_case(word))
}

fn without_asides(text: &str) -> Cow<'_, str> {
    if text.contains('(') { ASIDE.replace_all(text, "") } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aside_does_not_part_a_noun_from_its_key() {
        let text = "An identifier for the owner, usually the project (also called the tenant) ID.";
        assert_eq!(keys_of(text).first().map(|(noun, _)| noun.as_str()), Some("project"));
        assert_eq!(keys_of("The id of the customer who pays")[0].0, "customer");
        assert!(keys_of("How many at most").is_empty());
    }

    #[test]
    fn a_summary_says_what_is_made_read_and_where_to() {
        assert_eq!(makes("Register new user").as_deref(), Some("user"));
        assert_eq!(reads("Get an item").as_deref(), Some("item"));
        assert_eq!(reads("Get cart"), None);
        assert!(puts_into("Create a new file in the specified path", "path"));
        assert!(!puts_into("Create a path", "path"));
        assert_eq!(is_a("The ID of the member. An image member is usually a project.")[0].1, "project");
    }
}
