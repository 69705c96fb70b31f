//! One unary call for one call of a connector.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::Value;

use crate::graph::mapping::{Mapping, Variable};
use crate::sources::connector::{
    Answer, Body, DESERIALIZE, Fact, HeaderPlan, Inputs, More, Protocol, TRANSPORT, request_part,
};
use crate::sources::contract::{BAD_INPUT, SourceError, TIMEOUT};
use crate::sources::format::MediaKind;

use super::client::{CallError, GrpcClient};
use super::descriptors::Method;

/// A gRPC connector.
pub struct GrpcProtocol {
    client: Arc<GrpcClient>,
    method: Method,
    message: Option<Mapping>,
    metadata: HeaderPlan,
}

// === impl GrpcProtocol ===

impl GrpcProtocol {
    /// Builds the protocol of one connector. Without `message` the field's arguments are sent.
    pub fn new(client: Arc<GrpcClient>, method: Method, message: Option<Mapping>, metadata: HeaderPlan) -> Self {
        Self { client, method, message, metadata }
    }

    async fn exchange(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let message = match &self.message {
            Some(mapping) => request_part(mapping, inputs.variables)?,
            None => inputs.variables.value(Variable::Args).cloned(),
        };
        let mut metadata = HeaderMap::new();
        self.metadata.write(inputs.variables, inputs.facts, &mut metadata)?;
        let outcome = self
            .client
            .unary(&self.method, message.unwrap_or(Value::Null), metadata, inputs.deadline)
            .await
            .map_err(source_error)?;
        let body = if outcome.body.is_empty() { Body::Empty } else { Body::Bytes(MediaKind::Json, outcome.body) };
        // The client gives both together.
        let (trailers, headers) = (outcome.metadata.clone(), outcome.metadata);
        let more = More { headers, trailers, error: outcome.error, ..More::default() };
        Ok(Answer {
            success: outcome.code == 0,
            status: Some(i64::from(outcome.code)),
            body,
            fact: Some(Fact::GrpcCode(outcome.code)),
            more: Some(more.into()),
        })
    }
}

impl Protocol for GrpcProtocol {
    fn call<'a>(&'a self, inputs: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>> {
        self.exchange(inputs).boxed()
    }

    fn is_typed(&self) -> bool {
        true
    }
}

fn source_error(error: CallError) -> SourceError {
    match error {
        CallError::BadInput(reason) => SourceError::new(BAD_INPUT, reason),
        CallError::Timeout => SourceError::new(TIMEOUT, "the server did not answer in time"),
        CallError::Transport(reason) => SourceError::new(TRANSPORT, reason),
        CallError::Decode(reason) => SourceError::new(DESERIALIZE, reason),
    }
}
