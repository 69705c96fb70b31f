//! Who asks, and which fields they may see.
//!
//! [`authenticate`] turns credentials into a principal before anything is parsed;
//! [`authorize`] marks what the principal may not see in a normalised operation, so that plans
//! depend on outcomes and never on identities. Invariants: a key only ever verifies algorithms of
//! its own family, whatever a token says; a policy that cannot be evaluated denies.

pub mod authenticate;
pub mod authorize;
pub mod config;
pub mod policy;
