//! What of a request reaches the systems behind.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use http::HeaderMap;
use serde_json::json;

use pleach::app::config::tree::Config;
use pleach::gateway::auth::config::KeyConfig;
use pleach::platform::base::secret::Secret;

use crate::harness::{Pleach, upstream};

use super::keys::{self, claims, hs256};
use super::{Guarded, believing};

/// Headers of ours and of HTTP itself.
const USUAL: [&str; 6] = ["host", "accept", "accept-encoding", "content-type", "content-length", "user-agent"];

fn others(headers: &HeaderMap) -> Vec<String> {
    let mut names: Vec<String> =
        headers.keys().map(ToString::to_string).filter(|name| !USUAL.contains(&name.as_str())).collect();
    names.sort();
    names
}

fn sent(token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("authorization", format!("Bearer {token}")),
        ("cookie", "session=1".into()),
        ("x-tenant", "blue".into()),
        ("x-user", "somebody else".into()),
        ("x-b3-traceid", "7".into()),
        ("x-other", "1".into()),
        ("connection", "x-tenant".into()),
    ]
}

async fn ask(pleach: &Pleach, query: &str, token: &str) {
    let headers = sent(token);
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    pleach.post(&json!({ "query": query }), &headers).await.data();
}

#[tokio::test]
async fn a_connector_gets_what_its_source_propagates_and_nothing_else() {
    let guarded = Guarded::start(|config| config.headers.propagate = vec!["x-other".into()]).await;
    ask(&guarded.pleach, "{ verified }", &hs256(&claims(json!({})))).await;
    let (_, headers) = guarded.take().remove(0);
    assert_eq!(others(&headers), ["x-tenant"]);
    assert_eq!(headers["x-tenant"], "blue");
}

#[tokio::test]
async fn a_subgraph_gets_allowed_headers_and_claims_and_its_request_s_name() {
    let seen: Arc<Mutex<Vec<HeaderMap>>> = Arc::default();
    let record = seen.clone();
    let subgraph = upstream(Router::new().fallback(async move |request: Request| {
        record.lock().expect("no panic").push(request.headers().clone());
        axum::Json(json!({ "data": { "shop": "open" } }))
    }))
    .await;
    let mut config = Config::default();
    config.auth.jwt = Some(believing(KeyConfig { secret: Some(Secret::new(keys::SECRET)), ..KeyConfig::default() }));
    config.headers.propagate = vec!["x-b3-*".into(), "x-request-id".into()];
    config.headers.insert.insert("x-gateway".into(), "pleach".into());
    config.headers.claims.insert("sub".into(), "x-user".into());
    config.headers.claims.insert("missing".into(), "x-missing".into());
    let sdl = r#"
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
        @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source"])
        @source(name: "shop", graphql: { url: "{$env.SHOP}", subgraph: true })
      type Query { shop: String }
    "#;
    let environment = [("SHOP", format!("http://{}/graphql", subgraph.address()))];
    let pleach = Pleach::of(&[("shop.graphql", sdl)], &environment, config).await;

    ask(&pleach, "{ shop }", &hs256(&claims(json!({})))).await;
    let headers = seen.lock().expect("no panic").remove(0);
    assert_eq!(others(&headers), ["x-b3-traceid", "x-gateway", "x-request-id", "x-user"]);
    assert_eq!((&headers["x-user"], &headers["x-gateway"]), (&"u1".parse().unwrap(), &"pleach".parse().unwrap()));

    let reply = pleach.post(&json!({ "query": "{ shop }" }), &[("x-user", "u2")]).await;
    let headers = seen.lock().expect("no panic").remove(0);
    assert_eq!(headers.get("x-user"), None, "an anonymous caller cannot write a claim's header");
    assert_eq!(headers["x-request-id"], reply.header("x-request-id"));
}
