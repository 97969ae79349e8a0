//! Bodies of requests by media type, and text of values for answers that are no JSON.

use callboard_model::Schema;
use callboard_model::api::is_json_media_type;
use callboard_schema::parameter::{coerce, read_form};
use serde_json::{Map, Value};

fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether a body is a list of patch operations (RFC 6902), which no schema of the entity describes.
pub(crate) fn is_patch_list(content_type: &str) -> bool {
    essence(content_type) == "application/json-patch+json"
}

/// Reads a body. `None` when nothing can be said about its content (XML, binary).
pub(crate) fn read(schema: Option<&Schema<'_>>, content_type: &str, bytes: &[u8]) -> Result<Option<Value>, String> {
    let essence = essence(content_type);
    if is_json_media_type(&essence) {
        return serde_json::from_slice(bytes).map(Some).map_err(|error| format!("the body is no JSON: {error}"));
    }
    if essence == "application/x-www-form-urlencoded" {
        let text = std::str::from_utf8(bytes).map_err(|_| "the form is no UTF-8 text".to_owned())?;
        return Ok(Some(read_form(schema, text)));
    }
    if essence == "multipart/form-data" {
        return multipart(schema, content_type, bytes).map(Some);
    }
    if essence.starts_with("text/") && schema.is_some_and(|schema| schema.types() == ["string"]) {
        return Ok(std::str::from_utf8(bytes).ok().map(Value::from));
    }
    Ok(None)
}

/// Parts by name (RFC 7578); a file is the text of its bytes.
fn multipart(schema: Option<&Schema<'_>>, content_type: &str, bytes: &[u8]) -> Result<Value, String> {
    let boundary = content_type.split(';').skip(1).find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    });
    let boundary = boundary.filter(|b| !b.is_empty()).ok_or("the multipart body has no boundary")?;
    let delimiter = format!("--{boundary}");
    let mut out = Map::new();
    let mut rest = bytes;
    while let Some(start) = find(rest, delimiter.as_bytes()) {
        rest = &rest[start + delimiter.len()..];
        if rest.starts_with(b"--") {
            break;
        }
        let end = find(rest, delimiter.as_bytes()).unwrap_or(rest.len());
        if let Some((name, content)) = part(&rest[..end]) {
            add(schema, &mut out, &name, content);
        }
    }
    Ok(Value::Object(out))
}

fn part(bytes: &[u8]) -> Option<(String, &[u8])> {
    let head_end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..head_end]);
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let name = disposition.split(';').find_map(|piece| piece.trim().strip_prefix("name="))?.trim_matches('"').to_owned();
    let content = &bytes[head_end + 4..];
    Some((name, content.strip_suffix(b"\r\n").unwrap_or(content)))
}

fn add(schema: Option<&Schema<'_>>, out: &mut Map<String, Value>, name: &str, content: &[u8]) {
    let property = schema.and_then(|schema| schema.property(name));
    let text = String::from_utf8_lossy(content);
    let is_array = property.as_ref().is_some_and(|p| p.types() == ["array"]);
    let items = property.as_ref().and_then(Schema::items);
    let value = coerce(if is_array { items.as_ref() } else { property.as_ref() }, &text);
    match out.get_mut(name) {
        Some(Value::Array(list)) if is_array => list.push(value),
        _ if is_array => {
            out.insert(name.to_owned(), Value::Array(vec![value]));
        }
        _ => {
            out.insert(name.to_owned(), value);
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

/// A value as XML: properties are elements, items repeat the element of their array.
pub(crate) fn xml(name: &str, value: &Value) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    element(&element_name(name), value, &mut out);
    out
}

fn element(name: &str, value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| element(name, item, out)),
        Value::Object(map) => {
            out.push_str(&format!("<{name}>"));
            map.iter().for_each(|(key, value)| element(&element_name(key), value, out));
            out.push_str(&format!("</{name}>"));
        }
        Value::Null => out.push_str(&format!("<{name}/>")),
        scalar => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            out.push_str(&format!("<{name}>{escaped}</{name}>"));
        }
    }
}

fn element_name(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' }).collect();
    if clean.starts_with(|c: char| c.is_alphabetic() || c == '_') { clean } else { format!("_{clean}") }
}

/// RFC 7396.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Some(map) = target.as_object_mut() else { return };
    for (key, value) in patch {
        if value.is_null() {
            map.shift_remove(key);
        } else {
            merge(map.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// RFC 6902: `add`, `replace`, `remove` and `test`; `copy` and `move` count as not applicable.
pub(crate) fn patch(target: &mut Value, operations: &[Value]) -> Result<(), String> {
    operations.iter().try_for_each(|operation| apply(target, operation))
}

fn apply(target: &mut Value, operation: &Value) -> Result<(), String> {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let (op, path) = text("op").zip(text("path")).ok_or("a patch operation has an `op` and a `path`")?;
    let value = operation.get("value").cloned().unwrap_or(Value::Null);
    match op {
        "test" if target.pointer(path) == Some(&value) => return Ok(()),
        "test" => return Err(format!("the test of `{path}` fails")),
        "add" | "replace" | "remove" => {}
        other => return Err(format!("the patch operation `{other}` is not supported")),
    }
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, last) = path.rsplit_once('/').ok_or_else(|| format!("`{path}` is no JSON Pointer"))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    match (target.pointer_mut(parent), op) {
        (Some(Value::Object(map)), "remove") => {
            map.shift_remove(&last);
        }
        (Some(Value::Object(map)), _) => {
            map.insert(last, value);
        }
        (Some(Value::Array(list)), _) => patch_list(list, op, &last, value).ok_or_else(|| format!("`{path}` is not there"))?,
        _ => return Err(format!("`{path}` is not there")),
    }
    Ok(())
}

fn patch_list(list: &mut Vec<Value>, op: &str, last: &str, value: Value) -> Option<()> {
    if last == "-" && op == "add" {
        list.push(value);
        return Some(());
    }
    let index: usize = last.parse().ok()?;
    match op {
        "add" if index <= list.len() => list.insert(index, value),
        "replace" => *list.get_mut(index)? = value,
        "remove" if index < list.len() => {
            list.remove(index);
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_of_a_form_are_read_by_name() {
        let text = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; name=\"f\"; \
                    filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\u{0}\r\n--B--\r\n";
        let value = read(None, "multipart/form-data; boundary=B", text.as_bytes()).expect("well-formed");
        assert_eq!(value, Some(json!({"a": "1", "f": "\u{0}"})));
        assert!(read(None, "multipart/form-data", b"").is_err());
    }

    #[test]
    fn a_merge_patch_removes_what_is_null() {
        let mut target = json!({"a": 1, "b": {"c": 2, "d": 3}});
        merge(&mut target, &json!({"a": null, "b": {"c": 5}}));
        assert_eq!(target, json!({"b": {"c": 5, "d": 3}}));
    }

    #[test]
    fn a_patch_list_is_applied_in_order() {
        let mut target = json!({"a": 1, "list": [1]});
        let operations = json!([
            {"op": "test", "path": "/a", "value": 1}, {"op": "replace", "path": "/a", "value": 2},
            {"op": "add", "path": "/list/-", "value": 3}, {"op": "remove", "path": "/list/0"}]);
        patch(&mut target, operations.as_array().expect("a list")).expect("applicable");
        assert_eq!(target, json!({"a": 2, "list": [3]}));
    }
}
