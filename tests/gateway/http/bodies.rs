//! Request bodies that are not what they should be.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use pleach::platform::base::quantity::{ByteSize, TimeSpan};

use crate::harness::{PATIENCE, request, within};

use super::{plain, with};

#[tokio::test]
async fn malformed_bodies_are_told_apart() {
    let pleach = plain().await;
    for (body, part) in [
        ("", "no body"),
        ("{", "not JSON"),
        ("[{\"query\":\"{word}\"}]", "Batched"),
        ("\"{ word }\"", "JSON object"),
        ("{}", "no \"query\""),
        ("{\"query\":1}", "must be a string"),
        ("{\"query\":\"{word}\",\"variables\":[]}", "must be an object"),
    ] {
        let json = [("content-type", "application/json")];
        let reply = pleach.client.send(request("POST", &pleach.url(), &json, Bytes::from(body))).await;
        assert_eq!((reply.status, reply.codes()), (400, vec!["BAD_REQUEST".to_owned()]), "{body}");
        assert!(reply.errors()[0]["message"].as_str().unwrap().contains(part), "{}", reply.text());
    }
}

#[tokio::test]
async fn what_a_browser_sends_across_sites_without_asking_is_refused() {
    let pleach = plain().await;
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/json; charset=latin1",
    ] {
        let headers: &[(&str, &str)] = if content_type.is_empty() { &[] } else { &[("content-type", content_type)] };
        let body = Bytes::from_static(b"{\"query\":\"mutation { change }\"}");
        let reply = pleach.client.send(request("POST", &pleach.url(), headers, body)).await;
        assert_eq!((reply.status, reply.codes()), (415, vec!["UNSUPPORTED_MEDIA_TYPE".to_owned()]), "{content_type}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_whether_announced_or_not() {
    let pleach = with(|config| config.limits.body = ByteSize(200)).await;
    let long = json!({ "query": format!("{{ word }} # {}", "x".repeat(300)) });
    let announced = pleach.post(&long, &[]).await;
    assert_eq!((announced.status, announced.codes()), (413, vec!["REQUEST_BODY_TOO_LARGE".to_owned()]));
    assert_eq!(announced.errors()[0]["extensions"]["limit"], 200);
    let length = long.to_string().len();
    assert_eq!(announced.errors()[0]["extensions"]["number"], length);
    assert_eq!(announced.errors()[0]["message"], format!("The request has {length} bytes; the limit is 200"));

    let chunked = format!(
        "POST /graphql HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        300,
        "x".repeat(300)
    );
    let answer = exchange(&pleach, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("REQUEST_BODY_TOO_LARGE"), "{answer}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_beyond_the_deadline() {
    let pleach = with(|config| config.limits.deadline = TimeSpan(Duration::from_millis(150))).await;
    let begun =
        b"POST /graphql HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"query\"";
    let answer = exchange(&pleach, begun).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

#[tokio::test]
async fn nesting_without_end_costs_one_request_and_no_more() {
    let pleach = plain().await;
    let deep = "[".repeat(200_000);
    let json = [("content-type", "application/json")];
    let body = Bytes::from(format!("{{\"query\":\"{{word}}\",\"variables\":{{\"a\":{deep}"));
    assert_eq!(pleach.client.send(request("POST", &pleach.url(), &json, body)).await.status, 400);
    let query = format!("{{{}", " word {".repeat(7_000));
    assert_ne!(pleach.ask(&query).await.json()["errors"], json!(null));
    assert_eq!(pleach.ask("{ word }").await.data(), json!({ "word": "hello" }));
}

/// Writes bytes to a connection and reads what comes until an answer with a body is there.
async fn exchange(pleach: &crate::harness::Pleach, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(pleach.address()).await.expect("connected");
    stream.write_all(bytes).await.expect("written");
    let mut answer = Vec::new();
    let read = async {
        while !(answer.ends_with(b"}") || answer.ends_with(b"0\r\n\r\n")) {
            let mut buffer = [0; 4096];
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(read) => answer.extend_from_slice(&buffer[..read]),
            }
        }
    };
    within(PATIENCE, "an answer", read).await;
    String::from_utf8_lossy(&answer).into_owned()
}
