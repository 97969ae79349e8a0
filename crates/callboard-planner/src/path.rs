//! Path templates: fixed segments, parameters, and the nouns in them.

use crate::words::{singular, split_identifier};

/// A segment of a path template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    Fixed(String),
    Parameter(String),
}

/// The segments of a template. A segment such as `{id}.json` counts as its parameter.
pub(crate) fn segments(path: &str) -> Vec<Segment> {
    path.split('/').filter(|segment| !segment.is_empty()).map(segment).collect()
}

fn segment(text: &str) -> Segment {
    match (text.find('{'), text.find('}')) {
        (Some(open), Some(close)) if open < close => Segment::Parameter(text[open + 1..close].to_owned()),
        _ => Segment::Fixed(text.to_owned()),
    }
}

/// Words such as `v2` or `api` that stand before nouns without being one.
fn is_noise(word: &str) -> bool {
    let is_version = word.starts_with('v') && word[1..].chars().all(|c| c.is_ascii_digit());
    is_version
        || matches!(word, "api" | "rest" | "public" | "internal" | "beta" | "json" | "latest")
        || word.chars().all(|c| c.is_numeric())
}

/// The singular words of a fixed segment; empty for versions and the like.
pub(crate) fn noun(segment: &str) -> Vec<String> {
    let mut words: Vec<String> = split_identifier(segment).into_iter().filter(|word| !is_noise(word)).collect();
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    words
}

/// The noun of the nearest fixed segment before the segment at `index`.
pub(crate) fn noun_before(segments: &[Segment], index: usize) -> Vec<String> {
    match index.checked_sub(1).map(|i| &segments[i]) {
        Some(Segment::Fixed(text)) => noun(text),
        _ => Vec::new(),
    }
}

/// Ends of names that make the rest a reference: `customerId`, `order_ref`.
pub(crate) const KEY_SUFFIXES: &[&str] =
    &["id", "ids", "uuid", "guid", "ref", "key", "identifier", "slug", "uid", "sid", "code", "sku", "number"];

/// The words of a name without the ending that makes it a reference, and whether it had one.
pub(crate) fn without_key_suffix(words: &[String]) -> (&[String], bool) {
    match words.split_last() {
        Some((last, rest)) if KEY_SUFFIXES.contains(&last.as_str()) => (rest, true),
        _ => (words, false),
    }
}

/// As [`is_measure`], for the key of a path: a number that is text (`trackingNumber`) is a key, and so is `{version}` behind `versions`.
pub(crate) fn is_measure_in_path(words: &[String], before: &[String], is_text: bool) -> bool {
    if words.last().is_some_and(|last| before.last() == Some(last)) {
        return false;
    }
    let is_number = words.last().is_some_and(|last| last == "number");
    is_measure(words) && !(is_text && is_number && words.len() > 1)
}

/// Names whose values count, order or filter: never the identity of a thing.
pub(crate) fn is_measure(words: &[String]) -> bool {
    const MEASURES: &[&str] = &[
        "number",
        "count",
        "limit",
        "offset",
        "page",
        "size",
        "date",
        "time",
        "from",
        "to",
        "type",
        "version",
        "format",
        "status",
        "sort",
        "order",
        "year",
        "month",
        "day",
        "week",
        "start",
        "end",
        "min",
        "max",
        "amount",
        "quantity",
        "window",
        "locale",
        "language",
        "currency",
        "since",
        "until",
        "region",
        "zone",
        "timestamp",
        "period",
        "duration",
        "level",
        "latitude",
        "longitude",
    ];
    words.last().is_none_or(|last| MEASURES.contains(&last.as_str()))
}
