//! Graphs that compose but cannot be executed are not served.

use pleach::gateway::pipeline::Gateway;

const USERS: &str = r#"
extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key", "@context", "@fromContext"])
type Query {
  user: User
}
type User @key(fields: "id") @context(name: "user") {
  id: ID!
  locale: String!
  post: Post
}
type Post @key(fields: "id") {
  id: ID!
  text(locale: String @fromContext(field: "$user { locale }")): String
}
"#;

#[tokio::test]
async fn a_graph_with_contexts_is_refused() {
    let built = Gateway::builder().subgraph("users", "http://127.0.0.1:9/graphql", USERS).build().await;
    let refusal = built.err().expect("refused").to_string();
    assert!(refusal.contains("UNSUPPORTED_FEATURE"), "{refusal}");
}
