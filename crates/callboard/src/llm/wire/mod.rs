//! What each provider's HTTP API looks like: one request, one answer, structured output.

mod anthropic;
mod gemini;
mod ollama;
mod openai;

use callboard_planner::llm::{Request, Role};
use serde_json::Value;

use super::error::LlmError;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Chat completions, as OpenAI and many others have them.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
    /// Google's `generateContent`.
    Gemini,
    /// Ollama's chat.
    Ollama,
}

/// How much is asked of the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An answer by the schema, at temperature 0.
    Strict,
    /// JSON in words: what is left when a server knows nothing of schemas.
    Plain,
}

impl Wire {
    /// The path behind the base URL.
    pub(crate) fn path(self, model: &str) -> String {
        match self {
            Self::OpenAi => "/chat/completions".to_owned(),
            Self::Anthropic => "/v1/messages".to_owned(),
            Self::Gemini => format!("/v1beta/models/{}:generateContent", encoded(model)),
            Self::Ollama => "/api/chat".to_owned(),
        }
    }

    /// The header that carries the key, with the text before it.
    pub(crate) fn key_header(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenAi | Self::Ollama => ("authorization", "Bearer "),
            Self::Anthropic => ("x-api-key", ""),
            Self::Gemini => ("x-goog-api-key", ""),
        }
    }

    /// Headers besides the key.
    pub(crate) fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Anthropic => &[("anthropic-version", "2023-06-01")],
            _ => &[],
        }
    }

    /// The body of a request.
    pub(crate) fn body(self, model: &str, request: &Request, form: Form) -> Value {
        match self {
            Self::OpenAi => openai::body(model, request, form),
            Self::Anthropic => anthropic::body(model, request),
            Self::Gemini => gemini::body(request),
            Self::Ollama => ollama::body(model, request),
        }
    }

    /// The text of an answer.
    pub(crate) fn answer(self, body: &Value) -> Result<String, LlmError> {
        match self {
            Self::OpenAi => openai::answer(body),
            Self::Anthropic => anthropic::answer(body),
            Self::Gemini => gemini::answer(body),
            Self::Ollama => ollama::answer(body),
        }
    }

    /// Whether there is a simpler form to try when a server refuses the request as such.
    pub(crate) fn has_plain_form(self) -> bool {
        self == Self::OpenAi
    }
}

/// A name in a path.
fn encoded(name: &str) -> String {
    url::form_urlencoded::byte_serialize(name.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The word of most providers for who speaks.
fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Model => "assistant",
    }
}

/// The text at a place of an answer.
fn text_at<'v>(body: &'v Value, pointer: &str) -> Result<&'v str, LlmError> {
    let text = body.pointer(pointer).and_then(Value::as_str);
    text.ok_or_else(|| LlmError::Nonsense(format!("there is no text at `{pointer}`")))
}
