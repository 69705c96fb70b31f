//! A listening Pleach and a client that sees every byte of its answers.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Legacy, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tempfile::TempDir;

use pleach::app::config::tree::Config;
use pleach::app::graph::Origin;
use pleach::app::server::{Server, StartError};
use pleach::app::settings::{Base, Overrides, Settings};
use pleach::cli::demo::server::Server as Upstream;
use pleach::cli::demo::token::{DemoIssuer, SCOPES, SUBJECT};
use pleach::cli::demo::{DemoSystems, settings};

use crate::record;

/// What no test waits longer for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An HTTP client that neither inflates nor follows nor retries.
pub struct Client(Legacy<HttpConnector, Full<Bytes>>);

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// A listening Pleach.
pub struct Pleach {
    pub server: Server,
    pub client: Client,
    /// The SDL files, if they are the test's own.
    folder: Option<TempDir>,
}

/// The demo: its systems, and a Pleach before them.
pub struct Demo {
    pub pleach: Pleach,
    pub systems: DemoSystems,
    pub issuer: DemoIssuer,
}

// === impl Client ===

impl Client {
    pub fn new() -> Self {
        Self(Legacy::builder(TokioExecutor::new()).build_http())
    }

    /// A client that speaks HTTP/2 without asking first.
    pub fn http2() -> Self {
        Self(Legacy::builder(TokioExecutor::new()).http2_only(true).build_http())
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Bytes>) -> Reply {
        let exchange = async {
            let response = self.0.request(request.map(Full::new)).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("a whole answer").to_bytes();
            Reply { status: parts.status.as_u16(), headers: parts.headers, body }
        };
        within(PATIENCE, "an answer", exchange).await
    }
}

// === impl Reply ===

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", String::from_utf8_lossy(&self.body)))
    }

    /// The `data` of an answer without errors.
    pub fn data(&self) -> Value {
        let mut json = self.json();
        assert!(json.get("errors").is_none(), "{json:#}");
        json["data"].take()
    }

    /// The codes of the errors, in order.
    pub fn codes(&self) -> Vec<String> {
        self.errors().iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none").to_owned()).collect()
    }

    pub fn errors(&self) -> Vec<Value> {
        self.json()["errors"].as_array().cloned().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// How many calls of sources Pleach made for it, databases included.
    pub fn upstream_calls(&self) -> u64 {
        record::upstream_calls(self.header("x-request-id"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

// === impl Pleach ===

impl Pleach {
    /// Starts what `settings` say, on a free port.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        record::start();
        Ok(Self { server: Server::start(settings, Vec::new()).await?, client: Client::new(), folder: None })
    }

    /// Starts a graph of these SDL files (name, text), which may read `environment`.
    pub async fn of(files: &[(&str, &str)], environment: &[(&str, String)], config: Config) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("written");
        }
        let settings = Settings {
            base: Base::Fixed(Box::new(on_a_free_port(config))),
            overrides: Overrides { origin: Some(Origin::Schema(folder.path().into())), ..Overrides::default() },
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        };
        let mut pleach = Self::start(settings).await.unwrap_or_else(|error| panic!("{error}"));
        pleach.folder = Some(folder);
        pleach
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where the SDL files are, if it was made of some.
    pub fn folder(&self) -> &Path {
        self.folder.as_ref().expect("made of files").path()
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address())
    }

    /// Asks by POST, as nobody.
    pub async fn ask(&self, query: &str) -> Reply {
        self.post(&json!({ "query": query }), &[]).await
    }

    /// Asks by POST, with a token.
    pub async fn ask_as(&self, token: &str, query: &str) -> Reply {
        self.post(&json!({ "query": query }), &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Sends a JSON body with further headers.
    pub async fn post(&self, body: &Value, headers: &[(&str, &str)]) -> Reply {
        self.client.send(post(&self.url(), body, headers)).await
    }

    /// Sends a request without a body to a path.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        let uri = format!("http://{}{path}", self.address());
        self.client.send(request(method, &uri, headers, Bytes::new())).await
    }
}

/// A POST of a JSON body.
pub fn post(url: &str, body: &Value, headers: &[(&str, &str)]) -> Request<Bytes> {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    request("POST", url, &all, body.to_string().into())
}

pub fn request(method: &str, uri: &str, headers: &[(&str, &str)], body: Bytes) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).expect("a request")
}

// === impl Demo ===

impl Demo {
    /// The demo, as `pleach demo` sets it up.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// The demo with a changed configuration.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let systems = DemoSystems::start().await.expect("the demo's systems");
        let issuer = DemoIssuer::new();
        let mut settings = settings(&systems, &issuer, 0);
        if let Base::Fixed(config) = &mut settings.base {
            change(config);
        }
        let pleach = Pleach::start(settings).await.unwrap_or_else(|error| panic!("{error}"));
        Self { pleach, systems, issuer }
    }

    /// The token of `pleach demo`.
    pub fn token(&self) -> String {
        self.token_of(SUBJECT, SCOPES)
    }

    pub fn token_of(&self, subject: &str, scopes: &str) -> String {
        self.issuer.token(subject, scopes).expect("a token")
    }

    /// How many requests users, inventory and reviews have received.
    pub fn received(&self) -> [u64; 3] {
        [self.systems.users.calls(), self.systems.inventory.calls(), self.systems.reviews.calls()]
    }
}

impl Deref for Demo {
    type Target = Pleach;

    fn deref(&self) -> &Pleach {
        &self.pleach
    }
}

/// The configuration, listening wherever it is free.
pub fn on_a_free_port(mut config: Config) -> Config {
    config.listen.address.set_port(0);
    config
}

/// An upstream of a test's own.
pub async fn upstream(router: Router) -> Upstream {
    Upstream::start(router).await.expect("a free port")
}

/// Environment variables as settings take them.
pub fn variables(pairs: &[(&str, String)]) -> HashMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The outcome of `what`, which is a failure when it takes longer than `limit`.
pub async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| panic!("{what}: not within {limit:?}"))
}

/// Waits until `holds` says so; looks often and gives up in time.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
