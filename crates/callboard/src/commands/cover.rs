//! `callboard generate --cover`: scenarios for what no test touches, tried before they are written.

use std::collections::BTreeSet;
use std::sync::Arc;

use callboard_analysis::gaps::Gaps;
use callboard_model::api::{ParameterLocation, SecurityKind};
use callboard_model::map::SystemMap;
use callboard_model::{Service, StatusPattern, System};
use callboard_planner::cover::{Candidate, CoverOptions, Goal, candidates, choose, goals};
use callboard_planner::{MappedSystem, ScenarioOptions};
use callboard_scenario::ScenarioFile;
use tokio_util::sync::CancellationToken;

use crate::cli::{CoverWhat, GenerateArgs};
use crate::commands::check::counted;
use crate::commands::{gaps, generate, plan};
use crate::cover::files;
use crate::cover::report::Outcome;
use crate::cover::trials::{Conditions, OnTrial, State, nobody_answers};
use crate::environment::{Environment, Wishes};
use crate::exit::{Exit, Failure};
use crate::project::{Project, no_services, shown};
use crate::rate::{Rating, rate};
use crate::session::Session;
use crate::signals::cancel_when_stopped;
use crate::suite::Suite;
use crate::terminal::{Sources, Terminal};

/// Where generated files go when nothing else is said.
const FOLDER: &str = "scenarios/generated";

/// Plans, tries and writes scenarios for coverage.
pub(crate) async fn cover(
    project: &Project,
    arguments: &GenerateArgs,
    what: CoverWhat,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let cancel = cancel_when_stopped(terminal);
    let show = |outcome: &Outcome<'_>| {
        if arguments.json {
            terminal.json(&outcome.to_json());
        } else {
            terminal.data(outcome.to_text().trim_end());
            tell(outcome, terminal);
        }
    };
    make(project, arguments, what, terminal, &cancel, show).await?;
    Ok(Exit::Pass)
}

/// As [`cover`], for whoever shows what comes of it.
pub(crate) async fn make<T>(
    project: &Project,
    arguments: &GenerateArgs,
    what: CoverWhat,
    terminal: &Terminal,
    cancel: &CancellationToken,
    show: impl FnOnce(&Outcome<'_>) -> T,
) -> Result<T, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, &[], &arguments.definitions.definitions, &mut sources)?;
    if suite.system.services().is_empty() {
        return Err(no_services());
    }
    let mapped = MappedSystem::new(&suite.system, &project.map_options());
    let gaps_before = gaps::find(project, &suite).await;
    let before = touched(&suite.system, &mapped.map, &gaps_before);
    let options = options(project, arguments, &suite.system)?;
    let folder = arguments.output.clone().unwrap_or_else(|| project.root.join(FOLDER));
    let scenario_options = scenario_options(&suite.system, &folder, &options);
    let planned = wanted(candidates(&mapped, &options), what, &before);
    let planned = promising(planned, &before, arguments.budget);
    let session = Session { project, suite: &suite, seed: options.seed, store: false, standing: None };
    let conditions = Conditions {
        session: &session,
        environment: &Environment::default(),
        jobs: arguments.jobs.map_or(0, usize::from),
        runs: usize::from(arguments.runs.unwrap_or(3)),
        learns: true,
        options: &scenario_options,
        folder: &folder,
    };
    let (mut trials, tried_on) = tried(project, arguments, &conditions, planned, terminal, cancel).await?;
    let rating = if arguments.rate { Some(rated(&mut trials, &suite.system, cancel).await?) } else { None };
    let held: Vec<&OnTrial> = trials.iter().filter(|on_trial| on_trial.state == State::Held).collect();
    let kept = within_budget(&held, &suite.system, &before, arguments.budget);
    let texts = files::texts(&kept, &folder, &suite.system)?;
    let written = files::write(&texts, &folder, arguments.force)?;
    let gaps_after = gaps_with(project, arguments, &written).await?;
    let outcome = Outcome {
        before: &gaps_before,
        after: &gaps_after,
        trials: &trials,
        kept: &kept,
        written: &written,
        tried_on: &tried_on,
        runs: conditions.runs,
        rating: rating.as_ref(),
    };
    Ok(show(&outcome))
}

/// Rates the checks of what held, and marks the weak ones.
async fn rated(trials: &mut [OnTrial], system: &Arc<System>, cancel: &CancellationToken) -> Result<Rating, Failure> {
    let mut held: Vec<&mut OnTrial> = trials.iter_mut().filter(|on_trial| on_trial.state == State::Held).collect();
    let files: Vec<ScenarioFile> = held.iter().map(|on_trial| on_trial.trial.file.clone()).collect();
    let rating = rate(system, &files, cancel).await?;
    for (at, on_trial) in held.iter_mut().enumerate() {
        rating.mark(at, &mut on_trial.trial.file);
    }
    Ok(rating)
}

fn tell(outcome: &Outcome<'_>, terminal: &Terminal) {
    let red = outcome.kept.iter().filter(|on_trial| on_trial.is_red()).count();
    let green = outcome.kept.len() - red;
    terminal.say(format!(
        "{} green{} in {} runs each on {}",
        counted(green, "scenario"),
        if red > 0 { format!(", {red} red where the system is not what its definition says,") } else { String::new() },
        outcome.runs,
        outcome.tried_on
    ));
    outcome.rating.iter().for_each(|rating| terminal.say(rating.summary()));
    for file in outcome.written {
        let place = shown(&file.path);
        match file.is_edited {
            true => terminal.say(format!("{place} was edited and is left as it is; --force replaces it")),
            false => terminal.say(format!("{} written to {place}", counted(file.scenarios, "scenario"))),
        }
    }
}

/// What no test touches, the files that were written included, wherever they are.
async fn gaps_with(project: &Project, arguments: &GenerateArgs, written: &[files::Written]) -> Result<Gaps, Failure> {
    let mut paths = project.scenario_paths(&[])?;
    paths.extend(written.iter().map(|file| file.path.clone()).filter(|path| !paths.contains(path)).collect::<Vec<_>>());
    let suite = Suite::read(project, &paths, &arguments.definitions.definitions, &mut Sources::default())?;
    Ok(gaps::find(project, &suite).await)
}

/// What the tests of the project touch already.
fn touched(system: &System, map: &SystemMap, gaps: &Gaps) -> BTreeSet<Goal> {
    let is_open = |goal: &Goal| match goal {
        Goal::Operation(key) => gaps.gaps.iter().any(|gap| gap.operation == *key),
        Goal::Status(key, StatusPattern::Exact(status)) => {
            gaps.answers.iter().any(|gap| gap.operation == *key && gap.statuses.contains(status))
        }
        Goal::Status(key, StatusPattern::Class(class)) => {
            gaps.answers.iter().any(|gap| gap.operation == *key && gap.class == *class && gap.is_whole_class)
        }
        Goal::Status(key, StatusPattern::Default) => gaps.gaps.iter().any(|gap| gap.operation == *key),
        Goal::Link(from, to) => gaps.crossings.iter().any(|gap| gap.to == *to && gap.from == *from),
    };
    goals(system, map).into_iter().filter(|goal| !is_open(goal)).collect()
}

fn wanted(candidates: Vec<Candidate>, what: CoverWhat, before: &BTreeSet<Goal>) -> Vec<Candidate> {
    let adds = |candidate: &Candidate| what == CoverWhat::All || candidate.goals.iter().any(|goal| !before.contains(goal));
    candidates.into_iter().filter(adds).collect()
}

/// So many times the budget is tried: some candidates will not hold.
const SPARE: usize = 3;

/// With a budget, the candidates that promise most.
fn promising(candidates: Vec<Candidate>, before: &BTreeSet<Goal>, budget: Option<u16>) -> Vec<Candidate> {
    let goals: Vec<BTreeSet<Goal>> = candidates.iter().map(|candidate| candidate.goals.clone()).collect();
    let chosen = choose(&goals, before, budget.map(|budget| usize::from(budget) * SPARE));
    let titles: BTreeSet<String> = chosen.into_iter().map(|at| candidates[at].title.clone()).collect();
    candidates.into_iter().filter(|candidate| titles.contains(&candidate.title)).collect()
}

fn options(project: &Project, arguments: &GenerateArgs, system: &System) -> Result<CoverOptions, Failure> {
    let plan = plan::options(project, arguments.env.as_deref(), system)?;
    let wishes = Wishes { environment: arguments.env.as_deref(), servers: &[], virtual_services: &[] };
    let variable = |name: &str| Some(format!("${{{name}}}"));
    let environment = Environment::resolve(&project.settings, wishes, system, &variable)?;
    let credentials =
        system.services().iter().filter_map(|service| Some((service.name.clone(), credential(service, &environment)?)));
    Ok(CoverOptions {
        seed: arguments.seed.unwrap_or(1),
        aliases: plan.aliases,
        environment_needs: plan.environment_needs,
        environment_values: plan.environment_values,
        credentials: credentials.collect(),
        skip: arguments.skip.clone(),
    })
}

/// The header in which an environment sends credentials to a service.
fn credential(service: &Service, environment: &Environment) -> Option<String> {
    let is_key = |name: &str| {
        name.eq_ignore_ascii_case("authorization")
            || service.security_schemes.iter().any(|scheme| {
                matches!(&scheme.kind, SecurityKind::ApiKey { location: ParameterLocation::Header, name: key } if key.eq_ignore_ascii_case(name))
            })
    };
    let target = environment.targets.get(&service.name)?;
    target.headers.iter().map(|(name, _)| name).find(|name| is_key(name)).cloned()
}

fn scenario_options(system: &System, folder: &std::path::Path, options: &CoverOptions) -> ScenarioOptions {
    let place = shown(&folder.join("x.arazzo.yaml"));
    ScenarioOptions {
        sources: system.services().iter().filter_map(|service| generate::source_url(service, &place)).collect(),
        environment_needs: options.environment_needs.clone(),
        environment_values: options
            .environment_values
            .clone()
            .into_iter()
            .filter(|(_, value)| !generate::names_a_variable(value))
            .collect(),
        ..ScenarioOptions::default()
    }
}

/// Tries candidates on the environment; where there is none, or nobody answers there, on virtual services.
async fn tried(
    project: &Project,
    arguments: &GenerateArgs,
    conditions: &Conditions<'_>,
    planned: Vec<Candidate>,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<(Vec<OnTrial>, String), Failure> {
    let system = &conditions.session.suite.system;
    let wishes = Wishes { environment: arguments.env.as_deref(), servers: &arguments.servers, virtual_services: &[] };
    let environment = Environment::resolve(&project.settings, wishes, system, &|name| std::env::var(name).ok())?;
    let has_real = !environment.targets.is_empty();
    if has_real {
        let name =
            environment.name.clone().map_or_else(|| "the given servers".to_owned(), |name| format!("the environment `{name}`"));
        let conditions = Conditions { environment: &environment, ..*conditions };
        let trials = conditions.try_all(planned.clone(), terminal, cancel).await?;
        if !nobody_answers(&trials) {
            return Ok((trials, name));
        }
        terminal.say(format!("nobody answers in {name}: the scenarios are tried on virtual services of the definitions"));
    }
    let names: Vec<String> = system.services().iter().map(|service: &Service| service.name.as_str().to_owned()).collect();
    let wishes = Wishes { environment: None, servers: &[], virtual_services: &names };
    let environment = Environment::resolve(&crate::settings::Settings::default(), wishes, system, &|_| None)?;
    let conditions = Conditions { environment: &environment, learns: false, ..*conditions };
    // Only a real system can tell whether a guess is right.
    let planned = planned.into_iter().filter(|candidate| !candidate.is_guess).collect();
    let trials = conditions.try_all(planned, terminal, cancel).await?;
    Ok((trials, "virtual services of the definitions".to_owned()))
}

fn within_budget<'t>(held: &[&'t OnTrial], system: &System, before: &BTreeSet<Goal>, budget: Option<u16>) -> Vec<&'t OnTrial> {
    let goals: Vec<BTreeSet<Goal>> = held.iter().map(|on_trial| on_trial.trial.goals(system)).collect();
    choose(&goals, before, budget.map(usize::from)).into_iter().map(|at| held[at]).collect()
}
