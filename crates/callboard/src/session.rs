//! One run from its options to its report: virtual services up, scenarios run, results kept. `run`, `demo` and `mcp` share it.

use std::collections::BTreeSet;

use callboard_analysis::report::{Deselected, ReportService, RunReport};
use callboard_model::run::{RunEvent, RunFinished, RunStarted};
use callboard_model::{Code, Diagnostic, RunId, ServiceName, Severity};
use callboard_runner::{Acceptance, RunOptions, Scenario};
use callboard_store::{Recorder, RunContext, Sighting};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::commands::check::counted;
use crate::commands::impact;
use crate::environment::Environment;
use crate::exit::{Exit, Failure};
use crate::fleet::VirtualFleet;
use crate::project::Project;
use crate::settings::AcceptSection;
use crate::suite::Suite;
use crate::terminal::{Sources, Terminal};

/// What one run shares with the next one of the same project.
pub(crate) struct Session<'a> {
    /// The project.
    pub(crate) project: &'a Project,
    /// Its scenarios and services.
    pub(crate) suite: &'a Suite,
    /// The seed of all generated values.
    pub(crate) seed: u64,
    /// Whether results are kept.
    pub(crate) store: bool,
    /// What virtual services saw that were up before the run and stay up after it.
    pub(crate) standing: Option<&'a (dyn Fn() -> Vec<Sighting> + Sync)>,
}

impl Session<'_> {
    /// The options of a run of these scenarios; the environment is put in when the virtual services are up.
    pub(crate) fn options(&self, scenarios: Vec<Scenario>, deselected: &[Deselected]) -> RunOptions {
        let run = RunId::new(new_run_id());
        let library =
            self.suite.documents.iter().chain(&self.suite.imported).filter_map(|document| document.source.clone()).collect();
        RunOptions {
            seed: self.seed,
            library,
            deselected: deselected.iter().map(|d| d.test.clone()).collect(),
            acceptances: self.project.settings.accept.iter().map(acceptance).collect(),
            ..RunOptions::new(run, self.suite.system.clone(), scenarios)
        }
    }

    /// Starts virtual services, runs, keeps the results. `watch` sees each event as it happens.
    pub(crate) async fn run(
        &self,
        mut options: RunOptions,
        mut environment: Environment,
        used: &BTreeSet<ServiceName>,
        terminal: &Terminal,
        watch: &mut (dyn FnMut(&RunEvent) + Send),
        cancel: CancellationToken,
    ) -> Result<RunReport, Failure> {
        let fleet = VirtualFleet::start(&self.suite.system, &environment, self.seed).await?;
        for (service, base) in fleet.addresses() {
            environment.place_virtual(service, base.clone());
        }
        options.targets = environment.targets.iter().map(|(name, target)| (name.clone(), target.clone())).collect();
        options.values = environment.values.clone();
        options.secrets = environment.secrets.clone();
        let services = self.services_of_report(&environment, used);
        let recorder = self.store.then(|| self.recorder(&environment));
        let (started, finished) = follow(options, recorder.as_ref(), watch, cancel).await;
        if let Some(recorder) = recorder {
            recorder.record_sightings(fleet.sightings());
            recorder.record_sightings(self.standing.map(|seen| seen()).unwrap_or_default());
            self.warn_of_loss(&recorder.finish().await, terminal);
        }
        fleet.stop().await;
        Ok(RunReport { environment: environment.name, services, ..RunReport::new(started, finished) })
    }

    fn services_of_report(&self, environment: &Environment, used: &BTreeSet<ServiceName>) -> Vec<ReportService> {
        let masker = callboard_runner::Masker::new(&environment.secrets);
        let row = |name: &ServiceName| ReportService {
            name: name.clone(),
            server: environment.targets.get(name).map(|target| masker.mask(&target.base).into_owned()).unwrap_or_default(),
            is_virtual: environment.virtual_services.contains_key(name),
        };
        used.iter().map(row).collect()
    }

    fn recorder(&self, environment: &Environment) -> Recorder {
        let context = RunContext {
            environment: environment.name.clone(),
            virtual_services: environment.virtual_services.keys().cloned().collect(),
            fingerprints: impact::test_uses(self.suite).into_iter().map(|test| (test.test, test.fingerprint)).collect(),
            commit: None,
        };
        self.project.make_store_folder();
        Recorder::start(self.project.store_path(), context)
    }

    fn warn_of_loss(&self, recorded: &callboard_store::Recorded, terminal: &Terminal) {
        if let Some(problem) = &recorded.problem {
            let lost = counted(recorded.lost, "result");
            let warning = Diagnostic {
                code: Code("store"),
                severity: Severity::Warning,
                span: None,
                message: format!("{problem}; {lost} of this run are not kept for later"),
                help: Some("the reports of this run are complete; --no-store keeps nothing on purpose".to_owned()),
            };
            terminal.diagnostics(&[warning], &Sources::default());
        }
    }
}

/// Runs, and hands each event to who watches and to the store.
async fn follow(
    options: RunOptions,
    recorder: Option<&Recorder>,
    watch: &mut (dyn FnMut(&RunEvent) + Send),
    cancel: CancellationToken,
) -> (RunStarted, RunFinished) {
    let (sender, mut receiver) = mpsc::channel(256);
    let mut started = RunStarted {
        run: options.run.clone(),
        at: 0,
        seed: options.seed,
        scenarios: Vec::new(),
        deselected: options.deselected.clone(),
    };
    let running = tokio::spawn(callboard_runner::run(options, sender, cancel));
    while let Some(event) = receiver.recv().await {
        watch(&event);
        if let RunEvent::RunStarted(begun) = &event {
            started.clone_from(begun);
        }
        if let Some(recorder) = recorder {
            recorder.record(event);
        }
    }
    let finished = running.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
    (started, finished)
}

/// What the run says about the system, as an exit code. A failed test says more than a service that was not there.
pub(crate) fn exit_of(finished: &RunFinished) -> Exit {
    let summary = &finished.summary;
    let is_our_bug = |reason: &String| reason.starts_with("a bug in callboard");
    if finished.results.iter().any(|result| result.reason.as_ref().is_some_and(is_our_bug)) {
        Exit::Bug
    } else if finished.interrupted {
        Exit::Interrupted
    } else if summary.failed > 0 {
        Exit::TestFailed
    } else if !finished.not_ready.is_empty() || summary.inconclusive > 0 || summary.not_run > 0 {
        Exit::NotReady
    } else {
        Exit::Pass
    }
}

fn acceptance(section: &AcceptSection) -> Acceptance {
    Acceptance {
        service: section.service.get_ref().clone(),
        operation: section.operation.as_ref().map(|operation| operation.get_ref().clone()),
        status: section.status,
        pointer: section.pointer.clone(),
        reason: section.reason.clone(),
    }
}

/// Sortable by time, and unique on this machine.
fn new_run_id() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}
