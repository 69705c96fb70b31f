//! Schemas that run in this process: async-graphql behind the same contract as any other source.
//! No HTTP and no JSON text; values are visited straight into slots.

mod subgraph;
mod tree;

pub use subgraph::{NativeError, NativeSubgraph};
