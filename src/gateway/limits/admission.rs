//! May it come in now?

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::gateway::exchange::error::GraphqlError;

/// Counts requests in flight.
#[derive(Clone, Debug)]
pub struct Admission {
    permits: Arc<Semaphore>,
    limit: usize,
}

/// A place among the requests in flight; given back when dropped.
#[derive(Debug)]
pub struct Permit {
    _permit: OwnedSemaphorePermit,
}

// === impl Admission ===

impl Admission {
    /// At most `limit` requests at once.
    pub fn new(limit: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))), limit }
    }

    /// Takes a place. There is no queue: waiting would only add to the load that is too much.
    ///
    /// # Errors
    /// `REQUEST_CONCURRENCY_LIMITED` when all places are taken.
    pub fn admit(&self) -> Result<Permit, GraphqlError> {
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => Ok(Permit { _permit: permit }),
            Err(_) => Err(GraphqlError::new(
                "REQUEST_CONCURRENCY_LIMITED",
                format!("{} requests are in flight, the limit; try again later", self.limit),
            )
            .with("limit", self.limit)),
        }
    }

    /// How many requests are in flight.
    pub fn in_flight(&self) -> usize {
        self.limit.saturating_sub(self.permits.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_above_the_limit_and_admits_again_when_one_is_done() {
        let admission = Admission::new(1);
        let first = admission.admit().expect("free");
        let refusal = admission.admit().expect_err("full");
        assert_eq!((refusal.code, admission.in_flight()), ("REQUEST_CONCURRENCY_LIMITED", 1));
        drop(first);
        assert!(admission.admit().is_ok());
    }
}
