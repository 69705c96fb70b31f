//! What answers every request. GraphQL by POST that needs none of the layers takes a short way;
//! everything else goes by the router.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, VARY};
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use hyper::service::Service;
use tower::Service as _;

use crate::gateway::pipeline::Gateway;

use super::config::{HttpConfig, Switch};
use super::http as graphql;

/// All routes of a server. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    gateway: Gateway,
    /// Where GraphQL is; none if every answer needs the layers.
    path: Option<Arc<str>>,
    compresses: bool,
    routes: Router,
}

// === impl Front ===

impl Front {
    /// POST of `path` is for `gateway`; `routes` are all routes, that one included, with their layers.
    pub fn new(gateway: Gateway, path: &str, config: &HttpConfig, routes: Router) -> Self {
        let has_cors = !config.cors.origins.is_empty();
        let compresses = config.compression == Switch::On;
        Self { gateway, path: (!has_cors).then(|| path.into()), compresses, routes }
    }

    /// Whether a request is GraphQL by POST, and its answer needs none of the layers.
    fn is_short(&self, request: &Request<Incoming>) -> bool {
        *request.method() == Method::POST
            && self.path.as_deref() == Some(request.uri().path())
            && !(self.compresses && request.headers().contains_key(ACCEPT_ENCODING))
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if !self.is_short(&request) {
            return self.routes.clone().call(request.map(Body::new)).boxed();
        }
        let (gateway, compresses) = (self.gateway.clone(), self.compresses);
        async move {
            // A panic costs this request alone, whatever else its connection carries.
            let answered = AssertUnwindSafe(graphql::post(&gateway, request)).catch_unwind().await;
            let mut response = answered.unwrap_or_else(|_| broken());
            if compresses {
                // It would have been another one for a client that reads compressed answers.
                response.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
            }
            Ok(response)
        }
        .boxed()
    }
}

fn broken() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
