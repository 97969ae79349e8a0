//! How the operations of a system belong together: what makes, reads, lists, changes and removes a resource.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use callboard_model::map::Input;
use callboard_model::{Method, NodeRef, Operation, Schema, Service, StatusPattern, System};
use callboard_schema::{Direction, Hints, Validator, synthesise_with, try_synthesise};
use serde_json::Value;

use super::CoverOptions;
use crate::entities::EntityId;
use crate::index::{Index, OpId};
use crate::path::{self, Segment};
use crate::typing::{Need, OperationTypes, Yield};
use crate::words::split_identifier;

/// By service and place of the schema; `None` for schemas that cannot be used.
type Validators = HashMap<(usize, NodeRef), Option<Rc<Validator>>>;

/// A system, as scenarios for coverage see it.
pub(crate) struct World<'i, 'a> {
    pub(crate) index: &'i Index<'a>,
    pub(crate) operations: Vec<(&'a Service, &'a Operation)>,
    pub(crate) options: &'i CoverOptions,
    /// Schemas that judged something before: compiling one costs more than all it judges.
    validators: RefCell<Validators>,
}

impl<'i, 'a> World<'i, 'a> {
    pub(crate) fn new(index: &'i Index<'a>, system: &'a System, options: &'i CoverOptions) -> Self {
        Self { index, operations: system.operations().collect(), options, validators: RefCell::default() }
    }

    pub(crate) fn operation(&self, op: OpId) -> &'a Operation {
        self.operations[op].1
    }

    pub(crate) fn service(&self, op: OpId) -> &'a Service {
        self.operations[op].0
    }

    pub(crate) fn types(&self, op: OpId) -> &OperationTypes {
        &self.index.typing.operations[op]
    }

    /// The judge of a schema of an operation's service; `None` where the schema cannot be used.
    pub(crate) fn validator(&self, op: OpId, schema: &Schema<'_>) -> Option<Rc<Validator>> {
        let key = (self.index.ops[op].service, schema.node().clone());
        let compile = || Validator::compile(schema, Direction::Request).ok().map(Rc::new);
        self.validators.borrow_mut().entry(key).or_insert_with(compile).clone()
    }

    /// A value for a request that a schema allows, or the nearest one.
    pub(crate) fn value(&self, op: OpId, schema: &Schema<'_>, seed: u64, hints: &Hints) -> Value {
        let made = self.validator(op, schema).map(|judge| synthesise_with(&judge, schema, Direction::Request, seed, hints));
        made.unwrap_or_else(|| try_synthesise(schema, Direction::Request, seed, hints)).unwrap_or_else(|error| error.nearest)
    }

    pub(crate) fn noun(&self, entity: EntityId) -> &str {
        &self.index.typing.entities[entity].noun
    }

    pub(crate) fn is_safe(&self, op: OpId) -> bool {
        self.index.ops[op].method.is_safe()
    }

    /// Operations that may be called.
    pub(crate) fn usable(&self) -> impl Iterator<Item = OpId> + '_ {
        (0..self.operations.len()).filter(|op| self.may_be_called(*op))
    }

    /// Whether calling an operation harms nobody: it can be used, nobody forbade it, and it does not stop the system.
    pub(crate) fn may_be_called(&self, op: OpId) -> bool {
        let operation = self.operation(op);
        let label = operation.label();
        let is_skipped = self
            .options
            .skip
            .iter()
            .any(|name| *name == label || *name == format!("{} {}", operation.key.method, operation.key.path));
        self.index.ops[op].usable && !is_skipped && !self.stops_the_system(op) && !self.is_shared(op)
    }

    /// `POST /shutdown`: nothing can be tested behind it.
    pub(crate) fn stops_the_system(&self, op: OpId) -> bool {
        const WORDS: &[&str] = &["shutdown", "restart", "reboot", "terminate", "poweroff", "wipe", "purge", "drain"];
        let operation = self.operation(op);
        let words = split_identifier(&operation.key.path);
        let named = |word: &str| words.iter().any(|w| w == word) || words.windows(2).any(|pair| pair.concat() == *word);
        !self.is_safe(op) && !operation.key.path.contains('{') && WORDS.iter().any(|word| named(word))
    }

    /// `PATCH /settings`: what it changes belongs to everybody, not to a scenario.
    fn is_shared(&self, op: OpId) -> bool {
        let changes = matches!(self.index.ops[op].method, Method::Put | Method::Patch | Method::Delete);
        changes && !self.operation(op).key.path.contains('{') && self.types(op).needs.is_empty()
    }

    /// The resource that an operation makes.
    pub(crate) fn created(&self, op: OpId) -> Option<EntityId> {
        self.index.created(op)
    }

    /// Operations that make a resource, the simplest of its owner first.
    pub(crate) fn makers(&self, entity: EntityId) -> Vec<OpId> {
        let owner = self.index.typing.entities[entity].owner();
        let mut makers: Vec<OpId> = self.usable().filter(|op| self.created(*op) == Some(entity)).collect();
        makers.sort_by_key(|op| {
            let entry = &self.index.ops[*op];
            let needs = self.hard_needs(*op).count();
            let is_list = self.types(*op).response.first().is_some_and(|root| root.shape.kind == crate::shape::Kind::Array);
            (
                entry.deprecated,
                owner != Some(entry.service),
                self.reader(*op).is_none() || is_list,
                entry.method != Method::Post,
                needs,
                *op,
            )
        });
        makers
    }

    /// The needs of an operation that must be met.
    pub(crate) fn hard_needs(&self, op: OpId) -> impl Iterator<Item = &Need> {
        self.types(op).needs.iter().filter(move |need| need.hard && !self.is_chosen(op, need))
    }

    /// Whether the caller chooses this key.
    pub(crate) fn is_chosen(&self, op: OpId, need: &Need) -> bool {
        crate::chains::is_chosen(self.index, op, need)
    }

    /// The need of the last segment of a path that ends in a parameter.
    pub(crate) fn last_need(&self, op: OpId) -> Option<&Need> {
        let segments = path::segments(&self.operation(op).key.path);
        let Some(Segment::Parameter(name)) = segments.last() else { return None };
        self.types(op).needs.iter().find(|need| matches!(&need.input, Input::Parameter(_, known) if known == name))
    }

    /// `GET /customers/{id}` for what `POST /customers` makes.
    pub(crate) fn reader(&self, maker: OpId) -> Option<OpId> {
        let entity = self.created(maker)?;
        self.usable().find(|op| self.index.ops[*op].method == Method::Get && self.is_at_key_of(*op, maker, entity))
    }

    /// The read by key of a resource, in the service that owns it.
    pub(crate) fn owners_reader(&self, entity: EntityId) -> Option<OpId> {
        let by_maker = self.makers(entity).into_iter().find_map(|maker| self.reader(maker));
        let owner = self.index.typing.entities[entity].owner();
        let reads = |op: &OpId| {
            let is_own = owner.is_none_or(|owner| self.index.ops[*op].service == owner);
            let by_key = self.last_need(*op).is_some_and(|need| need.entity == entity);
            self.index.ops[*op].method == Method::Get && is_own && by_key
        };
        by_maker.or_else(|| self.usable().find(reads))
    }

    /// Operations of a method at the key of what an operation makes.
    pub(crate) fn at_key(&self, maker: OpId, method: &Method) -> Option<OpId> {
        let entity = self.created(maker)?;
        self.usable().find(|op| self.index.ops[*op].method == *method && *op != maker && self.is_at_key_of(*op, maker, entity))
    }

    fn is_at_key_of(&self, op: OpId, maker: OpId, entity: EntityId) -> bool {
        let made = self.operation(maker).key.path.trim_end_matches('/');
        let path = self.operation(op).key.path.trim_end_matches('/');
        let is_below = path.strip_prefix(made).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1);
        let is_same_service = self.index.ops[op].service == self.index.ops[maker].service;
        let needs =
            |op| self.types(op).needs.iter().any(|need| need.entity == entity && matches!(need.input, Input::Parameter(..)));
        is_same_service && (is_below || (path == made && path.ends_with('}'))) && needs(op)
    }

    /// `GET /customers` for what `POST /customers` makes, with the place of the key in each item.
    pub(crate) fn lister(&self, maker: OpId) -> Option<(OpId, Yield)> {
        let entity = self.created(maker)?;
        let made = self.operation(maker).key.path.trim_end_matches('/');
        self.usable().find_map(|op| {
            let path = self.operation(op).key.path.trim_end_matches('/');
            let is_collection = path == made
                || made.strip_prefix(path).is_some_and(|rest| rest.starts_with("/{") && rest.matches('/').count() == 1);
            let is_same = self.index.ops[op].service == self.index.ops[maker].service && self.index.ops[op].method == Method::Get;
            let item = self.types(op).yields.iter().find(|y| y.entity == entity && y.nesting == 1 && !y.is_reference)?;
            (is_collection && is_same).then(|| (op, item.clone()))
        })
    }

    /// A list of any service that yields a resource and needs nothing itself.
    pub(crate) fn finder(&self, entity: EntityId) -> Option<(OpId, Yield)> {
        let owner = self.index.typing.entities[entity].owner();
        let open = |op: &OpId| self.is_safe(*op) && self.hard_needs(*op).next().is_none();
        let mut found: Vec<(OpId, &Yield)> = self
            .usable()
            .filter(open)
            .filter_map(|op| Some((op, self.types(op).yields.iter().find(|y| y.entity == entity && y.nesting >= 1)?)))
            .collect();
        found.sort_by_key(|(op, y)| (owner != Some(self.index.ops[*op].service), y.is_reference, *op));
        found.into_iter().next().map(|(op, y)| (op, y.clone()))
    }

    /// The `POST` on the collection that a path's last parameter chooses from: `/carts/{id}/lines` for `/carts/{id}/lines/{code}`.
    pub(crate) fn adder(&self, op: OpId) -> Option<OpId> {
        let path = self.operation(op).key.path.trim_end_matches('/');
        let (collection, last) = path.rsplit_once('/')?;
        if !last.starts_with('{') {
            return None;
        }
        self.usable().find(|other| {
            let is_same = self.index.ops[*other].service == self.index.ops[op].service;
            is_same
                && self.index.ops[*other].method == Method::Post
                && self.operation(*other).key.path.trim_end_matches('/') == collection
        })
    }

    /// Statuses that an operation documents as refusals.
    pub(crate) fn refusals(&self, op: OpId) -> BTreeSet<u16> {
        self.operation(op)
            .responses
            .iter()
            .filter_map(|response| match response.status {
                StatusPattern::Exact(status @ 400..=499) => Some(status),
                _ => None,
            })
            .collect()
    }
}
