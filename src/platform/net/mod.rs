//! Outbound connections: one pooled HTTP client for every part that calls others.
//!
//! No redirects and no cookies: what is sent is what the caller wrote. It is sent once, unless a
//! connection that was used before turns out to be gone: that is no failure of the server, so the
//! request goes out once more, if the server cannot have done anything with it or doing it twice is
//! harmless. Bodies are bounded while they are read, and again while they are inflated.

mod client;
mod connection;
mod error;
mod inflate;
mod pool;
mod repeat;
mod watched;

pub use client::{HttpClient, HttpClientConfig};
pub use error::{NetError, NetErrorKind};
pub use repeat::Repeat;
