//! GraphQL over HTTP, byte by byte.

mod bodies;
mod browsers;
mod coding;
mod health;
mod negotiation;

use serde_json::json;

use pleach::app::config::graph::Playground;
use pleach::app::config::tree::Config;
use pleach::gateway::pipeline::config::{Exposure, Introspection};

use crate::harness::Pleach;

/// A graph that needs nobody: its one connector is a constant.
const CONSTANT: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])

type Query {
  word: String @connect(selection: "$('hello')")
}

type Mutation { change: String @connect(selection: "$('changed')") }
"#;

/// The default configuration before a graph that needs nobody.
async fn plain() -> Pleach {
    with(|_| {}).await
}

async fn with(change: impl FnOnce(&mut Config)) -> Pleach {
    let mut config = Config::default();
    change(&mut config);
    Pleach::of(&[("constant.graphql", CONSTANT)], &[], config).await
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let pleach = plain().await;
    let first = pleach.ask("{ word }").await;
    let second = pleach.ask("{ word }").await;
    assert_eq!(first.data(), json!({ "word": "hello" }));
    assert_eq!(first.header("x-request-id").len(), 32);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    let refusals = [
        pleach.post(&json!([]), &[]).await,
        pleach.post(&json!({ "query": "{ word }" }), &[("accept", "text/plain")]).await,
        pleach.post(&json!({ "query": "{ word }" }), &[("content-encoding", "gzip")]).await,
        pleach.call("DELETE", "/graphql", &[]).await,
        pleach.call("GET", "/graphql?query=", &[]).await,
    ];
    for refusal in refusals {
        assert_eq!(refusal.header("x-request-id").len(), 32, "{} {}", refusal.status, refusal.text());
    }
}

#[tokio::test]
async fn introspection_and_playground_are_closed_unless_opened() {
    let pleach = plain().await;
    for query in ["{ __schema { queryType { name } } }", "{ word __type(name: \"Query\") { name } }"] {
        assert_eq!(pleach.ask(query).await.codes(), ["INTROSPECTION_DISABLED"]);
    }
    assert_eq!(pleach.ask("{ __typename }").await.data(), json!({ "__typename": "Query" }));
    assert_eq!(pleach.call("GET", "/", &[("accept", "text/html")]).await.status, 404);
    assert_eq!(pleach.call("GET", "/graphql", &[("accept", "text/html")]).await.status, 406);
    assert_eq!(pleach.call("GET", "/playground/index.js", &[]).await.status, 404);
}

#[tokio::test]
async fn introspection_can_be_opened_and_the_playground_stands_beside_the_endpoint() {
    let pleach = with(|config| {
        config.graph.introspection = Introspection::On;
        config.graph.playground = Playground::On;
    })
    .await;
    let types = "{ __type(name: \"Mutation\") { fields { name } } word }";
    let expected = json!({ "__type": { "fields": [{ "name": "change" }] }, "word": "hello" });
    assert_eq!(pleach.ask(types).await.data(), expected);
    for path in ["/", "/graphql"] {
        let page = pleach.call("GET", path, &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").starts_with("text/html"), "{path}");
    }
    assert_eq!(pleach.call("GET", "/graphql?query=%7Bword%7D", &[]).await.data(), json!({ "word": "hello" }));
    assert_eq!(pleach.call("GET", "/", &[("accept", "application/json")]).await.status, 404);
}

#[tokio::test]
async fn a_plan_is_shown_only_where_it_is_open_and_to_those_who_ask() {
    let body = json!({ "query": "{ word }" });
    let asking = [("pleach-expose-plan", "true")];
    let closed = plain().await;
    assert_eq!(closed.post(&body, &asking).await.json(), json!({ "data": { "word": "hello" } }));
    let open = with(|config| config.plan.expose = Exposure::On).await;
    assert_eq!(open.post(&body, &[]).await.json(), json!({ "data": { "word": "hello" } }));
    assert_eq!(open.post(&body, &[("pleach-expose-plan", "no")]).await.json(), json!({ "data": { "word": "hello" } }));
    let shown = open.post(&body, &asking).await.json();
    assert_eq!(shown["data"], json!({ "word": "hello" }));
    let plan = &shown["extensions"]["plan"];
    assert_eq!((&plan["calls"], plan["steps"].as_array().map(Vec::len)), (&json!(1), Some(1)), "{shown}");
    assert_eq!(plan["steps"][0]["gives"], json!(["the client Query.word"]));
    assert_eq!(plan["steps"][0]["cost"]["total"], plan["cost"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_with_its_place() {
    let pleach = plain().await;
    let reply = pleach.ask("{ word nothing }").await;
    assert_eq!(reply.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    assert_eq!(reply.errors()[0]["locations"], json!([{ "line": 1, "column": 8 }]));
    assert_eq!(pleach.ask("{ word").await.codes(), ["GRAPHQL_PARSE_FAILED"]);
    let two = json!({ "query": "query A { word } query B { __typename }", "operationName": "B" });
    assert_eq!(pleach.post(&two, &[]).await.data(), json!({ "__typename": "Query" }));
    let none = json!({ "query": "query A { word } query B { word }" });
    assert_eq!(pleach.post(&none, &[]).await.codes(), ["OPERATION_RESOLUTION_FAILURE"]);
    let wrong = json!({ "query": "query ($b: Boolean!) { word @include(if: $b) }", "variables": { "b": "yes" } });
    assert_eq!(pleach.post(&wrong, &[]).await.codes(), ["BAD_USER_INPUT"]);
}

#[tokio::test]
async fn a_client_may_name_its_request_itself_with_harmless_letters() {
    let pleach = plain().await;
    let body = json!({ "query": "{ word }" });
    let own = pleach.post(&body, &[("x-request-id", "trace:7f/3_a.b~c-1+2==")]).await;
    assert_eq!(own.header("x-request-id"), "trace:7f/3_a.b~c-1+2==");
    for bad in ["", "a b", "a\u{9}b", "<script>", &"x".repeat(129)] {
        let reply = pleach.post(&body, &[("x-request-id", bad)]).await;
        assert_eq!(reply.header("x-request-id").len(), 32, "{bad:?}");
    }
}

#[tokio::test]
async fn clients_that_try_persisted_queries_are_told_to_send_the_document() {
    let pleach = plain().await;
    let hash = json!({ "persistedQuery": { "version": 1, "sha256Hash": "ab".repeat(32) } });
    let posted = pleach.post(&json!({ "extensions": hash }), &[]).await;
    let path = format!(
        "/graphql?extensions={}",
        url::form_urlencoded::byte_serialize(hash.to_string().as_bytes()).collect::<String>()
    );
    for reply in [posted, pleach.call("GET", &path, &[]).await] {
        assert_eq!((reply.status, reply.codes()), (200, vec!["PERSISTED_QUERY_NOT_SUPPORTED".to_owned()]));
        assert_eq!(reply.errors()[0]["message"], "PersistedQueryNotSupported");
    }
    let whole = pleach.post(&json!({ "query": "{ word }", "extensions": hash }), &[]).await;
    assert_eq!(whole.data(), json!({ "word": "hello" }));
}
