//! Text becomes a valid, normalised operation over the supergraph's ids.
//!
//! Pure. Parsing and validation are `graph::language`'s; this module inlines fragments, merges
//! response keys and turns conditions into guards, so that everything after it (authorization,
//! limits, planning) sees one simple form.

pub mod arguments;
pub mod guards;
pub mod model;
pub mod normalize;
pub mod signature;
pub mod size;
