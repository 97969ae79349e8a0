//! Progress of a run on a terminal: how far it is, what runs now. Nothing when stderr is no terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use callboard_model::names::TestName;
use callboard_model::run::{RunEvent, Verdict};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::Terminal;

/// Shorter runs need no progress.
const PATIENCE: Duration = Duration::from_millis(400);

/// The line that moves while a run goes on.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    names: Vec<TestName>,
    running: BTreeMap<usize, String>,
    failed: usize,
    started: std::time::Instant,
}

impl Progress {
    /// Draws on stderr when that is a terminal.
    pub(crate) fn new(terminal: &Terminal) -> Self {
        let target =
            if terminal.shows_progress() { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{bar:20} {pos}/{len} {msg}").expect("the template is well-formed");
        bar.set_style(style.progress_chars("=> "));
        Self { bar, names: Vec::new(), running: BTreeMap::new(), failed: 0, started: std::time::Instant::now() }
    }

    /// Takes notice of an event.
    pub(crate) fn handle(&mut self, event: &RunEvent) {
        match event {
            RunEvent::RunStarted(started) => {
                self.names.clone_from(&started.scenarios);
                self.bar.set_length(self.names.len() as u64);
            }
            RunEvent::ScenarioStarted { scenario, .. } => {
                self.running.insert(*scenario, String::new());
            }
            RunEvent::StepStarted { scenario, step } => {
                self.running.insert(*scenario, step.to_string());
            }
            RunEvent::StepFinished { .. } => {}
            RunEvent::ScenarioFinished { scenario, result } => {
                self.running.remove(scenario);
                self.failed += usize::from(result.verdict == Verdict::Failed);
                self.bar.inc(1);
            }
            RunEvent::RunFinished(_) => self.bar.finish_and_clear(),
        }
        self.draw();
    }

    fn draw(&self) {
        if self.bar.is_hidden() || self.started.elapsed() < PATIENCE {
            return;
        }
        let failed = if self.failed > 0 { format!("{} failed; ", self.failed) } else { String::new() };
        let now = self.running.iter().next().map(|(scenario, step)| {
            let name = self.names.get(*scenario).map_or("", |name| name.as_str());
            let workflow = name.rsplit('#').next().unwrap_or(name);
            if step.is_empty() { workflow.to_owned() } else { format!("{workflow}: {step}") }
        });
        let more = self.running.len().saturating_sub(1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        self.bar.set_message(format!("{failed}{}{more}", now.unwrap_or_default()));
    }
}
