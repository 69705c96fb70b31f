//! What a client gets.

use bytes::Bytes;
use serde_json::{Value, json};

use super::error::GraphqlError;

/// The answer to one request.
#[derive(Clone, Debug)]
pub struct GraphqlResponse {
    /// How far the request came; decides the HTTP status.
    pub outcome: Outcome,
    /// The JSON text.
    pub body: Bytes,
}

/// How far a request came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It was executed: there is `data`, perhaps with errors.
    Executed,
    /// It was executed, and an error made the whole of `data` null.
    NoData,
    /// It is faulty and was not executed.
    BadRequest,
    /// A mutation came by GET.
    MethodNotAllowed,
    /// Nobody could be verified, or the credentials are bad.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// We are too busy.
    Overloaded,
    /// A fault of ours.
    Internal,
}

// === impl GraphqlResponse ===

impl GraphqlResponse {
    /// A response that carries errors and no `data`.
    pub fn refused(outcome: Outcome, errors: &[GraphqlError]) -> Self {
        let errors: Vec<Value> = errors.iter().map(GraphqlError::to_json).collect();
        Self { outcome, body: json!({ "errors": errors }).to_string().into() }
    }
}
