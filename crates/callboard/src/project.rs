//! A user's project: its settings, its services read as one system, its scenario files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use callboard_model::names::TestName;
use callboard_model::{Code, Diagnostic, Document, Parsed, Service, ServiceName, System};
use callboard_runner::SourceFile;
use globset::{Glob, GlobSet, GlobSetBuilder};

use crate::exit::Failure;
use crate::fetch::{DiskAndWeb, in_words, is_url};
use crate::settings::{FILE_NAME, INVALID_SETTINGS, Settings};
use crate::terminal::Sources;

/// Where scenario files are looked for when the settings do not say.
const SCENARIO_GLOBS: [&str; 3] = ["**/*.arazzo.yaml", "**/*.arazzo.yml", "**/*.arazzo.json"];

/// No service is known.
const NO_SERVICES: Code = Code("no-services");
/// An argument that cannot be used.
pub(crate) const BAD_ARGUMENT: Code = Code("bad-argument");

/// A project, found and its settings read.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of `callboard.toml`, or the folder where the user stands. Relative where possible, so that messages stay short.
    pub(crate) root: PathBuf,
    /// The settings; empty without a file.
    pub(crate) settings: Settings,
}

/// A definition named on the command line or in the settings.
#[derive(Clone, Debug)]
pub(crate) struct NamedDefinition {
    /// The service.
    pub(crate) name: ServiceName,
    /// The path from where the user stands, or the URL.
    pub(crate) origin: String,
}

/// The services, with everything that is wrong with their definitions.
#[derive(Debug)]
pub(crate) struct LoadedSystem {
    /// All services that could be read.
    pub(crate) system: Arc<System>,
    /// What is wrong.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// A scenario file, parsed.
#[derive(Debug)]
pub(crate) struct ScenarioDocument {
    /// The path from the project's folder, with `/`: the first part of its tests' names.
    pub(crate) name: String,
    /// What was understood, with the text; nothing when it is no scenario file at all.
    pub(crate) source: Option<Arc<SourceFile>>,
    /// What is wrong with it, as far as it can be seen without the definitions.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl ScenarioDocument {
    /// The name of the test that a workflow is.
    pub(crate) fn test_name(&self, workflow: &str) -> TestName {
        TestName::new(format!("{}#{workflow}", self.name))
    }
}

impl Project {
    /// Finds the project: the named folder, or the nearest one upwards with a `callboard.toml`.
    pub(crate) fn find(folder: Option<&Path>) -> Result<Self, Failure> {
        Self::open(Self::root_of(folder)?)
    }

    /// The folder of the project: the named one, or the nearest one upwards with a `callboard.toml`.
    pub(crate) fn root_of(folder: Option<&Path>) -> Result<PathBuf, Failure> {
        match folder {
            Some(folder) if folder.is_dir() => Ok(folder.to_owned()),
            Some(folder) => Err(Failure::argument(BAD_ARGUMENT, format!("`{}` is not a folder", folder.display()), None)),
            None => Ok(nearest_with_settings(Path::new(".")).unwrap_or_default()),
        }
    }

    /// Reads the settings in a folder, where there are any.
    pub(crate) fn open(root: PathBuf) -> Result<Self, Failure> {
        let path = root.join(FILE_NAME);
        if !path.exists() {
            return Ok(Self { root, settings: Settings::default() });
        }
        let text = std::fs::read_to_string(&path).map_err(|error| Failure::file(&path, "read", &error))?;
        let settings = Settings::parse(&Arc::from(shown(&path)), &text).map_err(|diagnostic| Failure::from(*diagnostic))?;
        Ok(Self { root, settings })
    }

    /// Definitions of the settings, those of the command line added or put in their place.
    pub(crate) fn definitions(&self, given: &[String]) -> Result<Vec<NamedDefinition>, Failure> {
        let place = |origin: &str| if is_url(origin) { origin.to_owned() } else { shown(&self.root.join(origin)) };
        let of_settings = |(name, section): (&String, &crate::settings::ServiceSection)| NamedDefinition {
            name: ServiceName::new(name),
            origin: place(section.definition.get_ref()),
        };
        let mut definitions: Vec<_> = self.settings.services.iter().map(of_settings).collect();
        for (name, origin) in parse_pairs(given, "--definition", "NAME=FILE")? {
            definitions.retain(|known| known.name.as_str() != name);
            definitions.push(NamedDefinition { name: ServiceName::new(name), origin });
        }
        Ok(definitions)
    }

    /// Reads definitions as one system. Those that cannot be read are errors among the diagnostics.
    pub(crate) fn load(&self, definitions: &[NamedDefinition], sources: &mut Sources) -> LoadedSystem {
        let mut services = Vec::new();
        let mut diagnostics = Vec::new();
        for parsed in read_all(definitions) {
            diagnostics.extend(parsed.diagnostics);
            if let Some(service) = parsed.value {
                for (_, document) in service.documents.iter() {
                    sources.add(document.origin(), document.text());
                }
                services.push(service);
            }
        }
        LoadedSystem { system: Arc::new(System::new(services)), diagnostics }
    }

    /// As [`Self::load`]; at least one service must be known and readable.
    pub(crate) fn load_some(&self, given: &[String], sources: &mut Sources) -> Result<LoadedSystem, Failure> {
        let definitions = self.definitions(given)?;
        if definitions.is_empty() {
            return Err(no_services());
        }
        let loaded = self.load(&definitions, sources);
        if loaded.system.services().is_empty() {
            return Err(Failure::bad_input(loaded.diagnostics));
        }
        Ok(loaded)
    }

    /// The scenario files: those given, or all of the project, sorted.
    pub(crate) fn scenario_paths(&self, given: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
        if given.is_empty() {
            return self.find_scenarios(&self.root);
        }
        let mut paths = Vec::new();
        for path in given {
            if path.is_dir() {
                paths.extend(self.find_scenarios(path)?);
            } else {
                paths.push(path.clone());
            }
        }
        // A file may be named twice, by itself and by its folder; its tests run once.
        let mut seen = BTreeSet::new();
        paths.retain(|path| seen.insert(self.name_of(path)));
        Ok(paths)
    }

    fn find_scenarios(&self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let globs = self.scenario_globs()?;
        let walk = ignore::WalkBuilder::new(folder_or_here(folder)).require_git(false).filter_entry(is_worth_a_look).build();
        // A link to a file is a file.
        let files = walk.flatten().filter(|entry| entry.path().is_file()).map(|entry| without_dot(entry.path()));
        let mut paths: Vec<_> = files.filter(|path| globs.is_match(path.strip_prefix(&self.root).unwrap_or(path))).collect();
        paths.sort();
        Ok(paths)
    }

    fn scenario_globs(&self) -> Result<GlobSet, Failure> {
        let own = self.settings.project.scenarios.as_deref();
        let defaults: Vec<String> = SCENARIO_GLOBS.iter().map(|&glob| glob.to_owned()).collect();
        let mut set = GlobSetBuilder::new();
        for glob in own.unwrap_or(&defaults) {
            let glob = Glob::new(glob)
                .map_err(|error| Failure::argument(INVALID_SETTINGS, format!("project.scenarios: {error}"), None))?;
            set.add(glob);
        }
        set.build().map_err(|error| Failure::argument(INVALID_SETTINGS, format!("project.scenarios: {error}"), None))
    }

    /// Reads and parses one scenario file.
    pub(crate) fn read_scenario(&self, path: &Path, sources: &mut Sources) -> Result<ScenarioDocument, Failure> {
        let bytes = std::fs::read(path).map_err(|error| {
            let help = (error.kind() == std::io::ErrorKind::NotFound).then(|| self.near_scenario(path)).flatten();
            Failure::argument(Code("file"), format!("failed to read `{}`: {}", shown(path), in_words(&error)), help)
        })?;
        self.parse_scenario(path, &bytes, sources)
    }

    /// Parses a scenario file that lies, or is to lie, at a path.
    pub(crate) fn parse_scenario(&self, path: &Path, bytes: &[u8], sources: &mut Sources) -> Result<ScenarioDocument, Failure> {
        let shown_path: Arc<str> = Arc::from(shown(path));
        let document = Document::parse(shown_path.clone(), bytes).map_err(|diagnostic| {
            if let Ok(text) = std::str::from_utf8(bytes) {
                sources.add(&shown_path, &Arc::from(text));
            }
            Failure::from(*diagnostic)
        })?;
        sources.add(document.origin(), document.text());
        let parsed = callboard_scenario::parse(&document);
        let name = self.name_of(path);
        let source = parsed.value.map(|file| Arc::new(SourceFile { document, file }));
        Ok(ScenarioDocument { name, source, diagnostics: parsed.diagnostics })
    }

    fn near_scenario(&self, path: &Path) -> Option<String> {
        let known: Vec<String> = self.find_scenarios(&self.root).ok()?.iter().map(|p| shown(p)).collect();
        callboard_model::suggest::did_you_mean(&shown(path), known.iter().map(String::as_str))
    }

    /// The path of a file from the project's folder, with `/`.
    pub(crate) fn name_of(&self, path: &Path) -> String {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let (path, root) = (absolute(path), absolute(folder_or_here(&self.root)));
        shown(path.strip_prefix(&root).unwrap_or(&path))
    }

    /// What people call the project.
    pub(crate) fn title(&self) -> &str {
        self.settings.project.name.as_deref().unwrap_or("Callboard")
    }

    /// The project's glossary.
    pub(crate) fn aliases(&self) -> BTreeMap<String, String> {
        self.settings.aliases.iter().map(|(word, entity)| (word.clone(), entity.clone())).collect()
    }

    /// What the project says about entities and links.
    pub(crate) fn map_options(&self) -> callboard_planner::MapOptions {
        // The settings were checked when they were read, so each link can be parsed.
        let links = |written: &[toml::Spanned<String>]| {
            written.iter().filter_map(|link| crate::links::parse(link.get_ref()).ok()).collect()
        };
        callboard_planner::MapOptions {
            aliases: self.aliases(),
            confirmed: links(&self.settings.links.confirm),
            rejected: links(&self.settings.links.reject),
        }
    }

    /// Makes the folder for results, and keeps it out of version control. Where that fails, the store says so when it is opened.
    pub(crate) fn make_store_folder(&self) {
        let folder = self.root.join(".callboard");
        let ignore = folder.join(".gitignore");
        if !ignore.exists() && std::fs::create_dir_all(&folder).is_ok() {
            let _ = std::fs::write(ignore, "*\n");
        }
    }

    /// Where the project keeps its results.
    pub(crate) fn store_path(&self) -> PathBuf {
        self.root.join(".callboard").join("store.db")
    }
}

/// Reads definitions, several at a time where there are several processors; in their order.
fn read_all(definitions: &[NamedDefinition]) -> Vec<Parsed<Option<Service>>> {
    let next = AtomicUsize::new(0);
    let read_some = || {
        let fetch = DiskAndWeb::new("");
        let one = |at: usize| definitions.get(at).map(|d| (at, callboard_definition::load(&d.name, &d.origin, &fetch)));
        std::iter::from_fn(|| one(next.fetch_add(1, Ordering::Relaxed))).collect::<Vec<_>>()
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(definitions.len());
    let mut read = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(read_some)).collect();
        let mut read = read_some();
        for other in others {
            read.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        read
    });
    read.sort_by_key(|(at, _)| *at);
    read.into_iter().map(|(_, parsed)| parsed).collect()
}

/// Neither settings nor arguments name a service.
pub(crate) fn no_services() -> Failure {
    let help = "run `callboard init`, or name one with --definition NAME=FILE".to_owned();
    Failure::argument(NO_SERVICES, "no service is known here", Some(help))
}

/// `NAME=VALUE` arguments.
pub(crate) fn parse_pairs(given: &[String], option: &str, form: &str) -> Result<Vec<(String, String)>, Failure> {
    let pair = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::argument(BAD_ARGUMENT, format!("`{option} {text}` is not of the form {form}"), None)),
    };
    given.iter().map(pair).collect()
}

/// A path as people read it: with `/`, without a leading `./`.
pub(crate) fn shown(path: &Path) -> String {
    without_dot(path).to_string_lossy().replace('\\', "/")
}

fn without_dot(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

pub(crate) fn folder_or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// Folders that hold other people's files, or ours.
fn is_worth_a_look(entry: &ignore::DirEntry) -> bool {
    !matches!(entry.file_name().to_str(), Some("node_modules" | "target" | ".callboard" | ".git" | "venv" | ".venv"))
}

fn nearest_with_settings(from: &Path) -> Option<PathBuf> {
    let here = std::path::absolute(from).ok()?;
    let found = here.ancestors().find(|folder| folder.join(FILE_NAME).exists())?;
    if found == here { Some(PathBuf::new()) } else { Some(found.to_owned()) }
}
