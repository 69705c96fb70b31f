//! Comparing values: `eq ne lt lte gt gte in contains`.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method, equal};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::number::Num;
use crate::graph::mapping::shape::Shape;

const ORDERED: Kinds = Kinds::NUMBER.or(Kinds::STRING);

const EQUALITY: Method = Method {
    name: "",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::ONE,
    arguments: &[Kinds::ANY],
    at: At::Input,
    flow: Flow::Reads,
    shape: |_, _| Shape::Bool,
    run: |call| equals(call).map(boolean),
};

pub(super) const EQ: Method = Method { name: "eq", ..EQUALITY };
pub(super) const NE: Method = Method { name: "ne", run: |call| equals(call).map(|equal| boolean(!equal)), ..EQUALITY };

const ORDER: Method = Method { input: ORDERED, arguments: &[ORDERED], ..EQUALITY };

pub(super) const LT: Method = Method { name: "lt", run: |call| compare(call, Ordering::is_lt), ..ORDER };
pub(super) const LTE: Method = Method { name: "lte", run: |call| compare(call, Ordering::is_le), ..ORDER };
pub(super) const GT: Method = Method { name: "gt", run: |call| compare(call, Ordering::is_gt), ..ORDER };
pub(super) const GTE: Method = Method { name: "gte", run: |call| compare(call, Ordering::is_ge), ..ORDER };

pub(super) const IN: Method = Method { name: "in", arguments: &[Kinds::ARRAY], run: is_in, ..EQUALITY };
pub(super) const CONTAINS: Method = Method { name: "contains", input: Kinds::ARRAY, run: contains, ..EQUALITY };

fn boolean<'v>(value: bool) -> Cow<'v, Value> {
    Cow::Owned(Value::Bool(value))
}

fn equals(call: &mut Call<'_, '_>) -> Option<bool> {
    let other = call.argument(0)?;
    let input = call.input;
    Some(equal::equal(call.budget(), input, &other))
}

fn compare<'v>(call: &mut Call<'_, 'v>, holds: fn(Ordering) -> bool) -> Option<Cow<'v, Value>> {
    let other = call.argument(0)?;
    let order = match (call.input, other.as_ref()) {
        // Code points and UTF-8 bytes have the same order.
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => match (Num::of(a), Num::of(b)) {
            (Some(a), Some(b)) => a.compare(b),
            _ => {
                let message = format!("cannot compare {} with {}", Kinds::of(a), Kinds::of(b));
                return call.fail(&message);
            }
        },
    };
    Some(boolean(holds(order)))
}

fn is_in<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let list = call.argument(0)?;
    let Value::Array(items) = list.as_ref() else { return call.wrong(Kinds::ARRAY, &list) };
    let input = call.input;
    Some(boolean(items.iter().any(|item| equal::equal(call.budget(), input, item))))
}

fn contains<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let wanted = call.argument(0)?;
    Some(boolean(call.input_items().iter().any(|item| equal::equal(call.budget(), item, &wanted))))
}
