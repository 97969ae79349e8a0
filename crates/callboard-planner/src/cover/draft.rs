//! A scenario in the making: operations are called one after the other, and whatever one needs is made first.

use callboard_model::Pointer;
use callboard_model::map::{Input, Output};
use callboard_model::plan::{Binding, BindingSource, Expectation, PlannedCheck, PlannedStep};
use callboard_schema::Fill;

use super::world::World;
use crate::beam::{Role, Step};
use crate::entities::EntityId;
use crate::environment;
use crate::fill;
use crate::index::OpId;
use crate::pointers::{concrete_pointer, generic};
use crate::typing::{Need, Yield};

/// A scenario with more calls tells nobody anything.
const MAX_CALLS: usize = 48;

/// One call of a scenario.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) op: OpId,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) expect: Expectation,
    pub(crate) checks: Vec<PlannedCheck>,
    /// Why it is there.
    pub(crate) note: String,
}

impl Call {
    /// The call with each check once: an echo and a reference may say the same.
    pub(crate) fn without_repetition(mut self) -> Self {
        let bindings = self.bindings.clone();
        let plain = |check: &PlannedCheck| match check {
            PlannedCheck::Echo { at, sent } => {
                let source = bindings.iter().find(|binding| binding.input == sent.input).map(|binding| binding.source.clone());
                source.map_or_else(|| check.clone(), |source| PlannedCheck::Same { at: at.clone(), as_in: source })
            }
            other => other.clone(),
        };
        let mut seen: Vec<PlannedCheck> = Vec::new();
        self.checks.retain(|check| {
            let plain = plain(check);
            let is_new = !seen.contains(&plain);
            seen.push(plain);
            is_new
        });
        self
    }
}

/// A resource that the scenario made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) entity: EntityId,
    pub(crate) call: usize,
    pub(crate) alive: bool,
}

/// A scenario in the making.
#[derive(Clone)]
pub(crate) struct Draft<'w, 'i, 'a> {
    pub(crate) world: &'w World<'i, 'a>,
    pub(crate) calls: Vec<Call>,
    pub(crate) made: Vec<Made>,
    /// Makes names of this scenario its own.
    pub(crate) tag: String,
    pub(crate) fill: Fill,
    /// Containers stay as empty as they are made.
    pub(crate) leaves_empty: bool,
    /// Containers get two entries that differ.
    pub(crate) fills_twice: bool,
    /// Operations that are being prepared: nothing needs itself.
    open: Vec<OpId>,
}

impl<'w, 'i, 'a> Draft<'w, 'i, 'a> {
    pub(crate) fn new(world: &'w World<'i, 'a>, tag: &str, fill: Fill) -> Self {
        Self {
            world,
            calls: Vec::new(),
            made: Vec::new(),
            tag: tag.to_owned(),
            fill,
            leaves_empty: false,
            fills_twice: false,
            open: Vec::new(),
        }
    }

    /// Calls an operation, with everything that it needs called before; `None` when something can be had from nowhere.
    pub(crate) fn call(&mut self, op: OpId, note: impl Into<String>) -> Option<usize> {
        self.call_with(op, &[], note)
    }

    /// As [`Self::call`], with some inputs given.
    pub(crate) fn call_with(&mut self, op: OpId, given: &[Binding], note: impl Into<String>) -> Option<usize> {
        if self.open.contains(&op) || self.calls.len() >= MAX_CALLS || self.open.len() > 8 {
            return None;
        }
        self.open.push(op);
        let bindings = self.prepare(op).and_then(|()| self.bindings(op, given));
        self.open.pop();
        Some(self.push(op, bindings?, note))
    }

    /// Adds a call whose inputs are all known.
    pub(crate) fn push(&mut self, op: OpId, bindings: Vec<Binding>, note: impl Into<String>) -> usize {
        let call = Call { op, bindings, expect: Expectation::Success, checks: Vec::new(), note: note.into() };
        self.calls.push(call);
        let at = self.calls.len() - 1;
        if let Some(entity) = self.world.created(op) {
            self.made.push(Made { entity, call: at, alive: true });
        }
        at
    }

    /// Takes back that a call made something: it was refused.
    pub(crate) fn refuse(&mut self, at: usize, expect: Expectation) {
        self.calls[at].expect = expect;
        self.made.retain(|made| made.call != at);
    }

    /// Whether a call that succeeds only promises a change (202): what is read behind it may be on its way still.
    pub(crate) fn promises(&self, at: usize) -> bool {
        let call = &self.calls[at];
        let status = self.world.operation(call.op).success_response().map(|response| response.status);
        call.expect == Expectation::Success && status == Some(callboard_model::StatusPattern::Exact(202))
    }

    fn prepare(&mut self, op: OpId) -> Option<()> {
        self.settle_environment(op)?;
        self.fill_containers(op)
    }

    /// What the environment wants to know before a service is called, such as a token.
    fn settle_environment(&mut self, op: OpId) -> Option<()> {
        let world = self.world;
        let before: Vec<Step> = self.calls.iter().map(|call| step(call.op)).chain([step(op)]).collect();
        let ensured = environment::ensure(world.index, before, &world.options.environment_needs);
        let known: Vec<OpId> = self.calls.iter().map(|call| call.op).collect();
        let mut added: Vec<OpId> = ensured.iter().map(|step| step.op).collect();
        added.pop();
        for op in added.into_iter().filter(|op| !known.contains(op)) {
            self.call(op, "the environment asks for what it yields")?;
        }
        Some(())
    }

    /// A service that is handed an empty container has nothing to work on.
    fn fill_containers(&mut self, op: OpId) -> Option<()> {
        let world = self.world;
        for container in fill::handed_on(world.index, op) {
            let has_maker = !world.makers(container).is_empty();
            if !has_maker || self.ensure(container).is_none() {
                continue;
            }
            let Some(made) = self.living(container) else { continue };
            let fillers = fill::fillers(world.index, self.calls[made].op, container);
            if self.leaves_empty || fillers.is_empty() || self.calls.iter().any(|call| fillers.contains(&call.op)) {
                continue;
            }
            if let Some(filler) = fillers.into_iter().find(|op| world.may_be_called(*op)) {
                self.call(filler, format!("a {} is worth nothing while it is empty", world.noun(container)))?;
                self.fill_again(filler);
            }
        }
        Some(())
    }

    /// A second entry that is not like the first one.
    fn fill_again(&mut self, filler: OpId) {
        let world = self.world;
        let in_body = |need: &&Need| matches!(need.input, Input::Body(_)) && !world.makers(need.entity).is_empty();
        let Some(entity) = world.hard_needs(filler).find(in_body).map(|need| need.entity).filter(|_| self.fills_twice) else {
            return;
        };
        let Some(maker) = world.makers(entity).into_iter().next() else { return };
        self.tag.push('b');
        let made = self.call(maker, format!("another {}", world.noun(entity)));
        self.tag.pop();
        if made.is_some() {
            self.call(filler, "a second entry");
        }
    }

    /// The call that made a resource which is still there, the last one first.
    pub(crate) fn living(&self, entity: EntityId) -> Option<usize> {
        self.made.iter().rev().find(|made| made.entity == entity && made.alive).map(|made| made.call)
    }

    /// Makes a resource unless one is there.
    pub(crate) fn ensure(&mut self, entity: EntityId) -> Option<usize> {
        if let Some(at) = self.living(entity) {
            return Some(at);
        }
        for maker in self.world.makers(entity) {
            let saved = (self.calls.len(), self.made.len());
            if let Some(at) = self.call(maker, format!("makes a {}", self.world.noun(entity))) {
                return Some(at);
            }
            self.calls.truncate(saved.0);
            self.made.truncate(saved.1);
        }
        None
    }

    /// Where the identity that an operation needs comes from.
    pub(crate) fn source(&mut self, op: OpId, need: &Need) -> Option<BindingSource> {
        if let Some(value) = self.of_environment(need) {
            return Some(value);
        }
        if let Some(source) = self.known(need) {
            return Some(source);
        }
        let is_last = self.world.last_need(op).is_some_and(|last| last.input == need.input);
        // What the service makes itself is made, not put in somewhere.
        let service = self.world.index.ops[op].service;
        let is_made_here = self.world.makers(need.entity).iter().any(|maker| self.world.index.ops[*maker].service == service);
        if let Some(adder) = self.world.adder(op).filter(|_| is_last && !is_made_here) {
            self.call(adder, "puts in what is changed next");
            self.fill_again(adder);
            if let Some(source) = self.known(need) {
                return Some(source);
            }
        }
        if self.ensure(need.entity).is_some() {
            return self.known(need);
        }
        // What is there already may be looked at, never changed.
        let (finder, found) = self.world.finder(need.entity).filter(|_| self.world.is_safe(op))?;
        let at = self.call(finder, format!("finds a {}", self.world.noun(need.entity)))?;
        let output = self.output_of(at, &found)?;
        Some(BindingSource::Step { step: at, output })
    }

    fn of_environment(&self, need: &Need) -> Option<BindingSource> {
        let Input::Parameter(_, name) = &need.input else { return None };
        self.world.options.environment_values.contains_key(name).then(|| BindingSource::Environment(name.clone()))
    }

    /// An identity that is known already: of what was made, then of what an answer refers to.
    pub(crate) fn known(&self, need: &Need) -> Option<BindingSource> {
        if let Some(source) = self.living(need.entity).and_then(|at| self.key_of(at, need.entity)) {
            return Some(source);
        }
        let was_made = self.made.iter().any(|made| made.entity == need.entity);
        (0..self.calls.len()).rev().filter(|_| !was_made).find_map(|at| self.reference_in(at, need.entity))
    }

    /// The key of what a call made.
    pub(crate) fn key_of(&self, at: usize, entity: EntityId) -> Option<BindingSource> {
        let yields = self.world.types(self.calls[at].op).yields.iter();
        let mut own: Vec<&Yield> = yields.filter(|y| y.entity == entity && y.nesting == 0 && !y.is_reference).collect();
        own.sort_by(|a, b| b.score.total_cmp(&a.score));
        let output = own.into_iter().find_map(|y| self.output_of(at, y))?;
        Some(BindingSource::Step { step: at, output })
    }

    /// A field of an answer, such as `paymentId`, that refers to a resource.
    pub(crate) fn reference_in(&self, at: usize, entity: EntityId) -> Option<BindingSource> {
        let call = &self.calls[at];
        let succeeded = call.expect == Expectation::Success;
        let mut yields = self.world.types(call.op).yields.iter().filter(|_| succeeded);
        // Into a list only what was made before can have been put.
        let was_made = self.made.iter().any(|made| made.entity == entity && made.call < at);
        let is_told = |y: &&Yield| y.nesting == 0 || (y.nesting == 1 && y.is_reference && was_made);
        let places = &self.world.types(call.op).response;
        // What may be left out of an answer cannot be counted on.
        let is_certain = |y: &&Yield| match &y.output {
            Output::Body(at) => places.iter().any(|place| place.pointer == *at && (place.required || y.nesting == 1)),
            _ => false,
        };
        let found = yields.find(|y| y.entity == entity && is_told(y) && is_certain(y))?;
        Some(BindingSource::Step { step: at, output: self.output_of(at, found)? })
    }

    /// A place of a real answer: the first item of a list; of a key that the caller chose the copy in the answer.
    fn output_of(&self, at: usize, found: &Yield) -> Option<Output> {
        let places = &self.world.types(self.calls[at].op).response;
        match &found.output {
            Output::Body(pointer) => concrete_pointer(pointer, places).map(Output::Body),
            Output::Request(Input::Parameter(_, name)) => {
                let is_copy = |place: &&crate::shape::Place| place.pointer == Pointer::of([name]) && place.shape.kind.is_scalar();
                let copy = places.iter().find(is_copy).map(|place| Output::Body(place.pointer.clone()));
                Some(copy.unwrap_or_else(|| found.output.clone()))
            }
            other => Some(other.clone()),
        }
    }

    /// The steps of a plan, with names of their own.
    pub(crate) fn steps(&self, calls: &[Call], names: &mut std::collections::BTreeSet<String>) -> Vec<PlannedStep> {
        let planned = |call: &Call| {
            let operation = self.world.operation(call.op);
            PlannedStep {
                operation: operation.key.clone(),
                step: crate::plan::unique(&crate::plan::step_name(operation), names),
                bindings: call.bindings.clone(),
                confidence: 1.0,
                words: Vec::new(),
                expect: call.expect.clone(),
                checks: call.checks.clone(),
                until: None,
                within: None,
            }
        };
        calls.iter().map(planned).collect()
    }
}

fn step(op: OpId) -> Step {
    Step { op, clause: 0, is_target: false, confidence: 1.0, role: Role::Own }
}

/// An input as definitions name it: `/items/0/sku` is `/items/*/sku`.
pub(crate) fn generic_input(input: &Input) -> Input {
    match input {
        Input::Body(pointer) => Input::Body(generic(pointer)),
        other => other.clone(),
    }
}
