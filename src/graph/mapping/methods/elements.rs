//! Parts of arrays and text: `first last get slice size has`. Positions in text count characters.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::integer;
use crate::graph::mapping::shape::Shape;

const LISTED: Kinds = Kinds::ARRAY.or(Kinds::STRING);

const ELEMENT: Method = Method {
    name: "",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::NONE,
    arguments: &[],
    at: At::Input,
    flow: Flow::Keeps,
    shape: |input, _| input.element(),
    run: |_| None,
};

pub(super) const FIRST: Method =
    Method { name: "first", run: |call| end(call, |items| items.first(), |text| text.chars().next()), ..ELEMENT };

pub(super) const LAST: Method =
    Method { name: "last", run: |call| end(call, |items| items.last(), |text| text.chars().next_back()), ..ELEMENT };

pub(super) const GET: Method = Method {
    name: "get",
    input: LISTED.or(Kinds::OBJECT),
    arity: Arity::ONE,
    arguments: &[Kinds::NUMBER.or(Kinds::STRING)],
    flow: Flow::Reads,
    shape: got,
    run: get,
    ..ELEMENT
};

pub(super) const SLICE: Method = Method {
    name: "slice",
    input: LISTED,
    arity: Arity::between(0, 2),
    arguments: &[Kinds::NUMBER],
    shape: |input, _| input.without_literals(),
    run: slice,
    ..ELEMENT
};

pub(super) const SIZE: Method = Method {
    name: "size",
    input: LISTED.or(Kinds::OBJECT),
    flow: Flow::Reads,
    shape: |_, _| Shape::Int,
    run: size,
    ..ELEMENT
};

pub(super) const HAS: Method = Method {
    name: "has",
    availability: Availability::Pleach,
    arity: Arity::ONE,
    arguments: &[Kinds::NUMBER.or(Kinds::STRING)],
    flow: Flow::Reads,
    shape: |_, _| Shape::Bool,
    run: has,
    ..ELEMENT
};

fn character<'v>(character: char) -> Cow<'v, Value> {
    Cow::Owned(Value::String(character.to_string()))
}

fn end<'v>(
    call: &mut Call<'_, 'v>,
    element: fn(&[Value]) -> Option<&Value>,
    letter: fn(&str) -> Option<char>,
) -> Option<Cow<'v, Value>> {
    match call.input {
        Value::Array(items) => element(items).map(Cow::Borrowed),
        Value::String(text) => letter(text).map(character),
        other => {
            let _: Option<()> = call.fail(&format!("needs {LISTED}, {} stays as it is", Kinds::of(other)));
            Some(Cow::Borrowed(other))
        }
    }
}

fn got(input: &Shape, args: &[Shape]) -> Shape {
    match (input, args.first()) {
        (Shape::Object(_), Some(Shape::String(Some(key)))) => input.property(key),
        (Shape::Object(_), _) => Shape::Unknown,
        _ => input.element(),
    }
}

/// The index counted from the start, for one that may be counted from the end.
fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 { index.checked_add(length)? } else { index };
    usize::try_from(index).ok().filter(|_| index < length)
}

fn get<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let wanted = call.argument(0)?;
    let found = match (call.input, wanted.as_ref()) {
        (Value::Object(map), Value::String(key)) => map.get(key).map(Cow::Borrowed),
        (Value::Object(_), other) => return call.wrong(Kinds::STRING, other),
        (_, other) if !other.is_number() => return call.wrong(Kinds::NUMBER, other),
        (input, other) => {
            let Some(index) = integer(other) else { return call.fail("needs an integer as argument") };
            match input {
                Value::Array(items) => position(index, items.len()).and_then(|at| items.get(at)).map(Cow::Borrowed),
                _ => {
                    let text = call.input_text();
                    position(index, text.chars().count()).and_then(|at| text.chars().nth(at)).map(character)
                }
            }
        }
    };
    match found {
        Some(found) => Some(found),
        None => call.fail("finds nothing there"),
    }
}

fn slice<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut bounds = [0, i64::MAX];
    for (index, bound) in bounds.iter_mut().enumerate().take(call.args.len()) {
        *bound = call.integer(index)?.max(0);
    }
    if call.args.is_empty() {
        return Some(Cow::Borrowed(call.input));
    }
    let [start, end] = bounds.map(|bound| usize::try_from(bound).unwrap_or(usize::MAX));
    let count = end.saturating_sub(start);
    match call.input {
        Value::Array(items) => {
            let part: Option<_> =
                items.iter().skip(start).take(count).map(|item| call.own(Cow::Borrowed(item))).collect();
            Some(Cow::Owned(Value::Array(part?)))
        }
        _ => {
            let part = call.input_text().chars().skip(start).take(count).collect();
            call.text_result(part)
        }
    }
}

fn size<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let size = match call.input {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        _ => call.input_text().chars().count(),
    };
    Some(Cow::Owned(Value::from(size)))
}

fn has<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let wanted = call.argument(0)?;
    let has = match (call.input, wanted.as_ref()) {
        (Value::Object(map), Value::String(key)) => map.contains_key(key),
        (Value::Array(items), index) => integer(index).and_then(|index| position(index, items.len())).is_some(),
        _ => false,
    };
    Some(Cow::Owned(Value::Bool(has)))
}
