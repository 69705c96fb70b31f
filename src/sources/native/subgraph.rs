//! An in-process schema as a source.

use std::sync::Arc;

use async_graphql::{Executor, Request, Response, Variables};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::platform::base::Name;
use crate::sources::contract::{Call, CallContext, FetchRequest, Source, SourceError};
use crate::sources::rows::errors::{place_errors, read_errors};
use crate::sources::rows::slot::Rows;
use crate::sources::rows::visit::visit_data;

/// A federated schema in this process. Cheap to clone.
#[derive(Clone)]
pub struct NativeSubgraph {
    name: Name,
    executor: Arc<dyn Execute>,
}

/// A schema that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the native schema \"{name}\" does not tell its SDL ({reason}); build it with enable_federation()")]
pub struct NativeError {
    /// The subgraph.
    pub name: Name,
    /// What it said instead.
    pub reason: String,
}

/// [`Executor`] without its bounds that no trait object can have.
trait Execute: Send + Sync {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response>;
}

impl<E: Executor> Execute for E {
    fn execute(&self, request: Request) -> BoxFuture<'_, Response> {
        Executor::execute(self, request).boxed()
    }
}

// === impl NativeSubgraph ===

impl NativeSubgraph {
    /// Mounts `schema` (built with federation enabled) as the subgraph `name`. Resolvers find the
    /// request's [`RequestFacts`](crate::sources::contract::RequestFacts) as
    /// `ctx.data::<Arc<RequestFacts>>()`.
    pub fn new(name: impl Into<Name>, schema: impl Executor) -> Self {
        Self { name: name.into(), executor: Arc::new(schema) }
    }

    /// The subgraph's name.
    pub fn subgraph(&self) -> &Name {
        &self.name
    }

    /// The schema's text, to be composed.
    ///
    /// # Errors
    /// When the schema has no `_service`, which federation brings.
    pub async fn sdl(&self) -> Result<String, NativeError> {
        let response = self.executor.execute(Request::new("{ _service { sdl } }")).await;
        let error = |reason: String| NativeError { name: self.name.clone(), reason };
        if let Some(first) = response.errors.first() {
            return Err(error(first.message.clone()));
        }
        let data = response.data.into_json().map_err(|reason| error(reason.to_string()))?;
        match data.pointer("/_service/sdl").and_then(|sdl| sdl.as_str()) {
            Some(sdl) => Ok(format!("{sdl}{}", self.roots().await)),
            None => Err(error("no SDL in its answer".to_owned())),
        }
    }

    /// The schema definition, if a root type has another name than the usual one: federated SDL
    /// comes without it, and the root's fields would be lost. A schema whose introspection is
    /// closed does not tell.
    async fn roots(&self) -> String {
        let names = "{ __schema { queryType { name } mutationType { name } subscriptionType { name } } }";
        let response = self.executor.execute(Request::new(names).only_introspection()).await;
        let data = response.data.into_json().unwrap_or_default();
        let roots = [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
        let named = roots.map(|(root, usual)| {
            let name = data.pointer(&format!("/__schema/{root}Type/name")).and_then(|name| name.as_str());
            (root, name, name.is_some_and(|name| name != usual))
        });
        if !named.iter().any(|(.., renamed)| *renamed) {
            return String::new();
        }
        let fields: String =
            named.iter().filter_map(|(root, name, _)| Some(format!(" {root}: {}", (*name)?))).collect();
        format!("\nschema {{{fields} }}\n")
    }

    async fn ask(&self, request: &FetchRequest, context: &CallContext) -> Result<Rows, SourceError> {
        let malformed = |reason: String| SourceError::new("SUBREQUEST_MALFORMED_RESPONSE", reason);
        let Call::Graphql { document, operation_name, variables, .. } = &request.call else {
            return Err(malformed("a native schema was called as a connector".to_owned()));
        };
        let mut call = Request::new(document.as_ref()).data(context.facts.clone());
        if let Some(name) = operation_name {
            call = call.operation_name(name.as_ref());
        }
        if !variables.is_empty() {
            let variables = serde_json::from_slice(variables).map_err(|error| malformed(error.to_string()))?;
            call = call.variables(Variables::from_json(variables));
        }
        let response = self.executor.execute(call).await;
        let mut rows = visit_data(&response.data, &request.shape, &request.expected);
        if !response.errors.is_empty() {
            let errors = serde_json::to_vec(&response.errors).map_err(|error| malformed(error.to_string()))?;
            place_errors(&mut rows, &request.shape, &request.expected, read_errors(&errors));
        }
        Ok(rows)
    }
}

impl Source for NativeSubgraph {
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
