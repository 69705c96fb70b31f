//! A contract on the served graph: what it hides does not exist for clients, and still joins.

use async_graphql::{EmptyMutation, EmptySubscription, ID, Object, Schema, SimpleObject};
use http::HeaderMap;
use serde_json::{Value, json};
use std::time::Duration;

use pleach::app::config::graph::ContractConfig;
use pleach::app::config::tree::Config;
use pleach::cli::demo::DemoSystems;
use pleach::gateway::exchange::context::RequestContext;
use pleach::gateway::exchange::request::GraphqlRequest;
use pleach::gateway::pipeline::Gateway;
use pleach::gateway::pipeline::config::Introspection;
use pleach::platform::base::deadline::Deadline;

struct Query;

#[derive(SimpleObject)]
struct Product {
    #[graphql(tag = "internal")]
    id: ID,
    title: String,
}

#[Object]
impl Query {
    async fn featured(&self) -> Vec<Product> {
        let id = ID::from("7a1c0000-0000-4000-8000-000000000001");
        vec![Product { title: format!("The product {}", id.as_str()), id }]
    }

    #[graphql(entity)]
    async fn find_product(&self, id: ID) -> Product {
        Product { title: format!("The product {}", id.as_str()), id }
    }
}

async fn gateway(systems: &DemoSystems) -> Gateway {
    let mut config = Config::default();
    config.graph.introspection = Introspection::On;
    config.graph.contract = ContractConfig { exclude: vec!["internal".into()], ..ContractConfig::default() };
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let url = format!("http://{}/graphql", systems.reviews.address());
    let built = Gateway::builder()
        .config(config)
        .native("shop", schema)
        .subgraph("reviews", "", include_str!("../../schema/reviews.graphql"))
        .environment([("REVIEWS_URL".to_owned(), url)])
        .build()
        .await;
    built.unwrap_or_else(|error| panic!("{error}"))
}

async fn ask(gateway: &Gateway, query: &str) -> Value {
    let request = GraphqlRequest { query: Some(query.into()), ..GraphqlRequest::default() };
    let context = RequestContext {
        deadline: Deadline::after(Duration::from_secs(10)),
        request_id: "r1".into(),
        headers: HeaderMap::new(),
        now: "2026-01-01T00:00:00Z".parse().expect("a time"),
    };
    serde_json::from_slice(&gateway.execute(request, context).await.body).expect("JSON")
}

#[tokio::test]
async fn a_hidden_key_is_not_known_to_clients_and_still_joins_subgraphs() {
    let systems = DemoSystems::start().await.expect("the demo's systems");
    let gateway = gateway(&systems).await;
    let answer = ask(&gateway, "{ featured { title reviewCount } }").await;
    assert!(answer["data"]["featured"][0]["reviewCount"].is_number(), "{answer}");
    let refused = ask(&gateway, "{ featured { id } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{refused}");
    let fields = ask(&gateway, "{ __type(name: \"Product\") { fields { name } } }").await;
    let names = fields["data"]["__type"]["fields"].as_array().expect("fields");
    assert!(!names.contains(&json!({ "name": "id" })), "{fields}");
}
