//! Is the environment ready? Asked before a run, by a TCP connection to each service that the scenarios use.
//!
//! A service that is not there makes the scenarios that need it inconclusive, not failed: nothing was learned about it. Once a run has
//! begun, a refused connection is a failure.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::{Duration, Instant};

use callboard_model::ServiceName;
use callboard_model::run::NotReady;
use callboard_scenario::ast::{ActionKind, ActionTarget, Step, StepTarget, Workflow, WorkflowReference};
use callboard_scenario::resolve;
use futures::future::join_all;
use http::Uri;

use crate::client::{SendError, origin_of};
use crate::connection::reach;
use crate::options::{RunOptions, Scenario, SourceFile};

/// The pause between two attempts to reach a service.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// The services that are not ready, of those that some scenario uses.
pub(crate) async fn check(options: &RunOptions, used: &[BTreeSet<ServiceName>]) -> Vec<NotReady> {
    let services: BTreeSet<&ServiceName> = used.iter().flatten().collect();
    let mut origins: BTreeMap<String, Vec<&ServiceName>> = BTreeMap::new();
    let mut not_ready = Vec::new();
    for service in services {
        match options.targets.get(service) {
            None => not_ready.push(NotReady {
                service: service.clone(),
                server: String::new(),
                reason: "the environment names no server for it".to_owned(),
            }),
            Some(target) => {
                if let Some(origin) = target.fixed_origin(&options.values) {
                    origins.entry(origin).or_default().push(service);
                }
            }
        }
    }
    let asked = origins.iter().map(|(origin, services)| ask(origin, services, options));
    not_ready.extend(join_all(asked).await.into_iter().flatten());
    not_ready.sort_by(|a, b| a.service.cmp(&b.service));
    not_ready
}

async fn ask(origin: &str, services: &[&ServiceName], options: &RunOptions) -> Vec<NotReady> {
    let Err(error) = reach_in_time(origin, options.ready_timeout).await else {
        return Vec::new();
    };
    let server = |service: &ServiceName| options.targets.get(service).map_or(origin, |target| target.base.as_str()).to_owned();
    let not_ready =
        |service: &&ServiceName| NotReady { service: (*service).clone(), server: server(service), reason: short(&error) };
    services.iter().map(not_ready).collect()
}

async fn reach_in_time(origin: &str, limit: Duration) -> Result<(), SendError> {
    let url: Uri = origin
        .parse()
        .map_err(|error: http::uri::InvalidUri| SendError::BadUrl { url: origin.to_owned(), reason: error.to_string() })?;
    let origin = origin_of(&url)?;
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(50));
        match reach(&origin, left).await {
            Ok(()) => return Ok(()),
            Err(error) if Instant::now() + AGAIN_AFTER >= deadline => return Err(error),
            Err(_) => tokio::time::sleep(AGAIN_AFTER).await,
        }
    }
}

/// The server stands beside the reason already.
fn short(error: &SendError) -> String {
    match error {
        SendError::Refused { .. } => "connection refused".to_owned(),
        other => other.to_string(),
    }
}

/// The services that a scenario calls, those of workflows that it may call or depend on included.
pub(crate) fn services(options: &RunOptions, scenario: &Scenario) -> BTreeSet<ServiceName> {
    let mut walk = Walk { options, seen: HashSet::new(), services: BTreeSet::new() };
    if let Some(workflow) = scenario.workflow() {
        walk.workflow(&scenario.source, workflow);
    }
    walk.services
}

struct Walk<'r> {
    options: &'r RunOptions,
    seen: HashSet<(&'r str, &'r str)>,
    services: BTreeSet<ServiceName>,
}

impl<'r> Walk<'r> {
    fn workflow(&mut self, source: &'r SourceFile, workflow: &'r Workflow) {
        if !self.seen.insert((source.origin(), workflow.id.as_str())) {
            return;
        }
        for reference in &workflow.depends_on {
            self.reference(source, reference);
        }
        for action in workflow.success_actions.iter().chain(&workflow.failure_actions) {
            self.action(source, &action.kind);
        }
        for step in workflow.steps.iter().chain(&workflow.finally) {
            self.step(source, step);
        }
    }

    fn step(&mut self, source: &'r SourceFile, step: &'r Step) {
        for action in step.on_success.iter().chain(&step.on_failure) {
            self.action(source, &action.kind);
        }
        if let StepTarget::Workflow(reference) = &step.target {
            return self.reference(source, reference);
        }
        let called = resolve::operation(&step.target, &source.file, source.origin(), &self.options.system);
        if let Some((service, _)) = called {
            self.services.insert(service.name.clone());
        }
    }

    fn action(&mut self, source: &'r SourceFile, kind: &ActionKind) {
        match kind {
            ActionKind::Goto(ActionTarget::Workflow(reference))
            | ActionKind::Retry { first: Some(ActionTarget::Workflow(reference)), .. } => self.reference(source, reference),
            _ => {}
        }
    }

    fn reference(&mut self, source: &'r SourceFile, reference: &WorkflowReference) {
        if let Some((source, workflow)) = self.options.find_workflow(source, reference) {
            self.workflow(source, workflow);
        }
    }
}
