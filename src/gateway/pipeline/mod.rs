//! The order of stages, the caches before them, and errors into answers.

pub mod config;
