//! What the services read from a request. A request that cannot be read is refused with a [`Problem`], as the definitions say.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, request::Parts};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await.map_err(|error| Problem::bad_request(format!("body: {error}")))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| Problem::bad_request(format!("body: {error}")))
    }
}

/// The variables of the path.
#[derive(Debug)]
pub(crate) struct Segments<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::from_request_parts(parts, state).await;
        path.map(|Path(value)| Self(value)).map_err(|error| Problem::bad_request(format!("path: {error}")))
    }
}

/// The query.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let query = Query::try_from_uri(&parts.uri);
        query.map(|Query(value)| Self(value)).map_err(|error| Problem::bad_request(format!("query: {error}")))
    }
}

/// The W3C headers that tell on whose behalf a request is made. Each service hands them on to the neighbours that it asks, so that
/// a trace holds together and a virtual neighbour knows which test it works for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace(Vec<(&'static str, HeaderValue)>);

impl Trace {
    const NAMES: [&'static str; 3] = ["traceparent", "tracestate", "baggage"];

    /// Takes them from the headers of a request; `baggage` may be there several times.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        Self(
            Self::NAMES
                .into_iter()
                .flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value.clone())))
                .collect(),
        )
    }

    /// The headers, to be set on a request to a neighbour.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Trace {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.headers))
    }
}
