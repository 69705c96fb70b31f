//! Credentials become a principal.

mod jwks;
mod jwt;
mod keys;
mod place;

pub use jwt::{Authenticator, Rejection};
