//! Names of spans and of their fields, by OpenTelemetry's semantic conventions; ours start with
//! `pleach.`. Variables, tokens and bodies are never recorded.

/// The level of spans around a request, its stages and its upstream calls.
pub const SPAN_LEVEL: tracing::Level = tracing::Level::INFO;

/// The kind of operation: `query`, `mutation` or `subscription`.
pub const GRAPHQL_OPERATION_TYPE: &str = "graphql.operation.type";
/// The client's name for the operation.
pub const GRAPHQL_OPERATION_NAME: &str = "graphql.operation.name";
/// A source's or connector's name.
pub const SOURCE_NAME: &str = "pleach.source.name";
/// Whether a plan was found in the cache: `hit` or `miss`.
pub const PLAN_CACHE: &str = "pleach.plan.cache";
/// The code of an error.
pub const ERROR_TYPE: &str = "error.type";
/// The request's id.
pub const REQUEST_ID: &str = "pleach.request.id";
