//! Scenarios for coverage: from what the definitions and the map say, a set of scenarios that touch every operation, every documented
//! status and every link between services, with checks that follow from both.
//!
//! Nothing here knows a running system. A candidate whose outcome only a system can tell is marked as a guess; candidates with the same
//! aim are tries, of which the first that holds is taken.

use std::collections::{BTreeMap, BTreeSet};

use callboard_model::plan::Plan;
use callboard_model::{Method, Operation, OperationKey, ServiceName, System};
use callboard_scenario::ScenarioFile;
use serde_json::Value;

use crate::index::Index;
use crate::links::MappedSystem;
use crate::scenario::{ScenarioOptions, scenario_of};
use crate::weights::Weights;

mod actions;
mod checks;
mod choose;
mod data;
pub(crate) mod draft;
mod edit;
mod filters;
mod goals;
mod guesses;
mod invalid;
mod learn;
mod lifecycle;
mod refusals;
mod told;
mod trial;
mod words;
mod world;

pub use choose::choose;
pub use goals::{Goal, goals};
pub use trial::{Blame, Dropped, Finding, Next, Trial};

use draft::{Call, Draft};
use world::World;

/// What is known beside the definitions.
#[derive(Clone, Debug, Default)]
pub struct CoverOptions {
    /// The same seed gives the same data.
    pub seed: u64,
    /// The project's glossary: a word to the entity that it means.
    pub aliases: BTreeMap<String, String>,
    /// Outputs that must exist before a service is called, by service.
    pub environment_needs: BTreeMap<ServiceName, Vec<String>>,
    /// Named values of the environment.
    pub environment_values: BTreeMap<String, Value>,
    /// The header with credentials that the environment sends to a service.
    pub credentials: BTreeMap<ServiceName, String>,
    /// Operations that are never called: by `operationId`, or as `POST /shutdown`.
    pub skip: Vec<String>,
}

/// What a scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The life of a resource.
    Life,
    /// An operation that does something with a resource.
    Action,
    /// A read.
    Read,
    /// Something that must be refused.
    Refusal,
}

/// A scenario that may be written.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it tests, in words.
    pub title: String,
    /// `workflowId`.
    pub id: String,
    /// The service that it is about.
    pub service: ServiceName,
    /// The operation that it is about.
    pub operation: OperationKey,
    /// What it is about.
    pub kind: Kind,
    /// Whether only a running system can tell that it holds.
    pub is_guess: bool,
    /// Whether a step that does not hold may be left out without the others.
    pub steps_stand_alone: bool,
    /// What makes its names its own.
    pub tag: String,
    /// The steps.
    pub plan: Plan,
    /// The first step that it is about: those before only prepare.
    pub focus: usize,
    /// Why each step is there, those of the teardown behind the others.
    pub notes: Vec<String>,
    /// What it touches when it holds.
    pub goals: BTreeSet<Goal>,
}

impl Candidate {
    fn of(draft: &Draft<'_, '_, '_>, title: String, kind: Kind, operation: &Operation) -> Self {
        let undone = teardown(draft);
        let calls: Vec<Call> = draft.calls.iter().cloned().map(Call::without_repetition).collect();
        let mut names = BTreeSet::new();
        let plan = Plan { steps: draft.steps(&calls, &mut names), teardown: draft.steps(&undone, &mut names), ..Plan::default() };
        let focus = draft.calls.iter().position(|call| world_key(draft, call) == &operation.key).unwrap_or_default();
        let goals = goals::touched(&plan, draft.world.index.system);
        let id = words::slug(&title);
        let notes = draft.calls.iter().chain(&undone).map(|call| call.note.clone()).collect();
        let (service, tag) = (operation.key.service.clone(), draft.tag.clone());
        let id = id.strip_prefix(&format!("{}-", words::slug(service.as_str()))).map_or_else(|| id.clone(), str::to_owned);
        Self {
            title,
            id,
            service,
            operation: operation.key.clone(),
            kind,
            is_guess: false,
            steps_stand_alone: false,
            tag,
            plan,
            focus,
            notes,
            goals,
        }
    }

    /// The scenario as a file of one workflow.
    pub fn file(&self, system: &System, options: &ScenarioOptions) -> ScenarioFile {
        let options = ScenarioOptions { sentence: self.title.clone(), workflow: self.id.clone(), ..options.clone() };
        let mut file = scenario_of(&self.plan, system, &options);
        for workflow in &mut file.workflows {
            for (step, note) in workflow.steps.iter_mut().chain(&mut workflow.finally).zip(&self.notes) {
                step.comment = None;
                step.description = Some(note.clone()).filter(|note| !note.is_empty());
            }
        }
        file
    }
}

fn world_key<'d>(draft: &'d Draft<'_, '_, '_>, call: &Call) -> &'d OperationKey {
    &draft.world.operation(call.op).key
}

/// Removals of what a scenario made, last made first. What it deleted itself may be gone.
fn teardown(draft: &Draft<'_, '_, '_>) -> Vec<Call> {
    let world = draft.world;
    let mut undone = Vec::new();
    for made in draft.made.iter().rev() {
        let maker = draft.calls[made.call].op;
        let Some(remover) = world.at_key(maker, &Method::Delete) else { continue };
        let (Some(need), Some(source)) = (world.last_need(remover), draft.key_of(made.call, made.entity)) else { continue };
        let expect = match (made.alive, world.refusals(remover).contains(&404)) {
            (true, _) => callboard_model::plan::Expectation::Success,
            (false, true) => {
                let success = world.operation(remover).success_response().map(|response| response.status);
                let gone = callboard_model::StatusPattern::Exact(404);
                callboard_model::plan::Expectation::Status(success.into_iter().chain([gone]).collect())
            }
            (false, false) => continue,
        };
        let mut bindings = vec![callboard_model::plan::Binding { input: need.input.clone(), source }];
        let others: Option<Vec<_>> = world
            .hard_needs(remover)
            .filter(|other| other.input != need.input)
            .map(|other| {
                let given = draft.calls[made.call].bindings.iter().find(|binding| binding.input == other.input);
                given.cloned().or_else(|| {
                    draft.known(other).map(|source| callboard_model::plan::Binding { input: other.input.clone(), source })
                })
            })
            .collect();
        let Some(others) = others else { continue };
        bindings.extend(others);
        undone.push(Call {
            op: remover,
            bindings,
            expect,
            checks: Vec::new(),
            note: "removes what this scenario made".to_owned(),
        });
    }
    undone
}

/// All candidates of a system, in the order in which they are tried.
pub fn candidates(mapped: &MappedSystem<'_>, options: &CoverOptions) -> Vec<Candidate> {
    let index = Index::new(mapped.system, mapped.typing.clone(), &options.aliases, Weights::default());
    let world = World::new(&index, mapped.system, options);
    let mut found = lifecycle::lives(&world);
    let touched: BTreeSet<OperationKey> =
        found.iter().flat_map(|candidate| &candidate.goals).map(|goal| goal.operation().clone()).collect();
    let rest: Vec<usize> = world.usable().filter(|op| !is_told(&world, *op, &touched)).collect();
    found.extend(actions::actions(&world, &rest));
    found.extend(actions::reads(&world, &rest));
    found.extend(filters::filtering(&world));
    found.extend(refusals::refusals(&world));
    with_own_ids(found)
}

/// Whether a life cycle says all about an operation: it makes, reads or removes, or is a change of a whole resource.
fn is_told(world: &World<'_, '_>, op: usize, touched: &BTreeSet<OperationKey>) -> bool {
    let is_life = world.created(op).is_some() && (world.reader(op).is_some() || world.lister(op).is_some());
    let is_own = is_life || world.is_safe(op) || !matches!(world.index.ops[op].method, Method::Post);
    let adds = world.index.ops[op].method != Method::Post && world.adder(op).is_some_and(|adder| world.created(adder).is_none());
    touched.contains(&world.operation(op).key) && is_own && !adds
}

/// Tries of one aim share their title, not their id.
fn with_own_ids(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut known: BTreeSet<(ServiceName, String)> = BTreeSet::new();
    for candidate in &mut candidates {
        let base = candidate.id.clone();
        let mut number = 2;
        while !known.insert((candidate.service.clone(), candidate.id.clone())) {
            candidate.id = format!("{base}-{number}");
            number += 1;
        }
    }
    candidates
}
