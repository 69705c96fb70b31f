//! Building, wiring, swapping and stopping the process.

pub mod config;
pub mod graph;
