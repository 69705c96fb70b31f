//! Methods whose arguments are expressions to run: `as echo map filter find match matchIf`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method, equal};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::Shape;

pub(super) const AS: Method = Method {
    name: "as",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::between(1, 2),
    arguments: &[Kinds::ANY],
    at: At::Input,
    flow: Flow::Keeps,
    shape: |input, _| input.clone(),
    // The evaluator binds; nothing is left to do.
    run: |call| Some(Cow::Borrowed(call.input)),
};

pub(super) const ECHO: Method = Method {
    name: "echo",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::ONE,
    arguments: &[Kinds::ANY],
    at: At::Input,
    flow: Flow::Gives,
    shape: |_, args| args.first().cloned().unwrap_or(Shape::Unknown),
    run: |call| call.argument(0),
};

pub(super) const MAP: Method = Method {
    name: "map",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::ONE,
    arguments: &[Kinds::ANY],
    at: At::Element,
    flow: Flow::Gives,
    shape: |_, args| Shape::array(args.first().cloned().unwrap_or(Shape::Unknown)),
    run: map,
};

pub(super) const FILTER: Method = Method {
    name: "filter",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::ONE,
    arguments: &[Kinds::BOOLEAN],
    at: At::Element,
    flow: Flow::Keeps,
    shape: |input, _| Shape::array(input.element()),
    run: filter,
};

pub(super) const FIND: Method = Method {
    name: "find",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::ONE,
    arguments: &[Kinds::BOOLEAN],
    at: At::Element,
    flow: Flow::Keeps,
    shape: |input, _| input.element(),
    run: find,
};

pub(super) const MATCH: Method = Method {
    name: "match",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::SOME,
    arguments: &[Kinds::ARRAY],
    at: At::Input,
    flow: Flow::Pairs,
    shape: pair_values,
    run: match_equal,
};

pub(super) const MATCH_IF: Method = Method {
    name: "matchIf",
    availability: Availability::Pleach,
    input: Kinds::ANY,
    arity: Arity::SOME,
    arguments: &[Kinds::ARRAY],
    at: At::Input,
    flow: Flow::Pairs,
    shape: pair_values,
    run: match_condition,
};

/// One of the second elements.
fn pair_values(_: &Shape, args: &[Shape]) -> Shape {
    let second = |arg: &Shape| match arg {
        Shape::Tuple(items) if items.len() == 2 => items.last().cloned(),
        Shape::Tuple(_) => None,
        _ => Some(Shape::Unknown),
    };
    Shape::one_of(args.iter().filter_map(second))
}

fn map<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let Value::Array(items) = call.input else {
        let value = call.argument(0)?;
        let value = call.own(value)?;
        return Some(Cow::Owned(Value::Array(vec![value])));
    };
    let mut mapped = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let value = call.for_element(item, Some(index)).and_then(|value| call.own(value));
        if call.budget().exceeded().is_some() {
            return None;
        }
        mapped.push(value.unwrap_or(Value::Null));
    }
    Some(Cow::Owned(Value::Array(mapped)))
}

/// What a condition says of an element; missing and anything but a boolean is a problem.
fn condition(call: &mut Call<'_, '_>, element: &Value, index: usize) -> Option<bool> {
    let index = call.input.is_array().then_some(index);
    let value = call.for_element(element, index).and_then(|value| call.own(value));
    match value {
        Some(Value::Bool(holds)) => Some(holds),
        Some(other) => call.fail(&format!("needs a condition that is true or false, not {}", Kinds::of(&other))),
        None => call.fail("needs a condition that is true or false, this one yields nothing"),
    }
}

fn filter<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let items = call.input.as_array().map_or(std::slice::from_ref(call.input), Vec::as_slice);
    let mut kept = Vec::new();
    for (index, item) in items.iter().enumerate() {
        if condition(call, item, index)? {
            kept.push(call.own(Cow::Borrowed(item))?);
        }
    }
    Some(Cow::Owned(Value::Array(kept)))
}

fn find<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let items = call.input.as_array().map_or(std::slice::from_ref(call.input), Vec::as_slice);
    for (index, item) in items.iter().enumerate() {
        if condition(call, item, index)? {
            return Some(Cow::Borrowed(item));
        }
    }
    None
}

/// The first pair whose candidate passes `test`. Candidates and values after it are not evaluated.
fn first_pair<'v>(call: &mut Call<'_, 'v>, test: fn(&mut Call<'_, 'v>, &Value) -> bool) -> Option<Cow<'v, Value>> {
    for arg in call.args {
        if let Some(elements) = arg.as_array() {
            let [candidate, value] = elements else { continue };
            if let Some(candidate) = call.value(candidate)
                && test(call, &candidate)
            {
                return call.value(value);
            }
        } else if let Some(pair) = call.value(arg) {
            // A pair that comes from data.
            if let Some([candidate, value]) = pair.as_array().map(Vec::as_slice)
                && test(call, candidate)
            {
                return call.own(Cow::Borrowed(value)).map(Cow::Owned);
            }
        }
    }
    call.fail("finds no pair that fits")
}

fn match_equal<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    first_pair(call, |call, candidate| {
        let input = call.input;
        equal::identical(call.budget(), input, candidate)
    })
}

fn match_condition<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    first_pair(call, |_, candidate| *candidate == Value::Bool(true))
}
