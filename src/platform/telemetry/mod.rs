//! Names of spans and fields, and where logs go. Names no layer's types.

pub mod config;
pub mod logging;
pub mod names;
