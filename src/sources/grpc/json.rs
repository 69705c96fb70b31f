//! Messages as JSON: ProtoJSON with the four choices of the connect language §3.2. Names are
//! lowerCamelCase, enums stand by name, 64-bit integers are numbers, and fields without presence
//! always appear.

use bytes::Bytes;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

/// Reads a request message; keys may be written as in the `.proto` or in lowerCamelCase.
///
/// # Errors
/// When a key is unknown or a value does not fit; the text says which.
pub(super) fn to_message(descriptor: &MessageDescriptor, value: Value) -> Result<DynamicMessage, String> {
    let value = if value.is_null() { Value::Object(serde_json::Map::new()) } else { value };
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    DynamicMessage::deserialize_with_options(descriptor.clone(), value, &options).map_err(|error| error.to_string())
}

/// Writes an answer.
///
/// # Errors
/// When the message cannot be represented, such as a timestamp out of range.
pub(super) fn to_json(message: &DynamicMessage) -> Result<Bytes, String> {
    let mut out = Vec::with_capacity(256);
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut out), &options())
        .map_err(|error| error.to_string())?;
    Ok(out.into())
}

/// Writes an answer as a value.
///
/// # Errors
/// As [`to_json`].
pub(super) fn to_value(message: &DynamicMessage) -> Result<Value, String> {
    message.serialize_with_options(serde_json::value::Serializer, &options()).map_err(|error| error.to_string())
}

fn options() -> SerializeOptions {
    SerializeOptions::new()
        .stringify_64_bit_integers(false)
        .use_enum_numbers(false)
        .use_proto_field_name(false)
        .skip_default_fields(false)
}
