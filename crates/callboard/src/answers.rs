//! Answers kept between runs of the command: planning over a large system reads all its definitions, and the next run with the same
//! sentence only has to see that none of them changed.
//!
//! An answer is kept with the texts that it was made from, as fingerprints, and is given again only while every one of them stands as it
//! did, for the same question, settings and program. Whatever is wrong with a kept file, the answer is worked out anew and nothing is said.
//! Files are written beside their place and moved there, so that processes do not see half of one.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use callboard_definition::codes;
use callboard_model::{Code, Diagnostic, Document, document};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fetch::is_url;
use crate::project::{LoadedSystem, Project};
use crate::settings::FILE_NAME;

/// Smaller systems are read in no time.
const WORTH_KEEPING: usize = 500;
/// Answers kept; the oldest go first.
const MOST: usize = 64;
/// Larger answers are not kept, in bytes.
const LARGEST: usize = 1 << 20;

/// A question to which answers are kept, for one project.
pub(crate) struct Question {
    folder: PathBuf,
    asked: String,
}

/// A kept answer.
#[derive(Serialize, Deserialize)]
struct Kept {
    asked: String,
    texts: Texts,
    answer: Value,
}

/// All texts that a system was read from, as fingerprints.
#[derive(Serialize, Deserialize)]
pub(crate) struct Texts(Vec<Text>);

impl Texts {
    /// Those of a system; none where it cannot be told later whether they are the same: they came from the network, or one was missing.
    pub(crate) fn of(loaded: &LoadedSystem) -> Option<Self> {
        let services = loaded.system.services().iter();
        let documents = services.flat_map(|service| service.documents.iter().map(|(_, document)| document));
        // Schemas that were put together while reading stand in no file.
        let written = documents.filter(|document| !document.origin().starts_with('('));
        let text = |document: &Document| {
            let path = document.origin();
            (!is_url(path)).then(|| Text::of(path, document.text().as_bytes()))
        };
        written.map(text).collect::<Option<Vec<Text>>>().filter(|_| was_read_whole(&loaded.diagnostics)).map(Self)
    }

    /// Whether every one of them is as it was. Reads on all processors: a large system has tens of megabytes.
    pub(crate) fn still_stand(&self) -> bool {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let share = self.0.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let check = |part: &'_ [Text]| part.iter().all(Text::still_stands);
            let parts: Vec<_> = self.0.chunks(share).map(|part| scope.spawn(move || check(part))).collect();
            parts.into_iter().all(|part| part.join().unwrap_or(false))
        })
    }
}

/// A text that an answer was made from.
#[derive(Serialize, Deserialize)]
struct Text {
    path: String,
    length: u64,
    fingerprint: u64,
}

impl Text {
    fn of(path: &str, bytes: &[u8]) -> Self {
        Self { path: path.to_owned(), length: bytes.len() as u64, fingerprint: fingerprint(bytes) }
    }

    fn still_stands(&self) -> bool {
        let is_as_long = || fs::metadata(&self.path).is_ok_and(|meta| meta.len() == self.length);
        is_as_long() && fs::read(&self.path).is_ok_and(|bytes| fingerprint(&bytes) == self.fingerprint)
    }
}

impl Question {
    /// A question with everything besides the definitions that its answer depends on. None where there is no project to keep it in.
    pub(crate) fn new(project: &Project, parts: &[&str]) -> Option<Self> {
        let program = program()?;
        let here = std::env::current_dir().ok()?;
        // Settings may hold a secret that nobody wanted to have twice.
        let settings = fingerprint(format!("{:?}", project.settings).as_bytes());
        project.root.join(FILE_NAME).exists().then(|| Self {
            folder: project.root.join(".callboard").join("answers"),
            asked: format!("{program}\n{}\n{settings:016x}\n{parts:?}", here.display()),
        })
    }

    /// The answer, when one is kept and everything stands as it did.
    pub(crate) fn answer(&self) -> Option<Value> {
        let kept: Kept = serde_json::from_slice(&fs::read(self.path()).ok()?).ok()?;
        (kept.asked == self.asked && kept.texts.still_stand()).then_some(kept.answer)
    }

    /// Keeps an answer that was made from a large system. What cannot be kept is not: the answer stands all the same.
    pub(crate) fn keep(&self, project: &Project, loaded: &LoadedSystem, answer: Value) {
        if loaded.system.operations().count() < WORTH_KEEPING {
            return;
        }
        let Some(texts) = Texts::of(loaded) else { return };
        let kept = Kept { asked: self.asked.clone(), texts, answer };
        if let Ok(bytes) = serde_json::to_vec(&kept)
            && bytes.len() <= LARGEST
        {
            project.make_store_folder();
            let _ = fs::create_dir_all(&self.folder);
            make_room(&self.folder);
            let _ = write_whole(&self.path(), &bytes);
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{:016x}.json", fingerprint(self.asked.as_bytes())))
    }
}

fn fingerprint(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// What tells one build of the program from another.
fn program() -> Option<String> {
    let meta = fs::metadata(std::env::current_exe().ok()?).ok()?;
    let built = meta.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {} {}", env!("CARGO_PKG_VERSION"), meta.len(), built.as_nanos()))
}

/// Whether every text was there to be read: one that appears later leaves no trace among those that were.
fn was_read_whole(diagnostics: &[Diagnostic]) -> bool {
    const MISSING: [Code; 4] =
        [codes::UNREADABLE_DOCUMENT, codes::TOO_MANY_DOCUMENTS, document::INVALID_DOCUMENT, document::DOCUMENT_OVER_BUDGET];
    !diagnostics.iter().any(|diagnostic| diagnostic.is_error() || MISSING.contains(&diagnostic.code))
}

/// Removes the oldest answers where there are too many.
fn make_room(folder: &Path) {
    let age = |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut files: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().filter_map(age).collect();
    files.sort();
    let surplus = (files.len() + 1).saturating_sub(MOST);
    for (_, path) in files.into_iter().take(surplus) {
        let _ = fs::remove_file(path);
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&beside, bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_only_while_it_is_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.yaml");
        let text = Text::of(&path.to_string_lossy(), b"one");
        assert!(!text.still_stands());
        fs::write(&path, "one").expect("written");
        assert!(text.still_stands() && Texts(vec![text]).still_stand());
        let text = Text::of(&path.to_string_lossy(), b"one");
        fs::write(&path, "two").expect("written");
        assert!(!text.still_stands());
    }

    #[test]
    fn old_answers_make_room_for_new_ones() {
        let folder = tempfile::tempdir().expect("a folder");
        for at in 0..MOST + 5 {
            fs::write(folder.path().join(format!("{at}.json")), "{}").expect("written");
        }
        make_room(folder.path());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), MOST - 1);
    }
}
