//! A plan tried on virtual services: in this process, over the loopback interface, touching nothing else.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use callboard_model::names::TestName;
use callboard_model::plan::{Expectation, Plan};
use callboard_model::run::{RunFinished, StepResult, Verdict};
use callboard_model::{Document, RunId, ServiceName, System};
use callboard_planner::PlanOptions;
use callboard_runner::{RunOptions, Scenario, SourceFile, Target};
use callboard_virtual::Behaviour;
use tokio_util::sync::CancellationToken;

use crate::commands::generate::scenario_text;
use crate::fleet::VirtualFleet;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What goes wrong when a plan runs. Steps that expect a refusal do not count: a virtual service knows no rules of business.
pub(super) async fn faults(system: &Arc<System>, plan: &Plan, sentence: &str, options: &PlanOptions) -> Vec<String> {
    let text = match scenario_text(plan, system, sentence, options, None) {
        Ok(text) => text,
        Err(failure) => {
            let why = failure.diagnostics.first().map(|diagnostic| diagnostic.message.clone()).unwrap_or_default();
            return vec![format!("its scenario breaks the definitions: {why}")];
        }
    };
    let Some(source) = source(&text) else { return vec!["its scenario cannot be read".to_owned()] };
    match tokio::time::timeout(PATIENCE, run(system, plan, source, options)).await {
        Ok(Some(finished)) => failed_steps(plan, &finished),
        // What could not be tried is no fault of the plan.
        Ok(None) | Err(_) => Vec::new(),
    }
}

fn source(text: &str) -> Option<Arc<SourceFile>> {
    let document = Document::parse(Arc::from("dry-run.arazzo.yaml"), text.as_bytes()).ok()?;
    let file = callboard_scenario::parse(&document).value?;
    Some(Arc::new(SourceFile { document, file }))
}

async fn run(system: &Arc<System>, plan: &Plan, source: Arc<SourceFile>, options: &PlanOptions) -> Option<RunFinished> {
    let anywhere = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let names: BTreeSet<&ServiceName> = plan.steps.iter().chain(&plan.teardown).map(|step| &step.operation.service).collect();
    let services = names.into_iter().filter_map(|name| Some((Arc::new(system.service(name.as_str())?.clone()), anywhere)));
    let behaviour = Behaviour { ask_for_credentials: false, ..Behaviour::default() };
    let fleet = VirtualFleet::start_services(services.collect(), 1, behaviour).await.ok()?;
    let workflow = source.file.workflows.first()?.id.clone();
    let name = TestName::new(format!("dry-run.arazzo.yaml#{workflow}"));
    let scenario = Scenario { name, source, workflow, inputs: serde_json::Map::new() };
    let targets = fleet.addresses().iter().map(|(name, base)| (name.clone(), Target::new(base.clone()))).collect();
    let values = options.environment_values.clone().into_iter().collect();
    let run = RunOptions { targets, values, ..RunOptions::new(RunId::new("dry-run"), system.clone(), vec![scenario]) };
    let (sender, mut receiver) = tokio::sync::mpsc::channel(256);
    let running = callboard_runner::run(run, sender, CancellationToken::new());
    let drained = async { while receiver.recv().await.is_some() {} };
    let (finished, ()) = tokio::join!(running, drained);
    fleet.stop().await;
    Some(finished)
}

/// Steps whose request a virtual service refused: it judges by the definition. A step that found nothing to send is no fault: which
/// entities a virtual service knows is its own affair.
fn failed_steps(plan: &Plan, finished: &RunFinished) -> Vec<String> {
    let succeeds = |name: &str| plan.steps.iter().any(|step| step.step == name && step.expect == Expectation::Success);
    let refusal = |step: &StepResult| {
        let response = step.attempts.last()?.response.as_ref()?;
        let is_refused = step.verdict == Verdict::Failed && (400..500).contains(&response.status) && response.status != 404;
        is_refused.then(|| format!("step `{}` is refused by a virtual service ({})", step.step, response.status))
    };
    let steps = finished.results.iter().flat_map(|result| &result.steps);
    steps.filter(|step| succeeds(&step.step)).filter_map(refusal).collect()
}
