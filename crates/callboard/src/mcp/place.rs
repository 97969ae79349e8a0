//! Paths that an agent names: inside the project, or not at all.

use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use callboard_model::Code;

use crate::exit::Failure;
use crate::project::{BAD_ARGUMENT, shown};

/// What a scenario file is called, so that nothing else of a project is ever written.
const ENDINGS: [&str; 3] = [".arazzo.yaml", ".arazzo.yml", ".arazzo.json"];

/// A path inside the project, from its folder, where the program stands. It need not exist.
pub(crate) fn inside(given: &str) -> Result<PathBuf, Failure> {
    inside_of(&std::env::current_dir().map_err(|error| Failure::file(Path::new("."), "find", &error))?, given)
}

fn inside_of(root: &Path, given: &str) -> Result<PathBuf, Failure> {
    let outside = || {
        let help = Some("name it from the project's folder, such as scenarios/buy.arazzo.yaml".to_owned());
        Failure::argument(BAD_ARGUMENT, format!("`{given}` does not lie inside the project"), help)
    };
    let given_path = Path::new(given);
    let relative = if given_path.is_absolute() { given_path.strip_prefix(root).map_err(|_| outside())? } else { given_path };
    let mut path = PathBuf::new();
    for component in relative.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return Err(outside()),
        }
    }
    if path.as_os_str().is_empty() || !is_really_inside(root, &path) {
        return Err(outside());
    }
    Ok(path)
}

/// Symbolic links may lead out of the project: whatever exists of the path must lie inside, and a link that leads nowhere counts as outside.
fn is_really_inside(root: &Path, path: &Path) -> bool {
    let Ok(real_root) = root.canonicalize() else { return false };
    let mut place = root.to_owned();
    for part in path {
        place.push(part);
        if place.symlink_metadata().is_err() {
            return true;
        }
        if !place.canonicalize().is_ok_and(|real| real.starts_with(&real_root)) {
            return false;
        }
    }
    true
}

/// A place for a scenario file: inside the project, called like one, not in a hidden folder.
pub(crate) fn scenario(given: &str) -> Result<PathBuf, Failure> {
    let path = inside(given)?;
    let name = shown(&path);
    if !ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        let help = Some("scenario files end in .arazzo.yaml, such as scenarios/buy.arazzo.yaml".to_owned());
        return Err(Failure::argument(BAD_ARGUMENT, format!("`{name}` is not called like a scenario file"), help));
    }
    if name.split('/').any(|part| part.starts_with('.')) {
        return Err(Failure::argument(BAD_ARGUMENT, format!("`{name}` is hidden; scenarios are not looked for there"), None));
    }
    Ok(path)
}

/// Refuses to go on when a file is there that may not be replaced.
pub(crate) fn require_free(path: &Path, overwrite: bool) -> Result<(), Failure> {
    if overwrite || path.symlink_metadata().is_err() { Ok(()) } else { Err(occupied(path)) }
}

/// Writes a file; its folders are made. It is whole or not there at all, and another file is replaced only when that was asked for.
pub(crate) fn write(path: &Path, text: &str, overwrite: bool) -> Result<(), Failure> {
    let failed = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => occupied(path),
        _ => Failure::file(path, "write", error),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "create", &error))?;
    }
    if !overwrite {
        let mut file = std::fs::File::create_new(path).map_err(|error| failed(&error))?;
        return file.write_all(text.as_bytes()).map_err(|error| failed(&error));
    }
    let fresh = path.with_file_name(format!(".{}.new", uuid::Uuid::now_v7().simple()));
    let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path));
    written.map_err(|error| {
        // Nothing is to be left behind; that it may fail as well changes nothing.
        let _ = std::fs::remove_file(&fresh);
        failed(&error)
    })
}

fn occupied(path: &Path) -> Failure {
    let help = Some("choose another path, or pass overwrite: true to replace it".to_owned());
    Failure::argument(Code("exists"), format!("`{}` is there already", shown(path)), help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_inside(root: &Path, path: &str) -> bool {
        inside_of(root, path).is_ok()
    }

    #[test]
    fn a_path_leads_nowhere_but_into_the_project() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        assert_eq!(inside_of(root, "./a/b.yaml").expect("inside"), Path::new("a/b.yaml"));
        let absolute = root.join("a.yaml");
        assert_eq!(inside_of(root, &absolute.to_string_lossy()).expect("inside"), Path::new("a.yaml"));
        for outside in ["", ".", "..", "../x", "a/../../x", "a/../x", "/etc/passwd"] {
            assert!(!is_inside(root, outside), "{outside}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_does_not_lead_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        std::fs::create_dir(root.join("real")).expect("a folder");
        std::os::unix::fs::symlink(elsewhere.path(), root.join("out")).expect("a link");
        std::os::unix::fs::symlink(root.join("real"), root.join("in")).expect("a link");
        std::os::unix::fs::symlink(elsewhere.path().join("nothing"), root.join("dangling.arazzo.yaml")).expect("a link");
        assert!(is_inside(root, "in/a.arazzo.yaml"));
        assert!(!is_inside(root, "out/a.arazzo.yaml"));
        assert!(!is_inside(root, "dangling.arazzo.yaml"));
    }

    #[test]
    fn only_scenario_files_are_written() {
        assert!(scenario("scenarios/a.arazzo.yaml").is_ok());
        for other in ["callboard.toml", "src/main.rs", ".git/a.arazzo.yaml", "a/.hidden.arazzo.yaml", "a.yaml"] {
            assert!(scenario(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_file_is_replaced_only_when_that_was_asked_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new/a.arazzo.yaml");
        write(&path, "one", false).expect("written");
        let refused = write(&path, "two", false).expect_err("it is there");
        assert_eq!(refused.diagnostics[0].code, Code("exists"));
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "one");
        write(&path, "two", true).expect("replaced");
        assert_eq!(std::fs::read_to_string(&path).expect("readable"), "two");
        assert_eq!(std::fs::read_dir(folder.path().join("new")).expect("readable").count(), 1);
    }
}
