//! What people see: diagnostics with the lines they are about, colour where it can be shown. Talk goes to stderr, data to stdout.

use std::collections::HashMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use callboard_model::{Diagnostic, Severity, Span};

use crate::cli::{ColorWhen, Global};
use crate::exit::Failure;

/// At most this many diagnostics of one kind of severity are drawn; the rest is counted.
const MAX_DRAWN: usize = 50;

/// The terminal.
#[derive(Debug)]
pub(crate) struct Terminal {
    color_out: bool,
    color_err: bool,
    quiet: bool,
    /// The first thing that went wrong when data was written.
    output_error: Mutex<Option<std::io::Error>>,
}

impl Terminal {
    /// Settles what can be shown, from the arguments and the environment.
    pub(crate) fn new(global: &Global, variable: impl Fn(&str) -> Option<String>) -> Self {
        let wanted = |is_terminal: bool| match global.color {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => {
                is_terminal && variable("NO_COLOR").is_none_or(|v| v.is_empty()) && variable("TERM").as_deref() != Some("dumb")
            }
        };
        Self {
            color_out: wanted(std::io::stdout().is_terminal()),
            color_err: wanted(std::io::stderr().is_terminal()),
            quiet: global.quiet,
            output_error: Mutex::new(None),
        }
    }

    /// Whether progress may be drawn on stderr.
    pub(crate) fn shows_progress(&self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Whether only errors are shown.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether stdout takes colour.
    pub(crate) fn color_out(&self) -> bool {
        self.color_out
    }

    /// Whether stderr takes colour.
    pub(crate) fn color_err(&self) -> bool {
        self.color_err
    }

    /// Writes data to stdout. What goes wrong is told at the end: the command itself goes on, since its exit code says more.
    pub(crate) fn data(&self, text: &str) {
        let mut problem = self.output_error.lock().unwrap_or_else(PoisonError::into_inner);
        if problem.is_some() {
            return;
        }
        let mut out = std::io::stdout().lock();
        let result =
            out.write_all(text.as_bytes()).and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") });
        *problem = result.and_then(|()| out.flush()).err();
    }

    /// Why data could not be written, where that is worth an error: a reader who has seen enough (`| head`) is none.
    pub(crate) fn output_failure(&self) -> Option<Failure> {
        let problem = self.output_error.lock().unwrap_or_else(PoisonError::into_inner);
        let error = problem.as_ref().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe)?;
        Some(Failure::file(Path::new("standard output"), "write", error))
    }

    /// Writes JSON data to stdout.
    pub(crate) fn json(&self, value: &serde_json::Value) {
        self.data(&format!("{value:#}"));
    }

    /// Says something on stderr, unless told to be quiet.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        if !self.quiet {
            self.write_err(text.as_ref());
        }
    }

    /// Draws diagnostics on stderr, with the lines that they are about.
    pub(crate) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &Sources) {
        self.show_drawn(&self.drawn(diagnostics, sources));
    }

    /// Diagnostics as [`Self::diagnostics`] draws them.
    pub(crate) fn drawn(&self, diagnostics: &[Diagnostic], sources: &Sources) -> Vec<String> {
        let mut drawn = Vec::new();
        let renderer = if self.color_err { Renderer::styled() } else { Renderer::plain() }.decor_style(DecorStyle::Ascii);
        for severity in [Severity::Note, Severity::Warning, Severity::Error] {
            if self.quiet && severity != Severity::Error {
                continue;
            }
            let of_kind: Vec<_> = diagnostics.iter().filter(|d| d.severity == severity).collect();
            for diagnostic in of_kind.iter().take(MAX_DRAWN) {
                drawn.push(render(&renderer, diagnostic, sources));
            }
            if of_kind.len() > MAX_DRAWN {
                let more = of_kind.len() - MAX_DRAWN;
                drawn.push(format!("… and {more} more of this kind; `callboard check --json` lists all"));
            }
        }
        drawn
    }

    /// Writes diagnostics that were drawn before.
    pub(crate) fn show_drawn(&self, drawn: &[String]) {
        for text in drawn {
            self.write_err(text);
        }
    }

    /// How this terminal draws: what a drawing depends on besides its subject.
    pub(crate) fn manner(&self) -> String {
        format!("quiet {} colour {}", self.quiet, self.color_err)
    }

    fn write_err(&self, text: &str) {
        // Nobody is there to tell when stderr is closed.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

/// The texts that diagnostics point into, by the name that spans carry.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    texts: HashMap<Arc<str>, Arc<str>>,
}

impl Sources {
    /// Makes a text known.
    pub(crate) fn add(&mut self, name: &Arc<str>, text: &Arc<str>) {
        self.texts.entry(name.clone()).or_insert_with(|| text.clone());
    }

    fn text(&self, name: &Arc<str>) -> Option<Arc<str>> {
        self.texts.get(name).cloned().or_else(|| {
            let is_small = std::fs::metadata(Path::new(&**name)).is_ok_and(|m| m.is_file() && m.len() < 64 << 20);
            is_small.then(|| std::fs::read_to_string(Path::new(&**name)).ok()).flatten().map(Arc::from)
        })
    }
}

fn render(renderer: &Renderer, diagnostic: &Diagnostic, sources: &Sources) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let excerpt = diagnostic.span.as_ref().and_then(|span| Excerpt::of(span, sources));
    let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.0));
    match (&excerpt, &diagnostic.span) {
        (Some(excerpt), Some(span)) => {
            let snippet = Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.first_line)
                .path(span.file.to_string())
                .annotation(AnnotationKind::Primary.span(excerpt.range.clone()));
            group = group.element(snippet);
        }
        (None, Some(span)) => {
            group = group.element(Origin::path(span.file.to_string()).line(span.line as usize).char_column(span.column as usize));
        }
        _ => {}
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// The line that a span is about. Documents may have megabytes, so the renderer sees that line alone.
struct Excerpt {
    text: String,
    first_line: usize,
    range: std::ops::Range<usize>,
}

impl Excerpt {
    fn of(span: &Span, sources: &Sources) -> Option<Self> {
        let source = sources.text(&span.file)?;
        let line = source.lines().nth(span.line.checked_sub(1)? as usize)?;
        // A line of a minified document is cut around the place.
        let skipped = (span.column as usize).saturating_sub(100);
        let text: String = line.chars().skip(skipped).take(200).collect();
        let length = text.chars().count();
        let byte_at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(i, _)| i);
        let start = (span.column as usize - 1).saturating_sub(skipped).min(length);
        let end = if span.end_line == span.line { (span.end_column as usize).saturating_sub(1 + skipped) } else { length };
        let range = byte_at(start)..byte_at(end.clamp(start, length));
        Some(Self { range, text, first_line: span.line as usize })
    }
}
