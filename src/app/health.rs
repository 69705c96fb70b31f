//! Is the process alive, and may it get requests?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::json;

/// Whether new requests should come. Cheap to clone; clones tell the same.
#[derive(Clone, Debug, Default)]
pub struct Health {
    draining: Arc<AtomicBool>,
}

// === impl Health ===

impl Health {
    /// From now on, no new requests should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// `/health/live` and `/health/ready`.
    pub fn routes(&self) -> Router {
        let health = self.clone();
        let ready = move || std::future::ready(health.ready());
        Router::new().route("/health/live", get(live)).route("/health/ready", get(ready))
    }

    /// A process that serves has a graph, so only leaving makes it unready.
    fn ready(&self) -> Response {
        if self.draining.load(Ordering::Relaxed) {
            return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "draining" }))).into_response();
        }
        Json(json!({ "status": "ready" })).into_response()
    }
}

async fn live() -> Json<serde_json::Value> {
    Json(json!({ "status": "live" }))
}
