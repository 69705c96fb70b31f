//! GraphQL servers: federated subgraphs, and plain servers used by single fields (connect language
//! §3.4).

mod exchange;
mod field;
mod protocol;
mod subgraph;

pub use exchange::GraphqlEndpoint;
pub use protocol::GraphqlProtocol;
pub use subgraph::GraphqlSubgraph;
