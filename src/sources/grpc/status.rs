//! A failed call's status as the value `$response.error`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Map, Value, json};
use tonic::Status;

use super::json::to_value;

/// `google.rpc.Status`, as it travels in `grpc-status-details-bin`.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `{ code, message, details }`. A detail whose type the source's files describe is decoded;
/// another one is its base64 text under `value`.
pub(super) fn error_value(status: &Status, pool: &DescriptorPool) -> Value {
    let details = RpcStatus::decode(status.details()).map(|status| status.details).unwrap_or_default();
    let details: Vec<Value> = details.iter().map(|detail| detail_value(detail, pool)).collect();
    json!({ "code": status.code() as i32, "message": status.message(), "details": details })
}

fn detail_value(detail: &Detail, pool: &DescriptorPool) -> Value {
    let mut fields = Map::new();
    fields.insert("@type".to_owned(), Value::String(detail.type_url.clone()));
    let name = detail.type_url.rsplit('/').next().unwrap_or("");
    let decoded = pool
        .get_message_by_name(name)
        .and_then(|descriptor| DynamicMessage::decode(descriptor, detail.value.clone()).ok())
        .and_then(|message| to_value(&message).ok());
    match decoded {
        Some(Value::Object(known)) => fields.extend(known),
        Some(other) => drop(fields.insert("value".to_owned(), other)),
        None => drop(fields.insert("value".to_owned(), Value::String(STANDARD.encode(&detail.value)))),
    }
    Value::Object(fields)
}
