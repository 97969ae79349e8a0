//! Compiled schemas, shared by all scenarios of a run: each is compiled when the first value asks for it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use callboard_model::{NodeRef, Service, ServiceName};
use callboard_schema::{Direction, Validator};

/// A compiled schema, or why it cannot judge anything.
pub(crate) type Compiled = Arc<Result<Validator, String>>;

type ByNode = HashMap<NodeRef, Compiled>;

/// The schemas compiled so far.
#[derive(Default)]
pub(crate) struct Validators {
    request: RwLock<HashMap<ServiceName, ByNode>>,
    response: RwLock<HashMap<ServiceName, ByNode>>,
}

impl Validators {
    /// The schema at a place of a service's definition.
    pub(crate) fn get(&self, service: &Service, node: &NodeRef, direction: Direction) -> Compiled {
        let cache = match direction {
            Direction::Request => &self.request,
            Direction::Response => &self.response,
        };
        // The map is only ever added to, so a panic elsewhere cannot leave it half done.
        let read = cache.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = read.get(&service.name).and_then(|nodes| nodes.get(node)) {
            return compiled.clone();
        }
        drop(read);
        let compiled = Arc::new(compile(service, node, direction));
        let mut write = cache.write().unwrap_or_else(PoisonError::into_inner);
        write.entry(service.name.clone()).or_default().entry(node.clone()).or_insert(compiled).clone()
    }
}

fn compile(service: &Service, node: &NodeRef, direction: Direction) -> Result<Validator, String> {
    let schema = service.schema(node).ok_or_else(|| format!("no schema stands at `{}`", node.pointer))?;
    Validator::compile(&schema, direction).map_err(|error| error.to_string())
}
