//! Helpers that work on lists and on names.

use super::helpers::Arguments;
use super::value::Val;

type Answer<'a> = Result<Val<'a>, String>;

/// The longest list that a helper makes.
const MAX_ITEMS: i64 = 100_000;

pub(super) fn size<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let value = call.at(0);
    let count = match (&value, value.items()) {
        (_, Some(items)) => items.len(),
        (Val::Json(json), _) if json.is_object() => value.members().len(),
        (Val::Part(..), _) => value.members().len(),
        (value, None) => value.to_text().chars().count(),
    };
    Ok(Val::number(count))
}

pub(super) fn range<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    #[expect(clippy::cast_possible_truncation, reason = "a bound beyond 64 bits saturates, and the length is checked")]
    let bound = |index| call.at(index).to_number().map(|number| number as i64);
    let (Some(low), Some(high)) = (bound(0), bound(1)) else {
        return Ok(Val::problem("The range helper requires both lower and upper bounds as integer parameters"));
    };
    if high.saturating_sub(low) >= MAX_ITEMS {
        return Ok(Val::problem(format!("a range of more than {MAX_ITEMS} numbers")));
    }
    Ok(Val::List((low..=high).map(|number| Val::owned(number.into())).collect()))
}

pub(super) fn array<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    Ok(Val::List(call.values.clone()))
}

/// A list with one item more, at a place or at the end.
pub(super) fn add<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let Some(mut items) = call.at(0).items() else { return Ok(Val::problem("The first parameter of arrayAdd must be a list")) };
    let at = place(call, items.len(), "end").filter(|at| *at <= items.len());
    let Some(at) = at else { return Ok(Val::problem("The position of arrayAdd is outside of the list")) };
    items.insert(at, call.at(1));
    Ok(Val::List(items))
}

/// A list with one item less.
pub(super) fn remove<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let Some(mut items) = call.at(0).items() else {
        return Ok(Val::problem("The first parameter of arrayRemove must be a list"));
    };
    let Some(last) = items.len().checked_sub(1) else { return Ok(Val::List(items)) };
    let at = place(call, last, "end").filter(|at| *at <= last);
    let Some(at) = at else { return Ok(Val::problem("The position of arrayRemove is outside of the list")) };
    items.remove(at);
    Ok(Val::List(items))
}

fn place(call: &Arguments<'_, '_>, end: usize, end_name: &str) -> Option<usize> {
    let Some(position) = call.named("position") else { return Some(end) };
    match &*position.to_text() {
        "start" => Some(0),
        name if name == end_name => Some(end),
        number => number.parse().ok(),
    }
}

/// The items of a list as one text.
pub(super) fn join<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let separator = call.text(0);
    let items = call.at(1).items().unwrap_or_default();
    let part = |name| call.named(name).map_or_else(String::new, |value| value.to_text().into_owned());
    let texts: Vec<String> = items.iter().map(|item| item.to_text().into_owned()).collect();
    Ok(Val::text(format!("{}{}{}", part("prefix"), texts.join(&separator), part("suffix"))))
}

/// The arguments, or the items of the first, as one text; the last is the separator.
pub(super) fn join_all<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let Some((separator, values)) = call.values.split_last() else { return Ok(Val::text("")) };
    let items = match values {
        [one] => one.items().unwrap_or_else(|| vec![one.clone()]),
        several => several.to_vec(),
    };
    let texts: Vec<String> = items.iter().map(|item| item.to_text().into_owned()).collect();
    Ok(Val::text(texts.join(&separator.to_text())))
}

/// A value, or another where it is missing; under a name if one is given.
pub(super) fn val<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let value = call.at(0);
    let default = || call.named("or").or_else(|| call.named("default")).unwrap_or(Val::Missing);
    let value = if value.is_missing() { default() } else { value };
    let Some(name) = call.named("assign") else { return Ok(value) };
    call.scope.assign(name.to_text().into_owned(), value);
    Ok(Val::Missing)
}

/// Remembers the content of the block under a name.
pub(super) fn assign<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let (name, value) = if call.content.is_some() { (call.text(1), call.at(0)) } else { (call.text(0), call.at(1)) };
    if name.is_empty() {
        return Err(format!("`{}` needs a name", call.name));
    }
    call.scope.assign(name.into_owned(), value);
    Ok(Val::Missing)
}
