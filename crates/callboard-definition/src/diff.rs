//! What changed between two versions of a definition, per operation and by meaning: references are followed, and descriptions,
//! examples, formatting, the order of keys and the names of path parameters do not count.

mod compare;
pub(crate) mod fingerprint;
mod schema;

use std::collections::{HashMap, HashSet};

use callboard_model::{Method, Operation, OperationKey, Service};

use crate::template;
use compare::Sides;

/// An operation that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationChange {
    /// Its key in the old version; `None` when it was added.
    pub old: Option<OperationKey>,
    /// Its key in the new version; `None` when it was removed.
    pub new: Option<OperationKey>,
    /// What is different, where both versions have it; at least one entry then.
    pub details: Vec<Detail>,
}

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The new version only has it.
    Added,
    /// The old version only has it.
    Removed,
    /// Both have it, with differences.
    Changed,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// In words: lowercase, one line, such as ``response 200: `total` is no longer required``.
    pub what: String,
    /// Whether a caller that was right before may be wrong now. Where that cannot be told it counts as breaking.
    pub is_breaking: bool,
}

impl OperationChange {
    /// What became of the operation.
    pub fn kind(&self) -> ChangeKind {
        match (&self.old, &self.new) {
            (None, _) => ChangeKind::Added,
            (_, None) => ChangeKind::Removed,
            _ => ChangeKind::Changed,
        }
    }

    /// The key under which older runs know it; that of the new version when it was added.
    pub fn key(&self) -> Option<&OperationKey> {
        self.old.as_ref().or(self.new.as_ref())
    }

    /// Whether a caller that was right before may be wrong now.
    pub fn is_breaking(&self) -> bool {
        self.kind() == ChangeKind::Removed || self.details.iter().any(|detail| detail.is_breaking)
    }
}

/// Compares two versions of a service. Changes come in the order of the old version, additions behind them in the order of the new one.
pub fn diff(old: &Service, new: &Service) -> Vec<OperationChange> {
    let pairs = pairs(old, new);
    let paired: HashSet<*const Operation> = pairs.iter().filter_map(|(_, new)| *new).map(std::ptr::from_ref).collect();
    let mut sides = Sides::new(old, new);
    let mut changes: Vec<OperationChange> = pairs.iter().filter_map(|(old, new)| change(&mut sides, old, *new)).collect();
    let added = new.operations.iter().filter(|operation| !paired.contains(&std::ptr::from_ref(*operation)));
    changes.extend(added.map(|operation| OperationChange { old: None, new: Some(operation.key.clone()), details: Vec::new() }));
    changes
}

fn change(sides: &mut Sides<'_>, old: &Operation, new: Option<&Operation>) -> Option<OperationChange> {
    let Some(new) = new else {
        return Some(OperationChange { old: Some(old.key.clone()), new: None, details: Vec::new() });
    };
    let details = sides.operation(old, new);
    (!details.is_empty()).then(|| OperationChange { old: Some(old.key.clone()), new: Some(new.key.clone()), details })
}

/// Each old operation with its new version: first by the same path, then by a path that differs in names of parameters, then by
/// `operationId`.
pub(crate) fn pairs<'o, 'n>(old: &'o Service, new: &'n Service) -> Vec<(&'o Operation, Option<&'n Operation>)> {
    let mut pairs: Vec<(&Operation, Option<&Operation>)> = old.operations.iter().map(|operation| (operation, None)).collect();
    let mut free: Vec<&Operation> = new.operations.iter().collect();
    pair_by(&mut pairs, &mut free, |o| Some((o.key.method.clone(), o.key.path.to_string())));
    pair_by(&mut pairs, &mut free, |o| Some((o.key.method.clone(), template::shape(&o.key.path))));
    pair_by(&mut pairs, &mut free, |o| Some((o.key.method.clone(), o.id.clone()?)));
    pairs
}

fn pair_by<'n>(
    pairs: &mut [(&Operation, Option<&'n Operation>)],
    free: &mut Vec<&'n Operation>,
    key: impl Fn(&Operation) -> Option<(Method, String)>,
) {
    let mut by_key: HashMap<(Method, String), &'n Operation> = HashMap::new();
    for operation in free.iter().rev() {
        by_key.extend(key(operation).map(|key| (key, *operation)));
    }
    for (old, new) in pairs.iter_mut().filter(|(_, new)| new.is_none()) {
        *new = key(old).and_then(|key| by_key.remove(&key));
    }
    let taken: HashSet<*const Operation> = pairs.iter().filter_map(|(_, new)| *new).map(std::ptr::from_ref).collect();
    free.retain(|operation| !taken.contains(&std::ptr::from_ref(*operation)));
}
