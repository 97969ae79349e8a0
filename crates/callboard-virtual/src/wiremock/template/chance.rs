//! Helpers that draw values by chance.

use rand::RngExt as _;
use serde_json::Value;

use super::helpers::Arguments;
use super::value::Val;

type Answer<'a> = Result<Val<'a>, String>;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const SYMBOLS: &str = "!#$%&()*+,-./:;<=>?@[]^_`{|}~";
/// The longest value that is drawn.
const MAX_LENGTH: f64 = 1_000_000.0;

/// A text of a length and an alphabet, or a UUID.
pub(super) fn value<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let kind = call.named("type").map_or_else(|| "ALPHANUMERIC".to_owned(), |kind| kind.to_text().to_uppercase());
    let is_upper = call.is_set("uppercase");
    let letters = if is_upper { UPPER } else { LOWER };
    let alphabet = match kind.as_str() {
        "UUID" => {
            let id = uuid::Uuid::new_v4().to_string();
            return Ok(Val::text(if is_upper { id.to_uppercase() } else { id }));
        }
        "ALPHANUMERIC" => format!("{letters}{DIGITS}"),
        "ALPHABETIC" => letters.to_owned(),
        "NUMERIC" => DIGITS.to_owned(),
        "HEXADECIMAL" if is_upper => format!("{DIGITS}ABCDEF"),
        "HEXADECIMAL" => format!("{DIGITS}abcdef"),
        "ALPHANUMERIC_AND_SYMBOLS" => format!("{letters}{DIGITS}{SYMBOLS}"),
        other => return Ok(Val::problem(format!("{other} is not a type of randomValue"))),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bounds are set just before")]
    let length = call.number("length").unwrap_or(36.0).clamp(0.0, MAX_LENGTH) as usize;
    let alphabet = alphabet.as_bytes();
    let mut random = rand::rng();
    Ok(Val::text((0..length).map(|_| char::from(alphabet[random.random_range(0..alphabet.len())])).collect::<String>()))
}

/// A whole number between two bounds, the upper one excluded.
pub(super) fn int<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    #[expect(clippy::cast_possible_truncation, reason = "a bound beyond 64 bits saturates")]
    let bound = |name| call.number(name).map(|number| number as i64);
    let (low, high) = (bound("lower").unwrap_or(i64::from(i32::MIN)), bound("upper").unwrap_or(i64::from(i32::MAX)));
    if low >= high {
        return Ok(Val::problem("the lower bound of randomInt must be below the upper one"));
    }
    Ok(Val::owned(rand::rng().random_range(low..high).into()))
}

/// A number between two bounds.
pub(super) fn decimal<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let (low, high) = (call.number("lower").unwrap_or(-1e9), call.number("upper").unwrap_or(1e9));
    if low >= high {
        return Ok(Val::problem("the lower bound of randomDecimal must be below the upper one"));
    }
    Ok(Val::owned(Value::from(rand::rng().random_range(low..high))))
}

/// One of the arguments, or of the items of a list.
pub(super) fn pick<'a>(call: &mut Arguments<'_, 'a>) -> Answer<'a> {
    let items = match call.values.as_slice() {
        [one] => one.items().unwrap_or_else(|| vec![one.clone()]),
        several => several.to_vec(),
    };
    if items.is_empty() {
        return Ok(Val::problem("Must specify either a single list argument or a set of single value arguments."));
    }
    let at = rand::rng().random_range(0..items.len());
    Ok(items.into_iter().nth(at).unwrap_or(Val::Missing))
}
