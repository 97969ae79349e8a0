//! Links and entities, and from a sentence to a plan.
//!
//! Everything here is a pure function of its arguments: no model, no network, no clock, no randomness. The same sentence over the same
//! definitions gives the same plan.

pub mod cover;
pub mod links;
pub mod llm;
pub mod plan;
pub mod refusals;
mod render;
pub mod scenario;
pub mod weights;
pub mod words;

mod acting;
mod aims;
mod bare;
mod beam;
mod bind;
mod body;
mod chains;
mod clauses;
mod conjuncts;
mod conventions;
mod criteria;
mod described;
mod entities;
mod environment;
mod explain;
mod explained;
mod fill;
mod headers;
mod identity;
mod index;
mod keys;
mod lexicon;
mod literals;
mod looks;
mod made;
mod named;
mod needs;
mod oracle;
mod parallel;
mod participle;
mod path;
mod pointers;
mod profiles;
mod rating;
mod sameness;
mod score;
mod sentence;
mod shape;
mod statements;
mod taking;
mod targets;
mod teardown;
mod told;
mod typing;
mod yields;

pub use links::{LinkPattern, MapOptions, MappedSystem, map, map_with};
pub use plan::{PlanOptions, Planner, plan};
pub use render::render;
pub use scenario::{ScenarioOptions, scenario_of};
pub use weights::Weights;
