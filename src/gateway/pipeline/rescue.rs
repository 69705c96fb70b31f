//! Where errors become responses, and the only place.

use serde_json::json;

use crate::gateway::auth::authenticate::Rejection;
use crate::gateway::auth::authorize::Denial;
use crate::gateway::exchange::error::GraphqlError;
use crate::gateway::exchange::response::{GraphqlResponse, Outcome};
use crate::gateway::plan::PlanError;
use crate::platform::base::Name;

use super::compute_pool::NotComputed;

/// Why a request is not executed.
#[derive(Debug)]
pub(super) struct Refusal {
    outcome: Outcome,
    errors: Vec<GraphqlError>,
}

// === impl Refusal ===

impl Refusal {
    pub(super) fn new(outcome: Outcome, error: GraphqlError) -> Self {
        Self { outcome, errors: vec![error] }
    }

    /// The request itself is faulty.
    pub(super) fn bad_request(errors: Vec<GraphqlError>) -> Self {
        Self { outcome: Outcome::BadRequest, errors }
    }

    /// Credentials that were not accepted. That keys cannot be had is our trouble: the client
    /// learns that it may try again, the log learns why.
    pub(super) fn credentials(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Invalid(reason) => {
                Self::new(Outcome::Unauthenticated, GraphqlError::new("UNAUTHENTICATED", reason))
            }
            Rejection::Unavailable(reason) => {
                tracing::error!(reason, "no keys to verify tokens with");
                let message = "Credentials cannot be verified at the moment; try again later";
                Self::new(Outcome::Overloaded, GraphqlError::new("AUTHENTICATION_UNAVAILABLE", message))
            }
        }
    }

    /// An operation with fields that the caller may not see, when such operations are refused.
    pub(super) fn denied(denials: &[Denial]) -> Self {
        let errors = denials.iter().map(|denial| {
            let path: Vec<&str> = denial.path.iter().map(String::as_str).collect();
            GraphqlError::new("UNAUTHORIZED_FIELD_OR_TYPE", "Unauthorized field or type")
                .with("coordinate", denial.coordinate.as_str())
                .with("path", json!(path))
        });
        Self { outcome: Outcome::Forbidden, errors: errors.collect() }
    }

    /// Work that was not done.
    pub(super) fn not_computed(reason: NotComputed, request_id: &Name) -> Self {
        match reason {
            NotComputed::Full => {
                let message = "Too many operations wait to be parsed or planned; try again later";
                Self::new(Outcome::Overloaded, GraphqlError::new("REQUEST_CONCURRENCY_LIMITED", message))
            }
            NotComputed::Late => {
                let message = "The request took longer than this server allows";
                Self::new(Outcome::Overloaded, GraphqlError::new("GATEWAY_TIMEOUT", message))
            }
            NotComputed::Panicked => Self::new(Outcome::Internal, fault(request_id)),
        }
    }

    /// An operation without a plan. The reasons name subgraphs, so they are for the log unless
    /// errors are shown; that it is beyond what we plan, the client must know.
    pub(super) fn unplanned(error: &PlanError, mask: bool) -> Self {
        let code = error.code();
        let outcome = match error {
            PlanError::Unsatisfiable(_) => Outcome::NoData,
            PlanError::TooComplex(_) | PlanError::Unsupported(_) => Outcome::BadRequest,
        };
        let message = match error {
            PlanError::Unsatisfiable(reasons) if mask => {
                tracing::warn!(reasons = reasons.join("; "), "an operation cannot be answered");
                "The operation cannot be answered".to_owned()
            }
            shown => shown.to_string(),
        };
        Self::new(outcome, GraphqlError::new(code, message))
    }

    pub(super) fn code(&self) -> &'static str {
        self.errors.first().map_or("INTERNAL", |error| error.code)
    }

    pub(super) fn into_response(self) -> GraphqlResponse {
        match self.outcome {
            Outcome::NoData => {
                let errors: Vec<_> = self.errors.iter().map(GraphqlError::to_json).collect();
                let body = json!({ "data": null, "errors": errors }).to_string().into();
                GraphqlResponse { outcome: Outcome::NoData, body }
            }
            outcome => GraphqlResponse::refused(outcome, &self.errors),
        }
    }
}

/// A fault of ours, as a client reads it: a code, and what to name when asking about it. The log says
/// which request it was.
pub(super) fn fault(request_id: &Name) -> GraphqlError {
    tracing::error!("pleach.request.id" = &**request_id, "a request ended in a panic");
    GraphqlError::new("INTERNAL", "Internal error").with("requestId", &**request_id)
}
