//! Who asks, and which fields they may see.

pub mod config;
