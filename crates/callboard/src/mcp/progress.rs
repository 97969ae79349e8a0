//! Tells the client how far a run is, when it asked to be told.

use callboard_model::run::{RunEvent, Verdict};
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::{Peer, RoleServer};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default)]
struct Reached {
    done: u32,
    failed: u32,
    total: u32,
}

/// Sends what was reached last: a client that reads slowly misses steps in between, and slows nothing down.
pub(crate) struct Progress {
    reached: watch::Sender<Reached>,
    telling: Option<JoinHandle<()>>,
}

impl Progress {
    /// Tells nobody.
    pub(crate) fn silent() -> Self {
        Self { reached: watch::Sender::default(), telling: None }
    }

    /// Tells a client, under the token that it gave.
    pub(crate) fn to(peer: Peer<RoleServer>, token: ProgressToken) -> Self {
        let reached = watch::Sender::default();
        let telling = tokio::spawn(tell(peer, token, reached.subscribe()));
        Self { reached, telling: Some(telling) }
    }

    /// Takes note of an event.
    pub(crate) fn see(&self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted(started) => {
                let total = u32::try_from(started.scenarios.len()).unwrap_or(u32::MAX);
                self.reached.send_modify(|reached| reached.total = total);
            }
            RunEvent::ScenarioFinished { result, .. } => self.reached.send_modify(|reached| {
                reached.done += 1;
                reached.failed += u32::from(result.verdict == Verdict::Failed);
            }),
            _ => {}
        }
    }

    /// Waits until the last notification is out, so that none follows the result.
    pub(crate) async fn end(self) {
        drop(self.reached);
        if let Some(telling) = self.telling {
            // A client that is gone has nothing to be told.
            let _ = telling.await;
        }
    }
}

async fn tell(peer: Peer<RoleServer>, token: ProgressToken, mut reached: watch::Receiver<Reached>) {
    while reached.changed().await.is_ok() {
        let Reached { done, failed, total } = *reached.borrow_and_update();
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let progress = ProgressNotificationParam::new(token.clone(), f64::from(done))
            .with_total(f64::from(total))
            .with_message(format!("{done} of {total} scenarios done{failed}"));
        if peer.notify_progress(progress).await.is_err() {
            return;
        }
    }
}
