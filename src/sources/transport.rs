//! How a failed exchange is told to clients.

use crate::platform::net::{NetError, NetErrorKind};

use super::contract::{SourceError, TIMEOUT};

/// The code of an answer that exceeds its bound.
pub const TOO_LARGE: &str = "RESPONSE_TOO_LARGE";

/// The error of an exchange that got no usable response: `transport` is the code when there was no
/// connection or it broke, `decode` when the response could not be read.
pub fn net_error(error: NetError, transport: &str, decode: &str) -> SourceError {
    let code = match error.kind {
        NetErrorKind::Timeout => TIMEOUT,
        NetErrorKind::TooLarge => TOO_LARGE,
        NetErrorKind::Decode => decode,
        NetErrorKind::Connect | NetErrorKind::Tls | NetErrorKind::Reset => transport,
    };
    SourceError::new(code, format!("{}: {}", error.kind.as_str(), error.detail))
}
