//! Text becomes a valid, normalised operation over the supergraph's ids.

pub mod guards;
pub mod model;
