//! Arazzo: parse, check, format, expressions and criteria.
//!
//! A scenario file goes through [`parse`] (text to tree, with everything that is wrong in the file itself) and [`check`] (the tree
//! against the definitions: everything that can be known before a request is sent). A runner evaluates what the tree holds, compiled:
//! [`template::Template`]s and [`criterion::Criterion`]s against its own [`expression::Context`]. [`write`] turns a tree into text.

pub mod ast;
pub mod codes;
pub mod condition;
pub mod criterion;
pub mod expression;
pub mod resolve;
pub mod selector;
pub mod template;

mod body;
mod check;
mod compare;
mod expression_parser;
mod parse;
mod place;
#[cfg(test)]
mod testing;
mod write;
mod yaml;

pub use ast::ScenarioFile;
pub use check::{check, check_with_imports};
pub use criterion::{Criterion, Outcome};
pub use expression::{Context, Expression};
pub use parse::parse;
pub use template::Template;
pub use write::write;
