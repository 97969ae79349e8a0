//! Says in words how two schemas differ, and whether a caller notices. Runs only for schemas whose fingerprints differ.

use std::collections::{HashMap, HashSet, VecDeque};

use callboard_model::{NodeRef, Schema};
use serde_json::Value;

use super::Detail;
use super::fingerprint::Fingerprints;

/// Differences that are named for one schema; the rest is counted.
const MAX_DETAILS: usize = 12;
/// Pairs of schemas that are looked at to explain one difference.
const MAX_PAIRS: usize = 100;
/// Pairs that are looked at to explain all differences of two definitions.
pub(crate) const MAX_PAIRS_IN_ALL: usize = 5_000;

/// Which way the value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the caller: what is stricter now breaks.
    Request,
    /// To the caller: what is looser now breaks.
    Response,
}

/// How much stricter or looser a schema became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    Stricter,
    Looser,
    Other,
}

/// Two schemas that belong together, with their place in the value.
type Pair<'o, 'n> = (String, Schema<'o>, Schema<'n>);

impl Direction {
    fn breaks(self, shift: Shift) -> bool {
        match shift {
            Shift::Stricter => self == Self::Request,
            Shift::Looser => self == Self::Response,
            Shift::Other => true,
        }
    }
}

/// Compares two schemas, pruned by the fingerprints of both sides.
pub(crate) struct Comparison<'c, 'a> {
    pub(crate) old: &'c mut Fingerprints<'a>,
    pub(crate) new: &'c mut Fingerprints<'a>,
    pub(crate) direction: Direction,
    /// What the text begins with, such as `response 200`.
    pub(crate) place: String,
    pub(crate) details: Vec<Detail>,
    /// How many pairs may still be looked at in both definitions.
    pub(crate) left: &'c mut usize,
}

impl Comparison<'_, '_> {
    /// Adds at least one detail when the schemas differ. Looks at the nearest differences first.
    pub(crate) fn compare(&mut self, old: &Schema<'_>, new: &Schema<'_>) {
        let mut seen: HashSet<(NodeRef, NodeRef)> = HashSet::new();
        let mut waiting: VecDeque<Pair<'_, '_>> = VecDeque::new();
        if self.differ(old, new) {
            waiting.push_back((String::new(), old.clone(), new.clone()));
        }
        while let Some((path, old, new)) = waiting.pop_front() {
            let (old, new) = (old.resolved(), new.resolved());
            if !seen.insert((old.node().clone(), new.node().clone())) {
                continue;
            }
            if seen.len() > MAX_PAIRS || *self.left == 0 {
                self.add("the schema changed in more places than are looked at", Shift::Other);
                break;
            }
            *self.left -= 1;
            waiting.extend(self.level(&path, &old, &new));
        }
        self.shorten();
    }

    fn differ(&mut self, old: &Schema<'_>, new: &Schema<'_>) -> bool {
        self.old.of(old.node()) != self.new.of(new.node())
    }

    fn shorten(&mut self) {
        if self.details.len() > MAX_DETAILS {
            let rest = self.details.split_off(MAX_DETAILS);
            let is_breaking = rest.iter().any(|detail| detail.is_breaking);
            self.details.push(Detail { what: format!("{}: {} more differences", self.place, rest.len()), is_breaking });
        }
    }

    fn add(&mut self, what: &str, shift: Shift) {
        let detail = Detail { what: format!("{}: {what}", self.place), is_breaking: self.direction.breaks(shift) };
        if !self.details.contains(&detail) {
            self.details.push(detail);
        }
    }

    /// Adds what is different at one place, and returns the pairs below it that differ.
    fn level<'o, 'n>(&mut self, path: &str, old: &Schema<'o>, new: &Schema<'n>) -> Vec<Pair<'o, 'n>> {
        let before = self.details.len();
        self.types(path, old, new);
        self.enumeration(path, old, new);
        self.limits(path, old, new);
        self.properties(path, old, new);
        let mut below = pairs_below(path, old, new);
        below.retain(|(_, old, new)| self.differ(old, new));
        if self.details.len() == before && below.is_empty() {
            self.add(&format!("the schema{} changed", of(path)), Shift::Other);
        }
        below
    }

    fn types(&mut self, path: &str, old: &Schema<'_>, new: &Schema<'_>) {
        let sorted = |schema: &Schema<'_>| {
            let mut types: Vec<String> = schema.types().into_iter().map(str::to_owned).collect();
            types.sort_unstable();
            if types.is_empty() { "any".to_owned() } else { types.join(" or ") }
        };
        let (before, after) = (sorted(old), sorted(new));
        if before != after {
            self.add(&format!("the type{} changed from {before} to {after}", of(path)), Shift::Other);
        }
        match (old.is_nullable(), new.is_nullable()) {
            (true, false) => self.add(&format!("`null` is no longer allowed{}", at(path)), Shift::Stricter),
            (false, true) => self.add(&format!("`null` is allowed now{}", at(path)), Shift::Looser),
            _ => {}
        }
    }

    fn enumeration(&mut self, path: &str, old: &Schema<'_>, new: &Schema<'_>) {
        match (old.enumeration(), new.enumeration()) {
            (Some(old), Some(new)) => {
                for gone in old.iter().filter(|value| !new.contains(value)) {
                    self.add(&format!("the value {gone}{} was removed", of(path)), Shift::Stricter);
                }
                for added in new.iter().filter(|value| !old.contains(value)) {
                    self.add(&format!("the value {added}{} was added", of(path)), Shift::Looser);
                }
            }
            (None, Some(_)) => self.add(&format!("the values{} are enumerated now", of(path)), Shift::Stricter),
            (Some(_), None) => self.add(&format!("the values{} are no longer enumerated", of(path)), Shift::Looser),
            (None, None) => {}
        }
    }

    fn limits(&mut self, path: &str, old: &Schema<'_>, new: &Schema<'_>) {
        const KEYWORDS: &[&str] = &[
            "format",
            "pattern",
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum",
            "multipleOf",
            "minItems",
            "maxItems",
            "uniqueItems",
            "minProperties",
            "maxProperties",
            "readOnly",
            "writeOnly",
            "default",
        ];
        for keyword in KEYWORDS {
            let (before, after) = (old.lookup(keyword), new.lookup(keyword));
            if before != after {
                let what = match (before, after) {
                    (Some(before), Some(after)) => format!("`{keyword}`{} changed from {before} to {after}", of(path)),
                    (None, Some(after)) => format!("`{keyword}: {after}` was added{}", at(path)),
                    (Some(before), _) => format!("`{keyword}: {before}` was removed{}", at(path)),
                    (None, None) => continue,
                };
                self.add(&what, shift(keyword, before, after));
            }
        }
        match (old.is_closed(), new.is_closed()) {
            (false, true) => self.add(&format!("other properties are refused now{}", at(path)), Shift::Stricter),
            (true, false) => self.add(&format!("other properties are allowed now{}", at(path)), Shift::Looser),
            _ => {}
        }
    }

    fn properties(&mut self, path: &str, old: &Schema<'_>, new: &Schema<'_>) {
        let names = |schema: &Schema<'_>| schema.properties().into_iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>();
        let (before, after) = (names(old), names(new));
        let (needed_before, needed_after) = (old.required(), new.required());
        for name in before.iter().filter(|name| !after.contains(name)) {
            self.add(&format!("`{}` was removed", join(path, name)), Shift::Other);
        }
        for name in after.iter().filter(|name| !before.contains(name)) {
            self.added(&join(path, name), needed_after.contains(&name.as_str()));
        }
        let came = |name: &str| after.iter().any(|other| other == name) && before.iter().all(|other| other != name);
        for name in needed_after.iter().filter(|name| !needed_before.contains(name) && !came(name)) {
            self.add(&format!("`{}` is required now", join(path, name)), Shift::Stricter);
        }
        let went = |name: &str| before.iter().any(|other| other == name) && after.iter().all(|other| other != name);
        for name in needed_before.iter().filter(|name| !needed_after.contains(name) && !went(name)) {
            self.add(&format!("`{}` is no longer required", join(path, name)), Shift::Looser);
        }
    }

    /// Something more in an answer, or something optional in a request, hurts nobody.
    fn added(&mut self, name: &str, is_needed: bool) {
        let what = format!("{}: `{name}` was added{}", self.place, if is_needed { ", required" } else { "" });
        self.details.push(Detail { what, is_breaking: is_needed && self.direction == Direction::Request });
    }
}

/// The schemas below two schemas that belong together: of properties, items and other properties.
fn pairs_below<'o, 'n>(path: &str, old: &Schema<'o>, new: &Schema<'n>) -> Vec<Pair<'o, 'n>> {
    let mut after: HashMap<&str, Schema<'n>> = new.properties().into_iter().collect();
    let properties = old.properties().into_iter();
    let mut pairs: Vec<Pair<'o, 'n>> =
        properties.filter_map(|(name, old)| Some((join(path, name), old, after.remove(name)?))).collect();
    let items = old.items().zip(new.items());
    pairs.extend(items.map(|(old, new)| (format!("{path}[]"), old, new)));
    let others = old.additional_properties().zip(new.additional_properties());
    pairs.extend(others.map(|(old, new)| (join(path, "*"), old, new)));
    pairs
}

/// Whether a limit became stricter or looser.
fn shift(keyword: &str, before: Option<&Value>, after: Option<&Value>) -> Shift {
    if keyword == "default" || keyword == "readOnly" || keyword == "writeOnly" {
        return Shift::Other;
    }
    let (before, after) = match (before, after) {
        (None, _) => return Shift::Stricter,
        (_, None) => return Shift::Looser,
        (Some(before), Some(after)) => (before.as_f64(), after.as_f64()),
    };
    let (Some(before), Some(after)) = (before, after) else {
        return Shift::Other;
    };
    let grew = after > before;
    if keyword.starts_with("max") || keyword == "exclusiveMaximum" {
        if grew { Shift::Looser } else { Shift::Stricter }
    } else if keyword.starts_with("min") || keyword == "exclusiveMinimum" {
        if grew { Shift::Stricter } else { Shift::Looser }
    } else {
        Shift::Other
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn of(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" of `{path}`") }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at `{path}`") }
}
