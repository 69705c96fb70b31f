//! The common runner of all connectors: variables in, protocol calls, and answers mapped, matched
//! to their rows and paged.
//!
//! A protocol implements [`Protocol`] and knows nothing of selections, batches or pages; this
//! module knows nothing of wires.

mod batch;
mod by_shape;
mod direct;
mod failure;
mod filled;
mod headers;
mod keys;
mod page;
mod protocol;
mod reads;
mod reported;
mod row;
mod scope;
mod source;

pub use failure::{DESERIALIZE, TRANSPORT};
pub use headers::HeaderPlan;
pub use page::{BadCursor, CursorKey, EXACT, Page, PageError};
pub use protocol::{Answer, Body, Fact, Inputs, More, Protocol, request_part};
pub use scope::{Scope, ScopeReads, reads_response};
pub use source::{Connector, ConnectorParts};
