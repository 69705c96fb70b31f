//! A federated subgraph behind HTTP.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::graph::mapping::Variable;
use crate::platform::base::Name;
use crate::platform::net::Reply;
use crate::sources::connector::{HeaderPlan, Scope, ScopeReads};
use crate::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use crate::sources::headers::HeaderRules;
use crate::sources::rows::scan::scan_graphql_from;
use crate::sources::rows::slot::Rows;
use crate::sources::transport::net_error;

use super::exchange::{GraphqlEndpoint, repeat};

/// No response, or one that is not GraphQL's.
const HTTP_ERROR: &str = "SUBREQUEST_HTTP_ERROR";
/// A response that cannot be read.
const MALFORMED: &str = "SUBREQUEST_MALFORMED_RESPONSE";

/// A federated subgraph that is asked whole documents.
pub struct GraphqlSubgraph {
    name: Name,
    endpoint: GraphqlEndpoint,
    rules: HeaderRules,
    headers: HeaderPlan,
    reads: ScopeReads,
    env: Arc<Value>,
    config: Arc<Value>,
}

// === impl GraphqlSubgraph ===

impl GraphqlSubgraph {
    /// The subgraph `name`: `rules` hold for every subgraph, `headers` for this one; their
    /// templates read `env` and `config`.
    pub fn new(
        name: Name,
        endpoint: GraphqlEndpoint,
        rules: HeaderRules,
        headers: HeaderPlan,
        env: Arc<Value>,
        config: Arc<Value>,
    ) -> Self {
        let reads = ScopeReads {
            request: headers.reads(Variable::Request),
            auth: headers.reads(Variable::Auth),
            now: headers.reads(Variable::Now),
        };
        Self { name, endpoint, rules, headers, reads, env, config }
    }

    async fn ask(&self, request: &FetchRequest, context: &CallContext) -> Result<Rows, SourceError> {
        let Call::Graphql { document, operation_name, variables, mutation } = &request.call else {
            return Err(SourceError::new(MALFORMED, "a subgraph was called as a connector"));
        };
        let mut headers = HeaderMap::new();
        self.rules.apply(&context.facts, &mut headers);
        let scope = Scope::new(&Map::new(), &context.facts, self.reads);
        self.headers.write(&scope.variables(&self.env, &self.config), &context.facts, &mut headers)?;
        let reply = self
            .endpoint
            .post(document, operation_name.as_deref(), variables, headers, repeat(*mutation))
            .await
            .map_err(|error| net_error(error, HTTP_ERROR, MALFORMED))?;
        read(&reply, request)
    }
}

impl Source for GraphqlSubgraph {
    fn name(&self) -> &str {
        &self.name
    }

    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>> {
        self.ask(request, context).boxed()
    }
}

/// A well-formed GraphQL response counts whatever its status; without one the status decides what
/// went wrong.
fn read(reply: &Reply, request: &FetchRequest) -> Result<Rows, SourceError> {
    let status = reply.status;
    scan_graphql_from(request.first, &reply.body, &request.shape, &request.expected).map_err(|malformed| {
        if status.is_success() {
            return malformed.into();
        }
        let mut error = SourceError::new(HTTP_ERROR, format!("the subgraph answered with status {status}"));
        error.extensions.insert("http".to_owned(), json!({ "status": status.as_u16() }));
        error
    })
}
