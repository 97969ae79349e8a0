//! `Retry-After` (RFC 9110 section 10.2.3): how long the service asks to wait, in seconds or as a date.

use std::time::Duration;

use http::header::RETRY_AFTER;

use crate::context::Exchange;

/// No service makes a test wait longer.
const LONGEST: Duration = Duration::from_secs(300);

/// What the answer asks for; `None` when it asks for nothing, or for something that is neither seconds nor a date.
pub(crate) fn of(exchange: Option<&Exchange>) -> Option<Duration> {
    parse(exchange?.answer.header(RETRY_AFTER)?, jiff::Timestamp::now())
}

fn parse(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds.max(0.0)).ok()?,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(date.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood() {
        let now = "2015-10-21T07:27:30Z".parse().expect("a time");
        assert_eq!(parse("2", now), Some(Duration::from_secs(2)));
        assert_eq!(parse("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(parse("Wed, 21 Oct 2015 07:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!(parse("100000", now), Some(LONGEST));
        assert_eq!(parse("soon", now), None);
    }
}
