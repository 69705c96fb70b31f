//! The supergraph as ids: what exists, who provides it, and how one gets there.
//!
//! A [`supergraph::Supergraph`] comes to be in one way only, from a document in join-spec form
//! (`read_sdl`), in steps of a file each: the linked specifications (`specs`), the join directives
//! as data (`join`), types and fields (`types`), where fetches go (`place`), types as subgraphs see
//! them (`local`), providers and entries (`provide`), access rules (`access`), and connectors, each
//! a virtual subgraph of its own (`extract`, `connected`, `view`). `dump` tells the model to people.
//!
//! Imports `connect`, `link`, `language` and `platform/base`. It trusts that the document was
//! composed: what it reports is what makes reading impossible, not what composition should refuse.
//!
//! Invariants: ids index the vectors of one [`supergraph::Supergraph`] and mean nothing in
//! another; field sets are stored resolved, never as text; every vector is in a deterministic
//! order (subgraphs by name, then document order), so equal inputs give equal ids.

pub mod field_set;
pub mod ids;
pub mod lookup;
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
mod spelled;
mod types;
mod view;
