//! Helpers that work on text.

use std::borrow::Cow;

use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::helpers::Arguments;
use super::value::Val;
use crate::wiremock::regex::Regex;

type Answer<'a> = Result<Val<'a>, String>;

pub(super) fn trim<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(call.text(0).trim().to_owned()))
}

pub(super) fn upper<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(call.text(0).to_uppercase()))
}

pub(super) fn lower<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(call.text(0).to_lowercase()))
}

/// The first letter of each word.
pub(super) fn capitalize<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let words = text.split(' ').map(first_upper);
    Ok(Val::text(words.collect::<Vec<_>>().join(" ")))
}

pub(super) fn capitalize_first<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(first_upper(&call.text(0))))
}

fn first_upper(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn base64<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    if call.is_set("decode") {
        return Ok(match STANDARD.decode(text.trim()) {
            Ok(bytes) => Val::text(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) => Val::problem(format!("not base64: {error}")),
        });
    }
    let encoded = STANDARD.encode(text.as_bytes());
    let has_padding = call.named("padding").is_none_or(|padding| padding.to_text() != "false");
    Ok(Val::text(if has_padding { encoded } else { encoded.trim_end_matches('=').to_owned() }))
}

pub(super) fn url_encode<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    if call.is_set("decode") {
        let spaced = text.replace('+', " ");
        return Ok(Val::text(percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()));
    }
    Ok(Val::text(url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()))
}

pub(super) fn substring<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let letters: Vec<char> = text.chars().collect();
    let start = call.count(1).ok_or("`substring` needs the place where it starts")?;
    let end = call.count(2).unwrap_or(letters.len()).min(letters.len());
    let part = letters.get(start..end.max(start)).unwrap_or_default();
    Ok(Val::text(part.iter().collect::<String>()))
}

pub(super) fn replace<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::text(call.text(0).replace(&*call.text(1), &call.text(2))))
}

/// Removes all of a part: a blank when none is named.
pub(super) fn cut<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let part = if call.at(1).is_missing() { Cow::Borrowed(" ") } else { call.text(1) };
    Ok(Val::text(call.text(0).replace(&*part, "")))
}

pub(super) fn abbreviate<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let width = call.count(1).ok_or("`abbreviate` needs a width")?;
    if text.chars().count() <= width {
        return Ok(Val::text(text));
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    Ok(Val::text(format!("{kept}...")))
}

pub(super) fn left<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    justify(call, |missing| (0, missing))
}

pub(super) fn right<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    justify(call, |missing| (missing, 0))
}

pub(super) fn center<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    justify(call, |missing| (missing / 2, missing - missing / 2))
}

/// The widest that a text is filled up to.
const MAX_WIDTH: usize = 1_000_000;

fn justify<'a>(call: &mut Arguments<'_, 'a>, share: fn(usize) -> (usize, usize)) -> Answer<'a> {
    let text = call.text(0);
    let width = call.named("size").and_then(|size| size.to_number());
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a negative or huge width is cut to the bounds")]
    let width = width.map(|width| width as usize).or_else(|| call.count(1)).ok_or("a `size` is missing")?.min(MAX_WIDTH);
    let pad = call.named("pad").map_or(Cow::Borrowed(" "), |pad| pad.to_text());
    let (before, after) = share(width.saturating_sub(text.chars().count()));
    Ok(Val::text(format!("{}{text}{}", pad.repeat(before), pad.repeat(after))))
}

pub(super) fn default_if_empty<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let value = call.at(0);
    Ok(if value.is_truthy() { value } else { call.at(1) })
}

pub(super) fn slugify<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0).trim().to_lowercase();
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_').collect())
        .collect();
    Ok(Val::text(words.join("-")))
}

pub(super) fn yes_or_no<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let value = call.at(0);
    let (name, default) = match (value.is_missing(), value.is_truthy()) {
        (true, _) => ("maybe", "maybe"),
        (false, true) => ("yes", "yes"),
        (false, false) => ("no", "no"),
    };
    Ok(call.named(name).unwrap_or(Val::text(default)))
}

/// The first hit, or all groups under a name.
pub(super) fn regex_extract<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let source = call.text(1);
    let Ok(regex) = Regex::search(&source) else { return Ok(Val::problem(format!("Invalid regex string {source}"))) };
    let Some(groups) = regex.groups(&call.text(0)) else {
        return Ok(call.named("default").unwrap_or_else(|| Val::problem(format!("Nothing matched {source}"))));
    };
    let name = call.at(2);
    if name.is_missing() {
        return Ok(Val::text(groups.into_iter().next().flatten().unwrap_or_default()));
    }
    let values = groups.into_iter().skip(1).map(|group| Cow::Owned(group.unwrap_or_default())).collect();
    call.scope.assign(name.to_text().into_owned(), Val::Values(values));
    Ok(Val::Missing)
}

/// A form as names and values.
pub(super) fn form_data<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let mut form = Map::new();
    for member in text.split('&').filter(|member| !member.is_empty()) {
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        let decoded = |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let value = if call.is_set("urlDecode") { decoded(value) } else { value.to_owned() };
        match form.get_mut(name) {
            Some(Value::Array(values)) => values.push(value.into()),
            Some(first) => *first = Value::Array(vec![first.take(), value.into()]),
            None => {
                form.insert(name.to_owned(), value.into());
            }
        }
    }
    remember(call, 1, Val::owned(Value::Object(form)))
}

/// Assigns a value to the name that an argument gives, or gives the value itself.
pub(super) fn remember<'a>(call: &mut Arguments<'_, 'a>, at: usize, value: Val<'a>) -> Answer<'a> {
    let name = call.at(at);
    if name.is_missing() {
        return Ok(value);
    }
    call.scope.assign(name.to_text().into_owned(), value);
    Ok(Val::Missing)
}
