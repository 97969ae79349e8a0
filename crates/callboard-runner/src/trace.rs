//! The context that every request carries: W3C `traceparent` (one trace per scenario, one span per request) and `baggage` with the
//! name of the test, by which services, virtual ones and collectors tell tests apart.

use std::sync::atomic::{AtomicU64, Ordering};

use callboard_model::names::TestName;
use callboard_schema::parameter::encode;
use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const BAGGAGE: HeaderName = HeaderName::from_static("baggage");

/// The trace of one scenario.
pub(crate) struct Trace {
    /// 32 lowercase hex digits.
    pub(crate) id: String,
    baggage: HeaderValue,
    spans: AtomicU64,
}

impl Trace {
    /// A new trace for a test.
    pub(crate) fn start(test: &TestName) -> Self {
        let baggage = format!("callboard.test={}", encode(test.as_str(), false));
        Self {
            id: Uuid::new_v4().simple().to_string(),
            baggage: HeaderValue::try_from(baggage).expect("percent-encoded text is a valid header value"),
            // Any start but zero, which the format forbids; the ids of one trace only have to differ.
            spans: AtomicU64::new(Uuid::new_v4().as_u64_pair().0 | 1),
        }
    }

    /// Adds the headers for the next request.
    pub(crate) fn mark(&self, headers: &mut HeaderMap) {
        let span = self.spans.fetch_add(2, Ordering::Relaxed);
        let parent = format!("00-{}-{span:016x}-01", self.id);
        headers.insert(TRACEPARENT, HeaderValue::try_from(parent).expect("hex digits are a valid header value"));
        headers.insert(BAGGAGE, self.baggage.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_share_a_trace_and_differ_in_their_span() {
        let trace = Trace::start(&TestName::new("scenarios/a b.arazzo.yaml#x"));
        let mut headers = [HeaderMap::new(), HeaderMap::new()];
        headers.iter_mut().for_each(|headers| trace.mark(headers));
        let parents: Vec<&str> = headers.iter().map(|h| h["traceparent"].to_str().expect("text")).collect();
        assert!(parents.iter().all(|parent| parent.starts_with(&format!("00-{}-", trace.id)) && parent.len() == 55));
        assert_ne!(parents[0], parents[1]);
        assert_eq!(headers[0]["baggage"], "callboard.test=scenarios%2Fa%20b.arazzo.yaml%23x");
    }
}
