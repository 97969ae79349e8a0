//! One request, answered.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::desk::Shared;
use super::near_miss;
use super::request::Request;
use super::response::{Answer, Dribble, Fault};
use super::snapshot::Snapshot;
use super::stub::Stub;
use super::template::Scope;

/// What a thread that answers keeps to itself.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    /// Its part of the journal.
    shard: usize,
    snapshot: RefCell<(u64, Arc<Snapshot>)>,
}

/// An answer, and how it is sent.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) answer: Answer,
    pub(crate) delay: Duration,
    pub(crate) dribble: Option<Dribble>,
    pub(crate) fault: Option<Fault>,
}

impl Served {
    fn plain(answer: Answer) -> Self {
        Self { answer, delay: Duration::ZERO, dribble: None, fault: None }
    }
}

impl Worker {
    /// A worker with a part of the journal.
    pub(crate) fn new(shared: Arc<Shared>, shard: usize) -> Self {
        // No generation is this high: the first request takes the current snapshot.
        Self { shared, shard, snapshot: RefCell::new((u64::MAX, Arc::default())) }
    }

    /// Answers a request and writes it down. A defect of ours becomes a 500, not the end of the server.
    pub(crate) fn serve(&self, request: &Request<'_>) -> Served {
        let number = self.shared.journal.next_number();
        let mut copy = self.snapshot.borrow_mut();
        self.shared.current.refresh(&mut copy);
        let snapshot = &copy.1;
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(snapshot, request, number)));
        let (stub, served) =
            answered.unwrap_or_else(|_| (None, Served::plain(failure("a defect of the virtual service itself: it panicked"))));
        self.shared.journal.add(self.shard, number, request, stub, &served.answer);
        served
    }

    fn answer<'s>(&self, snapshot: &'s Snapshot, request: &Request<'_>, number: u64) -> (Option<&'s Arc<Stub>>, Served) {
        let accept = |stub: &Stub| stub.scenario.as_ref().is_none_or(|scenario| self.shared.scenarios.pass(scenario));
        let Some(stub) = snapshot.find(request, accept) else {
            let page = near_miss::page(snapshot, &self.shared.scenarios, request);
            return (None, Served::plain(Answer::new(StatusCode::NOT_FOUND, Some("text/plain"), page)));
        };
        let response = &stub.response;
        let id = || self.shared.journal.id(number).to_string();
        let scope = || Scope::new(request, &stub.request.url, response.parameters(), &id);
        let answer = response.answer(Some(&self.shared.files), scope).unwrap_or_else(|error| failure(&error));
        let served =
            Served { answer, delay: response.delay.draw(&snapshot.delay), dribble: response.dribble, fault: response.fault };
        (Some(stub), served)
    }
}

fn failure(why: &str) -> Answer {
    Answer::new(StatusCode::INTERNAL_SERVER_ERROR, Some("text/plain"), why.to_owned())
}
