//! The door: one request in, one response out, on the snapshot in service.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arc_swap::ArcSwap;
use futures_util::FutureExt;

use crate::gateway::exchange::context::RequestContext;
use crate::gateway::exchange::request::GraphqlRequest;
use crate::gateway::exchange::response::GraphqlResponse;

use super::snapshot::Snapshot;
use super::warmup;

/// A federated graph that answers requests. Cheap to clone; clones serve the same graph.
#[derive(Clone)]
pub struct Gateway {
    snapshot: Arc<ArcSwap<Snapshot>>,
}

// === impl Gateway ===

impl Gateway {
    /// Serves `snapshot`.
    pub fn new(snapshot: Snapshot) -> Self {
        Self { snapshot: Arc::new(ArcSwap::from_pointee(snapshot)) }
    }

    /// Puts another snapshot into service once it knows the operations in use; tells how many it has
    /// planned. Requests that have begun end on the snapshot they began on.
    pub async fn swap(&self, mut next: Snapshot) -> usize {
        let warming = AssertUnwindSafe(warmup::warm(&next, &self.snapshot())).catch_unwind().await;
        next.follow(&self.snapshot.load());
        self.snapshot.store(Arc::new(next));
        warming.unwrap_or_else(|_| {
            tracing::error!("planning the operations in use ended in a panic");
            0
        })
    }

    /// The snapshot in service now.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Ends when no mutation runs any more. Mutations that begin meanwhile are waited for too.
    pub async fn finish_mutations(&self) {
        let mutations = self.snapshot().mutations.clone();
        mutations.close();
        mutations.wait().await;
    }

    /// Answers one request on the snapshot in service; see [`Snapshot::execute`].
    pub async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        self.snapshot().execute(request, context).await
    }
}
