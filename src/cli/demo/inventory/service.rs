//! The service's methods at their paths.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::post;
use prost::Message;
use tonic::Status;

use super::codec::ProstCodec;
use super::warehouse::Warehouse;

type Shared = State<Arc<Warehouse>>;

/// The service over `warehouse`.
pub fn router(warehouse: Warehouse) -> Router {
    Router::new()
        .route("/inventory.v1.Inventory/BatchGetStock", post(stock))
        .route("/inventory.v1.Inventory/QuoteShipping", post(quote))
        .route("/inventory.v1.Inventory/Reserve", post(reserve))
        .fallback(|| async { Status::unimplemented("there is no such method").into_http::<Body>() })
        .with_state(Arc::new(warehouse))
}

async fn stock(State(warehouse): Shared, request: Request) -> Response {
    unary(request, |message| Ok(warehouse.stock(message))).await
}

async fn quote(State(warehouse): Shared, request: Request) -> Response {
    unary(request, |message| warehouse.quote(message)).await
}

async fn reserve(State(warehouse): Shared, request: Request) -> Response {
    unary(request, |message| warehouse.reserve(message)).await
}

/// One message in, one message out.
async fn unary<I, O>(request: Request, answer: impl Fn(I) -> Result<O, Status>) -> Response
where
    I: Message + Default + 'static,
    O: Message + 'static,
{
    let service = tower::service_fn(|request: tonic::Request<I>| {
        std::future::ready(answer(request.into_inner()).map(tonic::Response::new))
    });
    tonic::server::Grpc::new(ProstCodec::<I, O>::default()).unary(service, request).await.map(Body::new)
}
