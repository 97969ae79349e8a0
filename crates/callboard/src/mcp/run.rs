//! The tool `run`: scenarios against real and virtual services; what failed, and where the whole report lies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use callboard_analysis::report::{self, RunReport};
use callboard_model::run::{CheckOutcome, CheckResult, ScenarioResult, StepResult, Verdict};
use callboard_model::suggest::did_you_mean_or_list;
use callboard_model::{Code, ServiceName};
use callboard_runner::{Limits, Scenario};
use serde_json::{Value, json};

use super::answer::{Answer, first};
use super::arguments::RunArguments;
use super::tools::Call;
use super::{place, reports, resources};
use crate::cli::RunArgs;
use crate::commands::run::replay;
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::project::{BAD_ARGUMENT, Project, shown};
use crate::session::{Session, exit_of};
use crate::settings::Settings;
use crate::suite::{Suite, used_services};
use crate::terminal::Sources;
use crate::tests_of::tests;

/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// So many failed steps are listed; the report holds all.
const MAX_FAILURES: usize = 20;
/// So much of an answer's body is shown, in characters.
const MAX_BODY: usize = 600;

/// Runs scenarios.
pub(crate) async fn run(arguments: &RunArguments, call: Call) -> Result<Answer, Failure> {
    let project = Project::open("".into())?;
    let files = arguments.files.iter().map(|file| place::inside(file)).collect::<Result<Vec<PathBuf>, _>>()?;
    let suite = Suite::read(&project, &files, &[], &mut Sources::default())?;
    if suite.scenario_problems.iter().any(callboard_model::Diagnostic::is_error) {
        return Err(Failure::bad_input(suite.errors()));
    }
    suite.require_scenarios(&project.root)?;
    let scenarios = selected(arguments, &suite)?;
    let used = used_by(&scenarios, &suite);
    let environment = environment(arguments, &project, &suite, &call)?;
    environment.require(&used)?;
    let report = perform(arguments, &project, &suite, scenarios, environment, &used, call).await?;
    let page = reports::write(&report, project.title())?;
    Ok(answer(&report, &page))
}

/// The scenarios that the agent asked for.
fn selected(arguments: &RunArguments, suite: &Suite) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = tests(&suite.documents, &suite.values);
    for test in &arguments.tests {
        if !scenarios.iter().any(|scenario| scenario.name.as_str() == test) {
            let help = did_you_mean_or_list(test, scenarios.iter().map(|scenario| scenario.name.as_str()));
            return Err(Failure::argument(Code("unknown-test"), format!("no test is called `{test}`"), help));
        }
    }
    if !arguments.tests.is_empty() {
        scenarios.retain(|scenario| arguments.tests.iter().any(|test| scenario.name.as_str() == test));
    }
    if let Some(filter) = &arguments.filter {
        scenarios.retain(|scenario| scenario.name.as_str().contains(filter.as_str()));
    }
    if scenarios.is_empty() {
        return Err(Failure::argument(Code("no-scenarios"), "no scenario is called like that", None));
    }
    Ok(scenarios)
}

fn used_by(scenarios: &[Scenario], suite: &Suite) -> BTreeSet<ServiceName> {
    scenarios.iter().filter_map(|s| Some(used_services(&s.source, s.workflow()?, &suite.system))).flatten().collect()
}

/// Where each service answers. What is up in this session stands in, unless the call names a server.
fn environment(arguments: &RunArguments, project: &Project, suite: &Suite, call: &Call) -> Result<Environment, Failure> {
    require_known_places(&arguments.servers, &project.settings)?;
    let servers = pairs(&arguments.servers);
    let wishes =
        Wishes { environment: arguments.env.as_deref(), servers: &servers, virtual_services: &arguments.virtual_services };
    let mut environment = Environment::resolve(&project.settings, wishes, &suite.system, &|name| std::env::var(name).ok())?;
    for (service, url) in call.session.stage.addresses() {
        if !arguments.servers.contains_key(service.as_str()) {
            environment.stand_in_at(&service, url);
        }
    }
    Ok(environment)
}

/// Requests carry the credentials of the environment, so an agent may not send them anywhere that the project does not name.
fn require_known_places(servers: &BTreeMap<String, String>, settings: &Settings) -> Result<(), Failure> {
    let targets = settings.environments.values().flat_map(|environment| environment.services.values());
    let named: Vec<url::Origin> = targets.filter_map(|target| origin(target.get_ref().server.as_deref()?)).collect();
    for (service, server) in servers {
        let is_known = is_local(server) || origin(server).is_some_and(|origin| named.contains(&origin));
        if !is_known {
            let message = format!("`{server}` is neither on this machine nor a server that callboard.toml names");
            let help = format!("a person can add it: [environments.NAME.services.{service}] with server = \"{server}\"");
            return Err(Failure::argument(BAD_ARGUMENT, message, Some(help)));
        }
    }
    Ok(())
}

fn origin(server: &str) -> Option<url::Origin> {
    url::Url::parse(server).ok().filter(|url| url.has_host()).map(|url| url.origin())
}

fn is_local(server: &str) -> bool {
    let Ok(url) = url::Url::parse(server) else { return false };
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn pairs(servers: &BTreeMap<String, String>) -> Vec<String> {
    servers.iter().map(|(service, url)| format!("{service}={url}")).collect()
}

async fn perform(
    arguments: &RunArguments,
    project: &Project,
    suite: &Suite,
    scenarios: Vec<Scenario>,
    environment: Environment,
    used: &BTreeSet<ServiceName>,
    call: Call,
) -> Result<RunReport, Failure> {
    let Call { session, cancel, progress } = call;
    session.stage.freshen(&scenarios).await;
    let sightings = || session.stage.sightings();
    let seed = arguments.seed.unwrap_or(1);
    let run = Session { project, suite, seed, store: true, standing: Some(&sightings) };
    let replay = replay(&as_command(arguments, &session.stage.addresses()));
    let mut options = run.options(scenarios, &[]);
    options.jobs = arguments.jobs.map_or(0, usize::from);
    options.limits = Limits::default().within(TIMEOUT);
    let report = run.run(options, environment, used, &session.terminal, &mut |event| progress.see(event), cancel).await;
    progress.end().await;
    let mut report = RunReport { replay: Some(replay), ..report? };
    if !(arguments.files.is_empty() && arguments.tests.is_empty() && arguments.filter.is_none()) {
        // What a part of the tests does not meet, the others may.
        report.finished.stale_acceptances.clear();
    }
    Ok(report)
}

/// The command that does the same in a shell.
fn as_command(arguments: &RunArguments, up: &[(ServiceName, String)]) -> RunArgs {
    let files = match &arguments.tests[..] {
        [] => arguments.files.clone(),
        tests => {
            let files: BTreeSet<&str> = tests.iter().filter_map(|test| Some(test.split_once('#')?.0)).collect();
            files.into_iter().map(str::to_owned).collect()
        }
    };
    let only_test = if let [test] = &arguments.tests[..] { Some(test.clone()) } else { None };
    let mut virtual_services = arguments.virtual_services.clone();
    let standing = up.iter().map(|(name, _)| name.to_string()).filter(|name| !arguments.servers.contains_key(name));
    virtual_services.extend(standing.filter(|name| !arguments.virtual_services.contains(name)));
    RunArgs {
        files: files.iter().map(PathBuf::from).collect(),
        servers: pairs(&arguments.servers),
        virtual_services,
        env: arguments.env.clone(),
        filter: only_test.or_else(|| arguments.filter.clone()),
        seed: arguments.seed,
        ..RunArgs::default()
    }
}

fn answer(report: &RunReport, page: &Path) -> Answer {
    let whole = report::json(report);
    let (failures, more) = first(report.scenarios().flat_map(failures_of).collect(), MAX_FAILURES);
    let value = json!({
        "outcome": outcome(exit_of(&report.finished)),
        "summary": whole["summary"],
        "run": whole["run"],
        "durationMs": whole["durationMs"],
        "seed": whole["seed"],
        "environment": whole["environment"],
        "services": whole["services"],
        "notReady": whole["notReady"],
        "failures": failures,
        "more": more,
        "acceptedMismatches": report.accepted().len(),
        "staleAcceptances": whole["staleAcceptances"],
        "replay": report.replay,
        "report": shown(page),
        "resource": resources::report_uri(page),
    });
    let text = format!("{}\nreport: {}", report::text(report, report::text::plain).trim_end(), shown(page));
    Answer::new(value, &text)
}

fn outcome(exit: Exit) -> &'static str {
    match exit {
        Exit::Pass => "passed",
        Exit::TestFailed => "failed",
        Exit::Interrupted => "interrupted",
        _ => "notReady",
    }
}

/// The steps because of which a scenario did not pass; one row for the scenario itself when no step tells.
fn failures_of(scenario: &ScenarioResult) -> Vec<Value> {
    if matches!(scenario.verdict, Verdict::Passed | Verdict::Flaky) {
        return Vec::new();
    }
    let is_cause = |step: &&StepResult| step.nested.is_empty() && !matches!(step.verdict, Verdict::Passed | Verdict::NotRun);
    let rows: Vec<Value> = scenario.all_steps().filter(is_cause).map(|step| failure(scenario, step)).collect();
    if rows.is_empty() {
        return vec![json!({"test": scenario.name, "verdict": scenario.verdict.as_str(), "reason": scenario.reason})];
    }
    rows
}

fn failure(scenario: &ScenarioResult, step: &StepResult) -> Value {
    let last = step.attempts.last();
    let mut row = json!({
        "test": scenario.name,
        "step": step.step,
        "place": step.span.as_ref().map(ToString::to_string),
        "operation": step.operation.as_ref().map(ToString::to_string),
        "verdict": step.verdict.as_str(),
        "checks": step.failures().map(failed_check).collect::<Vec<_>>(),
    });
    if let Some(reason) = &step.reason {
        row["reason"] = json!(reason);
    }
    if let Some(attempt) = last {
        row["curl"] = json!(report::curl(&attempt.request));
        row["status"] = json!(attempt.response.as_ref().map(|response| response.status));
        let body = attempt.response.as_ref().and_then(|response| response.body.as_deref());
        row["body"] = json!(body.map(|body| report::clean::shorten(body, MAX_BODY)));
    }
    row
}

fn failed_check(check: &CheckResult) -> Value {
    let mut row = json!({"condition": check.condition});
    match &check.outcome {
        CheckOutcome::Failed { expected, actual, at } => {
            row["expected"] = json!(expected);
            row["actual"] = json!(actual);
            row["at"] = json!(at);
        }
        CheckOutcome::Unevaluable { why } => row["why"] = json!(why),
        CheckOutcome::Held | CheckOutcome::Accepted { .. } => {}
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn credentials_go_nowhere_that_the_project_does_not_name() {
        let text = "[services.hub]\ndefinition = \"hub.yaml\"\n[environments.stage.services.hub]\nserver = \"https://stage.example.com/api\"\n";
        let settings = Settings::parse(&Arc::from("callboard.toml"), text).expect("the settings are right");
        let is_allowed =
            |url: &str| require_known_places(&BTreeMap::from([("hub".to_owned(), url.to_owned())]), &settings).is_ok();
        for url in ["http://127.0.0.1:7004", "http://localhost:7004/x", "http://[::1]:7004", "https://stage.example.com/other"] {
            assert!(is_allowed(url), "{url}");
        }
        for url in [
            "http://evil.example.com",
            "http://localhost.evil.example.com",
            "http://stage.example.com/api",
            "http://127.0.0.1@evil.example.com",
        ] {
            assert!(!is_allowed(url), "{url}");
        }
    }
}
