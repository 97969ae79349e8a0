//! Virtual services of all definitions, and scenarios that run on them.

use std::collections::HashMap;
use std::sync::Arc;

use callboard_model::names::TestName;
use callboard_model::run::ScenarioResult;
use callboard_model::{Document, RunId, System};
use callboard_runner::{RunOptions, Scenario, SourceFile};
use callboard_scenario::ScenarioFile;
use callboard_virtual::{FleetOptions, Mutation};
use serde_json::Map;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::defects::Struck;
use crate::environment::{Environment, Wishes};
use crate::exit::Failure;
use crate::fleet::VirtualFleet;
use crate::settings::Settings;

pub(super) struct Stage<'a> {
    pub(super) system: &'a Arc<System>,
    pub(super) cancel: &'a CancellationToken,
}

impl Stage<'_> {
    /// Runs scenarios on sound services.
    pub(super) async fn run(&self, files: &[&ScenarioFile]) -> Result<Vec<Arc<ScenarioResult>>, Failure> {
        let sources = files.iter().map(|file| source(file)).collect::<Result<Vec<_>, _>>()?;
        let scenarios = sources.iter().enumerate().map(|(number, source)| scenario(number, source)).collect();
        self.perform(scenarios, HashMap::new()).await
    }

    /// Runs scenarios, each on services with its defect.
    pub(super) async fn run_struck(
        &self,
        scenarios: &[(ScenarioFile, Option<Arc<ScenarioResult>>)],
        struck: &[Struck],
    ) -> Result<Vec<Arc<ScenarioResult>>, Failure> {
        let mut sources: HashMap<usize, Arc<SourceFile>> = HashMap::new();
        let mut all = Vec::with_capacity(struck.len());
        let mut mutations = HashMap::new();
        for (number, Struck { scenario: at, mutation }) in struck.iter().enumerate() {
            if !sources.contains_key(at) {
                sources.insert(*at, source(&scenarios[*at].0)?);
            }
            let test = scenario(number, &sources[at]);
            mutations.insert(Arc::from(test.name.as_str()), mutation.clone());
            all.push(test);
        }
        self.perform(all, mutations).await
    }

    async fn perform(
        &self,
        scenarios: Vec<Scenario>,
        mutations: HashMap<Arc<str>, Mutation>,
    ) -> Result<Vec<Arc<ScenarioResult>>, Failure> {
        let names: Vec<String> = self.system.services().iter().map(|service| service.name.as_str().to_owned()).collect();
        let wishes = Wishes { environment: None, servers: &[], virtual_services: &names };
        let mut environment = Environment::resolve(&Settings::default(), wishes, self.system, &|_| None)?;
        let places = environment.virtual_services.iter();
        let services =
            places.filter_map(|(name, place)| Some((Arc::new(self.system.service(name.as_str())?.clone()), place.address)));
        let fleet =
            VirtualFleet::start_with(FleetOptions { services: services.collect(), mutations, ..FleetOptions::default() }).await?;
        for (service, base) in fleet.addresses() {
            environment.place_virtual(service, base.clone());
        }
        let mut options = RunOptions::new(RunId::new("rating"), self.system.clone(), scenarios);
        options.targets = environment.targets.iter().map(|(name, target)| (name.clone(), target.clone())).collect();
        let (sender, mut receiver) = mpsc::channel(256);
        let running = tokio::spawn(callboard_runner::run(options, sender, self.cancel.clone()));
        while receiver.recv().await.is_some() {}
        let finished = running.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        fleet.stop().await;
        Ok(finished.results)
    }
}

/// A file as it would be read from disk.
fn source(file: &ScenarioFile) -> Result<Arc<SourceFile>, Failure> {
    let text = callboard_scenario::write(file);
    let document = Document::parse("rating.arazzo.yaml", text.as_bytes()).map_err(|diagnostic| Failure::from(*diagnostic))?;
    Ok(Arc::new(SourceFile { document, file: file.clone() }))
}

fn scenario(number: usize, source: &Arc<SourceFile>) -> Scenario {
    let workflow = source.file.workflows.first().map(|workflow| workflow.id.clone()).unwrap_or_default();
    Scenario { name: TestName::new(format!("rating/{number}")), source: source.clone(), workflow, inputs: Map::new() }
}
