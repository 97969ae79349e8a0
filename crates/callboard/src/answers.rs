//! Answers kept between runs of the command: planning over a large system reads all its definitions, and the next run with the same
//! sentence only has to see that none of them changed.
//!
//! An answer is kept with the texts that it was made from, as fingerprints, and is given again only while every one of them stands as it
//! did, for the same question, settings and program. Whatever is wrong with a kept file, the answer is worked out anew and nothing is said.
//! Files are written beside their place and moved there, so that processes do not see half of one.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use callboard_definition::codes;
use callboard_model::{Code, Diagnostic, System, document};
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
    texts: Vec<Text>,
    answer: Value,
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
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        Self { path: path.to_owned(), length: bytes.len() as u64, fingerprint: hasher.finish() }
    }

    fn still_stands(&self) -> bool {
        let is_as_long = || fs::metadata(&self.path).is_ok_and(|meta| meta.len() == self.length);
        is_as_long() && fs::read(&self.path).is_ok_and(|bytes| Self::of("", &bytes).fingerprint == self.fingerprint)
    }
}

impl Question {
    /// A question with everything besides the definitions that its answer depends on. None where there is no project to keep it in.
    pub(crate) fn new(project: &Project, parts: &[&str]) -> Option<Self> {
        let program = program()?;
        let here = std::env::current_dir().ok()?;
        project.root.join(FILE_NAME).exists().then(|| Self {
            folder: project.root.join(".callboard").join("answers"),
            asked: format!("{program}\n{}\n{:?}\n{parts:?}", here.display(), project.settings),
        })
    }

    /// The answer, when one is kept and everything stands as it did.
    pub(crate) fn answer(&self) -> Option<Value> {
        let kept: Kept = serde_json::from_slice(&fs::read(self.path()).ok()?).ok()?;
        (kept.asked == self.asked && all_stand(&kept.texts)).then_some(kept.answer)
    }

    /// Keeps an answer that was made from a large system. What cannot be kept is not: the answer stands all the same.
    pub(crate) fn keep(&self, project: &Project, loaded: &LoadedSystem, answer: Value) {
        let is_large = loaded.system.operations().count() >= WORTH_KEEPING;
        let Some(texts) = texts_of(&loaded.system).filter(|_| is_large && was_read_whole(&loaded.diagnostics)) else { return };
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
        let mut hasher = DefaultHasher::new();
        self.asked.hash(&mut hasher);
        self.folder.join(format!("{:016x}.json", hasher.finish()))
    }
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

/// The texts that a system was read from, where all of them are files.
fn texts_of(system: &System) -> Option<Vec<Text>> {
    let documents = system.services().iter().flat_map(|service| service.documents.iter().map(|(_, document)| document));
    // Schemas that were put together while reading stand in no file.
    let written = documents.filter(|document| !document.origin().starts_with('('));
    let of = |document: &callboard_model::Document| {
        let path = document.origin();
        (!is_url(path)).then(|| Text::of(path, document.text().as_bytes()))
    };
    written.map(of).collect()
}

/// Reads on all processors: a large system has tens of megabytes.
fn all_stand(texts: &[Text]) -> bool {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = texts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = texts.chunks(share).map(|part| scope.spawn(|| part.iter().all(Text::still_stands))).collect();
        parts.into_iter().all(|part| part.join().unwrap_or(false))
    })
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
        assert!(text.still_stands() && all_stand(&[text]));
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
