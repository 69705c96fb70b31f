//! What one execution is given, and what it gives back.

use std::sync::Arc;

use bytes::Bytes;

use crate::graph::federation::ids::{SubgraphId, SubgraphSet};
use crate::graph::federation::supergraph::Supergraph;
use crate::platform::base::Name;
use crate::platform::base::id::IdVec;
use crate::sources::contract::{CallContext, Source};

/// Everything an execution needs besides the plan and the variables.
#[derive(Clone)]
pub struct ExecuteContext {
    /// Names of types and subgraphs.
    pub supergraph: Arc<Supergraph>,
    /// The system behind each subgraph.
    pub sources: Arc<IdVec<SubgraphId, Arc<dyn Source>>>,
    /// What calls may know; its deadline is the request's.
    pub call: CallContext,
    /// What clients may read of errors.
    pub errors: ErrorPolicy,
    /// How much memory the request may use.
    pub budgets: Budgets,
    /// Answers of introspection fields as JSON, by response key.
    pub introspection: Vec<(Name, Bytes)>,
}

/// What clients may read of errors that came from upstream.
#[derive(Clone, PartialEq, Debug)]
pub struct ErrorPolicy {
    /// Hide messages and extensions (but the code) of errors that the schema's author did not
    /// write.
    pub mask: bool,
    /// What stands in place of a hidden message.
    pub message: Name,
    /// Subgraphs whose errors are shown all the same.
    pub shown: SubgraphSet,
    /// How many errors a response lists; of the rest it says the number.
    pub limit: usize,
}

/// How much memory one request may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budgets {
    /// Bytes of upstream bodies, cells and response together.
    pub request_bytes: u64,
}

/// A finished response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    /// The JSON text: `data`, then `errors` if there are any.
    pub body: Bytes,
    /// How many errors occurred, unlisted ones included.
    pub errors: usize,
    /// Whether `data` is null as a whole.
    pub data_is_null: bool,
    /// Calls of upstream systems.
    pub upstream_calls: u32,
}

// === impl ErrorPolicy ===

impl Default for ErrorPolicy {
    fn default() -> Self {
        Self { mask: true, message: "Request to a subgraph failed".into(), shown: SubgraphSet::new(), limit: 100 }
    }
}

// === impl Budgets ===

impl Default for Budgets {
    /// 64 MiB: four of the largest bodies.
    fn default() -> Self {
        Self { request_bytes: 64 << 20 }
    }
}
