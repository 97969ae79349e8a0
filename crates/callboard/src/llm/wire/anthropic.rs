//! Anthropic's messages, with a tool that the model must use: its input is the answer.

use callboard_planner::llm::Request;
use serde_json::{Value, json};

use super::role;
use crate::llm::error::LlmError;

/// Tokens of an answer: the API wants a bound. A plan of sixty steps needs about half of it.
const MAX_TOKENS: u32 = 8_192;

/// The body of a request.
pub(super) fn body(model: &str, request: &Request) -> Value {
    let messages: Vec<Value> =
        request.messages.iter().map(|message| json!({"role": role(message.role), "content": message.text})).collect();
    json!({
        "model": model,
        "max_tokens": MAX_TOKENS,
        "temperature": 0,
        "system": request.system,
        "messages": messages,
        "tools": [{"name": "plan", "description": "Hands in the plan.", "input_schema": request.schema}],
        "tool_choice": {"type": "tool", "name": "plan"},
    })
}

/// The input of the tool as text; plain text where there is no tool use.
pub(super) fn answer(body: &Value) -> Result<String, LlmError> {
    match body["stop_reason"].as_str() {
        Some("max_tokens") => return Err(LlmError::Truncated),
        Some("refusal") => return Err(LlmError::Declined("it does not say why".to_owned())),
        _ => {}
    }
    let parts = body["content"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tool = parts.iter().find(|part| part["type"] == "tool_use").map(|part| part["input"].to_string());
    let text = || parts.iter().find_map(|part| part["text"].as_str()).map(str::to_owned);
    tool.or_else(text).ok_or_else(|| LlmError::Nonsense("it has neither a tool use nor a text".to_owned()))
}
