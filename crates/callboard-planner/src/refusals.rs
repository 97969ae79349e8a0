//! Ways to say that something is refused, told in one form: `… and expect a 422`, `a declined card leaves the order unpaid`.
//!
//! Each rule is a form of English sentence; none knows a system. What a rule cannot put into words of doing stays as it is.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::participle::base_of;
use crate::sentence::Vocabulary;

/// A form of sentence, and what it tells; `None` leaves it as it is.
type Rule = (Regex, fn(&Captures<'_>, &Vocabulary) -> Option<String>);

/// Statuses, and what a sentence calls them.
const STATUSES: &[(&str, &str)] = &[
    ("400", "bad request"),
    ("401", "unauthorized"),
    ("402", "payment required"),
    ("403", "is forbidden"),
    ("404", "not found"),
    ("405", "not allowed"),
    ("409", "a conflict"),
    ("410", "gone"),
    ("412", "precondition failed"),
    ("422", "unprocessable"),
];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |form: &str, told: fn(&Captures<'_>, &Vocabulary) -> Option<String>| {
        (Regex::new(&format!("(?i){form}")).expect("the form is a valid pattern"), told)
    };
    let answers = r"(?:expects?|gets?|receives?|gives?|returns?|answers?(?:\s+with)?|yields?|results?\s+in|leads?\s+to)";
    vec![
        rule(r"\b(?:an?|the)\s+(\w+)\s+(?:that|which|who)\s+(?:does\s+not|doesn't|did\s+not|didn't)\s+exist\b", missing),
        rule(
            r"\b(?:an?|the)\s+(\w+)\s+(?:with|by|under)\s+an?\s+(?:unknown|nonexistent|non-existent|wrong)\s+(?:id|identifier|key|code|number)\b",
            missing,
        ),
        rule(
            &format!(
                r"(?:\s*[,;:])?(?:\s+(?:and|then|to))?\s+{answers}\s+(?:an?\s+)?(?:(?:http|status|code|error)\s+)*(4\d\d)\b(?:\s+(?:error|response|status|answer))?"
            ),
            answered,
        ),
        rule(
            &format!(
                r"(?:\s*[,;:])?\s+(?:and|then|to)?\s*{answers}\s+(?:an?\s+)?(conflict|error|refusal|rejection|failure|bad\s+request)\b"
            ),
            named,
        ),
        rule(
            r"(^\s*|[.!?;]\s+)(an?\s+(?:declined|refused|rejected|denied|expired|blocked|invalid|failed|wrong)\s+\w+)\s+leaves?\s+(?:the|an?)\s+(\w+)\s+(\w+)",
            left,
        ),
    ]
});

/// The sentence with its refusals in one form.
pub(crate) fn told(text: &str, vocabulary: &Vocabulary) -> String {
    let mut text = text.to_owned();
    for (form, told) in RULES.iter() {
        let replaced =
            form.replace_all(&text, |found: &Captures<'_>| told(found, vocabulary).unwrap_or_else(|| found[0].to_owned()));
        text = replaced.into_owned();
    }
    text
}

/// `a product that does not exist`.
fn missing(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    vocabulary.is_noun(&found[1].to_lowercase()).then(|| format!("an unknown {}", &found[1]))
}

/// `and expect a 422`.
fn answered(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let (_, name) = STATUSES.iter().find(|(status, _)| *status == &found[1])?;
    Some(format!(", it answers {name}"))
}

/// `and expect a conflict`.
fn named(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let name = found[1].to_lowercase();
    Some(match name.as_str() {
        "conflict" => ", it answers a conflict".to_owned(),
        name if name.starts_with("bad") => ", it answers bad request".to_owned(),
        _ => ": it is refused".to_owned(),
    })
}

/// `A declined card leaves the order unpaid`: it is tried, and the order is as it was.
fn left(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (means, thing, state) = (&found[2], &found[3], found[4].to_lowercase());
    let undone = state.strip_prefix("un").and_then(base_of);
    if !vocabulary.is_noun(&thing.to_lowercase()) {
        return None;
    }
    let deed = undone.clone().unwrap_or_else(|| "use".to_owned());
    let tried =
        if undone.is_some() { format!("{deed} an {thing} with {means}") } else { format!("{deed} {means} for an {thing}") };
    let holds = match (state.strip_prefix("un"), &undone) {
        (Some(rest), Some(_)) => format!("not {rest}"),
        _ => state.clone(),
    };
    Some(format!("{}{tried}: it is refused, then check that the {thing} is {holds}", &found[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::stem;

    fn check(text: &str, told_as: &str) {
        let mut vocabulary = Vocabulary::default();
        vocabulary.nouns.extend(["product", "order", "movie"].map(stem));
        assert_eq!(told(text, &vocabulary), told_as);
    }

    #[test]
    fn statuses_are_what_the_attempt_answers() {
        check("Delete the order and expect a 422.", "Delete the order, it answers unprocessable.");
        check("Pay the order twice and expect a conflict.", "Pay the order twice, it answers a conflict.");
        check("Reading a movie with an unknown id gives a 404.", "Reading an unknown movie, it answers not found.");
        check("Read a product that does not exist, expecting nothing.", "Read an unknown product, expecting nothing.");
    }

    #[test]
    fn what_leaves_a_thing_undone_was_tried() {
        check(
            "A declined card leaves the order unpaid.",
            "pay an order with A declined card: it is refused, then check that the order is not paid.",
        );
        check("A rich meal leaves the guest happy.", "A rich meal leaves the guest happy.");
    }
}
