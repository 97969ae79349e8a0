//! Runtime expressions (Arazzo "Runtime Expressions"): parsed once, evaluated against a [`Context`].
//!
//! Decisions where the specification is silent or at odds with its own examples:
//! - **Dot paths.** The text uses `$response.body.count` and `$message.payload.orderId`, the grammar does not have them. They are
//!   accepted after `body` and `payload`, with `[0]` and `['name']` too, and mean the JSON Pointer `#/count`.
//! - **Dots in names.** Input and output names may hold dots. `$inputs.a.b` is the input `a.b` where there is one, otherwise the
//!   property `b` of the input `a`: the longest name that exists counts.
//! - **Nothing and null.** A place that does not exist is `None`, which is not `null`. Conditions treat it as `null` in `==`;
//!   everything that needs a value refuses it.
//! - **What is an expression.** A string is one when it begins with `$` and a known word (`$inputs…`). A string such as `$100` or
//!   `$ref` is text; one that is nearly an expression (`$input.name`) is a mistake.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use callboard_model::Pointer;
use serde_json::Value;

use crate::compare::kind;
/// The words that an expression may begin with.
pub const ROOTS: [&str; 13] = [
    "$url",
    "$method",
    "$statusCode",
    "$request",
    "$response",
    "$message",
    "$inputs",
    "$outputs",
    "$steps",
    "$workflows",
    "$sourceDescriptions",
    "$components",
    "$self",
];

/// A parsed expression, such as `$steps.create.outputs.id` or `$response.body#/items/0`.
#[derive(Clone, PartialEq)]
pub struct Expression {
    text: Arc<str>,
    reference: Reference,
    pointer: Pointer,
}

/// What an expression refers to, before its pointer is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `$url`: the whole URL of the request.
    Url,
    /// `$method`.
    Method,
    /// `$statusCode`: a number.
    StatusCode,
    /// `$self` (1.1).
    SelfUri,
    /// `$request.…`
    Request(MessagePart),
    /// `$response.…`
    Response(MessagePart),
    /// `$message.…` (1.1, AsyncAPI).
    Message(MessagePart),
    /// `$inputs.NAME`.
    Input(String),
    /// `$outputs.NAME`: an output of the workflow itself.
    Output(String),
    /// `$steps.STEP.outputs.NAME`.
    StepOutput {
        /// The step.
        step: String,
        /// The output.
        output: String,
    },
    /// `$workflows.WORKFLOW.inputs.NAME` or `….outputs.NAME`.
    Workflow {
        /// The workflow.
        workflow: String,
        /// Inputs or outputs.
        field: WorkflowField,
        /// The name.
        name: String,
    },
    /// `$sourceDescriptions.NAME.REST`: an operation, a workflow or a field (`url`, `type`).
    Source {
        /// The source description.
        source: String,
        /// What stands behind its name.
        rest: String,
    },
    /// `$components.KIND.NAME`.
    Component {
        /// `parameters`, `successActions`, `failureActions` or `inputs`.
        kind: String,
        /// The name.
        name: String,
    },
}

/// A part of a request, a response or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessagePart {
    /// A header; names are compared without regard to case.
    Header(String),
    /// A query parameter.
    Query(String),
    /// A path parameter.
    Path(String),
    /// The body: a tree where it is JSON, otherwise text.
    Body,
    /// The payload of a message.
    Payload,
}

/// Inputs or outputs of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkflowField {
    /// `inputs`.
    Inputs,
    /// `outputs`.
    Outputs,
}

/// Where the values of expressions come from.
pub trait Context {
    /// The value that a reference means, without a pointer applied; `None` when there is no such thing (an output that was not set, a
    /// header that did not come). An error when nothing can be said: the step did not run, the body is missing.
    ///
    /// A name with dots is asked for whole first, then its shorter beginnings, so an unknown name must be `Ok(None)`.
    fn value(&self, reference: &Reference) -> Result<Option<Cow<'_, Value>>, Unavailable>;
}

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{expression}` has no value: {why}")]
pub struct Unavailable {
    /// The expression.
    pub expression: String,
    /// Why.
    pub why: String,
}

impl Unavailable {
    /// A reason for a reference.
    pub fn new(expression: impl fmt::Display, why: impl Into<String>) -> Self {
        Self { expression: expression.to_string(), why: why.into() }
    }
}

/// A mistake in a scalar that holds an expression, a condition or a template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// How many characters in the mistake begins.
    pub offset: usize,
    /// How many characters it covers, at least one.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl SyntaxError {
    /// A mistake at a place, counted in characters.
    pub fn new(offset: usize, length: usize, message: impl Into<String>) -> Self {
        Self { offset, length: length.max(1), message: message.into(), help: None }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The same mistake, seen from a text that begins `by` characters earlier.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        self.offset += by;
        self
    }
}

impl Expression {
    /// Parses a whole expression, `$` included.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (reference, pointer) = crate::expression_parser::parse(text)?;
        Ok(Self { text: Arc::from(text), reference, pointer })
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it refers to.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// The pointer into that value; the root where there is none.
    pub fn pointer(&self) -> &Pointer {
        &self.pointer
    }

    /// The value, its type preserved; `None` when there is no such place, which is not the same as `null`.
    ///
    /// A pointer into a text, a number or a flag is an error: that is no object from which something is missing (a page in HTML where
    /// JSON was expected, say).
    pub fn evaluate<'c>(&self, context: &'c dyn Context) -> Result<Option<Cow<'c, Value>>, Unavailable> {
        let (value, rest) = find(&self.reference, context)?;
        let Some(value) = value else {
            return Ok(None);
        };
        let pointer = rest.concat(&self.pointer);
        if pointer.is_root() {
            return Ok(Some(value));
        }
        if !(value.is_object() || value.is_array() || value.is_null()) {
            return Err(Unavailable::new(self, format!("it leads into {}, which has no places", kind(&value))));
        }
        Ok(match value {
            Cow::Borrowed(value) => value.pointer(pointer.as_str()).map(Cow::Borrowed),
            Cow::Owned(value) => value.pointer(pointer.as_str()).cloned().map(Cow::Owned),
        })
    }

    /// The value, or the reason why there is none.
    pub fn require(&self, context: &dyn Context) -> Result<Value, Unavailable> {
        let found = self.evaluate(context)?;
        found.map(Cow::into_owned).ok_or_else(|| Unavailable::new(self, "there is no such value"))
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.text)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The value of a reference; for a dotted name, of the longest beginning that exists, with the rest as a pointer.
fn find<'c>(reference: &Reference, context: &'c dyn Context) -> Result<(Option<Cow<'c, Value>>, Pointer), Unavailable> {
    let whole = context.value(reference)?;
    if whole.is_some() {
        return Ok((whole, Pointer::root()));
    }
    for (shorter, rest) in reference.splits() {
        let found = context.value(&shorter)?;
        if found.is_some() {
            return Ok((found, rest));
        }
    }
    Ok((None, Pointer::root()))
}

impl Reference {
    /// The ways in which a dotted name can be read as a shorter name and a path, longest name first; empty for a name without dots.
    pub fn splits(&self) -> Vec<(Reference, Pointer)> {
        let Some(name) = self.name() else {
            return Vec::new();
        };
        let mut splits: Vec<_> = name
            .match_indices('.')
            .filter(|(at, _)| *at > 0 && at + 1 < name.len())
            .map(|(at, _)| (self.with_name(&name[..at]), Pointer::of(name[at + 1..].split('.'))))
            .collect();
        splits.reverse();
        splits
    }

    /// The name of an input or output.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Input(name) | Self::Output(name) | Self::Workflow { name, .. } => Some(name),
            Self::StepOutput { output, .. } => Some(output),
            _ => None,
        }
    }

    fn with_name(&self, shorter: &str) -> Self {
        let mut reference = self.clone();
        match &mut reference {
            Self::Input(name) | Self::Output(name) | Self::Workflow { name, .. } | Self::StepOutput { output: name, .. } => {
                shorter.clone_into(name);
            }
            _ => {}
        }
        reference
    }
}

/// Whether a text begins like an expression: `$` and a known word, alone or with `.`, `#` or `[` behind it.
pub fn looks_like_expression(text: &str) -> bool {
    let ends = |after: &str| after.is_empty() || after.starts_with(['.', '#', '[']);
    ROOTS.iter().any(|root| text.strip_prefix(root).is_some_and(ends))
}
