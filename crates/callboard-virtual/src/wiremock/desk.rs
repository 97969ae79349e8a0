//! What the admin API changes: the stubs in their order, the settings, the files written. One lock, never held while a request is served.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::delay::{Delay, Distribution};
use super::fields;
use super::folder::{self, FolderError};
use super::journal::Journal;
use super::refusal::{Object, Refusal};
use super::scenarios::Scenarios;
use super::snapshot::{Current, Snapshot};
use super::stub::Stub;

/// Everything that the workers of one server share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) current: Current,
    pub(crate) scenarios: Scenarios,
    pub(crate) journal: Journal,
    pub(crate) root: PathBuf,
    /// Where body files are.
    pub(crate) files: PathBuf,
    pub(crate) started: Instant,
    desk: Mutex<Desk>,
}

#[derive(Debug, Default)]
struct Desk {
    /// Oldest first.
    stubs: Vec<Arc<Stub>>,
    settings: Value,
    delay: Delay,
    /// Mapping files that this server wrote itself.
    written: HashMap<Uuid, PathBuf>,
}

impl Shared {
    /// Reads the root folder.
    pub(crate) fn load(root: &Path, journal: Journal) -> Result<Self, FolderError> {
        let shared = Self {
            current: Current::default(),
            scenarios: Scenarios::default(),
            journal,
            files: root.join("__files"),
            root: root.to_owned(),
            started: Instant::now(),
            desk: Mutex::new(Desk { settings: default_settings(), ..Desk::default() }),
        };
        shared.reload()?;
        Ok(shared)
    }

    /// The stubs of the root folder and no others; journal and scenarios start anew.
    pub(crate) fn reload(&self) -> Result<(), FolderError> {
        let stubs = folder::read_mappings(&self.root)?;
        self.change(|desk| desk.stubs = stubs.into_iter().map(Arc::new).collect());
        self.scenarios.reset();
        self.journal.clear();
        Ok(())
    }

    fn change<T>(&self, change: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut desk);
        self.current.set(Snapshot::new(&desk.stubs, desk.delay));
        result
    }

    /// Adds a stub. An id that is taken is refused.
    pub(crate) fn add(&self, stub: Stub) -> Result<Arc<Stub>, Refusal> {
        let stub = Arc::new(stub);
        self.change(|desk| {
            if desk.stubs.iter().any(|known| known.id == stub.id) {
                return Err(duplicate(stub.id));
            }
            desk.keep(&self.root, &stub)?;
            desk.stubs.push(stub.clone());
            Ok(stub)
        })
    }

    /// Replaces the stub with the same id, which keeps its place; false when there is none.
    pub(crate) fn replace(&self, stub: Stub) -> Result<Option<Arc<Stub>>, Refusal> {
        let stub = Arc::new(stub);
        self.change(|desk| {
            let Some(place) = desk.stubs.iter().position(|known| known.id == stub.id) else { return Ok(None) };
            desk.discard(stub.id);
            desk.keep(&self.root, &stub)?;
            desk.stubs[place] = stub.clone();
            Ok(Some(stub))
        })
    }

    /// Removes the stubs that `is_meant` picks; tells which.
    pub(crate) fn remove(&self, is_meant: impl Fn(&Stub) -> bool) -> Vec<Arc<Stub>> {
        self.change(|desk| {
            let (removed, kept): (Vec<_>, Vec<_>) = desk.stubs.drain(..).partition(|stub| is_meant(stub));
            desk.stubs = kept;
            for stub in &removed {
                desk.discard(stub.id);
            }
            removed
        })
    }

    /// Adds several stubs: the first of the list wins. A known id is overwritten or left as it is.
    pub(crate) fn import(&self, stubs: Vec<Stub>, overwrite: bool, delete_others: bool) -> Result<(), Refusal> {
        let ids: Vec<Uuid> = stubs.iter().map(|stub| stub.id).collect();
        self.change(|desk| {
            for stub in stubs.into_iter().rev().map(Arc::new) {
                match desk.stubs.iter().position(|known| known.id == stub.id) {
                    Some(place) if overwrite => {
                        desk.discard(stub.id);
                        desk.keep(&self.root, &stub)?;
                        desk.stubs[place] = stub;
                    }
                    Some(_) => {}
                    None => {
                        desk.keep(&self.root, &stub)?;
                        desk.stubs.push(stub);
                    }
                }
            }
            if delete_others {
                desk.stubs.retain(|stub| ids.contains(&stub.id));
            }
            Ok(())
        })
    }

    /// Writes all stubs that are in no file of this server yet.
    pub(crate) fn save(&self) -> std::io::Result<()> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let known = folder::read_mappings(&self.root)
            .map(|stubs| stubs.iter().map(|stub| stub.id).collect::<Vec<_>>())
            .unwrap_or_default();
        for stub in desk.stubs.clone() {
            if !known.contains(&stub.id) {
                let path = folder::write_mapping(&self.root, &stub)?;
                desk.written.insert(stub.id, path);
            }
        }
        Ok(())
    }

    /// The global settings.
    pub(crate) fn settings(&self) -> Value {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).settings.clone()
    }

    /// Replaces all global settings.
    pub(crate) fn set_settings(&self, value: &Value) -> Result<(), Refusal> {
        let object = Object::read(value, "", &[fields::SETTINGS])?;
        if object.flag("proxyPassThrough")? {
            // Nothing is ever proxied; WireMock's own default is true.
        }
        let delay = Delay { fixed: object.count("fixedDelay")?, drawn: Distribution::read(&object)? };
        let mut settings = object.map.clone();
        settings.entry("extended").or_insert_with(|| Value::Object(Map::new()));
        settings.entry("proxyPassThrough").or_insert(Value::Bool(true));
        settings.retain(|_, value| !value.is_null());
        self.change(|desk| {
            desk.delay = delay;
            desk.settings = Value::Object(settings);
        });
        Ok(())
    }

    /// Merges into the extended settings.
    pub(crate) fn extend_settings(&self, value: &Value) -> Result<(), Refusal> {
        let object = Object::any(value, "")?;
        let extended = object.get("extended").and_then(Value::as_object).unwrap_or(object.map).clone();
        self.change(|desk| {
            if let Some(Value::Object(known)) = desk.settings.get_mut("extended") {
                known.extend(extended);
            }
        });
        Ok(())
    }
}

impl Desk {
    /// Writes a persistent stub to a file.
    fn keep(&mut self, root: &Path, stub: &Stub) -> Result<(), Refusal> {
        if !stub.is_persistent {
            return Ok(());
        }
        let written = folder::write_mapping(root, stub);
        let path = written.map_err(|error| Refusal::at("/persistent", format!("the mapping cannot be written: {error}")))?;
        self.written.insert(stub.id, path);
        Ok(())
    }

    /// Deletes a file that this server wrote; others are left alone. A file that is gone already is as wanted.
    fn discard(&mut self, id: Uuid) {
        if let Some(path) = self.written.remove(&id) {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn default_settings() -> Value {
    json!({"extended": {}, "proxyPassThrough": true})
}

fn duplicate(id: Uuid) -> Refusal {
    Refusal {
        code: 109,
        pointer: Some("/id".to_owned()),
        title: format!("ID of the provided stub mapping is already taken by another stub mapping: {id}"),
        detail: None,
    }
}
