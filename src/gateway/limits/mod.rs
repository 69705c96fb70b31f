//! Is it too much? The shape of a document, what it would cost, and how many requests run at once.
//!
//! Every refusal has a code of its own and names the number and the limit.

pub mod admission;
pub mod config;
pub mod cost;
pub mod shape;
