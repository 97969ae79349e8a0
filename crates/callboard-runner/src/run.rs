//! The dispatcher: which scenario runs when, and what becomes of each one.
//!
//! One loop owns the state of the run. Scenarios run in tasks of their own, as many at a time as there are jobs, in the order in which
//! they were given; one that depends on another waits for it. Results come back to the loop and stand in the given order at the end,
//! whatever the number of jobs. A panic inside a scenario is a bug of ours: it is reported as such and costs that scenario alone.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use callboard_model::ServiceName;
use callboard_model::run::{NotReady, RunEvent, RunFinished, RunStarted, ScenarioResult, Summary, Verdict};
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::context::Finished;
use crate::options::{RunOptions, Scenario, default_jobs};
use crate::ready;
use crate::report::{Reporter, now};
use crate::scenario_run::{self, Ran, never_run};
use crate::shared::Shared;

/// Runs scenarios and says what happens while it happens. The end of the run holds all results in the order of the scenarios.
///
/// Cancelling stops the run: no new request is sent, those under way are given up, teardown has [`RunOptions::grace`]; scenarios that
/// did not begin are not run. Events are dropped when nobody receives them any more; a receiver that is slow slows the run down.
pub async fn run(options: RunOptions, events: mpsc::Sender<RunEvent>, cancel: CancellationToken) -> RunFinished {
    let started = RunStarted {
        run: options.run.clone(),
        at: now(),
        seed: options.seed,
        scenarios: options.scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
        deselected: options.deselected.clone(),
    };
    let reporter = Reporter { scenario: 0, events };
    reporter.send(RunEvent::RunStarted(started)).await;
    let used: Vec<_> = options.scenarios.iter().map(|scenario| ready::services(&options, scenario)).collect();
    let not_ready = tokio::select! {
        biased;
        () = cancel.cancelled() => Vec::new(),
        not_ready = ready::check(&options, &used) => not_ready,
    };
    let mut dispatcher = Dispatcher::new(options, reporter, cancel);
    dispatcher.leave_out(&used, &not_ready).await;
    dispatcher.dispatch().await;
    dispatcher.finish(not_ready).await
}

/// What becomes of a scenario.
enum State {
    Waiting,
    Running,
    /// With what its dependents may read, when it ran.
    Over(Arc<ScenarioResult>, Option<Finished>),
}

struct Dispatcher {
    shared: Arc<Shared>,
    reporter: Reporter,
    cancel: CancellationToken,
    states: Vec<State>,
    /// The scenarios that each one waits for.
    depends_on: Vec<Vec<usize>>,
    tasks: JoinSet<Ran>,
    scenario_of: HashMap<Id, usize>,
    jobs: usize,
    /// The first scenario that may still be waiting.
    next: usize,
}

impl Dispatcher {
    fn new(options: RunOptions, reporter: Reporter, cancel: CancellationToken) -> Self {
        let jobs = if options.jobs == 0 { default_jobs() } else { options.jobs };
        Self {
            states: options.scenarios.iter().map(|_| State::Waiting).collect(),
            depends_on: dependencies(&options.scenarios),
            shared: Arc::new(Shared::new(options)),
            reporter,
            cancel,
            tasks: JoinSet::new(),
            scenario_of: HashMap::new(),
            jobs,
            next: 0,
        }
    }

    /// Scenarios whose services are not there learn nothing.
    async fn leave_out(&mut self, used: &[BTreeSet<ServiceName>], not_ready: &[NotReady]) {
        for (index, services) in used.iter().enumerate() {
            let missing: Vec<&NotReady> = not_ready.iter().filter(|missing| services.contains(&missing.service)).collect();
            let what = match missing[..] {
                [] => None,
                [one] => Some(describe(one)),
                // The run says once where each of them should be.
                _ => Some(missing.iter().map(|missing| missing.service.as_str()).collect::<Vec<_>>().join(", ")),
            };
            if let Some(what) = what {
                let reason = format!("environment not ready: {what}");
                self.never(index, Verdict::Inconclusive, &reason).await;
            }
        }
    }

    async fn dispatch(&mut self) {
        loop {
            self.start_what_can().await;
            let Some(joined) = self.tasks.join_next_with_id().await else {
                break;
            };
            let (id, result) = match joined {
                Ok((id, result)) => (id, Ok(result)),
                Err(error) => (error.id(), Err(error)),
            };
            let index = self.scenario_of.remove(&id).expect("every task was noted down when it was started");
            match result {
                Ok(Ran { result, finished }) => self.over(index, result, Some(finished)).await,
                Err(error) => self.over(index, self.our_bug(index, error), None).await,
            }
        }
        // What still waits is waiting in a circle, or the run was stopped.
        for index in 0..self.states.len() {
            if matches!(self.states[index], State::Waiting) {
                let reason = if self.cancel.is_cancelled() { STOPPED } else { "its dependencies go in a circle" };
                self.never(index, Verdict::NotRun, reason).await;
            }
        }
    }

    async fn start_what_can(&mut self) {
        if self.cancel.is_cancelled() {
            return;
        }
        let mut index = self.next;
        while index < self.states.len() && self.tasks.len() < self.jobs {
            if matches!(self.states[index], State::Waiting) {
                self.start(index).await;
            }
            index += 1;
            let is_prefix_done = matches!(self.states.get(self.next), Some(State::Running | State::Over(..)));
            self.next += usize::from(is_prefix_done);
        }
    }

    /// Starts a scenario, unless it has to wait or never will.
    async fn start(&mut self, index: usize) {
        let mut known = Vec::new();
        for &other in &self.depends_on[index] {
            match &self.states[other] {
                State::Over(result, Some(finished)) if result.verdict == Verdict::Passed => known.push(finished.clone()),
                State::Over(result, _) => {
                    let reason = format!("it depends on {}, which is {}", result.name, result.verdict.as_str());
                    return self.never(index, Verdict::NotRun, &reason).await;
                }
                State::Waiting | State::Running => return,
            }
        }
        let (shared, events, cancel) = (self.shared.clone(), self.reporter.events.clone(), self.cancel.clone());
        let task = async move { scenario_run::run(&shared, index, known, events, cancel).await };
        let id = self.tasks.spawn(task).id();
        self.scenario_of.insert(id, index);
        self.states[index] = State::Running;
    }

    fn our_bug(&self, index: usize, error: JoinError) -> ScenarioResult {
        let what = match error.try_into_panic() {
            Ok(panic) => panic_message(&*panic),
            Err(_) => "the task was lost".to_owned(),
        };
        let reason = format!("a bug in callboard, please report it: {what}");
        let scenario = &self.shared.options.scenarios[index];
        never_run(scenario, self.shared.options.seed, Verdict::Failed, &self.shared.masker.mask(&reason))
    }

    async fn never(&mut self, index: usize, verdict: Verdict, reason: &str) {
        let scenario = &self.shared.options.scenarios[index];
        let result = never_run(scenario, self.shared.options.seed, verdict, &self.shared.masker.mask(reason));
        self.over(index, result, None).await;
    }

    async fn over(&mut self, index: usize, result: ScenarioResult, finished: Option<Finished>) {
        let result = Arc::new(result);
        self.states[index] = State::Over(result.clone(), finished);
        self.reporter.send(RunEvent::ScenarioFinished { scenario: index, result }).await;
    }

    async fn finish(self, mut not_ready: Vec<NotReady>) -> RunFinished {
        let masker = &self.shared.masker;
        for missing in &mut not_ready {
            masker.mask_string(&mut missing.server);
            masker.mask_string(&mut missing.reason);
        }
        let results: Vec<_> = self
            .states
            .into_iter()
            .map(|state| match state {
                State::Over(result, _) => result,
                State::Waiting | State::Running => unreachable!("the loop ends when every scenario is over"),
            })
            .collect();
        let mut summary = Summary::default();
        results.iter().for_each(|result| summary.count(result));
        let interrupted = self.cancel.is_cancelled();
        // A run that did not get to its end says nothing about what did not occur in it.
        let stale_acceptances = if interrupted { Vec::new() } else { self.shared.acceptances.stale() };
        let finished = RunFinished { at: now(), summary, not_ready, interrupted, stale_acceptances, results };
        self.reporter.send(RunEvent::RunFinished(finished.clone())).await;
        finished
    }
}

const STOPPED: &str = "the run was stopped";

fn describe(missing: &NotReady) -> String {
    if missing.server.is_empty() {
        return format!("{}: {}", missing.service, missing.reason);
    }
    format!("{} at {} ({})", missing.service, missing.server, missing.reason)
}

/// For each scenario, those of the same run whose workflow it depends on.
fn dependencies(scenarios: &[Scenario]) -> Vec<Vec<usize>> {
    let mut of_workflow: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    let any = |scenario: &Scenario| scenario.workflow().is_some_and(|workflow| !workflow.depends_on.is_empty());
    if scenarios.iter().any(any) {
        for (index, scenario) in scenarios.iter().enumerate() {
            of_workflow.entry((scenario.source.origin(), &scenario.workflow)).or_default().push(index);
        }
    }
    let of = |scenario: &Scenario| {
        let references = scenario.workflow().map(|workflow| workflow.depends_on.as_slice()).unwrap_or_default();
        // A workflow of another file runs inside the scenario that needs it.
        let local = references.iter().filter(|reference| reference.source.is_none());
        local
            .filter_map(|reference| of_workflow.get(&(scenario.source.origin(), reference.workflow.as_str())))
            .flatten()
            .copied()
            .collect()
    };
    scenarios.iter().map(of).collect()
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use callboard_model::names::TestName;
    use callboard_model::{Document, RunId, System};
    use callboard_scenario::ScenarioFile;
    use callboard_scenario::ast::Workflow;
    use serde_json::{Map, Value};

    use super::*;
    use crate::options::SourceFile;

    #[tokio::test]
    async fn a_panic_costs_one_scenario_and_is_told_in_its_own_words() {
        let workflow = |id: &str| Workflow { id: id.to_owned(), ..Workflow::default() };
        let file = ScenarioFile { workflows: vec![workflow("a"), workflow("b")], ..ScenarioFile::default() };
        let source = Arc::new(SourceFile { document: Document::synthetic("t.yaml", Value::Null), file });
        let scenario =
            |id: &str| Scenario { name: TestName::new(id), source: source.clone(), workflow: id.to_owned(), inputs: Map::new() };
        let options = RunOptions::new(RunId::new("r"), Arc::new(System::default()), vec![scenario("a"), scenario("b")]);
        let (events, _receiver) = mpsc::channel(64);
        let mut dispatcher = Dispatcher::new(options, Reporter { scenario: 0, events }, CancellationToken::new());
        let broken = || -> Result<Ran, String> { Err("no such thing".to_owned()) };
        let id = dispatcher.tasks.spawn(async move { broken().expect("it is there") }).id();
        dispatcher.scenario_of.insert(id, 0);
        dispatcher.states[0] = State::Running;
        dispatcher.dispatch().await;
        let finished = dispatcher.finish(Vec::new()).await;
        let reasons: Vec<_> = finished.results.iter().filter_map(|result| result.reason.as_deref()).collect();
        let bug = "a bug in callboard, please report it: it is there: \"no such thing\"";
        assert_eq!((reasons, finished.summary.failed), (vec![bug, "the workflow `b` has no steps"], 2));
    }
}
