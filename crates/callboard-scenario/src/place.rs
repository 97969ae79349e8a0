//! Where a mistake inside a scalar stands in the file.

use callboard_model::{Code, Diagnostic, Document, Pointer, Span};

use crate::expression::SyntaxError;

/// The span of `length` characters that begin `offset` characters into the scalar at `pointer`. Exact for plain and quoted scalars on one
/// line; the whole scalar otherwise.
pub(crate) fn within(document: &Document, pointer: &Pointer, offset: usize, length: usize) -> Span {
    let span = document.span(pointer);
    if span.line != span.end_line || document.at(pointer).is_none_or(|value| !value.is_string()) {
        return span;
    }
    match first_character(document, &span) {
        Some('\'' | '"') => span.within(offset + 1, length),
        Some('|' | '>' | '&' | '*') => span,
        _ => span.within(offset, length),
    }
}

fn first_character(document: &Document, span: &Span) -> Option<char> {
    let line = document.text().lines().nth(usize::try_from(span.line).ok()?.checked_sub(1)?)?;
    line.chars().nth(usize::try_from(span.column).ok()?.checked_sub(1)?)
}

/// A mistake in a scalar as a diagnostic.
pub(crate) fn syntax(code: Code, document: &Document, pointer: &Pointer, error: SyntaxError) -> Diagnostic {
    let span = within(document, pointer, error.offset, error.length);
    Diagnostic::error(code, span, error.message).with_optional_help(error.help)
}
