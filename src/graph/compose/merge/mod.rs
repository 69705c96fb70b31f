//! Subgraphs become one schema: a kind of definition a file, the rules of each at its head.

pub mod applied;
mod arguments;
pub mod build;
pub mod carried;
mod connectors;
mod contexts;
mod defaults;
mod descriptions;
pub mod dnf;
mod enums;
mod executable;
mod external;
mod fields;
mod inputs;
mod interface_objects;
pub mod merger;
mod names;
mod objects;
mod overrides;
mod presence;
pub mod relations;
mod sharing;
mod types;
mod unions;

pub use merger::{Merged, merge};
