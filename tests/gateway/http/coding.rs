//! Compression, and the versions of HTTP.

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};

use pleach::inbound::transport::config::Switch;

use crate::harness::{Client, Demo, post};

use super::{plain, with};

/// Long enough to be compressed.
const QUERY: &str = "{ products(first: 20) { edges { node { id name description } } } }";

async fn inflated(mut reader: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.expect("it inflates");
    bytes
}

#[tokio::test]
async fn answers_are_compressed_as_the_client_accepts() {
    let demo = Demo::start().await;
    let body = json!({ "query": QUERY });
    let plain = demo.post(&body, &[]).await;
    assert_eq!(plain.header("content-encoding"), "");
    for coding in ["gzip", "br", "zstd"] {
        let reply = demo.post(&body, &[("accept-encoding", coding)]).await;
        assert_eq!(reply.header("content-encoding"), coding);
        let mut vary = reply.headers.get_all("vary").iter().map(|value| value.to_str().unwrap());
        assert!(vary.any(|names| names.contains("accept-encoding")));
        assert!(reply.body.len() * 2 < plain.body.len(), "{coding}: {} bytes", reply.body.len());
        let bytes = match coding {
            "gzip" => inflated(GzipDecoder::new(&*reply.body)).await,
            "br" => inflated(BrotliDecoder::new(&*reply.body)).await,
            _ => inflated(ZstdDecoder::new(&*reply.body)).await,
        };
        assert_eq!(bytes, plain.body);
    }
    let several = demo.post(&body, &[("accept-encoding", "gzip;q=0.5, br;q=0.1, deflate")]).await;
    assert_eq!(several.header("content-encoding"), "gzip");
    let none = demo.post(&body, &[("accept-encoding", "identity")]).await;
    assert_eq!(none.header("content-encoding"), "");
}

#[tokio::test]
async fn compression_can_be_switched_off_and_small_answers_go_without() {
    let demo = Demo::with(|config| config.http.compression = Switch::Off).await;
    let reply = demo.post(&json!({ "query": QUERY }), &[("accept-encoding", "gzip")]).await;
    assert_eq!(reply.header("content-encoding"), "");
    let small = plain().await.post(&json!({ "query": "{ word }" }), &[("accept-encoding", "gzip")]).await;
    assert_eq!(small.data(), json!({ "word": "hello" }));
    assert_eq!(small.header("content-encoding"), "");
    let body = json!({ "query": "{ a: word b: word c: word d: word }" });
    let packet = plain().await.post(&body, &[("accept-encoding", "gzip")]).await;
    assert_eq!((packet.header("content-encoding"), packet.data()["d"].as_str()), ("", Some("hello")));
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_know() {
    let pleach = with(|_| {}).await;
    let client = Client::http2();
    let body = json!({ "query": "{ word }" });
    let (first, second) =
        tokio::join!(client.send(post(&pleach.url(), &body, &[])), client.send(post(&pleach.url(), &body, &[])));
    assert_eq!((first.data(), second.data()), (json!({ "word": "hello" }), json!({ "word": "hello" })));
}
