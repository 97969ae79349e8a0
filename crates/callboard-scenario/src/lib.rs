//! Arazzo: parse, check, format, expressions and criteria.
//!
//! A scenario file goes through [`parse()`] (text to tree, with everything that is wrong in the file itself) and [`check()`] (the tree
//! against the definitions: everything that can be known before a request is sent). A runner evaluates what the tree holds, compiled:
//! [`template::Template`]s and [`criterion::Criterion`]s against its own [`expression::Context`]. [`write()`] turns a tree into text.
//!
//! What the specification leaves open is decided once and written where it belongs: expressions in [`expression`], conditions in
//! [`criterion`], sources in [`resolve`]. Beyond that:
//! - A document is read by the version that it declares: fields and Selector Objects of 1.1 are mistakes in a 1.0 document.
//! - Parameters of a workflow go to steps that call operations where they have an `in`, to steps that call workflows where they have none.
//! - `$outputs.NAME` exists only in a step that calls a workflow, after the call; the step has no request and no answer of its own.
//! - Steps run in the order of the file, so what refers to, or waits for, a later step is a mistake (a warning where steps jump).
//! - Not supported, and refused before anything runs: XPath, AsyncAPI steps, Redocly's `x-operation`.

pub mod ast;
pub mod codes;
pub mod condition;
pub mod criterion;
pub mod edit;
pub mod expression;
pub mod resolve;
pub mod selector;
pub mod template;

mod body;
mod check;
mod compare;
mod condition_lexer;
mod evaluate;
mod expression_parser;
mod parse;
mod place;
#[cfg(test)]
mod testing;
mod write;
mod yaml;

pub use ast::ScenarioFile;
pub use check::{Imports, Surroundings, check, check_within, status};
pub use criterion::{Criterion, Outcome};
pub use expression::{Context, Expression};
pub use parse::parse;
pub use template::Template;
pub use write::write;
