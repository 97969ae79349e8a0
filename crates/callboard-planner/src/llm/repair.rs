//! What a model is told about its own answer.

use super::candidates::Candidates;
use super::clean;
use super::faults::Fault;
use super::producers;
use super::reading::Reading;

/// Faults named in one message.
const MOST: usize = 25;

/// The faults, numbered, and the legal producers of what is missing.
pub(crate) fn message(reading: &Reading<'_, '_>, candidates: &Candidates, violations: &[String], faults: &[Fault]) -> String {
    let mut text = String::from("Your plan has these faults:\n");
    let all = violations.iter().map(String::as_str).chain(faults.iter().map(|fault| fault.text.as_str()));
    for (number, fault) in all.take(MOST).enumerate() {
        text.push_str(&format!("{}. {}\n", number + 1, clean::line(fault, 400)));
    }
    let mut missing: Vec<_> = faults.iter().filter_map(|fault| fault.missing).collect();
    missing.dedup();
    for entity in missing {
        let noun = clean::line(&reading.index().typing.entities[entity].display(), 40);
        let legal = producers::legal(reading, candidates, entity);
        if !legal.is_empty() {
            text.push_str(&format!("An existing {noun} comes from: {}\n", legal.join("; ")));
        }
    }
    text.push_str("Answer with the whole plan once more, corrected. A word that no operation stands for may stay unused.");
    text
}

/// An answer that could not be read at all.
pub(crate) fn unreadable(why: &str) -> String {
    format!("That cannot be used: {}. Answer with one JSON object of the schema and nothing else.", clean::line(why, 300))
}
