//! The grpc protocol, against a server that speaks its wire by hand.

use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;
use http_body::Frame;
use http_body_util::StreamBody;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, Value as ProtoValue};
use serde_json::{Value, json};

use pleach::sources::contract::{RequestFacts, SourceError};

use crate::harness::{Ask, Subgraph, serve};

const PROTO: &str = r#"
  syntax = "proto3";
  package shop.v1;
  import "google/protobuf/timestamp.proto";
  enum State { STATE_UNKNOWN = 0; STATE_OPEN = 1; }
  message GetRequest { repeated string skus = 1; int64 min_stock = 2; }
  message Item {
    string sku = 1; int64 on_hand = 2; State state = 3; optional int32 reserved = 4; google.protobuf.Timestamp restock_at = 5;
  }
  message GetResponse { repeated Item items = 1; string client = 2; string timeout = 3; }
  service Stock { rpc Get(GetRequest) returns (GetResponse); }
"#;

const SDL: &str = r#"
  scalar JSON
  extend schema @source(name: "stock", grpc: {
    url: "{$env.STOCK}", proto: ["stock.proto"], metadata: [{ name: "x-client", value: "pleach" }], propagate: ["x-request-id"]
  })
  type Query {
    stock(skus: [String!]): JSON @connect(source: "stock", id: "get", selection: "$",
      grpc: { call: "shop.v1.Stock/Get", message: "skus: $args.skus minStock: 9007199254740993" })
    failing: JSON @connect(source: "stock", id: "failing", selection: "$",
      grpc: { call: "shop.v1.Stock/Get", message: "skus: ['missing']" }
      errors: { message: "$response.error.message", extensions: "code: $status->match([5, 'UNKNOWN_SKU'], [@, 'OTHER'])" })
    raw(m: JSON): JSON @connect(source: "stock", id: "raw", selection: "$", grpc: { call: "shop.v1.Stock/Get", message: "$args.m" })
  }
  type Item @key(fields: "sku") @connect(
    source: "stock" id: "items" selection: "$.items { sku onHand }" grpc: { call: "shop.v1.Stock/Get", message: "skus: $batch.sku" }
  ) { sku: String! onHand: Int }
"#;

/// Answers in reverse order; `missing` is not found and `slow` takes long.
fn handle(
    pool: &DescriptorPool,
    headers: &HeaderMap,
    request: &DynamicMessage,
) -> Result<DynamicMessage, (i32, &'static str)> {
    let skus = request.get_field_by_name("skus").unwrap().into_owned();
    let skus: Vec<String> = skus.as_list().unwrap().iter().map(|sku| sku.as_str().unwrap().to_owned()).collect();
    if skus.iter().any(|sku| sku == "missing") {
        return Err((5, "no such sku"));
    }
    let item = |sku: String| {
        let mut item = DynamicMessage::new(pool.get_message_by_name("shop.v1.Item").unwrap());
        let stock = request.get_field_by_name("min_stock").unwrap().into_owned();
        item.set_field_by_name("on_hand", stock);
        item.set_field_by_name("sku", ProtoValue::String(sku));
        item.set_field_by_name("state", ProtoValue::EnumNumber(1));
        ProtoValue::Message(item)
    };
    let text = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let mut response = DynamicMessage::new(pool.get_message_by_name("shop.v1.GetResponse").unwrap());
    response.set_field_by_name("items", ProtoValue::List(skus.into_iter().rev().map(item).collect()));
    response.set_field_by_name("client", ProtoValue::String(format!("{}/{}", text("x-client"), text("x-request-id"))));
    response.set_field_by_name("timeout", ProtoValue::String((!text("grpc-timeout").is_empty()).to_string()));
    Ok(response)
}

async fn server(folder: &Path) -> String {
    std::fs::write(folder.join("stock.proto"), PROTO).unwrap();
    let set = protox::compile(["stock.proto"], [folder]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(set).unwrap();
    let handler = async move |request: Request| {
        let (parts, body) = request.into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let descriptor = pool.get_message_by_name("shop.v1.GetRequest").unwrap();
        let message = DynamicMessage::decode(descriptor, bytes.slice(5..)).unwrap();
        if format!("{message:?}").contains("slow") {
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        let (message, status, text) = match handle(&pool, &parts.headers, &message) {
            Ok(message) => (Some(message), 0, ""),
            Err((status, text)) => (None, status, text),
        };
        respond(message, status, text)
    };
    serve(Router::new().fallback(handler)).await
}

fn respond(message: Option<DynamicMessage>, status: i32, text: &'static str) -> Response {
    let mut frames: Vec<Result<Frame<Bytes>, std::convert::Infallible>> = Vec::new();
    if let Some(message) = message {
        let encoded = message.encode_to_vec();
        let mut data = BytesMut::new();
        data.put_u8(0);
        data.put_u32(encoded.len() as u32);
        data.extend_from_slice(&encoded);
        frames.push(Ok(Frame::data(data.freeze())));
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from(status));
    trailers.insert("grpc-message", HeaderValue::from_static(text));
    frames.push(Ok(Frame::trailers(trailers)));
    let mut response = Response::new(Body::new(StreamBody::new(stream::iter(frames))));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

struct Stock {
    subgraph: Subgraph,
    _folder: tempfile::TempDir,
}

async fn stock() -> Stock {
    let folder = tempfile::tempdir().unwrap();
    let address = server(folder.path()).await;
    let subgraph = Subgraph::with_folder(SDL, &[("STOCK", &format!("grpc://{address}"))], folder.path());
    Stock { subgraph, _folder: folder }
}

async fn ask(stock: &Stock, id: &str, arguments: Value) -> Result<Value, SourceError> {
    let headers = HeaderMap::from_iter([("x-request-id".parse().unwrap(), "r1".parse().unwrap())]);
    let facts = RequestFacts { headers, ..RequestFacts::default() };
    stock.subgraph.field(id, 0, Ask { arguments, facts, ..Ask::default() }).await.map(|answer| answer.value())
}

#[tokio::test]
async fn answers_are_proto_json_with_the_four_choices() {
    let stock = stock().await;
    assert_eq!(
        ask(&stock, "get", json!({ "skus": ["a"] })).await.unwrap(),
        json!({
            "items": [{ "sku": "a", "onHand": 9007199254740993i64, "state": "STATE_OPEN" }],
            "client": "pleach/r1",
            "timeout": "true"
        })
    );
}

#[tokio::test]
async fn a_repeated_field_takes_many_keys() {
    let stock = stock().await;
    let rows = ["a", "b", "c"].map(|sku| json!({ "sku": sku })).to_vec();
    let answer = stock.subgraph.entities("items", &["sku"], Ask { rows: Some(rows.clone()), ..Ask::default() }).await;
    let answer = answer.unwrap();
    assert_eq!((answer.rows, answer.calls), (rows, 1));
}

#[tokio::test]
async fn a_status_is_an_answer_that_mappings_see() {
    let error = ask(&stock().await, "failing", json!({})).await.unwrap_err();
    assert_eq!((&*error.code, error.message.as_str()), ("UNKNOWN_SKU", "no such sku"));
}

#[tokio::test]
async fn a_message_that_does_not_fit_is_refused() {
    let stock = stock().await;
    for wrong in [json!({ "skuz": [] }), json!({ "skus": 7 })] {
        let error = ask(&stock, "raw", json!({ "m": wrong })).await.unwrap_err();
        assert_eq!(&*error.code, "CONNECTOR_BAD_INPUT");
    }
}

#[tokio::test]
async fn silence_and_absence_are_told_apart() {
    let stock = stock().await;
    let slow =
        Ask { arguments: json!({ "skus": ["slow"] }), within: Some(Duration::from_millis(150)), ..Ask::default() };
    let error = stock.subgraph.field("get", 0, slow).await.unwrap_err();
    assert_eq!(&*error.code, "GATEWAY_TIMEOUT");
    let nobody = Subgraph::with_folder(SDL, &[("STOCK", "grpc://127.0.0.1:1")], stock._folder.path());
    let error = nobody.field("get", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "HTTP_CLIENT_ERROR");
}
