//! Google's `generateContent` with a response schema.

use callboard_planner::llm::{Request, Role};
use serde_json::{Map, Value, json};

use super::text_at;
use crate::llm::error::LlmError;

/// The body of a request.
pub(super) fn body(request: &Request) -> Value {
    let role = |role: Role| match role {
        Role::User => "user",
        Role::Model => "model",
    };
    let contents: Vec<Value> =
        request.messages.iter().map(|message| json!({"role": role(message.role), "parts": [{"text": message.text}]})).collect();
    json!({
        "systemInstruction": {"parts": [{"text": request.system}]},
        "contents": contents,
        "generationConfig": {
            "temperature": 0,
            "responseMimeType": "application/json",
            "responseSchema": schema(&request.schema),
        },
    })
}

/// The schema without the keywords that this API refuses.
fn schema(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(name, _)| *name != "additionalProperties");
            Value::Object(kept.map(|(name, value)| (name.clone(), schema(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(schema).collect(),
        other => other.clone(),
    }
}

/// The text of an answer.
pub(super) fn answer(body: &Value) -> Result<String, LlmError> {
    if let Some(reason) = body.pointer("/promptFeedback/blockReason").and_then(Value::as_str) {
        return Err(LlmError::Declined(reason.to_owned()));
    }
    let candidate = body.pointer("/candidates/0").ok_or_else(|| LlmError::Nonsense("it has no candidates".to_owned()))?;
    match candidate["finishReason"].as_str() {
        None | Some("STOP") => {}
        Some("MAX_TOKENS") => return Err(LlmError::Truncated),
        Some(reason) => return Err(LlmError::Declined(reason.to_owned())),
    }
    let parts = candidate.pointer("/content/parts").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text: String = parts.iter().filter(|part| part["thought"] != true).filter_map(|part| part["text"].as_str()).collect();
    if text.is_empty() { text_at(candidate, "/content/parts/0/text").map(str::to_owned) } else { Ok(text) }
}
