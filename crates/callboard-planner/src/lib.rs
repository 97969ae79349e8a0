//! Links and entities, and from a sentence to a plan.
//!
//! Everything here is a pure function of its arguments: no model, no network, no clock, no randomness. The same sentence over the same
//! definitions gives the same plan.

pub mod links;
pub mod plan;
pub mod weights;
pub mod words;

mod beam;
mod chains;
mod clauses;
mod entities;
mod index;
mod lexicon;
mod literals;
mod oracle;
mod path;
mod profiles;
mod score;
mod sentence;
mod shape;

pub use links::{LinkPattern, MapOptions, map};
pub use plan::{PlanOptions, Planner, plan};
pub use weights::Weights;
