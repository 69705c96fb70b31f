//! Outbound connections: one pooled HTTP client for every part that calls others.
//!
//! HTTP/1.1 is spoken here: a request is written, and its response read, by the one who asks. HTTP/2
//! is `hyper`'s. No redirects and no cookies: what is sent is what the caller wrote. It is sent once,
//! unless a connection that was used before turns out to be gone: that is no failure of the server,
//! so the request goes out once more, if the server cannot have done anything with it or doing it
//! twice is harmless. Bodies are bounded while they are read, and again while they are inflated.

mod client;
mod connection;
mod error;
mod http1;
mod inflate;
mod keep_alive;
mod pool;
mod repeat;
mod reply;
mod request;
#[cfg(test)]
mod tests;

pub use client::{HttpClient, HttpClientConfig};
pub use error::{NetError, NetErrorKind};
pub use pool::Server;
pub use repeat::Repeat;
pub use reply::Reply;
pub use request::{Outgoing, is_path};
