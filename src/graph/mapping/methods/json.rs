//! Values as JSON text and back, and what kind they are: `jsonStringify jsonParse typeof`.

use std::borrow::Cow;

use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::Shape;

pub(super) const STRINGIFY: Method = Method {
    name: "jsonStringify",
    availability: Availability::Everywhere,
    input: Kinds::ANY,
    arity: Arity::NONE,
    arguments: &[],
    at: At::Input,
    flow: Flow::Reads,
    shape: |_, _| Shape::String(None),
    run: stringify,
};

pub(super) const PARSE: Method =
    Method { name: "jsonParse", input: Kinds::STRING, shape: |_, _| Shape::Unknown, run: parse, ..STRINGIFY };

pub(super) const TYPE_OF: Method =
    Method { name: "typeof", availability: Availability::Pleach, run: type_of, ..STRINGIFY };

fn stringify<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let input = call.input;
    // Reading it first bounds its depth.
    if !call.budget().read(input) {
        return None;
    }
    call.text_result(input.to_string())
}

fn parse<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let text = call.input_text();
    if !call.budget().visit(text.len() / 8) {
        return None;
    }
    match serde_json::from_str(text) {
        Ok(value) => Some(Cow::Owned(value)),
        Err(_) => call.fail("needs valid JSON text"),
    }
}

fn type_of<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    Some(Cow::Owned(Value::from(match call.input {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    })))
}
