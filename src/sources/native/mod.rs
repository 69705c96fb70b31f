//! Schemas that run in this process: async-graphql behind the same contract as any other source.
//! No HTTP and no JSON text; values are visited straight into slots.

mod subgraph;
mod tree;

/// What can be mounted: an async-graphql schema, or whatever executes requests like one.
pub use async_graphql::Executor;
pub use subgraph::{NativeError, NativeSubgraph};
