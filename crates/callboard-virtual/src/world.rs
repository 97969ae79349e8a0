//! What tests changed. Each test has a world of its own: the changes it made to the seeded one, nothing else.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::Value;

/// A resource as it is answered.
#[derive(Debug)]
pub(crate) struct Entity {
    /// What tells it apart from others of its collection.
    pub(crate) key: String,
    /// Its representation.
    pub(crate) value: Value,
    /// The same as JSON text.
    pub(crate) json: Bytes,
}

impl Entity {
    pub(crate) fn new(key: String, value: Value) -> Arc<Self> {
        let json = Bytes::from(value.to_string());
        Arc::new(Self { key, value, json })
    }
}

/// Which entities: service, collection, and the keys of the parents.
pub(crate) type ShelfKey = (usize, usize, String);

/// The changes to the entities of one collection under one parent.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Made or changed ones, in the order in which they were made.
    pub(crate) present: IndexMap<String, Arc<Entity>>,
    /// Keys of removed ones.
    pub(crate) gone: HashSet<String>,
    /// How many were made.
    pub(crate) made: u64,
}

/// The changes that one test made.
#[derive(Debug, Default)]
pub(crate) struct World {
    shelves: Mutex<HashMap<ShelfKey, Shelf>>,
    used: AtomicU64,
    /// Calls of the operation that has a defect.
    calls: AtomicU64,
}

/// What a world knows about a key.
pub(crate) enum Known {
    Present(Arc<Entity>),
    Gone,
    Untouched,
}

impl World {
    pub(crate) fn look(&self, shelf: &ShelfKey, key: &str) -> Known {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        match shelves.get(shelf) {
            Some(shelf) => match shelf.present.get(key) {
                Some(entity) => Known::Present(entity.clone()),
                None if shelf.gone.contains(key) => Known::Gone,
                None => Known::Untouched,
            },
            None => Known::Untouched,
        }
    }

    /// Changes one shelf, alone.
    pub(crate) fn change<T>(&self, shelf: &ShelfKey, change: impl FnOnce(&mut Shelf) -> T) -> T {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        change(shelves.entry(shelf.clone()).or_default())
    }

    /// Made or changed entities, and the removed keys.
    pub(crate) fn changes(&self, shelf: &ShelfKey) -> (Vec<Arc<Entity>>, HashSet<String>) {
        let shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        shelves.get(shelf).map(|shelf| (shelf.present.values().cloned().collect(), shelf.gone.clone())).unwrap_or_default()
    }

    /// How often the operation with the defect was called.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    pub(crate) fn count_call(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets all changes.
    pub(crate) fn reset(&self) {
        self.calls.store(0, Ordering::Relaxed);
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// The worlds by test, the least recently used one dropped when there are too many.
#[derive(Debug)]
pub(crate) struct Worlds {
    common: Arc<World>,
    capacity: usize,
    clock: AtomicU64,
    by_test: Mutex<HashMap<Arc<str>, Arc<World>>>,
}

impl Worlds {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { common: Arc::default(), capacity: capacity.max(1), clock: AtomicU64::new(0), by_test: Mutex::default() }
    }

    /// The world of a test; the common one without a test.
    pub(crate) fn of(&self, test: Option<&Arc<str>>) -> Arc<World> {
        let Some(test) = test else { return self.common.clone() };
        let now = self.clock.fetch_add(1, Ordering::Relaxed);
        let mut by_test = self.by_test.lock().unwrap_or_else(PoisonError::into_inner);
        if !by_test.contains_key(test) && by_test.len() >= self.capacity {
            let oldest = by_test.iter().min_by_key(|(_, world)| world.used.load(Ordering::Relaxed)).map(|(test, _)| test.clone());
            if let Some(oldest) = oldest {
                by_test.remove(&oldest);
            }
        }
        let world = by_test.entry(test.clone()).or_default().clone();
        world.used.store(now, Ordering::Relaxed);
        world
    }

    /// How many tests have a world.
    pub(crate) fn count(&self) -> usize {
        self.by_test.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_world_is_dropped() {
        let worlds = Worlds::new(2);
        let [a, b, c] = ["a", "b", "c"].map(Arc::<str>::from);
        let key: ShelfKey = (0, 0, String::new());
        let put = |test: &Arc<str>| worlds.of(Some(test)).change(&key, |shelf| shelf.made += 1);
        put(&a);
        put(&b);
        worlds.of(Some(&a));
        put(&c);
        assert_eq!(worlds.count(), 2);
        assert_eq!(worlds.of(Some(&a)).change(&key, |shelf| shelf.made), 1);
        assert_eq!(worlds.of(Some(&b)).change(&key, |shelf| shelf.made), 0);
    }
}
