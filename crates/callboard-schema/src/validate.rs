//! Judges values by a schema of a definition.

use std::collections::HashMap;
use std::fmt;

use callboard_model::{NodeRef, Pointer, Schema};
use jsonschema::ValidationError;
use serde_json::Value;

use crate::cycle::VARIANT;
use crate::{bundle, format, message};

/// At most this many violations are told of one value.
pub const MAX_VIOLATIONS: usize = 20;

/// Which way a value travels. It decides what `readOnly` and `writeOnly` mean for `required`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From a caller to a service: read-only properties need not be there.
    Request,
    /// From a service to a caller: write-only properties need not be there.
    Response,
}

/// Why a schema cannot judge anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema at `{}` cannot be used: {message}", node.pointer)]
pub struct CompileError {
    /// Where the schema, or the part of it that is wrong, stands.
    pub node: NodeRef,
    /// What is wrong with it.
    pub message: String,
}

impl CompileError {
    pub(crate) fn new(node: &NodeRef, message: impl Into<String>) -> Self {
        Self { node: node.clone(), message: message.into() }
    }
}

/// One way in which a value is not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The place in the value; of a missing property, the place where it should be.
    pub at: Pointer,
    /// What the schema asks for, such as `integer`.
    pub expected: String,
    /// What is there, such as `string "2"`.
    pub actual: String,
    /// Both as a sentence, such as `` `items/0/quantity` is the string "2", integer expected ``.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A schema, ready to judge values. Compile it once: that costs up to milliseconds, a judgement microseconds.
#[derive(Debug)]
pub struct Validator {
    inner: jsonschema::Validator,
    notes: Vec<String>,
}

impl Validator {
    /// Translates a schema with everything it refers to, and compiles it.
    ///
    /// Fails when a reference leads nowhere or a schema is none. Keywords with unusable values are dropped, see [`Self::notes`].
    pub fn compile(schema: &Schema<'_>, direction: Direction) -> Result<Self, CompileError> {
        let bundle = bundle::bundle(schema, direction)?;
        let mut options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
        for name in format::ASSERTED {
            options = options.with_format(name, move |text: &str| format::holds(name, text));
        }
        options = options.with_keyword(format::INT64, |_, _, _| Ok(Box::new(format::Int64)));
        match options.build(&bundle.schema) {
            Ok(inner) => Ok(Self { inner, notes: bundle.notes }),
            Err(error) => Err(refused(schema, &bundle.sources, &error)),
        }
    }

    /// What [`Self::notes`] of a compiled schema would say, without compiling it: cheap enough for whole definitions.
    pub fn notes_of(schema: &Schema<'_>, direction: Direction) -> Result<Vec<String>, CompileError> {
        bundle::bundle(schema, direction).map(|bundle| bundle.notes)
    }

    /// Whether a value is what the schema says.
    pub fn is_valid(&self, value: &Value) -> bool {
        self.inner.is_valid(value)
    }

    /// What is wrong with a value; empty when nothing is. At most [`MAX_VIOLATIONS`].
    pub fn validate(&self, value: &Value) -> Vec<Violation> {
        if self.inner.is_valid(value) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for error in self.inner.iter_errors(value) {
            message::describe(&error, &mut found);
            if found.len() >= MAX_VIOLATIONS {
                break;
            }
        }
        found.truncate(MAX_VIOLATIONS);
        if found.is_empty() {
            // No value passes because nobody could say what is wrong with it.
            found.push(message::unexplained(value));
        }
        found
    }

    /// What of the schema is not judged, such as a pattern that cannot be evaluated, and where.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

fn refused(schema: &Schema<'_>, sources: &HashMap<String, NodeRef>, error: &ValidationError<'_>) -> CompileError {
    // The path leads through the schema that was refused: it is the instance of the meta-schema.
    let path = Pointer::parse(error.instance_path().as_str()).unwrap_or_default();
    let mut segments = path.segments();
    let node = match (segments.next().as_deref(), segments.next()) {
        (Some("$defs"), Some(name)) => {
            sources.get(name.split(VARIANT).next().unwrap_or(&name)).cloned().map(|node| (node, segments.collect::<Vec<_>>()))
        }
        _ => None,
    };
    let (mut node, rest) = node.unwrap_or_else(|| (schema.node().clone(), Vec::new()));
    for segment in rest {
        node = node.join(segment);
    }
    CompileError::new(&node, error.masked_with("the value").to_string())
}
