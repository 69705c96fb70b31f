//! The few nouns all share; never grows behaviour.

pub mod bitset;
pub mod deadline;
pub mod diagnostic;
pub mod id;
pub mod quantity;
pub mod secret;
pub mod setting;
pub mod span;

/// An interned-by-reference name: cheap to clone, compared by text.
pub type Name = std::sync::Arc<str>;
