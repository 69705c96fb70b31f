//! What a protocol does for a connector: one call.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::Value;

use crate::graph::mapping::{Mapping, Variables};
use crate::platform::base::deadline::Deadline;
use crate::sources::contract::{BAD_INPUT, RequestFacts, SourceError, Wanted};
use crate::sources::format::MediaKind;
use crate::sources::rows::errors::LocatedError;

use super::page::Page;

/// One connector's way to its system.
pub trait Protocol: Send + Sync {
    /// Makes one call. An answer that says "failed" is an answer; `Err` means there is none.
    /// Dropping the future cancels the call.
    fn call<'a>(&'a self, inputs: &'a Inputs<'a>) -> BoxFuture<'a, Result<Answer, SourceError>>;

    /// Whether answers are typed, so that numbers may come as text (connect language §4.7).
    fn is_typed(&self) -> bool {
        false
    }

    /// Whether answers are bytes, which may become rows without values in between.
    fn gives_bytes(&self) -> bool {
        true
    }

    /// Whether a call depends on what is wanted of its answer.
    fn asks_for_wanted(&self) -> bool {
        false
    }
}

/// What one call is made from.
pub struct Inputs<'a> {
    /// What the request parts of the connector may read.
    pub variables: &'a Variables<'a>,
    /// The page asked for, if the field has pages.
    pub page: Option<&'a Page>,
    /// Whether one value is expected, not a list.
    pub single: bool,
    /// What is wanted of each value that the selection yields; none for everything.
    pub wanted: Option<&'a [Wanted]>,
    /// Whether it writes.
    pub mutation: bool,
    /// Facts of the request.
    pub facts: &'a RequestFacts,
    /// By when the answer must be there.
    pub deadline: Deadline,
}

/// The value of one part of a request.
///
/// # Errors
/// [`BAD_INPUT`] when the evaluation had to be stopped: a request without the part would be another
/// one.
pub fn request_part(mapping: &Mapping, variables: &Variables<'_>) -> Result<Option<Value>, SourceError> {
    let outcome = mapping.evaluate(None, variables);
    match outcome.stopped {
        Some(reason) => Err(SourceError::new(BAD_INPUT, format!("a part of the request was not made: {reason}"))),
        None => Ok(outcome.value),
    }
}

/// What a call came back with.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answer {
    /// Whether the protocol itself calls this a success; `isSuccess` decides in its place.
    pub success: bool,
    /// `$status`
    pub status: Option<i64>,
    /// `$`
    pub body: Body,
    /// The protocol's own fact for an error's extensions.
    pub fact: Option<Fact>,
    /// What few answers say, or few mappings read.
    pub more: Option<Box<More>>,
}

/// What few answers say, or few mappings read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct More {
    /// `$response.headers`, unless no mapping reads them.
    pub headers: HeaderMap,
    /// `$response.trailers`
    pub trailers: HeaderMap,
    /// `$response.error`
    pub error: Option<Value>,
    /// `$response.errors`
    pub errors: Option<Value>,
    /// Errors beside the data, with paths from `$` on.
    pub reported: Vec<LocatedError>,
    /// `$results`
    pub results: Option<Value>,
    /// What the author should know, although nothing failed.
    pub problems: Vec<String>,
}

/// What a protocol knows of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// `http: { status: 503 }`
    HttpStatus(u16),
    /// `grpc: { code: 14 }`
    GrpcCode(i32),
    /// `sql: { sqlstate: "23505" }`; null if the database tells none.
    SqlState(Option<String>),
}

/// The answer's content.
#[derive(Clone, PartialEq, Debug, Default)]
pub enum Body {
    /// Nothing came; `$` is null.
    #[default]
    Empty,
    /// Bytes of this kind.
    Bytes(MediaKind, Bytes),
    /// A value.
    Value(Value),
}

// === impl Answer ===

impl Answer {
    /// What the author should know, although nothing failed.
    pub(super) fn problems(&self) -> &[String] {
        self.more.as_ref().map_or(&[], |more| &more.problems)
    }
}
