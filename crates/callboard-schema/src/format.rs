//! Formats that are asserted. Others (`hostname`, `phone`, `byte` …) stay annotations: definitions use them loosely.

use jiff::civil;
use jsonschema::{Keyword, ValidationError};
use serde_json::Value;

/// Formats of strings that a validator checks.
pub(crate) const ASSERTED: [&str; 7] = ["date-time", "date", "uuid", "email", "ipv4", "ipv6", "uri"];

/// The keyword by which a bundled schema asks for an integer of 64 bits. Bounds do not do: beyond 2^53 they compare as floats.
pub(crate) const INT64: &str = "x-callboard-int64";

/// The judge of [`INT64`].
pub(crate) struct Int64;

impl<'i> Keyword<'i> for Int64 {
    fn validate(&self, instance: &'i Value) -> Result<(), ValidationError<'i>> {
        if self.is_valid(instance) { Ok(()) } else { Err(ValidationError::custom("an integer of 64 bits")) }
    }

    fn is_valid(&self, instance: &'i Value) -> bool {
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        // What is no integer at all is the affair of `type`.
        instance.as_number().is_none_or(|n| n.is_i64() || (n.is_f64() && n.as_f64().is_some_and(|n| n.abs() < LIMIT)))
    }
}

/// Whether a string has a format of [`ASSERTED`]. An unknown format is met by every string.
pub(crate) fn holds(format: &str, text: &str) -> bool {
    match format {
        "date-time" => is_date_time(text),
        "date" => is_date(text),
        "uuid" => is_uuid(text),
        "email" => is_email(text),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "uri" => is_uri(text),
        _ => true,
    }
}

/// RFC 3339 `date-time`: full date, `T`, full time with an offset.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_at_checked(10) else { return false };
    is_date(date) && time.strip_prefix(['T', 't', ' ']).is_some_and(is_full_time)
}

fn is_full_time(time: &str) -> bool {
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return false,
    };
    is_clock(clock) && (offset.eq_ignore_ascii_case("z") || is_offset(&offset[1..]))
}

fn is_clock(clock: &str) -> bool {
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    // 60 is a leap second.
    !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
        && two_digits(hour, 23)
        && two_digits(minute, 59)
        && two_digits(second, 60)
}

fn is_offset(offset: &str) -> bool {
    offset.split_once(':').is_some_and(|(hour, minute)| two_digits(hour, 23) && two_digits(minute, 59))
}

fn two_digits(text: &str, max: u8) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<u8>().is_ok_and(|n| n <= max)
}

/// RFC 3339 `full-date`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |range: std::ops::Range<usize>| {
        text.get(range).filter(|t| t.bytes().all(|b| b.is_ascii_digit())).and_then(|t| t.parse::<i16>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else { return false };
    let small = |n: i16| i8::try_from(n).unwrap_or(-1);
    civil::Date::new(year, small(month), small(day)).is_ok()
}

/// The 8-4-4-4-12 form of RFC 9562.
fn is_uuid(text: &str) -> bool {
    let is_dash = |i| matches!(i, 8 | 13 | 18 | 23);
    text.len() == 36 && text.bytes().enumerate().all(|(i, b)| if is_dash(i) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Something before an `@` and a host behind it; more would refuse addresses that exist.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, host)| {
        let is_clean = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
        is_clean(local) && is_clean(host) && !host.starts_with('.') && !host.ends_with('.') && !host.contains("..")
    })
}

/// A scheme, a colon and characters that RFC 3986 allows.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let starts_with_letter = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_allowed =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`');
    starts_with_letter && scheme.chars().all(is_scheme) && !rest.is_empty() && rest.chars().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn formats_accept_what_their_standards_accept() {
        let good = [
            ("date-time", "2026-02-28T23:59:60Z"),
            ("date-time", "2026-02-28t10:00:00.123456789+05:30"),
            ("date", "2024-02-29"),
            ("uuid", "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
            ("email", "ada@example.com"),
            ("ipv4", "127.0.0.1"),
            ("ipv6", "::1"),
            ("uri", "https://example.com/a?b=c#d"),
            ("uri", "urn:isbn:0451450523"),
            ("phone", "whatever"),
        ];
        for (format, text) in good {
            assert!(holds(format, text), "{format} {text}");
        }
    }

    #[test]
    fn formats_refuse_what_is_nearly_right() {
        let bad = [
            ("date-time", "2026-02-28 10:00"),
            ("date-time", "2026-02-28T10:00:00"),
            ("date-time", "2026-02-28T10:00:00+0530"),
            ("date-time", "2026-02-30T10:00:00Z"),
            ("date-time", "é"),
            ("date", "2026-2-3"),
            ("date", "2026-02-29"),
            ("uuid", "6F9619FF8B86D011B42D00C04FC964FF"),
            ("email", "ada"),
            ("ipv4", "256.0.0.1"),
            ("uri", "/relative"),
            ("uri", "http://a b"),
        ];
        for (format, text) in bad {
            assert!(!holds(format, text), "{format} {text}");
        }
    }
}
