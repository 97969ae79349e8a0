//! Virtual services: match, respond, remember.
//!
//! A [`Fleet`] stands in for any number of services, each made from its definition alone. Resources are read off paths and schemas, so
//! that what is posted can be read, listed, changed and removed; requests are judged by the definition, answers are valid by it. Each
//! test (W3C `baggage`, `callboard.test=…`) has a world of its own. The same seed makes the same world.
//!
//! Which entities exist before anybody made one: three seeded ones per collection and the examples of the definition; integer keys below
//! 1000; any key where a caller has no way to learn one or the operation documents no 404. [`Behaviour::strict_keys`] leaves the seeded
//! ones alone. Removed ones are gone.
//!
//! Each service answers `/__callboard/health`, `/__callboard/journal` and `POST /__callboard/reset`.

mod answer;
mod assemble;
mod baggage;
mod body;
mod desk;
mod fleet;
pub mod journal;
mod judges;
mod keys;
mod list;
pub mod mutation;
mod reply;
mod request;
mod resource;
mod route;
mod security;
mod server;
mod service;
mod state;
pub mod wiremock;
mod world;

pub use fleet::{Behaviour, BindError, Fleet, FleetOptions};
pub use journal::Journal;
pub use mutation::{Defect, Mutation};
pub use server::MAX_BODY;
