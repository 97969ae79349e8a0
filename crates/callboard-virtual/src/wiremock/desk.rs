//! What the admin API changes: the stubs in their order, the settings, the files written. One lock, never held while a request is served.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::delay::{Delay, Distribution};
use super::fields;
use super::folder::{self, FolderError, Loaded};
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
    /// The mapping files of stubs that have one.
    files: HashMap<Uuid, Origin>,
}

/// The file of a stub.
#[derive(Clone, Debug)]
struct Origin {
    path: PathBuf,
    /// This server wrote it, so it may delete it.
    is_ours: bool,
    /// No other stub is in it.
    is_alone: bool,
    /// The stub has changed since.
    is_stale: bool,
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
        let loaded = folder::read_mappings(&self.root)?;
        self.change(|desk| desk.load(loaded));
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
            desk.outdate(stub.id);
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
                        desk.outdate(stub.id);
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

    /// Writes all stubs that are in no file yet, or have changed since.
    pub(crate) fn save(&self) -> Result<(), Refusal> {
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        let stubs = desk.stubs.clone();
        stubs.iter().try_for_each(|stub| desk.write(&self.root, stub))
    }

    /// The global settings.
    pub(crate) fn settings(&self) -> Value {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).settings.clone()
    }

    /// Replaces all global settings.
    pub(crate) fn set_settings(&self, value: &Value) -> Result<(), Refusal> {
        let object = Object::read(value, "", &[fields::SETTINGS])?;
        // Nothing is ever proxied: whether it would pass through is only remembered.
        object.flag("proxyPassThrough")?;
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
    /// Takes the stubs of the root folder in place of all others.
    fn load(&mut self, loaded: Vec<Loaded>) {
        let ours: Vec<PathBuf> = self.files.values().filter(|origin| origin.is_ours).map(|origin| origin.path.clone()).collect();
        self.files.clear();
        self.stubs.clear();
        for Loaded { stub, path, is_alone } in loaded {
            let is_ours = ours.contains(&path);
            self.files.insert(stub.id, Origin { path, is_ours, is_alone, is_stale: false });
            self.stubs.push(Arc::new(stub));
        }
    }

    /// Writes a persistent stub.
    fn keep(&mut self, root: &Path, stub: &Stub) -> Result<(), Refusal> {
        if stub.is_persistent { self.write(root, stub) } else { Ok(()) }
    }

    fn write(&mut self, root: &Path, stub: &Stub) -> Result<(), Refusal> {
        let refused = |why: String| Refusal::at("/persistent", why);
        let own = Origin { path: folder::own_file(root, stub), is_ours: true, is_alone: true, is_stale: true };
        let origin = self.files.entry(stub.id).or_insert(own);
        if !origin.is_stale {
            return Ok(());
        }
        if !origin.is_alone {
            return Err(refused(format!("`{}` holds several mappings: change it there", origin.path.display())));
        }
        origin.is_stale = false;
        let written = folder::write_mapping(&origin.path, stub);
        written.map_err(|error| refused(format!("the mapping cannot be written to `{}`: {error}", origin.path.display())))
    }

    /// A stub is about to change.
    fn outdate(&mut self, id: Uuid) {
        if let Some(origin) = self.files.get_mut(&id) {
            origin.is_stale = true;
        }
    }

    /// Deletes a file that this server wrote; others are left alone. A file that is gone already is as wanted.
    fn discard(&mut self, id: Uuid) {
        if let Some(origin) = self.files.remove(&id)
            && origin.is_ours
        {
            let _ = std::fs::remove_file(origin.path);
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
