//! `callboard run`: scenarios against any mix of real and virtual services.

use std::collections::BTreeSet;

use callboard_analysis::report::{self, Deselected, RunReport};
use callboard_model::run::{RunFinished, RunStarted};
use callboard_model::{Code, Diagnostic, ServiceName, Severity};
use callboard_runner::{Limits, Scenario};
use serde_json::{Map, Value};

use crate::cli::{RunArgs, Shard};
use crate::commands::impact;
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::outputs::Outputs;
use crate::progress::Progress;
use crate::project::Project;
use crate::session::{Session, exit_of};
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
    let exit = exit_of(&report.finished);
    if exit == Exit::Pass && !arguments.no_store {
        crate::older::keep(project, &suite.system, &used);
    }
    Ok(exit)
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
