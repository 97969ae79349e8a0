//! Where the reports of a run go.

use std::path::Path;

use callboard_analysis::report::{self, RunReport};
use callboard_model::Code;

use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Where reports go.
pub(crate) struct Outputs<'a> {
    /// `--junit`.
    pub(crate) junit: Option<&'a Path>,
    /// `--html`.
    pub(crate) html: Option<&'a Path>,
    /// `--json`; `-` is stdout.
    pub(crate) json: Option<&'a Path>,
    /// The title of the HTML report.
    pub(crate) title: &'a str,
}

impl Outputs<'_> {
    /// A report that cannot be written is better known before the run than after it.
    pub(crate) fn probe(&self) -> Result<(), Failure> {
        for path in [self.junit, self.html, self.json].into_iter().flatten().filter(|path| *path != Path::new("-")) {
            if is_scenario_file(path) {
                let message = format!("`{}` is a scenario file, not a report", path.display());
                let help =
                    "name the report's file behind the option; --json alone writes to stdout, when it comes last".to_owned();
                return Err(Failure::argument(Code("bad-argument"), message, Some(help)));
            }
            std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(|error| Failure::file(path, "write", &error))?;
        }
        Ok(())
    }

    /// Writes what was asked for.
    pub(crate) fn write(&self, report: &RunReport, terminal: &Terminal) -> Result<(), Failure> {
        if let Some(path) = self.junit {
            write(path, &report::junit(report).map_err(|error| bug(&error))?, terminal)?;
        }
        if let Some(path) = self.html {
            write(path, &html(report, self.title)?, terminal)?;
        }
        if let Some(path) = self.json {
            write(path, &format!("{:#}\n", report::json(report)), terminal)?;
        }
        Ok(())
    }
}

fn is_scenario_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".arazzo.yaml", ".arazzo.yml", ".arazzo.json"].iter().any(|ending| name.ends_with(ending))
}

fn write(path: &Path, text: &str, terminal: &Terminal) -> Result<(), Failure> {
    if path == Path::new("-") {
        terminal.data(text);
        return Ok(());
    }
    std::fs::write(path, text).map_err(|error| Failure::file(path, "write", &error))
}

/// The HTML report of a run.
pub(crate) fn html(report: &RunReport, title: &str) -> Result<String, Failure> {
    report::html(report, title).map_err(|error| bug(&error))
}

fn bug(error: &dyn std::error::Error) -> Failure {
    let message = format!("failed to make a report: {error}");
    Failure { exit: Exit::Bug, ..Failure::argument(Code("bug"), message, None) }
}
