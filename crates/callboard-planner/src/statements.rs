//! Statements of what holds, told as what has to be done: `A deleted group is not found` deletes a group and then looks for it.
//!
//! Each rule is a form of English sentence; none knows a system. What a rule cannot put into words of doing stays as it is.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::participle::base_of;
use crate::sentence::Vocabulary;
use crate::words::{Act, act_of_word, singular, stem};

/// A form of sentence, and what it tells to do; `None` leaves it as it is.
struct Rule {
    form: Regex,
    told: fn(&Captures<'_>, &Vocabulary) -> Option<String>,
}

/// Where a statement may start, captured as group 1.
const START: &str = r"(^\s*|[.!?;]\s+)";
/// As `START`, also behind a comma or a joint.
const JOINT: &str = r"(^\s*|[.!?;:,]\s+(?:and\s+|then\s+|but\s+)?|\s(?:and|then|but)\s+)";
/// Verbs that state something of the noun before them.
const STATES: &str = r"(is|are|was|can|cannot|can't|may|must|stays?|remains?|appears?|has|have|does|do|will|no longer)";
/// Nouns for people, the most general ones first.
const PEOPLE: &[&str] = &["user", "customer", "account", "person", "member"];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rule = |form: String, told: fn(&Captures<'_>, &Vocabulary) -> Option<String>| Rule {
        form: Regex::new(&format!("(?i){form}")).expect("the form is a valid pattern"),
        told,
    };
    let nominal = r"(?:(deletion|removal|creation|cancellation|revocation|registration|payment)|(?:it|they)\s+(?:was|were|is|are|has been)\s+(\w+))";
    vec![
        rule(
            format!(r"{START}an?\s+(\w+)\s+(\w+)\s+stops?\s+working\s+(?:in|for|with|at)\s+the\s+(\w+(?:\s+service)?)"),
            stops_working,
        ),
        rule(
            format!(
                r"{START}(an?|the)\s+(\w+)\s+(?:that|which|who)\s+(?:was|is|has been)\s+(?:(?:already|just|once)\s+)?(\w+)((?:\s+(?:through|via|to|into|in|from|with|on)\s+(?:the|an?)\s+\w+)?)\s+{STATES}\b"
            ),
            done_before,
        ),
        rule(
            format!(
                r"{START}(an?|the)\s+(\w+)\s+(\w+)(\s+(?:through|via|to|into|in|from|with|on)\s+(?:the|an?)\s+\w+)\s+{STATES}\b"
            ),
            done_before,
        ),
        rule(format!(r"{START}an?\s+(\w+)\s+(\w+)\s+{STATES}\b"), described_by_deed),
        rule(
            format!(
                r"{START}an?\s+(\w+)\s+((?:with|without|for|of|from)\s+(?:an?|the)\s+[^,.;:]*?)\s+is\s+(refused|rejected|denied|declined)\b"
            ),
            refused_thing,
        ),
        rule(format!(r"{JOINT}(?:remove|delete)\s+an?\s+(\w+)\s+from\s+an?\s+(\w+)"), removed_from),
        rule(r"(,\s+then\s+)((?:the\s+\w+|it)\s+is\s+(?:not\s+)?in\s+the\s+\w+)".to_owned(), |found, _| {
            Some(format!("{}check that {}", &found[1], &found[2]))
        }),
        rule(r"(,\s+then\s+)(?:the\s+\w+|it)\s+has\s+no\s+(\w+)(?:\s+in\s+the\s+\w+)?".to_owned(), |found, _| {
            Some(format!("{}check that the {} for it is gone", &found[1], &found[2]))
        }),
        rule(format!(r"{START}an?\s+(\w+)\s+of\s+an?\s+(?:new\s+)?(\w+)\s+(\w+s)\s"), member),
        rule(
            format!(r"{START}(an?|the)\s+(\w+)'s\s+(?:members|users)\s+(?:are|can be)\s+(?:listed|shown|read)\b"),
            members_listed,
        ),
        rule(
            format!(
                r"{START}an?\s+(\w+)\s+(?:can|may)\s+only\s+\w+\s+\w+\s+(?:(?:that|which|who|whom)\s+)?the\s+(\w+)(?:\s+service)?\s+(?:knows|has|lists|contains)\b"
            ),
            only_known,
        ),
        rule(
            format!(
                r"{START}if\s+(?:the\s+)?(\w+)(?:\s+service)?\s+(?:refuses|fails|rejects|declines|is\s+down|breaks)(?:\s+it)?,\s+"
            ),
            neighbour_fails,
        ),
        rule(format!(r"{JOINT}give\s+(\w+)\s+(an?)\s+(\w+)\b"), given),
        rule(
            format!(
                r"{JOINT}(\w+ing)\s+(?:an?|the)\s+(\w+)\s+(?:takes|removes|deletes)\s+(?:it|him|her|them)\s+(?:out of|from|off)\s+(?:the|an?)\s+(\w+)"
            ),
            taken_out,
        ),
        rule(r"\b(it|they|(?:the|an?)\s+(?:\w+'s\s+)?\w+)\s+(?:can|may|could)\s+be\s+(\w+)(\s+back)?\b".to_owned(), can_be_done),
        rule(format!(r"(?:,?\s+(?:and|then|but))?\s+((?:is|are|cannot|can)\s[^,.;:]*?)\s+after\s+{nominal}\b"), after_deed),
        rule(r"\b(?:shows?|sees?)\s+(?:that\s+)?(?:it|they)\s+(?:is|are)\s+(\w+)".to_owned(), shown),
        rule(
            r"\b(?:see|sees|find|finds|show|shows)\s+(?:it|them|him|her)\s+(in\s+the\s+\w+|[a-z]{3,}(?:ed|ive|y|le))\b"
                .to_owned(),
            seen,
        ),
        rule(format!(r"{JOINT}((?:the|an?)\s+\w+)\s+(?:gets?|receives?|sees?)\s+nothing\b"), gets_nothing),
        rule(format!(r"{JOINT}((?:the|an?)\s+\w+|it)\s+(?:stays|remains|is\s+still)\s+(\w+)"), stays),
        rule(r"((?:to|into|in|on)\s+(?:an?|the)\s+(\w+),\s+then\s+the\s+\w+\s+appears?\s+in)\s+it\b".to_owned(), |found, _| {
            Some(format!("{} the {}", &found[1], &found[2]))
        }),
        rule(format!(r"{JOINT}(it|he|she|they|(?:the|an?)\s+\w+)\s+appears?\s+in\s+(the\s+\w+)"), appears),
        rule(r"\b(check that\s+it|it)\s+(?:is|are)\s+reachable\b".to_owned(), reachable),
        rule(
            r"((?:^|[.;,])\s*(?:and\s+)?then\s+|\sand\s+then\s+)((?:the|an?)\s+\w+)\s+is\s+(\w+)\s*([.;,]|$)".to_owned(),
            then_done,
        ),
    ]
});

/// The sentence as what has to be done.
pub(crate) fn told(text: &str, vocabulary: &Vocabulary) -> String {
    let mut text = text.to_owned();
    for rule in RULES.iter() {
        for _ in 0..3 {
            let replaced = rule.form.captures(&text).and_then(|found| {
                let whole = found.get(0)?;
                let told = (rule.told)(&found, vocabulary)?;
                Some(format!("{}{told}{}", &text[..whole.start()], &text[whole.end()..]))
            });
            match replaced {
                Some(next) if next != text => text = next,
                _ => break,
            }
        }
    }
    text
}

/// The base form of a participle in a statement: also of those that look like their verb.
fn base(participle: &str) -> Option<String> {
    const ALIKE: &[(&str, &str)] = &[("read", "read"), ("found", "find"), ("seen", "see"), ("put", "put"), ("lost", "delete")];
    let lower = participle.to_lowercase();
    let alike = ALIKE.iter().find(|(known, _)| *known == lower).map(|(_, base)| (*base).to_owned());
    alike.or_else(|| base_of(&lower))
}

/// `deleting` as `delete`.
fn base_of_gerund(gerund: &str) -> Option<String> {
    let stripped = gerund.to_lowercase().strip_suffix("ing")?.to_owned();
    let undoubled = stripped[..stripped.len().saturating_sub(1)].to_owned();
    [format!("{stripped}e"), stripped, undoubled].into_iter().find(|base| act_of_word(base).is_some())
}

/// What the system calls people.
fn person(vocabulary: &Vocabulary) -> Option<&'static str> {
    PEOPLE.iter().copied().find(|noun| vocabulary.nouns.contains(&stem(noun)))
}

/// `A revoked token stops working in the image service`.
fn stops_working(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (deed, noun, place) = (base(&found[2])?, &found[3], &found[4]);
    // A token is somebody's.
    let is_of_person = matches!(noun.to_lowercase().as_str(), "token" | "session" | "login");
    let made = match person(vocabulary).filter(|_| is_of_person) {
        Some(person) => format!("create a {person}, impersonate the {person}"),
        None => format!("create a {noun}"),
    };
    Some(format!("{}{made}, list the {place}, {deed} the {noun}, then wait until the {place} is unauthorized", &found[1]))
}

/// `A file written through the proxy can …`, `A user that is added to a group is …`.
fn done_before(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let (noun, place) = (&found[3], &found[5]);
    if base(noun).is_some() && act_of_word(noun).is_none() {
        return None;
    }
    Some(format!("{}{} {} {noun}{place}, then the {noun} {}", &found[1], base(&found[4])?, &found[2], &found[6]))
}

/// `A deleted group is …`.
fn described_by_deed(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let deed = base_of(&found[2].to_lowercase())?;
    let noun = &found[3];
    Some(format!("{}{deed} a {noun}, then the {noun} {}", &found[1], &found[4]))
}

/// `A member of a new project uploads …`: somebody who belongs to it, and acts with rights of their own.
fn member(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (group, verb) = (&found[3], singular(&found[4].to_lowercase()));
    act_of_word(&verb)?;
    let is_belonging = matches!(found[2].to_lowercase().as_str(), "member" | "user" | "participant" | "owner");
    let person = person(vocabulary).filter(|_| is_belonging && vocabulary.is_noun(group))?;
    Some(format!(
        "{}create a {group}, create a {person}, join the {person} to the {group}, impersonate the {person}, {verb} ",
        &found[1]
    ))
}

/// `A group's members are listed`: somebody has to be in it.
fn members_listed(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let group = &found[3];
    let person = person(vocabulary).filter(|_| vocabulary.is_noun(group))?;
    Some(format!(
        "{}create a {person}, create a {group}, join the {person} to the {group}, check that the {person} is in the {group}",
        &found[1]
    ))
}

/// `A movie with an unknown cast is refused`: somebody tries to make it.
fn refused_thing(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let noun = &found[2];
    vocabulary.is_noun(noun).then(|| format!("{}create a {noun} {}: it is {}", &found[1], &found[3], &found[4]))
}

/// `Remove a user from a group`: it was in there before.
fn removed_from(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (noun, group) = (&found[2], &found[3]);
    let is_known = vocabulary.is_noun(noun) && vocabulary.is_noun(group);
    is_known.then(|| {
        format!(
            "{}create a {noun}, create a {group}, join the {noun} to the {group}, remove the {noun} from the {group}",
            &found[1]
        )
    })
}

/// `A movie can only name people the cast service knows`: one that is known will do, an unknown one will not.
fn only_known(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (noun, known) = (&found[2], &found[3]);
    vocabulary.is_noun(known).then(|| {
        format!(
            "{}create a {known}, create a {noun} with the {known}, create a {noun} with an unknown {known}: it is refused",
            &found[1]
        )
    })
}

/// `If payments refuses, …`: another service that calls this one fails.
fn neighbour_fails(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("{}the {} breaks down, ", &found[1], &found[2]))
}

/// `Give ada a server`.
fn given(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    let (who, noun) = (&found[2], &found[4]);
    let is_pronoun = matches!(who.to_lowercase().as_str(), "it" | "him" | "her" | "them" | "me" | "us" | "the" | "a" | "an");
    if is_pronoun || !vocabulary.is_noun(noun) {
        return None;
    }
    let who = if vocabulary.explains(who) { format!("the {who}") } else { format!("the {} {who}", person(vocabulary)?) };
    // What runs is started.
    const RUNS: &[&str] = &["server", "machine", "instance", "kernel", "process", "job", "container", "cluster", "vm"];
    let verb = if RUNS.contains(&noun.to_lowercase().as_str()) { "start" } else { "create" };
    Some(format!("{}{verb} a {noun} for {who}", &found[1]))
}

/// `Deleting a user takes it out of the group`.
fn taken_out(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let noun = &found[3];
    Some(format!("{}{} the {noun}, check that the {noun} is not in the {}", &found[1], base_of_gerund(&found[2])?, &found[4]))
}

/// `The file can be read back`.
fn can_be_done(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let (deed, thing) = (base(&found[2])?, &found[1]);
    if found.get(3).is_none() {
        return Some(format!("{deed} {thing}"));
    }
    // What comes back was put there before.
    let noun = thing.split_whitespace().last().filter(|_| thing.to_lowercase().starts_with('a'));
    let made = noun.map(|noun| format!("create {thing}, {deed} the {noun} back and compare"));
    Some(made.unwrap_or_else(|| format!("{deed} {thing} back and compare")))
}

/// `… is gone after deletion`, `… is gone after it was revoked`.
fn after_deed(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    let deed = match (found.get(2), found.get(3)) {
        (Some(noun), _) => match noun.as_str().to_lowercase().as_str() {
            "deletion" => "delete",
            "removal" => "remove",
            "creation" => "create",
            "cancellation" => "cancel",
            "revocation" => "revoke",
            "registration" => "register",
            _ => "pay",
        }
        .to_owned(),
        (_, Some(participle)) => base(participle.as_str())?,
        _ => return None,
    };
    Some(format!(", {deed} it, then it {}", &found[1]))
}

/// `show it is reachable`.
fn shown(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("check that it is {}", &found[1]))
}

/// `see it in the kitchen`, `sees it active`.
fn seen(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("check that it is {}", &found[1]))
}

/// `the kitchen gets nothing`.
fn gets_nothing(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("{}check that {} is unchanged", &found[1], &found[2]))
}

/// `the order stays created`.
fn stays(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("{}check that {} is {}", &found[1], &found[2], &found[3]))
}

/// `it appears in the group`.
fn appears(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    Some(format!("{}check that {} is in {}", &found[1], &found[2], &found[3]))
}

/// What is reachable has a route where there are routes, and answers where it says how it is.
fn reachable(found: &Captures<'_>, vocabulary: &Vocabulary) -> Option<String> {
    if !found[1].to_lowercase().starts_with("check") {
        return None;
    }
    let route = vocabulary.nouns.contains(&stem("route")).then_some("check that there is a route for it");
    let status = ["status", "health", "ping"].iter().find(|word| vocabulary.is_term(&stem(word)));
    let status = status.map(|word| format!("check that its {word} is there"));
    let told: Vec<String> = route.map(str::to_owned).into_iter().chain(status).collect();
    (!told.is_empty()).then(|| told.join(" and "))
}

/// `then the movie is deleted`.
fn then_done(found: &Captures<'_>, _: &Vocabulary) -> Option<String> {
    const OUTCOMES: &[&str] = &["refused", "rejected", "denied", "declined", "accepted", "completed", "closed"];
    let participle = found[3].to_lowercase();
    let deed = base_of(&participle).filter(|_| !OUTCOMES.contains(&participle.as_str()))?;
    let changes = act_of_word(&deed).is_some_and(|act| act != Act::Read);
    changes.then(|| format!("{}{deed} {}{}", &found[1], &found[2], &found[4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, told_as: &str) {
        let mut vocabulary = Vocabulary::default();
        for noun in ["user", "group", "route", "server", "project", "image", "cast", "movie", "file", "order", "token"] {
            vocabulary.nouns.insert(stem(noun));
        }
        vocabulary.terms.insert(stem("status"));
        assert_eq!(told(text, &vocabulary), told_as);
    }

    #[test]
    fn what_was_done_to_a_thing_is_done_first() {
        check("A deleted group is not found.", "delete a group, then the group is not found.");
        check("A cancelled order cannot be paid.", "cancel a order, then the order cannot be paid.");
        check(
            "A user that is added to a group appears in it.",
            "add A user to a group, then check that the user is in the group.",
        );
    }

    #[test]
    fn passives_are_told_as_deeds() {
        check(
            "A file written through the proxy can be read back and is gone after deletion.",
            "write A file through the proxy, then read the file back and compare, delete it, then it is gone.",
        );
        check("Add a movie, then the movie is deleted.", "Add a movie, then delete the movie.");
        check("Pay an order, then the payment is refused.", "Pay an order, then the payment is refused.");
    }

    #[test]
    fn people_belong_to_groups_and_act() {
        check(
            "A group's members are listed; deleting a user takes it out of the group.",
            "create a user, create a group, join the user to the group, check that the user is in the group; delete the user, check that \
             the user is not in the group.",
        );
        check(
            "A member of a new project uploads an image and sees it active.",
            "create a project, create a user, join the user to the project, impersonate the user, upload an image and check that it is active.",
        );
        check(
            "Give ada a server and show it is reachable, then take it away.",
            "start a server for the user ada and check that there is a route for it and check that its status is there, then take it away.",
        );
    }

    #[test]
    fn conditions_name_what_fails() {
        check(
            "If payments refuses, the kitchen gets nothing and the order stays created.",
            "the payments breaks down, check that the kitchen is unchanged and check that the order is created.",
        );
        check(
            "A movie can only name people the cast service knows.",
            "create a cast, create a movie with the cast, create a movie with an unknown cast: it is refused.",
        );
        check(
            "A revoked token stops working in the image service within five minutes.",
            "create a user, impersonate the user, list the image service, revoke the token, then wait until the image service is unauthorized within five \
             minutes.",
        );
    }

    #[test]
    fn other_sentences_stay_as_they_are() {
        for text in [
            "Create a user and delete the user.",
            "A customer buys a teapot.",
            "The second payment is refused.",
            "I want the reviews of a movie that was released in 1999.",
            "A film that was good.",
            "",
        ] {
            check(text, text);
        }
    }
}
