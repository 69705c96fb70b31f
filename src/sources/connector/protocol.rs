//! What a protocol does for a connector: one call.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use serde_json::Value;

use crate::graph::mapping::{Mapping, Variables};
use crate::sources::contract::{BAD_INPUT, CallContext, SourceError, Wanted};
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
    pub variables: Variables<'a>,
    /// The page asked for, if the field has pages.
    pub page: Option<&'a Page>,
    /// Whether one value is expected, not a list.
    pub single: bool,
    /// What is wanted of each value that the selection yields; none for everything.
    pub wanted: Option<&'a [Wanted]>,
    /// Whether it writes.
    pub mutation: bool,
    /// Deadline and facts of the request.
    pub context: &'a CallContext,
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
    /// `$`
    pub body: Body,
    /// `$results`
    pub results: Option<Value>,
    /// The protocol's own fact for an error's extensions.
    pub fact: Option<Fact>,
    /// What the author should know, although nothing failed.
    pub problems: Vec<String>,
}

/// What a protocol knows of an answer, such as `http: { status: 503 }`.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// The protocol.
    pub protocol: &'static str,
    /// What it is.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
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
