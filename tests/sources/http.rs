//! The http protocol, and what the common runner makes of its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use pleach::sources::contract::{OperationMemory, RequestFacts};

use crate::harness::{Ask, Subgraph, serve};

/// A server that says what it was asked.
async fn echo() -> String {
    serve(Router::new().fallback(async |request: Request| {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let headers: serde_json::Map<String, Value> = parts
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), Value::from(value.to_str().unwrap_or("?"))))
            .collect();
        axum::Json(json!({
            "method": parts.method.as_str(), "url": parts.uri.to_string(), "headers": headers,
            "body": String::from_utf8_lossy(&body),
        }))
    }))
    .await
}

/// A server that answers each path with a status, a content type and a text.
async fn fixed(answers: &'static [(&'static str, u16, &'static str, &'static str)]) -> String {
    serve(Router::new().fallback(async move |request: Request| -> Response {
        match answers.iter().find(|(path, ..)| *path == request.uri().path()) {
            Some((_, status, ty, text)) => {
                (StatusCode::from_u16(*status).unwrap(), [(header::CONTENT_TYPE, *ty)], *text).into_response()
            }
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }))
    .await
}

fn api(address: &str, sdl: &str) -> Subgraph {
    let head = r#"scalar JSON extend schema @source(name: "api", http: { baseURL: "{$env.API}/v1?k=1" SOURCE })"#;
    Subgraph::new(&format!("{head}{sdl}").replace("SOURCE", ""), &[("API", &format!("http://{address}"))])
}

#[tokio::test]
async fn a_request_is_assembled_from_all_its_parts() {
    let sdl = r#"
      scalar JSON
      extend schema @source(
        name: "api"
        http: {
          baseURL: "{$env.API}/v1?k=1"
          path: "['a b']"
          queryParams: "s: 's'"
          propagate: ["x-b3-*"]
          headers: [{ name: "x-source", value: "s" }, { name: "x-who", from: "x-user" }]
        }
      )
      type Query {
        value(id: ID!, tags: [String!], missing: String): JSON @connect(
          source: "api"
          id: "it"
          http: {
            POST: "/users/{$args.id}?q={$args.id}"
            queryParams: "tag: $args.tags none: $args.missing"
            headers: [{ name: "x-source", value: "c-{$args.id}" }]
            body: "id: $args.id"
          }
          selection: "$"
        )
      }
    "#;
    let address = echo().await;
    let subgraph = Subgraph::new(sdl, &[("API", &format!("http://{address}"))]);
    let headers = HeaderMap::from_iter(
        [("x-user", "u1"), ("x-b3-traceid", "t"), ("cookie", "secret"), ("x-other", "no")]
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())),
    );
    let ask = Ask {
        arguments: json!({ "id": "7/8", "tags": ["x", "y"] }),
        facts: RequestFacts { headers, ..RequestFacts::default() },
        ..Ask::default()
    };
    let said = subgraph.field("it", 0, ask).await.unwrap().value();
    assert_eq!(said["method"], "POST");
    assert_eq!(said["url"], "/v1/a%20b/users/7%2F8?k=1&s=s&q=7%2F8&tag=x&tag=y");
    assert_eq!(said["body"], r#"{"id":"7/8"}"#);
    let headers = &said["headers"];
    assert_eq!([&headers["x-source"], &headers["x-who"], &headers["x-b3-traceid"]], ["c-7/8", "u1", "t"]);
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!((headers.get("cookie"), headers.get("x-other")), (None, None));
}

#[tokio::test]
async fn a_form_body_is_written_as_a_form() {
    let sdl = r#"type Query { value: JSON @connect(source: "api", id: "it", selection: "$.body", http: {
      POST: "/f", body: "a: { b: 1 }", headers: [{ name: "content-type", value: "application/x-www-form-urlencoded" }]
    }) }"#;
    let subgraph = api(&echo().await, sdl);
    assert_eq!(subgraph.field("it", 0, Ask::default()).await.unwrap().value(), "a%5Bb%5D=1");
}

#[tokio::test]
async fn a_value_cannot_leave_its_segment() {
    let sdl = r#"type Query { value(id: ID!): JSON @connect(source: "api", id: "it", selection: "$", http: { GET: "/u/{$args.id}" }) }"#;
    let subgraph = api(&echo().await, sdl);
    let error = subgraph.field("it", 0, Ask { arguments: json!({ "id": ".." }), ..Ask::default() }).await.unwrap_err();
    assert_eq!(&*error.code, "CONNECTOR_BAD_INPUT");
}

#[tokio::test]
async fn failures_become_the_errors_their_author_wrote() {
    let address = fixed(&[
        ("/v1/plain", 503, "application/json", r#"{"why":"closed"}"#),
        ("/v1/broken", 200, "application/json", "{"),
        ("/v1/soft", 200, "application/json", r#"{"ok":false,"why":"soft"}"#),
        ("/v1/html", 500, "text/html", "<html>"),
    ])
    .await;
    let sdl = r#"type Query {
      a: JSON @connect(source: "api", id: "plain", selection: "$", http: { GET: "/plain" })
      b: JSON @connect(source: "api", id: "mapped", selection: "$", http: { GET: "/plain" }, errors: {
        message: "$.why", extensions: "code: 'SHOP_CLOSED' status: $status"
      })
      c: JSON @connect(source: "api", id: "broken", selection: "$", http: { GET: "/broken" })
      d: JSON @connect(source: "api", id: "soft", selection: "$", http: { GET: "/soft" }, isSuccess: "$.ok", errors: { message: "$.why" })
      e: JSON @connect(source: "api", id: "html", selection: "$", http: { GET: "/html" })
    }"#;
    let subgraph = api(&address, sdl);
    let mut found = Vec::new();
    for id in ["plain", "mapped", "broken", "soft", "html"] {
        let error = subgraph.field(id, 0, Ask::default()).await.unwrap_err();
        let message = if &*error.code == "CONNECTOR_DESERIALIZE" { String::new() } else { error.message };
        found.push((error.code.to_string(), message, Value::Object(error.extensions), error.authored));
    }
    let defaults = |field: &str, id: &str, status: u16| json!({ "service": "s", "connector": { "coordinate": format!("Query.{field}"), "id": id }, "http": { "status": status } });
    let text = ToString::to_string;
    assert_eq!(
        found,
        [
            (text("CONNECTOR_FETCH"), text("Request failed"), defaults("a", "plain", 503), false),
            (text("SHOP_CLOSED"), text("closed"), json!({ "status": 503 }), true),
            (text("CONNECTOR_DESERIALIZE"), text(""), json!({}), false),
            (text("CONNECTOR_FETCH"), text("soft"), json!({}), true),
            (text("CONNECTOR_FETCH"), text("Request failed"), defaults("e", "html", 500), false),
        ]
    );
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_in_time() {
    let address = serve(Router::new().fallback(async || {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }))
    .await;
    let sdl = r#"type Query { a: JSON @connect(source: "api", id: "slow", selection: "$", http: { GET: "/x" }, policy: { timeout: "100ms" }) }"#;
    let started = std::time::Instant::now();
    let error = api(&address, sdl).field("slow", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "GATEWAY_TIMEOUT");
    assert!(started.elapsed() < Duration::from_secs(3));
    let error = api("127.0.0.1:1", sdl).field("slow", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "HTTP_CLIENT_ERROR");
}

#[tokio::test]
async fn the_timeout_is_that_of_each_call() {
    let address = serve(Router::new().fallback(async |request: Request| {
        let slow = request.uri().path().ends_with("/7");
        tokio::time::sleep(Duration::from_millis(if slow { 10_000 } else { 60 })).await;
        axum::Json(json!({ "name": "n" }))
    }))
    .await;
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "user" http: { GET: "/users/{$this.id}" } selection: "name" batch: { concurrency: 1 }
        policy: { timeout: "1s" }
      ) { id: ID! name: String }"#;
    let ids: Vec<u32> = (0..24).collect();
    let ask = Ask { rows: rows(&ids), within: Some(Duration::from_secs(60)), ..Ask::default() };
    // Together they take longer than one call may.
    let answer = api(&address, sdl).entities("user", &["name"], ask).await.unwrap();
    let expected = |id: &u32| if *id == 7 { json!({ "failed": "GATEWAY_TIMEOUT" }) } else { json!({ "name": "n" }) };
    assert_eq!(answer.rows, ids.iter().map(expected).collect::<Vec<_>>());
}

#[tokio::test]
async fn when_the_time_is_over_no_further_calls_are_made() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let address = serve(Router::new().fallback(async move || {
        counted.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }))
    .await;
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "user" http: { GET: "/users/{$this.id}" } selection: "name" batch: { concurrency: 2 }
      ) { id: ID! name: String }"#;
    let ids: Vec<u32> = (0..24).collect();
    let ask = Ask { rows: rows(&ids), within: Some(Duration::from_millis(300)), ..Ask::default() };
    let answer = api(&address, sdl).entities("user", &["name"], ask).await.unwrap();
    assert_eq!(answer.rows, vec![json!({ "failed": "GATEWAY_TIMEOUT" }); 24]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!((answer.calls, calls.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test]
async fn answers_beyond_their_bound_are_refused() {
    let address = serve(Router::new().fallback(async || Body::from(vec![b' '; 9 << 20]))).await;
    let sdl = r#"type Query { a: JSON @connect(source: "api", id: "big", selection: "$", http: { GET: "/x" }) }"#;
    let error = api(&address, sdl).field("big", 0, Ask::default()).await.unwrap_err();
    assert_eq!(&*error.code, "RESPONSE_TOO_LARGE");
}

/// Users by `?ids=1,2`: in reverse order, with numbers for IDs, and without user 3.
async fn users(calls: Arc<AtomicUsize>) -> String {
    serve(Router::new().fallback(async move |request: Request| {
        calls.fetch_add(1, Ordering::Relaxed);
        let query = request.uri().query().unwrap_or("").to_owned();
        let ids = query.split('&').find_map(|pair| pair.strip_prefix("ids=")).unwrap_or("").replace("%2C", ",");
        let known = ids.split(',').filter_map(|id| id.parse::<u32>().ok()).filter(|id| *id != 3);
        let users: Vec<Value> = known.map(|id| json!({ "id": id, "name": format!("n{id}"), "team": id % 2 })).collect();
        axum::Json(json!({ "items": users.into_iter().rev().collect::<Vec<_>>() }))
    }))
    .await
}

fn rows(ids: &[u32]) -> Option<Vec<Value>> {
    Some(ids.iter().map(|id| json!({ "id": id.to_string() })).collect())
}

#[tokio::test]
async fn a_batch_is_cut_into_chunks_and_matched_by_key() {
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "users" batch: { maxSize: 2 }
        http: { GET: "/users?ids={$batch.id->joinNotNull(',')}" }
        selection: "$.items { id name }"
      ) { id: ID! name: String }"#;
    let calls = Arc::default();
    let subgraph = api(&users(Arc::clone(&calls)).await, sdl);
    let ask = Ask { rows: rows(&[1, 2, 3, 4, 1]), ..Ask::default() };
    let answer = subgraph.entities("users", &["name"], ask).await.unwrap();
    assert_eq!(
        answer.rows,
        [
            json!({ "name": "n1" }),
            json!({ "name": "n2" }),
            Value::Null,
            json!({ "name": "n4" }),
            json!({ "name": "n1" })
        ]
    );
    assert_eq!((answer.calls, calls.load(Ordering::Relaxed)), (2, 2));
}

#[tokio::test]
async fn one_by_one_calls_are_made_once_for_equal_rows() {
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "user" http: { GET: "/users?ids={$this.id}" } selection: "$.items->first { id name }"
      ) { id: ID! name: String }"#;
    let calls = Arc::default();
    let subgraph = api(&users(Arc::clone(&calls)).await, sdl);
    let answer = subgraph.entities("user", &["name"], Ask { rows: rows(&[1, 2, 1]), ..Ask::default() }).await.unwrap();
    assert_eq!(answer.rows, [json!({ "name": "n1" }), json!({ "name": "n2" }), json!({ "name": "n1" })]);
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

const USER_TWICE: &str = r#"
  type Query { a: Int @connect(selection: "$(1)") }
  type User @key(fields: "id")
    @connect(
      source: "api" id: "users" batch: { maxSize: 2 }
      http: { GET: "/users?ids={$batch.id->joinNotNull(',')}" }
      selection: "$.items { id name team }"
    )
    @connect(
      source: "api" id: "user" http: { GET: "/users?ids={$this.id}" } selection: "$.items->first { id name team }"
    ) { id: ID! name: String team: Int }"#;

/// Two fetches of one operation, at the same time: the rows of both, and the calls each made.
async fn both(connector: &str, first: &[u32], second: &[u32]) -> ([Vec<Value>; 2], [u32; 2]) {
    let calls = Arc::default();
    let subgraph = api(&users(Arc::clone(&calls)).await, USER_TWICE);
    let memory = OperationMemory::default();
    let ask = |ids| Ask { rows: rows(ids), shared: true, memory: memory.clone(), ..Ask::default() };
    let (a, b) = tokio::join!(
        subgraph.entities(connector, &["name"], ask(first)),
        subgraph.entities(connector, &["team"], ask(second)),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((a.calls + b.calls) as usize, calls.load(Ordering::Relaxed));
    ([a.rows, b.rows], [a.calls, b.calls])
}

#[tokio::test]
async fn keys_of_a_batch_are_asked_for_once_in_an_operation() {
    let (name, team) = (|id| json!({ "name": format!("n{id}") }), |id: u32| json!({ "team": id % 2 }));
    let ([a, b], calls) = both("users", &[1, 2, 4], &[5, 4, 3, 1]).await;
    assert_eq!((a, b), (vec![name(1), name(2), name(4)], vec![team(5), team(4), Value::Null, team(1)]));
    // 1 and 2, 4; then only 5 and 3.
    assert_eq!(calls, [2, 1]);
    let (_, equal) = both("users", &[1, 2], &[1, 2]).await;
    assert_eq!(equal, [1, 0]);
}

#[tokio::test]
async fn equal_calls_are_made_once_in_an_operation() {
    let ([a, b], calls) = both("user", &[1, 2], &[2, 4]).await;
    assert_eq!(a, [json!({ "name": "n1" }), json!({ "name": "n2" })]);
    assert_eq!(b, [json!({ "team": 0 }), json!({ "team": 0 })]);
    assert_eq!(calls, [2, 1]);
}

#[tokio::test]
async fn a_mapping_that_has_to_be_stopped_is_an_error_and_no_null() {
    let items: Vec<u32> = (0..2_500).collect();
    let body = json!({ "items": items });
    let address = serve(Router::new().fallback(async move || axum::Json(body))).await;
    let sdl = r#"
      type Query {
        grown: JSON @connect(source: "api", id: "grown", http: { GET: "/items" }, selection: "$.items->map($.items)")
        sent(of: [Int]): JSON @connect(
          source: "api", id: "sent", http: { POST: "/items", body: "$args.of->map($args.of)" }, selection: "items"
        )
      }"#;
    let subgraph = api(&address, &format!("scalar JSON {sdl}"));
    let refused = subgraph.field("grown", 0, Ask::default()).await.expect_err("too much");
    assert_eq!(&*refused.code, "CONNECTOR_DESERIALIZE", "{refused}");
    let ask = Ask { arguments: json!({ "of": items }), ..Ask::default() };
    let refused = subgraph.field("sent", 0, ask).await.expect_err("nothing else is sent in its place");
    assert_eq!(&*refused.code, "CONNECTOR_BAD_INPUT", "{refused}");
}

#[tokio::test]
async fn a_judgement_that_has_to_be_stopped_fails_its_own_row_alone() {
    let items: Vec<u32> = (0..2_500).collect();
    let address = serve(Router::new().fallback(async move |request: Request| {
        let count = if request.uri().path().ends_with("/1") { items.len() } else { 1 };
        axum::Json(json!({ "name": "n", "items": items[..count] }))
    }))
    .await;
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "user" http: { GET: "/users/{$this.id}" } selection: "name" batch: { concurrency: 1 }
        isSuccess: "$.items->map($.items)->size->eq(1)"
      ) { id: ID! name: String }"#;
    let ask = Ask { rows: rows(&[1, 2]), ..Ask::default() };
    let answer = api(&address, sdl).entities("user", &["name"], ask).await.unwrap();
    assert_eq!(answer.rows, [json!({ "failed": "CONNECTOR_DESERIALIZE" }), json!({ "name": "n" })]);
}

#[tokio::test]
async fn a_batch_that_is_no_list_fails_each_of_its_keys() {
    let address = fixed(&[("/v1/users", 200, "application/json", r#"{"items":{"1":{}}}"#)]).await;
    let sdl = r#"
      type Query { a: Int @connect(selection: "$(1)") }
      type User @key(fields: "id") @connect(
        source: "api" id: "users" http: { GET: "/users?ids={$batch.id->joinNotNull(',')}" } selection: "$.items { id name }"
      ) { id: ID! name: String }"#;
    let ask = Ask { rows: rows(&[1, 2]), ..Ask::default() };
    let answer = api(&address, sdl).entities("users", &["name"], ask).await.unwrap();
    let failed = json!({ "failed": "BATCH_NOT_A_LIST" });
    assert_eq!(answer.rows, [failed.clone(), failed]);
}

#[tokio::test]
async fn a_computed_field_makes_no_call() {
    let sdl = r#"
      type Query { value(n: Int): JSON @connect(id: "it", selection: "double: $args.n->mul(2) who: $auth.claims.sub") }"#;
    let facts = RequestFacts { claims: Some(json!({ "sub": "u1" })), ..RequestFacts::default() };
    let ask = Ask { arguments: json!({ "n": 21 }), facts, ..Ask::default() };
    let answer = Subgraph::new(&format!("scalar JSON {sdl}"), &[]).field("it", 0, ask).await.unwrap();
    assert_eq!((answer.value(), answer.calls), (json!({ "double": 42, "who": "u1" }), 0));
}

#[tokio::test]
async fn what_is_always_the_same_is_computed_once() {
    let sdl = r#"
      type Query {
        constant: JSON @connect(id: "constant", selection: "$({ of: $env.OF, list: [1, 'x'] })")
        argument(n: Int): JSON @connect(id: "argument", selection: "$args.n")
        caller: JSON @connect(id: "caller", selection: "$auth.claims.sub")
        time: JSON @connect(id: "time", selection: "$now")
        broken: Int @connect(id: "broken", selection: "$env.NO.n")
      }"#;
    let subgraph = Subgraph::new(&format!("scalar JSON {sdl}"), &[("OF", "env")]);
    assert_eq!(subgraph.constant("constant").await, [None, Some(json!({ "of": "env", "list": [1, "x"] }))]);
    for id in ["argument", "caller", "time", "broken"] {
        assert_eq!(subgraph.constant(id).await, [None, None], "{id}");
    }
}

#[tokio::test]
async fn a_write_without_a_body_says_so() {
    let verb = |verb: &str| {
        format!(
            r#"{0}(id: ID): JSON @connect(source: "api", id: "{0}", http: {{ {0}: "/x" }}, selection: "$.headers")"#,
            verb
        )
    };
    let sdl = format!(
        "type Query {{ {} }} type Mutation {{ {} }}",
        verb("GET"),
        ["POST", "PUT", "PATCH"].map(verb).join(" ")
    );
    let subgraph = api(&echo().await, &sdl);
    for (id, length) in [("POST", json!("0")), ("PUT", json!("0")), ("PATCH", json!("0")), ("GET", Value::Null)] {
        let headers = subgraph.field(id, 0, Ask { mutation: id != "GET", ..Ask::default() }).await.unwrap().value();
        assert_eq!(headers["content-length"], length, "{id}");
    }
}

#[tokio::test]
async fn http_has_headers_and_no_trailers() {
    let sdl = r#"type Query { value: JSON @connect(source: "api", id: "it", http: { GET: "/x" },
        selection: "type: $response.headers.'content-type'->first trailers: $response.trailers") }"#;
    let value = api(&echo().await, sdl).field("it", 0, Ask::default()).await.unwrap().value();
    assert_eq!(value, json!({ "type": "application/json", "trailers": {} }));
}
