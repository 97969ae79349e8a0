//! Helpers for dates, sums and the machine.

use jiff::Zoned;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};

use super::helpers::Arguments;
use super::value::{Dated, Val};
use crate::wiremock::dates::{Format, Moment, Offset};

type Answer<'a> = Result<Val<'a>, String>;

/// The current time, moved and formatted as asked.
pub(super) fn now<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    rendered(call, Zoned::now().with_time_zone(TimeZone::UTC))
}

/// A date, moved and formatted as asked.
pub(super) fn date<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let moment = match call.at(0) {
        Val::Date(date) => Some(date.moment),
        Val::Missing => Some(Zoned::now().with_time_zone(TimeZone::UTC)),
        other => Moment::parse(&other.to_text()).and_then(|moment| moment.zoned()),
    };
    match moment {
        Some(moment) => rendered(call, moment),
        None => Ok(Val::problem(format!("`{}` is not a date", call.text(0)))),
    }
}

fn rendered<'a>(call: &Arguments<'_, 'a>, moment: Zoned) -> Answer<'a> {
    match shown(call, moment) {
        Ok(dated) => Ok(Val::Date(Box::new(dated))),
        Err(error) => Ok(Val::problem(error)),
    }
}

fn shown(call: &Arguments<'_, '_>, mut moment: Zoned) -> Result<Dated, String> {
    if let Some(offset) = call.named("offset") {
        let offset = Offset::read(&offset.to_text())?;
        moment =
            Moment::Zoned(moment).shifted(offset).and_then(|moment| moment.zoned()).ok_or("the date is out of any calendar")?;
    }
    let zone = call.named("timezone").map(|zone| zone.to_text().into_owned());
    let has_zone = zone.is_some();
    if let Some(zone) = zone {
        moment = moment.with_time_zone(TimeZone::get(&zone).map_err(|_| format!("`{zone}` is not a time zone"))?);
    }
    let format = call.named("format").map(|format| Format::read(&format.to_text())).transpose()?;
    Ok(Dated { moment, format, has_zone })
}

/// Text as a date.
pub(super) fn parse<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let text = call.text(0);
    let moment = match call.named("format") {
        None => Moment::parse(&text),
        Some(format) => match Format::read(&format.to_text()) {
            Ok(format) => format.parse(&text),
            Err(error) => return Ok(Val::problem(error)),
        },
    };
    let dated = moment.and_then(|moment| moment.zoned()).map(|moment| Dated { moment, format: None, has_zone: false });
    Ok(dated.map_or(Val::Missing, |dated| Val::Date(Box::new(dated))))
}

/// A sum of two numbers: a quotient has as many decimals as the dividend, rounded half up.
pub(super) fn math<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    if call.values.len() != 3 {
        return Ok(Val::problem("All maths functions require two operands and an operator as parameters e.g. 3 '+' 2"));
    }
    let (left, right) = (call.at(0).to_number().unwrap_or(0.0), call.at(2).to_number().unwrap_or(0.0));
    let (left_decimals, right_decimals) = (decimals(&call.text(0)), decimals(&call.text(2)));
    let operator = call.text(1);
    let (result, places) = match &*operator {
        "+" => (left + right, left_decimals.max(right_decimals)),
        "-" => (left - right, left_decimals.max(right_decimals)),
        "*" | "x" => (left * right, left_decimals + right_decimals),
        "/" | "%" if right == 0.0 => return Err("division by zero".to_owned()),
        "/" => (left / right, left_decimals),
        "%" => (left % right, left_decimals.max(right_decimals)),
        other => return Ok(Val::problem(format!("{other} is not a valid mathematical operator"))),
    };
    Ok(Val::owned(rounded(result, places)))
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len()).min(15)
}

fn rounded(number: f64, places: usize) -> Value {
    let scale = 10f64.powi(i32::try_from(places).unwrap_or(0));
    let rounded = (number.abs() * scale + 0.5).floor() / scale * number.signum();
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    if places == 0 && rounded.abs() < 9e15 {
        return Value::from(rounded as i64);
    }
    Number::from_f64(rounded).map_or(Value::Null, Value::Number)
}

/// The name of this machine.
pub(super) fn hostname<'a>(_call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    Ok(Val::text(named.map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned())))
}
