//! Who may ask, and what they may see.

mod fields;
mod jwks;
mod keys;
mod tokens;
mod travel;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use http::HeaderMap;
use serde_json::json;

use pleach::app::config::tree::Config;
use pleach::cli::demo::server::Server as Upstream;
use pleach::gateway::auth::config::{IssuerConfig, JwtConfig, KeyConfig, TokenPlace};
use pleach::platform::base::quantity::TimeSpan;
use pleach::platform::base::secret::Secret;

use crate::harness::{Pleach, upstream};

const SDL: &str = r#"
extend schema
  @link(
    url: "https://specs.apollo.dev/federation/v2.11"
    import: ["@key", "@authenticated", "@requiresScopes", "@policy"]
  )
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}", propagate: ["x-tenant"] })

type Query {
  open: String @connect(source: "api", http: { GET: "/open" }, selection: "$.text")
  verified: String @authenticated @connect(source: "api", http: { GET: "/verified" }, selection: "$.text")
  scoped: String
    @requiresScopes(scopes: [["a", "b"], ["admin"]])
    @connect(source: "api", http: { GET: "/scoped" }, selection: "$.text")
  own(id: ID! = "u1"): String
    @policy(policies: [["owner"]])
    @connect(source: "api", http: { GET: "/own/{$args.id}" }, selection: "$.text")
  grown: String
    @policy(policies: [["adult", "member"], ["admin"]])
    @connect(source: "api", http: { GET: "/grown" }, selection: "$.text")
  unwritten: String
    @policy(policies: [["nobody wrote this"]])
    @connect(source: "api", http: { GET: "/unwritten" }, selection: "$.text")
  needed: String! @authenticated @connect(source: "api", http: { GET: "/needed" }, selection: "$.text")
  hidden: Hidden @connect(source: "api", http: { GET: "/hidden" }, selection: "word: text")
  thing: Thing @connect(source: "api", http: { GET: "/thing" }, selection: "id code: text")
}

type Hidden @authenticated { word: String }

type Thing @key(fields: "id", resolvable: false) @key(fields: "code", resolvable: false) {
  id: ID!
  code: String @authenticated
}
"#;

/// Another system knows things by their code.
const STOCK: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.11", import: ["@key"])
  @link(url: "https://specs.pleach.dev/connect/v0.1", import: ["@source", "@connect"])
  @source(name: "api", http: { baseURL: "{$env.API}" })

type Thing
  @key(fields: "code")
  @connect(source: "api", http: { POST: "/stock", body: "codes: $batch.code" }, selection: "$.items { code count }") {
  code: String
  count: Int
}
"#;

/// What an upstream was asked: method, path, headers.
type Asked = Arc<Mutex<Vec<(String, HeaderMap)>>>;

/// A Pleach before one upstream that remembers what it was asked.
pub struct Guarded {
    pub pleach: Pleach,
    asked: Asked,
    _api: Upstream,
}

// === impl Guarded ===

impl Guarded {
    pub async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let asked = Asked::default();
        let seen = asked.clone();
        let api = upstream(Router::new().fallback(async move |request: Request| {
            let path = request.uri().path().to_owned();
            seen.lock().expect("no panic").push((path.clone(), request.headers().clone()));
            axum::Json(json!({ "id": "t1", "text": path, "items": [{ "code": "/thing", "count": 7 }] }))
        }))
        .await;
        let mut config = Config::default();
        config.auth.jwt =
            Some(believing(KeyConfig { secret: Some(Secret::new(keys::SECRET)), ..KeyConfig::default() }));
        change(&mut config);
        let environment = [("API", format!("http://{}", api.address()))];
        let files = [("guarded.graphql", SDL), ("stock.graphql", STOCK)];
        Self { pleach: Pleach::of(&files, &environment, config).await, asked, _api: api }
    }

    /// The paths asked for since the last time, in order.
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.take().into_iter().map(|(path, _)| path).collect();
        paths.sort();
        paths
    }

    pub fn take(&self) -> Vec<(String, HeaderMap)> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

/// Believes one issuer by one key.
pub fn believing(key: KeyConfig) -> JwtConfig {
    JwtConfig {
        issuers: vec![IssuerConfig {
            issuer: keys::ISSUER.into(),
            audience: vec!["shop".into(), "back office".into()],
            algorithms: Vec::new(),
            jwks: None,
            refresh: TimeSpan(Duration::from_secs(600)),
            keys: vec![key],
            scopes_claim: "scope".into(),
        }],
        from: vec![TokenPlace { header: Some("authorization".into()), prefix: Some("Bearer".into()), cookie: None }],
        leeway: TimeSpan(Duration::from_secs(30)),
    }
}
