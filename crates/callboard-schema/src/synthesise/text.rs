//! Strings: by pattern, by format, by name, in this order.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::{Rng as _, RngExt as _};
use serde_json::Value;

use super::facts::Facts;
use super::generate::{Dice, Place};
use super::{names, pattern};

/// 2026-01-15T09:00:00Z: the present of a world that was told none.
const DEFAULT_NOW: i64 = 1_768_467_600;

/// A few words, for a value about which nothing is known.
pub(super) fn words(dice: &mut Dice) -> Value {
    Value::String(names::word(dice).to_owned())
}

/// A string for a place.
pub(super) fn string(facts: &Facts<'_>, place: &Place, is_plain: bool, now: Option<i64>, dice: &mut Dice) -> String {
    let least = facts.largest("minLength").map_or(0, |n| n.max(0.0) as usize).min(100_000);
    let most = facts.smallest("maxLength").map_or(usize::MAX, |n| n.max(0.0) as usize);
    let drawn = facts.text("pattern").and_then(|p| {
        let by_format = facts.text("format").and_then(|format| formatted(format, place, now, dice));
        let all = |text: &String| facts.all("pattern").filter_map(Value::as_str).all(|p| matches(p, text));
        by_format.filter(all).or_else(|| (0..4).find_map(|_| pattern::sample(p, least, most, dice).filter(all)))
    });
    if let Some(text) = drawn {
        return text;
    }
    if let Some(text) = facts.text("format").and_then(|format| formatted(format, place, now, dice)) {
        return if (least..=most).contains(&text.chars().count()) { text } else { fitted(text, least, most) };
    }
    let named = if is_plain { None } else { names::string(&place.names, dice) };
    fitted(named.unwrap_or_else(|| names::word(dice).to_owned()), least, most)
}

fn matches(pattern: &str, text: &str) -> bool {
    jsonschema::options().build(&serde_json::json!({ "pattern": pattern })).is_ok_and(|judge| judge.is_valid(&Value::from(text)))
}

/// Cut or repeated to a length in characters.
fn fitted(text: String, least: usize, most: usize) -> String {
    let length = text.chars().count();
    if length > most {
        return text.chars().take(most).collect::<String>().trim_end().to_owned();
    }
    if length >= least {
        return text;
    }
    let filler = if text.is_empty() { "a" } else { text.as_str() };
    filler.chars().cycle().take(least).collect()
}

/// A string in a format; `None` where the format says nothing about text.
fn formatted(format: &str, place: &Place, now: Option<i64>, dice: &mut Dice) -> Option<String> {
    let name = place.names.last().map_or("", String::as_str);
    let user = || names::word(&mut dice.clone()).to_lowercase();
    Some(match format {
        "date-time" => moment(name, now, dice).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "date" | "full-date" => moment(name, now, dice).strftime("%Y-%m-%d").to_string(),
        "time" => moment(name, now, dice).strftime("%H:%M:%SZ").to_string(),
        "partial-time" => moment(name, now, dice).strftime("%H:%M:%S").to_string(),
        "duration" => format!("PT{}M", dice.random_range(5..90)),
        "uuid" | "guid" => names::uuid(dice),
        "email" | "idn-email" => names::email(dice),
        "uri" | "url" | "iri" | "URI" => names::url(name, dice),
        "uri-reference" | "iri-reference" => format!("/{}/{}", user(), dice.random_range(1..1000)),
        "uri-template" => format!("/{}/{{id}}", user()),
        "hostname" | "idn-hostname" | "host-name" | "fqdn" => format!("{}.example.com", user()),
        "ipv4" | "ip" | "ip-address" => format!("192.0.2.{}", dice.random_range(1..255)),
        "ipv6" => format!("2001:db8::{:x}", dice.random_range(1..0xffff)),
        "cidr" | "ipv4-cidr" => format!("192.0.2.{}/28", dice.random_range(0..16) * 16),
        "mac" => {
            let bytes = dice.next_u32().to_be_bytes();
            format!("02:00:{:02x}:{:02x}:{:02x}:{:02x}", bytes[0], bytes[1], bytes[2], bytes[3])
        }
        "byte" | "base64" => STANDARD.encode(names::sentence(dice)),
        "binary" => names::sentence(dice),
        "password" => format!("Pw-{:08x}!", dice.next_u32()),
        "phone" | "phone-number" | "telephone" => names::phone(dice),
        "int32" | "int64" | "integer" | "uint64" => dice.random_range(1..100_000).to_string(),
        "decimal" | "double" | "float" | "money" => format!("{}.{:02}", dice.random_range(1..200), dice.random_range(0..100)),
        "json-pointer" => format!("/{}", user()),
        "regex" => "^[a-z]+$".to_owned(),
        "color" | "hex-color" => format!("#{:06x}", dice.next_u32() & 0x00ff_ffff),
        "country-code" | "iso-country" => "DE".to_owned(),
        "currency" | "iso-4217" => "EUR".to_owned(),
        "unix-time" | "timestamp" => moment(name, now, dice).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        _ => return None,
    })
}

/// A moment in the 60 days before the present, or after it where the name speaks of the future.
fn moment(name: &str, now: Option<i64>, dice: &mut Dice) -> jiff::Zoned {
    let now = now.unwrap_or(DEFAULT_NOW);
    let distance = dice.random_range(60..60 * 24 * 3600);
    let second = if names::is_future(name) { now + distance } else { now - distance };
    Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC)
}
