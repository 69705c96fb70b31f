//! Text: `joinNotNull toString split trim trimStart trimEnd lower upper replace startsWith endsWith
//! base64 unbase64`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::{Arity, At, Availability, Call, Flow, Method};
use crate::graph::mapping::kinds::Kinds;
use crate::graph::mapping::shape::Shape;

/// The standard alphabet; padding is written, and read or not.
const BASE64_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const TEXT: Method = Method {
    name: "",
    availability: Availability::Everywhere,
    input: Kinds::STRING,
    arity: Arity::NONE,
    arguments: &[Kinds::STRING],
    at: At::Input,
    flow: Flow::Reads,
    shape: |_, _| Shape::String(None),
    run: |_| None,
};

pub(super) const JOIN_NOT_NULL: Method = Method {
    name: "joinNotNull",
    input: Kinds::SCALAR.or(Kinds::ARRAY),
    arity: Arity::ONE,
    run: join_not_null,
    ..TEXT
};

pub(super) const TO_STRING: Method = Method {
    name: "toString",
    input: Kinds::SCALAR,
    run: |call| {
        let text = scalar_text(call.input)?;
        call.text_result(text.into_owned())
    },
    ..TEXT
};

pub(super) const SPLIT: Method = Method {
    name: "split",
    arity: Arity::between(1, 2),
    arguments: &[Kinds::STRING, Kinds::NUMBER],
    shape: |_, _| Shape::array(Shape::String(None)),
    run: split,
    ..TEXT
};

pub(super) const TRIM: Method =
    Method { name: "trim", run: |call| changed(call, |text| text.trim().to_owned()), ..TEXT };
pub(super) const TRIM_START: Method =
    Method { name: "trimStart", run: |call| changed(call, |text| text.trim_start().to_owned()), ..TEXT };
pub(super) const TRIM_END: Method =
    Method { name: "trimEnd", run: |call| changed(call, |text| text.trim_end().to_owned()), ..TEXT };

const PLEACH: Method = Method { availability: Availability::Pleach, ..TEXT };

pub(super) const LOWER: Method = Method { name: "lower", run: |call| changed(call, str::to_lowercase), ..PLEACH };
pub(super) const UPPER: Method = Method { name: "upper", run: |call| changed(call, str::to_uppercase), ..PLEACH };
pub(super) const REPLACE: Method = Method { name: "replace", arity: Arity::exactly(2), run: replace, ..PLEACH };

pub(super) const STARTS_WITH: Method = Method {
    name: "startsWith",
    arity: Arity::ONE,
    shape: |_, _| Shape::Bool,
    run: |call| test(call, |text, part| text.starts_with(part)),
    ..PLEACH
};

pub(super) const ENDS_WITH: Method =
    Method { name: "endsWith", run: |call| test(call, |text, part| text.ends_with(part)), ..STARTS_WITH };

pub(super) const BASE64: Method =
    Method { name: "base64", run: |call| changed(call, |text| BASE64_ENGINE.encode(text)), ..PLEACH };

pub(super) const UNBASE64: Method = Method { name: "unbase64", run: unbase64, ..PLEACH };

/// A scalar as text, null as no text; none for arrays and objects.
pub(in crate::graph::mapping) fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

fn changed<'v>(call: &mut Call<'_, 'v>, change: fn(&str) -> String) -> Option<Cow<'v, Value>> {
    let text = change(call.input_text());
    call.text_result(text)
}

fn test<'v>(call: &mut Call<'_, 'v>, holds: fn(&str, &str) -> bool) -> Option<Cow<'v, Value>> {
    let part = call.text(0)?;
    Some(Cow::Owned(Value::Bool(holds(call.input_text(), &part))))
}

fn join_not_null<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let separator = call.text(0)?;
    let items = call.input.as_array().map_or(std::slice::from_ref(call.input), Vec::as_slice);
    let mut joined = String::new();
    let mut first = true;
    for item in items.iter().filter(|item| !item.is_null()) {
        let Some(text) = scalar_text(item) else {
            return call.fail(&format!("needs an array of scalars, an element is {}", Kinds::of(item)));
        };
        if !call.budget().write(separator.len() + text.len()) {
            return None;
        }
        if !std::mem::take(&mut first) {
            joined.push_str(&separator);
        }
        joined.push_str(&text);
    }
    Some(Cow::Owned(Value::String(joined)))
}

fn split<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let separator = call.text(0)?;
    let most = if call.args.len() > 1 { call.integer(1)? } else { i64::MAX };
    let Ok(most) = usize::try_from(most) else { return call.fail("needs a number of parts that is not negative") };
    let text = call.input_text();
    if !call.budget().visit(text.len()) || !call.budget().write(text.len()) {
        return None;
    }
    let parts: Vec<Value> = match separator.is_empty() {
        true => text.chars().take(most).map(|c| Value::String(c.to_string())).collect(),
        false => text.split(separator.as_str()).take(most).map(Value::from).collect(),
    };
    Some(Cow::Owned(Value::Array(parts)))
}

fn replace<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let (from, to) = (call.text(0)?, call.text(1)?);
    if from.is_empty() {
        return call.fail("needs a text to replace that is not empty");
    }
    let text = call.input_text();
    // Paid for before it is built: short text may be replaced by long text very often.
    let grown = text.len().saturating_add(text.matches(from.as_str()).count().saturating_mul(to.len()));
    call.budget().write(grown).then(|| Cow::Owned(Value::String(text.replace(from.as_str(), &to))))
}

fn unbase64<'v>(call: &mut Call<'_, 'v>) -> Option<Cow<'v, Value>> {
    let Ok(bytes) = BASE64_ENGINE.decode(call.input_text()) else { return call.fail("needs base64 text") };
    match String::from_utf8(bytes) {
        Ok(text) => call.text_result(text),
        Err(_) => call.fail("needs the base64 of UTF-8 text"),
    }
}
