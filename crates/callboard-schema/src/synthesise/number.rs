//! Numbers within their bounds.

use rand::RngExt as _;
use serde_json::Value;

use super::facts::Facts;
use super::generate::Dice;
use super::names;

/// What a number has to keep to.
pub(crate) struct Bounds {
    low: Option<f64>,
    high: Option<f64>,
    above: Option<f64>,
    below: Option<f64>,
    pub(crate) multiple: Option<f64>,
}

impl Bounds {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        // As a flag, `exclusiveMinimum` makes `minimum` exclusive (before 2020-12).
        let flag = |keyword: &str| facts.all(keyword).any(|value| *value == Value::Bool(true));
        let (low, high) = (facts.largest("minimum"), facts.smallest("maximum"));
        let (low_out, high_out) = (flag("exclusiveMinimum"), flag("exclusiveMaximum"));
        Self {
            low: low.filter(|_| !low_out),
            high: high.filter(|_| !high_out),
            above: facts.largest("exclusiveMinimum").or(low.filter(|_| low_out)),
            below: facts.smallest("exclusiveMaximum").or(high.filter(|_| high_out)),
            multiple: facts.largest("multipleOf").filter(|m| *m > 0.0),
        }
    }

    /// The inclusive range in steps of a unit.
    pub(crate) fn range(&self, step: f64) -> (Option<f64>, Option<f64>) {
        let low = [self.low, self.above.map(|n| ((n / step).floor() + 1.0) * step)].into_iter().flatten().reduce(f64::max);
        let high = [self.high, self.below.map(|n| ((n / step).ceil() - 1.0) * step)].into_iter().flatten().reduce(f64::min);
        (low, high)
    }
}

/// A typical range, moved to where the bounds are.
fn within(typical: (f64, f64), low: Option<f64>, high: Option<f64>) -> (f64, f64) {
    let (from, to) = typical;
    match (low, high) {
        (None, None) => (from, to),
        (Some(low), None) => {
            if from >= low {
                (from, to)
            } else {
                (low, low + (to - from).max(1.0))
            }
        }
        (None, Some(high)) => {
            if to <= high {
                (from, to)
            } else {
                (high - (to - from).max(1.0), high)
            }
        }
        (Some(low), Some(high)) => {
            let (a, b) = (from.max(low), to.min(high));
            if a <= b { (a, b) } else { (low, high.max(low)) }
        }
    }
}

/// The distance between two numbers that are next to each other: a whole one, a cent, or what they have to be multiples of.
pub(crate) fn unit(bounds: &Bounds, is_integer: bool) -> f64 {
    match bounds.multiple {
        Some(multiple) if !is_integer || multiple.fract() == 0.0 => multiple,
        _ if is_integer => 1.0,
        _ => fine_enough(0.01, bounds),
    }
}

/// A number of the asked type without the noise of binary fractions; `None` where a float cannot tell it from its neighbour.
pub(crate) fn exact(value: f64, unit: f64, is_integer: bool) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() || value.abs() >= EXACT {
        return None;
    }
    if is_integer { Some(Value::from(value as i64)) } else { Some(number(rounded(value, unit))) }
}

/// An integer.
pub(super) fn integer(facts: &Facts<'_>, name: &str, is_plain: bool, dice: &mut Dice) -> Value {
    let bounds = Bounds::of(facts);
    let step = bounds.multiple.filter(|m| m.fract() == 0.0).unwrap_or(1.0);
    let typical = if is_plain { (1.0, 100.0) } else { names::integers(name) };
    let (low, high) = bounds.range(1.0);
    let (from, to) = within(typical, low.map(f64::ceil), high.map(f64::floor));
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    let chosen = if last > first { dice.random_range(first..=last) } else { first };
    let value = chosen.saturating_mul(step as i64);
    // Beyond 2^53 a bound read as f64 may have moved by rounding.
    Value::from(value)
}

/// A number; with two decimals where nothing else is asked for.
pub(super) fn decimal(facts: &Facts<'_>, name: &str, is_plain: bool, dice: &mut Dice) -> Value {
    let bounds = Bounds::of(facts);
    let (typical, unit) = if is_plain { ((1.0, 100.0), 0.01) } else { names::decimals(name) };
    let step = bounds.multiple.unwrap_or_else(|| fine_enough(unit, &bounds));
    let (low, high) = bounds.range(step);
    let (from, to) = within(typical, low, high);
    let (first, last) = ((from / step).ceil(), (to / step).floor());
    if last < first {
        // Between two steps: the bounds are closer than a cent.
        return number((from + to) / 2.0);
    }
    let chosen = first + dice.random_range(0.0..=1.0_f64).mul_add(last - first, 0.5).floor().min(last - first);
    number(rounded(chosen * step, step))
}

/// A unit of which several fit between the bounds.
fn fine_enough(unit: f64, bounds: &Bounds) -> f64 {
    let (low, high) = (bounds.low.or(bounds.above), bounds.high.or(bounds.below));
    match (low, high) {
        (Some(low), Some(high)) if high > low => unit.min(10_f64.powf((high - low).log10().floor() - 1.0)),
        _ => unit,
    }
}

/// Without the noise of binary fractions: as many decimals as the step has.
fn rounded(value: f64, step: f64) -> f64 {
    let text = step.to_string();
    let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len()).min(12);
    format!("{value:.decimals$}").parse().unwrap_or(value)
}

fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or(Value::from(0), Value::Number)
}
