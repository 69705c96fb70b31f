//! What a client asks.

use serde_json::{Map, Value};

/// A GraphQL request, however it came in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct GraphqlRequest {
    /// The document's text; absent when a persisted document is meant.
    pub query: Option<String>,
    /// Which operation of the document; `None` when it has only one.
    pub operation_name: Option<String>,
    /// Values for variables, as sent.
    pub variables: Map<String, Value>,
    /// Protocol extensions, as sent.
    pub extensions: Map<String, Value>,
    /// Whether only queries may run (GET).
    pub read_only: bool,
}
