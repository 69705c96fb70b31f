//! Federated subgraphs and plain GraphQL servers.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use pleach::sources::config::HeadersConfig;
use pleach::sources::connector::HeaderPlan;
use pleach::sources::contract::{Call, FetchRequest, Source, SourceError};
use pleach::sources::graphql::{GraphqlEndpoint, GraphqlSubgraph};
use pleach::sources::headers::HeaderRules;

use crate::harness::{Ask, Subgraph, client, context, root_row, root_shape, serve};

/// A server that gives one status and text, or with an empty text says what it was asked.
async fn server(status: u16, text: &'static str) -> String {
    let handler = async move |headers: HeaderMap, body: Bytes| {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let said = json!({ "data": { "said": {
            "body": serde_json::from_slice::<Value>(&body).unwrap(), "accept": header("accept"), "user": header("x-user"),
            "cookie": header("cookie"),
        } } });
        let text = if text.is_empty() { said.to_string() } else { text.to_owned() };
        (StatusCode::from_u16(status).unwrap(), [("content-type", "application/json")], text)
    };
    serve(Router::new().fallback(handler)).await
}

async fn fetch(address: &str, fields: &[&str]) -> Result<(Value, usize), SourceError> {
    let endpoint = GraphqlEndpoint::new(client(), &format!("http://{address}/graphql"), 1 << 20).unwrap();
    let config = HeadersConfig { propagate: vec!["x-*".to_owned()], ..HeadersConfig::default() };
    let rules = HeaderRules::new(&config).unwrap();
    let source =
        GraphqlSubgraph::new("s".into(), endpoint, rules, HeaderPlan::default(), Arc::default(), Arc::default());
    let request = FetchRequest {
        call: Call::Graphql {
            document: "query Q($a:Int){said(a:$a)}".into(),
            operation_name: Some("Q".into()),
            variables: Bytes::from_static(br#"{"a":1}"#),
            mutation: false,
        },
        shape: root_shape(fields),
        expected: Vec::new(),
        first: Default::default(),
    };
    let headers = HeaderMap::from_iter(
        [("x-user", "u1"), ("cookie", "c")].map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())),
    );
    let rows = source.fetch(&request, &context(headers)).await?;
    Ok((root_row(&rows, fields), rows.reports().errors.len() + rows.reports().general.len()))
}

#[tokio::test]
async fn a_document_is_posted_with_the_headers_that_may_travel() {
    let (row, errors) = fetch(&server(200, "").await, &["said"]).await.unwrap();
    assert_eq!(
        (row, errors),
        (
            json!({ "said": {
                "body": { "query": "query Q($a:Int){said(a:$a)}", "operationName": "Q", "variables": { "a": 1 } },
                "accept": "application/graphql-response+json, application/json;q=0.9", "user": "u1", "cookie": null,
            } }),
            0
        )
    );
}

#[tokio::test]
async fn a_graphql_answer_counts_whatever_its_status() {
    let answer = r#"{"data":{"a":1},"errors":[{"message":"no","path":["b"]}]}"#;
    assert_eq!(fetch(&server(500, answer).await, &["a"]).await.unwrap(), (json!({ "a": 1 }), 1));
}

#[tokio::test]
async fn without_one_the_status_tells_what_is_wrong() {
    let error = fetch(&server(502, "<html>").await, &["a"]).await.unwrap_err();
    assert_eq!((&*error.code, &error.extensions["http"]["status"]), ("SUBREQUEST_HTTP_ERROR", &json!(502)));
    let error = fetch(&server(200, "[]").await, &["a"]).await.unwrap_err();
    assert_eq!(&*error.code, "SUBREQUEST_MALFORMED_RESPONSE");
    let error = fetch("127.0.0.1:1", &["a"]).await.unwrap_err();
    assert_eq!(&*error.code, "SUBREQUEST_HTTP_ERROR");
}

fn plain(address: &str) -> Subgraph {
    let sdl = r#"
      scalar JSON
      extend schema @source(name: "g", graphql: { url: "{$env.G}" })
      type Query {
        field(id: ID!): JSON @connect(source: "g", id: "field", selection: "body.query", graphql: { field: "said", args: "id: $args.id" })
        query(id: ID!): JSON @connect(source: "g", id: "query", selection: "$.said.body.variables",
          graphql: { query: "query ($id: ID) { said(id: $id) }", variables: "id: $args.id" })
        failing: JSON @connect(source: "g", id: "failing", selection: "$", graphql: { field: "said" },
          errors: { message: "$response.errors->first.message" })
      }
    "#;
    Subgraph::new(sdl, &[("G", &format!("http://{address}/graphql"))])
}

#[tokio::test]
async fn a_plain_server_is_asked_for_what_the_mapping_reads() {
    let subgraph = plain(&server(200, "").await);
    let ask = || Ask { arguments: json!({ "id": "a\"b" }), ..Ask::default() };
    let asked = subgraph.field("field", 0, ask()).await.unwrap().value();
    assert_eq!(asked, r#"{ said(id: "a\"b") { body { query } } }"#);
    assert_eq!(subgraph.field("query", 0, ask()).await.unwrap().value(), json!({ "id": "a\"b" }));
}

#[tokio::test]
async fn a_plain_servers_errors_fail_a_field_without_data() {
    let subgraph = plain(&server(200, r#"{"data":{"said":null},"errors":[{"message":"not today"}]}"#).await);
    let error = subgraph.field("failing", 0, Ask::default()).await.unwrap_err();
    assert_eq!((&*error.code, error.message.as_str()), ("CONNECTOR_FETCH", "not today"));
}
