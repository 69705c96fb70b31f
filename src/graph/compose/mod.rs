//! Subgraphs become one supergraph.

pub mod satisfiability;
