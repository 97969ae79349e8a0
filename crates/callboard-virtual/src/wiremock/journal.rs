//! What came in and what was answered, for the last so many requests. Each worker writes into a shard of its own; requests are kept in
//! the bytes they came in and are taken apart only when somebody asks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

use super::request::Request;
use super::response::{Answer, Response};
use super::stub::Stub;

/// So much of a request's body is kept.
pub(crate) const KEPT_BODY: usize = 256 * 1024;
/// The requests of one shard hold no more bytes than this.
const KEPT_BYTES: usize = 24 * 1024 * 1024;
/// Buffers up to this size are used again.
const REUSED: usize = 4096;

/// The journal.
#[derive(Debug)]
pub(crate) struct Journal {
    shards: Vec<Mutex<Shard>>,
    capacity: usize,
    numbers: AtomicU64,
    /// The first half of the ids.
    base: u64,
}

#[derive(Debug, Default)]
struct Shard {
    records: VecDeque<Record>,
    bytes: usize,
}

/// One request as it is kept.
#[derive(Clone, Debug)]
struct Record {
    number: u64,
    milliseconds: i64,
    addresses: (SocketAddr, SocketAddr),
    raw: Vec<u8>,
    stub: Option<Arc<Stub>>,
    status: u16,
    /// Kept where they depend on the request; the stub has them otherwise.
    headers: Option<Box<HeaderMap>>,
    body: Option<Bytes>,
}

/// One request taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    number: u64,
    /// Milliseconds since 1970.
    pub(crate) milliseconds: i64,
    addresses: (SocketAddr, SocketAddr),
    method: String,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    /// The stub that answered; none did when the request matched none.
    pub(crate) stub: Option<Arc<Stub>>,
    pub(crate) status: u16,
    pub(crate) answer_headers: HeaderMap,
    pub(crate) answer_body: Bytes,
}

impl Event {
    /// The request, for matchers.
    pub(crate) fn request(&self) -> Request<'_> {
        Request::new(&self.method, &self.target, &self.headers, &self.body, self.addresses)
    }
}

impl Journal {
    /// An empty journal with a number of shards, each of which keeps so many requests; 0 keeps none.
    pub(crate) fn new(shards: usize, capacity: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            capacity,
            numbers: AtomicU64::new(1),
            base: Uuid::new_v4().as_u64_pair().0,
        }
    }

    /// A number for a request that comes in.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// The id of the request with a number.
    pub(crate) fn id(&self, number: u64) -> Uuid {
        // The variant bits of RFC 9562, so that strict readers take it for the UUID it is.
        Uuid::from_u64_pair(self.base, number | (0b10 << 62))
    }

    /// Keeps a request and its answer.
    pub(crate) fn add(&self, shard: usize, number: u64, request: &Request<'_>, stub: Option<&Arc<Stub>>, answer: &Answer) {
        if self.capacity == 0 {
            return;
        }
        let milliseconds =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(0));
        let has_own =
            |has: fn(&Response) -> bool| stub.is_none_or(|stub| has(&stub.response) || stub.response.status != answer.status);
        let headers = has_own(Response::has_own_headers).then(|| Box::new(answer.headers.clone()));
        let body = has_own(Response::has_own_body).then(|| answer.body.clone());
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        let mut raw = shard.make_room(self.capacity);
        write(request, &mut raw);
        shard.bytes += raw.len();
        shard.records.push_back(Record {
            number,
            milliseconds,
            addresses: (request.client, request.local),
            raw,
            stub: stub.cloned(),
            status: answer.status.as_u16(),
            headers,
            body,
        });
    }

    /// All requests, oldest first.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut records = Vec::new();
        for shard in &self.shards {
            records.extend(shard.lock().unwrap_or_else(PoisonError::into_inner).records.iter().cloned());
        }
        records.sort_by_key(|record| record.number);
        records.into_iter().map(|record| record.take_apart(self)).collect()
    }

    /// Forgets all.
    pub(crate) fn clear(&self) {
        for shard in &self.shards {
            *shard.lock().unwrap_or_else(PoisonError::into_inner) = Shard::default();
        }
    }

    /// Forgets these.
    pub(crate) fn remove(&self, events: &[Event]) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.records.retain(|record| !events.iter().any(|event| event.number == record.number));
            shard.bytes = shard.records.iter().map(|record| record.raw.len()).sum();
        }
    }
}

impl Shard {
    /// Drops the oldest until there is room; gives a buffer to write into.
    fn make_room(&mut self, capacity: usize) -> Vec<u8> {
        let mut buffer = Vec::new();
        while self.records.len() >= capacity || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.records.pop_front() else { break };
            self.bytes -= oldest.raw.len();
            if oldest.raw.capacity() <= REUSED {
                buffer = oldest.raw;
            }
        }
        buffer.clear();
        buffer
    }
}

/// Method, target, headers and body, each after its length.
fn write(request: &Request<'_>, raw: &mut Vec<u8>) {
    let body = &request.body[..request.body.len().min(KEPT_BODY)];
    raw.reserve(64 + request.target.len() + body.len() + request.headers.len() * 48);
    put(raw, request.method.as_bytes());
    put(raw, request.target.as_bytes());
    put(raw, body);
    for (name, value) in request.headers {
        put(raw, name.as_str().as_bytes());
        put(raw, value.as_bytes());
    }
}

fn put(raw: &mut Vec<u8>, part: &[u8]) {
    // Parts are far below 4 GiB: heads are limited by the server, bodies are cut.
    raw.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    raw.extend_from_slice(part);
}

fn take<'r>(raw: &mut &'r [u8]) -> Option<&'r [u8]> {
    let (length, rest) = raw.split_first_chunk::<4>()?;
    let (part, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *raw = rest;
    Some(part)
}

impl Record {
    fn take_apart(self, journal: &Journal) -> Event {
        let mut raw = self.raw.as_slice();
        let mut text = || String::from_utf8_lossy(take(&mut raw).unwrap_or_default()).into_owned();
        let (method, target) = (text(), text());
        let body = take(&mut raw).unwrap_or_default().to_vec();
        let mut headers = HeaderMap::new();
        while let (Some(name), Some(value)) = (take(&mut raw), take(&mut raw)) {
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
                headers.append(name, value);
            }
        }
        let (fixed_headers, fixed_body) = self.stub.as_ref().map(|stub| stub.response.fixed()).unwrap_or_default();
        Event {
            id: journal.id(self.number),
            number: self.number,
            milliseconds: self.milliseconds,
            addresses: self.addresses,
            method,
            target,
            headers,
            body,
            stub: self.stub,
            status: self.status,
            answer_headers: self.headers.map_or(fixed_headers, |headers| *headers),
            answer_body: self.body.unwrap_or(fixed_body),
        }
    }
}
