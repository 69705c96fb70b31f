//! Why there is no plan, and what bounds the search for one.

use crate::platform::base::Name;

/// Settings of the planner. The defaults are starting points; costs are in the planner's own units.
#[derive(Clone, PartialEq, Debug)]
pub struct PlanOptions {
    /// Weight of a millisecond on the critical path.
    pub latency_weight: u64,
    /// Weight of one expected upstream call.
    pub call_weight: u64,
    /// Weight of one row or field of an answer.
    pub row_weight: u64,
    /// Assumed latency of one call, in milliseconds.
    pub call_latency_ms: u64,
    /// Assumed latency of one call of an in-process schema, in milliseconds.
    pub native_latency_ms: u64,
    /// Assumed length of a list nothing is known about.
    pub assumed_list_size: u64,
    /// No list of objects is assumed longer than this.
    pub max_rows: u64,
    /// Options tried before the best plan so far stands.
    pub max_expansions: u64,
    /// Nodes of the provider graph before the operation is refused.
    pub max_nodes: usize,
    /// Calls of one plan before the operation is refused.
    pub max_fetches: usize,
    /// Depth of selection sets before the operation is refused.
    pub max_depth: usize,
    /// Classes of runtime types before the operation is refused.
    pub max_classes: usize,
    /// Override labels that hold for this request.
    pub labels: Vec<Name>,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// No combination of subgraphs can answer the operation.
    #[error("the operation cannot be answered: {}", .0.join("; "))]
    Unsatisfiable(Vec<String>),
    /// The operation needs more planning than is allowed.
    #[error("the operation is too complex to plan: {0}")]
    TooComplex(String),
    /// A kind of operation the planner does not serve.
    #[error("{0}")]
    Unsupported(String),
}

// === impl PlanOptions ===

impl Default for PlanOptions {
    fn default() -> Self {
        Self {
            latency_weight: 10,
            call_weight: 50,
            row_weight: 1,
            call_latency_ms: 20,
            native_latency_ms: 0,
            assumed_list_size: 10,
            max_rows: 10_000,
            max_expansions: 20_000,
            max_nodes: 200_000,
            max_fetches: 512,
            max_depth: 64,
            max_classes: 5_000,
            labels: Vec::new(),
        }
    }
}

// === impl PlanError ===

impl PlanError {
    /// The stable code clients see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsatisfiable(_) => "QUERY_UNSATISFIABLE",
            Self::TooComplex(_) => "QUERY_PLAN_COMPLEXITY_EXCEEDED",
            Self::Unsupported(_) => "OPERATION_NOT_SUPPORTED",
        }
    }
}
