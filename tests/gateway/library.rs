//! Pleach as a library: a schema of the program itself beside a service elsewhere.

use async_graphql::{Context, EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use http::HeaderMap;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use pleach::app::config::tree::Config;
use pleach::app::health::Health;
use pleach::app::routes::routes;
use pleach::cli::demo::DemoSystems;
use pleach::gateway::exchange::context::RequestContext;
use pleach::gateway::exchange::request::GraphqlRequest;
use pleach::gateway::exchange::response::Outcome;
use pleach::gateway::pipeline::Gateway;
use pleach::platform::base::deadline::Deadline;
use pleach::sources::contract::RequestFacts;

use crate::harness::{Client, post, upstream};
use crate::record;
use crate::world::World;

struct Query;

#[derive(SimpleObject)]
struct Product {
    id: ID,
    title: String,
}

impl Product {
    fn of(id: ID) -> Self {
        Self { title: format!("The product {}", id.as_str()), id }
    }
}

#[Object]
impl Query {
    async fn featured(&self) -> Vec<Product> {
        ["7a1c0000-0000-4000-8000-000000000001", "7a1c0000-0000-4000-8000-000000000003"]
            .map(ID::from)
            .map(Product::of)
            .into()
    }

    /// What a native schema knows of the request.
    async fn agent(&self, context: &Context<'_>) -> Option<String> {
        let facts = context.data::<Arc<RequestFacts>>().ok()?;
        Some(facts.headers.get("user-agent")?.to_str().ok()?.to_owned())
    }

    #[graphql(entity)]
    async fn find_product(&self, id: ID) -> Product {
        Product::of(id)
    }
}

async fn gateway(systems: &DemoSystems) -> Gateway {
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let url = format!("http://{}/graphql", systems.reviews.address());
    let built = Gateway::builder()
        .native("shop", schema)
        .subgraph("reviews", "", include_str!("../../schema/reviews.graphql"))
        .environment([("REVIEWS_URL".to_owned(), url)])
        .build()
        .await;
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn context(headers: HeaderMap) -> RequestContext {
    RequestContext {
        deadline: Deadline::after(Duration::from_secs(10)),
        request_id: "r1".into(),
        headers,
        now: "2026-01-01T00:00:00Z".parse().expect("a time"),
    }
}

async fn ask(gateway: &Gateway, query: &str) -> (Outcome, Value) {
    let request = GraphqlRequest { query: Some(query.into()), ..GraphqlRequest::default() };
    let response = gateway.execute(request, context(HeaderMap::new())).await;
    (response.outcome, serde_json::from_slice(&response.body).expect("JSON"))
}

#[tokio::test]
async fn a_native_schema_and_a_remote_subgraph_are_one_graph() {
    let systems = DemoSystems::start().await.expect("the demo's systems");
    let (gateway, world) = (gateway(&systems).await, World::read().await);
    let query = "{ featured { title reviewCount } latestReviews(first: 2) { rating product { title } } }";
    let (outcome, answer) = ask(&gateway, query).await;
    let featured = |number: &str| {
        let id = format!("7a1c0000-0000-4000-8000-{number:0>12}");
        json!({ "title": format!("The product {id}"), "reviewCount": world.reviews_where("product", &json!(id)).count() })
    };
    let latest = world.reviews.iter().rev().take(2).map(|review| {
        let title = format!("The product {}", review["product"].as_str().expect("an id"));
        json!({ "rating": review["rating"], "product": { "title": title } })
    });
    let expected = json!({ "featured": [featured("1"), featured("3")], "latestReviews": latest.collect::<Vec<_>>() });
    assert_eq!((outcome, answer), (Outcome::Executed, json!({ "data": expected })));
    assert_eq!(systems.reviews.calls(), 2, "one call for the list, one for all products");
}

#[tokio::test]
async fn a_gateway_can_be_mounted_in_a_program_s_own_server() {
    let systems = DemoSystems::start().await.expect("the demo's systems");
    let router = routes(gateway(&systems).await, &Config::default(), &Health::default()).expect("routes");
    let server = upstream(router).await;
    let url = format!("http://{}/graphql", server.address());
    let reply = Client::new().send(post(&url, &json!({ "query": "{ agent }" }), &[("user-agent", "a test")])).await;
    assert_eq!((reply.status, reply.data()), (200, json!({ "agent": "a test" })));
}

/// Fails as nothing should.
fn boom() -> bool {
    panic!("on purpose")
}

struct BrokenQuery;
struct BrokenMutation;

#[Object]
impl BrokenQuery {
    async fn boom(&self) -> bool {
        boom()
    }
}

#[Object]
impl BrokenMutation {
    async fn boom(&self) -> bool {
        boom()
    }
}

#[tokio::test]
async fn a_panic_costs_one_request_and_is_told_with_its_id() {
    record::start();
    let schema = Schema::build(BrokenQuery, BrokenMutation, EmptySubscription).enable_federation().finish();
    let gateway = Gateway::builder().native("broken", schema).build().await.unwrap_or_else(|error| panic!("{error}"));
    for (text, id) in [("{ boom }", "query-that-panics"), ("mutation { boom }", "mutation-that-panics")] {
        let request = GraphqlRequest { query: Some(text.into()), ..GraphqlRequest::default() };
        let context = RequestContext { request_id: id.into(), ..context(HeaderMap::new()) };
        let response = gateway.execute(request, context).await;
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(body["errors"][0]["extensions"], json!({ "code": "INTERNAL", "requestId": id }), "{body}");
        assert_eq!(record::logged(id).len(), 1, "{:?}", record::logged(id));
    }
}

#[tokio::test]
async fn what_cannot_be_built_is_told_with_its_place() {
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.11\")\ntype Query { a: Missing }";
    let error = Gateway::builder().subgraph("a", "http://127.0.0.1:1", sdl).build().await.err().expect("no gateway");
    let text = error.to_string();
    assert!(text.contains("a.graphql:2:17") && text.contains("Missing"), "{text}");
}

#[tokio::test]
async fn two_subgraphs_of_one_name_are_refused() {
    let schema = || Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let error = Gateway::builder().native("shop", schema()).native("shop", schema()).build().await.err();
    assert!(error.expect("no gateway").to_string().contains("INVALID_SUBGRAPH_NAME"));
}

async fn mistakes(builder: pleach::app::build::GatewayBuilder) -> String {
    match builder.build().await {
        Ok(_) => panic!("the gateway could be built"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn every_setting_that_no_server_could_start_with_is_a_mistake_at_once() {
    let mut config = Config::default();
    config.http.cors.origins = vec!["*".into()];
    config.http.cors.credentials = true;
    config.listen.path = "graphql".into();
    config.telemetry.logs.level = "lou!d=x".into();
    let sdl = "type Query { a: Int }";
    let told = mistakes(Gateway::builder().config(config).subgraph("a", "http://127.0.0.1:9/", sdl)).await;
    for setting in ["http.cors.origins", "listen.path", "telemetry.logs.level"] {
        assert!(told.contains(setting), "{setting} is not told of in\n{told}");
    }
}

#[tokio::test]
async fn subgraphs_as_text_are_not_forgotten_beside_a_folder() {
    let builder = Gateway::builder().schema_dir("schema").subgraph("a", "http://127.0.0.1:9/", "type Query { a: Int }");
    assert!(mistakes(builder).await.contains("as files and as text"));
}
