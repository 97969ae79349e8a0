//! A language model beside the embedded planner: which one, how it is asked, and what comes of it. Off unless somebody asks for it.
//!
//! The protocol is `callboard_planner::llm`'s and pure; here is what it needs of the world: the model's address and key ([`model`]), the
//! wire formats ([`wire`]), one request over HTTP ([`client`]), answers of earlier times ([`memory`]), and virtual services on which both
//! plans are tried ([`dry_run`]). Whatever goes wrong with a model, the embedded plan is there: a model can make a plan better, never
//! make a command fail.
//!
//! Keys come from the environment, go into one header of one request, and are masked in whatever is shown or kept.

mod client;
mod consult;
mod dry_run;
mod error;
mod memory;
pub(crate) mod model;
mod wire;

pub(crate) use consult::plan;
