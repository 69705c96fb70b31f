//! The supergraph as ids: what exists, who provides it, and how one gets there.
//!
//! Invariants: ids index the vectors of one [`supergraph::Supergraph`] and mean nothing in
//! another; field sets are stored resolved, never as text; every vector is in a deterministic
//! order (subgraphs by name, then document order), so equal inputs give equal ids.

pub mod field_set;
pub mod ids;
pub mod supergraph;

mod access;
mod api_schema;
mod build;
mod connected;
mod dump;
mod extract;
mod fingerprint;
mod join;
mod local;
mod place;
mod provide;
mod read_sdl;
mod resolve;
mod specs;
mod types;
mod view;
