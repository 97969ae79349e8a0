//! `/__admin/mappings`: the stubs.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Call, Outcome, Refused, done, json_answer, ok};
use crate::wiremock::pattern::{Pattern, Subject};
use crate::wiremock::refusal::{Object, Refusal};
use crate::wiremock::stub::Stub;

pub(super) fn route(call: &Call<'_>, method: &str, rest: &[&str]) -> Outcome {
    let shared = call.shared;
    match (method, rest) {
        ("GET", []) => list(call),
        ("POST", []) => {
            let stub = shared.add(Stub::read(&call.json()?, "")?)?;
            Ok(json_answer(StatusCode::CREATED, &stub.source))
        }
        ("DELETE", []) => {
            shared.remove(|_| true);
            Ok(done())
        }
        ("POST", ["reset"]) => super::reset(shared),
        ("POST", ["save"]) => {
            shared.save()?;
            Ok(done())
        }
        ("POST", ["import"]) => import(call),
        ("POST", ["edit"]) => {
            let value = call.json()?;
            shared.replace(Stub::read(&value, "")?)?.map(|_| done()).ok_or(Refused::NotFound)
        }
        ("POST", ["remove"]) => remove_like(call),
        ("GET", ["unmatched"]) => Ok(listed(&unmatched(call), None)),
        ("DELETE", ["unmatched"]) => {
            let ids: Vec<Uuid> = unmatched(call).iter().map(|stub| stub.id).collect();
            shared.remove(|stub| ids.contains(&stub.id));
            Ok(done())
        }
        ("POST", ["find-by-metadata"]) => Ok(listed(&with_metadata(call)?, None)),
        ("POST", ["remove-by-metadata"]) => {
            let ids: Vec<Uuid> = with_metadata(call)?.iter().map(|stub| stub.id).collect();
            Ok(listed(&shared.remove(|stub| ids.contains(&stub.id)), None))
        }
        ("GET" | "PUT" | "DELETE", [id]) => one(call, method, id),
        _ => Err(Refused::NotFound),
    }
}

fn one(call: &Call<'_>, method: &str, id: &str) -> Outcome {
    let id = Uuid::parse_str(id).map_err(|_| Refused::BadId(id.to_owned()))?;
    let find = || call.shared.current.get().stubs.iter().find(|stub| stub.id == id).cloned();
    match method {
        "GET" => find().map(|stub| ok(&stub.source)).ok_or(Refused::NotFound),
        "PUT" => {
            find().ok_or(Refused::NotFound)?;
            let stub = Stub::read_as(&call.json()?, "", Some(id))?;
            call.shared.replace(stub)?.map(|stub| ok(&stub.source)).ok_or(Refused::NotFound)
        }
        _ => {
            let removed = call.shared.remove(|stub| stub.id == id);
            if removed.is_empty() { Err(Refused::NotFound) } else { Ok(done()) }
        }
    }
}

fn list(call: &Call<'_>) -> Outcome {
    let stubs = &call.shared.current.get().stubs;
    let (offset, limit) = (call.count("offset")?.unwrap_or(0), call.count("limit")?.unwrap_or(usize::MAX));
    let shown: Vec<Arc<Stub>> = stubs.iter().skip(offset).take(limit).cloned().collect();
    Ok(listed(&shown, Some(stubs.len())))
}

/// `meta.total` is the number of all, whatever part is shown.
fn listed(stubs: &[Arc<Stub>], total: Option<usize>) -> crate::wiremock::response::Answer {
    let sources: Vec<&Value> = stubs.iter().map(|stub| &stub.source).collect();
    ok(&json!({"mappings": sources, "meta": {"total": total.unwrap_or(stubs.len())}}))
}

fn import(call: &Call<'_>) -> Outcome {
    let value = call.json()?;
    let object = Object::any(&value, "")?;
    let stubs = object.list("mappings")?.ok_or_else(|| Refusal::at("/mappings", "`mappings` is missing"))?;
    let stubs: Vec<Stub> = stubs
        .iter()
        .enumerate()
        .map(|(index, stub)| Stub::read(stub, &format!("/mappings/{index}")))
        .collect::<Result<_, _>>()?;
    let none = Value::Object(serde_json::Map::new());
    let options = Object::any(object.get("importOptions").unwrap_or(&none), "/importOptions")?;
    let overwrite = match options.text("duplicatePolicy")?.unwrap_or("OVERWRITE") {
        "OVERWRITE" => true,
        "IGNORE" => false,
        other => {
            return Err(
                Refusal::at("/importOptions/duplicatePolicy", format!("`{other}` is neither OVERWRITE nor IGNORE")).into()
            );
        }
    };
    call.shared.import(stubs, overwrite, options.flag("deleteAllNotInImport")?)?;
    Ok(done())
}

/// Removes the stub with the same id, or those whose request pattern is the same.
fn remove_like(call: &Call<'_>) -> Outcome {
    let value = call.json()?;
    let given = Stub::read(&value, "")?;
    let has_id = value.get("id").or_else(|| value.get("uuid")).is_some();
    let removed =
        call.shared.remove(|stub| if has_id { stub.id == given.id } else { stub.source["request"] == given.source["request"] });
    if removed.is_empty() { Err(Refused::NotFound) } else { Ok(done()) }
}

/// Stubs that answered no request of the journal.
fn unmatched(call: &Call<'_>) -> Vec<Arc<Stub>> {
    let used: Vec<Uuid> = call.shared.journal.events().iter().filter_map(|event| Some(event.stub.as_ref()?.id)).collect();
    call.shared.current.get().stubs.iter().filter(|stub| !used.contains(&stub.id)).cloned().collect()
}

fn with_metadata(call: &Call<'_>) -> Result<Vec<Arc<Stub>>, Refusal> {
    let pattern = Pattern::read(&call.json()?, "")?;
    Ok(call.shared.current.get().stubs.iter().filter(|stub| metadata_fits(&pattern, stub)).cloned().collect())
}

/// Whether the metadata of a stub fits a matcher.
pub(super) fn metadata_fits(pattern: &Pattern, stub: &Stub) -> bool {
    stub.source.get("metadata").is_some_and(|metadata| pattern.matches(&Subject::Text(&metadata.to_string())))
}
