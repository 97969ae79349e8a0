//! `callboard run`: scenarios against any mix of real and virtual services.

use std::collections::BTreeSet;
use std::path::Path;

use callboard_analysis::report::{self, Deselected, ReportService, RunReport};
use callboard_model::run::{RunEvent, RunFinished, RunStarted};
use callboard_model::{Code, Diagnostic, RunId, ServiceName, Severity};
use callboard_runner::{Acceptance, Limits, RunOptions, Scenario};
use callboard_store::{Recorder, RunContext, Sighting};
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::{RunArgs, Shard};
use crate::commands::impact;
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::fleet::VirtualFleet;
use crate::progress::Progress;
use crate::project::Project;
use crate::settings::AcceptSection;
use crate::signals::cancel_when_stopped;
use crate::suite::{Suite, used_services};
use crate::terminal::{Sources, Terminal};
use crate::tests_of::tests;

/// Runs scenarios and reports.
pub(crate) async fn run(project: &Project, arguments: &RunArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, &arguments.files, &arguments.definitions.definitions, &mut sources)?;
    if !may_run(&suite, &sources, terminal) {
        return Ok(Exit::BadInput);
    }
    suite.require_scenarios(&project.root)?;
    let wishes = Wishes {
        environment: arguments.env.as_deref(),
        servers: &arguments.servers,
        virtual_services: &arguments.virtual_services,
    };
    let environment = Environment::resolve(&project.settings, wishes, &suite.system, &|name| std::env::var(name).ok())?;
    let mut selection = select(project, arguments, &suite, &environment.values, terminal).await?;
    let session =
        Session { project, suite: &suite, seed: arguments.seed.unwrap_or(1), store: !arguments.no_store, standing: None };
    let outputs = Outputs {
        junit: arguments.junit.as_deref(),
        html: arguments.html.as_deref(),
        json: arguments.json.as_deref(),
        title: project.title(),
    };
    outputs.probe()?;
    if selection.scenarios.is_empty() {
        return nothing_to_run(arguments, selection, &session, &outputs, terminal);
    }
    let used: BTreeSet<ServiceName> = selection
        .scenarios
        .iter()
        .filter_map(|scenario| Some(used_services(&scenario.source, scenario.workflow()?, &suite.system)))
        .flatten()
        .collect();
    environment.require(&used)?;
    let mut options = session.options(std::mem::take(&mut selection.scenarios), &selection.deselected);
    options.jobs = arguments.jobs.map_or(0, usize::from);
    options.limits = Limits::default().within(arguments.timeout);
    let cancel = cancel_when_stopped(terminal);
    let mut progress = Progress::new(terminal);
    let report = session.run(options, environment, &used, terminal, &mut |event| progress.handle(event), cancel).await?;
    let mut report = RunReport { deselected: selection.deselected, replay: Some(replay(arguments)), ..report };
    if !arguments.is_whole() {
        // What a part of the tests does not meet, the others may.
        report.finished.stale_acceptances.clear();
    }
    outputs.write(&report, terminal)?;
    let style = if terminal.color_err() { report::text::ansi } else { report::text::plain };
    terminal.say(report::text(&report, style).trim_end());
    Ok(exit_of(&report.finished))
}

/// Shows what is wrong. Nothing runs while a scenario has an error; a definition that no scenario needs hinders nothing.
fn may_run(suite: &Suite, sources: &Sources, terminal: &Terminal) -> bool {
    let errors = suite.scenario_problems.iter().filter(|d| d.is_error()).count();
    if errors > 0 {
        terminal.diagnostics(&suite.problems().filter(|d| d.is_error()).cloned().collect::<Vec<_>>(), sources);
        terminal.say(format!("nothing was run: {}", super::check::counted(errors, "error")));
        return false;
    }
    let broken = suite.definition_problems.iter().filter(|d| d.is_error()).cloned();
    let broken: Vec<_> = broken.map(|d| Diagnostic { severity: Severity::Warning, ..d }).collect();
    terminal.diagnostics(&broken, sources);
    let warnings = suite.problems().filter(|d| d.severity == Severity::Warning).count();
    if warnings > 0 {
        terminal.say(format!(
            "{} of definitions and scenarios: `callboard check` shows them",
            super::check::counted(warnings, "warning")
        ));
    }
    true
}

/// What runs, and what does not although it is there.
struct Selection {
    scenarios: Vec<Scenario>,
    deselected: Vec<Deselected>,
}

async fn select(
    project: &Project,
    arguments: &RunArgs,
    suite: &Suite,
    values: &Map<String, Value>,
    terminal: &Terminal,
) -> Result<Selection, Failure> {
    let mut scenarios = tests(&suite.documents, values);
    if let Some(filter) = &arguments.filter {
        scenarios.retain(|scenario| scenario.name.as_str().contains(filter.as_str()));
    }
    let mut deselected = Vec::new();
    if let (true, Some(base)) = (arguments.impacted, &arguments.base) {
        let impact = impact::analyse(project, suite, base).await?;
        terminal.say(impact::summary(&impact));
        scenarios.retain(|scenario| {
            let is_selected = impact.selected.iter().any(|selected| selected.test == scenario.name);
            if !is_selected {
                let reason = format!("no change since {base} concerns it");
                deselected.push(Deselected { test: scenario.name.clone(), reason });
            }
            is_selected
        });
    }
    if let Some(Shard { index, count }) = arguments.shard {
        // Every Nth one, so that long files spread over the parts.
        let mut place = 0;
        scenarios.retain(|_| {
            place += 1;
            place % count == index % count
        });
    }
    Ok(Selection { scenarios, deselected })
}

/// Nothing to run is an answer, too: whoever reads reports finds one, with everything that was deselected.
fn nothing_to_run(
    arguments: &RunArgs,
    selection: Selection,
    session: &Session<'_>,
    outputs: &Outputs<'_>,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if let (Some(filter), true) = (&arguments.filter, selection.deselected.is_empty()) {
        return Err(Failure::argument(Code("no-scenarios"), format!("no scenario's name contains `{filter}`"), None));
    }
    let options = session.options(Vec::new(), &selection.deselected);
    let at = u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default();
    let started = RunStarted { run: options.run, at, seed: options.seed, scenarios: Vec::new(), deselected: options.deselected };
    let finished = RunFinished { at, ..RunFinished::default() };
    let deselected = super::check::counted(selection.deselected.len(), "test");
    let report =
        RunReport { deselected: selection.deselected, replay: Some(replay(arguments)), ..RunReport::new(started, finished) };
    outputs.write(&report, terminal)?;
    terminal.say(format!("nothing has to run; {deselected} deselected"));
    Ok(Exit::Pass)
}

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
            let lost = super::check::counted(recorded.lost, "result");
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

/// Where reports go.
struct Outputs<'a> {
    junit: Option<&'a Path>,
    html: Option<&'a Path>,
    json: Option<&'a Path>,
    title: &'a str,
}

impl Outputs<'_> {
    /// A report that cannot be written is better known before the run than after it.
    fn probe(&self) -> Result<(), Failure> {
        for path in [self.junit, self.html, self.json].into_iter().flatten().filter(|path| *path != Path::new("-")) {
            if is_scenario_file(path) {
                let message = format!("`{}` is a scenario file, not a report", path.display());
                let help =
                    "name the report's file behind the option; --json alone writes to stdout, when it comes last".to_owned();
                return Err(Failure::argument(Code("bad-argument"), message, Some(help)));
            }
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|error| Failure::file(path, "write", &error))?;
        }
        Ok(())
    }

    fn write(&self, report: &RunReport, terminal: &Terminal) -> Result<(), Failure> {
        if let Some(path) = self.junit {
            write(path, &report::junit(report).map_err(|error| bug(&error))?, terminal)?;
        }
        if let Some(path) = self.html {
            write(path, &html(report, self.title)?, terminal)?;
        }
        if let Some(path) = self.json {
            write(path, &format!("{:#}\n", report::json(report)), terminal)?;
        }
        Ok(())
    }
}

fn is_scenario_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".arazzo.yaml", ".arazzo.yml", ".arazzo.json"].iter().any(|ending| name.ends_with(ending))
}

fn write(path: &Path, text: &str, terminal: &Terminal) -> Result<(), Failure> {
    if path == Path::new("-") {
        terminal.data(text);
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| Failure::file(path, "write", &error))
}

/// The HTML report of a run.
pub(crate) fn html(report: &RunReport, title: &str) -> Result<String, Failure> {
    report::html(report, title).map_err(|error| bug(&error))
}

fn bug(error: &dyn std::error::Error) -> Failure {
    let message = format!("failed to make a report: {error}");
    Failure { exit: Exit::Bug, ..Failure::argument(Code("bug"), message, None) }
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

/// The command that runs the same again.
pub(crate) fn replay(arguments: &RunArgs) -> String {
    let mut words = vec!["callboard run".to_owned()];
    words.extend(arguments.files.iter().map(|file| report::curl::quote(&file.display().to_string())));
    let pairs = [
        ("--definition", &arguments.definitions.definitions),
        ("--server", &arguments.servers),
        ("--virtual", &arguments.virtual_services),
    ];
    for (option, values) in pairs {
        words.extend(values.iter().map(|value| format!("{option} {}", report::curl::quote(value))));
    }
    words.extend(arguments.env.iter().map(|env| format!("--env {}", report::curl::quote(env))));
    words.extend(arguments.filter.iter().map(|filter| format!("--filter {}", report::curl::quote(filter))));
    words.push(format!("--seed {}", arguments.seed.unwrap_or(1)));
    words.join(" ")
}
