//! Bytes to values and back. Pure: no I/O, no clock.
//!
//! What an answer's bytes mean is decided here by its content type (connect language §9); the
//! mapping then works on the value.

mod decode;
mod form;
mod percent;

pub use decode::{Decoded, FormatError, MediaKind, decode, media_kind};
pub use form::{FormError, encode_form};
pub use percent::{push_form_encoded, push_legal, push_percent_encoded};
