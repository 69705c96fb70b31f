//! Every limit refuses with a code of its own, and says what was too much and what is allowed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server as Upstream;
use pleach::gateway::limits::config::LimitsConfig;
use pleach::platform::base::quantity::{ByteSize, TimeSpan};

use crate::harness::{Pleach, Reply, until, upstream, within};

const SDL: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@cost", "@listSize"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}" })

type Query {
  word: String @connect(selection: "$('hello')")
  dear: String @cost(weight: 40) @connect(selection: "$('gold')")
  node: Node @connect(selection: "word: $('hello')")
  slow: String @connect(source: "api", http: { GET: "/slow" }, selection: "$.text")
  big(bytes: Int!): String @connect(source: "api", http: { GET: "/big/{$args.bytes}" }, selection: "$.text")
  list(first: Int): [Node!]
    @listSize(slicingArguments: ["first"])
    @connect(source: "api", http: { GET: "/list" }, selection: "word")
}

type Node {
  word: String
  again: Node @connect(selection: "word: $('again')")
}
"#;

struct Limited {
    pleach: Pleach,
    /// One permit lets one call of `/slow` go.
    slow: Arc<Semaphore>,
    api: Upstream,
}

async fn limited(change: impl FnOnce(&mut LimitsConfig)) -> Limited {
    let slow = Arc::new(Semaphore::new(0));
    let wait = slow.clone();
    let router = Router::new()
        .route(
            "/slow",
            get(move || async move {
                wait.acquire().await.expect("it stays open").forget();
                axum::Json(json!({ "text": "at last" }))
            }),
        )
        .route(
            "/big/{bytes}",
            get(async |axum::extract::Path(bytes): axum::extract::Path<usize>| {
                axum::Json(json!({ "text": "x".repeat(bytes) }))
            }),
        )
        .route("/list", get(async || axum::Json(json!([{ "word": "a" }, { "word": "b" }]))));
    let api = upstream(router).await;
    let mut config = Config::default();
    change(&mut config.limits);
    let environment = [("API", format!("http://{}", api.address()))];
    Limited { pleach: Pleach::of(&[("limits.graphql", SDL)], &environment, config).await, slow, api }
}

/// That `refused` is refused with `code` and says both numbers, and `allowed` is answered.
async fn check(change: impl FnOnce(&mut LimitsConfig), code: &str, number: u64, limit: u64, queries: [&str; 2]) {
    let Limited { pleach, api: _api, .. } = limited(change).await;
    let [refused, allowed] = queries;
    let reply = pleach.ask(refused).await;
    assert_eq!(reply.codes(), [code], "{}", reply.text());
    assert!(reply.json().get("data").is_none(), "nothing was executed");
    let error = &reply.errors()[0];
    assert_eq!(error["extensions"], json!({ "code": code, "number": number, "limit": limit }));
    let message = error["message"].as_str().expect("a sentence");
    assert!(message.contains(&number.to_string()) && message.contains(&limit.to_string()), "{message}");
    pleach.ask(allowed).await.data();
}

#[tokio::test]
async fn depth_is_limited_fragments_inlined() {
    let deep = "{ node { ...F } } fragment F on Node { again { again { word } } }";
    check(|limits| limits.depth = 3, "MAX_DEPTH_LIMIT", 4, 3, [deep, "{ node { again { word } } }"]).await;
}

#[tokio::test]
async fn aliases_are_limited() {
    let many = "{ a: word b: word node { c: word } }";
    check(|limits| limits.aliases = 2, "MAX_ALIASES_LIMIT", 3, 2, [many, "{ a: word b: word }"]).await;
}

#[tokio::test]
async fn root_fields_are_limited_fragments_inlined() {
    let many = "{ word ...F } fragment F on Query { dear a: word }";
    check(|limits| limits.root_fields = 2, "MAX_ROOT_FIELDS_LIMIT", 3, 2, [many, "{ word dear }"]).await;
}

#[tokio::test]
async fn directives_are_limited() {
    let many = "{ word @include(if: true) @skip(if: false) dear @skip(if: false) }";
    let few = "{ word @include(if: true) @skip(if: false) }";
    check(|limits| limits.directives = 2, "MAX_DIRECTIVES_LIMIT", 3, 2, [many, few]).await;
}

#[tokio::test]
async fn cost_is_limited_by_weight_and_list_size() {
    let set = |limits: &mut LimitsConfig| limits.complexity = 50;
    check(set, "COST_ESTIMATED_TOO_EXPENSIVE", 80, 50, ["{ a: dear b: dear }", "{ dear }"]).await;
    let set = |limits: &mut LimitsConfig| limits.complexity = 50;
    let [many, few] = ["{ list(first: 51) { word } }", "{ list(first: 50) { word } }"];
    check(set, "COST_ESTIMATED_TOO_EXPENSIVE", 51, 50, [many, few]).await;
}

#[tokio::test]
async fn several_limits_are_told_at_once() {
    let Limited { pleach, api: _api, .. } = limited(|limits| (limits.depth, limits.aliases) = (1, 0)).await;
    assert_eq!(pleach.ask("{ a: node { word } }").await.codes(), ["MAX_DEPTH_LIMIT", "MAX_ALIASES_LIMIT"]);
}

#[tokio::test]
async fn tokens_are_limited() {
    let Limited { pleach, api: _api, .. } = limited(|limits| limits.tokens = 10).await;
    let reply = pleach.ask("{ word dear a: word b: dear c: word }").await;
    assert_eq!(reply.codes(), ["MAX_TOKENS_LIMIT"]);
    assert_eq!(reply.errors()[0]["extensions"]["limit"], 10, "{}", reply.text());
    assert_eq!(reply.errors()[0]["extensions"]["number"], 23, "{}", reply.text());
    assert_eq!(reply.errors()[0]["message"], "The document has 23 tokens; the limit is 10");
    pleach.ask("{ word dear }").await.data();
}

#[tokio::test]
async fn at_the_deadline_what_is_there_is_answered() {
    let Limited { pleach, api, .. } = limited(|limits| limits.deadline = TimeSpan(Duration::from_millis(300))).await;
    let begin = Instant::now();
    let reply = pleach.ask("{ word slow }").await;
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
    assert_eq!((reply.status, reply.codes()), (200, vec!["GATEWAY_TIMEOUT".to_owned()]));
    assert_eq!(reply.json()["data"], json!({ "word": "hello", "slow": null }));
    assert_eq!(reply.errors()[0]["path"], json!(["slow"]));
    assert_eq!(api.calls(), 1, "it was called once, and is not called again");
}

#[tokio::test]
async fn requests_in_flight_are_limited_and_admitted_again_when_one_ends() {
    let Limited { pleach, slow, api } = limited(|limits| limits.in_flight = 2).await;
    let busy = async {
        let (first, second) = tokio::join!(pleach.ask("{ slow }"), pleach.ask("{ slow }"));
        [first.data(), second.data()]
    };
    let refused = async {
        until("both have begun", async || api.calls() == 2).await;
        let reply = pleach.ask("{ word }").await;
        slow.add_permits(2);
        reply
    };
    let (answered, reply): ([Value; 2], Reply) = tokio::join!(busy, refused);
    assert_eq!((reply.status, reply.codes()), (503, vec!["REQUEST_CONCURRENCY_LIMITED".to_owned()]));
    assert_eq!(reply.header("retry-after"), "1");
    assert!(reply.text().contains("2 requests"), "{}", reply.text());
    assert_eq!(reply.errors()[0]["extensions"]["limit"], 2);
    assert_eq!(answered, [json!({ "slow": "at last" }), json!({ "slow": "at last" })]);
    pleach.ask("{ word }").await.data();
}

#[tokio::test]
async fn what_one_request_holds_is_limited() {
    let Limited { pleach, api: _api, .. } = limited(|limits| limits.response = ByteSize(20_000)).await;
    pleach.ask("{ big(bytes: 1000) }").await.data();
    let reply = pleach.ask("{ word big(bytes: 30000) }").await;
    assert_eq!(reply.codes(), ["RESPONSE_TOO_LARGE"]);
    assert!(reply.body.len() < 1_000, "{} bytes", reply.body.len());
    assert!(reply.text().contains("20000 bytes"), "{}", reply.text());
}

#[tokio::test]
async fn one_answer_of_a_source_is_limited_whatever_its_protocol() {
    let Limited { pleach, api: _api, .. } = limited(|limits| limits.source_body = ByteSize(5_000)).await;
    pleach.ask("{ big(bytes: 1000) }").await.data();
    let reply = pleach.ask("{ word big(bytes: 6000) }").await;
    assert_eq!(reply.codes(), ["RESPONSE_TOO_LARGE"]);
    assert_eq!(reply.json()["data"], json!({ "word": "hello", "big": null }));
}

#[tokio::test]
async fn the_defaults_let_the_demo_pass_and_stop_what_nests_without_end() {
    let Limited { pleach, api: _api, .. } = limited(|_| {}).await;
    let deep = format!("{{ node {}", "{ again ".repeat(30)) + "{ word }" + &"}".repeat(31);
    let reply = within(Duration::from_secs(5), "an answer", pleach.ask(&deep)).await;
    assert_eq!(reply.codes(), ["MAX_DEPTH_LIMIT"]);
}
