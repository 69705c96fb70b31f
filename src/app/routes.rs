//! Every HTTP route of the process.

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode};
use tower_http::catch_panic::CatchPanicLayer;

use crate::gateway::pipeline::Gateway;
use crate::inbound::playground::Playground;
use crate::inbound::transport::front::Front;
use crate::inbound::transport::http as graphql;
use crate::inbound::transport::layers;
use crate::inbound::transport::negotiate::wants_html;
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
    let posts = Router::new().route(&config.listen.path, post(graphql_post)).with_state(gateway.clone());
    let router = others(gateway, config, health).merge(posts);
    Ok(layers::around(router, &config.http)?.layer(CatchPanicLayer::new()))
}

/// The same routes, for a server that has no others.
pub(super) fn front(gateway: Gateway, config: &Config, health: &Health) -> Result<Front, Vec<Mistake>> {
    let routes = routes(gateway.clone(), config, health)?;
    Ok(Front::new(gateway, &config.listen.path, &config.http, routes))
}

/// All routes but GraphQL by POST.
fn others(gateway: Gateway, config: &Config, health: &Health) -> Router {
    let path = config.listen.path.as_str();
    let router = match config.graph.playground {
        Shown::Off => Router::new().route(path, get(graphql::get).fallback(graphql::other)).with_state(gateway),
        Shown::On => {
            let playground = Playground::new(path);
            let assets = playground.assets();
            let state = (gateway, playground);
            let pages =
                Router::new().route(path, get(page_or_query).fallback(graphql::other).with_state(state.clone()));
            let pages = match path {
                "/" => pages,
                _ => pages.route("/", get(page).with_state(state)),
            };
            pages.merge(assets)
        }
    };
    router.merge(health.routes())
}

async fn graphql_post(State(gateway): State<Gateway>, request: Request) -> Response {
    graphql::post(&gateway, request).await.map(Body::from)
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
