//! One question to a model over HTTP: our own client, no redirects, bounded time and size.

use std::time::Duration;

use bytes::Bytes;
use callboard_analysis::report::clean::{clean_line, shorten};
use callboard_planner::llm::Request;
use callboard_runner::{Answer, Client, Limits, Masker, Outgoing, Secret};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::error::LlmError;
use super::model::{Key, Remote};
use super::wire::Form;

/// The longest answer, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;
/// A provider that wants us to wait no longer than this is asked once more.
const PATIENCE: Duration = Duration::from_secs(20);
/// Characters of a provider's own words.
const DETAIL: usize = 200;

impl Remote {
    /// Masks the key in whatever is shown or kept.
    pub(super) fn masker(&self) -> Masker {
        let secret = match &self.key {
            Key::Value { variable, value } => Some(Secret { name: variable.clone(), value: value.clone() }),
            Key::Missing(_) | Key::None => None,
        };
        Masker::new(&secret.into_iter().collect::<Vec<_>>())
    }

    /// Asks the model. What it says is text, whatever it is.
    pub(super) async fn ask(&self, request: &Request) -> Result<String, LlmError> {
        let answer = match self.send(request, Form::Strict).await? {
            // A server that knows nothing of schemas, or of temperatures, says so with one of these.
            answer if matches!(answer.code(), 400 | 415 | 422) && self.wire.has_plain_form() => {
                self.send(request, Form::Plain).await?
            }
            answer => answer,
        };
        let masker = self.masker();
        let body: Result<Value, _> = serde_json::from_slice(&answer.body);
        if answer.code() != 200 {
            return Err(LlmError::Status { code: answer.code(), detail: shown(&masker, &detail(&body.unwrap_or_default())) });
        }
        let body = body.map_err(|error| LlmError::Nonsense(shown(&masker, &error.to_string())))?;
        let text = self.wire.answer(&body).map_err(|error| masked(&masker, error))?;
        Ok(masker.mask(&text).into_owned())
    }

    /// Sends once, and once more when the provider says when.
    async fn send(&self, request: &Request, form: Form) -> Result<Answer, LlmError> {
        let outgoing = self.outgoing(request, form)?;
        let client = Client::new();
        let limits = Limits { body: MAX_BODY, ..Limits::default() }.with_total(self.timeout);
        let answer = client.send(outgoing.clone(), &limits).await?;
        match wait(&answer) {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                Ok(client.send(outgoing, &limits).await?)
            }
            None => Ok(answer),
        }
    }

    fn outgoing(&self, request: &Request, form: Form) -> Result<Outgoing, LlmError> {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in self.wire.headers() {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        match &self.key {
            Key::Value { variable, value } => {
                let (name, before) = self.wire.key_header();
                let mut value =
                    HeaderValue::try_from(format!("{before}{value}")).map_err(|_| LlmError::BadKey(variable.clone()))?;
                value.set_sensitive(true);
                headers.insert(HeaderName::from_static(name), value);
            }
            Key::Missing(variable) => return Err(LlmError::NoKey(variable.clone())),
            Key::None => {}
        }
        let url = format!("{}{}", self.base, self.wire.path(&self.name));
        let url = url.parse().map_err(|_| LlmError::Nonsense(format!("`{url}` is no URL")))?;
        let body = Bytes::from(self.wire.body(&self.name, request, form).to_string());
        Ok(Outgoing { method: http::Method::POST, url, headers, body })
    }
}

/// How long to wait before asking once more, where the provider says so (RFC 9110 section 10.2.3, in seconds).
fn wait(answer: &Answer) -> Option<Duration> {
    let seconds = answer.header(http::header::RETRY_AFTER).and_then(|text| text.trim().parse::<u64>().ok())?;
    let wait = Duration::from_secs(seconds);
    (matches!(answer.code(), 429 | 503) && wait <= PATIENCE).then_some(wait)
}

/// The provider's own words about an error.
fn detail(body: &Value) -> String {
    let places = ["/error/message", "/0/error/message", "/error", "/message", "/detail"];
    places.iter().find_map(|place| body.pointer(place).and_then(Value::as_str)).unwrap_or_default().to_owned()
}

fn shown(masker: &Masker, text: &str) -> String {
    shorten(&clean_line(masker.mask(text).trim()), DETAIL).into_owned()
}

fn masked(masker: &Masker, error: LlmError) -> LlmError {
    match error {
        LlmError::Declined(text) => LlmError::Declined(shown(masker, &text)),
        LlmError::Nonsense(text) => LlmError::Nonsense(shown(masker, &text)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::wire::Wire;
    use callboard_planner::llm::{Message, Role};
    use callboard_testkit::{MODEL_KEY, ModelApi, Reply, TestServer, refusing_address};
    use serde_json::json;

    fn request() -> Request {
        let said = |role, text: &str| Message { role, text: text.to_owned() };
        let step =
            json!({"type": "object", "properties": {"op": {"type": "string", "enum": ["a.one"]}}, "additionalProperties": false});
        Request {
            system: "rules".to_owned(),
            messages: vec![said(Role::User, "question"), said(Role::Model, "{}"), said(Role::User, "once more")],
            schema: json!({"type": "object", "properties": {"steps": {"type": "array", "items": step}}, "additionalProperties": false}),
        }
    }

    fn remote(api: ModelApi, base: &str) -> Remote {
        let wire = match api {
            ModelApi::OpenAi => Wire::OpenAi,
            ModelApi::Anthropic => Wire::Anthropic,
            ModelApi::Gemini => Wire::Gemini,
            ModelApi::Ollama => Wire::Ollama,
        };
        let key = Key::Value { variable: "SOME_API_KEY".to_owned(), value: MODEL_KEY.to_owned() };
        Remote {
            label: api.model().to_owned(),
            wire,
            name: "tiny-1".to_owned(),
            base: base.to_owned(),
            key: if api == ModelApi::Ollama { Key::None } else { key },
            timeout: Duration::from_secs(20),
        }
    }

    /// What comes of a question to a provider that always answers so.
    async fn asked(api: ModelApi, reply: Reply) -> Result<String, LlmError> {
        let server = TestServer::start(move |_| reply.clone()).await;
        remote(api, &server.url("")).ask(&request()).await
    }

    #[tokio::test]
    async fn each_provider_understands_the_question_and_its_answer_is_found() {
        for api in ModelApi::ALL {
            let server = api.start(|question| format!("{{\"to\":\"{question}\"}}")).await;
            let answer = remote(api, &server.url("")).ask(&request()).await;
            assert_eq!(answer.as_deref(), Ok("{\"to\":\"once more\"}"), "{api:?}: {:?}", server.received());
            assert_eq!(server.received().len(), 1);
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_cut_off_or_declined_is_told_as_such() {
        for api in ModelApi::ALL {
            assert_eq!(asked(api, Reply::json(200, &api.cut_off())).await, Err(LlmError::Truncated), "{api:?}");
            if api != ModelApi::Ollama {
                let declined = asked(api, Reply::json(200, &api.declines())).await;
                assert!(matches!(declined, Err(LlmError::Declined(_))), "{api:?}: {declined:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_body_of_another_form_is_nonsense() {
        for api in ModelApi::ALL {
            for body in
                ["<html>login</html>", "{}", "null", "[]", "{\"choices\": [{}], \"candidates\": [{}], \"content\": 7}", ""]
            {
                let answer = asked(api, Reply::with_type(200, "application/json", body)).await;
                assert!(matches!(answer, Err(LlmError::Nonsense(_))), "{api:?}: {body}: {answer:?}");
            }
        }
    }

    #[tokio::test]
    async fn a_status_says_what_it_means_without_the_key() {
        for api in ModelApi::ALL.into_iter().filter(|api| *api != ModelApi::Ollama) {
            for (status, meaning) in [
                (401, "it refuses the key"),
                (403, "refuses"),
                (404, "model or the address"),
                (429, "quota"),
                (500, "(500)"),
                (418, "it answered 418"),
            ] {
                let told = format!("no good: {MODEL_KEY}\u{1b}[2J {}", "x".repeat(1000));
                let error = asked(api, Reply::json(status, &json!({"error": {"message": told}})))
                    .await
                    .expect_err("an error")
                    .to_string();
                assert!(error.contains(meaning) && error.contains("no good: "), "{error}");
                assert!(!error.contains(MODEL_KEY) && !error.contains('\u{1b}') && error.len() < 400, "{error}");
            }
        }
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_because_it_would_carry_the_key_elsewhere() {
        let elsewhere = TestServer::start(|_| Reply::status(200)).await;
        for api in ModelApi::ALL {
            let answer = asked(api, Reply::status(307).header("location", &elsewhere.url("/"))).await;
            assert!(matches!(answer, Err(LlmError::Status { code: 307, .. })), "{answer:?}");
        }
        assert_eq!(elsewhere.received().len(), 0);
    }

    #[tokio::test]
    async fn nobody_and_somebody_slow_are_told_apart() {
        let nobody = remote(ModelApi::OpenAi, &format!("http://{}", refusing_address())).ask(&request()).await;
        assert!(nobody.is_err_and(|error| error.to_string().contains("connection refused")));
        let server = TestServer::start(|_| Reply::stall(200, "{")).await;
        let hasty = Remote { timeout: Duration::from_millis(100), ..remote(ModelApi::OpenAi, &server.url("")) };
        let slow = hasty.ask(&request()).await;
        assert!(slow.is_err_and(|error| error.to_string().contains("within 0.1 s")));
    }

    #[tokio::test]
    async fn a_provider_that_says_when_to_come_back_is_asked_once_more() {
        let slow_down = |wait: &str| Reply::json(429, &json!({"error": {"message": "slow down"}})).header("retry-after", wait);
        for (wait, count) in [("0", 2), ("86400", 1), ("soon", 1)] {
            let reply = slow_down(wait);
            let server = TestServer::start(move |_| reply.clone()).await;
            let answer = remote(ModelApi::OpenAi, &server.url("")).ask(&request()).await;
            assert!(matches!(answer, Err(LlmError::Status { code: 429, .. })), "{answer:?}");
            assert_eq!(server.received().len(), count, "{wait}");
        }
    }

    #[tokio::test]
    async fn a_server_without_schemas_is_asked_in_words() {
        let server = TestServer::start(|request| match request.json().get("response_format") {
            Some(_) => Reply::json(400, &json!({"error": {"message": "unknown field response_format"}})),
            None => Reply::json(200, &ModelApi::OpenAi.says("{}")),
        })
        .await;
        assert_eq!(remote(ModelApi::OpenAi, &server.url("")).ask(&request()).await.as_deref(), Ok("{}"));
        let second = server.received()[1].json();
        assert!(second.get("temperature").is_none());
        assert!(
            second["messages"][0]["content"].as_str().is_some_and(|text| text.contains("The schema of your answer")),
            "{second}"
        );
    }

    #[tokio::test]
    async fn a_key_that_comes_back_is_masked_and_one_that_is_missing_or_odd_is_not_sent() {
        let echoed = asked(ModelApi::OpenAi, Reply::json(200, &ModelApi::OpenAi.says(&format!("the key is {MODEL_KEY}")))).await;
        assert!(echoed.is_ok_and(|text| !text.contains(MODEL_KEY) && text.starts_with("the key is ")));
        let server = TestServer::start(|_| Reply::status(200)).await;
        for (key, expected) in [
            (Key::Missing("X_API_KEY".to_owned()), LlmError::NoKey("X_API_KEY".to_owned())),
            (Key::Value { variable: "X_API_KEY".to_owned(), value: "a\nb".to_owned() }, LlmError::BadKey("X_API_KEY".to_owned())),
        ] {
            let odd = Remote { key, ..remote(ModelApi::OpenAi, &server.url("")) };
            assert_eq!(odd.ask(&request()).await, Err(expected));
        }
        assert_eq!(server.received().len(), 0);
    }
}
