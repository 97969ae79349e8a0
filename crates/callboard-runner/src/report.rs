//! Tells the listeners what happens in a scenario.

use std::sync::Arc;
use std::time::SystemTime;

use callboard_model::run::{RunEvent, StepResult};
use tokio::sync::mpsc;

/// Sends the events of one scenario. Nobody has to listen.
#[derive(Clone)]
pub(crate) struct Reporter {
    pub(crate) scenario: usize,
    pub(crate) events: mpsc::Sender<RunEvent>,
}

impl Reporter {
    pub(crate) async fn send(&self, event: RunEvent) {
        // A listener that went away has heard enough; the run goes on.
        let _ = self.events.send(event).await;
    }

    pub(crate) async fn step_started(&self, step: &str) {
        self.send(RunEvent::StepStarted { scenario: self.scenario, step: Arc::from(step) }).await;
    }

    pub(crate) async fn step_finished(&self, result: Arc<StepResult>) {
        self.send(RunEvent::StepFinished { scenario: self.scenario, result }).await;
    }
}

/// Milliseconds since the Unix epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
