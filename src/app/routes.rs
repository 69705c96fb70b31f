//! Every HTTP route of the process.

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{HeaderMap, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use crate::gateway::pipeline::Gateway;
use crate::inbound::playground::Playground;
use crate::inbound::transport::negotiate::wants_html;
use crate::inbound::transport::{http as graphql, layers};
use crate::platform::base::setting::Mistake;

use super::config::graph::Playground as Shown;
use super::config::tree::Config;
use super::health::Health;

/// The routes:
///
/// - `POST` and `GET` of `listen.path`: GraphQL;
/// - `GET /` and, for a browser's address bar, `GET` of `listen.path`: the playground's page, and
///   its files below `/playground/`, if it is on;
/// - `GET /health/live` and `GET /health/ready`.
///
/// # Errors
/// What [`mistakes`] tells.
pub fn routes(gateway: Gateway, config: &Config, health: &Health) -> Result<Router, Vec<Mistake>> {
    let found = mistakes(config);
    if !found.is_empty() {
        return Err(found);
    }
    let path = config.listen.path.as_str();
    let router = match config.graph.playground {
        Shown::Off => Router::new().route(path, endpoint(get(graphql::get))).with_state(gateway),
        Shown::On => {
            let playground = Playground::new(path);
            let assets = playground.assets();
            let state = (gateway.clone(), playground);
            let pages = Router::new().route(path, get(page_or_query).with_state::<Gateway>(state.clone()));
            let pages = match path {
                "/" => pages,
                _ => pages.route("/", get(page).with_state(state)),
            };
            let rest = Router::new().route(path, endpoint(MethodRouter::new()));
            pages.merge(rest).with_state(gateway).merge(assets)
        }
    };
    let router = layers::around(router.merge(health.routes()), &config.http)?;
    Ok(router.layer(CatchPanicLayer::new()))
}

/// All settings that no routes can be made of.
pub fn mistakes(config: &Config) -> Vec<Mistake> {
    let path = config.listen.path.as_str();
    let mut mistakes = layers::mistakes(&config.http);
    if !path.starts_with('/') || path.contains(['{', '}', '*', '?', '#']) {
        mistakes.push(Mistake::at(["listen", "path"], format!("\"{path}\" is no path such as /graphql")));
    } else if path == "/playground" || path.starts_with("/playground/") || path.starts_with("/health/") {
        mistakes.push(Mistake::at(["listen", "path"], format!("\"{path}\" is taken")));
    }
    mistakes
}

/// `POST`, and a refusal of what GraphQL does not know.
fn endpoint(get: MethodRouter<Gateway>) -> MethodRouter<Gateway> {
    get.post(graphql::post).fallback(graphql::other)
}

type WithPlayground = State<(Gateway, Playground)>;

async fn page(State((_, playground)): WithPlayground, headers: HeaderMap) -> Response {
    if wants_html(&headers) {
        return playground.page(&headers);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// A browser's address bar gets the page; a client gets its answer.
async fn page_or_query(State((gateway, playground)): WithPlayground, query: RawQuery, headers: HeaderMap) -> Response {
    if wants_html(&headers) {
        return playground.page(&headers);
    }
    graphql::get(State(gateway), query, headers).await
}
