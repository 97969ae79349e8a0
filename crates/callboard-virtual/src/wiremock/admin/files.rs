//! `/__admin/files`: body files.

use http::StatusCode;
use serde_json::json;

use super::{Call, Outcome, Refused, done, ok};
use crate::wiremock::folder::list_files;
use crate::wiremock::refusal::Refusal;
use crate::wiremock::response::{Answer, file_below};

pub(super) fn route(call: &Call<'_>, method: &str, name: &str) -> Outcome {
    let folder = &call.shared.files;
    if name.is_empty() {
        return if method == "GET" { Ok(list(call)) } else { Err(Refused::NotFound) };
    }
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned();
    let path = file_below(folder, &name).ok_or_else(|| Refusal::at("", format!("`{name}` leads out of `__files`")))?;
    let failed = |error: std::io::Error| Refused::Failed(format!("`{name}`: {error}"));
    match method {
        "GET" => std::fs::read(&path)
            .map(|bytes| Answer::new(StatusCode::OK, Some("application/octet-stream"), bytes))
            .map_err(|_| Refused::NotFound),
        "PUT" => {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(failed)?;
            }
            std::fs::write(&path, call.body).map_err(failed)?;
            Ok(done())
        }
        "DELETE" => std::fs::remove_file(&path).map(|()| done()).map_err(|_| Refused::NotFound),
        _ => Err(Refused::NotFound),
    }
}

fn list(call: &Call<'_>) -> Answer {
    let folder = &call.shared.files;
    let mut files = Vec::new();
    // A folder that is not there has no files.
    let _ = list_files(folder, &mut files);
    let mut names: Vec<String> =
        files.iter().filter_map(|file| Some(file.strip_prefix(folder).ok()?.to_string_lossy().into_owned())).collect();
    names.sort();
    ok(&json!(names))
}
