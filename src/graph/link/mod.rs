//! What a document links (`@link`), and the names this brings: which of its directives and types
//! belong to which specification, whatever they are called there.
//!
//! Follows the link specification, v1.0: a feature's elements are named `name__element` (or
//! `alias__element`), the element called like the feature itself is named without prefix, and
//! `import` gives single elements short names. Imports only `language` and `platform/base`; knows
//! nothing of what the specifications mean.

mod conflicts;
mod feature;
mod links;
mod read;
pub mod spec;

pub use feature::{FeatureUrl, Version};
pub use links::{Element, Import, Link, Links, Purpose};
