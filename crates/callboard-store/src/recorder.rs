//! The one writer: listens to a run's events and keeps them, without ever holding the run up.
//!
//! The file is opened in the background. What goes wrong is reported once, at the end: the run itself never fails because of it.

use std::path::PathBuf;
use std::sync::Arc;

use callboard_model::evidence::Edge;
use callboard_model::run::{RunEvent, RunFinished, RunStarted, ScenarioResult};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::StoreError;
use crate::record::{RunContext, Sighting};
use crate::store::Store;

/// So many runs keep the details of each scenario.
const DETAILED_RUNS: u32 = 20;
/// So many runs keep verdicts and durations.
const KEPT_RUNS: u32 = 1_000;

/// Keeps a run's events.
#[derive(Debug)]
pub struct Recorder {
    sender: mpsc::UnboundedSender<Message>,
    path: PathBuf,
    task: JoinHandle<Recorded>,
}

/// What became of a run's results.
#[derive(Debug, Default)]
pub struct Recorded {
    /// So many scenarios were kept.
    pub kept: usize,
    /// So many were not.
    pub lost: usize,
    /// The first thing that went wrong.
    pub problem: Option<StoreError>,
}

#[derive(Debug)]
enum Message {
    Event(RunEvent),
    Sightings(Vec<Sighting>),
    Edges(Vec<Edge>),
}

impl Recorder {
    /// Starts to listen. Touches no file before it returns. Must be called inside a tokio runtime.
    pub fn start(path: PathBuf, context: RunContext) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let task = tokio::spawn(Writer::new(path.clone(), context).listen(receiver));
        Self { sender, path, task }
    }

    /// Keeps an event. Never waits, never fails.
    pub fn record(&self, event: RunEvent) {
        self.send(Message::Event(event));
    }

    /// Keeps calls that no step made itself.
    pub fn record_sightings(&self, sightings: Vec<Sighting>) {
        self.send(Message::Sightings(sightings));
    }

    /// Keeps which service was seen to call which.
    pub fn record_edges(&self, edges: Vec<Edge>) {
        self.send(Message::Edges(edges));
    }

    /// Waits until all is written, and says what was.
    pub async fn finish(self) -> Recorded {
        drop(self.sender);
        match self.task.await {
            Ok(recorded) => recorded,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Recorded {
                problem: Some(StoreError::Other { path: self.path, source: sqlx::Error::WorkerCrashed }),
                ..Recorded::default()
            },
        }
    }

    fn send(&self, message: Message) {
        // The task ends only after the sender is gone, so somebody listens.
        let _ = self.sender.send(message);
    }
}

struct Writer {
    path: PathBuf,
    context: RunContext,
    store: Option<Store>,
    started: Option<RunStarted>,
    is_begun: bool,
    recorded: Recorded,
}

impl Writer {
    fn new(path: PathBuf, context: RunContext) -> Self {
        Self { path, context, store: None, started: None, is_begun: false, recorded: Recorded::default() }
    }

    async fn listen(mut self, mut receiver: mpsc::UnboundedReceiver<Message>) -> Recorded {
        match Store::open(&self.path).await {
            Ok(store) => self.store = Some(store),
            Err(error) => self.note(error),
        }
        while let Some(message) = receiver.recv().await {
            self.handle(message).await;
        }
        if let Some(store) = self.store.take()
            && let Err(error) = store.close().await
        {
            self.note(error);
        }
        self.recorded
    }

    async fn handle(&mut self, message: Message) {
        let done = match message {
            Message::Event(RunEvent::RunStarted(started)) => {
                self.started = Some(started);
                self.begin().await
            }
            Message::Event(RunEvent::ScenarioFinished { scenario, result }) => self.keep(scenario, &result).await,
            Message::Event(RunEvent::RunFinished(finished)) => self.end(&finished).await,
            Message::Event(_) => Ok(()),
            Message::Sightings(sightings) => match (&mut self.store, &self.started) {
                (Some(store), Some(started)) => store.add_sightings(started, &sightings).await,
                _ => Ok(()),
            },
            Message::Edges(edges) => match &mut self.store {
                Some(store) => store.add_edges(&edges).await,
                None => Ok(()),
            },
        };
        if let Err(error) = done {
            self.note(error);
        }
    }

    /// Tried again with each scenario until it works: there may be room by then.
    async fn begin(&mut self) -> Result<(), StoreError> {
        if let (Some(store), Some(started), false) = (&mut self.store, &self.started, self.is_begun) {
            store.begin_run(started, &self.context).await?;
            self.is_begun = true;
        }
        Ok(())
    }

    async fn keep(&mut self, scenario: usize, result: &Arc<ScenarioResult>) -> Result<(), StoreError> {
        self.recorded.lost += 1;
        self.begin().await?;
        if let (Some(store), Some(started)) = (&mut self.store, &self.started) {
            store.add_scenario(started, &self.context, scenario, result).await?;
            self.recorded.lost -= 1;
            self.recorded.kept += 1;
        }
        Ok(())
    }

    async fn end(&mut self, finished: &RunFinished) -> Result<(), StoreError> {
        self.begin().await?;
        if let (Some(store), Some(started)) = (&mut self.store, &self.started) {
            store.end_run(started, finished).await?;
            store.prune(DETAILED_RUNS, KEPT_RUNS).await?;
        }
        Ok(())
    }

    /// The first problem is the one to show: later ones follow from it.
    fn note(&mut self, error: StoreError) {
        self.recorded.problem.get_or_insert(error);
    }
}
