//! The grammar of runtime expressions (Arazzo "Runtime Expressions", ABNF), with the decisions that [`crate::expression`] lists.

use callboard_model::Pointer;
use callboard_model::suggest::did_you_mean_or_list;

use crate::expression::{MessagePart, ROOTS, Reference, SyntaxError, WorkflowField};

/// Parses a whole expression, `$` included: what it refers to, and the pointer into that.
pub(crate) fn parse(text: &str) -> Result<Parts, SyntaxError> {
    Parser { text, at: 0 }.expression()
}

type Parts = (Reference, Pointer);

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
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
