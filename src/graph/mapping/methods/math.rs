//! Numbers: `add sub mul div mod parseInt parseFloat round sum`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::Num;
use crate::graph::mapping::shape::Shape;

/// More digits than a float has are not asked for.
const MAX_DIGITS: i64 = 15;

pub(super) const ADD: Method = Method {
    name: "add",
    availability: Availability::Everywhere,
    input: Kinds::NUMBER,
    arity: Arity::SOME,
    arguments: &[Kinds::NUMBER],
    at: At::Input,
    flow: Flow::Reads,
    shape: number_shape,
    run: |call| fold(call, |a, b| exact(a, b, i128::checked_add, |a, b| a + b)),
};

pub(super) const SUB: Method =
    Method { name: "sub", run: |call| fold(call, |a, b| exact(a, b, i128::checked_sub, |a, b| a - b)), ..ADD };

pub(super) const MUL: Method =
    Method { name: "mul", run: |call| fold(call, |a, b| exact(a, b, i128::checked_mul, |a, b| a * b)), ..ADD };

pub(super) const DIV: Method = Method {
    name: "div",
    shape: |_, _| Shape::Float,
    run: |call| fold(call, |a, b| Some(Num::Float(a.as_f64() / b.as_f64()))),
    ..ADD
};

pub(super) const MOD: Method =
    Method { name: "mod", run: |call| fold(call, |a, b| exact(a, b, i128::checked_rem, |a, b| a % b)), ..ADD };

pub(super) const PARSE_INT: Method = Method {
    name: "parseInt",
    input: Kinds::STRING.or(Kinds::NUMBER),
    arity: Arity::OPTIONAL,
    shape: |_, _| Shape::Int,
    run: parse_int,
    ..ADD
};

pub(super) const PARSE_FLOAT: Method = Method {
    name: "parseFloat",
    availability: Availability::Pleach,
    input: Kinds::STRING.or(Kinds::NUMBER),
    arity: Arity::NONE,
    shape: |_, _| Shape::Number,
    run: parse_float,
    ..ADD
};

pub(super) const ROUND: Method = Method {
    name: "round",
    availability: Availability::Pleach,
    arity: Arity::OPTIONAL,
    shape: |_, args| if args.is_empty() { Shape::Int } else { Shape::Number },
    run: round,
    ..ADD
};

pub(super) const SUM: Method = Method {
    name: "sum",
    availability: Availability::Pleach,
    input: Kinds::ARRAY,
    arity: Arity::NONE,
    shape: |_, _| Shape::Number,
    run: sum,
    ..ADD
};

/// An integer of integers, a float with floats.
fn number_shape(input: &Shape, args: &[Shape]) -> Shape {
    let mut shapes = std::iter::once(input).chain(args);
    if shapes.clone().all(|shape| *shape == Shape::Int) {
        Shape::Int
    } else if shapes.any(|shape| *shape == Shape::Float) {
        Shape::Float
    } else {
        Shape::Number
    }
}

/// Two integers give an integer, anything else a float.
fn exact(a: Num, b: Num, ints: fn(i128, i128) -> Option<i128>, floats: fn(f64, f64) -> f64) -> Option<Num> {
    match (a, b) {
        (Num::Int(a), Num::Int(b)) => ints(a, b).map(Num::Int),
        (a, b) => Some(Num::Float(floats(a.as_f64(), b.as_f64()))),
    }
}

fn fold<'v>(call: &mut Call<'_, 'v>, operation: fn(Num, Num) -> Option<Num>) -> Option<Cow<'v, Value>> {
    let mut value = Num::of(call.input)?;
    for index in 0..call.args.len() {
        let other = call.number(index)?;
        // Each step must be a JSON number, not only the last.
        match operation(value, other).filter(|result| result.to_value().is_some()) {
            Some(result) => value = result,
            None => return call.fail("has a result that is no 64-bit number"),
        }
    }
    value.to_value().map(Cow::Owned)
}

fn parse_int<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let base = if call.args.is_empty() { 10 } else { call.integer(0)? };
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=36).contains(base)) else {
        return call.fail("needs a base from 2 to 36");
    };
    let digits = match Num::of(call.input) {
        Some(Num::Int(int)) => int.to_string(),
        Some(Num::Float(float)) => format!("{}", float.trunc()),
        None => call.input_text().to_owned(),
    };
    let parsed = i128::from_str_radix(&digits, base).ok();
    match parsed.and_then(|int| Num::Int(int).to_value()) {
        Some(value) => Some(Cow::Owned(value)),
        None => call.fail(&format!("needs the digits of a 64-bit integer in base {base}")),
    }
}

fn parse_float<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    if call.input.is_number() {
        return Some(Cow::Borrowed(call.input));
    }
    // Rust's own parser also reads "inf" and "nan", which JSON cannot hold.
    let parsed = call.input_text().parse::<f64>().ok();
    match parsed.and_then(|float| Num::Float(float).to_value()) {
        Some(value) => Some(Cow::Owned(value)),
        None => call.fail("needs the text of a number"),
    }
}

fn round<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let digits = if call.args.is_empty() { 0 } else { call.integer(0)? };
    if !(0..=MAX_DIGITS).contains(&digits) {
        return call.fail(&format!("needs from 0 to {MAX_DIGITS} digits"));
    }
    let rounded = match Num::of(call.input)? {
        Num::Int(int) => Num::Int(int),
        Num::Float(float) if digits == 0 => match Num::Float(float.round()).as_integer() {
            Some(integer) => Num::Int(integer),
            None => return call.fail("has a result that is no 64-bit number"),
        },
        Num::Float(float) => {
            // At most 15, checked above.
            let scale = 10_f64.powi(digits as i32);
            let scaled = float * scale;
            // What is too large to be scaled has no such digits.
            Num::Float(if scaled.is_finite() { scaled.round() / scale } else { float })
        }
    };
    match rounded.to_value() {
        Some(value) => Some(Cow::Owned(value)),
        None => call.fail("has a result that is no 64-bit number"),
    }
}

fn sum<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut total = Num::Int(0);
    for item in call.input_items() {
        let Some(number) = Num::of(item) else {
            return call.fail(&format!("needs an array of numbers, an element is {}", Kinds::of(item)));
        };
        total = exact(total, number, i128::checked_add, |a, b| a + b)?;
    }
    match total.to_value() {
        Some(value) => Some(Cow::Owned(value)),
        None => call.fail("has a result that is no 64-bit number"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_stays_one_until_a_float_joins() {
        let add = |a, b| exact(a, b, i128::checked_add, |a, b| a + b);
        assert_eq!(add(Num::Int(1), Num::Int(2)), Some(Num::Int(3)));
        assert_eq!(add(Num::Int(1), Num::Float(2.0)), Some(Num::Float(3.0)));
    }
}
