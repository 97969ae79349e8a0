//! Text to tree. Never stops at the first mistake: what cannot be understood is left out and reported.

mod action;
mod criterion;
mod fields;
mod file;
mod step;
mod workflow;

use callboard_model::{Code, Diagnostic, Document, Parsed, Pointer, Severity};
use serde_json::Value;

use crate::ast::{Components, ScenarioFile, Version};
use crate::codes;
use crate::expression::{Expression, SyntaxError};
use crate::place;
use crate::template::Template;

/// Reads a scenario file. `None` when the document is no Arazzo at all; otherwise what could be understood, with every mistake.
pub fn parse(document: &Document) -> Parsed<Option<ScenarioFile>> {
    let mut reader = Reader { document, version: Version::V1_0, components: Components::default(), diagnostics: Vec::new() };
    reader.diagnostics.extend(document.duplicates(Severity::Error));
    let value = reader.file();
    Parsed { value, diagnostics: reader.diagnostics }
}

/// The state of a parse.
struct Reader<'d> {
    document: &'d Document,
    version: Version,
    components: Components,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reports a mistake at a value.
    fn error(&mut self, code: Code, at: &Pointer, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic::error(code, self.document.span(at), message);
        self.diagnostics.push(diagnostic.with_optional_help(help));
    }

    /// Reports a mistake at a key.
    fn key_error(&mut self, code: Code, at: &Pointer, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic::error(code, self.document.key_span(at), message);
        self.diagnostics.push(diagnostic.with_optional_help(help));
    }

    /// Reports something at a key that has no effect.
    fn key_warning(&mut self, code: Code, at: &Pointer, message: impl Into<String>, help: Option<String>) {
        let diagnostic = Diagnostic::warning(code, self.document.key_span(at), message);
        self.diagnostics.push(diagnostic.with_optional_help(help));
    }

    /// Reports a mistake inside a scalar.
    fn syntax(&mut self, code: Code, at: &Pointer, error: SyntaxError) {
        self.diagnostics.push(place::syntax(code, self.document, at, error));
    }

    /// A value with expressions in it.
    fn template(&mut self, value: &Value, at: &Pointer) -> Template {
        let (template, errors) = Template::compile(value, self.version);
        for error in errors {
            self.syntax(error.code, &at.concat(&error.at), error.error);
        }
        if let Some(place) = template.uses_xpath() {
            let help = "use a JSON Pointer or JSONPath".to_owned();
            self.error(codes::UNSUPPORTED_XPATH, &at.concat(&place), "XPath is not supported", Some(help));
        }
        template
    }

    fn expression(&mut self, text: &str, at: &Pointer) -> Option<Expression> {
        match Expression::parse(text) {
            Ok(expression) => Some(expression),
            Err(error) => {
                self.syntax(codes::BAD_EXPRESSION, at, error);
                None
            }
        }
    }
}
