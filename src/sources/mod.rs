//! External systems: one contract, one folder a protocol.

pub mod config;
pub mod connector;
pub mod contract;
pub mod format;
pub mod graphql;
pub mod grpc;
pub mod headers;
pub mod http;
pub mod lookup;
pub mod native;
pub mod registry;
pub mod rows;
pub mod sql;
pub mod stack;
pub mod transport;
