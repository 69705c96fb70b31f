//! Connectors in the spelling of Composite Schemas: lookups whose arguments are named otherwise than
//! the key, and arguments that are filled from other subgraphs.

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server;
use pleach::graph::compose::{ComposeOptions, SubgraphInput, compose};
use pleach::graph::federation::supergraph::Supergraph;
use pleach::graph::language::parse;
use pleach::platform::base::span::SourceMap;

use crate::harness::{Pleach, upstream};

const ORDERS: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}" })

type Query {
  orders: [Order!]!
    @connect(source: "api", http: { GET: "/orders" }, selection: "id product { sku } shelf { row hall { id } }")
  ids: [Product!]! @connect(source: "api", http: { GET: "/ids" }, selection: "id")
}

type Order {
  id: ID!
  product: Product
  shelf: Shelf
}

type Product @key(fields: "sku") @key(fields: "id") {
  sku: String!
  id: ID!
}

type Shelf @key(fields: "row hall { id }") {
  row: Int!
  hall: Hall!
}

type Hall @key(fields: "id") {
  id: ID!
}
"#;

const CATALOGUE: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup", "@is", "@internal", "@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}" })

type Query {
  productBySku(code: String! @is(field: "sku")): Product
    @lookup
    @connect(
      source: "api"
      http: { GET: "/skus/{$args.code}" }
      selection: """
      sku id name weight note
      maker: maker {
        ... kind->match(['Person', { __typename: 'Person', code }], ['Company', { __typename: 'Company', code }])
      }
      """
    )
  productById(id: ID!): Product
    @lookup
    @internal
    @connect(source: "api", http: { GET: "/products/{$args.id}" }, selection: "sku id name weight note")
  shelf(number: Int! @is(field: "row"), at: HallKey! @is(field: "hall.{ number: id }")): Shelf
    @lookup
    @connect(
      source: "api"
      http: { GET: "/halls/{$args.at.number}/{$args.number}" }
      selection: "row hall { id } label secret"
    )
}

type Product {
  sku: String!
  id: ID!
  name: String!
  weight: Int
  note: String
  maker: Maker
}

union Maker = Person | Company

type Person {
  code: String
}

type Company {
  code: String
}

type Shelf {
  row: Int!
  hall: Hall!
  label: String
  secret: Secret @internal
}

type Secret @internal {
  code: Int
}

type Hall @key(fields: "id") {
  id: ID!
}

input HallKey {
  number: ID!
}
"#;

const SHIPPING: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@require", "@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}" })

scalar JSON

type Product @key(fields: "sku") {
  sku: String!
  delivery(zip: String!, weight: Int! @require(field: "weight"), label: Label @require(field: "{ text: name, note }")): String
    @connect(
      source: "api"
      http: { GET: "/rates/{$this.sku}", queryParams: "zip: $args.zip weight: $args.weight text: $args.label.text" }
      selection: "$.url"
    )
  echo(weight: Int! = 7 @require(field: "weight"), note: String @require(field: "note"), own: Int = 1): JSON
    @connect(selection: "$args")
  by(maker: MakerInput @require(field: "maker<Person>.{ person: code } | maker<Company>.{ company: code }")): JSON
    @connect(selection: "$args.maker")
}

input Label {
  text: String!
  note: String
}

input MakerInput {
  person: String
  company: String
}
"#;

const FILES: [(&str, &str); 3] =
    [("catalogue.graphql", CATALOGUE), ("orders.graphql", ORDERS), ("shipping.graphql", SHIPPING)];

fn product(number: u32) -> Value {
    let kind = if number == 1 { "Person" } else { "Company" };
    json!({
        "id": number, "sku": format!("s{number}"), "name": format!("product {number}"),
        "weight": (number != 2).then_some(10 * number), "note": null,
        "maker": { "kind": kind, "code": format!("c{number}") },
    })
}

async fn answer(request: Request) -> axum::response::Response {
    let uri = request.uri().to_string();
    let parts: Vec<&str> = uri.trim_start_matches('/').split('/').collect();
    let body = match parts[..] {
        ["orders"] => json!([
            { "id": 1, "product": { "sku": "s1" }, "shelf": { "row": 4, "hall": { "id": "a" } } },
            { "id": 2, "product": { "sku": "s2" }, "shelf": null },
        ]),
        ["ids"] => json!([{ "id": 1 }, { "id": 2 }]),
        ["skus", sku] => product(sku[1..].parse().unwrap()),
        ["products", id] => product(id.parse().unwrap()),
        ["halls", hall, row] => json!({
            "row": row.parse::<u32>().unwrap(), "hall": { "id": hall }, "label": uri, "secret": { "code": 1 },
        }),
        ["rates", _] => json!({ "url": uri }),
        _ => return http::StatusCode::NOT_FOUND.into_response(),
    };
    axum::Json(body).into_response()
}

async fn pleach() -> (Pleach, Server) {
    let api = upstream(Router::new().fallback(answer)).await;
    let url = format!("http://{}", api.address());
    (Pleach::of(&FILES, &[("API", url)], Config::default()).await, api)
}

#[tokio::test]
async fn an_object_is_looked_up_by_arguments_of_other_names() {
    let (pleach, _api) = pleach().await;
    let reply = pleach.ask("{ orders { product { name } shelf { label } } }").await;
    let orders = json!([
        { "product": { "name": "product 1" }, "shelf": { "label": "/halls/a/4" } },
        { "product": { "name": "product 2" }, "shelf": null },
    ]);
    assert_eq!(reply.data()["orders"], orders);
    let reply =
        pleach.ask(r#"{ productBySku(code: "s3") { id name } shelf(number: 1, at: { number: "b" }) { label } }"#);
    let direct = json!({ "productBySku": { "id": "3", "name": "product 3" }, "shelf": { "label": "/halls/b/1" } });
    assert_eq!(reply.await.data(), direct);
}

#[tokio::test]
async fn an_internal_field_looks_objects_up_that_clients_cannot_ask_for() {
    let (pleach, _api) = pleach().await;
    let reply = pleach.ask("{ ids { name } }").await;
    assert_eq!(reply.data(), json!({ "ids": [{ "name": "product 1" }, { "name": "product 2" }] }));
    let reply = pleach.ask(r#"{ productById(id: "1") { name } }"#).await;
    assert_eq!(reply.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
    let reply = pleach.ask(r#"{ shelf(number: 1, at: { number: "b" }) { secret { code } } }"#).await;
    assert_eq!(reply.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}

#[tokio::test]
async fn required_arguments_come_from_other_subgraphs() {
    let (pleach, _api) = pleach().await;
    let reply = pleach.ask(r#"{ orders { product { delivery(zip: "1 2") } } }"#).await;
    let body = reply.json();
    let delivery = "/rates/s1?zip=1%202&weight=10&text=product%201";
    assert_eq!(body["data"]["orders"][0]["product"]["delivery"], json!(delivery));
    // The second has no weight, which must not be null.
    assert_eq!(body["data"]["orders"][1]["product"], json!({ "delivery": null }));
    assert_eq!(reply.codes(), ["REQUIRED_ARGUMENT_NULL"]);
    let reply = pleach.ask(r#"{ orders { product { delivery(zip: "1", weight: 2) } } }"#).await;
    assert_eq!(reply.codes(), ["GRAPHQL_VALIDATION_FAILED"]);
}

#[tokio::test]
async fn a_required_argument_without_a_value_has_its_default() {
    let (pleach, _api) = pleach().await;
    let reply = pleach.ask("{ orders { product { echo by } } }").await;
    let orders = json!([
        { "product": { "echo": { "weight": 10, "note": null, "own": 1 }, "by": { "person": "c1" } } },
        { "product": { "echo": { "weight": 7, "note": null, "own": 1 }, "by": { "company": "c2" } } },
    ]);
    assert_eq!(reply.data()["orders"], orders);
}

#[test]
fn a_supergraph_that_is_read_again_has_the_same_connectors() {
    let mut files = SourceMap::new();
    let inputs = FILES.map(|(name, sdl)| {
        let file = files.add(name, sdl);
        SubgraphInput { name: name.trim_end_matches(".graphql").into(), url: "".into(), file }
    });
    let composed = compose(&files, &inputs, &ComposeOptions::default()).supergraph.expect("a supergraph");
    let file = files.add("supergraph.graphql", &*composed.sdl);
    let (document, found) = parse::type_system(&files, file);
    assert_eq!(found, []);
    let again = Supergraph::from_document(&document, &files).expect("a supergraph");
    assert_eq!(again.dump().to_string(), composed.supergraph.dump().to_string());
    let connectors = |supergraph: &Supergraph| {
        let all = supergraph.connected.iter().flat_map(|service| &service.connectors);
        let all = all.map(|spec| {
            let filled: Vec<_> = spec.filled.iter().map(|own| (own.name.clone(), own.value.to_string())).collect();
            (spec.id.clone(), spec.place.to_string(), spec.entity, filled)
        });
        all.collect::<Vec<_>>()
    };
    assert_eq!(connectors(&again), connectors(&composed.supergraph));
}
