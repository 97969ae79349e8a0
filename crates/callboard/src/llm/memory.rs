//! Answers of earlier times: the project's cache, recordings, and their replay.
//!
//! One file for each question, named by a hash of it, with the question inside: a file that answers another question is not used.

use std::path::{Path, PathBuf};

use callboard_planner::llm::{PROMPT_VERSION, Request, Role};
use serde_json::{Value, json};

use crate::exit::Failure;

/// How many answers the cache keeps.
const KEPT: usize = 200;

/// The question as it stands in a file.
fn question(request: &Request) -> Value {
    let messages: Vec<Value> = request
        .messages
        .iter()
        .map(|message| json!({"role": if message.role == Role::User { "user" } else { "model" }, "text": message.text}))
        .collect();
    json!({"promptVersion": PROMPT_VERSION, "system": request.system, "messages": messages, "schema": request.schema})
}

/// A folder of answers.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    folder: PathBuf,
    /// What besides the question an answer depends on: the model in a cache, nothing in a recording.
    of: String,
}

impl Memory {
    /// The cache of a project for one model.
    pub(super) fn cache(root: &Path, model: &str) -> Self {
        Self { folder: root.join(".callboard").join("llm"), of: model.to_owned() }
    }

    /// A recording.
    pub(super) fn recording(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), of: String::new() }
    }

    /// The answer to a question, if it is known.
    pub(super) fn find(&self, request: &Request) -> Option<String> {
        let question = question(request);
        let text = std::fs::read_to_string(self.path(&question)).ok()?;
        let found: Value = serde_json::from_str(&text).ok()?;
        let is_same = found["request"] == question && found["of"] == self.of.as_str();
        found["answer"].as_str().filter(|_| is_same).map(str::to_owned)
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, request: &Request, model: &str, answer: &str) -> Result<(), Failure> {
        let question = question(request);
        let file = json!({"version": 1, "model": model, "of": self.of, "request": question, "answer": answer});
        let path = self.path(&question);
        std::fs::create_dir_all(&self.folder).map_err(|error| Failure::file(&self.folder, "create", &error))?;
        std::fs::write(&path, format!("{file:#}\n")).map_err(|error| Failure::file(&path, "write", &error))
    }

    /// Forgets the oldest answers when there are many.
    pub(super) fn tidy(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        let age = |path: &PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
        let mut paths: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        paths.sort_by_key(|path| std::cmp::Reverse(age(path)));
        for old in paths.into_iter().skip(KEPT) {
            // One that cannot be removed does no harm.
            let _ = std::fs::remove_file(old);
        }
    }

    fn path(&self, question: &Value) -> PathBuf {
        self.folder.join(format!("{:016x}.json", hash(&format!("{}\n{question}", self.of))))
    }
}

/// FNV-1a, 64 bits: the same on every machine and in every version.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use callboard_planner::llm::Message;

    fn request(text: &str) -> Request {
        let messages = vec![Message { role: Role::User, text: text.to_owned() }];
        Request { system: "rules".to_owned(), messages, schema: json!({"type": "object"}) }
    }

    #[test]
    fn an_answer_is_found_for_its_own_question_and_model_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Memory::cache(folder.path(), "openai/a");
        cache.keep(&request("one"), "openai/a", "{}").expect("kept");
        assert_eq!(cache.find(&request("one")).as_deref(), Some("{}"));
        assert_eq!(cache.find(&request("two")), None);
        assert_eq!(Memory::cache(folder.path(), "openai/b").find(&request("one")), None);
    }

    #[test]
    fn a_file_that_was_changed_or_cut_off_is_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Memory::recording(folder.path());
        memory.keep(&request("one"), "m", "{}").expect("kept");
        let path = memory.path(&question(&request("one")));
        let text = std::fs::read_to_string(&path).expect("readable");
        for wrong in [text.replace("\"one\"", "\"two\""), text[..text.len() / 2].to_owned(), String::new()] {
            std::fs::write(&path, wrong).expect("written");
            assert_eq!(memory.find(&request("one")), None);
        }
    }

    #[test]
    fn a_hash_stays_as_it_is() {
        assert_eq!(hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash("a"), 0xaf63_dc4c_8601_ec8c);
    }
}
