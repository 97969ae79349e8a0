//! A language model as a second planner: what it is asked, and what its answer is worth.
//!
//! Pure: a [`Dialogue`] yields [`Request`]s and takes answers; whoever holds it does the talking. The model proposes, this module
//! disposes. It is shown a catalogue of operations (`candidates`), the embedded plan as a draft (`prompt`), and answers in JSON whose
//! schema enumerates the operations (`schema`), so that none can be invented. The answer is data: it is read (`answer`), each of its
//! parts is compared with the definitions (`validate`), what is missing is added by the embedded planner (`complete`), and what is still
//! wrong is told to the model at most twice (`repair`). The better one of its plan and the embedded one is taken ([`choose`]).
//!
//! Texts of definitions are written by others and may try to give orders. They are cut to short lines without control characters and
//! angle brackets (`clean`), stand between tags, and whatever they make the model say is still nothing but a list of known operations
//! with inputs that fit, whose literals stand in the sentence.

mod answer;
mod candidates;
mod choice;
mod clean;
mod complete;
mod dialogue;
mod faults;
mod producers;
mod prompt;
mod rate;
mod reading;
mod repair;
mod schema;
mod validate;

pub use choice::{Choice, Winner, choose};
pub use dialogue::{Dialogue, Message, Outcome, PROMPT_VERSION, Request, Role, Turn};
pub use faults::Rated;
