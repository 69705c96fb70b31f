//! Can every operation over the API schema be answered? A walk over all selections that differ in
//! how one arrives, on the fixpoints of [`crate::graph::liveness`].
//!
//! Invariants: a supergraph without errors here has, for each field of the API, a way to it from
//! wherever a client can come; findings do not depend on the order of subgraphs.

mod contexts;
mod labels;
mod partial;
mod sample;
mod walk;

pub use walk::check;
