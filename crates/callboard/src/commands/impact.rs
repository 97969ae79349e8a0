//! `callboard impact`: from a change to the tests that must run.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use callboard_analysis::impact::{
    self as analysis, ChangedOperation, DefinitionChange, Evidence, FileChange, Impact, ImpactInput, ServiceFacts,
};
use callboard_analysis::ownership::{Ownership, from_project};
use callboard_analysis::usage::{self, ScenarioSource, TestUse};
use callboard_definition::{Fetch, FetchError};
use callboard_model::names::TestName;
use callboard_model::{Code, Service, ServiceName};
use callboard_runner::SourceFile;
use callboard_store::{Store, StoreError};

use crate::cli::ImpactArgs;
use crate::commands::check::counted;
use crate::exit::{Exit, Failure};
use crate::fetch::{DiskAndWeb, is_url};
use crate::git::Repository;
use crate::project::{Project, folder_or_here};
use crate::settings::ServiceSection;
use crate::suite::Suite;
use crate::terminal::{Sources, Terminal};
use crate::tests_of::tests;

/// Reports which tests a change concerns.
pub(crate) async fn impact(project: &Project, arguments: &ImpactArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut sources = Sources::default();
    let suite = Suite::read(project, &[], &[], &mut sources)?;
    terminal.diagnostics(&suite.errors(), &sources);
    let question = Question::gather(project, &suite, &arguments.base).await?;
    let input = question.input();
    let impact = question.answer();
    if let Some(test) = &arguments.explain {
        explain(&impact, &input, test, terminal)?;
    } else if arguments.json {
        terminal.json(&analysis::json(&impact));
    } else {
        terminal.data(&to_text(&impact));
    }
    Ok(match (arguments.exit_code, impact.selected.is_empty()) {
        (true, true) => Exit::NothingToRun,
        (true, false) if impact.is_everything_because_unknown() => Exit::EverythingUnknown,
        _ => Exit::Pass,
    })
}

/// The selection for a suite since a revision.
pub(crate) async fn analyse(project: &Project, suite: &Suite, base: &str) -> Result<Impact, Failure> {
    let question = Question::gather(project, suite, base).await?;
    Ok(question.answer())
}

/// One line that sums a selection up.
pub(crate) fn summary(impact: &Impact) -> String {
    let total = impact.selected.len() + impact.deselected.len();
    let verb = if impact.selected.len() == 1 { "has" } else { "have" };
    let mut line = format!("{} of {} {verb} to run", impact.selected.len(), counted(total, "test"));
    if let Some(escalation) = impact.escalations.first() {
        line.push_str(&format!("; not known: {}", escalation.cause));
    }
    line
}

/// The tests of a suite with what they call.
pub(crate) fn test_uses(suite: &Suite) -> Vec<TestUse> {
    let files: Vec<(&str, &Arc<SourceFile>)> = suite
        .documents
        .iter()
        .chain(&suite.imported)
        .filter_map(|document| Some((document.name.as_str(), document.source.as_ref()?)))
        .collect();
    let sources: Vec<ScenarioSource<'_>> = files
        .iter()
        .map(|(name, source)| ScenarioSource { name, origin: source.origin(), text: source.document.text(), file: &source.file })
        .collect();
    let mut uses = usage::uses(&sources, &suite.system);
    // Workflows of imported files, and those that only others can start, are seen through the tests that call them.
    let tests: BTreeSet<TestName> = tests(&suite.documents, &suite.values).into_iter().map(|scenario| scenario.name).collect();
    uses.retain(|test| tests.contains(&test.test));
    uses
}

/// Everything that the selection is made of, gathered from git, the project and the store.
struct Question {
    changes: Vec<FileChange>,
    services: Vec<ServiceFacts>,
    ownership: Ownership,
    tests: Vec<TestUse>,
    evidence: Evidence,
    /// Services whose definitions lie outside of the repository.
    from_urls: Vec<String>,
}

impl Question {
    /// Selects, and says what could not be looked at.
    fn answer(&self) -> Impact {
        let mut impact = analysis::impact(&self.input());
        impact.notes.extend(self.from_urls.iter().map(|service| {
            format!("the definition of `{service}` is a URL: changes of it are not seen here, only those of its code")
        }));
        impact
    }

    async fn gather(project: &Project, suite: &Suite, base: &str) -> Result<Self, Failure> {
        let repository = Repository::around(folder_or_here(&project.root))?;
        let commit = repository.merge_base(base)?;
        let place = ProjectInRepository::new(project, &repository);
        let changes: Vec<_> =
            repository.changes_since(&commit)?.into_iter().map(|change| place.seen_from_project(change)).collect();
        let changed: BTreeSet<&str> = changes.iter().flat_map(FileChange::paths).collect();
        let at_base = AtBase { repository: &repository, commit: &commit, place: &place };
        let services = project
            .settings
            .services
            .iter()
            .map(|(name, section)| facts(project, suite, &ServiceName::new(name), section, &changed, &at_base))
            .collect();
        let names: Vec<(ServiceName, &[String])> =
            project.settings.services.iter().map(|(name, section)| (ServiceName::new(name), section.owns.as_slice())).collect();
        let ownership = Ownership::new(names.iter().map(|(name, globs)| (name, *globs)))
            .map_err(|error| Failure::argument(Code("invalid-settings"), error.to_string(), None))?;
        let evidence = evidence(&project.store_path()).await;
        let is_from_url = |section: &ServiceSection| is_url(section.definition.get_ref());
        let from_urls = project.settings.services.iter().filter(|(_, s)| is_from_url(s)).map(|(name, _)| name.clone()).collect();
        Ok(Self { services, ownership, tests: test_uses(suite), evidence, changes, from_urls })
    }

    fn input(&self) -> ImpactInput<'_> {
        ImpactInput {
            changes: &self.changes,
            services: &self.services,
            ownership: &self.ownership,
            tests: &self.tests,
            evidence: &self.evidence,
        }
    }
}

/// Where the project lies in its repository.
struct ProjectInRepository {
    folder: String,
}

impl ProjectInRepository {
    fn new(project: &Project, repository: &Repository) -> Self {
        let canonical = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let root = canonical(folder_or_here(&project.root));
        let folder =
            root.strip_prefix(canonical(repository.root())).unwrap_or(Path::new("")).to_string_lossy().replace('\\', "/");
        Self { folder }
    }

    fn seen_from_project(&self, change: FileChange) -> FileChange {
        let see = |path: String| from_project(&self.folder, &path);
        match change {
            FileChange::Added(path) => FileChange::Added(see(path)),
            FileChange::Modified(path) => FileChange::Modified(see(path)),
            FileChange::Deleted(path) => FileChange::Deleted(see(path)),
            FileChange::Renamed { from, to } => FileChange::Renamed { from: see(from), to: see(to) },
        }
    }

    /// A path of the project as the repository knows it.
    fn in_repository(&self, path: &str) -> String {
        let joined = if self.folder.is_empty() { path.to_owned() } else { format!("{}/{path}", self.folder) };
        // Definitions may lie beside the project: `../specs/orders.yaml`.
        callboard_model::document::join_reference("", &joined)
    }
}

/// Reads definitions as they were at a commit.
struct AtBase<'a> {
    repository: &'a Repository,
    commit: &'a str,
    place: &'a ProjectInRepository,
}

impl Fetch for AtBase<'_> {
    fn fetch(&self, origin: &str) -> Result<Vec<u8>, FetchError> {
        if is_url(origin) {
            return DiskAndWeb::new("").fetch(origin);
        }
        let path = self.place.in_repository(origin);
        self.repository.file_at(self.commit, &path).ok_or_else(|| FetchError::new("no such file at the base"))
    }
}

fn facts(
    project: &Project,
    suite: &Suite,
    name: &ServiceName,
    section: &ServiceSection,
    changed: &BTreeSet<&str>,
    at_base: &AtBase<'_>,
) -> ServiceFacts {
    let origin = section.definition.get_ref();
    let now = suite.system.service(name.as_str());
    let old = (!is_url(origin)).then(|| callboard_definition::load(name, origin, at_base).value).flatten();
    let mut files: BTreeSet<String> = now.into_iter().flat_map(|service| files_of(project, service)).collect();
    // Parts that the old version referred to count as well; the old one was read with paths of the project.
    files.extend(old.iter().flat_map(|service| service.documents.iter().map(|(_, d)| d.origin().to_string())));
    if !is_url(origin) {
        files.insert(callboard_model::document::join_reference("", origin));
    }
    let is_touched = files.iter().any(|file| changed.contains(file.as_str()));
    let change = if is_touched { definition_change(old.as_ref(), now) } else { DefinitionChange::Same };
    let in_settings = |environment: &crate::settings::EnvironmentSection| {
        environment.services.get(name.as_str()).is_some_and(|target| target.get_ref().is_virtual)
    };
    ServiceFacts {
        name: name.clone(),
        definition: files.into_iter().filter(|file| !is_url(file)).collect(),
        change,
        overlays: vec![format!("virtual/{name}.yaml")],
        calls: section.calls.as_ref().map(|calls| calls.iter().map(|callee| ServiceName::new(callee.get_ref())).collect()),
        may_be_virtual: project.settings.environments.values().any(in_settings),
    }
}

fn files_of(project: &Project, service: &Service) -> Vec<String> {
    let origins = service.documents.iter().map(|(_, document)| document.origin().clone());
    origins
        .filter(|origin| !is_url(origin) && Path::new(&**origin).exists())
        .map(|origin| project.name_of(Path::new(&*origin)))
        .collect()
}

fn definition_change(old: Option<&Service>, new: Option<&Service>) -> DefinitionChange {
    match (old, new) {
        (Some(old), Some(new)) => {
            let changes: Vec<ChangedOperation> =
                callboard_definition::diff(old, new).iter().map(ChangedOperation::from).collect();
            if changes.is_empty() { DefinitionChange::Same } else { DefinitionChange::Operations(changes) }
        }
        (None, _) => DefinitionChange::Unknown("the definition at the base cannot be read".to_owned()),
        (_, None) => DefinitionChange::Unknown("the definition cannot be read".to_owned()),
    }
}

/// What the store knows. A store that is not there, or cannot be read, is missing evidence, and missing evidence selects.
async fn evidence(path: &Path) -> Evidence {
    match read_evidence(path).await {
        Ok(evidence) => evidence,
        Err(error) => Evidence { missing: Some(error.to_string()), ..Evidence::default() },
    }
}

async fn read_evidence(path: &Path) -> Result<Evidence, StoreError> {
    let mut store = Store::open_to_read(path).await?;
    let evidence =
        Evidence { observed: store.observed().await?, edges: store.edges().await?, tests: store.tests().await?, missing: None };
    store.close().await?;
    Ok(evidence)
}

fn explain(impact: &Impact, input: &ImpactInput<'_>, test: &str, terminal: &Terminal) -> Result<(), Failure> {
    match analysis::explain(impact, input, &TestName::new(test)) {
        Ok(lines) => {
            terminal.data(&lines.join("\n"));
            Ok(())
        }
        Err(help) => Err(Failure::argument(Code("unknown-test"), format!("no test is called `{test}`"), help)),
    }
}

fn to_text(impact: &Impact) -> String {
    let mut text = format!("{}\n", summary(impact));
    for selected in &impact.selected {
        text.push_str(&format!("\n{}\n", selected.test));
        for reason in &selected.reasons {
            text.push_str(&format!("    {}\n", reason.text));
        }
    }
    section(&mut text, "Deselected", impact.deselected.iter().map(ToString::to_string));
    let escalations = impact.escalations.iter().map(|e| {
        let help = e.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{}: {}; selected: {}{help}", e.item, e.cause, e.to)
    });
    section(&mut text, "Not known", escalations);
    section(
        &mut text,
        "Changed files that select nothing",
        impact.ignored.iter().map(|ignored| format!("{}: {}", ignored.path, ignored.why)),
    );
    section(&mut text, "Notes", impact.notes.iter().cloned());
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n{title} ({})\n", rows.len()));
        text.extend(rows.iter().map(|row| format!("    {row}\n")));
    }
}
