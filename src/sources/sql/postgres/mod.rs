//! PostgreSQL: connections, and values in its binary format.
//!
//! The server says what type each parameter has, so a cast in the statement decides how a JSON
//! value is sent.

mod decode;
mod encode;
mod numeric;
mod run;

pub(super) use run::{Postgres, run};
