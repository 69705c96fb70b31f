//! A plain GraphQL server used by one connector.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::{Map, Value};

use crate::graph::connect::model::{ConnectSpec, GraphqlRequest, SourceSpec};
use crate::graph::mapping::{Mapping, Variables};
use crate::platform::net::Reply;
use crate::sources::connector::{
    Answer, Body, DESERIALIZE, Fact, HeaderPlan, Inputs, More, Protocol, TRANSPORT, reads_response, request_part,
};
use crate::sources::contract::{BAD_INPUT, SourceError};
use crate::sources::rows::errors::{LocatedError, read_error};
use crate::sources::rows::slot::PathSegment;
use crate::sources::transport::net_error;

use super::exchange::{GraphqlEndpoint, repeat};
use super::field::{Arguments, Selected, document, has_plain_names};

/// A GraphQL connector.
pub struct GraphqlProtocol {
    endpoint: GraphqlEndpoint,
    request: GraphqlRequest,
    selected: Selected,
    headers: HeaderPlan,
    /// Whether mappings read the headers of answers.
    reads_headers: bool,
}

// === impl GraphqlProtocol ===

impl GraphqlProtocol {
    /// Builds the protocol of the connector `spec` of `source`, whose request is `request`.
    pub fn new(
        endpoint: GraphqlEndpoint,
        request: GraphqlRequest,
        spec: &ConnectSpec,
        source: Option<&SourceSpec>,
        headers: HeaderPlan,
    ) -> Self {
        let (selected, reads_headers) = (Selected::of(spec, source), reads_response(spec, source));
        Self { endpoint, request, selected, headers, reads_headers }
    }

    async fn exchange(&self, inputs: &Inputs<'_>) -> Result<Answer, SourceError> {
        let mut headers = HeaderMap::new();
        self.headers.write(inputs.variables, inputs.facts, &mut headers)?;
        let (document, variables) = match &self.request {
            GraphqlRequest::Field { field, args, written } => {
                let arguments = object("args", args.as_ref().map(|args| &args.value), inputs.variables)?;
                let arguments = Arguments { values: &arguments, written };
                let text = document(&field.value, arguments, &self.selected, inputs.wanted, inputs.mutation);
                (text, Bytes::new())
            }
            GraphqlRequest::Query { query, variables } => {
                let values = object("variables", variables.as_ref().map(|values| &values.value), inputs.variables)?;
                (query.value.to_string(), Value::Object(values).to_string().into())
            }
        };
        let reply = self
            .endpoint
            .post(&document, None, &variables, headers, repeat(inputs.mutation))
            .await
            .map_err(|error| net_error(error, TRANSPORT, DESERIALIZE))?;
        self.answer(&reply)
    }

    fn answer(&self, reply: &Reply) -> Result<Answer, SourceError> {
        let status = reply.status;
        let mut more = More::default();
        if self.reads_headers {
            more.headers = reply.headers();
        }
        let mut answer = Answer {
            status: Some(i64::from(status.as_u16())),
            fact: Some(Fact::HttpStatus(status.as_u16())),
            ..Answer::default()
        };
        let mut fields = match serde_json::from_slice(&reply.body) {
            Ok(Value::Object(fields)) => fields,
            _ if !status.is_success() => return Ok(Answer { more: Some(more.into()), ..answer }),
            Ok(_) => return Err(SourceError::new(DESERIALIZE, "the answer is no GraphQL response")),
            Err(error) => return Err(SourceError::new(DESERIALIZE, format!("invalid JSON: {error}"))),
        };
        let errors =
            fields.remove("errors").filter(|errors| errors.as_array().is_some_and(|errors| !errors.is_empty()));
        let data = fields.remove("data").unwrap_or(Value::Null);
        let value = match (&self.request, data) {
            (GraphqlRequest::Field { field, .. }, Value::Object(mut data)) => {
                data.remove(&*field.value).unwrap_or(Value::Null)
            }
            (GraphqlRequest::Field { .. }, _) => Value::Null,
            (GraphqlRequest::Query { .. }, data) => data,
        };
        answer.success = status.is_success() && (errors.is_none() || !value.is_null());
        more.reported = errors.as_ref().map(|errors| self.reported(errors)).unwrap_or_default();
        more.errors = errors;
        answer.more = Some(more.into());
        answer.body = Body::Value(value);
        Ok(answer)
    }

    /// The errors, with paths from `$` on.
    fn reported(&self, errors: &Value) -> Vec<LocatedError> {
        let below = |mut located: LocatedError| {
            if let GraphqlRequest::Field { field, .. } = &self.request {
                located.path = located.path.and_then(|path| match path.split_first() {
                    Some((PathSegment::Key(first), rest)) if *first == field.value => Some(rest.to_vec()),
                    _ => None,
                });
            }
            located
        };
        errors.as_array().into_iter().flatten().cloned().map(read_error).map(below).collect()
    }
}

impl Protocol for GraphqlProtocol {
    fn call<'a>(&'a self, inputs: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>> {
        self.exchange(inputs).boxed()
    }

    fn gives_bytes(&self) -> bool {
        false
    }

    fn asks_for_wanted(&self) -> bool {
        matches!(self.request, GraphqlRequest::Field { .. })
    }
}

/// The object a mapping yields; nothing yields an empty one.
fn object(what: &str, mapping: Option<&Mapping>, variables: &Variables<'_>) -> Result<Map<String, Value>, SourceError> {
    let value = mapping.map(|mapping| request_part(mapping, variables)).transpose()?.flatten().unwrap_or(Value::Null);
    if !has_plain_names(&value) {
        return Err(SourceError::new(BAD_INPUT, format!("{what} has a key that is no GraphQL name")));
    }
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null => Ok(Map::new()),
        _ => Err(SourceError::new(BAD_INPUT, format!("{what} must yield an object"))),
    }
}
