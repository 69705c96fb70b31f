//! Which HTTP status an outcome has.

use http::StatusCode;

use crate::gateway::exchange::response::Outcome;

use super::negotiate::MediaType;

/// The status of an answer (GraphQL over HTTP §6.4). With `application/json` a client cannot tell
/// a GraphQL answer from a proxy's error page, so well-formed requests always get 200 there,
/// except where HTTP itself must act (405, 401, 503).
pub fn of(outcome: Outcome, media: MediaType) -> StatusCode {
    match (outcome, media) {
        (Outcome::Executed | Outcome::NoData, _) | (Outcome::BadRequest, MediaType::Json) => StatusCode::OK,
        (Outcome::BadRequest, MediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (Outcome::MethodNotAllowed, _) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Outcome::Forbidden, _) => StatusCode::FORBIDDEN,
        (Outcome::Overloaded, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Outcome::Internal, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
