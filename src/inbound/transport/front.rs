//! What answers every request. GraphQL by POST that needs no layer but that of compression takes a short
//! way; everything else goes by the router.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT_ENCODING, VARY};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Frame, SizeHint};
use http_body_util::Full;
use hyper::body::Incoming;
use tower::{Layer as _, Service as _};
use tower_http::compression::{Compression, CompressionBody};

use crate::gateway::pipeline::Gateway;

use super::config::{HttpConfig, Switch};
use super::http as graphql;
use super::layers::{WorthIt, compression};

/// All routes of a server. Cheap to clone.
#[derive(Clone)]
pub struct Front(Arc<Ways>);

struct Ways {
    gateway: Gateway,
    /// Where GraphQL is; none if every answer needs the layers.
    path: Option<Box<str>>,
    /// For clients that read compressed answers, unless there are none.
    compressed: Option<Compression<Post, WorthIt>>,
    routes: Router,
}

/// GraphQL by POST.
#[derive(Clone)]
struct Post(Gateway);

/// What a response contains.
pub enum Content {
    /// It is there.
    Whole(Full<Bytes>),
    /// It is there, and compressed as it goes if that is worth it.
    Compressed(Pin<Box<CompressionBody<Full<Bytes>>>>),
    /// It comes from the router.
    Routed(Body),
}

// === impl Front ===

impl Front {
    /// POST of `path` is for `gateway`; `routes` are all routes, that one included, with their layers.
    pub fn new(gateway: Gateway, path: &str, config: &HttpConfig, routes: Router) -> Self {
        let has_cors = !config.cors.origins.is_empty();
        let compresses = config.compression == Switch::On;
        let compressed = compresses.then(|| compression().layer(Post(gateway.clone())));
        Self(Arc::new(Ways { gateway, path: (!has_cors).then(|| path.into()), compressed, routes }))
    }

    /// Answers one request.
    pub async fn answer(self, request: Request<Incoming>) -> Result<Response<Content>, Infallible> {
        let Ways { gateway, compressed, routes, .. } = &*self.0;
        if !self.is_short(&request) {
            return routed(routes, request).await;
        }
        if let Some(compressed) = compressed.as_ref().filter(|_| request.headers().contains_key(ACCEPT_ENCODING)) {
            return compressing(compressed, request).await;
        }
        let mut response = answer(gateway, request).await;
        if compressed.is_some() {
            // It would have been another one for a client that reads compressed answers, or another type.
            response.headers_mut().insert(VARY, HeaderValue::from_static("accept, accept-encoding"));
        }
        Ok(response.map(Content::Whole))
    }

    /// Whether a request is GraphQL by POST, and its answer needs no layer but one.
    fn is_short(&self, request: &Request<Incoming>) -> bool {
        *request.method() == Method::POST && self.0.path.as_deref() == Some(request.uri().path())
    }
}

// Rare ways are in boxes, since requests are moved about as futures, and are built elsewhere, since what is built
// takes room on the stack of every request.

#[inline(never)]
fn routed(routes: &Router, request: Request<Incoming>) -> BoxFuture<'static, Result<Response<Content>, Infallible>> {
    let routed = routes.clone().call(request.map(Body::new));
    async { Ok(routed.await?.map(Content::Routed)) }.boxed()
}

#[inline(never)]
fn compressing(
    compressed: &Compression<Post, WorthIt>,
    request: Request<Incoming>,
) -> BoxFuture<'static, Result<Response<Content>, Infallible>> {
    let answered = compressed.clone().call(request);
    async { Ok(answered.await?.map(|body| Content::Compressed(Box::pin(body)))) }.boxed()
}

// === impl Post ===

impl tower::Service<Request<Incoming>> for Post {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let gateway = self.0.clone();
        async move { Ok(answer(&gateway, request).await) }.boxed()
    }
}

/// Answers GraphQL by POST. A panic costs this request alone, whatever else its connection carries.
async fn answer(gateway: &Gateway, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let answered = AssertUnwindSafe(graphql::post(gateway, request)).catch_unwind().await;
    answered.unwrap_or_else(|_| broken()).map(Full::new)
}

// === impl Content ===

impl http_body::Body for Content {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Compressed(body) => body.as_mut().poll_frame(context).map_err(axum::Error::new),
            Self::Routed(body) => Pin::new(body).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Compressed(body) => body.is_end_stream(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Compressed(body) => body.size_hint(),
            Self::Routed(body) => body.size_hint(),
        }
    }
}

fn broken() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}
