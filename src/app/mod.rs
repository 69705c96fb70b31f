//! Building, wiring, swapping and stopping the process.
//!
//! [`server`] starts and stops the whole; [`assemble`] makes a snapshot of a configuration and a
//! graph, in the order of the tiers; [`build`] does the same for programs that use the library;
//! [`routes`] lists every HTTP route; [`reload`] makes the next snapshot when files change.

pub mod assemble;
pub mod build;
pub mod config;
pub mod graph;
pub mod health;
pub mod reload;
pub mod routes;
pub mod server;
pub mod settings;
