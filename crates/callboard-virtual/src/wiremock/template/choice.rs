//! Helpers that answer yes or no.

use super::helpers::Arguments;
use super::value::Val;
use crate::wiremock::regex::Regex;

type Answer<'a> = Result<Val<'a>, String>;

pub(super) fn equal<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(call.at(0).equals(&call.at(1))))
}

pub(super) fn not_equal<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(!call.at(0).equals(&call.at(1))))
}

pub(super) fn greater<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(order(call).is_some_and(std::cmp::Ordering::is_gt)))
}

pub(super) fn greater_or_equal<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(order(call).is_some_and(std::cmp::Ordering::is_ge)))
}

pub(super) fn less<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(order(call).is_some_and(std::cmp::Ordering::is_lt)))
}

pub(super) fn less_or_equal<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(order(call).is_some_and(std::cmp::Ordering::is_le)))
}

/// Numbers by value, all else as text.
fn order(call: &Arguments<'_, '_>) -> Option<std::cmp::Ordering> {
    let (left, right) = (call.at(0), call.at(1));
    match (left.to_number(), right.to_number()) {
        (Some(left), Some(right)) => left.partial_cmp(&right),
        _ => Some(left.to_text().cmp(&right.to_text())),
    }
}

pub(super) fn all<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(call.values.iter().all(Val::is_truthy)))
}

pub(super) fn any<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(call.values.iter().any(Val::is_truthy)))
}

pub(super) fn not<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(!call.at(0).is_truthy()))
}

/// A list contains an item, a text a part.
pub(super) fn contains<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let (whole, part) = (call.at(0), call.at(1));
    if whole.is_missing() || part.is_missing() {
        return Ok(Val::flag(false));
    }
    let found = match whole.items() {
        Some(items) => items.iter().any(|item| item.equals(&part)),
        None => whole.to_text().contains(&*part.to_text()),
    };
    Ok(Val::flag(found))
}

/// A text fits an expression as a whole.
pub(super) fn matches<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    match Regex::whole(&call.text(1)) {
        Ok(regex) => Ok(Val::flag(regex.is_match(&call.text(0)))),
        Err(error) => Ok(Val::problem(error)),
    }
}

pub(super) fn even<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(call.at(0).to_number().is_some_and(|number| number.rem_euclid(2.0) == 0.0)))
}

pub(super) fn odd<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::flag(call.at(0).to_number().is_some_and(|number| number.rem_euclid(2.0) == 1.0)))
}
