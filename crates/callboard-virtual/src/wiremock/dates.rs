//! Dates in matchers and templates: what Java's date patterns mean, and comparisons with a fixed date or one relative to now.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, Zoned};

use super::refusal::{Object, Refusal};

/// `before`, `after` or `equalToDateTime`.
#[derive(Clone, Debug)]
pub(crate) struct DateMatch {
    relation: Relation,
    expected: Option<Expected>,
    format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Before,
    After,
    Equal,
}

#[derive(Clone, Debug)]
enum Expected {
    Fixed(Moment),
    /// So much later than now.
    FromNow(Offset),
}

/// A date with or without a zone.
#[derive(Clone, Debug)]
pub(crate) enum Moment {
    Zoned(Zoned),
    Local(DateTime),
}

/// How a date is written.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    /// Milliseconds since 1970.
    Epoch,
    /// Seconds since 1970.
    Unix,
    /// In the notation of `strftime`.
    Pattern(String),
}

/// An amount of a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offset {
    amount: i64,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
    Weeks,
    Months,
    Years,
}

impl DateMatch {
    /// Reads the keys of a date matcher, of which `key` is the relation.
    pub(crate) fn read(object: &Object<'_>, key: &str) -> Result<Self, Refusal> {
        let source = object.text(key)?.unwrap_or_default();
        let format = object.text("actualFormat")?.map(Format::read).transpose();
        let format = format.map_err(|error| Refusal::at(&object.place("actualFormat"), error))?;
        let relation = match key {
            "before" => Relation::Before,
            "after" => Relation::After,
            _ => Relation::Equal,
        };
        let mut expected = Expected::read(source);
        if let Some(amount) = object.number("expectedOffset")? {
            let unit = Unit::read(object.text("expectedOffsetUnit")?.unwrap_or("days"));
            let unit = unit.map_err(|error| Refusal::at(&object.place("expectedOffsetUnit"), error))?;
            #[expect(clippy::cast_possible_truncation, reason = "an offset beyond 64 bits is out of any calendar and saturates")]
            let offset = Offset { amount: amount as i64, unit };
            expected = expected.and_then(|expected| expected.shifted(offset));
        }
        Ok(Self { relation, expected, format })
    }

    /// Whether a text is a date in the right relation. What is no date never is.
    pub(crate) fn matches(&self, text: &str) -> bool {
        let actual = match &self.format {
            Some(format) => format.parse(text),
            None => Moment::parse(text),
        };
        let expected = self.expected.as_ref().and_then(Expected::moment);
        let (Some(actual), Some(expected)) = (actual, expected) else { return false };
        let order = match (&actual, &expected) {
            (Moment::Zoned(actual), Moment::Zoned(expected)) => actual.timestamp().cmp(&expected.timestamp()),
            (actual, Moment::Local(expected)) => actual.local().cmp(expected),
            (Moment::Local(_), Moment::Zoned(_)) => return false,
        };
        match self.relation {
            Relation::Before => order.is_lt(),
            Relation::After => order.is_gt(),
            Relation::Equal => order.is_eq(),
        }
    }
}

impl Expected {
    fn read(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        if let Some(rest) = trimmed.strip_prefix("now") {
            let rest = rest.trim();
            return if rest.is_empty() { Some(Self::FromNow(Offset::NONE)) } else { Offset::read(rest).ok().map(Self::FromNow) };
        }
        match Offset::read(trimmed) {
            Ok(offset) => Some(Self::FromNow(offset)),
            Err(_) => Moment::parse(trimmed).map(Self::Fixed),
        }
    }

    fn shifted(self, offset: Offset) -> Option<Self> {
        match self {
            Self::Fixed(moment) => moment.shifted(offset).map(Self::Fixed),
            Self::FromNow(_) => Some(Self::FromNow(offset)),
        }
    }

    fn moment(&self) -> Option<Moment> {
        match self {
            Self::Fixed(moment) => Some(moment.clone()),
            Self::FromNow(offset) => Moment::Zoned(Zoned::now().with_time_zone(TimeZone::UTC)).shifted(*offset),
        }
    }
}

impl Moment {
    /// ISO 8601 with or without a zone or time, or the date of an HTTP header.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self::Zoned(timestamp.to_zoned(TimeZone::UTC)));
        }
        if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
            return Some(Self::Zoned(zoned));
        }
        text.parse::<DateTime>().ok().map(Self::Local)
    }

    pub(crate) fn shifted(&self, offset: Offset) -> Option<Self> {
        let span = offset.span()?;
        match self {
            Self::Zoned(zoned) => zoned.checked_add(span).ok().map(Self::Zoned),
            Self::Local(local) => local.checked_add(span).ok().map(Self::Local),
        }
    }

    fn local(&self) -> DateTime {
        match self {
            Self::Zoned(zoned) => zoned.datetime(),
            Self::Local(local) => *local,
        }
    }

    /// With a zone: UTC where none is known.
    pub(crate) fn zoned(&self) -> Option<Zoned> {
        match self {
            Self::Zoned(zoned) => Some(zoned.clone()),
            Self::Local(local) => local.to_zoned(TimeZone::UTC).ok(),
        }
    }
}

impl Format {
    /// `epoch`, `unix`, or a pattern of Java's `SimpleDateFormat`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        match text {
            "epoch" => Ok(Self::Epoch),
            "unix" => Ok(Self::Unix),
            pattern => strftime(pattern).map(Self::Pattern),
        }
    }

    /// A date as text.
    pub(crate) fn print(&self, moment: &Zoned) -> Result<String, String> {
        match self {
            Self::Epoch => Ok(moment.timestamp().as_millisecond().to_string()),
            Self::Unix => Ok(moment.timestamp().as_second().to_string()),
            Self::Pattern(pattern) => jiff::fmt::strtime::format(pattern, moment).map_err(|error| error.to_string()),
        }
    }

    /// Text as a date.
    pub(crate) fn parse(&self, text: &str) -> Option<Moment> {
        let at = |timestamp: Result<Timestamp, jiff::Error>| Some(Moment::Zoned(timestamp.ok()?.to_zoned(TimeZone::UTC)));
        match self {
            Self::Epoch => at(Timestamp::from_millisecond(text.trim().parse().ok()?)),
            Self::Unix => at(Timestamp::from_second(text.trim().parse().ok()?)),
            Self::Pattern(pattern) => {
                let parsed = jiff::fmt::strtime::parse(pattern, text).ok()?;
                match parsed.to_timestamp() {
                    Ok(timestamp) => at(Ok(timestamp)),
                    Err(_) => parsed
                        .to_datetime()
                        .ok()
                        .or_else(|| parsed.to_date().ok().map(|date| date.to_datetime(jiff::civil::Time::midnight())))
                        .map(Moment::Local),
                }
            }
        }
    }
}

impl Offset {
    const NONE: Self = Self { amount: 0, unit: Unit::Seconds };

    /// `3 days`, `+3 days`, `-1 months`.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an offset such as \"3 days\" or \"-1 months\"");
        let (sign, rest) = match text.trim().strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.trim().trim_start_matches('+')),
        };
        let (amount, unit) = rest.trim().split_once(' ').ok_or_else(wrong)?;
        let amount: i64 = amount.parse().map_err(|_| wrong())?;
        Ok(Self { amount: sign * amount, unit: Unit::read(unit.trim()).map_err(|_| wrong())? })
    }

    fn span(self) -> Option<Span> {
        let span = Span::new();
        match self.unit {
            Unit::Seconds => span.try_seconds(self.amount),
            Unit::Minutes => span.try_minutes(self.amount),
            Unit::Hours => span.try_hours(self.amount),
            Unit::Days => span.try_days(self.amount),
            Unit::Weeks => span.try_weeks(self.amount),
            Unit::Months => span.try_months(self.amount),
            Unit::Years => span.try_years(self.amount),
        }
        .ok()
    }
}

impl Unit {
    fn read(text: &str) -> Result<Self, String> {
        Ok(match text.to_ascii_lowercase().trim_end_matches('s') {
            "second" => Self::Seconds,
            "minute" => Self::Minutes,
            "hour" => Self::Hours,
            "day" => Self::Days,
            "week" => Self::Weeks,
            "month" => Self::Months,
            "year" => Self::Years,
            _ => return Err(format!("`{text}` is not a unit of time: seconds, minutes, hours, days, weeks, months or years")),
        })
    }
}

/// A pattern of `SimpleDateFormat` in the notation of `strftime`; letters without a counterpart are errors.
fn strftime(pattern: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let end = rest[1..].find('\'').ok_or_else(|| format!("a quote of `{pattern}` is not closed"))?;
            out.push_str(if end == 0 { "'" } else { &rest[1..=end] });
            rest = &rest[end + 2..];
            continue;
        }
        if letter == '%' {
            out.push_str("%%");
        } else if !letter.is_ascii_alphabetic() {
            out.push(letter);
        }
        let length =
            if letter.is_ascii_alphabetic() { rest.len() - rest.trim_start_matches(letter).len() } else { letter.len_utf8() };
        if letter.is_ascii_alphabetic() {
            out.push_str(
                directive(letter, length)
                    .ok_or_else(|| format!("`{}` of the date format `{pattern}` is not supported", &rest[..length]))?,
            );
        }
        rest = &rest[length..];
    }
    Ok(out)
}

fn directive(letter: char, length: usize) -> Option<&'static str> {
    Some(match (letter, length) {
        ('y' | 'u', 2) => "%y",
        ('y' | 'u', _) => "%Y",
        ('M' | 'L', 1) => "%-m",
        ('M' | 'L', 2) => "%m",
        ('M' | 'L', 3) => "%b",
        ('M' | 'L', _) => "%B",
        ('d', 1) => "%-d",
        ('d', _) => "%d",
        ('D', _) => "%j",
        ('H', 1) => "%-H",
        ('H', _) => "%H",
        ('h', 1) => "%-I",
        ('h', _) => "%I",
        ('m', 1) => "%-M",
        ('m', _) => "%M",
        ('s', 1) => "%-S",
        ('s', _) => "%S",
        ('S', 1..=3) => "%3f",
        ('S', 6) => "%6f",
        ('S', 9) => "%9f",
        ('a', _) => "%p",
        ('E', 1..=3) => "%a",
        ('E', _) => "%A",
        ('z', _) => "%Z",
        ('Z', _) => "%z",
        ('X', 1) => "%:z",
        ('X', 2) => "%z",
        ('X', 3) => "%:z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(matcher: &serde_json::Value, key: &str, actual: &str, fits: bool) {
        let object = Object::any(matcher, "").expect("an object");
        let date = DateMatch::read(&object, key).expect("a matcher");
        assert_eq!(date.matches(actual), fits, "{matcher} {actual}");
    }

    #[test]
    fn dates_are_compared_with_and_without_zones() {
        check(&json!({"before": "2021-05-01T00:00:00Z"}), "before", "2021-04-30T23:59:59Z", true);
        check(&json!({"before": "2021-05-01T00:00:00Z"}), "before", "2021-05-01T01:00:00+01:00", false);
        check(&json!({"after": "2021-05-01"}), "after", "2021-05-02T00:00:00Z", true);
        check(&json!({"equalToDateTime": "2020-01-01T00:00:00Z"}), "equalToDateTime", "Wed, 01 Jan 2020 00:00:00 GMT", true);
        check(&json!({"before": "now +3 days"}), "before", "2021-04-30T23:59:59Z", true);
        check(&json!({"after": "now"}), "after", "2021-04-30T23:59:59Z", false);
        check(&json!({"before": "garbage"}), "before", "2021-04-30T23:59:59Z", false);
        check(&json!({"before": "2021-05-01T00:00:00Z", "actualFormat": "dd/MM/yyyy"}), "before", "01/04/2021", false);
        check(&json!({"after": "2021-05-01T00:00:00", "actualFormat": "dd/MM/yyyy"}), "after", "02/06/2021", true);
    }

    #[test]
    fn date_patterns_of_java_print_alike() {
        let moment: Zoned = "2026-03-04T15:06:07.089+00:00[UTC]".parse().expect("a date");
        for (pattern, expected) in [
            ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2026-03-04T15:06:07.089+00:00"),
            ("EEE, d MMM yy h:mm a", "Wed, 4 Mar 26 3:06 PM"),
            ("epoch", "1772636767089"),
            ("unix", "1772636767"),
            ("dd''MM", "04'03"),
        ] {
            assert_eq!(Format::read(pattern).and_then(|format| format.print(&moment)).expect("a format"), expected, "{pattern}");
        }
        assert!(Format::read("QQQ").is_err());
    }
}
