//! Ollama's chat with a schema as `format`.

use callboard_planner::llm::Request;
use serde_json::{Value, json};

use super::{role, text_at};
use crate::llm::error::LlmError;

/// Tokens kept free for the answer.
const ANSWER: usize = 4_096;
/// The largest context that is asked for.
const MAX_CONTEXT: usize = 65_536;

/// The body of a request.
pub(super) fn body(model: &str, request: &Request) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    messages.extend(request.messages.iter().map(|message| json!({"role": role(message.role), "content": message.text})));
    json!({
        "model": model,
        "stream": false,
        "format": request.schema,
        "options": {"temperature": 0, "num_ctx": context(request)},
        "messages": messages,
    })
}

/// The context that holds question and answer: the server's default is small, and it cuts what does not fit without a word.
fn context(request: &Request) -> usize {
    let characters: usize = request.system.len() + request.messages.iter().map(|message| message.text.len()).sum::<usize>();
    (characters / 3 + ANSWER).next_multiple_of(2_048).min(MAX_CONTEXT)
}

/// The text of an answer.
pub(super) fn answer(body: &Value) -> Result<String, LlmError> {
    if body["done_reason"] == "length" {
        return Err(LlmError::Truncated);
    }
    text_at(body, "/message/content").map(str::to_owned)
}
