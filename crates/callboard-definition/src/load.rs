//! Reads a definition with everything it refers to.

use std::collections::{HashSet, VecDeque};

use callboard_model::api::Format;
use callboard_model::document::{Dialect, join_reference};
use callboard_model::{Diagnostic, Document, Documents, NodeRef, Parsed, Pointer, Service, ServiceName, Severity, Span};

use crate::codes::{NOT_A_DEFINITION, TOO_MANY_DOCUMENTS, UNREADABLE_DOCUMENT, UNSUPPORTED_VERSION};
use crate::fetch::Fetch;
use crate::lower;
use crate::recognise::{Recognised, kind_of_text, recognise};
use crate::references;

/// A definition may consist of this many documents. The largest public one that we know has 2,906.
pub const MAX_DOCUMENTS: usize = 5_000;
/// All documents of a definition together: 256 MiB.
pub const MAX_TOTAL_BYTES: usize = 256 * 1024 * 1024;

/// Reads the definition at `origin` (a path or URL, as the user wrote it) and every document that it refers to.
///
/// The value is `None` when there is no definition to speak of: it cannot be read or parsed, is something else, or has an unsupported
/// version; then the diagnostics hold an error. A part that cannot be understood is a warning, and makes unusable only the operations
/// that need it ([`callboard_model::Operation::unusable`]).
///
/// Callbacks and webhooks are no operations: they are requests that the service itself sends.
pub fn load(name: &ServiceName, origin: &str, fetch: &dyn Fetch) -> Parsed<Option<Service>> {
    load_within(name, origin, fetch, Limits { documents: MAX_DOCUMENTS, bytes: MAX_TOTAL_BYTES })
}

/// How much one definition may consist of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) documents: usize,
    pub(crate) bytes: usize,
}

pub(crate) fn load_within(name: &ServiceName, origin: &str, fetch: &dyn Fetch, limits: Limits) -> Parsed<Option<Service>> {
    match read_entry(origin, fetch) {
        Ok((document, format)) => {
            let mut loader = Loader::new(dialect(format), fetch, limits);
            loader.read_all(document);
            lower::service(name, format, loader.documents, loader.diagnostics)
        }
        Err(diagnostic) => Parsed { value: None, diagnostics: vec![*diagnostic] },
    }
}

fn dialect(format: Format) -> Dialect {
    match format {
        Format::Swagger20 => Dialect::Swagger2,
        Format::OpenApi30 => Dialect::OpenApi30,
        Format::OpenApi31 | Format::OpenApi32 => Dialect::JsonSchema202012,
    }
}

fn read_entry(origin: &str, fetch: &dyn Fetch) -> Result<(Document, Format), Box<Diagnostic>> {
    let bytes = fetch.fetch(origin).map_err(|error| {
        let message = format!("the definition cannot be read: {error}");
        Box::new(Diagnostic::error(UNREADABLE_DOCUMENT, Span::file(origin), message))
    })?;
    let document = match Document::parse(origin, &bytes) {
        Ok(document) => document,
        Err(diagnostic) => {
            let kind = std::str::from_utf8(&bytes).ok().and_then(kind_of_text);
            return Err(kind.map_or(diagnostic, |kind| not_a_definition(origin, Some(kind))));
        }
    };
    match recognise(document.value()) {
        Recognised::Definition(format) => Ok((document, format)),
        Recognised::UnsupportedVersion { key, version } => Err(unsupported_version(&document, key, &version)),
        Recognised::SomethingElse(kind) => Err(not_a_definition(origin, kind_of_text(document.text()).or(kind))),
    }
}

fn not_a_definition(origin: &str, kind: Option<&str>) -> Box<Diagnostic> {
    let message = match kind {
        Some(kind) => format!("this is no OpenAPI definition, it looks like {kind}"),
        None => "this is no OpenAPI definition: neither `openapi` nor `swagger` stands at its top".to_owned(),
    };
    let help = "a definition begins with `openapi: 3.x.y` or `swagger: \"2.0\"`";
    Box::new(Diagnostic::error(NOT_A_DEFINITION, Span::file(origin), message).with_help(help))
}

fn unsupported_version(document: &Document, key: &'static str, version: &str) -> Box<Diagnostic> {
    let span = document.span(&Pointer::of([key]));
    let message = format!("`{key}: {version}` is not a version that is read");
    let help = "read are Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2";
    Box::new(Diagnostic::error(UNSUPPORTED_VERSION, span, message).with_help(help))
}

struct Loader<'f> {
    fetch: &'f dyn Fetch,
    documents: Documents,
    waiting: VecDeque<(String, NodeRef)>,
    asked: HashSet<String>,
    limits: Limits,
    count: usize,
    bytes: usize,
    is_full: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'f> Loader<'f> {
    fn new(dialect: Dialect, fetch: &'f dyn Fetch, limits: Limits) -> Self {
        Self {
            fetch,
            documents: Documents::new(dialect),
            waiting: VecDeque::new(),
            asked: HashSet::new(),
            limits,
            count: 0,
            bytes: 0,
            is_full: false,
            diagnostics: Vec::new(),
        }
    }

    fn read_all(&mut self, entry: Document) {
        self.asked.insert(entry.origin().to_string());
        self.add(entry);
        while let Some((origin, from)) = self.waiting.pop_front() {
            self.read(&origin, &from);
        }
    }

    /// Adds a document and queues those that it refers to.
    fn add(&mut self, document: Document) {
        self.count += 1;
        self.bytes += document.text().len();
        self.diagnostics.extend(document.duplicates(Severity::Warning));
        let id = self.documents.add(document);
        let mut found = Vec::new();
        let document = self.documents.get(id);
        let mut locations = HashSet::new();
        references::visit(document.value(), &mut |reference| {
            let location = reference.text.split('#').next().unwrap_or_default();
            if !location.is_empty() && locations.insert(location) {
                let origin = join_reference(document.origin(), location);
                found.push((origin, NodeRef::new(id, reference.pointer())));
            }
        });
        self.waiting.extend(found.into_iter().filter(|(origin, _)| self.asked.insert(origin.clone())));
    }

    fn read(&mut self, origin: &str, from: &NodeRef) {
        if self.has_no_room(from) {
            return;
        }
        match self.fetch.fetch(origin) {
            Ok(bytes) => match Document::parse(origin, &bytes) {
                Ok(document) => self.add(document),
                Err(diagnostic) => self.diagnostics.push(Diagnostic { severity: Severity::Warning, ..*diagnostic }),
            },
            Err(error) => {
                let message = format!("`{origin}` cannot be read: {error}");
                self.diagnostics.push(Diagnostic::warning(UNREADABLE_DOCUMENT, self.documents.span(from), message));
            }
        }
    }

    /// Whether a limit is reached; said once.
    fn has_no_room(&mut self, from: &NodeRef) -> bool {
        let is_full = self.count >= self.limits.documents || self.bytes > self.limits.bytes;
        if is_full && !self.is_full {
            let Limits { documents, bytes } = self.limits;
            let message =
                format!("the definition refers to more than {documents} documents or {bytes} bytes; the rest is not read");
            self.diagnostics.push(Diagnostic::warning(TOO_MANY_DOCUMENTS, self.documents.span(from), message));
        }
        self.is_full |= is_full;
        is_full
    }
}
