//! External systems: one contract, one folder a protocol.

pub mod config;
pub mod contract;
pub mod format;
pub mod grpc;
pub mod http;
pub mod rows;
pub mod sql;
