//! The SQL protocol of connectors (connect language §3.3): PostgreSQL, MySQL and SQLite.
//!
//! Invariant: the text of a statement is the template's own text, expressions of `columns` and
//! placeholders that we generate; a value is bound, never written into it.

mod address;
mod database;
mod error;
mod exact;
mod mysql;
mod postgres;
mod protocol;
mod render;
mod rows;
mod sqlite;
mod text;

pub use address::{Address, AddressError};
pub use database::Database;
pub use protocol::SqlProtocol;
