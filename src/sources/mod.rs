//! External systems: one contract, one folder a protocol.

pub mod contract;
pub mod rows;
