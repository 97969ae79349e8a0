//! The scenarios of a project with the system that they run against: read, and checked before anything runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use callboard_model::document::join_reference;
use callboard_model::{Code, Diagnostic, ServiceName, System};
use callboard_runner::SourceFile;
use callboard_scenario::ast::{SourceKind, Step, Workflow};
use callboard_scenario::{ScenarioFile, Surroundings, resolve};

use serde_json::{Map, Value};

use crate::exit::Failure;
use crate::fetch::is_url;
use crate::project::{NamedDefinition, Project, ScenarioDocument};
use crate::terminal::Sources;
use crate::tests_of::unstartable;

/// Scenario files, the system, and all that is wrong with either.
#[derive(Debug)]
pub(crate) struct Suite {
    /// The services.
    pub(crate) system: Arc<System>,
    /// The scenario files, as far as they could be read.
    pub(crate) documents: Vec<ScenarioDocument>,
    /// Scenario files that those import, directly or in turn, and that are no tests of this suite themselves.
    pub(crate) imported: Vec<ScenarioDocument>,
    /// The values of the project's environments, which inputs of the same name take.
    pub(crate) values: Map<String, Value>,
    /// What is wrong with the definitions. A service that no scenario uses hinders nothing.
    pub(crate) definition_problems: Vec<Diagnostic>,
    /// What is wrong with the scenarios, by themselves and against the definitions.
    pub(crate) scenario_problems: Vec<Diagnostic>,
}

impl Suite {
    /// Reads scenario files and the definitions that they, the settings and the command line name; checks one against the other.
    pub(crate) fn read(
        project: &Project,
        files: &[PathBuf],
        definitions: &[String],
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        let paths = project.scenario_paths(files)?;
        let mut documents = Vec::with_capacity(paths.len());
        let mut diagnostics = Vec::new();
        for path in &paths {
            match project.read_scenario(path, sources) {
                Ok(document) => documents.push(document),
                Err(failure) => diagnostics.extend(failure.diagnostics),
            }
        }
        Self::of(project, documents, diagnostics, definitions, sources)
    }

    /// The suite that scenario files make, checked against the definitions. What was wrong before is put before what is found.
    pub(crate) fn of(
        project: &Project,
        documents: Vec<ScenarioDocument>,
        mut diagnostics: Vec<Diagnostic>,
        definitions: &[String],
        sources: &mut Sources,
    ) -> Result<Self, Failure> {
        let imported = read_imports(project, &documents, sources, &mut diagnostics);
        let all: Vec<&ScenarioDocument> = documents.iter().chain(&imported).collect();
        let named = with_sources_of(project.definitions(definitions)?, &all);
        let loaded = project.load(&named, sources);
        diagnostics.extend(project.settings.check_against(&loaded.system));
        diagnostics.extend(unstartable(&documents, &project.settings));
        with_surroundings(project, &all, |around| {
            for document in &all {
                diagnostics.extend(document.diagnostics.iter().cloned());
                if let Some(source) = &document.source {
                    diagnostics.extend(callboard_scenario::check_within(&source.file, &source.document, &loaded.system, around));
                }
            }
        });
        let values = project.settings.all_values();
        Ok(Self {
            system: loaded.system,
            documents,
            imported,
            values,
            definition_problems: loaded.diagnostics,
            scenario_problems: diagnostics,
        })
    }

    /// All that is wrong: definitions first.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Diagnostic> {
        self.definition_problems.iter().chain(&self.scenario_problems)
    }

    /// The scenario files, those that others import included.
    pub(crate) fn all_documents(&self) -> Vec<&ScenarioDocument> {
        self.documents.iter().chain(&self.imported).collect()
    }

    /// All errors.
    pub(crate) fn errors(&self) -> Vec<Diagnostic> {
        self.problems().filter(|d| d.is_error()).cloned().collect()
    }

    /// At least one scenario is there.
    pub(crate) fn require_scenarios(&self, root: &Path) -> Result<(), Failure> {
        if self.documents.is_empty() {
            let place = crate::project::shown(root);
            let place = if place.is_empty() { "here".to_owned() } else { format!("below `{place}`") };
            let help = "write one with `callboard generate \"…\" -o scenarios/NAME.arazzo.yaml`".to_owned();
            return Err(Failure::argument(
                Code("no-scenarios"),
                format!("no scenario file (*.arazzo.yaml) was found {place}"),
                Some(help),
            ));
        }
        Ok(())
    }
}

/// Calls with what a check of scenarios has to know about the project.
pub(crate) fn with_surroundings<T>(
    project: &Project,
    documents: &[&ScenarioDocument],
    then: impl FnOnce(&Surroundings<'_>) -> T,
) -> T {
    let imports: Vec<(&str, &ScenarioFile)> =
        documents.iter().filter_map(|d| d.source.as_deref()).map(|source| (source.origin(), &source.file)).collect();
    then(&Surroundings {
        imports: Some(&imports),
        accepts: &|operation, status| project.settings.accept.iter().any(|accept| accept.is_status_of(operation, status)),
        sends: &|service, header| project.settings.sends_header(service.name.as_str(), header),
    })
}

/// Reads the scenario files that others name as sources of type `arazzo`. One that is not there is reported by the check of who names it.
fn read_imports(
    project: &Project,
    documents: &[ScenarioDocument],
    sources: &mut Sources,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<ScenarioDocument> {
    let mut known: BTreeSet<String> = documents.iter().filter_map(|d| d.source.as_ref()).map(|s| s.origin().to_owned()).collect();
    let mut waiting: Vec<String> = documents.iter().flat_map(imports_of).collect();
    let mut imported = Vec::new();
    while let Some(origin) = waiting.pop() {
        if !Path::new(&origin).is_file() || !known.insert(origin.clone()) {
            continue;
        }
        match project.read_scenario(Path::new(&origin), sources) {
            Ok(document) => {
                waiting.extend(imports_of(&document));
                imported.push(document);
            }
            Err(failure) => diagnostics.extend(failure.diagnostics),
        }
    }
    imported
}

fn imports_of(document: &ScenarioDocument) -> Vec<String> {
    let Some(scenario) = &document.source else { return Vec::new() };
    let imports = scenario.file.sources.iter().filter(|source| source.kind() == SourceKind::Arazzo);
    imports.map(|source| join_reference(scenario.origin(), &source.url)).collect()
}

/// The services whose operations a workflow calls, those of workflows that it calls included.
pub(crate) fn used_services(source: &SourceFile, workflow: &Workflow, system: &System) -> BTreeSet<ServiceName> {
    let file = &source.file;
    let mut used = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = vec![workflow];
    while let Some(workflow) = waiting.pop() {
        if !seen.insert(workflow.id.clone()) {
            continue;
        }
        let steps: Vec<&Step> = workflow.steps.iter().chain(&workflow.finally).collect();
        for step in &steps {
            if let Some((service, _)) = resolve::operation(&step.target, file, source.origin(), system) {
                used.insert(service.name.clone());
            }
        }
        waiting.extend(steps.iter().filter_map(|step| match &step.target {
            callboard_scenario::ast::StepTarget::Workflow(reference) => file.workflow(&reference.workflow),
            _ => None,
        }));
    }
    used
}

/// Adds the definitions that scenario files name and nobody else did, so that a file with its definitions beside it just runs.
fn with_sources_of(mut named: Vec<NamedDefinition>, documents: &[&ScenarioDocument]) -> Vec<NamedDefinition> {
    for document in documents {
        let Some(scenario) = &document.source else { continue };
        for source in scenario.file.sources.iter().filter(|source| source.kind() == SourceKind::OpenApi) {
            let origin = if is_url(&source.url) { source.url.clone() } else { join_reference(scenario.origin(), &source.url) };
            let is_named = named.iter().any(|known| known.name.as_str() == source.name || known.origin == origin);
            // A file that is not there may still mean a service of the same file name; `check` says so where it does not.
            let is_known = is_named || !(is_url(&origin) || Path::new(&origin).exists());
            if !is_known {
                named.push(NamedDefinition { name: ServiceName::new(&source.name), origin });
            }
        }
    }
    named
}
