//! The schema over HTTP.

use std::sync::Arc;

use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;

use super::loaders::Loaders;
use super::schema::{Caller, ReviewSchema, build};
use super::store::ReviewStore;

#[derive(Clone)]
struct Service {
    schema: ReviewSchema,
    store: Arc<ReviewStore>,
}

/// The service over `store`.
pub fn router(store: ReviewStore) -> Router {
    let store = Arc::new(store);
    let service = Service { schema: build(store.clone()), store };
    Router::new().route("/graphql", post(answer)).with_state(service)
}

async fn answer(State(service): State<Service>, headers: HeaderMap, request: GraphQLRequest) -> GraphQLResponse {
    let caller = headers.get("x-user-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let request = request.into_inner().data(Loaders::new(&service.store)).data(Caller(caller));
    service.schema.execute(request).await.into()
}
