//! Exit codes. Scripts and CI depend on them.

use std::process::ExitCode;

use callboard_model::{Code, Diagnostic, Span};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for held.
    Pass = 0,
    /// A test failed.
    TestFailed = 1,
    /// A file or an argument is wrong.
    BadInput = 2,
    /// The environment is not ready: a service does not answer, a port is in use, a variable is not set.
    NotReady = 3,
    /// A bug of ours.
    Bug = 4,
    /// `impact --exit-code`: nothing has to run.
    NothingToRun = 10,
    /// `impact --exit-code`: everything has to run, because something is unknown.
    EverythingUnknown = 20,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work: what to print, and how to end.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How the program ends.
    pub(crate) exit: Exit,
    /// What to tell the user.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

impl Failure {
    /// Problems in files or arguments.
    pub(crate) fn bad_input(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::BadInput, diagnostics }
    }

    /// A problem of the environment, without a place in a file.
    pub(crate) fn not_ready(code: Code, message: impl Into<String>, help: Option<String>) -> Self {
        Self { exit: Exit::NotReady, diagnostics: vec![plain(code, message, help)] }
    }

    /// A wrong argument.
    pub(crate) fn argument(code: Code, message: impl Into<String>, help: Option<String>) -> Self {
        Self { exit: Exit::BadInput, diagnostics: vec![plain(code, message, help)] }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(path: &std::path::Path, doing: &str, error: &std::io::Error) -> Self {
        let path = path.display().to_string();
        let diagnostic = Diagnostic::error(
            Code("file"),
            Span::file(path.clone()),
            format!("failed to {doing} `{path}`: {}", crate::fetch::in_words(error)),
        );
        Self::bad_input(vec![Diagnostic { span: None, ..diagnostic }])
    }
}

fn plain(code: Code, message: impl Into<String>, help: Option<String>) -> Diagnostic {
    Diagnostic { code, severity: callboard_model::Severity::Error, span: None, message: message.into(), help }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::bad_input(vec![diagnostic])
    }
}
