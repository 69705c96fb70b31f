//! What every protocol promises: a [`Source`] takes a [`FetchRequest`] and gives rows.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use http::{Extensions, HeaderMap};
use serde_json::{Map, Value};

use crate::platform::base::Name;
use crate::platform::base::deadline::Deadline;

use super::rows::representations::Representations;
use super::rows::scan::MalformedResponse;
use super::rows::shape::RowShape;
use super::rows::slot::{Numbers, Rows, UpstreamError};

/// The code of a call that took too long.
pub const TIMEOUT: &str = "GATEWAY_TIMEOUT";
/// The code of a value that has no place in the request.
pub const BAD_INPUT: &str = "CONNECTOR_BAD_INPUT";

/// One call of one source, all inputs known.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// What to ask.
    pub call: Call,
    /// What the answer should look like.
    pub shape: Arc<RowShape>,
    /// How many rows the answer must have: one number a list of the shape (as many as objects were
    /// sent for it), empty for a root shape.
    pub expected: Vec<u32>,
    /// Where cells and parts should best be numbered from.
    pub first: Numbers,
}

/// What to ask a source.
#[derive(Clone, Debug)]
pub enum Call {
    /// A GraphQL operation for a subgraph (remote or native).
    Graphql {
        /// The document.
        document: Arc<str>,
        /// The operation's name in it, if it has one.
        operation_name: Option<Name>,
        /// A JSON object's text.
        variables: Bytes,
        /// Whether it writes.
        mutation: bool,
    },
    /// A connector.
    Connector {
        /// The field's arguments, defaults applied; empty for types.
        arguments: Map<String, Value>,
        /// One object a row: the parent's or the key's fields (`$this`, `$batch`). For a root
        /// connector exactly one empty object.
        rows: Representations,
        /// What is wanted of the answer.
        wanted: Arc<[Wanted]>,
        /// Whether it writes.
        mutation: bool,
        /// Whether other calls of the operation may read the same.
        shared: bool,
    },
}

/// A field wanted of a connector's answer, for protocols that can ask for less.
#[derive(Clone, PartialEq, Debug)]
pub struct Wanted {
    /// The GraphQL field's name, which is the key of the mapped answer.
    pub name: Name,
    /// Only if the object is of this type, when it stands on an abstract type.
    pub on: Option<Name>,
    /// Fields below; empty for leaves.
    pub fields: Vec<Wanted>,
}

/// What a call may know about the request it serves. Sources never see a principal.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// By when the answer must be there.
    pub deadline: Deadline,
    /// The request's facts.
    pub facts: Arc<RequestFacts>,
    /// What sources remember while the operation runs.
    pub memory: OperationMemory,
}

/// What sources remember between the calls of one operation, a value a type. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct OperationMemory(Arc<Mutex<Extensions>>);

/// Facts of one client request that mappings and header rules may read.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    /// The client's request headers.
    pub headers: HeaderMap,
    /// The verified token's claims, if somebody is known.
    pub claims: Option<Value>,
    /// The caller's scopes.
    pub scopes: Vec<String>,
    /// When it came in, constant during one operation.
    pub now: DateTime<Utc>,
    /// The request's id, for logs and upstream headers.
    pub request_id: Name,
}

// === impl OperationMemory ===

impl OperationMemory {
    /// The operation's own `T`, made when it is asked for first. Its clones should share what they
    /// hold.
    pub fn get<T: Clone + Default + Send + Sync + 'static>(&self) -> T {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default::<T>().clone()
    }
}

/// A system that can be called.
///
/// Dropping the future cancels the call.
pub trait Source: Send + Sync {
    /// The name shown in traces: the subgraph, or subgraph and connector.
    fn name(&self) -> &str;

    /// The rows of a fetch of this shape, if they are known to be the same whoever asks: then there is
    /// no need to call.
    fn constant(&self, _shape: &Arc<RowShape>) -> Option<Rows> {
        None
    }

    /// Calls it. An upstream's own errors come inside the rows; `Err` means that no answer could
    /// be used at all.
    ///
    /// Where requests are answered it ends by the deadline of its context, be it on its own or by a
    /// [`super::stack::CallTimeout`] around it: nobody else watches the clock.
    fn fetch<'a>(
        &'a self,
        request: &'a FetchRequest,
        context: &'a CallContext,
    ) -> BoxFuture<'a, Result<Rows, SourceError>>;
}

/// Why no answer could be used.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SourceError {
    /// A stable code.
    pub code: Name,
    /// What happened; hidden from clients while errors are masked, unless `authored`.
    pub message: String,
    /// What else is known; hidden from clients while errors are masked, unless `authored`.
    pub extensions: Map<String, Value>,
    /// Written by the schema's author: passes masking.
    pub authored: bool,
    /// The extensions where errors are not masked, if these are more: what only we know is in them.
    pub unmasked: Option<Box<Map<String, Value>>>,
    /// `$status` of the answer that says so, for the log.
    pub status: Option<i64>,
}

// === impl SourceError ===

impl SourceError {
    /// An error of ours about a source.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            extensions: Map::new(),
            authored: false,
            unmasked: None,
            status: None,
        }
    }

    /// The time is over.
    pub fn late() -> Self {
        Self::new(TIMEOUT, "the source did not answer in time")
    }
}

impl From<SourceError> for UpstreamError {
    /// The error as it stands in a row.
    fn from(error: SourceError) -> Self {
        let SourceError { code, message, extensions, authored, unmasked, status: _ } = error;
        Self { code, message, extensions, suffix: Vec::new(), authored, unmasked }
    }
}

impl From<MalformedResponse> for SourceError {
    fn from(error: MalformedResponse) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
