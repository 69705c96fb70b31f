//! What can be reached from where: given how one arrived at an object, which subgraphs one can
//! get to and which fields one can have, keys and requirements included.
//!
//! Pure. The answers are least fixpoints: nothing is reached by a circle of keys that need each
//! other. Imports `federation`, `language` and `platform/base`; knows no operation and no plan.

mod overlay;
mod reach;
mod reasons;

pub use overlay::{OverlayId, Overlays};
pub use reach::{Arrival, Reach, StateId};
pub use reasons::Reason;
