//! Validators by schema, compiled when they are first needed.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use callboard_model::{NodeRef, Schema, Service};
use callboard_schema::{Direction, Hints, Validator, Violation, synthesise, synthesise_with};
use serde_json::Value;

/// A validator, or nothing where the schema cannot be used: then everything is right.
pub(crate) type Judge = Option<Validator>;

/// All validators of a service.
pub(crate) struct Judges {
    service: Arc<Service>,
    compiled: RwLock<HashMap<(NodeRef, Direction), Arc<Judge>>>,
}

impl Judges {
    pub(crate) fn new(service: Arc<Service>) -> Self {
        Self { service, compiled: RwLock::default() }
    }

    /// The schema at a node.
    pub(crate) fn schema(&self, node: &NodeRef) -> Option<Schema<'_>> {
        self.service.schema(node)
    }

    /// The validator of a node.
    pub(crate) fn of(&self, node: &NodeRef, direction: Direction) -> Arc<Judge> {
        let key = (node.clone(), direction);
        if let Some(judge) = self.compiled.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return judge.clone();
        }
        let judge = Arc::new(self.schema(node).and_then(|schema| Validator::compile(&schema, direction).ok()));
        self.compiled.write().unwrap_or_else(PoisonError::into_inner).entry(key).or_insert(judge).clone()
    }

    pub(crate) fn is_valid(&self, node: &NodeRef, direction: Direction, value: &Value) -> bool {
        self.of(node, direction).as_ref().as_ref().is_none_or(|validator| validator.is_valid(value))
    }

    pub(crate) fn violations(&self, node: &NodeRef, direction: Direction, value: &Value) -> Vec<Violation> {
        self.of(node, direction).as_ref().as_ref().map(|validator| validator.validate(value)).unwrap_or_default()
    }

    /// A value for a response. Pins that keep it from being valid are given up.
    pub(crate) fn make(&self, node: &NodeRef, seed: u64, hints: &Hints) -> Option<Value> {
        let schema = self.schema(node)?;
        let judge = self.of(node, Direction::Response);
        let Some(validator) = judge.as_ref() else { return Some(synthesise(&schema, Direction::Response, seed, hints)) };
        let mut hints = hints.clone();
        loop {
            let error = match synthesise_with(validator, &schema, Direction::Response, seed, &hints) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let count = hints.pins.len();
            let is_hit = |at: &str| error.violations.iter().any(|v| v.at.as_str().starts_with(at));
            hints.pins.retain(|(at, _)| !is_hit(at.as_str()));
            match hints.pins.len() {
                0 if count == 0 => return Some(error.nearest),
                left if left == count => hints.pins.clear(),
                _ => {}
            }
        }
    }
}
