//! The `limits` section of the configuration.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::platform::base::quantity::{ByteSize, TimeSpan};

/// Bounds on what one request may ask and use. All are on by default.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Size of a request's body. Larger ones are refused with `REQUEST_BODY_TOO_LARGE` (HTTP 413).
    pub body: ByteSize,
    /// Tokens of a document; `MAX_TOKENS_LIMIT`.
    pub tokens: usize,
    /// Levels of nested fields, fragments inlined; `MAX_DEPTH_LIMIT`.
    pub depth: u32,
    /// Aliased fields, fragments inlined; `MAX_ALIASES_LIMIT`.
    pub aliases: u32,
    /// Fields of the root selection set, fragments inlined; `MAX_ROOT_FIELDS_LIMIT`.
    pub root_fields: u32,
    /// Directives in a document; `MAX_DIRECTIVES_LIMIT`.
    pub directives: u32,
    /// Estimated cost of an operation by `@cost` and `@listSize`; `COST_ESTIMATED_TOO_EXPENSIVE`.
    pub complexity: u64,
    /// Size to assume for a list that says nothing about its own.
    pub assumed_list_size: u32,
    /// Time a request may take, upstream calls included. When it is over, what is there is
    /// answered and the rest is null with `GATEWAY_TIMEOUT`; if nothing was asked yet, the request
    /// is refused with that code (HTTP 503).
    pub deadline: TimeSpan,
    /// Requests in flight at once; more are refused with `REQUEST_CONCURRENCY_LIMITED` (HTTP 503).
    /// A request counts once its body is there: clients that send slowly take no place from others.
    pub in_flight: usize,
    /// Bytes one request may hold: upstream bodies, joined data and answer; `RESPONSE_TOO_LARGE`.
    pub response: ByteSize,
    /// Size of one answer of a source; `RESPONSE_TOO_LARGE`. An answer to a connector has at most
    /// 8 MiB, whatever this says.
    pub source_body: ByteSize,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self {
            body: ByteSize(1 << 20),
            tokens: 15_000,
            depth: 20,
            aliases: 30,
            root_fields: 20,
            directives: 50,
            complexity: 5_000,
            assumed_list_size: 10,
            deadline: TimeSpan(Duration::from_secs(30)),
            in_flight: 1_024,
            response: ByteSize(64 << 20),
            source_body: ByteSize(16 << 20),
        }
    }
}
