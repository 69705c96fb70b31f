//! The layers around one source, outermost first: the span of a fetch, then the deadline of each call,
//! then the source itself. Sources that make several calls for one fetch stand between the two; connectors
//! have no layer for the deadline, but look at it for each of their calls.
//!
//! Retry, breaker, bulkhead and their kin (connect language §6.2) find their places here, in the
//! order that section gives.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::time::timeout_at;
use tracing::{Instrument, Level, Span, field};

use super::contract::{BAD_INPUT, Call, CallContext, FetchRequest, Source, SourceError};
use super::rows::shape::RowShape;
use super::rows::slot::Rows;

/// A source whose fetches are traced.
pub struct SourceStack {
    inner: Arc<dyn Source>,
}

/// A source whose fetches are one call each, which ends in time.
pub struct CallTimeout {
    inner: Arc<dyn Source>,
    timeout: Duration,
}

// === impl SourceStack ===

impl SourceStack {
    /// Traces the fetches of `inner`.
    pub fn new(inner: Arc<dyn Source>) -> Self {
        Self { inner }
    }

    /// Opens the span of one fetch; [`SourceStack::told`] needs it.
    fn span(&self, request: &FetchRequest) -> Span {
        let mutation = match &request.call {
            Call::Graphql { mutation, .. } | Call::Connector { mutation, .. } => *mutation,
        };
        tracing::info_span!(
            "pleach.source.call",
            "pleach.source.name" = self.name(),
            "graphql.operation.type" = if mutation { "mutation" } else { "query" },
            "pleach.source.calls" = field::Empty,
            "pleach.mapping.problems" = field::Empty,
            "error.type" = field::Empty,
        )
    }

    /// Notes in the span of a fetch how it ended.
    async fn told(&self, request: &FetchRequest, context: &CallContext, span: Span) -> Result<Rows, SourceError> {
        let result = self.inner.fetch(request, context).instrument(span.clone()).await;
        match &result {
            Ok(rows) => drop(span.record("pleach.source.calls", rows.calls.unwrap_or(1))),
            Err(error) => {
                span.record("error.type", &*error.code);
                span.in_scope(|| tell(self.name(), context, error));
            }
        }
        result
    }
}

// === impl CallTimeout ===

impl CallTimeout {
    /// One call of `inner` may take `timeout`, or what is left of the request's deadline if that is
    /// less.
    pub fn new(inner: Arc<dyn Source>, timeout: Duration) -> Self {
        Self { inner, timeout }
    }

    /// Ends the call at its deadline, whether or not the source looks at it.
    async fn bounded(&self, request: &FetchRequest, context: &CallContext) -> Result<Rows, SourceError> {
        let Some(deadline) = context.deadline.within(self.timeout) else { return Err(SourceError::late()) };
        let context = CallContext { deadline, ..context.clone() };
        let answered = timeout_at(deadline.instant().into(), self.inner.fetch(request, &context)).await;
        answered.unwrap_or_else(|_| Err(SourceError::late()))
    }
}

/// Logs a failed call of a source. What may repeat values of the client or of the answer is for those
/// who debug.
pub fn tell(source: &str, context: &CallContext, error: &SourceError) {
    let (code, status) = (&*error.code, error.status);
    let is_private = error.authored || code == BAD_INPUT;
    tracing::warn!(
        code,
        status,
        error = (!is_private).then_some(&*error.message),
        pleach.source.name = source,
        pleach.request.id = &*context.facts.request_id,
        "a source call failed"
    );
    if is_private {
        tracing::debug!(code, status, error = error.message, "a source call failed");
    }
}

impl Source for SourceStack {
    fn name(&self) -> &str {
        self.inner.name()
    }

    /// Whoever listens hears of every fetch.
    fn constant(&self, shape: &Arc<RowShape>) -> Option<Rows> {
        if tracing::span_enabled!(Level::INFO) { None } else { self.inner.constant(shape) }
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        let span = self.span(request);
        match span.is_disabled() && !tracing::enabled!(Level::WARN) {
            // Nobody listens.
            true => self.inner.fetch(request, context),
            false => self.told(request, context, span).boxed(),
        }
    }
}

impl Source for CallTimeout {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        self.bounded(request, context).boxed()
    }
}
