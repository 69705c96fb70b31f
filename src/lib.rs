//! Pleach joins external systems (REST, gRPC, SQL, GraphQL, in-process schemas) into one
//! GraphQL schema.
//!
//! Modules in reading order, from the request downwards. `docs/architecture.md` has the picture
//! and the table of which module may import which.

pub mod app;
pub mod cli;
pub mod gateway;
pub mod graph;
pub mod inbound;
pub mod platform;
pub mod sources;

pub use gateway::pipeline::Gateway;
