//! What came in and what was answered, for the last so many requests.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use callboard_model::ServiceName;
use serde::Serialize;

/// One request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Counts from 1; gaps do not occur, older entries are dropped.
    pub number: u64,
    /// The service that answered.
    pub service: ServiceName,
    /// The HTTP method.
    pub method: String,
    /// Path and query as they came.
    pub target: String,
    /// `operationId`, or method and path template; absent when no operation stands there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Arc<str>>,
    /// The test whose world it was; absent for the common one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<Arc<str>>,
    /// The start of the request body, where it is text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The status of the answer.
    pub status: u16,
    /// Why this was the answer.
    pub why: Cow<'static, str>,
}

/// The last requests, oldest dropped first.
#[derive(Debug)]
pub struct Journal {
    capacity: usize,
    counted: AtomicU64,
    entries: Mutex<VecDeque<Entry>>,
}

impl Journal {
    /// An empty journal of at most so many entries; none at all for 0.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, counted: AtomicU64::new(0), entries: Mutex::new(VecDeque::new()) }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.capacity > 0
    }

    pub(crate) fn add(&self, mut entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entry.number = self.counted.fetch_add(1, Ordering::Relaxed) + 1;
        while entries.len() >= self.capacity {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// How many requests came in, the dropped ones included.
    pub fn counted(&self) -> u64 {
        self.counted.load(Ordering::Relaxed)
    }
}
