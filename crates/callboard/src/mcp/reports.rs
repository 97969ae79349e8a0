//! Reports of runs, kept under `.callboard/reports/`: the latest ones, as HTML for people and JSON for programs.

use std::path::{Path, PathBuf};

use callboard_analysis::report::{self, RunReport};

use crate::exit::Failure;
use crate::outputs::html;

/// Where they are.
const FOLDER: &str = ".callboard/reports";
/// How many files are kept: two for each run.
const KEPT: usize = 40;

/// Writes the reports of a run, and forgets those of long ago. Returns the path of the HTML report.
pub(crate) fn write(report: &RunReport, title: &str) -> Result<PathBuf, Failure> {
    let folder = Path::new(FOLDER);
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "create", &error))?;
    let page = folder.join(format!("{}.html", report.started.run));
    let data = page.with_extension("json");
    for (path, text) in [(&page, html(report, title)?), (&data, format!("{:#}\n", report::json(report)))] {
        std::fs::write(path, text).map_err(|error| Failure::file(path, "write", &error))?;
    }
    for old in latest().into_iter().skip(KEPT) {
        // One that cannot be removed does no harm.
        let _ = std::fs::remove_file(old);
    }
    Ok(page)
}

/// All reports that are there, latest first: their names are ids that sort by time.
pub(crate) fn latest() -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(FOLDER) else { return Vec::new() };
    let files = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut paths: Vec<PathBuf> = files.map(|entry| entry.path()).filter(|path| is_report(path)).collect();
    paths.sort_by(|a, b| b.cmp(a));
    paths
}

/// A file that [`write()`] made: nothing else in the folder is ours to list or to remove.
fn is_report(path: &Path) -> bool {
    let is_id = path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| uuid::Uuid::try_parse(stem).is_ok());
    is_id && path.extension().is_some_and(|extension| extension == "html" || extension == "json")
}
