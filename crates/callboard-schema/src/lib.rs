//! JSON Schema as definitions use it: validate, synthesise (ordinary values and such with a purpose), serialise.
//!
//! Layer 1, pure. All of them read a [`callboard_model::Schema`] where it stands and know the dialects of Swagger 2.0, OpenAPI 3.0 and
//! OpenAPI 3.1: what one of them says about a value is translated once, when a [`Validator`] is compiled.

mod bundle;
mod cycle;
pub mod directed;
mod discriminator;
mod format;
mod keyword;
mod message;
pub mod parameter;
pub mod synthesise;
pub mod validate;

pub use synthesise::{Fill, Hints, NoInstance, synthesise, synthesise_with, try_synthesise};
pub use validate::{CompileError, Direction, Validator, Violation};
