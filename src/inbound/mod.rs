//! How requests reach the gateway.

pub mod transport;
