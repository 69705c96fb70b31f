//! Schemas and what can be known from them alone. Pure: no async, I/O, clock, lock or log.

pub mod compose;
pub mod connect;
pub mod federation;
pub mod language;
pub mod link;
pub mod liveness;
pub mod mapping;
