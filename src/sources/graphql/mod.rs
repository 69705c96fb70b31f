//! GraphQL servers: federated subgraphs, and plain servers used by single fields (connect language
//! §3.4).

mod exchange;
mod subgraph;

pub use exchange::GraphqlEndpoint;
pub use subgraph::GraphqlSubgraph;
