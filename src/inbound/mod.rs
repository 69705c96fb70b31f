//! How requests reach the gateway.

pub mod playground;
pub mod transport;
