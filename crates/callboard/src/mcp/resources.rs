//! What an agent can look at: the scenario files of the project and the latest reports.

use std::path::{Path, PathBuf};

use rmcp::model::{ErrorData, Resource, ResourceContents};

use super::reports;
use crate::exit::Failure;
use crate::project::{Project, shown};

/// Files that are larger are not read into a conversation.
const MAX_BYTES: u64 = 8 << 20;

/// A file that is listed. Only what is listed can be read, so no name leads anywhere else.
struct Listed {
    uri: String,
    path: PathBuf,
    media_type: &'static str,
    description: &'static str,
}

/// All resources: scenarios first, then reports, latest first.
pub(crate) fn list() -> Result<Vec<Resource>, Failure> {
    let resource = |listed: Listed| {
        let size = std::fs::metadata(&listed.path).map(|meta| meta.len()).unwrap_or_default();
        Resource::new(listed.uri, shown(&listed.path))
            .with_mime_type(listed.media_type)
            .with_description(listed.description)
            .with_size(size)
    };
    Ok(all()?.into_iter().map(resource).collect())
}

/// The text of a resource.
pub(crate) fn read(uri: &str) -> Result<ResourceContents, ErrorData> {
    let listed = all().map_err(|failure| unreadable(uri, &failure.diagnostics[0].message))?;
    let found = listed.into_iter().find(|listed| listed.uri == uri);
    let found = found.ok_or_else(|| ErrorData::resource_not_found(format!("no resource is called `{uri}`"), None))?;
    let size = std::fs::metadata(&found.path).map_err(|error| unreadable(uri, &error.to_string()))?.len();
    if size > MAX_BYTES {
        return Err(unreadable(uri, &format!("it has {size} bytes; open {} instead", shown(&found.path))));
    }
    let text = std::fs::read_to_string(&found.path).map_err(|error| unreadable(uri, &error.to_string()))?;
    Ok(ResourceContents::text(text, uri).with_mime_type(found.media_type))
}

/// The address of a report.
pub(crate) fn report_uri(path: &Path) -> String {
    uri("report", &path.file_name().unwrap_or_default().to_string_lossy())
}

fn all() -> Result<Vec<Listed>, Failure> {
    let project = Project::open("".into())?;
    let scenarios = project.scenario_paths(&[])?.into_iter().map(|path| Listed {
        uri: uri("scenario", &shown(&path)),
        media_type: if path.extension().is_some_and(|e| e == "json") { "application/json" } else { "application/yaml" },
        description: "A scenario file of the project",
        path,
    });
    let reports = reports::latest().into_iter().map(|path| {
        let is_page = path.extension().is_some_and(|extension| extension == "html");
        Listed {
            uri: report_uri(&path),
            media_type: if is_page { "text/html" } else { "application/json" },
            description: if is_page {
                "The report of a run, for people"
            } else {
                "The report of a run: every request, answer and check"
            },
            path,
        }
    });
    Ok(scenarios.chain(reports).collect())
}

/// `callboard://KIND/PATH`, with the characters escaped that a URL cannot hold.
fn uri(kind: &str, path: &str) -> String {
    let parts = path.split('/').map(|part| url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>());
    format!("callboard://{kind}/{}", parts.collect::<Vec<_>>().join("/").replace('+', "%20"))
}

fn unreadable(uri: &str, why: &str) -> ErrorData {
    ErrorData::internal_error(format!("`{uri}` cannot be read: {why}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_part_by_part() {
        assert_eq!(uri("scenario", "scenarios/a b+ü.arazzo.yaml"), "callboard://scenario/scenarios/a%20b%2B%C3%BC.arazzo.yaml");
    }
}
