//! The HTTP protocol of connectors (connect language §3.1).

mod protocol;
mod url;

pub use protocol::{AnswerParts, HttpProtocol, HttpSourceParts};
pub use url::{Piece, Url, UrlError};
