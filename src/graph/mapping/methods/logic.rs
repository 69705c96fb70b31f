//! Booleans: `and or not`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::Shape;

pub(super) const AND: Method = Method {
    name: "and",
    availability: Availability::Everywhere,
    input: Kinds::BOOLEAN,
    arity: Arity::SOME,
    arguments: &[Kinds::BOOLEAN],
    at: At::Input,
    flow: Flow::Reads,
    shape: |_, _| Shape::Bool,
    run: |call| until(call, false),
};

pub(super) const OR: Method = Method { name: "or", run: |call| until(call, true), ..AND };

pub(super) const NOT: Method = Method {
    name: "not",
    arity: Arity::NONE,
    arguments: &[],
    run: |call| Some(Cow::Owned(Value::Bool(!call.input.as_bool()?))),
    ..AND
};

/// `decisive` as soon as the input or an argument is it, its opposite otherwise. An argument that
/// is no boolean is reported and does not count.
fn until<'v>(call: &mut Call<'_, 'v>, decisive: bool) -> Option<Cow<'v, Value>> {
    let mut result = call.input.as_bool()?;
    for index in 0..call.args.len() {
        if result == decisive {
            break;
        }
        let value = call.argument(index)?;
        match value.as_bool() {
            Some(value) => result = value,
            None => {
                let _: Option<()> = call.wrong(Kinds::BOOLEAN, &value);
            }
        }
    }
    Some(Cow::Owned(Value::Bool(result)))
}
