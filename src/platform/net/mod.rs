//! Outbound connections: one pooled HTTP client for every part that calls others.
//!
//! No redirects, no cookies, no retries: what is sent is what the caller wrote, once. Bodies are
//! bounded while they are read, and again while they are inflated.

mod client;
mod connection;
mod error;
mod inflate;
mod pool;

pub use client::{HttpClient, HttpClientConfig};
pub use error::{NetError, NetErrorKind};
