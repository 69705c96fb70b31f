//! The HTTP protocol of connectors (connect language §3.1).

mod url;

pub use url::{Piece, Url, UrlError};
