//! `pleach demo`: a graph to try without installing anything.
//!
//! This module plays the outside world. It starts the systems that the files of `schema/`
//! describe, as real servers on free loopback ports and real database files, with data of their
//! own; the gateway that the command then starts knows them by their addresses only, and reaches
//! them as it reaches any other system. That is why crates which are fenced elsewhere (an HTTP
//! server, an in-process GraphQL server, a database driver) may be used here.
//!
//! Invariant: nothing of the gateway depends on this module.

mod command;
pub mod database;
pub mod files;
pub mod inventory;
pub mod reviews;
pub mod server;
pub mod showcase;
pub mod systems;
pub mod token;
pub mod users;

pub use command::{DemoCommand, settings};
pub use systems::{DemoError, DemoSystems, System};
