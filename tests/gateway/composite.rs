//! Servers without `_entities`, whose SDL is in the spelling of Composite Schemas: elsewhere, in this
//! process, and in a supergraph that was composed before.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::{
    Data, EmptyMutation, EmptySubscription, Executor, ID, InputObject, Object, Request, Response, Schema, SimpleObject,
    value,
};
use async_graphql_axum::GraphQL;
use axum::Router;
use axum::routing::post_service;
use futures_util::stream::BoxStream;
use http::HeaderMap;
use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server;
use pleach::gateway::exchange::context::RequestContext;
use pleach::gateway::exchange::request::GraphqlRequest;
use pleach::gateway::pipeline::Gateway;
use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::platform::base::deadline::Deadline;
use pleach::platform::base::span::SourceMap;
use pleach::sources::config::SourceConfig;

use crate::harness::upstream;

const CATALOGUE_SDL: &str = r#"
extend schema @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup"])
type Query {
  products: [Product!]!
  productById(id: ID!): Product @lookup
}
type Product {
  id: ID!
  name: String!
  dimension: Dimension
}
type Dimension {
  width: Int!
  height: Int!
}
"#;

const SHIPPING_SDL: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup", "@internal", "@require"])
type Query {
  internal: Lookups! @internal
}
type Lookups @internal {
  product(id: ID!): Product @lookup
}
type Product {
  id: ID!
  carrier: String
  delivery(zip: String!, size: Size @require(field: "dimension.{ w: width, h: height }")): String
}
input Size {
  w: Int!
  h: Int!
}
"#;

struct Catalogue;

#[derive(SimpleObject)]
struct Product {
    id: ID,
    name: String,
    dimension: Option<Dimension>,
}

#[derive(SimpleObject)]
struct Dimension {
    width: i32,
    height: i32,
}

fn product(number: i32) -> Product {
    let dimension = (number != 2).then_some(Dimension { width: number, height: 10 * number });
    Product { id: number.to_string().into(), name: format!("product {number}"), dimension }
}

#[Object(name = "Query")]
impl Catalogue {
    async fn products(&self) -> Vec<Product> {
        (1..5).map(product).collect()
    }

    async fn product_by_id(&self, id: ID) -> Option<Product> {
        id.parse().ok().map(product)
    }
}

struct Shipping;
struct Lookups;
struct Parcel(i32);

#[derive(InputObject)]
struct Size {
    w: i32,
    h: i32,
}

#[Object(name = "Query")]
impl Shipping {
    async fn internal(&self) -> Lookups {
        Lookups
    }
}

#[Object]
impl Lookups {
    /// There is no third product here, and the fourth is out of reach.
    async fn product(&self, id: ID) -> async_graphql::Result<Option<Parcel>> {
        match id.parse()? {
            3 => Ok(None),
            4 => Err("out of reach".into()),
            number => Ok(Some(Parcel(number))),
        }
    }
}

#[Object(name = "Product")]
impl Parcel {
    async fn id(&self) -> ID {
        self.0.to_string().into()
    }

    async fn carrier(&self) -> Option<String> {
        Some(format!("carrier {}", self.0))
    }

    async fn delivery(&self, zip: String, size: Option<Size>) -> Option<String> {
        size.map(|size| format!("{} x {} to {zip}", size.w, size.h))
    }
}

type SchemaOf<Q> = Schema<Q, EmptyMutation, EmptySubscription>;

fn schema<Q: async_graphql::ObjectType + 'static>(query: Q) -> SchemaOf<Q> {
    Schema::new(query, EmptyMutation, EmptySubscription)
}

async fn serve<Q: async_graphql::ObjectType + 'static>(query: Q) -> (Server, String) {
    let server = upstream(Router::new().route("/graphql", post_service(GraphQL::new(schema(query))))).await;
    let url = format!("http://{}/graphql", server.address());
    (server, url)
}

/// A schema that tells its SDL with the specification's directives.
#[derive(Clone)]
struct Told(SchemaOf<Shipping>);

impl Executor for Told {
    async fn execute(&self, request: Request) -> Response {
        match request.query.contains("_service") {
            true => Response::new(value!({ "_service": { "sdl": SHIPPING_SDL } })),
            false => self.0.execute(request).await,
        }
    }

    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        Box::pin(self.0.execute_stream(request))
    }
}

async fn ask(gateway: &Gateway) -> Value {
    let query = r#"{ products { name carrier delivery(zip: "20095") } }"#;
    let request = GraphqlRequest { query: Some(query.into()), ..GraphqlRequest::default() };
    let context = RequestContext {
        deadline: Deadline::after(Duration::from_secs(10)),
        request_id: "r1".into(),
        headers: HeaderMap::new(),
        now: "2026-01-01T00:00:00Z".parse().expect("a time"),
    };
    let response = gateway.execute(request, context).await;
    serde_json::from_slice(&response.body).expect("JSON")
}

fn expected() -> Value {
    let failed = |field: &str| {
        json!({ "message": "Request to a subgraph failed", "path": ["products", 3, field],
            "extensions": { "code": "DOWNSTREAM_SERVICE_ERROR" } })
    };
    json!({
        "data": { "products": [
            { "name": "product 1", "carrier": "carrier 1", "delivery": "1 x 10 to 20095" },
            { "name": "product 2", "carrier": "carrier 2", "delivery": null },
            { "name": "product 3", "carrier": null, "delivery": null },
            { "name": "product 4", "carrier": null, "delivery": null },
        ] },
        "errors": [failed("carrier"), failed("delivery")],
    })
}

#[tokio::test]
async fn servers_elsewhere_are_asked_through_their_lookups() {
    let ((catalogue, catalogue_url), (shipping, shipping_url)) = (serve(Catalogue).await, serve(Shipping).await);
    let built = Gateway::builder()
        .subgraph("catalogue", catalogue_url, CATALOGUE_SDL)
        .subgraph("shipping", shipping_url, SHIPPING_SDL)
        .build()
        .await;
    assert_eq!(ask(&built.unwrap_or_else(|error| panic!("{error}"))).await, expected());
    assert_eq!((catalogue.calls(), shipping.calls()), (1, 1), "all products in one call");
}

#[tokio::test]
async fn the_configuration_says_how_many_objects_a_call_looks_up() {
    let ((_catalogue, catalogue_url), (shipping, shipping_url)) = (serve(Catalogue).await, serve(Shipping).await);
    let mut config = Config::default();
    let two = SourceConfig { lookups: NonZeroU32::new(2), ..SourceConfig::default() };
    config.sources.insert("shipping".to_owned(), two);
    let built = Gateway::builder()
        .config(config)
        .subgraph("catalogue", catalogue_url, CATALOGUE_SDL)
        .subgraph("shipping", shipping_url, SHIPPING_SDL)
        .build()
        .await;
    assert_eq!(ask(&built.unwrap_or_else(|error| panic!("{error}"))).await, expected());
    assert_eq!(shipping.calls(), 2, "four products, two a call");
}

#[tokio::test]
async fn a_schema_of_this_process_is_asked_through_its_lookups() {
    let (_catalogue, catalogue_url) = serve(Catalogue).await;
    let built = Gateway::builder()
        .subgraph("catalogue", catalogue_url, CATALOGUE_SDL)
        .native("shipping", Told(schema(Shipping)))
        .build()
        .await;
    assert_eq!(ask(&built.unwrap_or_else(|error| panic!("{error}"))).await, expected());
}

#[tokio::test]
async fn a_supergraph_that_was_composed_before_has_its_lookups() {
    let ((_catalogue, catalogue_url), (_shipping, shipping_url)) = (serve(Catalogue).await, serve(Shipping).await);
    let mut files = SourceMap::new();
    let subgraphs = [("catalogue", catalogue_url, CATALOGUE_SDL), ("shipping", shipping_url, SHIPPING_SDL)];
    let inputs = subgraphs.map(|(name, url, sdl)| {
        let file = files.add(format!("{name}.graphql"), sdl);
        SubgraphInput { name: name.into(), url: url.into(), file }
    });
    let composed = compose(&files, &inputs, &ComposeOptions::default()).supergraph.expect("a supergraph");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supergraph.graphql");
    std::fs::write(&file, composed.sdl).expect("written");
    let built = Gateway::builder().supergraph_file(file).build().await;
    assert_eq!(ask(&built.unwrap_or_else(|error| panic!("{error}"))).await, expected());
}
