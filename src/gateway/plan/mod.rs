//! Operation × supergraph → the cheapest plan we find, verified. Pure and deterministic.

pub mod model;
