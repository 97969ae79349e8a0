//! What is wrong with a user's file: where, what, what was expected.
//!
//! One `Diagnostic` is drawn in the terminal, sent as JSON and returned to agents; nobody re-words it.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

/// A stable kebab-case name of a kind of problem, such as `unknown-step`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing may run before this is mended.
    Error,
    /// Suspicious, or a part that cannot be used; the rest can.
    Warning,
    /// Worth knowing.
    Note,
}

/// A range in a text file. Lines and columns count from 1, columns in characters; the end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize)]
pub struct Span {
    /// The file as the user named it, or the URL.
    pub file: Arc<str>,
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column of the end.
    pub end_column: u32,
}

impl Span {
    /// A span of one character.
    pub fn point(file: impl Into<Arc<str>>, line: u32, column: u32) -> Self {
        Self { file: file.into(), line, column, end_line: line, end_column: column + 1 }
    }

    /// The start of a file, for problems that concern all of it.
    pub fn file(file: impl Into<Arc<str>>) -> Self {
        Self::point(file, 1, 1)
    }

    /// A part of this span that starts `offset` characters in and is `length` characters long. For places inside a one-line scalar.
    pub fn within(&self, offset: usize, length: usize) -> Self {
        let column = self.column.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
        let end = column.saturating_add(u32::try_from(length.max(1)).unwrap_or(u32::MAX));
        Self { file: self.file.clone(), line: self.line, column, end_line: self.line, end_column: end }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Which kind of problem.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where; absent when no file is concerned (an argument, say).
    pub span: Option<Span>,
    /// What is wrong: lowercase, one sentence, no full stop.
    pub message: String,
    /// What to do about it, "did you mean …" included.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span: Some(span), message: message.into(), help: None }
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// A note at a place.
    pub fn note(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, span, message) }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what to do about it where something is known.
    #[must_use]
    pub fn with_optional_help(mut self, help: Option<String>) -> Self {
        if help.is_some() {
            self.help = help;
        }
        self
    }

    /// Whether nothing may run before this is mended.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = &self.span {
            write!(f, "{span}: ")?;
        }
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        write!(f, "{severity}[{}]: {}", self.code, self.message)?;
        if let Some(help) = &self.help {
            write!(f, " (help: {help})")?;
        }
        Ok(())
    }
}

/// What could be understood of a text, with everything wrong with it. Bad input is never a failure of the parser.
#[derive(Clone, Debug)]
pub struct Parsed<T> {
    /// What was understood.
    pub value: T,
    /// What is wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl<T> Parsed<T> {
    /// Nothing wrong.
    pub fn clean(value: T) -> Self {
        Self { value, diagnostics: Vec::new() }
    }

    /// Whether anything is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The same diagnostics with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Parsed<U> {
        Parsed { value: f(self.value), diagnostics: self.diagnostics }
    }
}
