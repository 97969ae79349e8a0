//! Fake providers of language models: real HTTP servers that speak the wire format of each one, and check what they are asked.

use serde_json::{Value, json};

use crate::{Received, Reply, TestServer};

/// The key that requests must carry.
pub const MODEL_KEY: &str = "sk-test-0123456789";

/// The HTTP API of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelApi {
    /// Chat completions.
    OpenAi,
    /// Messages.
    Anthropic,
    /// `generateContent`.
    Gemini,
    /// Ollama's chat.
    Ollama,
}

impl ModelApi {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Gemini, Self::Ollama];

    /// What stands behind `--llm`.
    pub fn model(self) -> &'static str {
        match self {
            Self::OpenAi => "openai/tiny-1",
            Self::Anthropic => "anthropic/tiny-1",
            Self::Gemini => "gemini/tiny-1",
            Self::Ollama => "ollama/tiny-1",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/chat/completions",
            Self::Anthropic => "/v1/messages",
            Self::Gemini => "/v1beta/models/tiny-1:generateContent",
            Self::Ollama => "/api/chat",
        }
    }

    /// What is wrong with a request, as the provider's documentation has it.
    fn complaint(self, request: &Received) -> Option<String> {
        let body = request.json();
        let header = |name: &str, value: &str| request.header(name) == Some(value);
        let bearer = format!("Bearer {MODEL_KEY}");
        let checks: Vec<(&str, bool)> = match self {
            Self::OpenAi => vec![
                ("key", header("authorization", &bearer)),
                ("model", body["model"] == "tiny-1"),
                ("temperature", body["temperature"] == 0),
                ("strict schema", body.pointer("/response_format/json_schema/strict") == Some(&json!(true))),
                ("schema", is_schema(body.pointer("/response_format/json_schema/schema"))),
                ("roles", body.pointer("/messages/0/role") == Some(&json!("system"))),
            ],
            Self::Anthropic => vec![
                ("key", header("x-api-key", MODEL_KEY)),
                ("version", header("anthropic-version", "2023-06-01")),
                ("bound", body["max_tokens"].is_u64()),
                ("forced tool", body["tool_choice"] == json!({"type": "tool", "name": body["tools"][0]["name"]})),
                ("schema", is_schema(body.pointer("/tools/0/input_schema"))),
                ("system", body["system"].is_string()),
            ],
            Self::Gemini => vec![
                ("key", header("x-goog-api-key", MODEL_KEY) && request.query.is_none()),
                ("mime", body.pointer("/generationConfig/responseMimeType") == Some(&json!("application/json"))),
                ("schema", body.pointer("/generationConfig/responseSchema/properties/steps").is_some()),
                ("keywords", !body["generationConfig"].to_string().contains("additionalProperties")),
                ("system", body.pointer("/systemInstruction/parts/0/text").is_some_and(Value::is_string)),
            ],
            Self::Ollama => vec![
                ("no key", request.header("authorization").is_none()),
                ("no stream", body["stream"] == false),
                ("schema", is_schema(body.get("format"))),
                ("context", body.pointer("/options/num_ctx").and_then(Value::as_u64).is_some_and(|size| size >= 4_096)),
            ],
        };
        let line = (request.method.as_str(), request.path.as_str()) == ("POST", self.path());
        let failed = checks.iter().find(|(_, holds)| !holds).map(|(name, _)| (*name).to_owned());
        if line { failed } else { Some(format!("{} {}", request.method, request.path)) }
    }

    /// The last thing that was said to the model.
    ///
    /// # Panics
    /// When the body is not of the provider's form.
    pub fn question(self, body: &Value) -> String {
        let messages = body.get("messages").or(body.get("contents")).and_then(Value::as_array).expect("messages");
        let last = messages.last().expect("a message");
        let text = last.get("content").or(last.pointer("/parts/0/text")).and_then(Value::as_str);
        text.expect("a text").to_owned()
    }

    /// An answer with this text.
    pub fn says(self, text: &str) -> Value {
        match self {
            Self::OpenAi => json!({"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]}),
            Self::Anthropic => match serde_json::from_str::<Value>(text) {
                Ok(input) => {
                    json!({"stop_reason": "tool_use", "content": [{"type": "tool_use", "id": "t", "name": "plan", "input": input}]})
                }
                Err(_) => json!({"stop_reason": "end_turn", "content": [{"type": "text", "text": text}]}),
            },
            Self::Gemini => {
                json!({"candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": [{"text": text}]}}]})
            }
            Self::Ollama => json!({"done": true, "done_reason": "stop", "message": {"role": "assistant", "content": text}}),
        }
    }

    /// An answer that was cut off at the limit of tokens.
    pub fn cut_off(self) -> Value {
        let mut body = self.says("{\"steps\": [");
        match self {
            Self::OpenAi => body["choices"][0]["finish_reason"] = json!("length"),
            Self::Anthropic => body["stop_reason"] = json!("max_tokens"),
            Self::Gemini => body["candidates"][0]["finishReason"] = json!("MAX_TOKENS"),
            Self::Ollama => body["done_reason"] = json!("length"),
        }
        body
    }

    /// A refusal; Ollama has no form for one.
    pub fn declines(self) -> Value {
        match self {
            Self::OpenAi => {
                json!({"choices": [{"finish_reason": "stop", "message": {"content": null, "refusal": "I would rather not."}}]})
            }
            Self::Anthropic => json!({"stop_reason": "refusal", "content": []}),
            Self::Gemini => json!({"promptFeedback": {"blockReason": "SAFETY"}}),
            Self::Ollama => self.says("I would rather not."),
        }
    }

    /// A server that answers each question with the text that `answer` makes of it.
    pub async fn start(self, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> TestServer {
        TestServer::start(move |request| match self.complaint(request) {
            Some(complaint) => Reply::json(400, &json!({"error": {"message": format!("wrong: {complaint}")}})),
            None => Reply::json(200, &self.says(&answer(&self.question(&request.json())))),
        })
        .await
    }
}

fn is_schema(schema: Option<&Value>) -> bool {
    schema.is_some_and(|schema| {
        schema["additionalProperties"] == false && schema.pointer("/properties/steps/items/properties/op/enum/0").is_some()
    })
}

/// The draft of a question: an answer that agrees with the embedded plan.
///
/// # Panics
/// When the question has none.
pub fn draft_of(question: &str) -> String {
    let text = question.split("<draft>\n").nth(1).and_then(|rest| rest.split("\n</draft>").next());
    text.unwrap_or_else(|| panic!("no draft: {question}")).to_owned()
}
