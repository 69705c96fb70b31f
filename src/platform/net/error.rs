//! Why a request got no usable response.

use std::error::Error as StdError;
use std::io;

/// A failed exchange.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct NetError {
    /// What kind of failure it was.
    pub kind: NetErrorKind,
    /// The details, for logs; never for clients.
    pub detail: String,
}

/// The kinds of failure callers tell apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetErrorKind {
    /// No connection: name not found, refused, or not established in time.
    Connect,
    /// The TLS handshake failed.
    Tls,
    /// The deadline passed.
    Timeout,
    /// The connection broke before the response was complete.
    Reset,
    /// The response is larger than allowed, as sent or inflated.
    TooLarge,
    /// The response's content coding is unknown or broken.
    Decode,
}

// === impl NetErrorKind ===

impl NetErrorKind {
    /// The word used in logs and traces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Reset => "reset",
            Self::TooLarge => "too_large",
            Self::Decode => "decode",
        }
    }
}

// === impl NetError ===

impl NetError {
    pub(super) fn new(kind: NetErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// Classifies an error of the transport; `connecting` when no connection was made.
    pub(super) fn of_transport(error: &(dyn StdError + 'static), connecting: bool) -> Self {
        let kind = if chain(error).any(is_tls) {
            NetErrorKind::Tls
        } else if connecting {
            NetErrorKind::Connect
        } else {
            NetErrorKind::Reset
        };
        Self::new(kind, chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": "))
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| StdError::source(*error))
}

/// Whether an error comes from TLS; the I/O errors around one hide it from `source`.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    error.is::<rustls::Error>()
        || error.downcast_ref::<io::Error>().and_then(io::Error::get_ref).is_some_and(|inner| is_tls(inner))
}
