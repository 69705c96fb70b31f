//! Serving an example, asking it, and checking it with the command.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use pleach::app::server::Server;
use pleach::app::settings::{Base, Overrides, Settings};
use pleach::platform::base::deadline::Deadline;
use pleach::platform::net::{HttpClient, HttpClientConfig};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A file of the repository.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Variables by name.
pub fn environment<const N: usize>(variables: [(&str, String); N]) -> HashMap<String, String> {
    variables.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Runs `pleach check --strict` on a configuration.
///
/// # Panics
/// With all findings, if there are any.
pub fn assert_clean(config: &str, environment: &HashMap<String, String>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pleach"));
    command.args(["check", "--strict", "--config"]).arg(file(config)).env_clear().envs(environment);
    let output = command.output().expect("pleach runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("no findings"), "{config}:\n{told}");
}

/// Starts a Pleach with a configuration of the repository, on a free port.
///
/// # Panics
/// When the graph has mistakes.
pub async fn serve(config: &str, environment: HashMap<String, String>) -> Server {
    let overrides = Overrides { port: Some(0), ..Overrides::default() };
    let settings = Settings { base: Base::File(file(config)), overrides, environment };
    Server::start(settings, Vec::new()).await.unwrap_or_else(|error| panic!("{config}: {error}"))
}

/// Asks over HTTP, and gives the whole answer.
///
/// # Panics
/// When there is none.
pub async fn ask(address: SocketAddr, query: &str, headers: &[(&str, &str)]) -> Value {
    let mut request = http::Request::post(format!("http://{address}/graphql"));
    for (name, value) in [("content-type", "application/json")].iter().chain(headers) {
        request = request.header(*name, *value);
    }
    let request = request.body(Bytes::from(json!({ "query": query }).to_string())).expect("a request");
    let client = HttpClient::new(&HttpClientConfig::default());
    let response = client.send(request, Deadline::after(Duration::from_secs(20)), 1 << 24).await.expect("an answer");
    serde_json::from_slice(response.body()).expect("JSON")
}

/// A system that a test plays; it remembers the paths it was asked for.
pub struct Played {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

// === impl Played ===

impl Played {
    /// Starts a system.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(router: Router) -> Self {
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let remembered = asked.clone();
        let router = router.layer(middleware::from_fn(move |request: Request, next: Next| {
            remembered.lock().unwrap().push(request.uri().to_string());
            next.run(request)
        }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, asked }
    }

    /// A web server of the files in a folder, as simple ones are: what is missing is a page of HTML.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn folder(folder: &str) -> Self {
        let folder = file(folder);
        let answer =
            move |uri: Uri| std::future::ready(file_response(&folder.join(uri.path().trim_start_matches('/'))));
        Self::start(Router::new().fallback(answer)).await
    }

    /// What it was asked since the last time, sorted.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap());
        asked.sort();
        asked
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn file_response(path: &Path) -> Response {
    match std::fs::read(path) {
        Ok(bytes) => ([("content-type", "application/json")], bytes).into_response(),
        Err(_) => (StatusCode::NOT_FOUND, [("content-type", "text/html")], "<h1>Not found</h1>").into_response(),
    }
}
