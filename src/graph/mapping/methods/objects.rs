//! Objects as lists and back: `entries fromEntries keys values`.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::{ObjectShape, Shape};

pub(super) const ENTRIES: Method = Method {
    name: "entries",
    availability: Availability::Everywhere,
    input: Kinds::OBJECT,
    arity: Arity::NONE,
    arguments: &[],
    at: At::Input,
    flow: Flow::Reads,
    shape: |input, _| {
        let entry = ObjectShape::of([("key", Shape::String(None)), ("value", input.any_property())]);
        Shape::array(Shape::Object(entry))
    },
    run: entries,
};

pub(super) const FROM_ENTRIES: Method = Method {
    name: "fromEntries",
    availability: Availability::Pleach,
    input: Kinds::ARRAY,
    shape: |_, _| Shape::Object(ObjectShape::open()),
    run: from_entries,
    ..ENTRIES
};

pub(super) const KEYS: Method = Method {
    name: "keys",
    availability: Availability::Pleach,
    shape: |_, _| Shape::array(Shape::String(None)),
    run: keys,
    ..ENTRIES
};

pub(super) const VALUES: Method = Method {
    name: "values",
    availability: Availability::Pleach,
    shape: |input, _| Shape::array(input.any_property()),
    run: values,
    ..ENTRIES
};

fn entries<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut list = Vec::new();
    for (key, value) in call.input.as_object()? {
        let value = call.own(Cow::Borrowed(value))?;
        let entry = [("key".to_owned(), Value::from(key.as_str())), ("value".to_owned(), value)];
        list.push(Value::Object(Map::from_iter(entry)));
    }
    Some(Cow::Owned(Value::Array(list)))
}

fn from_entries<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut map = Map::new();
    for entry in call.input_items() {
        let Some(Value::String(key)) = entry.get("key") else {
            return call.fail("needs elements of the form { key, value } with text as key");
        };
        if let Some(value) = entry.get("value") {
            map.insert(key.clone(), call.own(Cow::Borrowed(value))?);
        }
    }
    Some(Cow::Owned(Value::Object(map)))
}

fn keys<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let map = call.input.as_object()?;
    let paid = call.budget().visit(map.len());
    paid.then(|| Cow::Owned(map.keys().map(String::as_str).collect()))
}

fn values<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let map = call.input.as_object()?;
    let list: Option<_> = map.values().map(|value| call.own(Cow::Borrowed(value))).collect();
    Some(Cow::Owned(Value::Array(list?)))
}
