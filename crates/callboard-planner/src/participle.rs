//! Participles: `A customer who was forgotten …` first forgets a customer.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::words::act_of_word;

const IRREGULAR: &[(&str, &str)] = &[
    ("forgotten", "forget"),
    ("paid", "pay"),
    ("sent", "send"),
    ("bought", "buy"),
    ("sold", "sell"),
    ("made", "make"),
    ("taken", "take"),
    ("written", "write"),
    ("given", "give"),
    ("built", "build"),
    ("shut", "shut"),
];

/// The base form of a past participle of a verb that we know.
pub(crate) fn base_of(participle: &str) -> Option<String> {
    if let Some((_, base)) = IRREGULAR.iter().find(|(known, _)| *known == participle) {
        return Some((*base).to_owned());
    }
    let stripped = participle.strip_suffix("ed")?;
    let undoubled = stripped.char_indices().next_back().map(|(at, _)| stripped[..at].to_owned());
    let bases =
        [Some(stripped.to_owned()), Some(format!("{stripped}e")), stripped.strip_suffix('i').map(|s| format!("{s}y")), undoubled];
    bases.into_iter().flatten().find(|base| act_of_word(base).is_some())
}

static RELATIVE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(^\s*|[.!?]\s+)(an?|the)\s+(\w+)\s+(?:who|that|which)\s+(?:was|is|has been|had been)\s+(?:(?:already|just|once)\s+)?(\w+)\b")
        .expect("the pattern is valid")
});

/// Turns a relative clause at the start of a sentence into what has to be done first.
pub(crate) fn without_relative_clause(text: &str) -> String {
    let rewritten = RELATIVE.replace(text, |found: &Captures<'_>| match base_of(&found[4].to_lowercase()) {
        Some(base) => format!("{}{base} {} {}, then the {}", &found[1], &found[2], &found[3], &found[3]),
        None => found[0].to_owned(),
    });
    rewritten.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_clause_says_what_comes_first() {
        let told = without_relative_clause("A customer who was forgotten cannot order any more.");
        assert_eq!(told, "forget A customer, then the customer cannot order any more.");
        assert_eq!(without_relative_clause("A film that was good."), "A film that was good.");
    }
}
