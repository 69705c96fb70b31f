//! Graphs that compose but cannot be executed are not served.

use pleach::gateway::pipeline::Gateway;

const PRODUCTS: &str = r#"
extend schema
  @link(url: "https://specs.graphql.org/composite-schemas/v1.0", import: ["@lookup"])
type Query {
  product(id: ID!): Product @lookup
}
type Product {
  id: ID!
}
"#;

#[tokio::test]
async fn a_graph_with_lookups_is_refused() {
    let built = Gateway::builder().subgraph("products", "http://127.0.0.1:9/graphql", PRODUCTS).build().await;
    let refusal = built.err().expect("refused").to_string();
    assert!(refusal.contains("UNSUPPORTED_FEATURE"), "{refusal}");
}
