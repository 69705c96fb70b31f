//! An answer's bytes become rows, directed by the shape: one pass, no tree, no strings.
//!
//! The scanner is bounded whatever the bytes are: recursion follows the shape, and objects that nobody asked
//! for as far as their layouts are known; anything else is checked iteratively, and nesting beyond
//! [`MAX_DEPTH`] is refused. Leaves stay slices of the
//! body, so that numbers keep their digits and strings their escapes.

mod block;
mod cursor;
mod expected;
mod extract;
mod interned;
mod leaf;
mod object;
mod response;

pub use block::is_plain;
pub use cursor::{MAX_DEPTH, MalformedResponse, Problem};
pub use extract::{Extracted, Matching, extract_row, extract_rows};
pub use response::{scan_graphql, scan_graphql_from};

pub(super) use cursor::Cursor;
pub(super) use leaf::{expected, whole_number, wrong_value};
