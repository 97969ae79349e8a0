//! Candidates on trial: run again and again until each holds as often as is asked for, or shows that it never will.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use callboard_model::names::TestName;
use callboard_model::run::{CheckOutcome, RunFinished, ScenarioResult, Verdict};
use callboard_model::{Document, ServiceName};
use callboard_planner::ScenarioOptions;
use callboard_planner::cover::{Candidate, Finding, Next, Trial};
use callboard_runner::{Acceptance, Scenario, SourceFile};
use serde_json::Map;
use tokio_util::sync::CancellationToken;

use crate::environment::Environment;
use crate::exit::Failure;
use crate::session::Session;
use crate::suite::used_services;
use crate::terminal::Terminal;

/// A candidate is changed and tried so often at most.
const ROUNDS: usize = 30;

/// The reason of acceptances that only the trial knows: in a real run such a mismatch makes the scenario red.
const ON_TRIAL: &str = "seen while the scenario was tried";

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It has to show itself again.
    Open,
    /// It held as often as was asked for.
    Held,
    /// It will not hold: why.
    Hopeless(String),
    /// Another try of the same aim held.
    Spare,
}

/// A candidate on trial, with the runs in which it held as it is now.
pub(crate) struct OnTrial {
    pub(crate) trial: Trial,
    pub(crate) state: State,
    pub(crate) last: Option<Arc<ScenarioResult>>,
    held: Vec<Arc<ScenarioResult>>,
    has_learned: bool,
    /// The test that it is as it is now; made again when it changes.
    test: Option<Scenario>,
}

impl OnTrial {
    /// Whether a run outside of the trial would be red: the system deviates from its definition, and the project does not accept it.
    pub(crate) fn is_red(&self) -> bool {
        let on_trial = |outcome: &CheckOutcome| matches!(outcome, CheckOutcome::Accepted { reason, .. } if reason == ON_TRIAL);
        let mut steps = self.last.iter().flat_map(|result| result.all_steps());
        steps.any(|step| step.checks.iter().any(|check| on_trial(&check.outcome)))
    }
}

/// How candidates are tried.
pub(crate) struct Conditions<'a> {
    pub(crate) session: &'a Session<'a>,
    pub(crate) environment: &'a Environment,
    /// How many run at a time; 0 for as many as usual.
    pub(crate) jobs: usize,
    /// How often each has to hold.
    pub(crate) runs: usize,
    /// Whether what was the same in all runs becomes a check: virtual services teach nothing.
    pub(crate) learns: bool,
    pub(crate) options: &'a ScenarioOptions,
    pub(crate) folder: &'a Path,
}

impl Conditions<'_> {
    /// Tries all candidates. The answer is in their order.
    pub(crate) async fn try_all(
        &self,
        candidates: Vec<Candidate>,
        terminal: &Terminal,
        cancel: &CancellationToken,
    ) -> Result<Vec<OnTrial>, Failure> {
        let system = &self.session.suite.system;
        let begin = |candidate: Candidate| {
            let file = candidate.file(system, self.options);
            OnTrial {
                trial: Trial::new(candidate, file),
                state: State::Open,
                last: None,
                held: Vec::new(),
                has_learned: false,
                test: None,
            }
        };
        let mut all: Vec<OnTrial> = candidates.into_iter().map(begin).collect();
        for _ in 0..ROUNDS {
            let open = self.next_tries(&mut all);
            if open.is_empty() || cancel.is_cancelled() {
                break;
            }
            let results = self.run(&mut all, &open, terminal, cancel).await?;
            for (at, result) in open.into_iter().zip(results) {
                self.follow(&mut all[at], result);
            }
        }
        for on_trial in all.iter_mut().filter(|on_trial| on_trial.state == State::Open) {
            on_trial.state = State::Hopeless("it did not hold often enough to be trusted".to_owned());
        }
        Ok(all)
    }

    /// What has to run: of several tries of one aim the first that is not hopeless.
    fn next_tries(&self, all: &mut [OnTrial]) -> Vec<usize> {
        let mut by_title: BTreeMap<String, bool> = BTreeMap::new();
        let mut open = Vec::new();
        for (at, on_trial) in all.iter_mut().enumerate() {
            let is_taken = by_title.entry(on_trial.trial.candidate.title.clone()).or_default();
            match &on_trial.state {
                State::Open if *is_taken => {}
                State::Open => {
                    *is_taken = true;
                    open.push(at);
                }
                State::Held => *is_taken = true,
                State::Hopeless(_) | State::Spare => {}
            }
        }
        let held: BTreeSet<String> =
            all.iter().filter(|o| o.state == State::Held).map(|o| o.trial.candidate.title.clone()).collect();
        for on_trial in all.iter_mut().filter(|o| o.state == State::Open && held.contains(&o.trial.candidate.title)) {
            on_trial.state = State::Spare;
        }
        open
    }

    fn follow(&self, on_trial: &mut OnTrial, result: Arc<ScenarioResult>) {
        let system = &self.session.suite.system;
        match on_trial.trial.judge(&result, system) {
            Next::Hopeless(why) => on_trial.state = State::Hopeless(why),
            Next::Again => {
                on_trial.held.clear();
                on_trial.test = None;
            }
            Next::Held => on_trial.held.push(result.clone()),
        }
        if on_trial.state == State::Open && result.teardown.iter().any(|step| step.verdict == Verdict::Failed) {
            on_trial.trial.retag();
            on_trial.test = None;
        }
        on_trial.last = Some(result);
        if on_trial.held.len() < self.runs {
            return;
        }
        let held = std::mem::take(&mut on_trial.held);
        if self.learns && !on_trial.has_learned {
            on_trial.has_learned = true;
            let runs: Vec<&ScenarioResult> = held.iter().map(|result| &**result).collect();
            if on_trial.trial.learn(&runs, system) > 0 {
                on_trial.test = None;
                return;
            }
        }
        on_trial.state = State::Held;
    }

    async fn run(
        &self,
        all: &mut [OnTrial],
        open: &[usize],
        terminal: &Terminal,
        cancel: &CancellationToken,
    ) -> Result<Vec<Arc<ScenarioResult>>, Failure> {
        let system = &self.session.suite.system;
        let mut scenarios = Vec::with_capacity(open.len());
        for at in open {
            if all[*at].test.is_none() {
                all[*at].test = Some(self.scenario(&all[*at].trial)?);
            }
            scenarios.extend(all[*at].test.clone());
        }
        let used: BTreeSet<ServiceName> =
            scenarios.iter().filter_map(|s| Some(used_services(&s.source, s.workflow()?, system))).flatten().collect();
        let mut options = self.session.options(scenarios, &[]);
        options.jobs = self.jobs;
        options.acceptances.extend(all.iter().flat_map(|on_trial| &on_trial.trial.findings).filter_map(acceptance));
        let report = self.session.run(options, self.environment.clone(), &used, terminal, &mut |_| {}, cancel.clone()).await?;
        Ok(complete(report.finished, open.len()))
    }

    /// A trial as a test that can run: through its text, as it would be read from a file.
    fn scenario(&self, trial: &Trial) -> Result<Scenario, Failure> {
        let candidate = &trial.candidate;
        let origin = self.folder.join(format!("{}.arazzo.yaml", candidate.service)).to_string_lossy().into_owned();
        let text = callboard_scenario::write(&trial.file);
        let document =
            Document::parse(Arc::from(origin.as_str()), text.as_bytes()).map_err(|diagnostic| Failure::from(*diagnostic))?;
        let parsed = callboard_scenario::parse(&document);
        let mut diagnostics = parsed.diagnostics;
        let Some(file) = parsed.value else { return Err(super::files::bug(diagnostics)) };
        diagnostics.extend(callboard_scenario::check(&file, &document, &self.session.suite.system));
        diagnostics.retain(callboard_model::Diagnostic::is_error);
        if !diagnostics.is_empty() {
            return Err(super::files::bug(diagnostics));
        }
        let mut scenario = Scenario {
            name: TestName::new(format!("{}#{}", candidate.service, candidate.id)),
            source: Arc::new(SourceFile { document, file }),
            workflow: candidate.id.clone(),
            inputs: Map::new(),
        };
        let declared = scenario.declared_inputs();
        scenario.inputs =
            declared.into_iter().filter_map(|name| Some((name.clone(), self.environment.values.get(&name)?.clone()))).collect();
        Ok(scenario)
    }
}

/// The results of a run in the order of its scenarios. A run that was stopped has none for some.
fn complete(finished: RunFinished, count: usize) -> Vec<Arc<ScenarioResult>> {
    let mut results = finished.results;
    results.truncate(count);
    results
}

/// A mismatch that was found does not hide what else there is to see.
fn acceptance(finding: &Finding) -> Option<Acceptance> {
    finding.can_be_accepted().then(|| Acceptance {
        service: finding.service.clone(),
        operation: Some(finding.operation.clone()),
        status: finding.status,
        pointer: finding.pointer.clone(),
        reason: ON_TRIAL.to_owned(),
    })
}

/// Whether nothing could be tried because nobody answers.
pub(crate) fn nobody_answers(all: &[OnTrial]) -> bool {
    !all.is_empty()
        && all.iter().all(|on_trial| {
            on_trial.last.as_ref().is_none_or(|result| matches!(result.verdict, Verdict::Inconclusive | Verdict::NotRun))
        })
}
