//! External systems: one contract, one folder a protocol.

pub mod config;
pub mod contract;
pub mod rows;
