//! One request of a step: parameters and body evaluated, the request built, checked against the definition, sent, and recorded.

use std::time::Instant;

use callboard_model::run::{Attempt, AttemptKind, CheckResult, ResponseRecord};
use callboard_model::{Operation, Service};
use callboard_scenario::ast::Step;
use callboard_scenario::expression::Unavailable;
use callboard_scenario::resolve;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, Limits, Outgoing, SendError};
use crate::conformance::{AnswerBody, Definition};
use crate::context::{Exchange, Frame};
use crate::request::{BuildError, Call, header_list, media_type, record};
use crate::request_check::Given;
use crate::shared::Shared;
use crate::target::{MissingValue, Values};
use crate::trace::Trace;

/// Longer bodies are cut in records, in bytes.
const MAX_RECORDED: usize = 64 * 1024;

/// Why a request could not even be sent.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Unsendable {
    #[error("the scenario's sources have no such operation in this system")]
    NoOperation,
    #[error("the environment names no server for the service `{0}`")]
    NoServer(String),
    #[error("{0}")]
    Value(#[from] Unavailable),
    #[error(transparent)]
    Target(#[from] MissingValue),
    #[error(transparent)]
    Request(#[from] BuildError),
}

/// A request that is ready, with what the definition says about it.
pub(crate) struct Ready<'r> {
    pub(crate) service: &'r Service,
    pub(crate) operation: &'r Operation,
    pub(crate) request_checks: Vec<CheckResult>,
    call: Call<'r>,
    outgoing: Outgoing,
}

/// What came of a request.
pub(crate) enum Sent {
    Answered(Box<Exchange>),
    Failed(SendError),
    /// The run was stopped.
    Interrupted,
}

impl Shared {
    /// The service and the operation that a step calls.
    pub(crate) fn operation_of(&self, frame: &Frame<'_>, step: &Step) -> Option<(&Service, &Operation)> {
        resolve::operation(&step.target, &frame.source.file, frame.source.origin(), &self.options.system)
    }

    /// Builds the request of a step. `outputs` are the latest ones by name, for the environment's placeholders.
    pub(crate) fn prepare<'r>(
        &'r self,
        frame: &Frame<'_>,
        step: &Step,
        outputs: &Map<String, Value>,
        trace: &Trace,
    ) -> Result<Ready<'r>, Unsendable> {
        let (service, operation) = self.operation_of(frame, step).ok_or(Unsendable::NoOperation)?;
        let target = self.options.targets.get(&service.name);
        let target = target.ok_or_else(|| Unsendable::NoServer(service.name.to_string()))?;
        let values = Values { outputs, inputs: &frame.inputs, values: &self.options.values };
        let call = evaluate(frame, step, service, operation)?;
        let outgoing = call.build(&target.resolve(values)?, trace)?;
        let definition = Definition { service, operation, validators: &self.validators };
        let given = Given { parameters: &call.parameters, headers: &outgoing.headers };
        let body = call.body.as_ref().map(|(media_type, value)| (media_type.as_str(), value));
        let request_checks = definition.check_request(&given, body);
        Ok(Ready { service, operation, request_checks, call, outgoing })
    }

    /// Sends a request and records it.
    pub(crate) async fn send(
        &self,
        ready: Ready<'_>,
        kind: AttemptKind,
        limits: &Limits,
        stop: &CancellationToken,
    ) -> (Attempt, Sent) {
        let Ready { call, outgoing, .. } = ready;
        let mut request = record(&outgoing);
        self.masker.mask_request(&mut request);
        let (method, url, headers) = (outgoing.method.to_string(), outgoing.url.to_string(), outgoing.headers.clone());
        let started = Instant::now();
        let answer = tokio::select! {
            biased;
            () = stop.cancelled() => None,
            answer = self.client.send(outgoing, limits) => Some(answer),
        };
        let duration = micros(started);
        let mut attempt = Attempt { kind, request, response: None, transport_error: None, duration };
        let sent = match answer {
            None => {
                attempt.transport_error = Some("given up: the run was stopped".to_owned());
                Sent::Interrupted
            }
            Some(Err(error)) => {
                attempt.transport_error = Some(self.masker.mask(&error.to_string()).into_owned());
                Sent::Failed(error)
            }
            Some(Ok(answer)) => {
                attempt.response = Some(self.record_answer(&answer));
                let body = AnswerBody::of(&answer);
                Sent::Answered(Box::new(Exchange {
                    method,
                    url,
                    request_headers: headers,
                    parameters: call.parameters,
                    request_body: call.body.map(|(_, value)| value),
                    answer,
                    body,
                }))
            }
        };
        (attempt, sent)
    }

    fn record_answer(&self, answer: &Answer) -> ResponseRecord {
        // Masked before it is cut: half a secret would not be recognised.
        let body = std::str::from_utf8(&answer.body).ok().filter(|text| !text.is_empty());
        let body = body.map(|text| shortened(self.masker.mask(text).into_owned()));
        let size = answer.body.len() as u64;
        let mut response = ResponseRecord { status: answer.code(), headers: header_list(&answer.headers), body, size };
        self.masker.mask_headers(&mut response.headers);
        response
    }
}

fn evaluate<'r>(frame: &Frame<'_>, step: &Step, service: &'r Service, operation: &'r Operation) -> Result<Call<'r>, Unavailable> {
    let view = frame.view();
    let mut parameters = Vec::new();
    for parameter in frame.workflow.parameters_of(step) {
        if let Some(location) = parameter.location {
            parameters.push((location, parameter.name.clone(), parameter.value.evaluate(&view)?));
        }
    }
    let mut body = None;
    if let Some(request_body) = &step.request_body {
        let media_type = media_type(request_body.content_type.as_deref(), operation);
        let as_json = callboard_model::api::is_json_media_type(&media_type);
        body = request_body.evaluate(&view, as_json)?.map(|value| (media_type, value));
    }
    Ok(Call { service, operation, parameters, body })
}

fn shortened(mut text: String) -> String {
    if text.len() > MAX_RECORDED {
        let end = text.floor_char_boundary(MAX_RECORDED);
        let rest = text.len() - end;
        text.truncate(end);
        text.push_str(&format!("… ({rest} more bytes)"));
    }
    text
}

/// Microseconds since a moment.
pub(crate) fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
