//! OpenAI's chat completions with a JSON schema as `response_format`, as many other servers offer them.

use callboard_planner::llm::Request;
use serde_json::{Value, json};

use super::{Form, role, text_at};
use crate::llm::error::LlmError;

/// The body of a request.
pub(super) fn body(model: &str, request: &Request, form: Form) -> Value {
    let system = match form {
        Form::Strict => request.system.clone(),
        Form::Plain => format!("{}\n\nThe schema of your answer:\n{}", request.system, request.schema),
    };
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.extend(request.messages.iter().map(|message| json!({"role": role(message.role), "content": message.text})));
    match form {
        Form::Strict => {
            let format = json!({"name": "plan", "strict": true, "schema": request.schema});
            json!({
                "model": model,
                "temperature": 0,
                "messages": messages,
                "response_format": {"type": "json_schema", "json_schema": format},
            })
        }
        Form::Plain => json!({"model": model, "messages": messages}),
    }
}

/// The text of an answer.
pub(super) fn answer(body: &Value) -> Result<String, LlmError> {
    let choice = body.pointer("/choices/0").ok_or_else(|| LlmError::Nonsense("it has no choices".to_owned()))?;
    if let Some(refusal) = choice.pointer("/message/refusal").and_then(Value::as_str) {
        return Err(LlmError::Declined(refusal.to_owned()));
    }
    match choice["finish_reason"].as_str() {
        Some("length") => Err(LlmError::Truncated),
        Some("content_filter") => Err(LlmError::Declined("its content filter stopped it".to_owned())),
        _ => text_at(choice, "/message/content").map(str::to_owned),
    }
}
