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
use callboard_model::suggest::did_you_mean_or_list;
use serde_json::Value;

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
        let (reference, pointer) = Parser::new(text).expression()?;
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
    pub fn evaluate<'c>(&self, context: &'c dyn Context) -> Result<Option<Cow<'c, Value>>, Unavailable> {
        let (value, rest) = find(&self.reference, context)?;
        let Some(value) = value else {
            return Ok(None);
        };
        let pointer = rest.concat(&self.pointer);
        if pointer.is_root() {
            return Ok(Some(value));
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

    fn name(&self) -> Option<&str> {
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

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

type Parts = (Reference, Pointer);

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Characters up to the current place.
    fn offset(&self) -> usize {
        self.text[..self.at].chars().count()
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        self.fail_over(self.rest(), message, None)
    }

    fn fail_over<T>(&self, part: &str, message: impl Into<String>, help: Option<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(self.offset(), part.chars().count(), message).with_help(help))
    }

    /// Takes characters as long as they fit.
    fn take(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn dot(&mut self, what: &str) -> Result<(), SyntaxError> {
        if self.rest().starts_with('.') {
            self.at += 1;
            return Ok(());
        }
        self.fail(format!("`.` and {what} are expected here"))
    }

    fn expression(&mut self) -> Result<Parts, SyntaxError> {
        if !self.rest().starts_with('$') {
            return self.fail_over(self.text, "an expression begins with `$`", None);
        }
        self.at = 1;
        let start = self.at;
        let root = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        match root {
            "url" => self.plain(Reference::Url),
            "method" => self.plain(Reference::Method),
            "statusCode" => self.plain(Reference::StatusCode),
            "self" => self.plain(Reference::SelfUri),
            "request" => self.message(Reference::Request, &["header", "query", "path", "body"]),
            "response" => self.message(Reference::Response, &["header", "body"]),
            "message" => self.message(Reference::Message, &["header", "payload"]),
            "inputs" => self.named(Reference::Input, "the name of an input"),
            "outputs" => self.named(Reference::Output, "the name of an output"),
            "steps" => self.step(),
            "workflows" => self.workflow(),
            "sourceDescriptions" => self.source(),
            "components" => self.component(),
            other => {
                self.at = 0;
                let help = did_you_mean_or_list(&self.text[..start + other.len()], ROOTS);
                self.fail_over(&self.text[..start + other.len()], format!("`${other}` is no expression"), help)
            }
        }
    }

    fn plain(&mut self, reference: Reference) -> Result<Parts, SyntaxError> {
        if self.rest().is_empty() {
            return Ok((reference, Pointer::root()));
        }
        let message = format!("nothing may follow `{}`", &self.text[..self.at]);
        self.fail(message)
    }

    fn message(&mut self, make: fn(MessagePart) -> Reference, known: &[&'static str]) -> Result<Parts, SyntaxError> {
        self.dot(&format!("one of {}", known.join(", ")))?;
        let start = self.at;
        let word = self.take(|c| c.is_ascii_alphanumeric() || c == '_');
        if !known.contains(&word) {
            self.at = start;
            let help = did_you_mean_or_list(word, known.iter().copied());
            return self.fail_over(word, format!("`{word}` is no part of `{}`", &self.text[..start - 1]), help);
        }
        match word {
            "body" => Ok((make(MessagePart::Body), self.path()?)),
            "payload" => Ok((make(MessagePart::Payload), self.path()?)),
            "header" => self.rest_as_name("the name of a header", |name| make(MessagePart::Header(name))),
            "query" => self.rest_as_name("the name of a query parameter", |name| make(MessagePart::Query(name))),
            _ => self.rest_as_name("the name of a path parameter", |name| make(MessagePart::Path(name))),
        }
    }

    fn rest_as_name(&mut self, what: &str, make: impl Fn(String) -> Reference) -> Result<Parts, SyntaxError> {
        self.dot(what)?;
        let name = self.take(|c| !matches!(c, '{' | '}'));
        if name.is_empty() {
            return self.fail(format!("{what} is missing"));
        }
        self.end((make(name.to_owned()), Pointer::root()))
    }

    fn end(&self, parts: Parts) -> Result<Parts, SyntaxError> {
        if self.rest().is_empty() { Ok(parts) } else { self.fail(format!("`{}` does not belong to an expression", self.rest())) }
    }

    fn named(&mut self, make: fn(String) -> Reference, what: &str) -> Result<Parts, SyntaxError> {
        self.dot(what)?;
        let name = self.name(what)?;
        Ok((make(name), self.path()?))
    }

    fn name(&mut self, what: &str) -> Result<String, SyntaxError> {
        let name = self.take(is_name_character);
        let trimmed = name.trim_end_matches('.');
        if trimmed.is_empty() {
            return self.fail(format!("{what} is missing"));
        }
        self.at -= name.len() - trimmed.len();
        Ok(trimmed.to_owned())
    }

    fn step(&mut self) -> Result<Parts, SyntaxError> {
        self.dot("the id of a step")?;
        let step = self.up_to(&["outputs"], "the id of a step", "`.outputs.` and the name of an output")?.0;
        let output = self.name("the name of an output")?;
        Ok((Reference::StepOutput { step, output }, self.path()?))
    }

    fn workflow(&mut self) -> Result<Parts, SyntaxError> {
        self.dot("the id of a workflow")?;
        let (workflow, word) =
            self.up_to(&["outputs", "inputs"], "the id of a workflow", "`.inputs.` or `.outputs.` and a name")?;
        let field = if word == "inputs" { WorkflowField::Inputs } else { WorkflowField::Outputs };
        let name = self.name("a name")?;
        Ok((Reference::Workflow { workflow, field, name }, self.path()?))
    }

    /// An id up to `.WORD.`; ids hold no dots from 1.1 on, but may in 1.0.
    fn up_to(&mut self, words: &[&'static str], id: &str, then: &str) -> Result<(String, &'static str), SyntaxError> {
        let rest = self.rest();
        let found = words.iter().filter_map(|word| rest.find(&format!(".{word}.")).map(|at| (at, *word))).min();
        match found {
            Some((at, word)) if at > 0 && rest[..at].chars().all(is_name_character) => {
                self.at += at + word.len() + 2;
                Ok((rest[..at].to_owned(), word))
            }
            _ => {
                let taken = self.take(|c| is_name_character(c) && c != '.');
                if taken.is_empty() {
                    return self.fail(format!("{id} is missing"));
                }
                let after = self.rest().strip_prefix('.').map(|rest| rest.split('.').next().unwrap_or(rest));
                let help = after.and_then(|word| did_you_mean_or_list(word, words.iter().copied()));
                self.fail_over(self.rest(), format!("{then} are expected here"), help)
            }
        }
    }

    fn source(&mut self) -> Result<Parts, SyntaxError> {
        self.dot("the name of a source description")?;
        let source = self.take(|c| is_name_character(c) && c != '.').to_owned();
        if source.is_empty() {
            return self.fail("the name of a source description is missing");
        }
        self.dot("an operationId, a workflowId or a field")?;
        let rest = self.take(|c| !matches!(c, '{' | '}')).to_owned();
        if rest.is_empty() {
            return self.fail("an operationId, a workflowId or a field is missing");
        }
        self.end((Reference::Source { source, rest }, Pointer::root()))
    }

    fn component(&mut self) -> Result<Parts, SyntaxError> {
        const KINDS: [&str; 4] = ["parameters", "successActions", "failureActions", "inputs"];
        self.dot("a kind of component")?;
        let start = self.at;
        let kind = self.take(|c| is_name_character(c) && c != '.');
        if !KINDS.contains(&kind) {
            self.at = start;
            return self.fail_over(kind, format!("`{kind}` is no kind of component"), did_you_mean_or_list(kind, KINDS));
        }
        self.dot("the name of a component")?;
        let name = self.name("the name of a component")?;
        self.end((Reference::Component { kind: kind.to_owned(), name }, Pointer::root()))
    }

    /// What may follow a value: `.name`, `[0]`, `['name']`, and a `#/pointer` at the end.
    fn path(&mut self) -> Result<Pointer, SyntaxError> {
        let mut pointer = Pointer::root();
        loop {
            let rest = self.rest();
            match rest.chars().next() {
                None => return Ok(pointer),
                Some('#') => return Ok(pointer.concat(&self.pointer()?)),
                Some('.') => {
                    self.at += 1;
                    let name = self.take(|c| is_name_character(c) && c != '.');
                    if name.is_empty() {
                        return self.fail("the name of a property is missing");
                    }
                    pointer.push(name);
                }
                Some('[') => pointer.push(&self.index()?),
                Some(_) => return self.fail(format!("`{rest}` does not belong to an expression")),
            }
        }
    }

    fn pointer(&mut self) -> Result<Pointer, SyntaxError> {
        self.at += 1;
        let rest = self.rest();
        let Some(pointer) = Pointer::parse(rest) else {
            let why = if rest.starts_with('/') { "`~` must be followed by `0` or `1`" } else { "it must begin with `/`" };
            let help = (!rest.starts_with('/')).then(|| format!("write `#/{rest}`"));
            return self.fail_over(rest, format!("`{rest}` is no JSON Pointer: {why}"), help);
        };
        self.at = self.text.len();
        Ok(pointer)
    }

    fn index(&mut self) -> Result<String, SyntaxError> {
        let rest = self.rest();
        let Some(end) = rest.find(']') else {
            return self.fail("`]` is missing");
        };
        let inside = rest[1..end].trim();
        let name = inside.strip_prefix('\'').and_then(|inner| inner.strip_suffix('\''));
        let is_number = !inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit());
        if name.is_none() && !is_number {
            return self.fail_over(&rest[..=end], "an index is a number or a name in single quotes", None);
        }
        self.at += end + 1;
        Ok(name.unwrap_or(inside).to_owned())
    }
}

/// Characters of names of inputs, outputs, steps, workflows and components.
fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_')
}
