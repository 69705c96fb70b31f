//! Whole arrays: `flatten distinct sortBy groupBy`.

use std::borrow::Cow;
use std::cmp::Ordering;

use hashbrown::{HashMap, HashSet};
use serde_json::{Map, Value};

use super::{Arity, At, Availability, Call, EqualityKey, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::Num;
use crate::graph::mapping::shape::{ObjectShape, Shape};

pub(super) const FLATTEN: Method = Method {
    name: "flatten",
    availability: Availability::Pleach,
    input: Kinds::ARRAY,
    arity: Arity::NONE,
    arguments: &[],
    at: At::Input,
    flow: Flow::Keeps,
    shape: |input, _| Shape::array(flat_element(input)),
    run: flatten,
};

pub(super) const DISTINCT: Method = Method {
    name: "distinct",
    flow: Flow::Reads,
    shape: |input, _| Shape::array(input.element()),
    run: distinct,
    ..FLATTEN
};

pub(super) const SORT_BY: Method = Method {
    name: "sortBy",
    arity: Arity::between(1, 2),
    arguments: &[Kinds::SCALAR, Kinds::STRING],
    at: At::Element,
    shape: |input, _| Shape::array(input.element()),
    run: sort_by,
    ..FLATTEN
};

pub(super) const GROUP_BY: Method = Method {
    name: "groupBy",
    arity: Arity::ONE,
    arguments: &[Kinds::ANY],
    at: At::Element,
    flow: Flow::Reads,
    shape: |input, args| {
        let key = args.first().cloned().unwrap_or(Shape::Unknown);
        let group = ObjectShape::of([("key", key), ("value", Shape::array(input.element()))]);
        Shape::array(Shape::Object(group))
    },
    run: group_by,
    ..FLATTEN
};

/// Text among the elements stays whole: only arrays are flattened.
fn flat_element(input: &Shape) -> Shape {
    match input.element() {
        element @ Shape::String(_) => element,
        Shape::OneOf(_) => Shape::Unknown,
        element => element.element(),
    }
}

fn flatten<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut flat = Vec::new();
    for item in call.input_items() {
        let inner = item.as_array().map_or(std::slice::from_ref(item), Vec::as_slice);
        for item in inner {
            flat.push(call.own(Cow::Borrowed(item))?);
        }
    }
    Some(Cow::Owned(Value::Array(flat)))
}

fn distinct<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for item in call.input_items() {
        if seen.insert(EqualityKey::of(call.budget(), item)?) {
            kept.push(call.own(Cow::Borrowed(item))?);
        }
    }
    Some(Cow::Owned(Value::Array(kept)))
}

fn sort_by<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let descending = if call.args.len() > 1 {
        match call.text(1)?.as_str() {
            "asc" => false,
            "desc" => true,
            _ => return call.fail("sorts \"asc\" or \"desc\""),
        }
    } else {
        false
    };
    let mut keyed = Vec::new();
    let mut kind = Kinds::NONE;
    for (index, item) in call.input_items().iter().enumerate() {
        let key = call.for_element(item, Some(index)).and_then(|key| call.own(key)).filter(|key| !key.is_null());
        if let Some(key) = &key {
            kind = kind.or(Kinds::of(key));
        }
        keyed.push((key, item));
    }
    if kind.len() > 1 || kind.intersects(Kinds::ARRAY.or(Kinds::OBJECT)) {
        return call.fail(&format!("needs keys of one scalar kind, not {kind}"));
    }
    keyed.sort_by(|(a, _), (b, _)| match (a, b) {
        (Some(a), Some(b)) if descending => order(b, a),
        (Some(a), Some(b)) => order(a, b),
        // What has no key comes last in both directions.
        (a, b) => b.is_some().cmp(&a.is_some()),
    });
    let sorted: Option<_> = keyed.into_iter().map(|(_, item)| call.own(Cow::Borrowed(item))).collect();
    Some(Cow::Owned(Value::Array(sorted?)))
}

/// The order of two keys of the same scalar kind.
fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (a, b) => Num::of(a).zip(Num::of(b)).map_or(Ordering::Equal, |(a, b)| a.compare(b)),
    }
}

fn group_by<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let mut places = HashMap::new();
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    for (index, item) in call.input_items().iter().enumerate() {
        // Elements without a key form a group of their own, under null.
        let key = call.for_element(item, Some(index)).and_then(|key| call.own(key)).unwrap_or(Value::Null);
        let place = *places.entry(EqualityKey::of(call.budget(), &key)?).or_insert(groups.len());
        if place == groups.len() {
            groups.push((key, Vec::new()));
        }
        let item = call.own(Cow::Borrowed(item))?;
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(item);
        }
    }
    let list = groups.into_iter().map(|(key, group)| {
        Value::Object(Map::from_iter([("key".to_owned(), key), ("value".to_owned(), Value::Array(group))]))
    });
    Some(Cow::Owned(Value::Array(list.collect())))
}
