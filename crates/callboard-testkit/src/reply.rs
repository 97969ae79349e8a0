//! What a test server does with a request.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response};
use hyper::body::{Body, Frame, SizeHint};
use serde_json::Value;

/// What a test server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Answers.
    #[expect(missing_docs, reason = "the fields are the parts of an answer")]
    Answer { status: u16, headers: Vec<(String, String)>, body: Bytes },
    /// Accepts the request and never answers.
    Hang,
    /// Sends the head of an answer and the first bytes of a longer body, then nothing more.
    #[expect(missing_docs, reason = "the fields are the parts of an answer")]
    Stall { status: u16, headers: Vec<(String, String)>, first: Bytes },
    /// Breaks the connection off with a TCP reset.
    Reset,
    /// Closes the connection without an answer.
    Close,
    /// Writes these very bytes instead of an HTTP answer, then closes.
    Raw(Bytes),
}

impl Reply {
    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// A JSON document.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::with_type(status, "application/json", value.to_string())
    }

    /// Plain text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::with_type(status, "text/plain; charset=utf-8", text.into())
    }

    /// A body of a media type.
    pub fn with_type(status: u16, media_type: &str, body: impl Into<Bytes>) -> Self {
        Self::Answer { status, headers: vec![("content-type".to_owned(), media_type.to_owned())], body: body.into() }
    }

    /// The head and `first` of a body that never ends.
    pub fn stall(status: u16, first: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Stall { status, headers, first: first.into() }
    }

    /// The same answer with one more header. Only answers and stalled answers have headers.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } | Self::Stall { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// The response to send, or what to do to the connection instead.
pub(crate) fn to_response(reply: Reply) -> Result<Response<ReplyBody>, Instead> {
    match reply {
        Reply::Answer { status, headers, body } => Ok(response(status, headers, ReplyBody::Whole(Some(body)))),
        Reply::Stall { status, headers, first } => Ok(response(status, headers, ReplyBody::Stalled(Some(first)))),
        Reply::Hang => Err(Instead::Hang),
        Reply::Reset => Err(Instead::Break(Break::Reset)),
        Reply::Close => Err(Instead::Break(Break::Close)),
        Reply::Raw(bytes) => Err(Instead::Break(Break::Raw(bytes))),
    }
}

fn response(status: u16, headers: Vec<(String, String)>, body: ReplyBody) -> Response<ReplyBody> {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(status).expect("a test names a valid status");
    for (name, value) in headers {
        let name = HeaderName::try_from(name).expect("a test names a valid header");
        let value = HeaderValue::try_from(value).expect("a test gives a valid header value");
        response.headers_mut().append(name, value);
    }
    response
}

/// What happens instead of an answer.
pub(crate) enum Instead {
    Hang,
    Break(Break),
}

/// How a connection ends before its answer.
#[derive(Debug)]
pub(crate) enum Break {
    Reset,
    Close,
    Raw(Bytes),
}

impl std::fmt::Display for Break {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the test asked to break the connection")
    }
}

impl std::error::Error for Break {}

/// A body that is there at once, or one that stops in the middle.
pub(crate) enum ReplyBody {
    Whole(Option<Bytes>),
    Stalled(Option<Bytes>),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(rest) => Poll::Ready(rest.take().filter(|bytes| !bytes.is_empty()).map(|bytes| Ok(Frame::data(bytes)))),
            Self::Stalled(first) => match first.take() {
                Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
                None => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None)) || matches!(self, Self::Whole(Some(bytes)) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(rest) => SizeHint::with_exact(rest.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Stalled(_) => SizeHint::default(),
        }
    }
}
