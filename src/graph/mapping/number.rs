//! Numbers that stay integers until an operation needs a float.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A number during a calculation. Integers are wider than JSON's 64 bits, so that overflow is seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Num {
    Int(i128),
    Float(f64),
}

// === impl Num ===

impl Num {
    /// The number of a JSON value, if it is one.
    pub fn of(value: &Value) -> Option<Self> {
        let Value::Number(number) = value else { return None };
        Some(match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => Self::Int(int.into()),
            (None, Some(int)) => Self::Int(int.into()),
            (None, None) => Self::Float(number.as_f64()?),
        })
    }

    /// The JSON number, unless it is out of range or not finite.
    pub fn to_value(self) -> Option<Value> {
        let number = match self {
            Self::Int(int) => match i64::try_from(int) {
                Ok(int) => int.into(),
                Err(_) => u64::try_from(int).ok()?.into(),
            },
            Self::Float(float) => Number::from_f64(float)?,
        };
        Some(Value::Number(number))
    }

    /// The nearest float.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    /// The integer this is exactly, if it is one.
    pub fn as_integer(self) -> Option<i128> {
        match self {
            Self::Int(int) => Some(int),
            // Beyond 2^64 no JSON integer can be equal to it.
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 2e19 => Some(float as i128),
            Self::Float(_) => None,
        }
    }

    /// Numerical order; integers are not rounded to floats for it.
    pub fn compare(self, other: Self) -> Ordering {
        match (self.as_integer(), other.as_integer()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        }
    }
}

/// The integer a value holds, if it is one that fits 64 bits and was written as integer.
pub(super) fn integer(value: &Value) -> Option<i64> {
    match Num::of(value)? {
        Num::Int(int) => i64::try_from(int).ok(),
        Num::Float(_) => None,
    }
}
