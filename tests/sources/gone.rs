//! Servers that close a connection while a call is on its way: what reads is sent again, what writes is
//! not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use pleach::sources::connector::HeaderPlan;
use pleach::sources::contract::{Call, FetchRequest, Source, SourceError};
use pleach::sources::graphql::{GraphqlEndpoint, GraphqlSubgraph};
use pleach::sources::headers::HeaderRules;

use crate::harness::{Ask, Subgraph, client, context, root_row, root_shape};

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 18\r\n\r\n{\"data\":{\"a\":\"x\"}}";

/// A server that answers the first request of each connection, and resets the connection at the
/// second; its address, and how many requests it got.
async fn fickle() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let requests = Arc::new(AtomicUsize::new(0));
    let counted = requests.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let requests = counted.clone();
            tokio::spawn(async move {
                if read(&mut stream).await {
                    requests.fetch_add(1, Ordering::SeqCst);
                    stream.write_all(ANSWER).await.expect("the client reads");
                }
                if read(&mut stream).await {
                    requests.fetch_add(1, Ordering::SeqCst);
                    stream.set_zero_linger().expect("a socket");
                }
            });
        }
    });
    (address, requests)
}

/// Reads one request; false when there is none.
async fn read(stream: &mut TcpStream) -> bool {
    let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return false,
            Ok(read) => text.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return true;
        }
    }
}

async fn ask(source: &GraphqlSubgraph, mutation: bool) -> Result<Value, SourceError> {
    let request = FetchRequest {
        call: Call::Graphql {
            document: if mutation { "mutation { a }" } else { "{ a }" }.into(),
            operation_name: None,
            variables: Bytes::new(),
            mutation,
        },
        shape: root_shape(&["a"]),
        expected: Vec::new(),
        first: Default::default(),
    };
    Ok(root_row(&source.fetch(&request, &context(HeaderMap::new())).await?, &["a"]))
}

#[tokio::test]
async fn a_query_is_sent_again_and_a_mutation_is_not() {
    let (address, requests) = fickle().await;
    let endpoint = GraphqlEndpoint::new(client(), &format!("http://{address}/graphql"), 1 << 20).unwrap();
    let (rules, plan) = (HeaderRules::default(), HeaderPlan::default());
    let source = GraphqlSubgraph::new("s".into(), endpoint, rules, plan, Arc::default(), Arc::default());
    for _ in 0..3 {
        assert_eq!(ask(&source, false).await.unwrap(), json!({ "a": "x" }));
    }
    assert_eq!(requests.load(Ordering::SeqCst), 5);
    let error = ask(&source, true).await.unwrap_err();
    assert_eq!(&*error.code, "SUBREQUEST_HTTP_ERROR");
    assert!(error.message.starts_with("reset: "), "{}", error.message);
    assert_eq!(requests.load(Ordering::SeqCst), 6);
    assert_eq!(ask(&source, true).await.unwrap(), json!({ "a": "x" }));
}

/// One connector of each kind.
fn connectors(address: &str) -> Subgraph {
    let sdl = r#"
      scalar JSON
      extend schema
        @source(name: "api", http: { baseURL: "{$env.API}" })
        @source(name: "g", graphql: { url: "{$env.API}/graphql" })
      type Query {
        search: JSON @connect(source: "api", id: "search", selection: "$.data.a", http: { POST: "/", body: "q: 'x'" })
        remote: JSON @connect(source: "g", id: "remote", selection: "$", graphql: { field: "a" })
      }
      type Mutation {
        add: JSON @connect(source: "api", id: "add", selection: "$.data.a", http: { POST: "/", body: "q: 'x'" })
        put: JSON @connect(source: "api", id: "put", selection: "$.data.a", http: { PUT: "/", body: "q: 'x'" })
        change: JSON @connect(source: "g", id: "change", selection: "$", graphql: { field: "a" })
      }
    "#;
    Subgraph::new(sdl, &[("API", &format!("http://{address}"))])
}

#[tokio::test]
async fn connectors_that_read_are_called_again_and_those_that_write_if_their_method_allows_it() {
    for (id, mutation, is_repeated) in [
        ("search", false, true),
        ("remote", false, true),
        ("add", true, false),
        ("put", true, true),
        ("change", true, false),
    ] {
        let (address, requests) = fickle().await;
        let subgraph = connectors(&address);
        let ask = || Ask { mutation, ..Ask::default() };
        assert_eq!(subgraph.field(id, 0, ask()).await.unwrap().value(), "x", "{id}");
        let again = subgraph.field(id, 0, ask()).await;
        match is_repeated {
            true => assert_eq!(again.unwrap().value(), "x", "{id}"),
            false => assert_eq!(&*again.unwrap_err().code, "HTTP_CLIENT_ERROR", "{id}"),
        }
        assert_eq!(requests.load(Ordering::SeqCst), if is_repeated { 3 } else { 2 }, "{id}");
    }
}
