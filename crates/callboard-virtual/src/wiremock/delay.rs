//! How long an answer waits.

use std::time::Duration;

use rand::RngExt as _;
use serde_json::Value;

use super::fields;
use super::refusal::{Object, Refusal};

/// A fixed delay and one drawn by chance; both are waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Delay {
    /// Milliseconds; a 0 that is set is not the same as nothing set.
    pub(crate) fixed: Option<u64>,
    pub(crate) drawn: Option<Distribution>,
}

/// A distribution of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Distribution {
    Fixed(f64),
    Uniform { lower: f64, upper: f64 },
    LogNormal { median: f64, sigma: f64, max: Option<f64> },
}

/// No answer waits longer: a day.
const MAX_MILLISECONDS: f64 = 86_400_000.0;

impl Delay {
    /// Reads `fixedDelayMilliseconds` and `delayDistribution`.
    pub(crate) fn read(object: &Object<'_>) -> Result<Self, Refusal> {
        Ok(Self { fixed: object.count("fixedDelayMilliseconds")?, drawn: Distribution::read(object)? })
    }

    /// The delay of one answer; what is not set here is taken from the global settings.
    pub(crate) fn draw(&self, global: &Self) -> Duration {
        let drawn = self.drawn.as_ref().or(global.drawn.as_ref());
        let fixed = self.fixed.or(global.fixed).unwrap_or_default();
        if fixed == 0 && drawn.is_none() {
            return Duration::ZERO;
        }
        let milliseconds = drawn.map_or(0.0, Distribution::draw).clamp(0.0, MAX_MILLISECONDS);
        Duration::from_millis(fixed) + Duration::from_secs_f64(milliseconds / 1000.0)
    }
}

impl Distribution {
    /// Reads `delayDistribution`.
    pub(crate) fn read(object: &Object<'_>) -> Result<Option<Self>, Refusal> {
        let Some(value) = object.get("delayDistribution") else { return Ok(None) };
        Self::read_inner(value, &object.place("delayDistribution")).map(Some)
    }

    fn read_inner(value: &Value, at: &str) -> Result<Self, Refusal> {
        let inner = Object::read(value, at, &[fields::DELAY])?;
        let number = |key: &str| {
            let number = inner.number(key)?.ok_or_else(|| Refusal::at(at, format!("`{key}` is missing")))?;
            if number < 0.0 { Err(Refusal::at(&inner.place(key), format!("`{key}` must not be negative"))) } else { Ok(number) }
        };
        let drawn = match inner.text("type")?.unwrap_or_default() {
            "fixed" => Self::Fixed(number("milliseconds")?),
            "uniform" => Self::Uniform { lower: number("lower")?, upper: number("upper")? },
            "lognormal" => Self::LogNormal { median: number("median")?, sigma: number("sigma")?, max: inner.number("maxValue")? },
            other => {
                return Err(Refusal::at(
                    &inner.place("type"),
                    format!("`{other}` is not a distribution: fixed, uniform or lognormal"),
                ));
            }
        };
        match drawn {
            Self::Uniform { lower, upper } if lower > upper => Err(Refusal::at(at, "`lower` is above `upper`")),
            drawn => Ok(drawn),
        }
    }

    fn draw(&self) -> f64 {
        let mut random = rand::rng();
        match *self {
            Self::Fixed(milliseconds) => milliseconds,
            Self::Uniform { lower, upper } => lower + (upper - lower) * random.random::<f64>(),
            Self::LogNormal { median, sigma, max } => {
                // Box and Muller: two uniform draws make a normal one.
                let (first, second): (f64, f64) = (1.0 - random.random::<f64>(), random.random());
                let normal = (-2.0 * first.ln()).sqrt() * (std::f64::consts::TAU * second).cos();
                let drawn = median * (sigma * normal).exp();
                max.map_or(drawn, |max| drawn.min(max))
            }
        }
    }
}
