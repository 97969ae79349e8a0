//! Plans: what a sentence asks for, as operations in order with every required input bound.

use serde_json::Value;

use crate::api::StatusPattern;
use crate::map::{Input, Output};
use crate::names::OperationKey;
use crate::pointer::Pointer;

/// Operations in order, with alternatives and everything that could not be used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<PlannedStep>,
    /// What removes afterwards what the steps made and do not remove themselves, last made first. Their bindings count the steps above.
    pub teardown: Vec<PlannedStep>,
    /// Other plans, best first.
    pub alternatives: Vec<Alternative>,
    /// Words and literals of the sentence that nothing used.
    pub unmatched: Vec<String>,
    /// How much better this plan is than the next one; a small margin means that a person should look.
    pub margin: f64,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// The operation.
    pub operation: OperationKey,
    /// A name for it, unique in the plan, such as `createOrder` or `getUser-2`.
    pub step: String,
    /// Where each input comes from.
    pub bindings: Vec<Binding>,
    /// How sure we are of the step, 0 to 1.
    pub confidence: f64,
    /// The words of the sentence that it stands for; empty for a step that others need.
    pub words: Vec<String>,
    /// The status that is expected.
    pub expect: Expectation,
    /// What the answer must hold.
    pub checks: Vec<PlannedCheck>,
    /// The step is repeated until this holds.
    pub until: Option<Vec<PlannedCheck>>,
    /// How many seconds it may take until that holds, where the sentence says so.
    pub within: Option<u64>,
}

/// The outcome that a step is expected to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Whatever success the definition documents.
    Success,
    /// One of these, as the sentence says ("is refused", "not found").
    Status(Vec<StatusPattern>),
}

/// A check on an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum PlannedCheck {
    /// The answer holds at this place what was sent at that one.
    Echo {
        /// In the answer.
        at: Pointer,
        /// In what this step, or an earlier one, sent.
        sent: SentValue,
    },
    /// The answer holds this value at this place.
    Equals {
        /// In the answer.
        at: Pointer,
        /// The value.
        value: Value,
    },
    /// The answer holds another value than this one at this place.
    Differs {
        /// In the answer.
        at: Pointer,
        /// The value that it does not hold.
        value: Value,
    },
    /// Something stands at this place.
    Present {
        /// In the answer.
        at: Pointer,
    },
    /// Nothing stands at this place.
    Absent {
        /// In the answer.
        at: Pointer,
    },
    /// The answer holds at this place what an earlier answer held.
    Same {
        /// In the answer.
        at: Pointer,
        /// The place in the earlier one.
        as_in: BindingSource,
    },
    /// The answer has one of these statuses: what a step waits for.
    Status(Vec<StatusPattern>),
    /// A key of an object is there, or is not; the key is made of a template such as `/user/{name}`.
    Key {
        /// The object in the answer.
        at: Pointer,
        /// Text before the value.
        prefix: String,
        /// The value.
        value: BindingSource,
        /// Text behind the value.
        suffix: String,
        /// Whether it must be there.
        present: bool,
    },
    /// The list at this place holds an item with this value, or does not.
    Contains {
        /// The list in the answer.
        at: Pointer,
        /// The place in each item.
        item: Pointer,
        /// The value.
        value: BindingSource,
        /// Whether it must be there.
        present: bool,
    },
}

/// A value that some step sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentValue {
    /// The step, counted from 0.
    pub step: usize,
    /// Where it was sent.
    pub input: Input,
}

/// An input and where its value comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The input.
    pub input: Input,
    /// The source.
    pub source: BindingSource,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum BindingSource {
    /// An earlier step yields it. Steps count from 0.
    Step {
        /// The step.
        step: usize,
        /// The place in what it yields.
        output: Output,
    },
    /// The environment holds it under this name.
    Environment(String),
    /// The sentence or the definition says it.
    Literal(Value),
    /// It is made up; two inputs with the same name get the same value.
    Generated {
        /// The name.
        name: String,
        /// The value.
        value: Value,
    },
}

/// Another plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Alternative {
    /// Its steps.
    pub steps: Vec<PlannedStep>,
    /// Its score; comparable within one plan only.
    pub score: f64,
}
