//! GraphQL over HTTP: content negotiation, parameters, protection against cross-site requests,
//! status codes.
//!
//! Follows the GraphQL over HTTP specification (draft). A GET query needs no special header;
//! what makes cross-site requests harmless is that only queries run by GET and that POST takes
//! nothing but JSON, which a browser sends across sites only after a preflight.

pub mod config;
pub mod front;
mod head_timer;
pub mod http;
pub mod layers;
pub mod listen;
pub mod negotiate;
pub mod params;
pub mod status;
