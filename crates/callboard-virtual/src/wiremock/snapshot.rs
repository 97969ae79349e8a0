//! The stubs that answer at a moment, indexed. A snapshot never changes: a change makes a new one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::delay::Delay;
use super::request::Request;
use super::request_pattern::UrlPattern;
use super::stub::Stub;

/// Stubs in the order in which they are tried: priority, then the newest.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) stubs: Vec<Arc<Stub>>,
    /// Places of the stubs for exactly this path.
    by_path: HashMap<Box<str>, Vec<u32>>,
    /// Places of all others: patterns, templates, any URL.
    others: Vec<u32>,
    /// Delays for stubs that set none.
    pub(crate) delay: Delay,
}

impl Snapshot {
    /// Indexes stubs that are given oldest first.
    pub(crate) fn new(stubs: &[Arc<Stub>], delay: Delay) -> Self {
        let mut ordered: Vec<Arc<Stub>> = stubs.iter().rev().cloned().collect();
        ordered.sort_by_key(|stub| stub.priority);
        let mut by_path: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        let mut others = Vec::new();
        for (place, stub) in (0u32..).zip(&ordered) {
            match &stub.request.url {
                UrlPattern::Exact(url) => {
                    let path = url.split_once('?').map_or(url.as_str(), |(path, _)| path);
                    by_path.entry(path.into()).or_default().push(place);
                }
                UrlPattern::Path(path) => by_path.entry(path.as_str().into()).or_default().push(place),
                UrlPattern::Any | UrlPattern::Regex(_) | UrlPattern::PathRegex(_) | UrlPattern::Template(_) => others.push(place),
            }
        }
        Self { stubs: ordered, by_path, others, delay }
    }

    /// The first stub that fits and that `accept` takes.
    pub(crate) fn find(&self, request: &Request<'_>, mut accept: impl FnMut(&Stub) -> bool) -> Option<&Arc<Stub>> {
        let exact = self.by_path.get(request.path()).map(Vec::as_slice).unwrap_or_default();
        Merged { left: exact, right: &self.others }
            .filter_map(|place| self.stubs.get(usize::try_from(place).ok()?))
            .find(|stub| stub.request.matches(request) && accept(stub))
    }
}

/// Two ascending lists as one.
struct Merged<'s> {
    left: &'s [u32],
    right: &'s [u32],
}

impl Iterator for Merged<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let takes_left = match (self.left.first(), self.right.first()) {
            (Some(left), Some(right)) => left < right,
            (left, _) => left.is_some(),
        };
        let list = if takes_left { &mut self.left } else { &mut self.right };
        let (first, rest) = list.split_first()?;
        *list = rest;
        Some(*first)
    }
}

/// The current snapshot. Readers keep one and look at a number to learn that there is another.
#[derive(Debug, Default)]
pub(crate) struct Current {
    generation: AtomicU64,
    snapshot: Mutex<Arc<Snapshot>>,
}

impl Current {
    /// Replaces the snapshot.
    pub(crate) fn set(&self, snapshot: Snapshot) {
        let mut current = self.snapshot.lock().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(snapshot);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// The snapshot of now.
    pub(crate) fn get(&self) -> Arc<Snapshot> {
        self.snapshot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Brings a reader's copy up to date: one load when nothing changed.
    pub(crate) fn refresh(&self, copy: &mut (u64, Arc<Snapshot>)) {
        let generation = self.generation.load(Ordering::Acquire);
        if copy.0 != generation {
            *copy = (generation, self.get());
        }
    }
}
