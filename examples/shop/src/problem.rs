//! How every service of the shop refuses: a problem body (RFC 9457).

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::json;

/// An answer that refuses a request.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    title: &'static str,
    detail: String,
}

impl Problem {
    /// 400: the request is not what the definition asks for.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "Bad request", detail: detail.into() }
    }

    /// 402: the payment was declined.
    pub(crate) fn declined(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::PAYMENT_REQUIRED, title: "Payment declined", detail: detail.into() }
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, title: "Not found", detail: detail.into() }
    }

    /// 409: the state of the thing forbids it.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::CONFLICT, title: "Conflict", detail: detail.into() }
    }

    /// 422: the request names something that another service does not know.
    pub(crate) fn refused(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, title: "Refused", detail: detail.into() }
    }

    /// 502: a neighbour does not answer, or answers nonsense.
    pub(crate) fn bad_gateway(detail: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_GATEWAY, title: "Neighbour not available", detail: detail.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({"type": "about:blank", "title": self.title, "status": self.status.as_u16(), "detail": self.detail});
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}
