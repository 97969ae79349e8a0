//! `callboard init`: finds definitions and writes a commented `callboard.toml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use callboard_definition::{Fetch as _, discover};
use callboard_model::{Code, Service, ServiceName};

use crate::cli::InitArgs;
use crate::exit::{Exit, Failure};
use crate::fetch::{DiskAndWeb, fetch_url, is_url};
use crate::project::{Project, folder_or_here, shown};
use crate::settings::FILE_NAME;
use crate::terminal::Terminal;

/// Larger files are no hand-written definitions.
const MAX_CANDIDATE: u64 = 64 << 20;

/// A definition that was found.
struct Found {
    name: String,
    /// As it goes into the settings.
    origin: String,
    service: Service,
}

/// Finds definitions and writes the settings.
pub(crate) fn init(project: &Project, arguments: &InitArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    // A new project starts where the user stands, whatever lies further up.
    let root = if arguments.print || project.root.as_os_str().is_empty() { project.root.clone() } else { PathBuf::new() };
    let path = root.join(FILE_NAME);
    if path.exists() && !arguments.force && !arguments.print {
        let help = "--force replaces it, --print shows what would be written".to_owned();
        return Err(Failure::argument(Code("exists"), format!("`{}` is there already", shown(&path)), Some(help)));
    }
    let found = find_all(&arguments.places, terminal)?;
    if found.is_empty() {
        let help = "name a folder, a file or a URL: callboard init services/ http://localhost:8080".to_owned();
        return Err(Failure::argument(Code("no-definitions"), "no service definition was found", Some(help)));
    }
    let text = settings_text(&found);
    if arguments.print {
        terminal.data(&text);
        return Ok(Exit::Pass);
    }
    std::fs::write(&path, text).map_err(|error| Failure::file(&path, "write", &error))?;
    for service in &found {
        terminal.say(format!("  {}  {} ({} operations)", service.name, service.origin, service.service.operations.len()));
    }
    terminal.say(format!("{} {} written to {}; next: callboard map", found.len(), plural(found.len(), "service"), shown(&path)));
    Ok(Exit::Pass)
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

fn find_all(places: &[String], terminal: &Terminal) -> Result<Vec<Found>, Failure> {
    let here = [".".to_owned()];
    let places = if places.is_empty() { &here[..] } else { places };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for place in places {
        let origins = if is_url(place) { vec![definition_url(place)?] } else { definition_files(Path::new(place))? };
        for origin in origins {
            match load(&origin) {
                Some(service) => {
                    let name = unique_name(discover::service_name(&origin, &service.title).as_str(), &mut names);
                    found.push(Found { name, origin, service });
                }
                None => terminal.say(format!("  {origin} looks like a definition and cannot be read; see callboard check")),
            }
        }
    }
    Ok(found)
}

fn load(origin: &str) -> Option<Service> {
    callboard_definition::load(&ServiceName::new("service"), origin, &DiskAndWeb::new("")).value
}

fn unique_name(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut count = 1;
    while !taken.insert(name.clone()) {
        count += 1;
        name = format!("{wanted}-{count}");
    }
    name
}

/// The URL itself when a definition stands there, or the first well-known place on that host.
fn definition_url(url: &str) -> Result<String, Failure> {
    let is_definition =
        |url: &str| fetch_url(url).map(|bytes| discover::looks_like_definition(url, &String::from_utf8_lossy(&bytes)));
    let first = is_definition(url);
    if first == Ok(true) {
        return Ok(url.to_owned());
    }
    let base = url.trim_end_matches('/');
    let well_known = discover::WELL_KNOWN_PATHS.iter().map(|path| format!("{base}{path}"));
    for candidate in well_known {
        if is_definition(&candidate) == Ok(true) {
            return Ok(candidate);
        }
    }
    let what = first.err().unwrap_or_else(|| "no definition stands there".to_owned());
    let tried = discover::WELL_KNOWN_PATHS.len();
    let help = format!("{tried} well-known places below it were tried, such as {}", discover::WELL_KNOWN_PATHS[0]);
    Err(Failure::not_ready(Code("unreachable-definition"), format!("failed to find a definition at `{url}`: {what}"), Some(help)))
}

fn definition_files(place: &Path) -> Result<Vec<String>, Failure> {
    if place.is_file() {
        return Ok(vec![shown(place)]);
    }
    if !place.is_dir() {
        return Err(Failure::argument(Code("file"), format!("neither a file nor a folder: `{}`", place.display()), None));
    }
    let walk = ignore::WalkBuilder::new(folder_or_here(place)).require_git(false).build();
    let files = walk.flatten().map(ignore::DirEntry::into_path).filter(|path| path.is_file());
    let mut found: Vec<String> =
        files.filter(|path| is_candidate(path)).filter(|path| holds_definition(path)).map(|path| shown(&path)).collect();
    found.sort();
    Ok(found)
}

fn is_candidate(path: &Path) -> bool {
    let is_text = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("json") || e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"));
    let is_foreign = path.components().any(|c| matches!(c.as_os_str().to_str(), Some("node_modules" | "target")));
    is_text && !is_foreign && path.metadata().is_ok_and(|m| m.len() <= MAX_CANDIDATE)
}

fn holds_definition(path: &Path) -> bool {
    let path = shown(path);
    DiskAndWeb::new("").fetch(&path).is_ok_and(|bytes| discover::looks_like_definition(&path, &String::from_utf8_lossy(&bytes)))
}

fn settings_text(found: &[Found]) -> String {
    let mut text = String::from(
        "# What Callboard knows about this project. Every section but [services] is optional.\n\
         # Next: `callboard map` shows what was found, `callboard virtual up` stands in for all of it.\n\n",
    );
    for service in found {
        text.push_str(&format!("[services.{}]\ndefinition = {}\n", key(&service.name), quoted(&service.origin)));
        match code_folder(&service.origin) {
            Some(folder) => text.push_str(&format!(
                "owns = [{}]   # its code: a change there selects its tests\n\n",
                quoted(&format!("{folder}/**"))
            )),
            None => text.push_str("# owns = [\"path/of/its/code/**\"]   # a change there selects its tests\n\n"),
        }
    }
    text.push_str(
        "# Where the services answer. `callboard run --env NAME` picks one; the first is the default.\n[environments.local]\n\n",
    );
    for service in found {
        text.push_str(&format!("[environments.local.services.{}]\n", key(&service.name)));
        match service.service.servers.iter().find(|server| is_local(&server.url)) {
            Some(server) => text.push_str(&format!("server = {}\n", quoted(server.url.trim_end_matches('/')))),
            // Whatever else a definition names may be production: it is never called without the user saying so.
            None => text.push_str(
                "virtual = true                        # Callboard stands in; or: server = \"http://127.0.0.1:PORT\"\n",
            ),
        }
        if !service.service.security_schemes.is_empty() {
            text.push_str("# headers = { Authorization = \"Bearer ${TOKEN}\" }   # ${…} comes from the process environment and is never shown\n");
        }
        text.push('\n');
    }
    text.push_str(
        "# Known deviations of a real service from its definition; each is counted in every report.\n\
         # [[accept]]\n# service = \"NAME\"\n# operation = \"operationId\"\n# status = 404              # or: pointer = \"/field\"\n# reason = \"why\"\n\n\
         # Words of this project and the resource that they mean, for sentences.\n# [aliases]\n# client = \"customer\"\n",
    );
    text
}

fn is_local(url: &str) -> bool {
    ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|prefix| url.starts_with(prefix))
}

/// The folder of a definition holds its service's code, unless it is a folder of definitions or the project itself.
fn code_folder(origin: &str) -> Option<String> {
    if is_url(origin) {
        return None;
    }
    let folder = Path::new(origin).parent()?;
    let name = folder.file_name()?.to_str()?.to_lowercase();
    let is_shelf =
        ["definitions", "specs", "spec", "openapi", "swagger", "apis", "api", "docs", "schemas"].contains(&name.as_str());
    (!is_shelf).then(|| shown(folder))
}

fn key(name: &str) -> String {
    let is_bare = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if is_bare { name.to_owned() } else { quoted(name) }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
